"""Classifiers for the pages: loaded once for all sessions, with progress, the least recently used let go.

A model that was let go lives on while a running job, or a page that is being drawn, still uses it; then its memory is given
back.  What visitors may load is checked here, wherever a name comes from.
"""

import os
import threading
import time
from collections import OrderedDict

import streamlit as st

from sigviz.engine.scheduler import Job
from sigviz.errors import ModelUnavailable
from sigviz.hosting import hosting
from sigviz.models import catalogue, release, zoo
from sigviz.models.catalogue import Entry
from sigviz.models.classifier import TextClassifier
from sigviz.ui import limits
from sigviz.ui.jobs import PATIENCE

_ALONE = ("127.0.0.1", "localhost", "::1")
_TEXTS = ("text", "edited")  # the keys of the pages' text boxes
_LOOK_EVERY = 0.1  # seconds between looks at a loading model


class Shelf:
    """Models by name; one that failed to load is tried again when it is asked for again.  Safe to share between threads."""

    def __init__(self, room: int | None = None) -> None:
        """room: models that are kept; unless given, as this server is set up."""
        self._room = room
        self._lock = threading.Lock()
        self._jobs: OrderedDict[str, Job[TextClassifier]] = OrderedDict()
        self._seen: dict[str, float] = {}

    def ask(self, name: str) -> Job[TextClassifier]:
        """The loading, or loaded, model."""
        with self._lock:
            self._seen[name] = time.monotonic()
            job = self._jobs.get(name)
            if job is None or job.error is not None or job.cancelled.is_set():
                job = self._jobs[name] = Job.started(lambda job: self._load(name, job))
            self._jobs.move_to_end(name)
            let_go = self._make_room(name)
        _give_back(let_go)
        return job

    def touch(self, name: str) -> None:
        """Say that somebody still waits for this model."""
        self._seen[name] = time.monotonic()

    def tidy(self) -> None:
        """Let go of what there is no room for: models that were loading together may be too many once they are there."""
        with self._lock:
            let_go = self._make_room("")
        _give_back(let_go)

    def _make_room(self, wanted: str) -> list[TextClassifier]:
        """Take the models off the shelf that were longest not asked for; returns those that were loaded."""
        room = hosting().loaded if self._room is None else self._room
        ended = [name for name, job in self._jobs.items() if job.finished and name != wanted]
        let_go = []
        for oldest in ended[: max(0, len(self._jobs) - room)]:  # what is still loading, somebody waits for
            job = self._jobs.pop(oldest)
            del self._seen[oldest]
            if job.error is None:
                let_go.append(job.result())
        return let_go

    def _load(self, name: str, job: Job[TextClassifier]) -> TextClassifier:
        def progress(done: int, total: int) -> None:
            job.progress(done, total)
            if time.monotonic() - self._seen.get(name, 0.0) > PATIENCE:  # everybody who wanted it has gone
                job.cancel()

        return zoo.load(name, progress=progress, cancel=job.cancelled)


def _give_back(let_go: list[TextClassifier]) -> None:
    """Have the memory of these models returned once nobody uses them; the list is emptied."""
    if let_go:
        st.cache_resource.clear()  # untrained copies share their model's weights; all that is in it is quickly made again
    while let_go:
        release.when_unused(let_go.pop())


_shelf = Shelf()


def shelf() -> Shelf:
    """The shelf of this server."""
    return _shelf


def offered() -> list[Entry]:
    """The models that this server's visitors can pick by name, the first one first."""
    known = {entry.name: entry for entry in catalogue.models()}
    wanted = hosting().models or tuple(known)
    # Streamlit cannot start a list at another than its first entry where the choice is bound to the link
    names = dict.fromkeys([hosting().first_model, *wanted])
    return [known.get(name) or Entry(name, name, "Comes from the Hub.", "") for name in names]


def classifier(name: str) -> TextClassifier:
    """The model called `name`, loading shown where the page stands.

    Raises SigvizError when it cannot be had, or when this server does not take the text that stands on the page for it.
    """
    name = name.strip()  # as the loader does: a space before a folder must not hide it
    refuse(name)
    job = shelf().ask(name)
    slot = st.empty()
    while not job.finished:
        shelf().touch(name)
        slot.progress(_share(job), text=_words(job))
        time.sleep(_LOOK_EVERY)
    slot.empty()
    shelf().tidy()
    found = job.result()
    for key in _TEXTS:  # here page and model meet for the first time: nothing has been computed yet
        limits.check_text(found, str(st.session_state.get(key) or ""))
    return found


def refuse(name: str) -> None:
    """Raises ModelUnavailable for what visitors of this server may not load: a folder of it, or a model not on its list."""
    refuse_folder(name)
    limits.check_model(name)


def refuse_folder(name: str) -> None:
    """Raises ModelUnavailable for a folder of this machine, unless the app serves this machine alone and is not public."""
    alone = st.get_option("server.address") in _ALONE and not hosting().public
    if _is_folder(name.strip()) and not alone:
        raise ModelUnavailable(
            "A folder can be opened only where the app serves its own machine alone. Give the id of a model instead."
        )


def _is_folder(name: str) -> bool:
    """Whether the name means a place on this machine: visitors from elsewhere must not find out what is there."""
    return name.startswith(("/", ".", "~", "\\")) or os.path.isdir(name)


def _share(job: Job[TextClassifier]) -> float:
    return min(1.0, job.done / job.total) if job.total else 0.0


def _words(job: Job[TextClassifier]) -> str:
    if not job.total:
        return "Loading the model"
    return f"Fetching the model: {job.done / 1e6:.1f} of {job.total / 1e6:.1f} MB"
