"""Jobs: nobody held up by more than a chunk, nothing lost or left behind, and room again for what ends."""

import threading

import pytest
import torch

from sigviz.engine import engine
from sigviz.engine.scheduler import Job, Scheduler
from sigviz.engine.turns import Account, Line, account, turns_of
from sigviz.errors import Cancelled, InvalidText, QueueFull
from sigviz.explain import explain
from tests import tiny
from tests.engine.waiting import LONG, until, waiting


def test_explanations_take_turns_and_a_short_one_is_not_held_up_by_a_long_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """The long job's fourth chunk waits for the short job to ask; from then on only the chunk under way is before it."""
    monkeypatch.setattr(engine, "rows_that_fit", lambda *_: 1)
    turns, order = turns_of("cpu"), []
    short: list[Job] = []

    class Long(tiny.Watched):
        def logits(self, embeddings):
            if self._watching:
                order.append("long")
                if len(order) == 3:
                    account().since = account().spent = 2.0  # it has had two seconds
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
    long = Long(tiny.bert_model(), tiny.tokenizer(), name="long")
    job = Scheduler().submit(lambda _: explain(long, tiny.TEXT, "sig", steps=4))
    assert job.result(LONG).cost.forward == 7 + 20
    assert short[0].result(LONG).cost.forward == 6
    assert order[:3] == ["long"] * 3 and (order.count("short"), order.count("long")) == (6, 7 + 20)
    last = len(order) - order[::-1].index("short")
    assert order[3:last].count("long") <= 1 + 3  # the chunk under way, and one for every two parts of the short job's time


def test_a_job_cancelled_while_it_waits_for_its_turn_never_looks() -> None:
    classifier, turns = tiny.watched(), turns_of("cpu")
    with turns.turn(Account()):
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


def test_a_job_knows_who_is_before_it_in_line() -> None:
    classifier, turns = tiny.watched(), turns_of("cpu")
    holder = Account()
    holder.spent, holder.done, holder.total = 0.1, 1, 2
    with turns.turn(holder):
        job = Scheduler().submit(lambda job: explain(classifier, tiny.TEXT, "sig", cancel=job.cancelled))
        until(lambda: waiting(turns) == 1)
        assert job.line == Line(1, pytest.approx(0.1))
    job.result(LONG)
    assert job.line == Line(0, 0.0)


def test_all_that_one_job_explains_is_on_one_account_and_loose_explanations_each_have_their_own() -> None:
    def both(_: Job[object]) -> list[Account]:
        return [account(), account()]

    one, same = Scheduler().submit(both).result(LONG)
    assert one is same
    assert account() is not account()
