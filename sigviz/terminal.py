"""What the command line writes to a terminal: text that cannot move its cursor, one-line messages, progress."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from sigviz.engine.engine import Progress
from sigviz.views import wording

EVERY = 30.0  # seconds between progress lines where nobody sits in front of it, as in a log


def plain(text: str) -> str:
    """Text that cannot move the cursor or colour the terminal."""
    return "".join(character if character.isprintable() else " " for character in text)


def line(message: str) -> str:
    """The message on one line."""
    return plain(" ".join(message.split()))


@contextmanager
def bar(title: str) -> Iterator[Progress | None]:
    """A progress line on stderr, where somebody sits in front of it."""
    if not sys.stderr.isatty():
        yield None
        return

    def show(done: int, total: int) -> None:
        print(f"\r{title}: {100 * done // max(total, 1):3d} %", end="", file=sys.stderr, flush=True)

    try:
        yield show
    finally:
        print("\r" + " " * (len(title) + 8) + "\r", end="", file=sys.stderr, flush=True)


class Remaining:
    """Progress of long work with the time that is left: one line that is written over, in a log one line now and then."""

    def __init__(self) -> None:
        self._started: tuple[float, int] | None = None
        self._said = time.monotonic()

    def __call__(self, done: int, total: int, what: str) -> None:
        """done of total units of work are done; `what` names the last."""
        now = time.monotonic()
        self._started = self._started or (now, done)  # what was done before this run tells nothing about its pace
        began, before = self._started
        interactive = sys.stderr.isatty()
        if not interactive and (done == before or (now - self._said < EVERY and done < total)):
            return
        self._said = now
        left = f", about {wording.duration((now - began) / (done - before) * (total - done))} left" if done > before else ""
        text = line(f"{done:,} of {total:,} done{left} {what}")[:100]
        print(f"\r{text:<100}" if interactive else text, end="" if interactive else "\n", file=sys.stderr, flush=True)

    def close(self) -> None:
        """Leave the line clean for what comes next."""
        if sys.stderr.isatty():
            print("\r" + " " * 100 + "\r", end="", file=sys.stderr, flush=True)
