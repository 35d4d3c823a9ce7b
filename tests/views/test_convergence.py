"""The Steps page's charts, tables and words: from runs made by hand."""

import math
from dataclasses import replace

import pytest

from sigviz.paths.quadrature import RULES
from sigviz.studies import published
from sigviz.teaching.convergence import FAITHFULNESS, Quality
from sigviz.views import convergence as views
from sigviz.views.palette import THEMES

SIG = Quality("sig", "gauss-legendre", 10.0, None, 62, 50, 1.5, 4.1, 0.002, 0.0005, 0.9, 0.9)
IG = Quality("ig", "gauss-legendre", 50.0, None, 52, 50, 1.0, 0.0003, None, None, None, 0.25)
EXACT = Quality("sig-exact", "", None, None, 7, 0, 0.1, 4.0, 0.0, 0.0, 1.0, 1.0)
CLOSE = replace(SIG, rule="", steps=7.5, tolerance=0.01)
FAIR = {"log_odds": -1.0, "comprehensiveness": 0.4, "sufficiency": 0.3}


def _runs(rules=tuple(RULES)):
    """Steps 1, 2, 4 by every rule, both methods, errors halving."""
    return [
        Quality(
            method, rule, float(steps), None, 6 * steps + 7, 5 * steps, 0.1 * steps, 1 / steps, 2 / steps, 1 / steps, 0.5, 0.5
        )
        for method in ("ig", "sig")
        for rule in rules
        for steps in (1, 2, 4)
    ]


def _chart(runs, method="sig", measure="words", **more):
    return views.chart(runs, "light", method=method, measure=measure, **more)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("measure", views.MEASURES)
def test_every_rule_has_a_line_with_a_colour_and_a_symbol_of_its_own(theme, measure):
    figure = views.chart(_runs(), theme, method="sig", measure=measure)
    first = [trace for trace in figure.data if trace.showlegend is None]
    assert [trace.name for trace in first] == list(RULES)
    assert len({trace.line.color for trace in first}) == len({trace.marker.symbol[0] for trace in first}) == len(RULES)


def test_the_worst_word_is_solid_and_the_median_word_dotted():
    worst, median = _chart(_runs(("trapezoid",))).data
    assert (worst.line.dash, median.line.dash) == ("solid", "dot")
    assert list(worst.y) == [2, 1, 0.5] and list(median.y) == [1, 0.5, 0.25]
    assert list(worst.x) == [1, 2, 4]


@pytest.mark.parametrize(("axis", "x"), [("steps", [1, 2, 4]), ("passes", [18, 29, 51]), ("seconds", [0.1, 0.2, 0.4])])
def test_the_horizontal_axis_is_what_was_asked_for(axis, x):
    figure = _chart(_runs(("trapezoid",)), axis=axis)
    assert list(figure.data[0].x) == pytest.approx(x) and figure.layout.xaxis.type == "log"
    assert figure.layout.title.text.replace("<br>", " ").endswith(views._AXIS_TITLES[axis])


def test_both_methods_get_the_same_axis():
    runs = [*_runs(), replace(SIG, worst=1e-5, median=1e-6)]
    one, other = (_chart(runs, method=method).layout.yaxis.range for method in ("ig", "sig"))
    assert one == other and 10 ** one[0] < 1e-6 and 10 ** one[1] > 2


@pytest.mark.parametrize("axis", views.AXES)
def test_both_methods_get_the_same_horizontal_axis(axis):
    runs = [*_runs(("trapezoid",)), replace(SIG, seconds=40.0, forward=2_000, steps=64.0)]
    one, other = (_chart(runs, method=method, axis=axis).layout.xaxis for method in ("ig", "sig"))
    assert one.range == other.range and one.tickvals == other.tickvals
    assert all(one.range[0] <= math.log10(tick) <= one.range[1] for tick in one.tickvals)


def test_ticks_are_written_out_and_few():
    assert views._ticks(0.08, 6) == pytest.approx([0.1, 0.2, 0.5, 1, 2, 5])
    assert views._ticks(0.08, 2_000) == pytest.approx([0.1, 1, 10, 100, 1000])


def test_zero_stands_at_the_edge_as_an_open_triangle_and_says_so():
    figure = _chart([*_runs(("trapezoid",)), replace(SIG, rule="trapezoid", steps=8.0, worst=0.0)])
    worst = figure.data[0]
    assert worst.marker.symbol[-1] == "triangle-down-open" and set(worst.marker.symbol[:-1]) == {"x"}
    low = figure.layout.yaxis.range[0]
    assert low < math.log10(worst.y[-1]) < low + 0.2
    assert "0 logits" in worst.hovertext[-1] and "edge" in worst.hovertext[-1]


def test_an_order_of_zero_is_a_value_like_any_other():
    figure = _chart([replace(SIG, tau=0.0)], measure="order")
    assert list(figure.data[0].y) == [0.0] and figure.data[0].marker.symbol[0] == "circle"
    assert figure.layout.yaxis.type != "log" and figure.layout.yaxis.range[0] < 0


def test_runs_with_a_tolerance_are_stars_without_a_line():
    figure = _chart([SIG, CLOSE])
    stars = [trace for trace in figure.data if trace.name == "with a tolerance"]
    assert [trace.marker.symbol[0] for trace in stars] == ["star", "star-open"] and {trace.mode for trace in stars} == {
        "markers"
    }
    assert list(stars[0].x) == [7.5] and "tolerance 1 %" in stars[0].hovertext[0]


def test_levels_are_drawn_across_and_zero_is_not():
    figure = _chart(_runs(), levels=[("exact SIG", 1e-6), ("nothing", 0.0)], within=[1e-6])
    level = figure.data[-1]
    assert level.name == "exact SIG" and list(level.y) == [1e-6] * 2 and list(level.x) == [1, 4]
    assert "nothing" not in [trace.name for trace in figure.data]


@pytest.mark.parametrize("measure", views.MEASURES)
def test_nothing_to_draw_is_an_empty_chart(measure):
    assert not _chart([], measure=measure).data


@pytest.mark.parametrize("wrong", [{"measure": "speed"}, {"axis": "miles"}])
def test_what_does_not_exist_is_refused(wrong):
    with pytest.raises(ValueError, match="choose one of"):
        _chart([SIG], **wrong)


def test_a_run_is_named_by_what_sets_it_apart():
    assert views.named(SIG) == "SIG, 10 steps, gauss-legendre" and views.named(SIG, rule=False) == "SIG, 10 steps"
    assert views.named(EXACT) == "exact SIG" and views.named(replace(IG, steps=1.0), rule=False) == "IG, 1 step"
    assert views.named(replace(CLOSE, tolerance=0.001)) == "SIG, tolerance 0.1 %"


def test_the_table_holds_every_number():
    first, second = views.rows([SIG, EXACT], "probability")
    assert first["worst word (probability)"] == SIG.worst and first["seconds"] == SIG.seconds
    assert first["forward passes"] + first["backward passes"] == SIG.passes
    assert second["steps"] is None and second["rule"] == ""


def test_the_question_is_answered_from_the_numbers():
    said = views.verdict(SIG, IG, IG, (FAIR | {"log_odds": -2.0}, FAIR | {"sufficiency": 0.1}), "logit")
    assert "SIG with 10 steps a word took 112 passes, IG with 50 steps 102: the same number of gradients." in said
    assert (
        "SIG is better in log-odds; IG is better in sufficiency; they are as good as each other in comprehensiveness." in said
    )
    assert "0.0020 logits" in said and "0.00030 logits" in said
    assert "τ = 0.900, that of IG's 0.250: with ever more steps the two methods tend to different orders." in said


def test_the_answer_turns_with_the_numbers():
    said = views.verdict(SIG, IG, IG, (FAIR | {"comprehensiveness": 0.1}, FAIR), "logit")
    assert "IG is better in comprehensiveness; they are as good as each other in log-odds and sufficiency." in said
    finer = replace(IG, steps=64.0, tau_exact=1.0)
    dear = replace(SIG, backward=100)
    said = views.verdict(dear, IG, finer, ({}, {}), "probability")
    assert "2.00 times as many gradients for SIG" in said and "with 64 steps 1.00: with ever more" in said
    assert "tend to the same order" in said and "better" not in said


def test_less_than_the_paper_prints_is_no_difference():
    said = views.verdict(SIG, IG, IG, (FAIR, FAIR | {"log_odds": -1.0002}), "logit")
    assert "as good as each other in log-odds, comprehensiveness and sufficiency." in said and "better" not in said


def test_one_word_has_no_order_to_speak_of():
    one = replace(SIG, tau=None, tau_exact=None)
    assert "order" not in views.verdict(one, replace(IG, tau_exact=None), replace(IG, tau_exact=None), (FAIR, FAIR), "logit")


def test_the_question_s_table_has_a_column_a_run():
    table = views.question_table([SIG, IG, EXACT], [FAIR, FAIR, {}], "logit")
    assert list(table) == ["SIG, 10 steps", "IG, 50 steps", "exact SIG"]
    assert table["SIG, 10 steps"]["Log-odds ↓"] == "−1.00" and table["IG, 50 steps"]["worst word, from its limit"] == ""
    assert not [name for name in table["exact SIG"] if name.startswith("Log-odds")]


def test_the_paper_s_table_is_the_paper_s():
    column = published.find(4, "BERT")
    assert column is not None
    table = views.published_table(column)
    assert table["SIG, 10 steps"] == {"LO ↓": "−1.14", "Comp ↑": "0.373", "Suff ↓": "0.322", "Delta": "4.93"}
    assert len(table) == 5 and "IG, 10 × N steps" in table
    assert set(FAITHFULNESS) < set(column.metrics)


def test_the_cost_is_said_before_it_is_paid():
    assert views.cost(24, 1_200, 100) == "24 runs, about 1,200 passes and 2 min on this machine."
    assert views.cost(1, 3, 0.2).startswith("1 run,")
