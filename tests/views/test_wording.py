"""The words about an attribution: right numbers, real minus signs, no promise that a method does not make."""

import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sigviz.attribution import OUTPUTS, UNITS, Cost, Unit
from sigviz.views import wording


@pytest.mark.parametrize(
    ("value", "digits", "words"),
    [
        (2.3136, 3, "2.31"),
        (-2.3136, 2, "−2.3"),
        (9.996, 3, "10.0"),
        (0.9996, 3, "1.00"),
        (0.000312, 1, "0.0003"),
        (12345.6, 3, "12,300"),
        (0, 3, "0"),
        (-0.0, 3, "0"),
        (1602, 3, "1,602"),
        (np.int64(-1602), 3, "−1,602"),
        (1.5e-9, 2, "1.5 × 10⁻⁹"),
        (-2e12, 1, "−2 × 10¹²"),
        (math.nan, 3, "undefined"),
        (-math.inf, 3, "−∞"),
    ],
)
def test_number(value, digits, words):
    assert wording.number(value, digits) == words


@given(st.floats(), st.integers(1, 6))
def test_a_number_has_no_hyphen_no_nan_and_no_signed_zero(value, digits):
    words = wording.number(value, digits)
    assert re.fullmatch(r"undefined|−?∞|0|−?[\d,]+(\.\d+)?( × 10⁻?[⁰¹²³⁴⁵⁶⁷⁸⁹]+)?", words), words
    assert words == "0" or set(words) & set("123456789∞u"), "a zero has no sign and no digits behind it"


@given(st.floats(-1e5, 1e5).filter(lambda value: abs(value) >= 1e-6))
def test_a_number_is_the_value_to_its_digits(value):
    assert float(wording.number(value, 4).replace("−", "-").replace(",", "")) == pytest.approx(value, rel=5.1e-4)


@pytest.mark.parametrize(
    ("value", "words"), [(0.714, "0.71"), (-0.714, "−0.71"), (-0.004, "0.00"), (0.0, "0.00"), (math.nan, "undefined")]
)
def test_two_decimals(value, words):
    assert wording.two_decimals(value) == words


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (0.973, "97.3 %"),
        (0.9997, "99.97 %"),
        (0.99999, "above 99.99 %"),
        (1.0, "100 %"),
        (0.0001, "0.01 %"),
        (0.00001, "below 0.01 %"),
        (0.0, "0 %"),
        (0.0123, "1.2 %"),
        (1.5, "150.0 %"),
    ],
)
def test_percent(share, words):
    assert wording.percent(share) == words


def test_every_output_has_a_unit_in_words():
    for output in OUTPUTS:
        assert wording.amount(2.0, output, 1).startswith("2 ")


@given(st.text(st.characters()), st.text(st.characters()))
def test_visible_works_character_by_character(one, other):
    assert wording.visible(one + other) == wording.visible(one) + wording.visible(other)


def test_visible_shows_what_hides_and_leaves_what_scripts_and_emoji_need():
    assert wording.visible("a\u202eb\x00\x9f\u200b") == "a‹U+202E›b␀‹U+009F›‹U+200B›"
    kept = "tab\t line\n 👩\u200d👧 می\u200cخواهم ❤\ufe0f é"
    assert wording.visible(kept) == kept


@given(st.text(st.characters()), st.integers(2, 30))
def test_shortened_is_one_line_and_never_longer_than_asked(text, limit):
    line = wording.shortened(text, limit)
    assert len(line) <= limit
    assert "\n" not in line


def test_shortened_says_that_something_is_missing():
    assert wording.shortened("confusing spectacle", 10) == "confusing…"
    assert wording.shortened("confusing", 10) == "confusing"
    assert wording.shortened(" \n", 10) == " ↵"


@pytest.mark.parametrize(("n", "count"), [(1, 1), (4, 1), (5, 1), (6, 2), (15, 3), (16, 4), (35, 7)])
def test_the_top_fifth_is_rounded_up(n, count):
    assert wording.top_count(n) == count


def test_order_is_by_signed_score_and_ties_keep_the_texts_order():
    assert wording.order(np.array([1.0, -5.0, 3.0, 3.0, np.nan])) == [2, 3, 0, 1, 4]


@pytest.mark.parametrize(
    ("method", "shown"),
    [("sig", "SIG"), ("sig-exact", "SIG exact"), ("gradient-shap", "GradientShap"), ("lime", "LIME"), ("random", "Random")],
)
def test_a_method_has_a_name_for_a_sentence(attribution, method, shown):
    assert wording.name(attribution(settings={"method": method})) == shown


def test_names_say_in_what_rows_of_one_method_differ(attribution):
    rows = [attribution(), attribution(settings={"options": (("steps", 10),)}), attribution(settings={"method": "ig"})]
    assert wording.names(rows) == ["SIG, quadrature gauss-legendre, steps 50", "SIG, steps 10", "IG"]
    assert wording.names([attribution(), attribution(model="other")])[1] == "SIG, model other"


def test_facts_give_what_is_asked_under_every_heatmap(attribution):
    facts = wording.facts(attribution(truncated=3))
    assert dict(facts) == {
        "target": "negative (97.3 %)",
        "F": "the target's logit",
        "F(x)": "4.610",
        "F(x̄)": "−0.3100",
        "baseline": "mask",
        "steps": "50",
        "rule": "gauss-legendre",
        "unit": "token (5 in this text)",
        "passes": "252 forward + 250 backward",
        "time": "1.2 s",
        "device": "cpu, float32",
        "cut off": "3 tokens beyond the model's limit left out",
    }
    assert len(facts) == len(dict(facts)), "every fact once"


def test_facts_leave_out_what_a_method_does_not_have_and_keep_what_only_it_has(attribution):
    settings = {"method": "smoothgrad", "options": (("noise_level", 0.1), ("tolerance", None))}
    facts = dict(wording.facts(attribution(settings=settings, cost=Cost(0.5, 1602, 0, "cuda", "bfloat16"))))
    assert not {"steps", "rule", "tolerance", "cut off"} & set(facts)
    assert facts["noise level"] == "0.100"
    assert facts["passes"] == "1,602 forward + 0 backward"


def test_facts_say_by_how_much_the_seed_moves_the_scores(attribution):
    settings = {"method": "smoothgrad", "seed": 7, "options": (("samples", 10), ("seeds", 3))}
    facts = dict(wording.facts(attribution(settings=settings, spread=np.array([0.1, 0.02, 0.0, 0.3, 0.01]))))
    assert facts["varies by"] == "0.020 logits at the median token over 3 seeds (standard deviation)"
    assert (facts["seed"], facts["seeds"], facts["samples"]) == ("7", "3", "10")
    without = dict(wording.facts(attribution(settings={**settings, "options": (("seeds", 1),)})))
    assert "varies by" not in without and without["seed"] == "7"
    assert not {"seed", "varies by"} & set(dict(wording.facts(attribution())))


def test_per_unit_promise_names_the_worst_unit_and_disclaims_the_total(attribution):
    explained = attribution(
        raw=[3.0, 1.0], text="good film", expected=np.array([3.0003, 0.9999]), output=9.1, baseline_output=0.3
    )
    assert wording.delta_in_words(explained, "PER_UNIT") == (
        "Every token's score is within 0.0003 logits (0.01 % of the largest) of its own drop F(x) − F(x̄ⁱ). "
        "Their sum is 4.8 away from F(x) − F(x̄): SIG makes no promise about that sum."
    )


def test_within_is_never_rounded_down(attribution):
    words = wording.delta_in_words(attribution("good film", [3.0, 1.0], expected=np.array([3.00031, 1.0])), "PER_UNIT")
    assert "within 0.0004 logits (0.02 % of the largest)" in words


def test_exact_scores_are_called_exact(attribution):
    raw = np.array([3.0, 1.0])
    words = wording.delta_in_words(attribution("good film", raw, expected=raw, settings={"unit": "word"}), "PER_UNIT")
    assert words.startswith("Every word's score is exactly its own drop F(x) − F(x̄ⁱ).")


def test_causal_scores_do_add_up_and_it_is_said(attribution):
    settings = {"options": (("context", "causal"), ("steps", 50))}
    words = wording.delta_in_words(attribution(settings=settings), "PER_UNIT")
    assert "makes no promise" not in words
    assert "drops add up" in words


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ([4.0, 0.9], "The scores add up to 4.90, and F(x) − F(x̄) is 5.00: 0.10 logits apart (2.0 % of it)."),
        ([4.0, 1.0], "The scores add up to 5.00, and F(x) − F(x̄) is 5.00: the same."),
    ],
)
def test_total_promise_is_measured_absolutely_and_relatively(attribution, raw, words):
    explained = attribution("good film", raw, output=5.0, baseline_output=0.0, expected=None, settings={"method": "ig"})
    assert wording.delta_in_words(explained, "TOTAL") == words


def test_total_promise_over_no_change_has_no_share(attribution):
    explained = attribution("good film", [0.1, 0.1], output=1.0, baseline_output=1.0, expected=None)
    assert "%" not in wording.delta_in_words(explained, "TOTAL")


def test_no_promise_is_called_none(attribution):
    explained = attribution(expected=None, settings={"method": "saliency"})
    assert wording.delta_in_words(explained, "NOTHING").startswith("Saliency promises nothing")
    with pytest.raises(ValueError, match="PER_UNIT, TOTAL, NOTHING"):
        wording.delta_in_words(explained, "each word's score")


def test_the_read_out_names_the_first_three_and_the_strongest_against(attribution):
    assert wording.read_out(attribution()) == (
        "SIG says that “hideous” (2.31) spoke most for negative, then “confusing” (1.20) and “spectacle” (0.600); "
        "“,” (−0.200) spoke most against it."
    )


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ([1.0, 2.0], "SIG says that “film” (2.00) spoke most for negative, then “good” (1.00); no token spoke against it."),
        ([-2.0, -1.0], "SIG says that no token spoke for negative; “good” (−2.00) spoke most against it."),
        ([-1.0, -1.0], "SIG says that no token spoke for negative; “good” (−1.00) spoke most against it."),
        ([0.0, 0.0], "SIG gives every token a score of 0."),
    ],
)
def test_the_read_out_when_all_words_are_on_one_side(attribution, raw, words):
    assert wording.read_out(attribution("good film", raw)) == words


def test_the_read_out_keeps_right_to_left_words_from_turning_the_sentence(attribution):
    assert "“\u2068رائع\u2069” (2.00)" in wording.read_out(attribution("رائع film", [2.0, 1.0]))


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=5), st.sampled_from(UNITS), st.sampled_from(sorted(OUTPUTS)))
def test_words_never_show_nan_a_hyphen_for_minus_or_a_raw_control(attribution, raw, unit, output):
    text = "a\u202e b\x00 c d e"
    units = [Unit(text[place : place + 2], place, place + 2, (place,)) for place in range(len(raw))]
    explained = attribution(text, raw, units, settings={"unit": unit, "output": output})
    said = [wording.read_out(explained), *(wording.delta_in_words(explained, promise) for promise in wording.PROMISES)]
    said += [value for _, value in wording.facts(explained)]
    for words in said:
        assert "nan" not in words.lower()
        assert not any(f"-{digit}" in words for digit in "0123456789")
        assert "\u202e" not in words and "\x00" not in words


@pytest.mark.parametrize(("seconds", "said"), [(0.1, "1 s"), (75, "75 s"), (600, "10 min"), (9000, "2.5 h")])
def test_a_duration_is_said_in_fitting_units(seconds: float, said: str) -> None:
    assert wording.duration(seconds) == said


def test_the_place_in_line_is_a_sentence_and_nothing_where_nobody_is_before() -> None:
    assert wording.in_line(0, 0.0) == ""
    assert wording.in_line(1, None) == "1 other computation is before it on this server."
    assert wording.in_line(12, 100.0) == "12 other computations are before it on this server, about 2 min."
