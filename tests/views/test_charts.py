"""Figures by their data: what is drawn where, that foreign text is safe in them, and that they stay small."""

import html
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sigviz.attribution import Unit
from sigviz.views import charts
from sigviz.views.palette import THEMES, inks

MAKERS = [charts.ledger, charts.budget]
# The tags that Plotly reads in labels; anything else between < and > would be swallowed.
PLOTLY_TAGS = re.compile(r"</?b>|<br>")


def words(figure):
    """Every piece of text in a figure that Plotly would parse."""
    found = [*figure.layout.yaxis.ticktext, figure.layout.title.text]
    for trace in figure.data:
        found += [trace.name or "", *(trace.hovertext or ())]
    return found


def bars(figure):
    """{label on the axis: drawn length}, of all bars."""
    labels = figure.layout.yaxis.ticktext
    drawn = [bar for bar in figure.data if bar.type == "bar"]
    return [(bar.name, {labels[int(y)]: float(x) for x, y in zip(bar.x, bar.y, strict=True)}) for bar in drawn]


@pytest.fixture(scope="session")
def long(attribution):
    """200 words with scores 1, -2, 3, -4 ... 200: the last 60 are the largest."""
    scores = np.arange(1, 201) * np.resize([1, -1], 200)
    return attribution(" ".join(f"w{place}" for place in range(200)), scores)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("make", MAKERS)
def test_a_figure_fits_the_page_it_stands_on(attribution, make, theme):
    layout = make(attribution(), theme).layout
    assert layout.paper_bgcolor == layout.plot_bgcolor == "rgba(0,0,0,0)"
    assert layout.font.color == inks(theme).text
    assert layout.width is None, "as wide as its container"
    assert max(layout.margin.l, layout.margin.r, layout.margin.t) <= 12
    assert layout.xaxis.fixedrange and layout.yaxis.fixedrange and layout.dragmode is False, "a finger scrolls the page"
    assert charts.CONFIG["displayModeBar"] is False


@given(st.text(st.characters(), min_size=1, max_size=60))
def test_foreign_text_is_shown_as_it_is(attribution, text):
    hostile = f"<a href='javascript:x'>{text}</a> $x$ %{{x}}"
    explained = attribution(hostile, label=hostile, labels=(hostile, "positive"), settings={"baseline": hostile})
    for make in MAKERS:
        for piece in words(make(explained, "light")):
            plain = PLOTLY_TAGS.sub("", piece)
            assert not set("<>$") & set(plain), plain
            for line in html.unescape(plain).splitlines():
                assert len(line) < 130


def test_plotlys_own_template_is_not_inherited(attribution):
    assert charts.ledger(attribution(), "light").layout.template.layout.to_plotly_json() == {}


@pytest.mark.parametrize("make", [charts.ledger, charts.budget])
def test_repeated_words_stay_apart_and_numbers_stay_words(attribution, make):
    labels = make(attribution("the 3 the 2020-01-01"), "light").layout.yaxis.ticktext
    assert [label for label in labels if "<b>" not in label] == [
        "the (1)",
        "3",
        "the (3)",
        "2020",
        "- (5)",
        "01 (6)",
        "- (7)",
        "01 (8)",
    ]


def test_the_ledger_draws_what_must_be_and_what_the_integral_gave(attribution):
    explained = attribution("good bad film", [2.0, -1.0, 0.5], expected=np.array([2.5, -1.0, 0.4]))
    assert bars(charts.ledger(explained, "light")) == [
        ("F(x) − F(x̄ⁱ)", {"good": 2.5, "bad": -1.0, "film": 0.4}),
        ("score, towards", {"good": 2.0, "film": 0.5}),
        ("score, against", {"bad": -1.0}),
    ]


def test_the_ledger_says_the_delta_over_every_bar(attribution):
    explained = attribution("good bad film", [2.0, -1.0, 0.5], expected=np.array([2.5, -1.0, 0.4]))
    _, towards, against = charts.ledger(explained, "light").data
    assert list(towards.hovertext) == [
        "<b>good</b><br>score: 2.000<br>must be: 2.500<br>delta: −0.50 (20.0 % of the largest)",
        "<b>film</b><br>score: 0.5000<br>must be: 0.4000<br>delta: 0.10 (4.0 % of the largest)",
    ]
    assert list(against.hovertext) == ["<b>bad</b><br>score: −1.000<br>must be: −1.000<br>delta: 0 (0 % of the largest)"]


def test_the_ledger_of_a_method_that_expects_nothing_of_a_unit_has_scores_only(attribution):
    assert [name for name, _ in bars(charts.ledger(attribution(expected=None), "light"))] == [
        "score, towards",
        "score, against",
    ]


def test_the_ledgers_colours_are_the_palettes(attribution):
    for theme in THEMES:
        _, towards, against = charts.ledger(attribution(), theme).data
        assert (towards.marker.color, against.marker.color) == (inks(theme).towards, inks(theme).against)


def test_a_long_text_is_drawn_by_its_largest_scores_in_the_texts_order(long):
    figure = charts.ledger(long, "light")
    assert list(figure.layout.yaxis.ticktext) == [f"w{place}" for place in range(140, 200)]
    assert "140 smaller ones" in figure.layout.title.text.replace("<br>", " ")
    assert 1000 < figure.layout.height < 1600


def test_the_ledger_grows_with_its_units(attribution):
    small, large = charts.ledger(attribution(), "light"), charts.ledger(attribution("a b c d e f g h i j"), "light")
    assert large.layout.height - small.layout.height >= 5 * 18


def test_ledger_rows_say_what_each_unit_changes(attribution):
    explained = attribution("good film", [2.0, 0.5], expected=np.array([2.5, 0.4]), output=3.0)
    first, second = charts.ledger_rows(explained)
    heads = ["position", "unit", "F(x)", "F(x̄ⁱ)", "difference", "score", "delta", "relative delta"]
    assert list(first) == list(second) == heads
    assert (first["position"], first["unit"], second["unit"]) == (1, "good", "film")
    assert [first[head] for head in heads[2:]] == pytest.approx([3.0, 0.5, 2.5, 2.0, -0.5, -0.2])
    assert [second[head] for head in heads[2:]] == pytest.approx([3.0, 2.6, 0.4, 0.5, 0.1, 0.04])


def test_ledger_rows_of_a_causal_context_telescope(attribution):
    first, second = charts.ledger_rows(
        attribution(
            "good film",
            [2.0, 0.5],
            expected=np.array([2.0, 1.0]),
            output=3.5,
            baseline_output=0.5,
            settings={"options": (("context", "causal"),)},
        )
    )
    assert (first["F(x₁…xᵢ₋₁)"], first["F(x₁…xᵢ)"]) == (0.5, 2.5), "from F(x̄)"
    assert (second["F(x₁…xᵢ₋₁)"], second["F(x₁…xᵢ)"]) == (2.5, 3.5), "to F(x)"


def test_ledger_rows_without_expectations_hold_the_score_alone(attribution):
    assert charts.ledger_rows(attribution(expected=None))[1] == {"position": 2, "unit": "hideous", "score": 2.3136}


def test_ledger_rows_show_hidden_characters(attribution):
    units = [Unit("a\u202eb", 0, 3, (1,))]
    assert charts.ledger_rows(attribution("a\u202eb", [1.0], units))[0]["unit"] == "a‹U+202E›b"


def test_ledger_rows_have_no_share_of_nothing(attribution):
    rows = charts.ledger_rows(attribution("good film", [0.1, 0.0], expected=np.zeros(2)))
    assert [row["relative delta"] for row in rows] == [None, None]


def test_the_budget_runs_from_the_baseline_to_the_text(attribution):
    explained = attribution("good bad film", [2.0, -1.0, 0.5], output=5.0, baseline_output=1.0, expected=None)
    figure = charts.budget(explained, "light")
    joints, bar, ends = figure.data
    assert list(figure.layout.yaxis.ticktext) == ["<b>F(x̄)</b>", "good", "bad", "film", "<b>gap</b>", "<b>F(x)</b>"]
    assert list(bar.x) == [2.0, -1.0, 0.5, 2.5]
    assert list(bar.base) == [1.0, 3.0, 2.0, 2.5]
    assert bar.x[-1] == -explained.total_delta
    assert bar.base[-1] + bar.x[-1] == 5.0
    assert list(ends.x) == [1.0, 5.0]
    assert [level for level in joints.x if level is not None] == [1, 1, 3, 3, 2, 2, 2.5, 2.5, 5, 5]
    ink = inks("light")
    assert list(bar.marker.color) == [ink.towards, ink.against, ink.towards, ink.neutral]


def test_the_budget_of_a_long_text_sums_the_rest_into_one_bar(long):
    figure = charts.budget(long, "light")
    _, bar, _ = figure.data
    assert figure.layout.yaxis.ticktext[-3] == "140 other tokens"
    assert bar.x[-2] == pytest.approx(long.raw[:140].sum())
    assert len(bar.x) == charts.MOST_UNITS + 2
    assert bar.base[-1] + bar.x[-1] == pytest.approx(long.output)
