"""Classifiers for the pages: loaded once for all sessions, with progress, the least recently used let go."""

import threading
import time
from collections import OrderedDict

import streamlit as st

from sigviz.engine.scheduler import Job
from sigviz.models import zoo
from sigviz.models.classifier import TextClassifier

LOADED = 3  # models kept in memory at once
_LOOK_EVERY = 0.1  # seconds between looks at a loading model


class Shelf:
    """Models by name; a model that failed to load is tried again when it is asked for again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._jobs: OrderedDict[str, Job[TextClassifier]] = OrderedDict()

    def ask(self, name: str) -> Job[TextClassifier]:
        """The loading, or loaded, model."""
        with self._lock:
            job = self._jobs.get(name)
            if job is None or job.error is not None:
                job = self._jobs[name] = Job.started(
                    lambda job: zoo.load(name, progress=job.progress, cancel=job.cancelled)
                )
            self._jobs.move_to_end(name)
            while len(self._jobs) > LOADED:
                _, dropped = self._jobs.popitem(last=False)
                dropped.cancel()
        return job


_shelf = Shelf()


def shelf() -> Shelf:
    """The shelf of this server."""
    return _shelf


def classifier(name: str) -> TextClassifier:
    """The model called `name`, loading shown where the page stands.  Raises SigvizError when it cannot be had."""
    job = shelf().ask(name)
    slot = st.empty()
    while not job.finished:
        slot.progress(_share(job), text=_words(job))
        time.sleep(_LOOK_EVERY)
    slot.empty()
    return job.result()




def _share(job: Job[TextClassifier]) -> float:
    return min(1.0, job.done / job.total) if job.total else 0.0


def _words(job: Job[TextClassifier]) -> str:
    if not job.total:
        return "Loading the model"
    return f"Fetching the model: {job.done / 1e6:.1f} of {job.total / 1e6:.1f} MB"
