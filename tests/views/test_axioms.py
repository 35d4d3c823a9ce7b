"""Tables of checks: every number with its unit, every verdict in words, nothing hostile left; and the map of two words."""

import re
from html import unescape

import numpy as np
import pytest

from sigviz.teaching.axioms import Completeness
from sigviz.teaching.checks import F_UNIT, Check
from sigviz.teaching.symmetry import FUNCTIONS, two_words
from sigviz.views import axioms
from sigviz.views.palette import THEMES

NAMES = {"ig": "IG", "sig": "SIG", "sig-exact": "SIG, exact"}
HOLDING = Check("sig", 0.00012, 0.01, F_UNIT, ("word 1 gets ", -0.5, " of ", 3))
BROKEN = Check("ig", 0.5, 0.01, F_UNIT, ("<script>alert(1)</script>\u202e",))


def _said(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def _rows(html: str) -> list[str]:
    return [_said(row) for row in html.split('<div role="row">')[1:]]


def test_a_row_says_who_how_much_how_much_at_most_the_verdict_and_how() -> None:
    html = axioms.checks([HOLDING, BROKEN], NAMES, caption="c", output="logit")
    first, second = _rows(html)
    assert "SIG" in first and "0.00012 logits" in first and "0.010 logits" in first and "✓ holds" in first
    assert "word 1 gets −0.5000 of 3" in first
    assert "✗ does not hold" in second and "not promised" not in second


def test_what_nobody_promises_is_said_to_be_so() -> None:
    for check, words in ((HOLDING, "✓ holds, not promised"), (BROKEN, "✗ does not hold, not promised")):
        loose = Check(check.about, check.measured, check.bound, check.unit, check.how, promised=False)
        assert words in _said(axioms.verdict(loose)) and "verdict" not in axioms.verdict(loose)


def test_a_broken_number_does_not_hold() -> None:
    assert "does not hold" in axioms.verdict(Check("ig", float("nan"), 1.0, F_UNIT, ()))


@pytest.mark.parametrize(
    ("value", "unit", "output", "said"),
    [
        (0.5, F_UNIT, "logit", "0.50 logits"),
        (0.5, F_UNIT, "", "0.50"),
        (2.0, "words", "logit", "2 words"),
        (0.0, F_UNIT, "", "0"),
    ],
)
def test_a_number_comes_with_its_unit(value: float, unit: str, output: str, said: str) -> None:
    assert axioms.measured(value, unit, output) == said


def test_foreign_text_is_escaped_and_hidden_characters_are_shown() -> None:
    hostile = "<img src=x onerror=alert(1)>"
    row = Completeness("ig", BROKEN, BROKEN)
    made = [
        axioms.checks([BROKEN], {"ig": hostile}, caption='" onload="x', output="logit"),
        axioms.completeness([row], {"ig": hostile}, {"ig": hostile}, "logit"),
        axioms.summary([axioms.Axiom(hostile, hostile, [BROKEN])], {"ig": hostile}),
    ]
    for html in made:
        assert "<script" not in html and "<img" not in html and "\u202e" not in html and 'onload="x' not in html


def test_rows_are_those_of_a_table_to_those_who_hear_it() -> None:
    html = axioms.checks([HOLDING], NAMES, caption="Scores", output="logit")
    assert 'role="table" aria-label="Scores"' in html
    assert html.count('role="columnheader"') == 5 and html.count('role="rowheader"') == 1 and html.count('role="cell"') == 4


def test_completeness_shows_both_forms_and_what_is_still_waited_for() -> None:
    rows = [Completeness("ig", BROKEN, HOLDING), Completeness("sig", HOLDING, None)]
    first, second = _rows(axioms.completeness(rows, NAMES, {"ig": "a sum", "sig": "words"}, "probability"))
    assert "a sum" in first and "✗ does not hold" in first and "✓ holds" in first and "0.50 of probability" in first
    assert "waiting for exact SIG" in second


def test_the_summary_counts_what_is_promised_and_names_who_breaks_it() -> None:
    loose = Check("sig", 1.0, 0.0, F_UNIT, (), promised=False)
    rows = _rows(
        axioms.summary(
            [
                axioms.Axiom("A", "a", [HOLDING, BROKEN, BROKEN]),
                axioms.Axiom("B", "b", [HOLDING]),
                axioms.Axiom("C", "c"),
                axioms.Axiom("D", "d", [loose]),
                axioms.Axiom("E", "e", [HOLDING, loose], beside=True),
            ],
            NAMES,
        )
    )
    assert rows[0].endswith("✗ does not hold for IG; 1 of 3 checks hold") and rows[1].endswith("✓ holds in 1 of 1 checks")
    assert rows[2].endswith("not measured yet") and rows[3].endswith("nothing is promised here")
    assert rows[4].endswith("✓ holds in 1 of 1 checks; SIG: ✗ does not hold, not promised")


def test_the_summary_leads_to_the_sections() -> None:
    assert '<a href="#two-words">' in axioms.summary([axioms.Axiom("A", "two-words")], NAMES)


def test_the_two_words_show_their_scores_difference_and_sum() -> None:
    rows = _rows(axioms.two_words(two_words("product", (2.0, 2.0), (0.0, 0.0)), NAMES))
    values = [re.findall(r"(?:Word [12]|Difference|Sum): (\S+)", row) for row in rows]
    numbers = [[float(value.replace("−", "-")) for value in row] for row in values]
    assert numbers == [[2, 2, 0, 4], [4, 4, 0, 8], [4, 4, 0, 8], [4, 4, 0, 4]]


def test_the_reading_follows_the_numbers() -> None:
    def said(name: str, x: tuple[float, float], m: tuple[float, float] = (0.0, 0.0)) -> str:
        return axioms.reading(two_words(name, x, m))

    equal = said("product", (1.0, 1.0))
    assert "all methods give the two equal words equal scores" in equal and "is worth 1.000" in equal
    assert "symmetry says nothing here" in said("product", (1.0, 2.0))
    assert "A control" in said("not symmetric", (1.0, 1.0))
    assert "nothing moves" in said("product", (1.0, 1.0), (1.0, 1.0))
    assert "IG and SIG agree" in said("sum", (1.0, 1.0))


def test_words_that_cancel_at_the_corners_need_not_make_ig_and_sig_agree() -> None:
    found = two_words("tanh of the sum", (1.0, 2.0), (-1.0, -2.0))
    assert abs(found.interaction) < 5e-13 and abs(found.scores["ig"].raw - found.scores["sig"].raw).max() > 0.4
    said = axioms.reading(found)
    assert "agree" not in said and "both add up to F(x) − F(x̄), but IG and SIG share it differently" in said
    still = axioms.reading(two_words("tanh of the sum", (1.0, 2.0), (1.0, -2.0)))  # word 1 is its own baseline
    assert "IG and SIG agree" in still


def test_the_reading_would_say_that_scores_differ() -> None:
    found = two_words("product", (1.0, 1.0), (0.0, 0.0))
    object.__setattr__(found, "checks", (HOLDING, BROKEN))
    assert "not all methods give equal words equal scores" in axioms.reading(found)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_map_has_f_and_the_three_ways(theme: str, name: str) -> None:
    found = two_words(name, (1.0, 0.5), (0.0, -0.5))
    contour, ig, first, second = axioms.plane(found, theme).data
    assert np.array_equal(contour.z, found.surface)
    assert (list(ig.x), list(ig.y)) == ([0, 1], [-0.5, 0.5])
    assert (list(first.x), list(first.y)) == ([0, 1], [0.5, 0.5]) and (list(second.x), list(second.y)) == ([1, 1], [-0.5, 0.5])
    assert len({way.line.dash for way in (ig, first, second)}) == 3, "told apart without colour"


@pytest.mark.parametrize("theme", THEMES)
def test_the_style_is_one_block_in_the_themes_colours(theme: str) -> None:
    style = axioms.style(theme)
    assert (
        style.startswith("<style>")
        and style.endswith("</style>")
        and "{{" not in style
        and style.count("{") == style.count("}")
    )
