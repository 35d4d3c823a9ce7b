"""The Steps page without a browser: the default, every control, every way to be wrong, and stopping."""

import re
from collections.abc import Hashable

import pytest
from streamlit.testing.v1 import AppTest

from sigviz.attribution import Settings
from sigviz.errors import Cancelled, QueueFull
from sigviz.explain import explain
from sigviz.models.classifier import TextClassifier
from sigviz.paths.quadrature import RULES
from sigviz.teaching import convergence as teaching
from sigviz.ui import step_runs
from sigviz.ui.jobs import Desk
from sigviz.ui.models import shelf
from sigviz.views import convergence as views

MODEL = "bundled/distil-movie"
TEXT = "this is junk food cinema"
PATIENCE = 120  # seconds; the first run loads a model


def _page(**settings: str) -> AppTest:
    app = AppTest.from_file("../../app.py", default_timeout=PATIENCE)
    for name, value in {"model": MODEL, "text": TEXT, "steps_most": "2", **settings}.items():
        app.query_params[name] = value
    app.switch_page("pages/steps.py")
    return _clean(app.run())


def _clean(app: AppTest) -> AppTest:
    assert [one.message for one in app.exception] == []
    return app


def _said(elements: object) -> str:
    return re.sub(r"\\(.)", r"\1", " ".join(one.value for one in elements))  # type: ignore[attr-defined]


def _buttons(app: AppTest) -> set[str]:
    return {one.key for one in app.button}


def test_everything_is_there_without_a_click() -> None:
    app = _page()
    assert not app.error and not app.warning
    assert len(app.get("plotly_chart")) == 2 * len(views.MEASURES)
    assert "SIG with 10 steps a word took" in _said(app.markdown) and "the same number of gradients" in _said(app.markdown)
    here, paper = (table.value for table in app.table)
    assert list(here.columns) == ["SIG, 10 steps", "IG, 50 steps", "exact SIG"] and "Log-odds ↓" in here.index
    assert "SIG, 50 steps" in paper.index and "Table 4" in _said(app.caption)
    assert "gradients a token on average" in _said(app.caption)
    assert "steps_go" not in _buttons(app), "nothing is under way any more"
    assert "steps_csv" in {one.key for one in app.get("download_button")}


def test_the_table_holds_the_runs_that_the_methods_themselves_give() -> None:
    found = _page(rules="riemann-middle").dataframe[0].value
    assert len(found) == 4 + 4 + 2  # the question's four, two methods with 1 and 2 steps, two tolerances
    row = found[(found["method"] == "SIG") & (found["steps"] == 2)].iloc[0]
    run = explain(shelf().ask(MODEL).result(), TEXT, "sig", steps=2, quadrature="riemann-middle")
    assert run.delta is not None
    assert row["worst word (logits)"] == pytest.approx(abs(run.delta).max(), rel=1e-2)
    assert row["|total delta| (logits)"] == pytest.approx(abs(run.total_delta), rel=1e-2)
    assert row["backward passes"] == run.cost.backward and row["seconds"] > 0


def test_the_controls_change_the_charts() -> None:
    app = _page()
    app.selectbox(key="steps_most").set_value("4")
    app.button_group(key="rules").set_value([*RULES])
    app.button_group(key="axis").set_value("passes")
    app = _clean(app.run())
    assert "by the number of passes" in app.get("plotly_chart")[0].proto.alt
    found = app.dataframe[0].value
    assert set(found["rule"]) - {""} == set(RULES) and found["steps"].max() >= 4
    assert len(found[(found["rule"] == "trapezoid") & (found["method"] == "IG")]) == 2  # 2 and 4 steps: it takes no 1


def test_without_a_rule_the_tolerances_are_left() -> None:
    app = _page()
    app.button_group(key="rules").set_value([])
    app = _clean(app.run())
    assert "No rule is chosen" in _said(app.caption)
    assert set(app.dataframe[0].value["tolerance"].dropna()) == {0.1, 0.01} and app.get("plotly_chart")


@pytest.mark.parametrize("output", ["probability", "log-odds"])
def test_other_outputs_and_units_work(output: str) -> None:
    app = _page(output=output, unit="word", rules="gauss-legendre")
    assert not app.error and output in " ".join(app.dataframe[0].value.columns)
    assert "gradients a word on average" in _said(app.caption)


def test_a_text_of_one_unit_has_no_order() -> None:
    app = _page(text="hideous")
    assert not app.error and "no order to compare" in _said(app.caption)
    assert len(app.get("plotly_chart")) == 4


def test_what_takes_long_waits_for_a_click(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(step_runs, "UNASKED", 0.0)
    app = _page(text="junk food waits for a click")
    assert "Not run yet" in _said(app.info) and "passes" in _said(app.info) and not app.get("plotly_chart")
    app.button(key="steps_go").click()
    app = _clean(app.run())
    assert not app.info and len(app.get("plotly_chart")) == 6


def test_what_is_stopped_keeps_what_is_there_and_goes_on_later(monkeypatch: pytest.MonkeyPatch) -> None:
    real, asked = Desk.ask, []

    def stopping(self: Desk, watcher: str, classifier: TextClassifier, text: str, settings: Settings) -> Hashable:
        asked.append(settings)
        if len(asked) > 6:
            raise Cancelled("The explanation was cancelled.")
        return real(self, watcher, classifier, text, settings)

    monkeypatch.setattr(Desk, "ask", stopping)
    app = _page(text="junk food that is stopped half way")
    assert _said(app.info) == "Stopped." and not app.error and len(asked) == 7, "what comes after it is not asked for"
    assert len(app.dataframe[0].value) == 6 and len(app.get("plotly_chart")) == 6
    monkeypatch.setattr(Desk, "ask", real)
    app = _clean(app.run())
    assert not app.info and len(app.dataframe[0].value) > 6


def test_an_error_is_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*given: object) -> Hashable:
        raise QueueFull("64 explanations are already under way.")

    monkeypatch.setattr(Desk, "ask", full)
    app = _page(text="junk food in a full house")
    assert len(app.error) == 1 and "already under way" in _said(app.error) and "Not computed yet" in _said(app.caption)


def test_what_failed_is_not_run_again_until_the_reader_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    real, asked = Desk.ask, []

    def full(*given: object) -> Hashable:
        asked.append(given)
        raise QueueFull("64 explanations are already under way.")

    monkeypatch.setattr(Desk, "ask", full)
    app = _page(text="junk food that fails once")
    assert len(asked) == 1 and "steps_again" in _buttons(app) and "steps_go" not in _buttons(app)
    app = _clean(app.run())
    assert len(asked) == 1 and "Stopped" in _said(app.info) and app.button(key="steps_go").label == "Run"
    monkeypatch.setattr(Desk, "ask", real)
    app.button(key="steps_go").click()
    app = _clean(app.run())
    assert not app.info and len(app.get("plotly_chart")) == 6


def test_what_failed_can_be_run_again_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    real = Desk.ask

    def full(*given: object) -> Hashable:
        raise QueueFull("64 explanations are already under way.")

    monkeypatch.setattr(Desk, "ask", full)
    app = _page(text="junk food that fails and goes on")
    monkeypatch.setattr(Desk, "ask", real)
    app.button(key="steps_again").click()
    app = _clean(app.run())
    assert not app.error and not app.info and "steps_again" not in _buttons(app) and len(app.get("plotly_chart")) == 6


def test_what_was_allowed_for_one_model_waits_for_a_click_with_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(step_runs, "UNASKED", 0.0)
    app = _page(text="junk food on two models")
    app.button(key="steps_go").click()
    app = _clean(app.run())
    assert not app.info
    app.selectbox(key="model").set_value("bundled/minilm-movie")
    app = _clean(app.run())
    assert "Not run yet" in _said(app.info) and not app.get("plotly_chart")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"text": "   "}, "no words"),
        ({"baseline": "two words"}, "not one token"),
        ({"model": "bundled/nope"}, "bundled/minilm-movie"),
    ],
)
def test_what_is_wrong_is_said_on_the_page(settings: dict[str, str], said: str) -> None:
    app = _page(**settings)
    assert said in _said(app.error) and "Traceback" not in _said(app.error)


def test_a_link_with_unknown_values_falls_back_to_the_defaults() -> None:
    app = _page(steps_most="3", rules="simpson", axis="miles", text="junk")
    assert not app.error and app.selectbox(key="steps_most").value == str(teaching.FIRST)
