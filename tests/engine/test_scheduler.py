"""One device, many jobs: turns in the order of asking, nobody held up by more than a chunk, nothing lost or left behind."""

import threading
import time
from collections.abc import Callable
from itertools import pairwise

import pytest
import torch

from sigviz.engine import engine
from sigviz.engine.scheduler import Job, Scheduler, Turns, turns_of
from sigviz.errors import Cancelled, InvalidText, QueueFull
from sigviz.explain import explain
from tests import tiny

LONG = 30.0  # seconds after which something hangs; nothing here takes nearly as long


def until(so: Callable[[], bool]) -> None:
    """Wait for what another thread is about to do."""
    end = time.monotonic() + LONG
    while not so():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.001)


def waiting(turns: Turns) -> int:
    return len(turns._waiting)


def test_turns_are_given_in_the_order_in_which_they_were_asked_for() -> None:
    turns, order = Turns(), []

    def take(number: int) -> None:
        with turns.turn():
            order.append(number)

    threads = [threading.Thread(target=take, args=(number,)) for number in range(12)]
    with turns.turn():
        for number, thread in enumerate(threads, start=1):
            thread.start()
            until(lambda number=number: waiting(turns) == number)
        assert order == []
    for thread in threads:
        thread.join(LONG)
    assert order == list(range(12))
    assert not turns._taken and not turns._waiting


def test_only_one_has_the_turn_at_a_time() -> None:
    turns, inside, most = Turns(), [], []

    def take() -> None:
        for _ in range(50):
            with turns.turn():
                inside.append(1)
                most.append(len(inside))
                inside.pop()

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LONG)
    assert most == [1] * 400


def test_a_turn_that_ends_in_an_error_is_passed_on() -> None:
    turns = Turns()
    with pytest.raises(ValueError), turns.turn():
        raise ValueError
    with turns.turn():
        pass


def test_who_is_interrupted_while_waiting_leaves_the_queue_and_blocks_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C in a notebook, while another thread has the device."""
    turns, order = Turns(), []

    class Interrupted(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            assert waiting(turns) == 2
            raise KeyboardInterrupt

    def take() -> None:
        with turns.turn():
            order.append("the one that waited longer")

    first = threading.Thread(target=take)
    with turns.turn():
        first.start()
        until(lambda: waiting(turns) == 1)
        queue = list(turns._waiting)
        with monkeypatch.context() as patch:
            patch.setattr("sigviz.engine.scheduler.threading.Event", Interrupted)
            with pytest.raises(KeyboardInterrupt), turns.turn():
                order.append("the one that was interrupted")
        assert list(turns._waiting) == queue
    first.join(LONG)
    with turns.turn():
        order.append("the next")
    assert order == ["the one that waited longer", "the next"]


def test_each_device_has_turns_of_its_own() -> None:
    assert turns_of("cpu") is turns_of("cpu") is not turns_of("cuda:0")


def test_a_long_job_holds_up_a_short_one_by_no_more_than_a_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every chunk of the long job waits until the short one has asked for its next turn, and must then make way for it."""
    monkeypatch.setattr(engine, "rows_that_fit", lambda *_: 1)
    turns, order = turns_of("cpu"), []
    short: list[Job] = []

    class Long(tiny.Watched):
        def logits(self, embeddings):
            if self._watching:
                order.append("long")
                if len(order) == 3:
                    short.append(Scheduler().submit(lambda _: explain(quick, "film", "ig", steps=4)))
                if short:
                    until(lambda: waiting(turns) == 1 or short[0].finished)
            return super().logits(embeddings)

    class Quick(tiny.Watched):
        def logits(self, embeddings):
            if self._watching:
                order.append("short")
            return super().logits(embeddings)

    quick = Quick(tiny.bert_model(), tiny.tokenizer(), name="quick")
    explain(Long(tiny.bert_model(), tiny.tokenizer(), name="long"), tiny.TEXT, "sig", steps=4)
    assert short[0].result(LONG).cost.forward == 6
    first, last = order.index("short"), len(order) - order[::-1].index("short")
    assert order[:first] == ["long"] * 3
    assert ("long", "long") not in pairwise(order[first:last])
    assert (order.count("short"), order.count("long")) == (6, 7 + 20)


def test_a_job_cancelled_while_it_waits_for_its_turn_never_looks() -> None:
    classifier, turns = tiny.watched(), turns_of("cpu")
    with turns.turn():
        job = Scheduler().submit(lambda job: explain(classifier, tiny.TEXT, "sig", cancel=job.cancelled))
        until(lambda: waiting(turns) == 1)
        job.cancel()
    with pytest.raises(Cancelled):
        job.result(LONG)
    assert classifier.forward == 0


def test_a_job_has_a_result_and_reports_its_progress() -> None:
    started, go_on = threading.Event(), threading.Event()

    def work(job: Job[str]) -> str:
        job.progress(3, 10)
        started.set()
        go_on.wait(LONG)
        return "done"

    job = Scheduler().submit(work)
    assert started.wait(LONG)
    assert (job.done, job.total, job.finished, job.error) == (3, 10, False, None)
    with pytest.raises(TimeoutError):
        job.result(0.01)
    go_on.set()
    assert job.result(LONG) == "done"
    assert job.finished and job.error is None
    assert job.result() == "done"


@pytest.mark.parametrize("error", [ValueError("bad"), KeyboardInterrupt(), SystemExit(3), torch.OutOfMemoryError("full")])
def test_a_job_that_fails_raises_its_error_to_whoever_asks(error: BaseException) -> None:
    def work(_: Job[None]) -> None:
        raise error

    job = Scheduler().submit(work)
    for _ in range(2):
        with pytest.raises(type(error)) as caught:
            job.result(LONG)
        assert caught.value is error is job.error
    assert job.finished


def test_a_job_of_sigviz_s_own_fails_with_sigviz_s_own_error() -> None:
    job = Scheduler().submit(lambda _: explain(tiny.bert(), "  ", "sig"))
    with pytest.raises(InvalidText):
        job.result(LONG)


def test_a_job_cancelled_before_it_begins_never_works() -> None:
    job: Job[None] = Job()
    job.cancel()
    job._run(lambda _: pytest.fail("it worked"))
    with pytest.raises(Cancelled, match="before it began"):
        job.result(LONG)


def test_a_job_cancelled_on_its_way_ends_with_cancelled() -> None:
    started = threading.Event()

    def work(job: Job[object]) -> object:
        return explain(tiny.bert(), tiny.TEXT, "sig", steps=1024, cancel=job.cancelled, progress=lambda *_: started.set())

    job = Scheduler().submit(work)
    assert started.wait(LONG)
    job.cancel()
    with pytest.raises(Cancelled):
        job.result(LONG)


def test_too_many_jobs_are_refused_and_there_is_room_again_when_one_ends() -> None:
    scheduler, go_on = Scheduler(limit=2), [threading.Event() for _ in range(3)]
    jobs = [scheduler.submit(lambda _, i=i: go_on[i].wait(LONG)) for i in range(2)]
    with pytest.raises(QueueFull, match="2 explanations are already under way"):
        scheduler.submit(lambda _: None)
    go_on[0].set()
    assert jobs[0].result(LONG)
    third = scheduler.submit(lambda _: go_on[2].wait(LONG))
    with pytest.raises(QueueFull):
        scheduler.submit(lambda _: None)
    go_on[1].set()
    go_on[2].set()
    assert jobs[1].result(LONG) and third.result(LONG)


def test_jobs_that_fail_or_are_cancelled_leave_their_place() -> None:
    scheduler = Scheduler(limit=1)
    for _ in range(3):
        job = scheduler.submit(lambda job: 1 / 0)
        until(lambda job=job: job.finished)
    assert scheduler.submit(lambda _: 5).result(LONG) == 5


def test_a_job_whose_thread_cannot_start_takes_no_place(monkeypatch: pytest.MonkeyPatch) -> None:
    scheduler = Scheduler(limit=1)

    def fails(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch, pytest.raises(RuntimeError, match="can't start"):
        patch.setattr(threading.Thread, "start", fails)
        scheduler.submit(lambda _: None)
    assert scheduler.submit(lambda _: 5).result(LONG) == 5


def test_a_waiting_job_does_not_keep_the_program_alive() -> None:
    go_on = threading.Event()
    job = Scheduler().submit(lambda _: go_on.wait(LONG))
    assert all(thread.daemon for thread in threading.enumerate() if thread.name == "sigviz-job")
    go_on.set()
    job.result(LONG)
