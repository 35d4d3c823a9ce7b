"""What the server does before it answers: load the default model and use it once, so that nobody's first page waits for it."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import streamlit as st

from sigviz.errors import SigvizError
from sigviz.explain import explain_with
from sigviz.methods import METHODS
from sigviz.models import catalogue
from sigviz.ui.models import shelf

_TEXT = "a sentence that nobody reads"


@asynccontextmanager
async def warmed_up(app: st.App) -> AsyncIterator[None]:
    """The server's life: warm first, then serve."""
    await asyncio.to_thread(_warm_up)
    yield


def _warm_up() -> None:
    try:
        classifier = shelf().ask(catalogue.DEFAULT).result()
        for method in METHODS.values():
            if method.shown_first:
                few = {option.name: 1 for option in method.options if option.name == "steps"}
                explain_with(classifier, _TEXT, method.settings(**few))
    except SigvizError as error:  # the page will say it, too, and how to go on
        logging.getLogger(__name__).warning("%s", error)
