"""The thread of a job dies in the middle of a chunk, while it holds the device: the others go on, and who asked is told."""

import ctypes
import threading

import pytest

from sigviz.engine.scheduler import Scheduler
from sigviz.explain import explain
from sigviz.methods import METHODS
from sigviz.ui.jobs import Desk
from tests import tiny
from tests.faults.chunks import Failing
from tests.load.watching import LONG, Held, finished, until

RUN = METHODS["sig"].settings(steps=20)


class Killed(BaseException):
    """Nothing that `except Exception` meets."""


def _dies(error: BaseException):
    def fault(_: Failing) -> None:
        raise error

    return fault


DEATHS = [Killed("bang"), SystemExit(1), KeyboardInterrupt(), GeneratorExit(), MemoryError(), RecursionError("deep")]


@pytest.mark.parametrize("at", [1, 2])
@pytest.mark.parametrize("error", DEATHS, ids=lambda error: type(error).__name__)
def test_whoever_waits_for_a_job_that_died_is_told_and_the_device_is_free(error: BaseException, at: int) -> None:
    scheduler = Scheduler(limit=2)
    dying = scheduler.submit(lambda _: explain(Failing(at, _dies(error)), tiny.TEXT, "sig", steps=20))
    other = scheduler.submit(lambda _: explain(tiny.bert(), tiny.TEXT, "sig", steps=20))
    with pytest.raises(type(error)):
        dying.result(LONG)
    assert dying.finished and dying.error is error
    alone = explain(tiny.bert(), tiny.TEXT, "sig", steps=20)
    assert other.result(LONG).raw == pytest.approx(alone.raw, abs=1e-10)
    third = scheduler.submit(lambda _: explain(tiny.bert(), tiny.MIXED, "ig", steps=4))  # it took no place for good
    assert third.result(LONG).units


def test_a_thread_that_is_killed_from_outside_leaves_the_device_to_those_who_wait() -> None:
    held, scheduler, idents = Held(1), Scheduler(), []

    def work(_: object) -> object:
        idents.append(threading.get_ident())
        return explain(held, tiny.TEXT, "sig", steps=200)

    dying = scheduler.submit(work)
    assert held.inside.wait(LONG)
    waiting = [scheduler.submit(lambda _: explain(tiny.bert(), tiny.TEXT, "ig", steps=4)) for _ in range(3)]
    assert ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(idents[0]), ctypes.py_object(Killed)) == 1
    held.go_on.set()
    with pytest.raises(Killed):
        dying.result(LONG)
    for job in waiting:
        assert job.result(LONG).units
    assert len(held.batches) <= 2


@pytest.mark.parametrize("error", [Killed("bang"), SystemExit(1), ValueError("a fault")], ids=lambda e: type(e).__name__)
def test_at_the_desk_nobody_waits_for_ever_and_the_same_question_may_be_asked_again(error: BaseException) -> None:
    desk, failing = Desk(Scheduler()), Failing(2, _dies(error))
    key = desk.ask("one", failing, tiny.TEXT, RUN)
    job = desk._jobs[key].job
    until(lambda: job.finished)
    if isinstance(error, Exception):  # a fault of the program: the page's own machinery says so, and the log where
        with pytest.raises(type(error)):
            desk.look(key)
    else:  # what would end the page's thread, too
        assert "ended from outside. Run it again." in str(desk.look(key).error)
    assert desk.ask("one", failing, tiny.TEXT, RUN) == key
    assert finished(desk, key).answer is not None, "the fault happens once; the second try is right"
