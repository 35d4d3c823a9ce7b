"""What the server does before it answers: refuse what its environment asks for and cannot be, load the first model and use
it once, so that nobody's first page waits for it.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import wraps
from pathlib import PurePath
from typing import Any

import streamlit as st
from streamlit import config
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.app_session import AppSession

from sigviz.errors import InvalidSettings, SigvizError
from sigviz.explain import explain_with
from sigviz.hosting import hosting
from sigviz.methods import METHODS
from sigviz.ui.models import shelf

_TEXT = "a sentence that nobody reads"


@asynccontextmanager
async def warmed_up(app: st.App) -> AsyncIterator[None]:
    """The server's life: warm first, then serve."""
    await asyncio.to_thread(_warm_up)
    yield


def set_up() -> None:
    """Read how this server is hosted, before it listens.  Ends the process, with one line, where that cannot be."""
    try:
        most = hosting().max_upload_mb
    except InvalidSettings as error:
        raise SystemExit(f"sigviz: {error}") from None
    # Streamlit itself then takes no more, from whomever; what its own settings say is kept where it is less
    config.set_option("server.maxUploadSize", min(most, config.get_option("server.maxUploadSize")))
    _hide_place()


def _hide_place() -> None:
    """Tell browsers the name of the app's file alone: Streamlit tells them where it lies on this machine, too."""
    made = AppSession._create_new_session_message

    @wraps(made)
    def named(*given: Any, **named: Any) -> ForwardMsg:
        message = made(*given, **named)
        session = message.new_session
        session.main_script_path = PurePath(session.main_script_path).name  # browsers only tell apps apart by it
        return message

    AppSession._create_new_session_message = named  # type: ignore[method-assign]


def _warm_up() -> None:
    try:
        classifier = shelf().ask(hosting().first_model).result()
        for method in METHODS.values():
            if method.shown_first:
                few = {option.name: 1 for option in method.options if option.name == "steps"}
                explain_with(classifier, _TEXT, method.settings(**few))
    except SigvizError as error:  # the page will say it, too, and how to go on
        logging.getLogger(__name__).warning("%s", error)
