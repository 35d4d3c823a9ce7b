"""The Baselines page's charts, tables and words: from surroundings made by hand."""

from dataclasses import replace

import numpy as np
import pytest

from sigviz.studies.agreement import kendall_tau
from sigviz.teaching.baselines import Space, Surroundings
from sigviz.views import baselines as views
from sigviz.views.palette import THEMES

EVEN = Surroundings(
    label="mask",
    norm=0.5,
    nearest=(("film", 0.8), ("movie", 0.9)),
    token=("[PAD]", 0.3),
    own=(("a", 0.9), ("hideous", 1.1)),
    quantiles=(0.8, 0.9, 1.0, 1.1, 1.2),
    mean=1.0,
    deviation=0.05,
    counts=(0, 5, 10, 5),
)
ODD = replace(EVEN, label="pad", nearest=(("the", 0.2),), deviation=0.3, counts=(1, 4, 9, 6))
USUAL = (0.5, 0.6, 0.7, 0.8)  # the share of the median distance at which words have their nearest word


def _space(*found):
    return Space(words=20, tokens=30, edges=(0.0, 0.5, 1.0, 1.5, 2.0), found=found, usual=USUAL)


@pytest.fixture
def runs(attribution):
    return [
        ("mask", attribution(raw=[5, 4, 3, 2, 1])),
        ("pad", attribution(raw=[5, 4, 3, 1, 2])),
        ("film", attribution(raw=[1, 2, 3, 4, 5])),
    ]


def test_every_order_is_compared_with_the_reference(runs):
    mask, pad, film = views.moved(runs, runs[0][1])
    assert (mask.tau, mask.overlap) == (1, 1) and (film.tau, film.overlap) == (-1, 0)
    assert pad.tau == kendall_tau(runs[1][1].raw, runs[0][1].raw) and pad.overlap == 1
    assert mask.baseline_output == runs[0][1].baseline_output


def test_one_unit_has_no_order(attribution):
    (one,) = views.moved([("mask", attribution(text="film", raw=[1]))], attribution(text="film", raw=[2]))
    assert one.tau is None and views.summary([one, one], "pad") == ""
    assert "τ" not in views.title(one, is_reference=False)


def test_titles_say_what_the_row_is(runs):
    mask, pad, _ = views.moved(runs, runs[0][1])
    assert views.title(mask, True) == "mask · F(x̄) = −0.310 · the reference"
    assert views.title(pad, False) == "pad · F(x̄) = −0.310 · τ 0.80"


def test_the_summary_names_the_least_and_the_most_moved(runs):
    said = views.summary(views.moved(runs, runs[0][1]), "mask")
    assert "least with pad (τ = 0.800, 100 % of the top 20 % the same)" in said
    assert "most with film (τ = −1.00, 0 % of the top 20 % the same)" in said
    assert "from −0.310 to −0.310" in said


def test_the_table_has_a_row_a_stand_in_with_and_without_the_distances(runs):
    moved = views.moved(runs, runs[0][1])
    first, second, third = views.rows(moved, _space(EVEN, ODD), "mask")
    assert first["nearest words"] == "film (0.800), movie (0.900)" and first["unevenness"] == pytest.approx(0.05)
    assert second["nearest / median"] == pytest.approx(0.2) and "unevenness" not in third
    assert "unevenness" not in views.rows(moved, None, "mask")[0] and first["tau against mask"] == 1


@pytest.mark.parametrize(
    ("mask", "pad", "verdict", "near", "even"),
    [
        (EVEN, ODD, "holds on", "unusually close", "mask is the more even"),
        (EVEN, replace(ODD, deviation=0.01), "holds in part", ": unusually close", "pad is the more even"),
        (EVEN, replace(ODD, nearest=(("the", 0.9),)), "holds in part", "not unusually close", "mask is the more even"),
        (
            EVEN,
            replace(ODD, deviation=0.01, nearest=(("the", 0.9),)),
            "does not hold",
            "not unusually close",
            "pad is the more even",
        ),
    ],
)
def test_whether_the_argument_holds_is_read_off_the_numbers(mask, pad, verdict, near, even):
    first, close, evenly = views.argument(_space(mask, pad))
    assert verdict in first and near in close and even in evenly
    assert "“the”" in close and "“film” at 0.800" in close


def test_close_is_said_of_a_stand_in_that_is_closer_than_most_words():
    closer = {share: replace(ODD, nearest=(("the", share),)) for share in (0.55, 0.65)}  # than 3 and 2 of the 4
    said = {share: views.argument(_space(EVEN, pad))[1] for share, pad in closer.items()}
    assert "than 75.0 % of 4 words" in said[0.55] and ": unusually close" in said[0.55]
    assert "than 50.0 % of 4 words" in said[0.65] and "not unusually close" in said[0.65]


def test_a_zero_vector_is_said_to_be_one_and_a_missing_token_to_be_missing():
    assert "its vector is 0" in views.argument(_space(EVEN, replace(ODD, norm=0.0)))[1]
    assert views.argument(_space(EVEN)) == ("The paper sets mask against pad: here there is no pad to measure.",)


def test_without_a_mask_token_the_argument_is_not_measured():
    note = "This model has no mask token: its eos token stands in for it."
    said = ("This model has no mask token, so the argument cannot be measured.",)
    assert views.argument(_space(replace(EVEN, note=note), ODD)) == said
    assert views.argument(_space(replace(EVEN, note=note))) == said, "nor where there is no pad either"


def test_a_tie_is_said_to_be_one():
    evenly = views.argument(_space(EVEN, replace(EVEN, label="pad")))[-1]
    assert evenly.endswith("they are equally even.") and "more even" not in evenly


@pytest.mark.parametrize("theme", THEMES)
def test_every_stand_in_has_a_hill_with_its_marks(theme):
    figure = views.distances(_space(EVEN, ODD), theme)
    names = [trace.name for trace in figure.data]
    assert names.count("words of the vocabulary") == names.count("median") == 2
    own, nearest = figure.data[-2:]
    assert list(own.x) == [0.9, 1.1, 0.9, 1.1] and list(own.y) == [0, 0, 1, 1]
    assert list(nearest.x) == [0.8, 0.2] and "film: 0.800 from mask" in nearest.hovertext[0]
    assert list(figure.layout.yaxis.ticktext) == ["mask", "pad"]


def test_hills_have_one_scale_and_stay_in_their_row():
    first, _, second, _ = views.distances(_space(EVEN, ODD), "light").data[:4]
    heights = [place - np.array(hill.y) for place, hill in enumerate((first, second))]
    assert heights[0].max() == pytest.approx(views._RISE) and heights[1].max() == pytest.approx(0.9 * views._RISE)
    assert all(height.min() >= 0 for height in heights) and views._RISE < 1


def test_foreign_words_are_escaped():
    hostile = replace(EVEN, label="<script>x</script>", nearest=(("<b>$x$</b>", 0.1),))
    figure = views.distances(_space(hostile), "light")
    assert "<script>" not in str(figure.layout.yaxis.ticktext) + str(figure.data[-1].hovertext)
    assert "<b>" not in str(figure.data[-1].hovertext)
