"""A job that nobody waits for any more gives the device back behind the chunk under way: by button, control or closed tab."""

import threading
import time
from collections.abc import Callable, Hashable

import pytest

from sigviz.engine import engine, turns
from sigviz.engine.scheduler import Scheduler
from sigviz.errors import Cancelled
from sigviz.explain import explain
from sigviz.methods import METHODS
from sigviz.ui import jobs
from sigviz.ui.jobs import Desk
from tests import tiny
from tests.load.watching import LONG, Held, finished, until

LONG_RUN = METHODS["sig"].settings(steps=500)
SHORT_RUN = METHODS["ig"].settings(steps=20)  # some chunks of 16


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "rows_that_fit", lambda *_: 16)


def _button(desk: Desk, key: Hashable) -> None:
    desk.leave("one", key)


def _control(desk: Desk, key: Hashable) -> None:
    desk.watch_only("one", set())


@pytest.mark.parametrize("stop", [_button, _control])
@pytest.mark.parametrize("at", [1, 2, 5])
def test_a_stopped_run_looks_no_more_and_the_next_one_is_served(at: int, stop: Callable[[Desk, Hashable], None]) -> None:
    held, desk = Held(at), Desk(Scheduler())
    key = desk.ask("one", held, tiny.TEXT, LONG_RUN)
    assert held.inside.wait(LONG)
    stop(desk, key)
    other = desk.ask("two", tiny.bert(), tiny.TEXT, SHORT_RUN)
    held.go_on.set()
    assert isinstance(finished(desk, key).error, Cancelled)
    assert finished(desk, other).answer is not None
    assert len(held.batches) == at, "it went on behind the chunk that was under way"


def test_a_run_of_a_closed_tab_is_stopped_behind_a_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "PATIENCE", 0.05)
    held, desk, scheduler = Held(2), None, Scheduler()
    desk = Desk(scheduler)
    desk.ask("one", held, tiny.TEXT, LONG_RUN)
    assert held.inside.wait(LONG)
    time.sleep(0.1)  # nobody looks
    held.go_on.set()
    until(lambda: all(job.finished for job in scheduler._jobs))
    assert len(held.batches) == 2


def test_a_run_that_somebody_else_waits_for_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    held, desk = Held(2), Desk(Scheduler())
    keys = {desk.ask(session, held, tiny.TEXT, SHORT_RUN) for session in ("one", "two")}
    (key,) = keys
    assert held.inside.wait(LONG)
    desk.leave("one", key)
    held.go_on.set()
    assert finished(desk, key).answer is not None


def test_a_short_run_beside_a_long_one_waits_for_no_more_than_a_chunk_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted in chunks, so that no machine is too slow for it: between two of the short run's, at most one of the long's."""
    monkeypatch.setattr(turns, "_AWAY", LONG)  # for a thread that a busy machine lets wait between two chunks
    order: list[str] = []
    started, go_on = threading.Event(), threading.Event()

    class Told(tiny.Watched):
        def logits(self, embeddings):
            if self._watching:
                order.append(self.name)
                if self.name == "long" and order.count("long") == 1:
                    time.sleep(0.3)  # by now it is known to be a long one
                if self.name == "long" and order.count("long") == 3:
                    started.set()
                    assert go_on.wait(LONG)
            return super().logits(embeddings)

    long, short = (Told(tiny.bert_model(), tiny.tokenizer(), name=name) for name in ("long", "short"))
    desk = Desk(Scheduler())
    slow = desk.ask("one", long, " ".join(["film"] * 60), METHODS["ig"].settings(steps=500))
    assert started.wait(LONG)
    quick = desk.ask("two", short, tiny.TEXT, METHODS["ig"].settings(steps=100))
    time.sleep(0.1)  # until it waits for its turn
    go_on.set()
    assert finished(desk, quick).answer is not None
    desk.leave("one", slow)
    first, last = order.index("short"), len(order) - 1 - order[::-1].index("short")
    between = "".join(name[0] for name in order[first : last + 1]).split("s")
    assert order[:first].count("long") <= 3 + 1, "it waited for more than the chunk under way"
    assert max(map(len, between)) <= 1, f"more than one chunk of the long run at a time: {order[first : last + 1]}"
    assert order.count("short") > 5
    alone = explain(tiny.bert(), tiny.TEXT, "ig", steps=100)
    assert desk.look(quick).answer.raw == pytest.approx(alone.raw, abs=1e-10)
