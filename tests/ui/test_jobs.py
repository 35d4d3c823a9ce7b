"""The desk: one job for one question, cancelled when nobody watches, answers kept and bounded."""

import threading
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from sigviz.engine.scheduler import Scheduler
from sigviz.errors import Cancelled, NotANumber, QueueFull
from sigviz.methods import METHODS
from sigviz.ui import jobs
from sigviz.ui.jobs import Desk

MODEL: Any = SimpleNamespace(name="m", revision="r", device=SimpleNamespace(type="cpu"), dtype="float32")
SETTINGS = METHODS["sig"].settings()
WAIT = 10.0  # seconds; only a failure waits so long


class Work:
    """Stands in for the pipeline: each call is counted and waits until the test lets it go on, chunk by chunk."""

    def __init__(self) -> None:
        self.calls = 0
        self.started, self.go_on, self.ended = threading.Event(), threading.Event(), threading.Event()
        self.fails: Exception | None = None

    def __call__(
        self, classifier: Any, text: str, settings: Any, *, progress: Callable[..., None], cancel: threading.Event
    ) -> Any:
        self.calls += 1
        self.started.set()
        try:
            progress(1, 2)
            while not self.go_on.wait(0.01):
                progress(1, 2)
                if cancel.is_set():
                    raise Cancelled("The explanation was cancelled.")
            if self.fails:
                raise self.fails
            unit = SimpleNamespace(tokens=(1,))
            return SimpleNamespace(units=(unit,), cost=SimpleNamespace(seconds=2.0, forward=3, backward=1), text=text)
        finally:
            self.ended.set()


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Iterator[Work]:
    work = Work()
    monkeypatch.setattr(jobs, "explain_with", work)
    yield work
    work.go_on.set()


def _finished(desk: Desk, key: Any) -> jobs.Status:
    for _ in range(int(WAIT / 0.01)):
        status = desk.look(key)
        if status.finished:
            return status
        threading.Event().wait(0.01)
    raise AssertionError("the job did not finish")


def test_two_sessions_that_ask_the_same_share_one_job_and_its_answer(work: Work) -> None:
    desk = Desk(Scheduler())
    keys = {desk.ask(session, MODEL, "text", SETTINGS) for session in ("one", "two")}
    assert len(keys) == 1
    (key,) = keys
    work.go_on.set()
    assert _finished(desk, key).answer.text == "text"
    assert desk.ask("three", MODEL, "text", SETTINGS) == key and desk.look(key).finished
    assert work.calls == 1


def test_another_text_setting_or_model_is_another_question(work: Work) -> None:
    desk = Desk(Scheduler())
    other_model: Any = SimpleNamespace(**{**vars(MODEL), "revision": "s"})
    other_settings = METHODS["ig"].settings()
    asked = [(MODEL, "a", SETTINGS), (MODEL, "b", SETTINGS), (other_model, "a", SETTINGS), (MODEL, "a", other_settings)]
    assert len({desk.ask("one", *question) for question in asked}) == 4


def test_a_job_that_nobody_watches_is_cancelled(work: Work) -> None:
    desk = Desk(Scheduler())
    key = desk.ask("one", MODEL, "text", SETTINGS)
    assert work.started.wait(WAIT)
    desk.watch_only("one", set())
    assert work.ended.wait(WAIT)
    assert isinstance(_finished(desk, key).error, Cancelled)


def test_a_job_that_is_left_is_cancelled_and_the_session_s_other_jobs_go_on(work: Work) -> None:
    desk = Desk(Scheduler())
    left, kept = (desk.ask("one", MODEL, text, SETTINGS) for text in ("a", "b"))
    desk.ask("two", MODEL, "b", SETTINGS)
    desk.leave("one", left)
    desk.leave("one", kept)
    assert isinstance(_finished(desk, left).error, Cancelled)
    work.go_on.set()
    assert _finished(desk, kept).answer


def test_a_job_goes_on_while_another_session_watches_it(work: Work) -> None:
    desk = Desk(Scheduler())
    key = desk.ask("one", MODEL, "text", SETTINGS)
    desk.ask("two", MODEL, "text", SETTINGS)
    desk.watch_only("one", set())
    assert work.started.wait(WAIT) and not work.ended.wait(0.05)
    work.go_on.set()
    assert _finished(desk, key).answer


def test_a_closed_tab_is_noticed_because_it_looks_no_more(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "PATIENCE", 0.05)
    desk = Desk(Scheduler())
    desk.ask("one", MODEL, "text", SETTINGS)
    assert work.ended.wait(WAIT)


def test_a_job_that_ended_unwatched_is_forgotten(work: Work) -> None:
    desk = Desk(Scheduler())
    key = desk.ask("one", MODEL, "text", SETTINGS)
    desk.watch_only("one", set())
    assert isinstance(_finished(desk, key).error, Cancelled)
    desk.watch_only("two", set())
    assert not desk._jobs


def test_a_job_that_failed_is_forgotten_once_its_tab_is_closed(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    work.fails = NotANumber("NaN")
    work.go_on.set()
    desk = Desk(Scheduler())
    key = desk.ask("one", MODEL, "text", SETTINGS)
    assert _finished(desk, key).error
    desk.watch_only("two", set())
    assert isinstance(desk.look(key).error, NotANumber), "somebody looked just now"
    monkeypatch.setattr(jobs, "PATIENCE", -1.0)  # as if the last look were long ago
    desk.watch_only("two", set())
    assert not desk._jobs


def test_a_cancelled_question_can_be_asked_again(work: Work) -> None:
    desk = Desk(Scheduler())
    key = desk.ask("one", MODEL, "text", SETTINGS)
    desk.watch_only("one", set())
    assert _finished(desk, key).error
    work.go_on.set()
    assert _finished(desk, desk.ask("one", MODEL, "text", SETTINGS)).answer


def test_an_error_of_the_work_is_handed_on(work: Work) -> None:
    desk = Desk(Scheduler())
    work.fails = NotANumber("NaN")
    work.go_on.set()
    assert isinstance(_finished(desk, desk.ask("one", MODEL, "text", SETTINGS)).error, NotANumber)


def test_answers_are_bounded(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "KEPT", 2)
    desk = Desk(Scheduler())
    work.go_on.set()
    keys = []
    for text in "abc":
        keys.append(desk.ask("one", MODEL, text, SETTINGS))
        _finished(desk, keys[-1])
    assert desk.look(keys[0]).answer is None and desk.look(keys[2]).answer is not None


def test_a_full_queue_is_said(work: Work) -> None:
    desk = Desk(Scheduler(limit=1))
    desk.ask("one", MODEL, "a", SETTINGS)
    with pytest.raises(QueueFull):
        desk.ask("one", MODEL, "b", SETTINGS)


def test_the_pace_is_measured(work: Work) -> None:
    desk = Desk(Scheduler())
    assert desk.pace(MODEL) == jobs._UNMEASURED["cpu"]
    work.go_on.set()
    _finished(desk, desk.ask("one", MODEL, "text", SETTINGS))
    assert desk.pace(MODEL) == 2.0 / 4  # seconds, over (3 + 1) passes of 1 token
