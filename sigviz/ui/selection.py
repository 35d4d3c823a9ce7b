"""The word that the reader has selected: one for all pages, in the link as `word`.

It is kept as the words that the select box shows ("3: well"), since a bound widget writes into the link what it shows.
"""

from collections.abc import Sequence

import streamlit as st

from sigviz.attribution import Unit
from sigviz.ui import kept
from sigviz.views.pieces import unit_text
from sigviz.views.wording import shortened

KEY = "word"
_LONGEST = 40  # characters of a unit that are shown


def names(units: Sequence[Unit]) -> list[str]:
    """What each unit is called in the select box and in the link: its position from 1, and its text."""
    return [f"{place}: {shortened(unit_text(unit), _LONGEST)}" for place, unit in enumerate(units, start=1)]


def selected(units: Sequence[Unit]) -> int | None:
    """The selected unit's number; None where nothing of this text is selected."""
    found = names(units)
    chosen = st.session_state.get(KEY, st.query_params.get(KEY))  # of a link, before the select box has read it
    return found.index(chosen) if chosen in found else None


def select(units: Sequence[Unit], place: int | None) -> None:
    """Select a unit, or the one that is selected already: none.  Only before the select box is drawn, as in a callback."""
    found = names(units)
    if place is None or not 0 <= place < len(found):
        return
    st.session_state[KEY] = None if st.session_state.get(KEY) == found[place] else found[place]


def word(units: Sequence[Unit], *, default: int = 0, required: bool = True, label: str = "Word") -> int | None:
    """A select box for the word, and its number.  required: `default` where none is selected, otherwise None.

    label: what the page calls a unit.
    """
    found = names(units)
    kept.restore(KEY)
    if KEY in st.session_state and st.session_state[KEY] not in found:  # the text has changed, or nothing is selected
        st.session_state[KEY] = found[default] if required and found else None
    chosen = st.selectbox(
        label,
        found,
        index=(default if required else None) if KEY not in st.session_state else 0,
        key=KEY,
        bind="query-params",
        width=260,
        placeholder=f"Click a {label.lower()}, or choose one",
        help=f"The selected {label.lower()}, with its position in the text. Clicking one in a coloured text selects it, too.",
    )
    kept.note(KEY, chosen)
    return found.index(chosen) if chosen in found else (default if required and found else None)
