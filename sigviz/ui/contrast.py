"""What Streamlit's own elements need to be read by all, and its theme cannot say."""

import streamlit as st

from sigviz.ui.cards import theme

# The chosen part of a segmented control is written in the accent on a tint of the accent.  In the dark theme no accent has a
# contrast of 4.5 both there and under the white label of a button, so these words get a paler one.
_DARK = '[data-testid="stButtonGroup"] [data-selected="true"] p { color: #58A9EE; }'
# A formula's box is some pixels too small for it, so it would scroll, and no key could scroll it.
_FORMULAS = ".katex-display { padding: .5rem .25rem; }"


def readable() -> None:
    """Mend it; once a page."""
    st.html(f"<style>{_FORMULAS} {_DARK if theme() == 'dark' else ''}</style>")
