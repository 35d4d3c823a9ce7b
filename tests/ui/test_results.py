"""Consent to a dear run, and its end by hand, concern one question alone."""

from collections.abc import Hashable

import pytest
from streamlit.testing.v1 import AppTest

from sigviz.explain import Estimate
from sigviz.methods import METHODS
from sigviz.ui import results
from sigviz.ui.cards import Look, Question
from sigviz.ui.jobs import question
from sigviz.ui.models import shelf
from tests.pages.strips import strips

MODEL = "bundled/distil-movie"
ONE, OTHER = "a plain film", "a hideous spectacle"


def _page() -> AppTest:
    app = AppTest.from_file("../../app.py", default_timeout=120)
    for name, value in {"model": MODEL, "text": ONE, "runs": "sig-exact"}.items():
        app.query_params[name] = value
    return app.run()


def _with_text(app: AppTest, text: str) -> AppTest:
    return app.text_area(key="text").set_value(text).run()


def _ran(app: AppTest) -> bool:
    """Whether there is a map; otherwise a button that starts the run."""
    assert not app.exception and not app.error
    ran = bool(strips(app))
    assert ran != any(button.key == "go0" for button in app.button)
    return ran


def _asked(text: str) -> Hashable:
    return question(shelf().ask(MODEL).result(), text, METHODS["sig-exact"].settings())


def test_a_started_question_says_nothing_of_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "UNASKED", 0.0)  # seconds: every run waits for a click
    app = _page()
    assert not _ran(app) and "would take about" in app.info[0].value
    assert _ran(app.button(key="go0").click().run())
    assert not _ran(_with_text(app, OTHER)), "the click meant the first text"
    assert _ran(_with_text(app, ONE)), "and still does"


def test_a_stopped_question_says_nothing_of_another() -> None:
    app = _page()
    assert _ran(app)
    app.session_state["_stopped"] = {_asked(ONE)}  # what the Stop button does, which is gone when a test can click
    assert not _ran(app.run()) and app.info[0].value.startswith("Stopped.")
    assert _ran(_with_text(app, OTHER))
    assert not _ran(_with_text(app, ONE))
    assert _ran(app.button(key="go0").click().run()) and not app.session_state["_stopped"]


@pytest.mark.parametrize(
    ("seconds", "first", "haste"), [(0.5, False, 0), (0.5, True, 0), (3, False, 1), (3, True, 0), (9, True, 1), (9, False, 2)]
)
def test_the_quick_ones_go_first_and_previews_before_what_takes_as_long(seconds: float, first: bool, haste: int) -> None:
    settings = METHODS["sig-exact"].settings()
    assert results._haste(Look(Question(settings, Estimate(1, 1, 1, 0), seconds), first)) == haste
