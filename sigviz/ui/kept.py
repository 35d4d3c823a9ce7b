"""What is chosen on one page goes along to the others, also when it came with the link and nobody has touched it.

Streamlit keeps a bound widget's value for another page's widget of the same key once the reader has changed it; what a link
has set is forgotten with the page.  So every run notes the values here, and the first run of another page takes them.
"""

from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

_PLACE = "_kept"


def restore(key: str) -> None:
    """Before the widget `key` is drawn: on another page than the last, its value there, unless the link has one."""
    page, value = st.session_state.setdefault(_PLACE, {}).get(key, (None, None))
    if page is not None and page != _page() and key not in st.query_params:
        st.session_state[key] = value


def note(key: str, value: Any) -> None:
    """After the widget has been drawn: the value that it has on this page."""
    st.session_state.setdefault(_PLACE, {})[key] = (_page(), value)


def known(key: str) -> bool:
    """Whether another page, or an earlier run of this one, has noted a value."""
    return key in st.session_state.get(_PLACE, {})


def first(key: str, value: Any) -> Any:
    """A widget's start value, unless something has set it: Streamlit takes only one of the two."""
    return None if key in st.session_state else value


def _page() -> str:
    context = get_script_run_ctx(suppress_warning=True)
    return context.page_script_hash if context is not None else ""
