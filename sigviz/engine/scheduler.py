"""Jobs: work in threads of their own, with progress, a result, a way to stop, and a limit to how many there are.

Each takes the device for one chunk at a time; whose chunk is next, `turns` decides.
"""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from sigviz.engine import turns
from sigviz.engine.turns import Line
from sigviz.errors import Cancelled, QueueFull

T = TypeVar("T")
MAX_JOBS = 64  # running and waiting together


class Job(Generic[T]):
    """Work under way: how far it is, its outcome, and a way to stop it.  Ask from any thread.

    done, total: in units of the work (passes of an explanation, bytes of a download); total is an estimate until the end.
    """

    def __init__(self) -> None:
        self.cancelled = threading.Event()
        self._account = turns.Account()
        self._finished = threading.Event()
        self._result: T | None = None
        self._error: BaseException | None = None

    @classmethod
    def started(cls, work: "Callable[[Job[T]], T]") -> "Job[T]":
        """`work(job)` in a thread of its own."""
        job: Job[T] = cls()
        threading.Thread(target=job._run, args=(work,), name="sigviz-job", daemon=True).start()
        return job

    def progress(self, done: int, total: int) -> None:
        """Called by the work itself."""
        self._account.done, self._account.total = done, total

    @property
    def done(self) -> int:
        return self._account.done

    @property
    def total(self) -> int:
        return self._account.total

    @property
    def line(self) -> Line:
        """Who has the device before this job, as things stand; nobody, while it has not asked for one yet."""
        device = self._account.device
        return Line(0, 0.0) if device is None or self.finished else device.line(self._account)

    def cancel(self) -> None:
        """Ask the work to stop at its next chunk."""
        self.cancelled.set()

    @property
    def finished(self) -> bool:
        return self._finished.is_set()

    @property
    def error(self) -> BaseException | None:
        """What ended the work, if it failed or was cancelled."""
        return self._error

    def result(self, timeout: float | None = None) -> T:
        """The outcome, waiting for it; raises what the work raised, or TimeoutError."""
        if not self._finished.wait(timeout):
            raise TimeoutError("The job is not finished yet.")
        if self._error is not None:
            raise self._error
        return self._result  # type: ignore[return-value]

    def _run(self, work: "Callable[[Job[T]], T]") -> None:
        try:
            if self.cancelled.is_set():
                raise Cancelled("The job was cancelled before it began.")
            with turns.on(self._account):
                self._result = work(self)
        except BaseException as error:  # kept for whoever asks for the result: a thread has nobody to raise it to
            self._error = error.with_traceback(None)  # its frames would keep the model in memory
        finally:
            if self._account.device is not None:
                self._account.device.leave(self._account)
            self._finished.set()


class Scheduler:
    """Starts jobs, and refuses new ones while too many are under way."""

    def __init__(self, limit: int = MAX_JOBS) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._jobs: set[Job[object]] = set()

    def submit(self, work: Callable[[Job[T]], T]) -> Job[T]:
        """Run `work(job)` in a thread of its own.  Raises QueueFull when the limit is reached."""
        with self._lock:
            self._jobs = {other for other in self._jobs if not other.finished}
            if len(self._jobs) >= self._limit:
                raise QueueFull(f"{len(self._jobs)} explanations are already under way. Try again in a moment.")
            job = Job.started(work)
            self._jobs.add(job)  # type: ignore[arg-type]
        return job
