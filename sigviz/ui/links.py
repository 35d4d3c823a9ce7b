"""What comes with a link, before any widget reads it."""

import math

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from sigviz.ui.selection import KEY as WORD

_FREE = ("text", WORD)  # words, which may look like a number


def without_endless_numbers() -> None:
    """Leave out of the link what Streamlit would take for an infinite number: of one its number box ends the page."""
    for name in [*st.query_params]:
        if name not in _FREE and any(map(_endless, st.query_params.get_all(name))):
            del st.query_params[name]
            if (context := get_script_run_ctx(suppress_warning=True)) is not None:
                with context.session_state.query_params() as given:
                    given.set_initial_query_params_from_current()  # which widgets are seeded from


def _endless(value: str) -> bool:
    """Whether it is written as a number, and too large for one: "1e999", 400 digits."""
    try:
        return math.isinf(float(value)) and any(map(str.isdigit, value))
    except ValueError:
        return False
