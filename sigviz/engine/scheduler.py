"""One device shared fairly by many jobs.

Each job runs in a thread of its own and takes the device for one chunk at a time; waiting threads get it in the order in
which they asked, so a long job never holds up a short one for more than a chunk.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

from sigviz.errors import Cancelled, QueueFull

T = TypeVar("T")
MAX_JOBS = 64  # running and waiting together


class Turns:
    """A lock whose waiters get it first come, first served (threading.Lock promises no order)."""

    def __init__(self) -> None:
        self._gate = threading.Lock()
        self._waiting: deque[threading.Event] = deque()
        self._taken = False

    @contextmanager
    def turn(self) -> Iterator[None]:
        """The device for one chunk."""
        called = threading.Event()
        with self._gate:
            if self._taken or self._waiting:
                self._waiting.append(called)
            else:
                self._taken = True
                called.set()
        try:
            called.wait()
            yield
        finally:
            with self._gate:
                if not called.is_set():  # Ctrl-C while waiting: a turn given to nobody would never end
                    self._waiting.remove(called)
                elif self._waiting:
                    self._waiting.popleft().set()
                else:
                    self._taken = False


_turns: dict[str, Turns] = {}
_turns_lock = threading.Lock()


def turns_of(device: str) -> Turns:
    """The one Turns of a device ("cpu", "cuda:0", ...)."""
    with _turns_lock:
        return _turns.setdefault(device, Turns())


class Job(Generic[T]):
    """Work under way: how far it is, its outcome, and a way to stop it.  Ask from any thread.

    done, total: in units of the work (passes of an explanation, bytes of a download); total is an estimate until the end.
    """

    def __init__(self) -> None:
        self.cancelled = threading.Event()
        self.done, self.total = 0, 0
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
        self.done, self.total = done, total

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
            self._result = work(self)
        except BaseException as error:  # kept for whoever asks for the result: a thread has nobody to raise it to
            self._error = error.with_traceback(None)  # its frames would keep the model in memory
        finally:
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
