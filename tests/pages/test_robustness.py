"""One sentence on the Robustness page without a browser: its rows, its controls, what is wrong in the link, the numbers."""

import re
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from sigviz.methods import METHODS
from sigviz.methods.runs import RunChoice
from sigviz.models.classifier import TextClassifier
from sigviz.models.untrained import REDRAWN, UNTRAINED
from sigviz.studies import agreement, pairs, robustness
from sigviz.studies.reductions import reduced
from sigviz.teaching.robust_sentence import WHOLE_WORDS
from sigviz.ui import jobs, models
from sigviz.ui.models import shelf
from tests import tiny
from tests.pages.strips import strips, texts

MODEL, OTHER = "bundled/distil-movie", "bundled/minilm-movie"
TEXT = "a well-made and often lovely film"
PATIENCE = 120  # seconds; the first run loads a model
APP = Path(__file__).parents[2] / "app.py"
QUICK = "saliency"


def _page(**settings: str) -> AppTest:
    app = AppTest.from_file(APP, default_timeout=PATIENCE)
    for name, value in {"model": MODEL, "other": OTHER, "text": TEXT, "explained_by": QUICK, **settings}.items():
        app.query_params[name] = value
    app.switch_page("pages/robustness.py")
    return _clean(app.run())


def _clean(app: AppTest) -> AppTest:
    assert [one.message for one in app.exception] == []
    return app


def _said(elements: object) -> str:
    found = re.sub(r"\\(.)", r"\1", " ".join(one.value for one in elements))  # type: ignore[attr-defined]
    return found.replace("\u00a0", " ").replace("\u2060", "")


def _rows(app: AppTest) -> list[str]:
    """Whose rows are on the page."""
    title = re.compile(r"\*\*(The (?:model|other model|copy [^*]*))\*\*(?: \(|$)")
    return [found[1] for one in app.markdown if (found := title.match(one.value))]


def _tops(app: AppTest) -> list[list[str]]:
    """The words that are marked, row by row."""
    rows = [row for shown in strips(app) for row in shown]
    return [[_shown(piece) for piece in row["pieces"] if piece.get("top")] for row in rows]


def _shown(piece: dict[str, Any]) -> str:
    """A piece as it stands on the page."""
    return "".join(part for part, _ in piece["parts"])


def _html(app: AppTest) -> str:
    return "".join(one.proto.body for one in app.get("html") if not one.proto.body.startswith("<style"))


def test_the_page_opens_with_the_model_its_twin_and_its_copy_and_nothing_to_click() -> None:
    app = AppTest.from_file(APP, default_timeout=PATIENCE)
    app.switch_page("pages/robustness.py")
    _clean(app.run())
    assert _rows(app)[:3] == ["The model", "The other model", "The copy with an untrained head"]
    assert "(bundled/minilm-movie-2)" in _said(app.markdown) and "overlap" in _said(app.markdown)
    assert not app.error and not app.warning


def test_the_marked_words_and_the_overlap_are_those_of_the_study() -> None:
    app = _page(nothing_trained="true", copies_seed="3")
    subject = shelf().ask(MODEL).result()
    readers = [shelf().ask(OTHER).result(), *(robustness.control(subject, name, 3) for name in (UNTRAINED, REDRAWN))]
    mine = reduced(subject, TEXT, RunChoice(QUICK), ["l2"])["l2"]
    said = _said(app.markdown)
    wanted = [[unit.text for unit, on in zip(mine.units, agreement.top(mine.raw, 25), strict=True) if on]]
    for reader in readers:
        theirs = reduced(reader, TEXT, RunChoice(QUICK), ["l2"])["l2"]
        found = pairs.overlap(mine, theirs, 25)
        assert f"{100 * found.value:.0f} % (Jaccard@25" in said
        wanted.append([unit.text for unit, on in zip(theirs.units, found.second, strict=True) if on])
    assert _tops(app)[:4] == wanted and texts(app)[:4] == [TEXT] * 4


def test_a_model_without_a_twin_is_compared_with_its_copy_alone_until_another_is_chosen() -> None:
    app = _page(other="its twin")
    assert _rows(app) == ["The model", "The copy with an untrained head"]
    assert "has no twin: choose another model" in _said(app.info) and not app.error
    app.selectbox(key="other").set_value(OTHER)
    assert len(_rows(_clean(app.run()))) == 3


def test_another_seed_is_another_copy() -> None:
    app = _page()
    copies = [piece["tip"] for piece in strips(app)[2][0]["pieces"] if "tip" in piece]
    app.number_input(key="copies_seed").set_value(1)
    again = [piece["tip"] for piece in strips(_clean(app.run()))[2][0]["pieces"] if "tip" in piece]
    assert copies != again and "seed 1" in _said(app.markdown)


def test_fewer_words_are_on_top_where_that_is_asked() -> None:
    assert [len(top) for top in _tops(_page())[:3]] == [2, 2, 2]
    assert [len(top) for top in _tops(_page(top_words="10"))[:3]] == [1, 1, 1]


@pytest.mark.parametrize("method", WHOLE_WORDS[:1])
def test_a_method_of_whole_words_has_nothing_to_reduce_and_says_so(method: str) -> None:
    app = _page(explained_by=method, word_score="sum")
    assert app.button_group(key="word_score").disabled and "nothing to reduce" in _said(app.caption)
    assert len(_rows(app)) == 3 and "against the explained class" in _html(app)


@pytest.mark.parametrize("reduction", ["l2", "sum"])
def test_the_legend_is_that_of_the_reduction(reduction: str) -> None:
    assert ("against the explained class" in _html(_page(word_score=reduction))) == (reduction == "sum")


def test_every_method_but_chance_can_be_chosen() -> None:
    offered = _page().selectbox(key="explained_by").options
    assert set(METHODS) - set(offered) == {"random"}


def test_the_word_in_the_link_is_shown_for_every_model() -> None:
    app = _page(word="7: lovely")
    assert app.selectbox(key="word").value == "7: lovely"
    assert "lovely" in _html(app) and "The selected word in every model" in _html(app)


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> dict[str, TextClassifier]:
    """Models by names that the app takes for those of others."""
    found: dict[str, TextClassifier] = {}
    there = models.classifier
    monkeypatch.setattr(models, "classifier", lambda name: found[name] if name in found else there(name))
    return found


def test_models_of_other_classes_are_not_compared_and_the_rest_is_shown(elsewhere: dict[str, TextClassifier]) -> None:
    labels = ("sports", "politics", "weather")
    elsewhere["topics"] = TextClassifier(tiny.bert_model(), tiny.tokenizer(), name="topics", labels=labels)
    app = _page(other="topics")
    assert "no class in common" in _said(app.error) and _rows(app) == ["The model", "The copy with an untrained head"]


def test_a_model_with_another_tokenizer_and_one_class_more_is_compared_by_pieces(elsewhere: dict[str, TextClassifier]) -> None:
    elsewhere["tiny"] = tiny.bert()
    app = _page(other="tiny", text="a dull masterpieces film")
    said = _said(app.caption)
    assert "different units" in said and "the second alone: neutral" in said
    cuts = [[_shown(piece) for piece in rows[0]["pieces"] if "unit" in piece] for rows in strips(app)[:2]]
    assert cuts == [["a", "dull", "masterpiece", "s", "film"], ["a", "dull", "master", "piece", "s", "film"]]


def test_a_class_that_the_other_model_lacks_cannot_be_explained_there(elsewhere: dict[str, TextClassifier]) -> None:
    labels = ("positive", "sports", "weather")
    elsewhere["mixed"] = TextClassifier(tiny.bert_model(), tiny.tokenizer(), name="mixed", labels=labels)
    assert "no class of that name" in _said(_page(other="mixed", target="0: negative").error)
    assert not _page(other="mixed", target="1: positive").error


def test_what_takes_long_is_asked_for_once_for_all_models(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs.Desk, "pace", lambda desk, classifier: 10.0)  # seconds a token and pass
    app = _page(text="a film that nobody has asked about")
    assert _rows(app) == [] and "This would take about" in _said(app.info)
    app.button(key="robust_0_go").click()
    assert len(_rows(_clean(app.run()))) == 3


def test_two_predictions_that_differ_are_said() -> None:
    for seed in range(8):  # an untrained copy of two classes predicts the other one every second time
        app = _page(copies_seed=str(seed))
        if "which predicts another class" in _said(app.markdown) or "it predicts another class" in _said(app.markdown):
            assert "leaves such a text out" in _said(app.caption)
            return
    pytest.fail("eight copies all predict the model's class")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"other": MODEL}, "always agrees with itself"),
        ({"other": "bundled/nope"}, "There is no bundled model"),
        ({"text": "   "}, "no words"),
        ({"baseline": "two words"}, "not one token"),
        ({"model": "bundled/nope"}, "bundled/minilm-movie"),
    ],
)
def test_what_is_wrong_is_said(settings: dict[str, str], said: str) -> None:
    words = _said(_page(**settings).error)
    assert said in words and "Traceback" not in words


@pytest.mark.parametrize("name", ["explained_by", "word_score", "top_words", "copies_seed", "nothing_trained", "word"])
def test_nonsense_in_the_link_is_answered_by_the_defaults(name: str) -> None:
    assert len(_rows(_page(**{name: "<b>-1e9"}))) == 3


def test_hostile_words_and_names_stay_words() -> None:
    app = _page(text="<script>alert(1)</script> **film** a", other="<img src=x>/[b](c)")
    assert "<script" not in _html(app) and "**film**" not in " ".join(one.value for one in app.markdown)
    assert "<img" not in re.sub(r"\\.", "", " ".join(one.value for one in [*app.markdown, *app.error, *app.info]))


def test_the_table_can_be_had_as_a_file() -> None:
    assert "robust_sentence_csv_file" in {one.key for one in _page().get("download_button")}
