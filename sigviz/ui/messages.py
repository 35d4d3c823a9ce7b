"""Errors in words on the page, and text that Markdown must not read."""

import re
from types import TracebackType

import streamlit as st

from sigviz.errors import SigvizError


class shown:
    """What a user can cause becomes a message where it happens; the rest of the page goes on."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> bool:
        if isinstance(error, SigvizError):
            error_box(error)
            return True
        return False


def error_box(error: SigvizError) -> None:
    """The message of an error, as plain text."""
    st.error(plain(str(error)), icon=":material/error:")


def plain(text: str) -> str:
    """Text for places that read Markdown (labels, captions, alerts), every sign of Markdown and HTML made harmless.

    Addresses become links whether their signs are escaped or not, so a word joiner (zero wide) breaks them.
    """
    broken = re.sub(r"(?<=:)(?=//)|(?<=www)(?=\.)|(?=@)", "\u2060", text, flags=re.IGNORECASE)
    return re.sub(r"([\\`*_{}\[\]()#+\-.!|<>~$:&])", r"\\\1", broken)
