"""One sentence by several models: what is bold is on top, hostile words stay words, and sentences say what the numbers say."""

import re
from dataclasses import replace

import numpy as np
import pytest

from sigviz.attribution import Attribution, Unit
from sigviz.explain import explain
from sigviz.studies import agreement
from sigviz.teaching.robust_sentence import compare
from sigviz.views import robust_sentence as views
from sigviz.views.palette import THEMES
from sigviz.views.robust_sentence import Reader
from tests import tiny

HOSTILE = '<img src=x onerror=alert(1)>"-->'
TEXT = "bad dull sad film"


def _answer(raw: list[float], **changed: object) -> Attribution:
    one = explain(tiny.bert(), TEXT, "sig-exact")
    found = {"raw": np.array(raw, float), "expected": None, "probabilities": np.array([0.7, 0.1, 0.2]), "target": 0}
    return replace(one, **{**found, "label": one.labels[0], **changed})  # type: ignore[arg-type]


def _readers(*answers: Attribution, k: float = 50, controls: tuple[str, ...] = ("", "", "untrained")) -> list[Reader]:
    titles = ("The model", "The other model", "The copy")
    found: list[Reader] = []
    for title, control, answer in zip(titles, controls, answers, strict=False):
        comparison = compare(found[0].answer, answer, k) if found else None
        top = comparison.overlap.second if comparison else agreement.top(answer.raw, k)
        found.append(Reader(title, "tiny", control, answer, top, comparison))
    return found


THREE = _readers(_answer([4, 3, 2, 1]), _answer([4, 1, 3, 2]), _answer([4, 3, 1, 2]))


def _cells(html: str) -> list[list[str]]:
    rows = re.findall(r"<tr>(.*?)</tr>", html.split("<tbody>")[1])
    return [[re.sub(r"<[^>]*>", "", cell) for cell in re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row)] for row in rows]


@pytest.mark.parametrize("theme", THEMES)
def test_exactly_the_top_words_are_bold_and_the_first_of_them_underlined(theme: str) -> None:
    row = views.row(THREE[1], 50, theme)  # type: ignore[arg-type]
    units = [piece for piece in row["pieces"] if "unit" in piece]
    assert [piece["top"] for piece in units] == [True, False, True, False]
    assert [piece["first"] for piece in units] == [True, False, False, False]
    assert ["among the top 50 %" in piece["said"] for piece in units] == [True, False, True, False]
    assert "rank 2 of 4" in units[2]["said"] and "The other model" in row["label"] and "20 %" not in str(row)


def test_the_sets_name_every_top_word_once() -> None:
    html = views.sets(THREE[1], THREE[0])
    shown = [re.findall(r"<bdi[^>]*>(.*?)</bdi>", part) for part in re.findall(r"<dd.*?</dd>", html)]
    assert shown == [["bad"], ["dull"], ["sad"]] and "Only for the other model (1)" in html
    assert views.sets(THREE[0], THREE[0]) == ""
    assert "none" in views.sets(THREE[2], THREE[0])


def test_the_sentence_says_what_the_numbers_say() -> None:
    said = views.in_words(THREE).replace("\u00a0", " ")
    assert said.startswith("Of the 2 tokens on top for the model, 1 is also on top for the other model: overlap 33 %")
    assert "Beside the copy: 100 %." in said and "2 of the 4 tokens would overlap by 39 % on average" in said
    assert views.in_words(THREE[:1]) == ""


def test_a_model_that_predicts_another_class_is_said_to_do_so() -> None:
    other = _answer([1, 2, 3, 4], probabilities=np.array([0.1, 0.1, 0.8]), target=2, label="positive")
    found = _readers(_answer([4, 3, 2, 1]), other)
    said = views.differs(*found)
    assert "predicts “positive”, the model “negative”" in said and "of different classes" in said
    found[1] = replace(found[1], differs=said)
    assert "which predicts another class" in views.in_words(found)
    chosen = replace(found[0].answer, settings=replace(found[0].answer.settings, target=0))
    assert "the class that is chosen" in views.differs(replace(found[0], answer=chosen), found[1])


def test_the_prediction_names_the_explained_class_only_where_it_is_another() -> None:
    assert views.prediction(THREE[0]).replace("\u00a0", " ") == "predicts “negative” (70.0 %)"
    other = replace(THREE[0], answer=_answer([1, 2, 3, 4], target=2, label="positive"))
    assert "explained: “positive” (20" in views.prediction(other)


def test_a_verdict_is_given_only_where_an_untrained_copy_keeps_up() -> None:
    assert "the copy shares at least as many" in views.verdict(THREE)
    behind = _readers(_answer([4, 3, 2, 1]), _answer([4, 3, 1, 2]), _answer([4, 1, 3, 2]))
    assert views.verdict(behind) == "" and views.verdict([THREE[0], THREE[2]]) == ""
    assert views.verdict([*THREE[:2], replace(THREE[2], differs="it predicts another class")]) == ""


def test_a_word_is_shown_for_every_model() -> None:
    assert _cells(views.word(THREE, 1)) == [
        ["The model", "3.00 logits", "2 of 4", "yes"],
        ["The other model", "1.00 logits", "4 of 4", "no"],
        ["The copy", "3.00 logits", "2 of 4", "yes"],
    ]


def test_a_word_that_another_model_cuts_differently_is_added_up() -> None:
    halves = (Unit("ba", 0, 2, (1,)), Unit("d", 2, 3, (2,)), Unit("dull", 4, 8, (3,)))
    found = _readers(_answer([4, 3, 2, 1]), _answer([1, 2, 0], units=halves))
    assert _cells(views.word(found, 0))[1] == ["The other model", "3.00 logits", "2 tokens here", "yes"]
    assert _cells(views.word(found, 3))[1] == ["The other model", "not read", "·", "·"]
    assert found[1].comparison and "1 on top for both, of 1 piece on" in views.overlap(found[1].comparison, "token")


def test_the_file_has_a_row_for_every_model_and_word() -> None:
    rows = views.table(THREE)
    assert len(rows) == 12 and [row["on_top"] for row in rows[4:8]] == [True, False, True, False]
    assert rows[0]["jaccard"] is None and rows[4]["jaccard"] == pytest.approx(1 / 3)
    assert rows[5] | {"score": 1.0, "rank": 4, "unit": "dull", "reader": "The other model"} == rows[5]


def test_the_legend_has_no_side_against_where_scores_have_no_sign() -> None:
    assert "against" in views.legend("light", False, 25) and "against" not in views.legend("light", True, 25)
    assert "the 10 %" in views.legend("dark", True, 10)


def test_hostile_words_and_labels_stay_text() -> None:
    units = tuple(replace(unit, text=HOSTILE) for unit in THREE[0].answer.units)
    made = [replace(one.answer, units=units, text=HOSTILE, label=HOSTILE) for one in THREE]
    found = _readers(*made)
    for html in (views.sets(found[1], found[0]), views.word(found, 0)):
        assert "<img" not in html and "-->" not in html


@pytest.mark.parametrize("theme", THEMES)
def test_the_style_sheet_is_one_block(theme: str) -> None:
    html = views.style(theme)  # type: ignore[arg-type]
    assert html.startswith("<style>") and html.endswith("</style>") and html.count("<") == 2
