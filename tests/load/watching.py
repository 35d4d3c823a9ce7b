"""Classifiers and sessions that a test can hold still and count: what the tests of load and faults share."""

import threading
import time
from collections.abc import Callable, Hashable
from typing import Any

from sigviz.ui.jobs import Desk, Status
from tests import tiny

LONG = 120.0  # seconds after which something hangs; nothing here takes nearly as long


def until(so: Callable[[], bool]) -> None:
    """Wait for what another thread is about to do."""
    end = time.monotonic() + LONG
    while not so():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.002)


def finished(desk: Desk, key: Hashable) -> Status:
    """How the explanation ended, waiting for it as a page does."""
    end = time.monotonic() + LONG
    while not (status := desk.look(key)).finished:
        assert time.monotonic() < end, "it never ended"
        time.sleep(0.002)
    return status


class Held(tiny.Watched):
    """The tiny BERT, which stops inside its chunk number `at` (from 1) until it is let go."""

    def __init__(self, at: int) -> None:
        self._at = 0  # not while it is probed
        super().__init__(tiny.bert_model(), tiny.tokenizer(), name="held")
        self._at, self.inside, self.go_on = at, threading.Event(), threading.Event()

    def logits(self, embeddings: Any) -> Any:
        answer = super().logits(embeddings)
        if self._at and len(self.batches) == self._at:
            self.inside.set()
            assert self.go_on.wait(LONG)
        return answer
