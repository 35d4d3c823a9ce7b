"""The Axioms page without a browser: every check measured, verdicts from numbers, every way to be wrong."""

import re
from html import unescape
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from sigviz.methods import METHODS
from sigviz.teaching import invariance

MODEL = "bundled/distil-movie"
PATIENCE = 180  # seconds; the first run loads a model
APP = Path(__file__).parents[2] / "app.py"
SECTIONS = ("Completeness", "Sensitivity", "Implementation invariance", "Symmetry")


def _page(**settings: str) -> AppTest:
    app = AppTest.from_file(APP, default_timeout=PATIENCE)
    for name, value in {"model": MODEL, "text": "a dull film", "check_steps": "32", **settings}.items():
        app.query_params[name] = value
    app.switch_page("pages/axioms.py")
    return _clean(app.run())


def _clean(app: AppTest) -> AppTest:
    assert [one.message for one in app.exception] == []
    return app


def _tables(app: AppTest) -> list[str]:
    bodies = [one.proto.body for one in app.get("html") if 'role="table"' in one.proto.body]
    return [" ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split()) for body in bodies]


def _summary(app: AppTest, axiom: str) -> str:
    said = _tables(app)[0]
    names = ("Completeness", "Sensitivity", "Implementation invariance", *_SYMMETRIES, "$")
    behind = names[names.index(axiom) + 1]
    return re.search(f"{axiom}(.*?){behind}", said)[1]  # type: ignore[index]


_SYMMETRIES = ("Symmetry within a word", "Symmetry of two words", "Symmetry across words")


def _reading(app: AppTest) -> str:
    return re.sub(r"\\(.)", r"\1", " ".join(one.value for one in app.markdown))


def test_every_axiom_is_measured_without_a_click() -> None:
    app = _page()
    assert not app.error and not app.warning and not app.info
    assert [one.value for one in app.header] == [*SECTIONS]
    assert "not measured yet" not in _tables(app)[0]
    for axiom in ("Sensitivity", "Implementation invariance", *_SYMMETRIES):
        assert "✓ holds" in _summary(app, axiom), axiom
    assert "✗ does not hold for DIG, SDIG" in _summary(app, "Completeness")
    assert "SIG: ✗ does not hold, not promised" in _summary(app, "Symmetry across words")
    completeness = next(table for table in _tables(app) if "It promises" in table)
    assert all(spec.label in completeness for spec in METHODS.values())
    assert completeness.count("nothing: the scores") == sum(spec.promises.name == "NOTHING" for spec in METHODS.values())
    ways = [one.value for one in app.markdown if one.value.startswith("**With ")]
    assert len(ways) == len(invariance.WAYS)


def test_more_steps_keep_what_few_do_not() -> None:
    app = _page(check_steps="1")
    assert "for IG, SIG, DIG, SDIG; 1 of 5 checks hold" in _summary(app, "Completeness")
    app.number_input(key="check_steps").set_value(32)
    assert "for DIG, SDIG; 3 of 5 checks hold" in _summary(_clean(app.run()), "Completeness")


def test_the_two_words_are_the_readers() -> None:
    app = _page()
    assert "all methods give the two equal words equal scores" in _reading(app) and "is worth 1.000" in _reading(app)
    app.selectbox(key="toy").set_value("not symmetric")
    assert "A control" in _reading(_clean(app.run()))
    assert "nothing is promised here" in _summary(app, "Symmetry of two words")
    app.number_input(key="x2").set_value(2.0)
    assert "symmetry says nothing here" in _reading(_clean(app.run()))


def test_settings_come_from_the_link() -> None:
    app = _page(toy="squared sum", x1="2", x2="2", m1="1", m2="1", unit="word", output="probability", baseline="pad")
    assert app.number_input(key="m2").value == 1.0 and "is worth 2.000" in _reading(app)
    assert any("of probability" in table for table in _tables(app)) and any(
        "[PAD] a dull film" in re.sub(r"\\(.)", r"\1", one.value) for one in app.caption
    )


def test_a_baseline_that_is_no_word_is_said_to_be_none() -> None:
    app = _page(baseline="zero")
    assert any("no word that could be typed" in re.sub(r"\\(.)", r"\1", one.value) for one in app.info) and not app.error


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"text": "  "}, "no words to explain"),
        ({"baseline": "two words"}, "not one token"),
        ({"model": "bundled/nope"}, "bundled/minilm-movie"),
    ],
)
def test_what_is_wrong_is_said_and_the_rest_goes_on(settings: dict[str, str], said: str) -> None:
    app = _page(**settings)
    words = re.sub(r"\\(.)", r"\1", " ".join(one.value for one in app.error))
    assert said in words and "Traceback" not in words
    assert len(app.error) == 1, "it is said once"
    if "model" not in settings:
        assert "✓ holds" in _summary(app, "Symmetry within a word")


def test_hostile_text_stays_text() -> None:
    app = _page(text="<script> **film**", check_steps="2")
    assert not any("<script" in one.proto.body for one in app.get("html"))
    assert not any("**film**" in one.value for one in app.caption)


def test_all_checks_and_explanations_can_be_taken_along() -> None:
    app = _page()
    assert {"axioms_csv_file"} <= {one.key for one in app.get("download_button")}
    assert {"Downloads: picture, page, tables", "Reproduce"} <= {one.label for one in app.expander}
