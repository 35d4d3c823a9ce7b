"""The token strip on a page: coloured words that light up together and can be selected (strip.js, strip.css)."""

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from sigviz.attribution import Unit
from sigviz.ui import selection
from sigviz.views.strip import Row

_HERE = Path(__file__).parent
_strip = st.components.v2.component(
    "sigviz.strip", css=(_HERE / "strip.css").read_text("utf-8"), js=(_HERE / "strip.js").read_text("utf-8")
)


def show(rows: Sequence[Row], *, key: str, units: Sequence[Unit] | None = None) -> None:
    """Rows from `views.strip`.  units: the rows' own, where a click on a word shall select it for all pages; None: no clicks.

    A page shows each key once a run.
    """

    def on_selected() -> None:
        if units is not None:
            selection.select(units, _whole(st.session_state[key].selected))

    _strip(
        key=key,
        data={
            "rows": list(rows),
            "selectable": units is not None,
            "selected": None if units is None else selection.selected(units),
        },
        on_selected_change=on_selected,
    )


def _whole(value: object) -> int | None:
    """What came from the browser, as a whole number."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None
