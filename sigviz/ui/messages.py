"""Errors in words on the page, and text that Markdown must not read."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from sigviz.errors import SigvizError


@contextmanager
def shown() -> Iterator[None]:
    """What a user can cause becomes a message where it happens; the rest of the page goes on."""
    try:
        yield
    except SigvizError as error:
        error_box(error)


def error_box(error: SigvizError) -> None:
    """The message of an error, as plain text."""
    st.error(plain(str(error)), icon=":material/error:")


def plain(text: str) -> str:
    """Text for places that read Markdown (labels, captions, alerts), every sign of Markdown and HTML made harmless."""
    return re.sub(r"([\\`*_{}\[\]()#+\-.!|<>~$:&])", r"\\\1", text)
