"""One device, many jobs: whose chunk is next.

A job's chunks are served by what it has had so far: jobs fall from level to level as they use up device time, a lower level
goes first, and within a level who came first (a feedback queue).  So a short job waits for the chunk that is under way and
for nothing else of a long one, whatever the long one's chunks take, and of thirty equal jobs each ends as early as it can
instead of all of them at the very end.  That alone would let a stream of short jobs stop a long one for good, so whoever has
waited longest is served after every two parts of device time of the one that goes first, one part to two; and at least one
chunk a second goes to who has starved.  A job is thus held up by at most the chunk under way and half its own time.

Between two chunks a job is away for some microseconds.  Where it would be the next to be served, the device is kept for it
meanwhile: given to whoever waits, each of its chunks would wait for one of theirs.
"""

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from sigviz.errors import Cancelled

LEVELS = (0.25, 1.0, 4.0, 16.0, 64.0)  # seconds of device time behind which a job makes way for those that had less
PARTS = 2.0  # of its own time a job has before the one that waited longest has one
STARVED = 10.0  # seconds of waiting beyond its fair share after which a job is served whatever else is there,
RESCUE = 1.0  # but only one chunk in so many seconds
_AWAY = 0.02  # seconds for which the device is kept for a job that did not say that it was its last chunk
_LOOK_EVERY = 0.05  # seconds after which those who wait look whether they were cancelled, or the one before them stays away
_numbers = itertools.count()


@dataclass(eq=False)
class Account:
    """What one job has had of a device.  All its chunks, of however many texts, are on one account.

    spent: seconds of device time.  chunk: seconds of its last chunk.  since: seconds of device time since it last let somebody
    past who had waited longer.  done, total: as the job reports them, in any unit.  device: where it asked last.
    """

    number: int = field(default_factory=lambda: next(_numbers))
    spent: float = 0.0
    since: float = 0.0
    chunk: float | None = None
    done: int = 0
    total: int = 0
    device: "Turns | None" = None

    @property
    def level(self) -> int:
        return sum(self.spent >= bound for bound in LEVELS)

    @property
    def order(self) -> tuple[int, int]:
        """The smaller, the earlier it is served."""
        return self.level, self.number

    @property
    def left(self) -> float | None:
        """About how many seconds of device time it still takes, at its pace so far; None before anything is done."""
        return self.spent * max(0, self.total - self.done) / self.done if self.done and self.total else None


_current: ContextVar[Account | None] = ContextVar("account", default=None)


def account() -> Account:
    """The account that this thread's chunks go on: its job's; outside of jobs a new one for each explanation."""
    return _current.get() or Account()


@contextmanager
def on(account: Account) -> Iterator[None]:
    """All that this thread asks of a device within goes on `account`."""
    token = _current.set(account)
    try:
        yield
    finally:
        _current.reset(token)


@dataclass(frozen=True, slots=True)
class Line:
    """What stands before a job.  ahead: jobs that are served first.  seconds: about how long they take; None: not known."""

    ahead: int
    seconds: float | None


@dataclass(eq=False, slots=True)
class _Waiter:
    account: Account
    asked: float
    called: threading.Event


class Turns:
    """The device, for one chunk at a time.  clock: seconds, monotonic."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._gate = threading.Lock()
        self._waiting: list[_Waiter] = []  # in the order in which they asked
        self._holder: Account | None = None
        self._away: float | None = None  # since when the holder is between two chunks; None while it is at work
        self._chunk = 0.0  # the last one of anybody's
        self._rescued = -RESCUE

    @contextmanager
    def turn(self, account: Account, cancel: threading.Event | None = None) -> Iterator[None]:
        """The device for one chunk of `account`'s.  Raises Cancelled when `cancel` is set before the turn has come."""
        account.device = self
        waiter = _Waiter(account, self._clock(), threading.Event())
        with self._gate:
            if self._holder is account and self._away is not None:
                self._give(waiter)
            else:
                self._waiting.append(waiter)
                if self._holder is None:
                    self._pass_on()
        try:
            while not waiter.called.wait(_LOOK_EVERY):
                if cancel is not None and cancel.is_set():
                    raise Cancelled("The explanation was cancelled.")
                with self._gate:
                    if self._away is not None and self._clock() - self._away > _AWAY:
                        self._pass_on()
            begun = self._clock()
            try:
                yield
            finally:
                self._charge(account, self._clock() - begun)
        finally:
            with self._gate:
                if not waiter.called.is_set():  # cancelled, or Ctrl-C: a turn given to nobody would never end
                    self._waiting.remove(waiter)
                else:
                    self._pass_on(account)

    def leave(self, account: Account) -> None:
        """Say that `account` has no more chunks for now: nobody waits for it to come back."""
        with self._gate:
            if self._holder is account and self._away is not None:
                self._pass_on()

    def line(self, account: Account) -> Line:
        """Who is served before `account`, as things stand; newcomers may still come before it."""
        with self._gate:
            present = {waiter.account for waiter in self._waiting} | ({self._holder} if self._holder else set())
        ahead = [other for other in present if other is not account and other.order < account.order]
        bound = LEVELS[account.level] if account.level < len(LEVELS) else float("inf")
        times = [None if other.left is None else min(other.left, bound - other.spent) for other in ahead]
        known = [seconds for seconds in times if seconds is not None]
        return Line(len(ahead), sum(known) if len(known) == len(ahead) else None)

    def _charge(self, account: Account, seconds: float) -> None:
        account.spent += seconds
        account.since += seconds
        account.chunk = self._chunk = seconds

    def _give(self, waiter: _Waiter) -> None:
        self._holder, self._away = waiter.account, None
        waiter.called.set()

    def _pass_on(self, ended: Account | None = None) -> None:
        """To the next, with the gate closed.  ended: whose chunk has ended, if it may come back."""
        self._holder = self._away = None
        if not self._waiting:
            return
        waiter = self._next(ended)
        if waiter is None:
            self._holder, self._away = ended, self._clock()
        else:
            self._waiting.remove(waiter)
            self._give(waiter)

    def _next(self, ended: Account | None) -> _Waiter | None:
        """Who is served next; None for the one whose chunk has ended."""
        best = min(self._waiting, key=lambda waiter: waiter.account.order)
        back = ended is not None and ended.order < best.account.order
        first = ended if ended is not None and back else best.account
        oldest = self._waiting[0]
        if oldest.account is first:
            return oldest
        now = self._clock()
        chunk = self._chunk if oldest.account.chunk is None else oldest.account.chunk
        if first.since >= PARTS * chunk:
            first.since = 0.0
            return oldest
        fair = 4 * len(self._waiting) * max(chunk, self._chunk)  # as long as one waits where all have their share
        if now - oldest.asked >= STARVED + fair and now - self._rescued >= RESCUE:
            self._rescued = now
            return oldest
        return None if back else best


_turns: dict[str, Turns] = {}
_turns_lock = threading.Lock()


def turns_of(device: str) -> Turns:
    """The one Turns of a device ("cpu", "cuda:0", ...)."""
    with _turns_lock:
        return _turns.setdefault(device, Turns())
