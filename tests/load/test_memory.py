"""Memory stays flat: a thousand jobs later the server holds what it held after the warm-up."""

import numpy as np
import pytest

from sigviz.engine.scheduler import Scheduler
from sigviz.methods import METHODS
from sigviz.ui import jobs
from sigviz.ui.jobs import Desk
from tests import tiny
from tests.load.figures import note
from tests.load.memory import resident, slope, steady
from tests.load.size import size
from tests.load.watching import finished
from tests.methods.cases import small

KEPT = 16  # answers: the desk is full of them soon, and what is kept on purpose grows no more
WARM, JOBS, EVERY = size((40, 60, 10), (400, 1000, 50))
MOST = size(60.0, 12.0)  # kB a job; an answer of such a text has some 3 kB, and pages come in 4


def _grown(work: "object" = None) -> float:
    """kB a job: by how much the memory held grows over JOBS jobs of all methods, each of another text."""
    random, desk = np.random.default_rng(0), Desk(Scheduler())
    settings = [spec.settings(**small(spec)) for spec in METHODS.values()]
    counts, sizes = [], []
    for number in range(WARM + JOBS + 1):
        text = " ".join(random.choice(tiny.WORDS, 8))
        key = desk.ask("one", tiny.bert(), text, settings[number % len(settings)])
        assert finished(desk, key).answer is not None
        if callable(work):
            work()
        if number >= WARM and (number - WARM) % EVERY == 0:
            counts.append(float(number))
            sizes.append(resident())
    return size(steady, slope)(counts, sizes)


def test_memory_does_not_grow_with_the_number_of_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "KEPT", KEPT)
    grown = _grown()
    note(f"memory over {JOBS:,} jobs", grown, "kB a job")
    assert grown < MOST


def test_a_leak_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The checker checked: a job that leaves 256 kB behind."""
    monkeypatch.setattr(jobs, "KEPT", KEPT)
    monkeypatch.setitem(globals(), "JOBS", 40)
    monkeypatch.setitem(globals(), "WARM", 20)
    monkeypatch.setitem(globals(), "EVERY", 10)
    leaked: list[np.ndarray] = []
    assert _grown(lambda: leaked.append(np.ones(32 * 1024))) > 2 * 60.0
