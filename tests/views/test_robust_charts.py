"""The figures of a robustness study by their data: what is drawn where, and that foreign names are safe in them."""

from itertools import pairwise

import pytest

from sigviz.models.untrained import UNTRAINED
from sigviz.studies.robustness_summary import NAMES, summarise
from sigviz.views import robust_charts, robust_published
from sigviz.views.palette import THEMES, inks
from sigviz.views.study_charts import COLOURS
from tests.views.robust_rows import CHANCE, MODEL, OTHER, RUNS, SHARES, rows

HOSTILE = "<img src=x onerror=y>$\\alpha$\u202e" + "n" * 90


@pytest.fixture(scope="module")
def means():
    return summarise(rows(SHARES), draws=200)


@pytest.fixture(scope="module")
def beside():
    return robust_published.choices()["BERT on SST2"]


def bars(figure):
    return {trace.name: trace for trace in figure.data if trace.type == "bar"}


def marks_of(figure):
    """{place: value} of the published numbers."""
    found = [trace for trace in figure.data if trace.type == "scatter" and trace.mode == "markers"]
    return dict(zip(found[0].y, found[0].x, strict=True)) if found else {}


def labels(figure):
    return list(figure.layout.yaxis.ticktext)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("make", [robust_charts.overlaps, robust_charts.infidelities])
def test_a_figure_fits_the_page_it_stands_on(means, make, theme, beside) -> None:
    layout = make(means, theme, beside=beside).layout
    assert layout.paper_bgcolor == layout.plot_bgcolor == "rgba(0,0,0,0)" and layout.font.color == inks(theme).text
    assert layout.width is None and 200 < layout.height < 700
    assert layout.xaxis.fixedrange and layout.yaxis.fixedrange and layout.dragmode is False
    assert tuple(layout.xaxis.range) == (0, 103)


def test_a_bar_for_each_model_beside_and_methods_down_the_side_chance_last(means) -> None:
    figure = robust_charts.overlaps(means, "light")
    assert [*bars(figure)] == [OTHER, NAMES[UNTRAINED], "Nothing trained"]
    assert labels(figure) == ["Saliency", "IG", "SIG", "SIG, exact", "Random"]
    values = bars(figure)[OTHER]
    assert values.x == pytest.approx([40, 50.5, 60, 65, 15], abs=2)
    assert [round(place) for place in values.y] == [0, 1, 2, 3, 4]


def test_bars_of_a_row_do_not_cover_each_other(means) -> None:
    places = sorted(place for trace in bars(robust_charts.overlaps(means, "light")).values() for place in trace.y)
    width = bars(robust_charts.overlaps(means, "light"))[OTHER].width
    assert min(later - earlier for earlier, later in pairwise(places)) >= width


def test_bars_carry_their_interval(means) -> None:
    trace = bars(robust_charts.overlaps(means, "light"))[OTHER]
    rows = means[(means["metric"] == "jaccard@25") & (means["other"] == OTHER) & (means["settings"] == "ig")]
    low, high = rows.loc[rows["reduction"] == "l2", ["low", "high"]].iloc[0]
    assert trace.x[1] - trace.error_x.arrayminus[1] == pytest.approx(low)
    assert trace.x[1] + trace.error_x.array[1] == pytest.approx(high)
    assert f"95 % from {low:.1f} to {high:.1f}" in trace.hovertext[1] and "n = 54" in trace.hovertext[1]


def test_k_and_the_reduction_choose_what_is_drawn(means) -> None:
    five = bars(robust_charts.overlaps(means, "light", k=10))[OTHER].x
    assert five == pytest.approx([32, 40, 48, 52, 12], abs=2.5)
    shown = summarise(rows(SHARES | {("ig", "sum", OTHER): 0.9}), draws=50)
    assert bars(robust_charts.overlaps(shown, "light", reduction="sum"))[OTHER].x[1] == pytest.approx(90, abs=2)
    assert bars(robust_charts.overlaps(shown, "light", reduction="l2"))[OTHER].x[1] == pytest.approx(50.5, abs=2)


def test_published_numbers_stand_on_the_bar_of_the_same_cell(means, beside) -> None:
    figure = robust_charts.overlaps(means, "light", beside=beside)
    assert figure.data[-1].name == "published: BERT on SST2"
    there = marks_of(figure)
    for name, values in ((OTHER, {0: 63, 1: 53}), (NAMES[UNTRAINED], {0: 69, 1: 49})):
        for at, value in values.items():
            assert there[bars(figure)[name].y[at]] == value
    assert len(there) == 4
    assert not marks_of(robust_charts.overlaps(means, "light", k=10, beside=beside))


def test_what_is_shared_by_chance_is_a_dotted_line_through_all_rows(means) -> None:
    figure = robust_charts.overlaps(means, "dark")
    lines = [trace for trace in figure.data if trace.type == "scatter"]
    assert [line.line.color for line in lines] == list(COLOURS["dark"][:3])
    for line, trace in zip(lines, bars(figure).values(), strict=True):
        assert set(line.x) == {trace.x[-1]} and tuple(line.y) == (-0.5, 4.5) and line.line.dash == "dot"


def test_infidelity_is_of_the_model_and_of_its_untrained_copy(means, beside) -> None:
    figure = robust_charts.infidelities(means, "light", beside=beside)
    assert [*bars(figure)] == ["Trained model", NAMES[UNTRAINED]] and "lower is" in figure.layout.title.text
    there = marks_of(figure)
    assert there[bars(figure)["Trained model"].y[0]] == 50 and there[bars(figure)[NAMES[UNTRAINED]].y[0]] == 42
    summed = robust_charts.infidelities(means, "light", reduction="sum", beside=beside)
    assert marks_of(summed)[bars(summed)["Trained model"].y[0]] == 62


def test_without_other_models_or_values_a_figure_is_empty_not_an_error(means) -> None:
    nothing = robust_charts.overlaps(means.iloc[:0], "light")
    assert not bars(nothing) and labels(nothing) == []
    alone = summarise(rows({}, texts=3, others=(OTHER,), differing=3), draws=10)
    assert labels(robust_charts.overlaps(alone, "light")) == []
    assert [*bars(robust_charts.infidelities(alone, "light"))] == ["Trained model"]


def test_names_from_anywhere_are_bounded_and_are_no_markup() -> None:
    odd = rows({}, texts=3, runs=((HOSTILE, "l2"), CHANCE), others=(HOSTILE, UNTRAINED), differing=0)
    written = robust_charts.overlaps(summarise(odd, draws=10), "light").to_json()
    assert "<img" not in written and "$" not in written and "\\u202e" not in written and "n" * 60 not in written


def test_a_file_of_very_many_runs_and_models_is_bounded() -> None:
    odd = rows(
        {}, texts=2, runs=[(f"ig(steps={n})", "l2") for n in range(1, 40)], others=[f"m{n}" for n in range(9)], differing=0
    )
    figure = robust_charts.overlaps(summarise(odd, draws=10), "light")
    assert len(bars(figure)) == robust_charts.MOST_GROUPS and len(labels(figure)) == robust_charts.MOST_ROWS


def test_the_helper_makes_what_it_says() -> None:
    made = rows(SHARES, texts=10)
    assert set(made["model"]) == {MODEL} and set(made["settings"]) == {"", *(run for run, _ in (*RUNS, CHANCE))}
    assert made[(made["other"] == OTHER) & (made["metric"] == "jaccard@25")]["value"].isna().sum() == 6 * 8
