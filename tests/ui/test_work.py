"""Long work: it reports, stops, is replaced, is given up when its reader has gone, and a server does only so much of it."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from sigviz.errors import Cancelled, NotANumber, QueueFull
from sigviz.hosting import Hosting
from sigviz.ui import work
from sigviz.ui.work import Office, Report, Work

WAIT = 10.0  # seconds; only a failure waits so long


class Gate:
    """Work that goes on until the test lets it end, or until it is stopped."""

    def __init__(self) -> None:
        self.open, self.stopped, self.ended = threading.Event(), threading.Event(), threading.Event()

    def __call__(self, report: Report, cancel: threading.Event) -> str:
        report(1, 4, "text 1 of 4")
        try:
            while not self.open.wait(0.01):
                if cancel.is_set():
                    self.stopped.set()
                    raise Cancelled("Stopped.")
            report(4, 4, "text 4 of 4")
            return "done"
        finally:
            self.ended.set()


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.open.set()


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "_LOOK_EVERY", 0.01)
    office = Office()
    monkeypatch.setattr(work, "_office", lambda: office)


def _until(true: Callable[[], object]) -> None:
    end = time.monotonic() + WAIT
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


def _connected(monkeypatch: pytest.MonkeyPatch, *sessions: str) -> None:
    monkeypatch.setattr(work, "_connected", lambda session: session in sessions)


def test_work_says_how_far_it_is_and_what_came_out(gate: Gate) -> None:
    one = Office().begin("me", gate)
    _until(lambda: one.done)
    assert (one.done, one.total, one.share, one.text) == (1, 4, 0.25, "text 1 of 4")
    assert not one.finished and one.result is None and one.error is None
    gate.open.set()
    _until(lambda: one.finished)
    assert one.result == "done" and one.error is None and not one.stopped and one.share == 1


def test_the_time_left_follows_from_the_share_done(gate: Gate) -> None:
    one = Office().begin("me", gate)
    _until(lambda: one.done)
    one._started = time.monotonic() - 10  # a quarter took ten seconds
    assert one.seconds_left == pytest.approx(30, abs=1) and "about 30 s left" in work.words(one)


def test_there_is_no_time_left_before_anything_is_done() -> None:
    gate = Gate()
    one = Office().begin("me", lambda report, cancel: gate.open.wait(WAIT))
    assert one.seconds_left is None and work.words(one) == "Starting"
    gate.open.set()


def test_work_that_is_stopped_ends_with_its_error(gate: Gate) -> None:
    one = Office().begin("me", gate)
    one.stop()
    _until(lambda: one.finished)
    assert isinstance(one.error, Cancelled) and one.result is None and one.stopped


def test_work_that_is_stopped_may_return_what_it_has() -> None:
    one = Office().begin("me", lambda report, cancel: cancel.wait(WAIT) and "a part")
    one.stop()
    _until(lambda: one.finished)
    assert one.result == "a part" and one.error is None and one.stopped


def test_what_a_user_can_cause_is_kept_as_the_error() -> None:
    def fails(report: Report, cancel: threading.Event) -> None:
        raise NotANumber("The logits are NaN.")

    one = Office().begin("me", fails)
    _until(lambda: one.finished)
    assert str(one.error) == "The logits are NaN." and one.result is None


def test_a_fault_of_the_program_is_raised_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    def fails(report: Report, cancel: threading.Event) -> None:
        raise KeyError("oops")

    one = Office().begin("me", fails)
    _until(lambda: one.finished)
    for ask in (lambda: one.error, lambda: one.result):
        with pytest.raises(KeyError):
            ask()
    assert "oops" in caplog.text


def test_hostile_text_is_shown_as_text(gate: Gate) -> None:
    one = Office().begin("me", gate)
    _until(lambda: one.done)
    one.text = "**b** <i>\u202e" + 500 * "x"
    shown = work.words(one)
    assert r"\*\*b\*\* \<i\>" in shown and "\u202e" not in shown and len(shown) < 200


def test_work_is_stopped_when_its_reader_has_gone(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "PATIENCE", 0.05)
    _connected(monkeypatch, "another")
    one = Office().begin("me", gate)
    assert gate.stopped.wait(WAIT)
    _until(lambda: one.finished)


def test_work_goes_on_while_somebody_looks_or_is_connected(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "PATIENCE", 0.2)
    one = Office().begin("me", gate)
    for _ in range(20):
        one.touch()
        time.sleep(0.02)
    assert not gate.stopped.is_set()
    _connected(monkeypatch, "me")
    one.touch()
    time.sleep(0.5)
    assert not gate.stopped.is_set()
    _connected(monkeypatch)
    assert gate.stopped.wait(WAIT)


def test_work_that_takes_longer_than_the_server_allows_is_stopped(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "hosting", lambda: Hosting(max_minutes=1))
    one = Office(limit=1).begin("me", gate)
    assert not gate.stopped.wait(0.1) and not one.overtime
    one._started -= 61
    assert gate.stopped.wait(WAIT) and one.overtime and one.stopped


def test_a_server_does_only_so_many_at_once(gate: Gate) -> None:
    office = Office(limit=2)
    works = [office.begin(f"session {i}", gate) for i in range(2)]
    with pytest.raises(QueueFull, match="2 long computations"):
        office.begin("me", gate)
    gate.open.set()
    _until(lambda: all(one.finished for one in works))
    assert office.begin("me", gate)


def test_a_full_server_lets_a_session_replace_its_own(gate: Gate) -> None:
    office, mine = Office(limit=1), Gate()
    old = office.begin("me", mine)
    new = office.begin("me", gate, instead=old)
    assert mine.stopped.wait(WAIT) and old.stopped and not new.stopped


def test_who_is_refused_keeps_what_he_has(gate: Gate) -> None:
    office = Office(limit=1)
    office.begin("another", gate)
    mine: Work[str] = Work("me", lambda report, cancel: "old")
    _until(lambda: mine.finished)
    with pytest.raises(QueueFull):
        office.begin("me", gate, instead=mine)
    assert mine.result == "old" and not mine.stopped


def test_stopping_and_starting_does_not_pile_up_threads() -> None:
    office, gate = Office(limit=2), Gate()

    def deaf(report: Report, cancel: threading.Event) -> None:
        gate.open.wait(WAIT)

    old: Any = None
    with pytest.raises(QueueFull):
        for _ in range(100):
            old = office.begin("me", deaf, instead=old)
    assert len(office._works) == 4
    gate.open.set()


def _page() -> None:
    """A page that starts work and shows it; its script is read from here by AppTest, so it imports for itself."""
    import streamlit as st

    from sigviz.ui import work

    st.button("Start", key="go", on_click=lambda: work.start("w", st.session_state["run"]))
    one = work.show("w")
    if one is not None and one.finished:
        st.write(f"came: {one.result} {one.error}")


def _started(run: object) -> AppTest:
    app = AppTest.from_function(_page, default_timeout=30)
    app.session_state["run"] = run
    app.run()
    assert not app.button(key="go").value and not app.get("progress")
    app.button(key="go").click()
    return app.run()


def test_a_page_shows_the_work_and_then_its_result(gate: Gate) -> None:
    app = _started(gate)
    assert not app.exception and app.button(key="w_stop")
    _until(lambda: app.session_state["_work_w"].done)
    app.run()
    assert "text 1 of 4" in app.get("progress")[0].proto.text
    gate.open.set()
    assert gate.ended.wait(WAIT)
    _until(lambda: app.session_state["_work_w"].finished)
    app.run()
    assert not app.exception and "came: done None" in [one.value for one in app.markdown]
    assert not app.get("progress")


def test_the_stop_button_stops(gate: Gate) -> None:
    app = _started(gate)
    app.button(key="w_stop").click()
    app.run()
    assert gate.stopped.wait(WAIT)
    _until(lambda: app.session_state["_work_w"].finished)
    app.run()
    assert "came: None Stopped." in [one.value for one in app.markdown]


def test_starting_again_replaces_the_work(gate: Gate) -> None:
    first = Gate()
    app = _started(first)
    app.session_state["run"] = gate
    app.button(key="go").click()
    app.run()
    assert first.stopped.wait(WAIT) and not gate.stopped.is_set()
