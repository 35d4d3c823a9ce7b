"""Classifiers for the pages: loaded once for all sessions, with progress, the least recently used let go."""

import os
import threading
import time
from collections import OrderedDict

import streamlit as st

from sigviz.engine.scheduler import Job
from sigviz.errors import ModelUnavailable
from sigviz.models import zoo
from sigviz.models.classifier import TextClassifier
from sigviz.ui.jobs import PATIENCE

LOADED = 3  # models kept in memory at once
_ALONE = ("127.0.0.1", "localhost", "::1")
_LOOK_EVERY = 0.1  # seconds between looks at a loading model


class Shelf:
    """Models by name; one that failed to load is tried again when it is asked for again.  Safe to share between threads."""

    def __init__(self) -> None:
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
            ended = [other for other, job in self._jobs.items() if job.finished and other != name]
            for oldest in ended[: max(0, len(self._jobs) - LOADED)]:  # what is still loading, somebody waits for
                del self._jobs[oldest]
                del self._seen[oldest]
        return job

    def touch(self, name: str) -> None:
        """Say that somebody still waits for this model."""
        self._seen[name] = time.monotonic()

    def _load(self, name: str, job: Job[TextClassifier]) -> TextClassifier:
        def progress(done: int, total: int) -> None:
            job.progress(done, total)
            if time.monotonic() - self._seen[name] > PATIENCE:  # everybody who wanted it has gone
                job.cancel()

        return zoo.load(name, progress=progress, cancel=job.cancelled)


_shelf = Shelf()


def shelf() -> Shelf:
    """The shelf of this server."""
    return _shelf


def classifier(name: str) -> TextClassifier:
    """The model called `name`, loading shown where the page stands.  Raises SigvizError when it cannot be had."""
    name = name.strip()  # as the loader does: a space before a folder must not hide it
    refuse_folder(name)
    job = shelf().ask(name)
    slot = st.empty()
    while not job.finished:
        shelf().touch(name)
        slot.progress(_share(job), text=_words(job))
        time.sleep(_LOOK_EVERY)
    slot.empty()
    return job.result()


def refuse_folder(name: str) -> None:
    """Raises ModelUnavailable for a folder of this machine, unless the app serves this machine alone."""
    if _is_folder(name.strip()) and st.get_option("server.address") not in _ALONE:
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
