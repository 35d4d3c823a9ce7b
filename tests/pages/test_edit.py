"""The page Edit and compare without a browser: the edit it opens with, the reader's own, and every way to be wrong."""

import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from sigviz.explain import explain, predict
from sigviz.methods import METHODS
from sigviz.teaching import edits, proposals
from sigviz.ui.controls import MAX_CHARACTERS
from sigviz.ui.models import shelf
from sigviz.views import wording

MODEL = "bundled/distil-movie"
TEXT = "a well-made and often lovely film"
OTHER = "this is a dull film"
PATIENCE = 120  # seconds; the first run loads a model
APP = Path(__file__).parents[2] / "app.py"


def _page(*methods: str, **settings: str) -> AppTest:
    app = AppTest.from_file(APP, default_timeout=PATIENCE)
    for name, value in {"model": MODEL, "text": TEXT, **settings}.items():
        app.query_params[name] = value
    if methods:
        app.query_params["predicting"] = list(methods)
    app.switch_page("pages/edit.py")
    return _clean(app.run())


def _clean(app: AppTest) -> AppTest:
    assert [one.message for one in app.exception] == []
    return app


def _said(elements: object) -> str:
    return re.sub(r"\\(.)", r"\1", " ".join(one.value for one in elements))  # type: ignore[attr-defined]


def _html(app: AppTest) -> str:
    return " ".join(one.proto.body for one in app.get("html"))


def _first(text: str = TEXT) -> str:
    return proposals.propose(shelf().ask(MODEL).result(), text, proposals.settings(baseline="mask"))[0].text


def test_the_page_opens_with_an_edit_of_its_own_and_says_which() -> None:
    app = _page()
    assert app.text_area(key="edited").value == _first()
    assert "changes its mind" in _said(app.markdown) and "nearest to" in _said(app.caption)
    html = _html(app)
    assert html.count('class="changed"') == 1 and "⇄ replaced" in html and "Predicted changes" in html
    assert app.multiselect(key="predicting").value == [*edits.FIRST]
    assert not app.error and not app.warning and not app.info


def test_the_true_change_is_that_of_two_plain_passes() -> None:
    app = _page("sig-exact", edited="a well-made and often dull film")
    model = shelf().ask(MODEL).result()
    target = predict(model, TEXT).target
    outputs = [explain(model, text, "sig-exact", target=target).output for text in (TEXT, "a well-made and often dull film")]
    assert wording.amount(outputs[1] - outputs[0], "logit") in _said(app.markdown)


def test_exact_sig_predicts_one_word_for_one() -> None:
    app = _page("sig-exact", edited="a well-made and often dull film")
    assert "SIG exact must predict" in _said(app.markdown) and "<small>promised</small>" in _html(app)
    app = _page("sig-exact", edited="a well-made and often dull and long film")
    assert "No method here promises" in _said(app.markdown) and "<small>promised</small>" not in _html(app)


def test_the_class_of_the_old_text_is_explained_in_both() -> None:
    app = _page("sig-exact", edited="a badly-made and often boring film")
    model = shelf().ask(MODEL).result()
    label = predict(model, TEXT).label
    assert predict(model, "a badly-made and often boring film").label != label
    assert f"The probability of {label}, the class explained in both texts" in _said(app.markdown)


def test_another_old_text_gets_another_edit_but_the_readers_own_stays() -> None:
    app = _page()
    app.text_area(key="text").set_value(OTHER)
    assert _clean(app.run()).text_area(key="edited").value == _first(OTHER)
    app.text_area(key="edited").set_value("mine is a good film")
    _clean(app.run())
    app.text_area(key="text").set_value(TEXT)
    assert _clean(app.run()).text_area(key="edited").value == "mine is a good film"


@pytest.mark.parametrize("place", range(4))
def test_every_proposed_edit_can_be_taken(place: int) -> None:
    app = _page("sig-exact")
    model = shelf().ask(MODEL).result()
    edit = proposals.propose(model, TEXT, proposals.settings(baseline="mask"))[place]
    app.button(key=f"edit{place}").click()
    _clean(app.run())
    assert app.text_area(key="edited").value == edit.text and edit.why in _said(app.caption)
    assert not app.error and "Predicted changes" in _html(app)


def test_the_old_text_can_be_taken_to_begin_with() -> None:
    app = _page("sig-exact")
    app.button(key="edit_same").click()
    _clean(app.run())
    assert app.text_area(key="edited").value == TEXT and "reads the same in both" in _said(app.info)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"edited": "   "}, "no words"),
        ({"text": "  "}, "no words"),
        ({"baseline": "two words"}, "not one token"),
        ({"model": "bundled/nope"}, "bundled/minilm-movie"),
    ],
)
def test_what_is_wrong_is_said(settings: dict[str, str], said: str) -> None:
    words = _said(_page("sig-exact", **settings).error)
    assert said in words and "Traceback" not in words


def test_a_text_that_is_cut_is_said_to_be() -> None:
    app = _page("sig-exact", text="film " * 30, edited="film " * 700)
    assert "longer than the model can read" in _said(app.warning) and "The new text" in _said(app.warning)


def test_an_edit_behind_the_models_limit_is_no_edit() -> None:
    long = "film " * 600
    app = _page("sig-exact", text=long, edited=f"{long} dull", unit="sentence")
    assert "reads the same in both" in _said(app.info)


def test_a_text_in_the_link_beyond_the_limit_of_the_box_is_not_taken() -> None:
    assert len(_page("sig-exact", edited="a" * (MAX_CHARACTERS + 1)).text_area(key="edited").value) <= MAX_CHARACTERS


def test_without_a_method_nothing_predicts() -> None:
    app = _page("sig-exact")
    app.multiselect(key="predicting").set_value([])
    assert "Choose a method" in _said(_clean(app.run()).info)


def test_whose_scores_stand_on_the_words_is_chosen() -> None:
    app = _page("ig", "sig-exact", edited="a well-made film")
    assert 'aria-label="SIG exact: the old' in _html(app)
    app.button_group(key="seen").set_value("ig")
    assert 'aria-label="IG: the old' in _html(_clean(app.run()))


def test_units_may_be_words_or_sentences() -> None:
    html = _html(_page("sig-exact", unit="word", text="an unwatchable film", edited="an unforgettable film"))
    assert "“unwatchable” replaced by “unforgettable”" in html
    html = _html(_page("sig-exact", unit="sentence", text="A dull start. A good end.", edited="A dull start. A bad end."))
    assert "“A good end.” replaced by “A bad end.”" in html


def test_hostile_words_stay_words() -> None:
    app = _page("sig-exact", text="<script>alert(1)</script> **film** a", edited="<img src=x onerror=alert(1)> **film** b")
    assert "<script" not in _html(app) and "<img" not in _html(app)
    assert "**film**" not in " ".join(one.label for one in app.button)


def test_both_tables_can_be_had_as_files() -> None:
    assert {"words_csv", "predictions_csv"} <= {one.key for one in _page("sig-exact").get("download_button")}


@pytest.mark.parametrize("name", ["seen", "predicting"])
def test_nonsense_in_the_link_is_answered_by_the_defaults(name: str) -> None:
    app = _page(**{name: "<b>nonsense"})
    assert "Predicted changes" in _html(app) or "Choose a method" in _said(app.info)


def test_the_methods_that_the_page_knows_exist() -> None:
    assert set(edits.FIRST) <= set(METHODS)
