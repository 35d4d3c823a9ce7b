"""A study's figures by their data: what is drawn where, that they fit any page, and that foreign names are safe in them."""

import html
import math
import re

import numpy as np
import pandas as pd
import pytest

from sigviz.studies.metrics import LEVELS
from sigviz.studies.summary import summarise
from sigviz.views import study_charts
from sigviz.views.palette import THEMES, inks
from sigviz.views.study_charts import MOST_LINES, STEPPED, baselines, curves, steps
from tests.studies.study_rows import rows

WAY = (0, *LEVELS, 100)
PLOTLY_TAGS = re.compile(r"</?b>|<br>")
METHODS_SHOWN = ("ig", "sig", "sig-exact", "grad-input", "random")


def study(**changed):
    """Curves, log-odds and deltas of some runs on two texts, mask and pad."""
    given = {}
    for place, run in enumerate([*METHODS_SHOWN, "ig(steps=10)", "sig(steps=10)"]):
        for level in WAY:
            given[run, f"deletion@{level}"] = [1 - level / 200, 0.9 - level / 200 - 0.01 * place]
            given[run, f"insertion@{level}"] = [level / 100, level / 200]
        given[run, "log_odds"] = [-1.0 - place, -2.0 - place]
        given[run, "worst_delta"] = [0.0, 0.0] if run == "sig-exact" else [0.01, 0.03]
    return rows(given, **changed)


@pytest.fixture(scope="module")
def summary():
    return summarise(pd.concat([study(), study(baseline="pad"), study(control="untrained"), study(model="another")]))


MAKERS = [
    curves,
    lambda given, theme: curves(given, theme, kind="insertion"),
    *(lambda given, theme, metric=metric: steps(given, metric, theme) for metric in STEPPED),
    lambda given, theme: baselines(given, "log_odds", theme),
]


def lines(figure):
    """{name: trace} of what the legend lists."""
    return {trace.name: trace for trace in figure.data if trace.showlegend is None}


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("make", MAKERS)
def test_a_figure_fits_the_page_it_stands_on(summary, make, theme) -> None:
    layout = make(summary, theme).layout
    assert layout.paper_bgcolor == layout.plot_bgcolor == "rgba(0,0,0,0)"
    assert layout.font.color == inks(theme).text
    assert layout.width is None and 200 < layout.height < 700
    assert layout.xaxis.fixedrange and layout.yaxis.fixedrange and layout.dragmode is False
    assert layout.template.layout.to_plotly_json() == {}


@pytest.mark.parametrize("make", MAKERS)
def test_no_results_give_an_empty_figure(make) -> None:
    assert not [x for trace in make(summarise(study().iloc[:0]), "light").data for x in trace.x or ()]


@pytest.mark.parametrize("make", MAKERS)
def test_one_text_is_drawn_without_a_band(make) -> None:
    figure = make(summarise(study()[lambda given: given["text_id"] == 0]), "light")
    assert not [trace for trace in figure.data if trace.fill]


def test_a_curve_is_the_mean_over_the_texts_at_every_share(summary) -> None:
    trace = lines(curves(summary, "light"))["IG"]
    assert list(trace.x) == list(WAY)
    assert list(trace.y) == pytest.approx([0.95 - level / 200 for level in WAY])
    assert trace.hovertext[2] == "deletion 20 %: 0.850 ± 0.050, n = 2"


def test_highlighted_curves_have_a_band_of_one_standard_error(summary) -> None:
    figure = curves(summary, "light", highlighted=["sig"])
    (band,) = [trace for trace in figure.data if trace.fill]
    trace = lines(figure)["SIG"]
    upper, lower = np.array(band.y[: len(WAY)]), np.array(band.y[len(WAY) :][::-1])
    assert (upper + lower) / 2 == pytest.approx(np.array(trace.y))
    assert (upper - lower) / 2 == pytest.approx([0.055] * len(WAY))
    assert trace.line.width == 3 and lines(figure)["IG"].line.width < 3
    assert trace.legendrank < lines(figure)["IG"].legendrank


def test_methods_shown_first_are_highlighted_unless_told_otherwise(summary) -> None:
    wide = {name for name, trace in lines(curves(summary, "light")).items() if trace.line.width == 3}
    assert wide == {"IG", "SIG"}


def test_lines_differ_without_their_colours(summary) -> None:
    found = lines(curves(summary, "dark"))
    assert found["Random"].line.dash == "dot"
    assert (found["IG"].line.color, found["IG"].line.dash) == (found["IG, steps=10"].line.color, "solid")
    assert found["IG, steps=10"].line.dash == "dash"
    assert len({(t.line.color, t.line.dash, t.marker.symbol) for t in found.values()}) == len(found)


def test_a_method_keeps_its_colour_from_figure_to_figure(summary) -> None:
    assert lines(curves(summary, "light"))["SIG"].line.color == lines(steps(summary, "log_odds", "light"))["SIG"].line.color


def test_only_one_model_and_baseline_is_drawn(summary) -> None:
    assert len(lines(curves(summary, "light"))) == 7
    assert len(lines(curves(summary, "light", model="another", baseline="mask"))) == 7
    assert not lines(curves(summary, "light", model="another", baseline="pad"))


def test_an_unknown_kind_is_a_mistake_of_the_caller(summary) -> None:
    with pytest.raises(ValueError, match="deletion, insertion"):
        curves(summary, "light", kind="both")


def test_steps_are_a_line_a_method_and_exact_sig_is_level(summary) -> None:
    figure = steps(summary, "log_odds", "light")
    found = lines(figure)
    assert {name: (list(trace.x), list(trace.y)) for name, trace in found.items()} == {
        "IG": ([10, 50], [-6.5, -1.5]),
        "SIG": ([10, 50], [-7.5, -2.5]),
        "SIG, exact": ([10, 50], [-3.5, -3.5]),
    }
    assert found["SIG, exact"].line.dash == "dash" and list(found["IG"].error_y.array) == [0.5, 0.5]
    assert figure.layout.xaxis.type == "log" and list(figure.layout.xaxis.tickvals) == [10, 50]
    assert "lower is better" in figure.layout.title.text


def test_zero_has_no_place_on_a_logarithmic_axis_and_is_said(summary) -> None:
    figure = steps(summary, "worst_delta", "light")
    assert figure.layout.yaxis.type == "log" and set(lines(figure)) == {"IG", "SIG"}
    assert "0 for SIG, exact" in figure.layout.title.text.replace("<br>", " ")
    trace = lines(figure)["SIG"]
    assert all(down < y for down, y in zip(trace.error_y.arrayminus, trace.y, strict=True)), "no bar below zero"


def test_other_settings_than_steps_make_lines_of_their_own() -> None:
    given = {(f"sig(steps={n}{more})", "log_odds"): [-1.0] for n in (10, 50) for more in ("", ",context=causal")}
    found = lines(steps(summarise(rows(given)), "log_odds", "light"))
    assert {name: list(trace.x) for name, trace in found.items()} == {"SIG": [10, 50], "SIG, context=causal": [10, 50]}


def test_baselines_are_dots_on_the_row_of_their_method(summary) -> None:
    figure = baselines(summary, "log_odds", "light")
    assert list(figure.layout.yaxis.ticktext)[-1] == "Random"
    found = lines(figure)
    assert set(found) == {"mask", "pad"}
    row = list(figure.layout.yaxis.ticktext).index("SIG")
    assert dict(zip(found["mask"].y, found["mask"].x, strict=True))[row] == -2.5
    assert found["mask"].marker.symbol != found["pad"].marker.symbol


def test_the_line_of_a_row_joins_its_outermost_dots() -> None:
    given = [rows({("ig", "log_odds"): [v]}, baseline=b) for b, v in (("mask", -1.0), ("pad", -3.0), ("zero", -2.0))]
    joint, *_ = baselines(summarise(pd.concat(given)), "log_odds", "light").data
    assert (list(joint.x), list(joint.y)) == ([-3.0, -1.0, None], [0, 0, None])


def test_missing_means_are_not_drawn() -> None:
    given = summarise(rows({("ig", "log_odds"): [math.nan], ("sig", "log_odds"): [-1.0]}))
    assert list(baselines(given, "log_odds", "light").layout.yaxis.ticktext) == ["SIG"]
    assert set(lines(steps(given, "log_odds", "light"))) == {"SIG"}


def test_many_runs_stay_bounded() -> None:
    given = {(f"m{i}", f"deletion@{level}"): [0.5] for i in range(60) for level in WAY}
    assert len(lines(curves(summarise(rows(given)), "light"))) == MOST_LINES


def test_a_point_without_a_number_is_left_out() -> None:
    given = {("ig", f"deletion@{level}"): [0.5] for level in ("0", "50", "x", "")}
    assert list(lines(curves(summarise(rows(given)), "light"))["IG"].x) == [0, 50]


def test_foreign_names_are_shown_as_they_are() -> None:
    hostile = "<a href='javascript:x'>y</a>$x$%{x}\u202e" * 3
    given = study(baseline=hostile, model=hostile)
    own = given[given["settings"] == "ig"]
    strange = [own.assign(method=hostile, settings=hostile), own.assign(settings=f"ig({hostile})", steps=10)]
    summary = summarise(pd.concat([given, *strange]))
    for make in MAKERS:
        figure = make(summary, "light")
        found = [figure.layout.title.text, *(figure.layout.yaxis.ticktext or ())]
        for trace in figure.data:
            found += [trace.name or "", *(trace.hovertext or ())]
        for piece in found:
            plain = PLOTLY_TAGS.sub("", piece)
            assert not set("<>$\u202e") & set(plain), plain
            assert all(len(line) < 130 for line in html.unescape(piece).split("<br>"))


@pytest.mark.parametrize("theme", THEMES)
def test_every_colour_stands_out_from_the_page(theme) -> None:
    def light(colour):
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return float(np.dot(linear, [0.2126, 0.7152, 0.0722]))

    page = light(inks(theme).page)
    for colour in study_charts.COLOURS[theme]:
        low, high = sorted([page, light(colour)])
        assert (high + 0.05) / (low + 0.05) >= 4.5
