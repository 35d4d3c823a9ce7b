"""Words of Streamlit's own widgets that its theme cannot make readable."""

import streamlit as st

from sigviz.ui.cards import theme

# The chosen part of a segmented control is written in the accent on a tint of the accent.  In the dark theme no accent has a
# contrast of 4.5 both there and under the white label of a button, so these words get a paler one.
_DARK = """<style>
[data-testid="stButtonGroup"] [data-selected="true"] p { color: #58A9EE; }
</style>"""


def readable() -> None:
    """Mend what is too pale; once a page."""
    if theme() == "dark":
        st.html(_DARK)
