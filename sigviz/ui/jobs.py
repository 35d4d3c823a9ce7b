"""Explanations under way, for all browser sessions of this server: asked for once, shared, watched, and dropped.

The same question (text, settings, model) from several sessions is one job and one answer.  A job that nobody watches any
more, because its settings were changed or its tab was closed, stops within one chunk.  What a teaching page computes besides
explanations is asked for, shared and dropped in the same way (`compute`).  What is more than this server does (see
sigviz.hosting) is refused here, whoever asks.
"""

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import streamlit as st

from sigviz.attribution import Attribution, Settings
from sigviz.engine.engine import Progress
from sigviz.engine.scheduler import Job, Scheduler
from sigviz.errors import Cancelled, EngineError, SigvizError
from sigviz.explain import explain_with
from sigviz.hosting import hosting
from sigviz.models.classifier import TextClassifier
from sigviz.ui import limits
from sigviz.ui.sizes import size
from sigviz.views import wording

KEPT = 4096  # answers, however small: looking for the size of many more would take longer than asking again
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
    """How far an explanation, or other work, is.  done, total: passes.  answer or error: once it is finished.

    ahead: how many jobs of this server have the device before it, wait: for about how many seconds (None: not known).
    """

    done: int = 0
    total: int = 0
    answer: Any = None  # an Attribution, where an explanation was asked for
    error: SigvizError | None = None
    ahead: int = 0
    wait: float | None = 0.0

    @property
    def line(self) -> str:
        """Its place in line, in words; "" where nobody is before it."""
        return wording.in_line(self.ahead, self.wait)

    @property
    def finished(self) -> bool:
        return self.answer is not None or self.error is not None


class Desk:
    """Where sessions ask for explanations.  Safe to share between threads."""

    def __init__(self, scheduler: Scheduler, room: int | None = None) -> None:
        """room: bytes of answers that are kept; unless given, as this server is set up."""
        self._scheduler = scheduler
        self._lock = threading.Lock()
        self._jobs: dict[Hashable, _Entry] = {}
        self._answers = _Answers(hosting().cache_mb * 2**20 if room is None else room)
        self._paces: dict[tuple[str, ...], deque[float]] = {}

    def ask(self, watcher: str, classifier: TextClassifier, text: str, settings: Settings) -> Hashable:
        """Ask for an explanation on behalf of `watcher`; returns the key to look for it by.  Raises QueueFull.

        What is more than this server does ends with an error at once.
        """
        key = question(classifier, text, settings)

        def work(progress: Progress, cancel: threading.Event) -> Attribution:
            limits.check_explanation(classifier, text, settings)
            answer = explain_with(classifier, text, settings, progress=progress, cancel=cancel)
            with self._lock:
                self._measure(answer, classifier)
            return answer

        return self._begin(watcher, key, work, limits.check_passes)

    def compute(self, watcher: str, key: Hashable, work: Work) -> Hashable:
        """Ask for work(progress, cancel) on behalf of `watcher`, unless its answer is there or under way; returns the key.

        key: all that the answer depends on.  The answer is shared between sessions, so nobody may change it; it must not be
        None.  Work that takes more passes than this server spends on a series of explanations is stopped.  Raises QueueFull.
        """
        return self._begin(watcher, key, work, limits.check_series)

    def _begin(self, watcher: str, key: Hashable, work: Work, check: Callable[[int], None]) -> Hashable:
        """check(passes so far): raises SigvizError for too many."""
        with self._lock:
            self._tidy()
            if key in self._answers:
                self._answers.get(key)  # it is wanted: not the next to be let go
                return key
            entry = self._jobs.get(key)
            if entry is None or entry.job.cancelled.is_set() or entry.job.error is not None:
                watch = _Watch()
                entry = _Entry(self._scheduler.submit(self._watched(key, watch, work, check)), watch)
                self._jobs[key] = entry
            entry.watch.watchers.add(watcher)
            entry.watch.seen = time.monotonic()
        return key

    def look(self, key: Hashable) -> Status:
        """How far the explanation is; looking also says that somebody still waits for it."""
        with self._lock:
            if key in self._answers:
                return Status(answer=self._answers.get(key))
            entry = self._jobs.get(key)
            if entry is None:
                return Status(error=Cancelled("The explanation was stopped."))
            entry.watch.seen = time.monotonic()
        error = entry.job.error
        if error is not None and not isinstance(error, Exception):  # SystemExit and its like would end the page's thread
            return Status(error=EngineError("The computation was ended from outside. Run it again."))
        if error is not None and not isinstance(error, SigvizError):
            raise error
        line = entry.job.line
        return Status(entry.job.done, entry.job.total, error=error, ahead=line.ahead, wait=line.seconds)

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

    def _watched(self, key: Hashable, watch: _Watch, work: Work, check: Callable[[int], None]) -> Callable[[Job[Any]], Any]:
        def watched(job: Job[Any]) -> Any:
            refused: list[SigvizError] = []

            def progress(done: int, total: int) -> None:
                job.progress(done, total)
                if time.monotonic() - watch.seen > PATIENCE:
                    job.cancel()
                try:
                    check(done)
                except SigvizError as error:  # not raised from here: the engine stops cleanly where it is cancelled
                    refused.append(error)
                    job.cancel()

            ended: SigvizError | None = None
            try:
                answer = work(progress, job.cancelled)
            except SigvizError as error:
                ended = error
            if ended is not None:
                raise _alone(refused[0] if refused and isinstance(ended, Cancelled) else ended)
            with self._lock:
                self._answers.add(key, answer)
                if key in self._jobs and self._jobs[key].job is job:
                    del self._jobs[key]
            return answer

        return watched

    def _measure(self, answer: Attribution, classifier: TextClassifier) -> None:
        passes = answer.cost.forward + answer.cost.backward
        recent = self._paces.setdefault(identity(classifier), deque(maxlen=_RECENT))
        recent.append(answer.cost.seconds / (passes * answer.cost.tokens))


def _alone(error: SigvizError) -> SigvizError:
    """The error without what led to it: the frames of that would keep text and model in memory."""
    error.__cause__ = error.__context__ = None
    return error.with_traceback(None)


class _Answers:
    """Answers by question, the one longest not looked at let go where there is no room.  Not safe without a lock.

    room: bytes of answers and questions together, as sigviz.ui.sizes reckons them.
    """

    def __init__(self, room: int) -> None:
        self.bytes = 0
        self._room = room
        self._kept: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()

    def __contains__(self, key: Hashable) -> bool:
        return key in self._kept

    def get(self, key: Hashable) -> Any:
        self._kept.move_to_end(key)
        return self._kept[key][0]

    def add(self, key: Hashable, answer: Any) -> None:
        """Keep it; the newest stays even where it alone is more than the room: somebody is waiting for it."""
        _, before = self._kept.pop(key, (None, 0))  # asked again while it was being stopped
        self._kept[key] = (answer, takes := size(answer) + size(key))
        self.bytes += takes - before
        while len(self._kept) > 1 and (self.bytes > self._room or len(self._kept) > KEPT):
            _, (_, freed) = self._kept.popitem(last=False)
            self.bytes -= freed


def question(classifier: TextClassifier, text: str, settings: Settings) -> Hashable:
    """What tells one question from another: the model as it is, the text, and every setting."""
    return (*identity(classifier), text, settings)


def identity(classifier: TextClassifier) -> tuple[str, ...]:
    """What tells one model from another, as it is loaded."""
    return (classifier.name, classifier.revision, str(classifier.device), str(classifier.dtype))


@cache
def desk() -> Desk:
    """The desk of this server."""
    return Desk(Scheduler(hosting().queue))


def watcher() -> str:
    """Who this browser session is at the desk."""
    return str(st.session_state.setdefault("_watcher", f"session-{time.monotonic_ns()}"))
