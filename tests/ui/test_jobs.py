"""The desk: one job for one question, cancelled when nobody watches, answers kept and bounded."""

import threading
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from sigviz.engine.scheduler import Scheduler
from sigviz.engine.turns import Account, turns_of
from sigviz.errors import Cancelled, EngineError, InvalidSettings, NotANumber, QueueFull
from sigviz.hosting import Hosting
from sigviz.methods import METHODS
from sigviz.ui import jobs, limits, sizes
from sigviz.ui.jobs import Desk
from tests import tiny
from tests.engine.waiting import until, waiting

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
            return SimpleNamespace(
                units=(unit,), cost=SimpleNamespace(seconds=2.0, forward=3, backward=1, tokens=1), text=text
            )
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


def test_the_number_of_answers_is_bounded(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "KEPT", 2)
    desk = Desk(Scheduler())
    work.go_on.set()
    keys = []
    for text in "abc":
        keys.append(desk.ask("one", MODEL, text, SETTINGS))
        _finished(desk, keys[-1])
    assert desk.look(keys[0]).answer is None and desk.look(keys[2]).answer is not None


def test_the_bytes_of_answers_are_bounded_and_the_one_looked_at_last_stays() -> None:
    desk = Desk(Scheduler(), room=250_000)
    for name in "abc":
        if name == "c":
            assert desk.look("a").finished
        desk.compute("one", name, lambda progress, cancel: np.zeros(100_000, dtype=np.int8))
        _finished(desk, name)
    assert desk.look("a").answer is not None and desk.look("b").answer is None and desk.look("c").answer is not None
    assert 200_000 < desk._answers.bytes <= 250_000


def test_an_answer_larger_than_the_room_is_there_for_who_waits_and_alone() -> None:
    desk = Desk(Scheduler(), room=1_000)
    for name in "ab":
        desk.compute("one", name, lambda progress, cancel: np.zeros(5_000))
        assert _finished(desk, name).answer is not None
    assert desk.look("a").answer is None


def test_a_question_that_is_answered_twice_is_counted_once() -> None:
    answers = jobs._Answers(10_000)
    for _ in range(3):
        answers.add("a", np.zeros(100))
    assert answers.bytes == sizes.size(np.zeros(100)) + sizes.size("a")


@pytest.mark.parametrize(
    ("value", "least", "most"),
    [
        (np.zeros(1_000), 8_000, 8_200),
        (np.zeros((2, 1_000))[0], 8_000, 8_200),
        ("x" * 1_000, 1_000, 1_100),
        ({"a": [np.zeros(1_000), (np.zeros(1_000),)]}, 16_000, 17_000),
        ([array := np.zeros(1_000), array], 8_000, 8_300),
        (METHODS["sig"].settings(), 500, 3_000),
    ],
)
def test_the_size_of_an_answer_is_that_of_all_it_holds(value: Any, least: int, most: int) -> None:
    assert least <= sizes.size(value) <= most


def test_what_takes_more_passes_than_the_server_spends_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "hosting", lambda: Hosting(max_passes=100))
    monkeypatch.setattr(limits, "VOCABULARY", 0)
    desk, chunks = Desk(Scheduler()), list[int]()

    def endless(progress: Callable[[int, int], None], cancel: threading.Event) -> str:
        while not cancel.is_set():
            chunks.append(1)
            progress(40 * len(chunks), 10_000)
            assert len(chunks) < 1_000, "nobody stopped it"
        raise Cancelled("The explanation was cancelled.")

    desk.compute("one", "endless", endless)
    error = _finished(desk, "endless").error
    assert isinstance(error, InvalidSettings) and "this server spends 100 on one explanation" in str(error)
    assert len(chunks) == 51, "20 explanations' worth, and no more than a chunk beyond"


def test_what_failed_holds_neither_the_text_nor_the_model() -> None:
    desk = Desk(Scheduler())

    def fails(progress: Any, cancel: threading.Event) -> str:
        try:
            raise KeyError("inside")
        except KeyError as error:
            raise NotANumber("NaN") from error

    desk.compute("one", "key", fails)
    error = _finished(desk, "key").error
    assert isinstance(error, NotANumber)
    assert error.__traceback__ is error.__cause__ is error.__context__ is None


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


def test_who_waits_is_told_how_many_are_before_it_and_for_about_how_long() -> None:
    desk, turns, other, classifier = Desk(Scheduler(), 1 << 20), turns_of("cpu"), Account(), tiny.bert()
    other.spent, other.done, other.total = 0.1, 1, 2
    with turns.turn(other):
        key = desk.ask("a", classifier, tiny.TEXT, SETTINGS)
        until(lambda: waiting(turns) == 1)
        status = desk.look(key)
        assert (status.ahead, status.wait) == (1, pytest.approx(0.1))
        assert status.line == "1 other computation is before it on this server, about 1 s."
    done = _finished(desk, key)
    assert done.answer is not None and done.line == ""


def test_a_job_that_the_system_ended_is_said_and_does_not_end_the_page_with_it() -> None:
    def work(*_: Any) -> None:
        raise SystemExit(3)

    desk = Desk(Scheduler(), 1 << 20)
    status = _finished(desk, desk.compute("a", "key", work))
    assert isinstance(status.error, EngineError) and "Run it again" in str(status.error)


def test_an_answer_that_is_asked_for_again_is_not_the_next_to_be_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "KEPT", 2)
    desk = Desk(Scheduler(), 1 << 20)
    for key in ("first", "second"):
        _finished(desk, desk.compute("a", key, lambda *_: 1))
    desk.compute("b", "first", lambda *_: pytest.fail("it is there"))
    _finished(desk, desk.compute("a", "third", lambda *_: 1))
    assert desk.look("first").answer == 1 and desk.look("second").answer is None
