"""Waiting for what other threads are about to do."""

import time
from collections.abc import Callable

from sigviz.engine.turns import Turns

LONG = 30.0  # seconds after which something hangs; nothing here takes nearly as long


def until(so: Callable[[], bool]) -> None:
    """Wait for what another thread is about to do."""
    end = time.monotonic() + LONG
    while not so():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.001)


def waiting(turns: Turns) -> int:
    return len(turns._waiting)
