"""Long work of one browser session (a study of minutes, a batch of texts): in a thread, with progress and a way to stop it.

It goes on while the page is run again and while its reader is on another page.  It is stopped when its reader has gone: the
tab's connection is closed, and nobody has looked for PATIENCE seconds.  What came out stays in the session until the next
work of the same key.  Unlike the explanations of `jobs`, it is neither shared between sessions nor cheap: a server does only
a few at once, and stops what takes longer than it allows (see sigviz.hosting).
"""

import logging
import threading
import time
from collections.abc import Callable
from functools import cache
from typing import Any, Generic, TypeVar

import streamlit as st
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from sigviz.engine.scheduler import Job
from sigviz.errors import QueueFull, SigvizError
from sigviz.hosting import hosting
from sigviz.ui.jobs import PATIENCE
from sigviz.ui.messages import plain
from sigviz.views import wording

T = TypeVar("T")
Report = Callable[[int, int, str], None]  # done, total, what is being done
_LOOK_EVERY = 1.0  # seconds between looks at work under way
_LONGEST = 120  # characters shown of what is being done


class Work(Generic[T]):
    """One piece of work, under way or ended.  session: whose it is.  Ask from any thread.

    The work itself is `run(report, cancel)`: report(done, total, what) as often as it likes; once `cancel` is set it ends
    soon, by raising Cancelled or by returning what it has so far.
    """

    def __init__(self, session: str, run: Callable[[Report, threading.Event], T]) -> None:
        self.text = ""
        self.overtime = False  # whether the server stopped it, because it took longer than one may
        self._session = session
        self._seen = self._started = time.monotonic()
        self._job: Job[T] = Job.started(lambda job: self._do(run, job))
        threading.Thread(target=self._attend, name="sigviz-attend", daemon=True).start()

    def touch(self) -> None:
        """Say that somebody still waits for it."""
        self._seen = time.monotonic()

    def stop(self) -> None:
        """Ask it to end soon."""
        self._job.cancel()

    @property
    def done(self) -> int:
        return self._job.done

    @property
    def total(self) -> int:
        return self._job.total

    @property
    def share(self) -> float:
        """How much is done, 0 to 1."""
        return min(1.0, self.done / self.total) if self.total > 0 else 0.0

    @property
    def seconds_left(self) -> float | None:
        """About how long it will still take, if it goes on at its mean pace so far; None while nothing is done yet."""
        share = self.share
        return (time.monotonic() - self._started) * (1 - share) / share if share else None

    @property
    def line(self) -> str:
        """Its place in line on the device, in words; "" where nobody is before it."""
        line = self._job.line
        return wording.in_line(line.ahead, line.seconds)

    @property
    def stopped(self) -> bool:
        """Whether it was asked to end before its time: a result may then be incomplete."""
        return self._job.cancelled.is_set()

    @property
    def finished(self) -> bool:
        return self._job.finished

    @property
    def error(self) -> SigvizError | None:
        """What ended it, if it failed or stopped without a result.  Raises what is a fault of the program."""
        error = self._job.error
        if error is not None and not isinstance(error, SigvizError):
            raise error
        return error

    @property
    def result(self) -> T | None:
        """What came out; None while it is under way and where there is an error.  Raises what is a fault of the program."""
        return self._job.result() if self.finished and self.error is None else None

    def _do(self, run: Callable[[Report, threading.Event], T], job: Job[T]) -> T:
        def report(done: int, total: int, what: str) -> None:
            self.text = what
            job.progress(done, total)

        try:
            return run(report, job.cancelled)
        except SigvizError:
            raise
        except Exception:  # the page can only say that something is wrong; where, stands in the log
            logging.getLogger(__name__).exception("Long work failed.")
            raise

    def _attend(self) -> None:
        """Stop the work once its reader has gone, or it has taken too long.  Apart from it, since it may report seldom."""
        most = hosting().max_minutes
        while not self._job.finished:
            if most is not None and time.monotonic() - self._started > 60 * most and not self.stopped:
                self.overtime = True
                self.stop()
            if _connected(self._session):
                self.touch()
            elif time.monotonic() - self._seen > PATIENCE:
                self.stop()
            time.sleep(_LOOK_EVERY)


class Office:
    """Counts the work under way, and refuses more than `limit` (as this server is set up).  Safe to share between threads."""

    def __init__(self, limit: int | None = None) -> None:
        self._limit = hosting().long_jobs if limit is None else limit
        self._lock = threading.Lock()
        self._works: set[Work[Any]] = set()

    def begin(self, session: str, run: Callable[[Report, threading.Event], T], instead: Work[Any] | None = None) -> Work[T]:
        """Start work, in the place of an earlier one, which is stopped.  Raises QueueFull, and then stops nothing."""
        with self._lock:
            self._works = {work for work in self._works if not work.finished}
            # what was stopped ends by its next chunk and holds no place, or a work could never be replaced in a full office;
            # but who starts and stops without end must not pile up threads
            going = [work for work in self._works if not work.stopped and work is not instead]
            if len(going) >= self._limit or len(self._works) >= 2 * self._limit:
                raise QueueFull(
                    f"This server is busy with {len(self._works)} long computations, and does no more at once. Try again in "
                    "a few minutes."
                )
            if instead is not None:
                instead.stop()
            work = Work(session, run)
            self._works.add(work)
        return work


@cache
def _office() -> Office:
    """The office of this server."""
    return Office()


def start(key: str, run: Callable[[Report, threading.Event], T]) -> None:
    """Start work for this session; an earlier one of this key is stopped and its result forgotten.  Raises QueueFull.

    run(report, cancel): see Work.  It runs in another thread, so it must not use Streamlit.
    """
    st.session_state[_place(key)] = _office().begin(_session(), run, current(key))


def current(key: str) -> Work[Any] | None:
    """This session's work of that key, under way or ended; None where none was started.  Does not say that somebody waits."""
    work: Work[Any] | None = st.session_state.get(_place(key))
    return work


def show(key: str) -> Work[Any] | None:
    """Draw a bar and a Stop button while the work is under way, and run the page again once it has ended; returns the work.

    What ended is drawn by the page itself, from `result` and `error`; that the server ended it is said here.
    """
    work = current(key)
    if work is not None and work.overtime:
        st.warning(
            f"Stopped by the server after {hosting().max_minutes} minutes, the most that it spends on one batch or study.",
            icon=":material/timer_off:",
        )
    if work is not None and not work.finished:
        _watch(key)
    return work


@st.fragment(run_every=_LOOK_EVERY)
def _watch(key: str) -> None:
    work = current(key)
    if work is None or work.finished:
        st.rerun()
    work.touch()
    with st.container(horizontal=True, vertical_alignment="center", key=f"{key}_progress"):
        st.progress(work.share, text=words(work), width="stretch")
        st.button(
            "Stop",
            icon=":material/stop:",
            key=f"{key}_stop",
            on_click=work.stop,
            disabled=work.stopped,
        )


def words(work: Work[Any]) -> str:
    """What a work is doing and how long it still takes, as Markdown in which nothing of its text is read as such."""
    if work.stopped:
        return "Stopping…"
    doing = plain(wording.shortened(work.text, _LONGEST)) or "Starting"
    seconds = work.seconds_left
    left = "" if seconds is None else f"about {wording.duration(seconds)} left"
    return " · ".join(part for part in (doing, left, work.line) if part)


def _place(key: str) -> str:
    return f"_work_{key}"


def _session() -> str:
    context = get_script_run_ctx(suppress_warning=True)
    return context.session_id if context is not None else ""


def _connected(session: str) -> bool:
    """Whether the session's tab is open on the server.  False where there is no server, as in tests of a page."""
    return runtime.exists() and runtime.get_instance().is_active_session(session)
