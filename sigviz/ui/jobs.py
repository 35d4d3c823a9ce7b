"""Explanations under way, for all browser sessions of this server: asked for once, shared, watched, and dropped.

The same question (text, settings, model) from several sessions is one job and one answer.  A job that nobody watches any
more, because its settings were changed or its tab was closed, stops within one chunk.  What a teaching page computes besides
explanations is asked for, shared and dropped in the same way (`compute`).
"""

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from sigviz.attribution import Attribution, Settings
from sigviz.engine.engine import Progress
from sigviz.engine.scheduler import Job, Scheduler
from sigviz.errors import Cancelled, SigvizError
from sigviz.explain import explain_with
from sigviz.models.classifier import TextClassifier

KEPT = 512  # answers; one of a sentence has some 10 kB, one of 512 tokens some 100 kB
PATIENCE = 10.0  # seconds without a look after which a job is taken to be unwatched: a tab that was closed never says so
_RECENT = 8  # explanations of which the fastest tells the pace: others waited their turn, or did more than passes
Work = Callable[[Progress, threading.Event], Any]  # work(progress, cancel): what was asked for
_UNMEASURED = {"cpu": 1e-4, "mps": 1e-5, "cuda": 2e-6}  # until the first explanation: seconds a token, small models


@dataclass(slots=True)
class _Watch:
    """Who waits for a job, and when one of them last looked (seconds, monotonic)."""

    watchers: set[str] = field(default_factory=set)
    seen: float = field(default_factory=time.monotonic)


@dataclass(frozen=True, slots=True)
class _Entry:
    job: Job[Any]
    watch: _Watch


@dataclass(frozen=True, slots=True)
class Status:
    """How far an explanation, or other work, is.  done, total: passes.  answer or error: once it is finished."""

    done: int = 0
    total: int = 0
    answer: Any = None  # an Attribution, where an explanation was asked for
    error: SigvizError | None = None

    @property
    def finished(self) -> bool:
        return self.answer is not None or self.error is not None


class Desk:
    """Where sessions ask for explanations.  Safe to share between threads."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self._lock = threading.Lock()
        self._jobs: dict[Hashable, _Entry] = {}
        self._answers: OrderedDict[Hashable, Any] = OrderedDict()
        self._paces: dict[tuple[str, ...], deque[float]] = {}

    def ask(self, watcher: str, classifier: TextClassifier, text: str, settings: Settings) -> Hashable:
        """Ask for an explanation on behalf of `watcher`; returns the key to look for it by.  Raises QueueFull."""
        key = question(classifier, text, settings)

        def work(progress: Progress, cancel: threading.Event) -> Attribution:
            answer = explain_with(classifier, text, settings, progress=progress, cancel=cancel)
            with self._lock:
                self._measure(answer, classifier)
            return answer

        return self.compute(watcher, key, work)

    def compute(self, watcher: str, key: Hashable, work: Work) -> Hashable:
        """Ask for work(progress, cancel) on behalf of `watcher`, unless its answer is there or under way; returns the key.

        key: all that the answer depends on.  The answer is shared between sessions, so nobody may change it; it must not be
        None.  Raises QueueFull.
        """
        with self._lock:
            self._tidy()
            if key in self._answers:
                return key
            entry = self._jobs.get(key)
            if entry is None or entry.job.cancelled.is_set() or entry.job.error is not None:
                watch = _Watch()
                entry = _Entry(self._scheduler.submit(self._watched(key, watch, work)), watch)
                self._jobs[key] = entry
            entry.watch.watchers.add(watcher)
            entry.watch.seen = time.monotonic()
        return key

    def look(self, key: Hashable) -> Status:
        """How far the explanation is; looking also says that somebody still waits for it."""
        with self._lock:
            if key in self._answers:
                self._answers.move_to_end(key)
                return Status(answer=self._answers[key])
            entry = self._jobs.get(key)
            if entry is None:
                return Status(error=Cancelled("The explanation was stopped."))
            entry.watch.seen = time.monotonic()
        error = entry.job.error
        if error is not None and not isinstance(error, SigvizError):
            raise error
        return Status(entry.job.done, entry.job.total, error=error)

    def watch_only(self, watcher: str, keys: set[Hashable]) -> None:
        """Stop watching all but `keys`; what nobody watches is cancelled."""
        with self._lock:
            for key, entry in self._jobs.items():
                if key not in keys:
                    entry.watch.watchers.discard(watcher)
                if not entry.watch.watchers:
                    entry.job.cancel()
            self._tidy()

    def leave(self, watcher: str, key: Hashable) -> None:
        """Stop watching `key`; it is cancelled where nobody else watches it."""
        with self._lock:
            entry = self._jobs.get(key)
            if entry is not None:
                entry.watch.watchers.discard(watcher)
                if not entry.watch.watchers:
                    entry.job.cancel()

    def _tidy(self) -> None:
        """Forget what has ended without an answer and is not looked at any more."""
        past = time.monotonic() - PATIENCE
        ended = {key: entry.watch for key, entry in self._jobs.items() if entry.job.finished}
        for key, watch in ended.items():
            if not watch.watchers or watch.seen < past:
                del self._jobs[key]

    def pace(self, classifier: TextClassifier) -> float:
        """Seconds that one token takes on one pass through this model here, as lately measured."""
        measured = self._paces.get(identity(classifier))
        return min(measured) if measured else _UNMEASURED.get(classifier.device.type, 1e-4)

    def _watched(self, key: Hashable, watch: _Watch, work: Work) -> Callable[[Job[Any]], Any]:
        def watched(job: Job[Any]) -> Any:
            def progress(done: int, total: int) -> None:
                job.progress(done, total)
                if time.monotonic() - watch.seen > PATIENCE:
                    job.cancel()

            answer = work(progress, job.cancelled)
            with self._lock:
                self._answers[key] = answer
                while len(self._answers) > KEPT:
                    self._answers.popitem(last=False)
                if key in self._jobs and self._jobs[key].job is job:
                    del self._jobs[key]
            return answer

        return watched

    def _measure(self, answer: Attribution, classifier: TextClassifier) -> None:
        passes = answer.cost.forward + answer.cost.backward
        recent = self._paces.setdefault(identity(classifier), deque(maxlen=_RECENT))
        recent.append(answer.cost.seconds / (passes * sum(len(unit.tokens) for unit in answer.units)))


def question(classifier: TextClassifier, text: str, settings: Settings) -> Hashable:
    """What tells one question from another: the model as it is, the text, and every setting."""
    return (*identity(classifier), text, settings)


def identity(classifier: TextClassifier) -> tuple[str, ...]:
    """What tells one model from another, as it is loaded."""
    return (classifier.name, classifier.revision, str(classifier.device), str(classifier.dtype))


_desk = Desk(Scheduler())


def desk() -> Desk:
    """The desk of this server."""
    return _desk


def watcher() -> str:
    """Who this browser session is at the desk."""
    return str(st.session_state.setdefault("_watcher", f"session-{time.monotonic_ns()}"))
