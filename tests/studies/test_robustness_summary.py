"""Means, bootstrapped errors and verdicts of the robustness study, against numbers worked out by hand."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import pytest

from sigviz.errors import InvalidResults
from sigviz.models.untrained import REDRAWN, UNTRAINED
from sigviz.studies import robustness_summary as summary
from sigviz.studies.results import PAIR_COLUMNS
from sigviz.studies.robustness_summary import LEAST, Verdict, summarise, tests

summary_tests = tests  # a name that pytest does not collect
del tests
OTHER = "bundled/minilm-movie-2"
Cells = Mapping[tuple[str, str, str], Sequence[float]]  # method, other (or control of infidelity), metric -> a value a text


def rows(values: Cells, **changed: object) -> pd.DataFrame:
    """One row a text for each cell; `changed` overrides any column."""
    made = []
    for (method, other, metric), of_texts in values.items():
        alone = metric == "infidelity"
        for text_id, value in enumerate(of_texts):
            row = {
                "text_id": text_id,
                "text": f"text {text_id}",
                "model": "bundled/minilm-movie",
                "control": other if alone else "",
                "other": "" if alone else other,
                "method": method,
                "settings": method,
                "baseline": "unk",
                "steps": 50 if method == "ig" else None,
                "seed": 0,
                "reduction": "l2" if method in ("ig", "saliency") else "",
                "metric": metric,
                "value": value,
                "seconds": 0.5,
            }
            made.append(row | changed)
    return pd.DataFrame(made, columns=list(PAIR_COLUMNS)).astype({"steps": "Int64", "value": "float64"})


def one(frame: pd.DataFrame, **wanted: object) -> pd.Series:
    """The only row with these values."""
    for name, value in wanted.items():
        frame = frame[frame[name] == value]
    assert len(frame) == 1
    return frame.iloc[0]


def pair(same: Sequence[float], control: Sequence[float], method: str = "ig", name: str = UNTRAINED) -> pd.DataFrame:
    """A method beside another model and beside a control."""
    return rows({(method, OTHER, "jaccard@25"): same, (method, name, "jaccard@25"): control})


# Means


def test_shares_become_per_cent_and_infidelity_is_it_already() -> None:
    given = {("", OTHER, "same_prediction"): [1, 0, 1, 1], ("ig", OTHER, "jaccard@25"): [0.5, math.nan, 1.0, 0.0]}
    given |= {("ig", "", "infidelity"): [10.0, 20.0, 30.0, 100.0], ("ig", UNTRAINED, "infidelity"): [50.0] * 4}
    found = summarise(rows(given))
    same, jaccard = one(found, metric="same_prediction"), one(found, metric="jaccard@25")
    assert (same["n"], same["missing"], same["mean"]) == (4, 0, 75.0)
    assert (jaccard["n"], jaccard["missing"], jaccard["mean"]) == (3, 1, 50.0)
    assert one(found, metric="infidelity", control="")["mean"] == 40.0
    assert one(found, metric="infidelity", control=UNTRAINED)[["mean", "se"]].tolist() == [50.0, 0.0]
    assert list(found.columns) == [*summary.RUN, "control", "other", "metric", "n", "missing", "mean", "se", "low", "high"]
    assert (same["steps"], jaccard["steps"]) == (-1, 50)


def test_a_text_with_some_rows_missing_altogether_counts_as_missing() -> None:
    given = rows({("ig", "", "infidelity"): [10.0, 20.0], ("saliency", "", "infidelity"): [10.0, 20.0, 30.0]})
    assert one(summarise(given), method="ig")[["n", "missing", "mean"]].tolist() == [2, 1, 15.0]


def test_infinite_values_count_as_missing() -> None:
    found = one(summarise(rows({("ig", "", "infidelity"): [10.0, math.inf, -math.inf, 30.0]})))
    assert found[["n", "missing", "mean"]].tolist() == [2, 2, 20.0]


def test_the_bootstrapped_error_of_many_texts_is_that_of_the_textbook() -> None:
    values = np.random.default_rng(1).uniform(0, 1, 1000)
    found = one(summarise(rows({("ig", OTHER, "jaccard@25"): values.tolist()})))
    textbook = 100 * values.std(ddof=1) / math.sqrt(1000)
    assert found["mean"] == pytest.approx(100 * values.mean(), rel=1e-12)
    assert found["se"] == pytest.approx(textbook, rel=0.05)
    assert found["mean"] - found["low"] == pytest.approx(1.96 * textbook, rel=0.1)
    assert found["high"] - found["mean"] == pytest.approx(1.96 * textbook, rel=0.1)


def test_the_error_comes_from_the_texts_that_have_a_value() -> None:
    values = np.random.default_rng(1).uniform(0, 1, 400)
    half = np.where(np.arange(400) % 4 == 0, values, np.nan)
    found = one(summarise(rows({("ig", OTHER, "jaccard@25"): half.tolist()})))
    there = half[np.isfinite(half)]
    assert found["n"] == 100 and found["se"] == pytest.approx(100 * there.std(ddof=1) / 10, rel=0.1)


@pytest.mark.parametrize("n", [2, 3, 5])
def test_a_few_values_among_many_texts_have_an_error_of_their_own_size(n: int) -> None:
    """Draws in which none of them is say nothing: they are no mean of 0."""
    values = [math.nan] * 100
    values[:n] = [0.5 + 0.01 * (at % 2) for at in range(n)]
    found = one(summarise(rows({("ig", OTHER, "jaccard@25"): values})))
    assert found["n"] == n and 0 < found["se"] < 1 and 50 <= found["low"] <= found["high"] <= 51
    compared = pair(values, [0.2] * 100)
    (test,) = summary_tests(compared)
    assert test.se < 1 and 30 <= test.low <= test.high <= 31


def test_the_interval_holds_the_true_mean_about_as_often_as_it_says() -> None:
    random, held = np.random.default_rng(2), 0
    studies = {(f"m{at}", "", "infidelity"): (random.exponential(30, 60)).tolist() for at in range(300)}
    found = summarise(rows(studies), draws=500)
    held = int(((found["low"] <= 30) & (found["high"] >= 30)).sum())
    assert 0.88 < held / 300 < 0.98
    assert ((found["low"] <= found["mean"]) & (found["mean"] <= found["high"])).all()


def test_draws_are_decided_by_the_seed() -> None:
    values = np.random.default_rng(3).uniform(0, 1, 40).tolist()
    given = rows({("ig", OTHER, "jaccard@25"): values, ("saliency", OTHER, "jaccard@25"): values[::-1]})
    pd.testing.assert_frame_equal(summarise(given), summarise(given), check_exact=True)
    apart = summarise(given, seed=1)
    assert (apart["se"] != summarise(given)["se"]).all() and (apart["mean"] == summarise(given)["mean"]).all()
    assert summarise(given, draws=7)["se"].notna().all()


def test_bootstrapped_means_are_those_of_texts_drawn_one_by_one() -> None:
    """Slowly: the same counts, each text taken as often as it was drawn."""
    values = np.array([[10.0, np.nan], [20.0, 5.0], [90.0, np.nan], [40.0, 6.0]])
    drawn = summary._bootstrap(values, 50, seed=4)
    counts = np.random.default_rng(4).multinomial(4, [0.25] * 4, size=50)
    for found, taken in zip(drawn, counts, strict=True):
        for column in range(2):
            some = [v for v, times in zip(values[:, column], taken, strict=True) for _ in range(times) if not math.isnan(v)]
            assert math.isnan(found[column]) if not some else found[column] == pytest.approx(sum(some) / len(some))


def test_a_column_without_any_value_has_no_numbers() -> None:
    given = rows({("ig", OTHER, "jaccard@25"): [math.nan] * 3, ("saliency", OTHER, "jaccard@25"): [0.1, 0.2, 0.3]})
    empty, full = (one(summarise(given), method=name) for name in ("ig", "saliency"))
    assert (empty["n"], empty["missing"]) == (0, 3)
    assert all(math.isnan(empty[name]) for name in ("mean", "se", "low", "high"))
    assert full["mean"] == pytest.approx(20.0) and full["se"] > 0


def test_a_single_text_has_a_mean_and_no_standard_error() -> None:
    found = one(summarise(rows({("ig", OTHER, "jaccard@25"): [0.25, math.nan, math.nan]})))
    assert (found["n"], found["mean"]) == (1, 25.0) and math.isnan(found["se"])


def test_numbers_do_not_depend_on_the_order_of_rows_and_columns_follow_it() -> None:
    random = np.random.default_rng(5)
    names = [("ig", OTHER), ("saliency", OTHER), ("ig", UNTRAINED), ("saliency", UNTRAINED), ("random", OTHER)]
    given = rows({(*name, "jaccard@25"): random.uniform(0, 1, 30).tolist() for name in names})
    shuffled = given.sample(frac=1, random_state=1)
    keys = [*summary.RUN, "control", "other", "metric"]
    one, other = (summarise(some).set_index(keys).sort_index() for some in (given, shuffled))
    pd.testing.assert_frame_equal(one, other, rtol=1e-12)
    order = [(row.method, row.other) for row in summarise(given).itertuples()]
    assert order == names
    backwards = given.iloc[::-1]
    assert [(row.method, row.other) for row in summarise(backwards).itertuples()] == names[::-1]
    told, again = ({test.run["method"]: test for test in summary_tests(some)} for some in (given, shuffled))
    assert told.keys() == again.keys() == {"ig", "saliency"}
    for method, test in told.items():
        assert (test.difference, test.low, test.se) == pytest.approx(
            (again[method].difference, again[method].low, again[method].se), rel=1e-12
        )


def test_models_baselines_steps_and_reductions_stay_apart() -> None:
    changes: list[dict[str, object]] = [
        {},
        {"model": "b"},
        {"baseline": "pad"},
        {"steps": 7},
        {"reduction": "sum"},
        {"settings": "x"},
    ]
    parts = [rows({("ig", OTHER, "jaccard@25"): [at / 10]}, **change) for at, change in enumerate(changes)]
    found = summarise(pd.concat(parts))
    assert found["mean"].tolist() == pytest.approx([0, 10, 20, 30, 40, 50])


# Refused


@pytest.mark.parametrize("function", [summarise, summary_tests])
def test_a_repeated_row_is_refused(function) -> None:
    given = pair([0.1, 0.2], [0.3, 0.4])
    with pytest.raises(InvalidResults, match="occur twice"):
        function(pd.concat([given, given.tail(1)]))


@pytest.mark.parametrize("function", [summarise, summary_tests])
@pytest.mark.parametrize("column", ["metric", "method", "value", "other", "reduction", "text_id"])
def test_results_of_another_form_are_refused_by_the_column(function, column: str) -> None:
    with pytest.raises(InvalidResults, match=f"lack the columns {column}"):
        function(pair([0.1], [0.2]).drop(columns=column))


@pytest.mark.parametrize("function", [summarise, summary_tests])
@pytest.mark.parametrize("column", ["value", "steps"])
def test_words_in_the_place_of_numbers_are_refused(function, column: str) -> None:
    with pytest.raises(InvalidResults, match="not all numbers"):
        function(pair([0.1], [0.2]).astype({column: "object"}).assign(**{column: "many"}))


def test_no_rows_give_nothing() -> None:
    assert len(summarise(pd.DataFrame(columns=list(PAIR_COLUMNS)))) == 0
    assert len(summarise(pair([0.1], [0.2]).iloc[:0])) == 0
    assert summary_tests(pair([0.1], [0.2]).iloc[:0]) == []


# Verdicts


@pytest.mark.parametrize(
    ("same", "control", "verdict"),
    [
        ([0.5, 0.7] * 20, [0.1, 0.3] * 20, Verdict.PASSES),
        ([0.1, 0.3] * 20, [0.5, 0.7] * 20, Verdict.WORSE),
        ([0.4, 0.6] * 20, [0.6, 0.4] * 20, Verdict.FAILS),
        ([0.5] * 40, [0.5] * 40, Verdict.FAILS),
        ([0.5, 0.7] * 9, [0.1, 0.3] * 9, Verdict.OPEN),
        ([math.nan] * 40, [0.1] * 40, Verdict.OPEN),
        ([0.5] * 40, [math.nan] * 40, Verdict.OPEN),
        ([0.9] * 40, [0.1] * (LEAST - 1) + [math.nan] * (41 - LEAST), Verdict.OPEN),
        ([0.9] * 40, [0.1] * LEAST + [math.nan] * (40 - LEAST), Verdict.PASSES),
    ],
)
def test_a_verdict_goes_by_the_whole_interval_and_needs_some_texts(same, control, verdict: Verdict) -> None:
    (test,) = summary_tests(pair(same, control))
    assert test.verdict == verdict
    assert (test.other, test.control, test.k) == (OTHER, UNTRAINED, 25)
    assert (test.n_same, test.n_control) == (np.isfinite(same).sum(), np.isfinite(control).sum())
    if test.n_same and test.n_control:
        assert test.same == pytest.approx(100 * np.nanmean(same))
        assert test.difference == pytest.approx(100 * (np.nanmean(same) - np.nanmean(control)))
        assert test.low <= test.difference + 1e-9 and test.difference <= test.high + 1e-9
    else:
        assert math.isnan(test.difference) and math.isnan(test.se)


def test_a_difference_is_taken_text_by_text() -> None:
    """What two columns share from text to text cancels out: the error is that of the differences, not of the two means."""
    shared = np.random.default_rng(6).uniform(0.2, 0.8, 100)
    apart = np.random.default_rng(7).normal(0.05, 0.02, 100)
    (test,) = summary_tests(pair((shared + apart).tolist(), shared.tolist()))
    assert test.se == pytest.approx(100 * apart.std(ddof=1) / 10, rel=0.1)
    assert test.verdict == Verdict.PASSES
    (unpaired,) = summary_tests(pair((shared + apart).tolist(), shared[::-1].tolist()))
    assert unpaired.difference == pytest.approx(test.difference) and unpaired.se > 5 * test.se
    assert unpaired.verdict == Verdict.FAILS


def test_chance_is_not_put_to_the_test_and_every_other_run_is() -> None:
    given = [pair([0.5] * 30, [0.1] * 30, method) for method in ("ig", "random", "sig-exact")]
    given.append(pair([0.5] * 30, [0.2] * 30, "ig").assign(reduction="sum"))
    found = summary_tests(pd.concat(given))
    assert [(test.run["method"], test.run["reduction"]) for test in found] == [("ig", "l2"), ("sig-exact", ""), ("ig", "sum")]
    assert [round(test.difference) for test in found] == [40, 40, 30]
    assert all(list(test.run) == summary.RUN for test in found)


def test_without_another_model_or_this_control_there_is_no_test() -> None:
    both = pair([0.5] * 30, [0.1] * 30)
    assert summary_tests(both[both["other"] == UNTRAINED]) == []
    assert summary_tests(both[both["other"] == OTHER]) == []
    assert summary_tests(both, control=REDRAWN) == []
    assert summary_tests(pd.concat([both, pair([], [0.3] * 30, name=REDRAWN)]), control=REDRAWN)[0].with_control == 30
    assert summary_tests(both, k=10) == []


def test_the_other_level_is_tested_by_its_own_rows() -> None:
    ten = pair([0.9] * 30, [0.3] * 30).assign(metric="jaccard@10")
    (test,) = summary_tests(pd.concat([pair([0.5] * 30, [0.1] * 30), ten]), k=10)
    assert (test.k, round(test.difference)) == (10, 60)


def test_controls_are_called_by_what_they_are_and_models_by_their_names() -> None:
    assert {summary.name(UNTRAINED), summary.name(REDRAWN)} == {"Untrained head", "Nothing trained"}
    assert summary.name(OTHER) == OTHER
