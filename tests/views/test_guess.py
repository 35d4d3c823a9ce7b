"""The words and tables of Guess first: nothing of an answer before it is asked for, and the right numbers after."""

import json
import re

import numpy as np
import pytest

from sigviz.attribution import Unit
from sigviz.teaching import guess as game
from sigviz.views import guess as view
from sigviz.views.palette import THEMES

TEXT = "a hideous , confusing spectacle"
HOSTILE = "<b>x</b> \u202e<img src=x onerror=alert(1)>"


def units(text: str) -> list[Unit]:
    return [Unit(found[0], found.start(), found.end(), (i + 1,)) for i, found in enumerate(re.finditer(r"\S+", text))]


def words(text: str = TEXT, **given: object) -> dict:
    settings = dict(label="positive", kind="token", wanted=1, marked=[2], locked=False, theme="light") | given
    return view.words(text, units(text), **settings)  # type: ignore[arg-type]


@pytest.mark.parametrize("theme", THEMES)
def test_the_buttons_are_the_units_and_the_rest_stands_between_them(theme: str) -> None:
    drawn = words(theme=theme)
    assert json.loads(json.dumps(drawn)) == drawn
    assert "".join(part for piece in drawn["pieces"] for part, _ in piece["parts"]) == TEXT
    assert [piece["said"] for piece in drawn["pieces"] if piece["unit"] is not None] == TEXT.split()
    assert (drawn["marked"], drawn["wanted"], drawn["locked"]) == ([2], 1, False)


def test_a_text_in_other_units_or_another_class_is_another_question() -> None:
    merged = [Unit(TEXT, 0, len(TEXT), (1, 2, 3, 4, 5))]
    other = view.words(TEXT, merged, label="positive", kind="sentence", wanted=1, marked=[], locked=False, theme="light")
    assert words()["question"] == words(marked=[], locked=True)["question"] != other["question"]
    assert words(label="negative")["question"] != words()["question"]


def test_hidden_characters_are_shown_and_what_was_cut_off_is_said() -> None:
    drawn = words(HOSTILE)
    assert "‹U+202E›" in drawn["pieces"][2]["said"]
    cut = view.words(
        "one two",
        units("one two")[:1],
        label="positive",
        kind="token",
        wanted=1,
        marked=[],
        locked=False,
        theme="light",
        truncated=3,
    )
    assert "3 tokens" in next(piece["title"] for piece in cut["pieces"] if piece["kind"] == "cut")


RAWS = {"SIG, exact": np.array([5.0, 4, 3, 0, 0, 0, 0, 0, 0, -1, 0]), "IG": np.array([5.0, 0, 0, 0, 0, 0, 0, 2, 3, 0, 0])}


def test_the_verdict_says_hits_chance_and_what_the_methods_share() -> None:
    said = view.verdict(game.score([0, 1, 7], RAWS), "token")
    assert "**SIG, exact**: **2** of its 3 top tokens are yours." in said
    assert "**IG**: **2** of its 3 top tokens are yours." in said
    assert "3 of the 11 tokens, picked blindly, would hit 0.82 of 3 on average." in said
    assert "share 1.0 of their 3 tokens with each other on average, and you 2.0 with them: more than they do among" in said


@pytest.mark.parametrize(("marked", "how"), [([9, 10, 5], "less than"), ([0, 5, 6], "as much as"), ([0, 1, 8], "more than")])
def test_the_guess_is_set_beside_what_the_methods_share(marked: list[int], how: str) -> None:
    assert f"with them: {how} they do among themselves" in view.verdict(game.score(marked, RAWS), "token")


def test_one_word_and_one_method_make_sentences_too() -> None:
    said = view.verdict(game.score([0], {"IG": np.array([1.0, 0])}), "word")
    assert "its top word is yours" in said and "One of the 2 words, picked blindly" in said and "themselves" not in said
    assert "is **not** yours" in view.verdict(game.score([1], {"IG": np.array([1.0, 0])}), "word")


def test_a_method_without_scores_has_no_top_words() -> None:
    outcome = game.score([0], {"IG": np.zeros(5)})
    assert "IG gives every token the score 0" in view.verdict(outcome, "token")
    assert "none: all scores are 0" in view.table(outcome, units(TEXT), "token")
    assert ">—<" in view.tally(game.tally([outcome]))


def test_the_table_names_each_methods_top_words_and_ticks_the_marked_ones() -> None:
    outcome = game.score([1], {"IG": np.array([0.0, 5, 0, 0, 0]), "DIG": np.array([0.0, 0, 0, 1, 0])})
    table = view.table(outcome, units(TEXT), "token")
    assert re.search(r"IG</th><td>1 of 1</td><td>✓ “<bdi[^>]*>hideous</bdi>”</td><td>20.0 %</td>", table)
    assert re.search(r"DIG</th><td>0 of 1</td><td>“<bdi[^>]*>confusing</bdi>”</td><td>100 %</td>", table)


def test_the_tally_adds_up_over_sentences() -> None:
    outcomes = [game.score([1], {"IG": np.array([0.0, 5, 0, 0, 0])}), game.score([0], {"IG": np.array([0.0, 5, 0, 0, 0])})]
    assert "<td>2</td><td>1 of 2 (50.0 %)</td><td>0.40 (20.0 %)</td>" in view.tally(game.tally(outcomes))


def test_hostile_words_are_escaped() -> None:
    table = view.table(game.score([1], {"IG": np.array([0.0, 5, 0])}), units(HOSTILE), "token")
    assert "<img" not in table and "&lt;img" in table
