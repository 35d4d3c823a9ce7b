"""What teaching pages share: waiting, stopping, asking before long work, and errors in words."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from sigviz.errors import InvalidText
from sigviz.ui import lesson
from sigviz.ui.jobs import desk

SCRIPT = """
import streamlit as st
from sigviz.ui import lesson
from tests.ui import test_lesson

lesson.opening("A lesson", "First sentence. Second sentence.")
asked = lesson.asked()
lesson.card("What it is.", "F(x)", "a paper")
test_lesson.PART[0](asked)
"""
PART: list[Callable[[lesson.Asked], None]] = []


@pytest.fixture(autouse=True)
def _no_part() -> None:
    PART[:] = []


def _page(part: Callable[[lesson.Asked], None], **settings: str) -> AppTest:
    PART[:] = [part]
    app = AppTest.from_string(SCRIPT, default_timeout=120)
    for name, value in {"model": "bundled/distil-movie", "text": "a dull film", **settings}.items():
        app.query_params[name] = value
    return app.run()


def _explained(found: list[Any], **options: Any) -> Callable[[lesson.Asked], None]:
    def part(asked: lesson.Asked) -> None:
        wanted = [asked.settings("ig", steps=2), asked.settings("sig-exact"), asked.settings("sig", steps=2)]
        found[:] = lesson.explained(asked, wanted, key="lab", **options)

    return part


def test_a_page_opens_with_its_words_and_a_card() -> None:
    app = _page(lambda asked: None)
    assert not app.exception and app.title[0].value == "A lesson" and app.expander[0].label == "What am I looking at?"
    assert {"text", "model", "target", "output", "unit", "baseline"} <= {
        one.key for one in [*app.selectbox, *app.text_area]
    } | {one.key for one in app.button_group}


def test_explanations_come_in_the_order_in_which_they_were_wanted() -> None:
    found: list[Any] = []
    app = _page(_explained(found), baseline="pad", unit="word")
    assert not app.exception and not app.error
    assert [one.settings.method for one in found] == ["ig", "sig-exact", "sig"]
    assert {one.settings.baseline for one in found} == {"pad"} and {one.settings.unit for one in found} == {"word"}


def test_what_is_there_is_shown_at_once_and_what_comes_later_too() -> None:
    found: list[Any] = []
    counts: list[int] = []
    _page(_explained(found, each=lambda answers: counts.append(sum(one is not None for one in answers))), text="a fresh text")
    assert counts == sorted(counts) and counts[-1] == 3 and len(counts) >= 2
    counts.clear()
    _page(_explained(found, each=lambda answers: counts.append(sum(one is not None for one in answers))), text="a fresh text")
    assert counts == [3]


def test_long_work_waits_for_a_click(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lesson, "UNASKED", 0.0)
    found: list[Any] = []
    app = _page(_explained(found), text="a text that would take long")
    assert found == [None, None, None] and "would take about" in app.info[0].value
    app.button(key="lab_go").click().run()
    assert not app.exception and all(found) and not app.info


def test_stopped_work_stays_stopped_until_it_is_run_again() -> None:
    found: list[Any] = []
    keys: list[Any] = []

    def part(asked: lesson.Asked) -> None:
        wanted = [asked.settings("ig", steps=3)]
        keys[:] = [lesson.question(asked.classifier, asked.text, one) for one in wanted]
        if "_stopped" not in lesson.st.session_state:
            lesson.st.session_state["_stopped"] = {tuple(keys)}  # what Stop does, which is gone when a test can click
        found[:] = lesson.explained(asked, wanted, key="lab")

    app = _page(part, text="a text that somebody stopped")
    assert found == [None] and app.info[0].value == "Stopped."
    app.button(key="lab_go").click().run()
    assert not app.exception and all(found) and not app.info


def test_a_run_that_fails_says_why_and_leaves_the_others() -> None:
    found: list[Any] = []

    def part(asked: lesson.Asked) -> None:
        wanted = [asked.settings("sig-exact", baseline="two words"), asked.settings("sig-exact")]
        found[:] = lesson.explained(asked, wanted, key="lab")

    app = _page(part)
    assert not app.exception and "not one token" in app.error[0].value.replace("\\", "")
    assert found[0] is None and found[1].settings.method == "sig-exact"


def test_a_computation_is_done_once_for_all_sessions() -> None:
    calls, found = [], []

    def part(asked: lesson.Asked) -> None:
        def work(progress: Callable[[int, int], None], cancel: threading.Event) -> str:
            calls.append(1)
            progress(1, 2)
            return "an answer"

        found.append(lesson.computed(asked, ("test", 1), work, key="theatre"))

    for _ in range(2):
        assert not _page(part).exception
    assert found == ["an answer"] * 2 and len(calls) == 1


def test_a_computation_that_fails_says_why() -> None:
    found = []

    def part(asked: lesson.Asked) -> None:
        def work(progress: Any, cancel: Any) -> str:
            raise InvalidText("Not *this* text.")

        found.append(lesson.computed(asked, ("test", 2), work, key="theatre"))

    app = _page(part)
    assert found == [None] and app.error[0].value == r"Not \*this\* text\." and not app.exception
    assert desk().look(("nothing",)).error


def test_a_long_computation_waits_for_a_click() -> None:
    found = []

    def part(asked: lesson.Asked) -> None:
        found.append(lesson.computed(asked, ("test", 3), lambda progress, cancel: "x", key="theatre", seconds=100.0))

    app = _page(part)
    assert found == [None] and "2 min" in app.info[0].value
    app.button(key="theatre_go").click().run()
    assert found[-1] == "x"


def test_a_model_that_cannot_be_had_ends_the_page_with_a_message() -> None:
    app = _page(lambda asked: pytest.fail("the page went on"), model="bundled/nope")
    assert not app.exception and "bundled/minilm-movie" in app.error[0].value.replace("\\", "")
