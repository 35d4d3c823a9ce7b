"""Means, standard errors and paired tests, against numbers worked out by hand."""

import itertools
import math

import numpy as np
import pandas as pd
import pytest

from sigviz.errors import InvalidResults
from sigviz.studies import summary
from sigviz.studies.metrics import METRICS
from sigviz.studies.results import COLUMNS
from sigviz.studies.summary import MEASURE, MEASURES, RUN, paired, sign_flip, summarise
from tests.studies.study_rows import rows


def one(frame: pd.DataFrame, **wanted: object) -> pd.Series:
    """The only row with these values."""
    for name, value in wanted.items():
        frame = frame[frame[name] == value]
    assert len(frame) == 1
    return frame.iloc[0]


def test_mean_and_standard_error_are_those_of_the_texts() -> None:
    found = one(summarise(rows({("ig", "log_odds"): [-1.0, -2.0, -3.0, -6.0]})), metric="log_odds")
    assert (found["n"], found["missing"]) == (4, 0)
    assert found["mean"] == pytest.approx(-3.0)
    assert found["se"] == pytest.approx(math.sqrt((4 + 1 + 0 + 9) / 3) / 2)


def test_a_missing_value_counts_as_missing_and_not_as_zero() -> None:
    found = one(summarise(rows({("ig", "log_odds"): [-1.0, math.nan, -3.0, math.inf]})), metric="log_odds")
    assert (found["n"], found["missing"], found["mean"], found["se"]) == (2, 2, -2.0, 1.0)


def test_a_single_text_has_a_mean_and_no_standard_error() -> None:
    found = one(summarise(rows({("ig", "log_odds"): [-1.5]})), metric="log_odds")
    assert (found["n"], found["mean"]) == (1, -1.5)
    assert math.isnan(found["se"])


def test_a_metric_without_any_value_has_no_mean() -> None:
    found = one(summarise(rows({("ig", "log_odds"): [math.nan, math.nan]})), metric="log_odds")
    assert (found["n"], found["missing"]) == (0, 2)
    assert math.isnan(found["mean"]) and math.isnan(found["se"])


def test_the_time_is_a_metric_counted_once_a_text() -> None:
    given = rows({("ig", "log_odds"): [1.0, 2.0], ("ig", "sufficiency"): [1.0, 2.0]})
    given["seconds"] = [0.1, 0.3, 0.1, 0.3]
    found = one(summarise(given), metric="seconds")
    assert (found["n"], found["protocol"]) == (2, "")
    assert (found["mean"], found["se"]) == pytest.approx((0.2, 0.1))


def test_seeds_are_averaged_within_a_text_so_that_n_counts_texts() -> None:
    first, second = (rows({("random", "log_odds"): v}, seed=seed) for seed, v in ((0, [1.0, 2.0]), (1, [3.0, 6.0])))
    found = one(summarise(pd.concat([first, second])), metric="log_odds")
    assert (found["n"], found["mean"], found["se"]) == (2, 3.0, 1.0)


def test_a_total_delta_is_taken_by_its_size() -> None:
    assert one(summarise(rows({("ig", "total_delta"): [-2.0, 2.0]})), metric="total_delta")["mean"] == 2.0


def test_settings_baselines_models_and_controls_stay_apart() -> None:
    parts = [
        rows({("ig", "log_odds"): [1.0], ("ig(steps=250)", "log_odds"): [2.0]}),
        rows({("ig", "log_odds"): [3.0]}, baseline="pad"),
        rows({("ig", "log_odds"): [4.0]}, model="other"),
        rows({("ig", "log_odds"): [5.0]}, control="untrained"),
        rows({("ig", "log_odds"): [6.0]}, protocol="paper"),
    ]
    found = summarise(pd.concat(parts))
    assert sorted(found[found["metric"] == "log_odds"]["mean"]) == [1, 2, 3, 4, 5, 6]
    assert list(found.columns) == [*RUN, *MEASURE, "n", "missing", "mean", "se", "best"]


def test_the_best_is_lowest_or_highest_as_the_metric_says_and_ties_are_all_best() -> None:
    given = {("ig", "log_odds"): [-1.2], ("sig", "log_odds"): [-2.0004], ("sig-exact", "log_odds"): [-2.0001]}
    given |= {("ig", "comprehensiveness"): [0.4], ("sig", "comprehensiveness"): [0.3], ("ig", "total_delta"): [0.1]}
    given |= {("ig", "infidelity"): [33.34], ("sig", "infidelity"): [33.26]}
    found = summarise(rows(given))
    best = {(row.method, row.metric) for row in found[found["best"]].itertuples()}
    both = {("ig", "infidelity"), ("sig", "infidelity")}  # 33.3 both, as far as the table says
    assert best == {("sig", "log_odds"), ("sig-exact", "log_odds"), ("ig", "comprehensiveness")} | both


def test_a_control_is_never_the_best() -> None:
    given = [
        rows({("ig", "log_odds"): [-1.0], ("sig", "log_odds"): [-2.0], ("random", "log_odds"): [-9.0]}),
        rows({("ig", "log_odds"): [-8.0], ("sig", "log_odds"): [-9.0]}, control="untrained"),
    ]
    found = summarise(pd.concat(given))
    (best,) = found[found["best"]].to_dict("records")
    assert (best["method"], best["control"]) == ("sig", "")


def test_who_has_nobody_beside_it_is_not_called_best() -> None:
    assert not summarise(rows({("ig", "log_odds"): [-1.0], ("random", "log_odds"): [0.0]}))["best"].any()


@pytest.mark.parametrize("function", [summarise, paired])
def test_a_repeated_row_is_refused(function) -> None:
    given = rows({("ig", "log_odds"): [1.0, 2.0]})
    with pytest.raises(InvalidResults, match="1 rows of the results occur twice, the first for text 1, ig, log_odds"):
        function(pd.concat([given, given.tail(1)]))


@pytest.mark.parametrize("function", [summarise, paired])
def test_results_of_another_form_are_refused(function) -> None:
    given = rows({("ig", "log_odds"): [1.0]})
    with pytest.raises(InvalidResults, match="lack the columns metric, value"):
        function(given.drop(columns=["metric", "value"]))
    with pytest.raises(InvalidResults, match="not all numbers"):
        function(given.assign(value="a"))


@pytest.mark.parametrize("function", [summarise, paired])
def test_no_rows_give_an_empty_summary(function) -> None:
    assert len(function(pd.DataFrame(columns=list(COLUMNS)))) == 0
    assert len(function(rows({("ig", "log_odds"): [1.0]}).iloc[:0])) == 0


def test_every_metric_has_its_words() -> None:
    assert set(METRICS) < set(MEASURES)
    assert all(metric.label and metric.summary for metric in MEASURES.values())
    assert summary.measure("from the future").label == "from the future"


# Paired differences


def test_a_difference_is_taken_text_by_text_on_the_texts_that_both_have() -> None:
    given = rows({("ig", "log_odds"): [1.0, 2.0, 3.0, math.nan], ("sig", "log_odds"): [0.0, 1.5, math.nan, 7.0]})
    found = one(paired(given), metric="log_odds")
    assert (found["method"], found["reference"], found["reference_steps"]) == ("sig", "ig", 50)
    assert (found["n"], found["difference"], found["better"]) == (2, -0.75, True)
    assert found["se"] == pytest.approx(0.25)
    assert found["p"] == 0.5, "of the four signs two give so large a sum"


def test_texts_are_matched_by_their_id_and_not_by_their_place() -> None:
    given = rows({("ig", "log_odds"): [1.0, 2.0, 3.0], ("sig", "log_odds"): [1.5, 2.5, 3.5]})
    shuffled = given.sample(frac=1, random_state=3)
    found = one(paired(shuffled), metric="log_odds")
    assert (found["difference"], found["se"], found["better"]) == (0.5, 0.0, False)


def test_all_are_compared_with_the_run_of_ig_that_has_most_steps() -> None:
    given = {(name, "log_odds"): [1.0, 2.0] for name in ("ig", "ig(steps=250)", "sig", "grad-input", "ig(steps=10)")}
    found = paired(rows(given))
    found = found[found["metric"] == "log_odds"]
    assert set(found["reference"]) == {"ig(steps=250)"} and set(found["reference_steps"]) == {250}
    assert list(found["settings"]) == ["ig", "sig", "grad-input", "ig(steps=10)"]
    assert list(found["p"]) == [1.0] * 4 and list(found["better"]) == [None] * 4


def test_a_study_without_ig_has_nothing_to_be_paired_with() -> None:
    found = paired(rows({("sig", "log_odds"): [1.0, 2.0]}))
    assert len(found) == 0 and {"difference", "p"} <= {*found.columns}


def test_ig_alone_has_no_other_to_be_paired_with() -> None:
    assert len(paired(rows({("ig", "log_odds"): [1.0, 2.0]}))) == 0


def test_baselines_and_controls_are_compared_with_their_own_ig() -> None:
    given = [rows({("ig", "infidelity"): [0.0, 0.0], ("sig", "infidelity"): [1.0, 1.0]})]
    given.append(rows({("ig", "infidelity"): [5.0, 5.0], ("sig", "infidelity"): [7.0, 7.0]}, baseline="pad"))
    given.append(rows({("ig", "infidelity"): [5.0, 5.0], ("sig", "infidelity"): [9.0, 9.0]}, control="untrained"))
    found = paired(pd.concat(given))
    found = found[found["metric"] == "infidelity"]
    assert [*found[["baseline", "control", "difference"]].itertuples(index=False, name=None)] == [
        ("mask", "", 1.0),
        ("pad", "", 2.0),
        ("mask", "untrained", 4.0),
    ]


def test_points_of_curves_are_not_tested_and_deltas_have_no_better() -> None:
    given = {(name, metric): [1.0, 2.5] for name in ("ig", "sig") for metric in ("deletion@20", "total_delta")}
    given[("sig", "total_delta")] = [3.0, 4.0]
    found = paired(rows(given))
    assert set(found["metric"]) == {"total_delta", "seconds"}
    assert one(found, metric="total_delta")["better"] is None


def test_one_text_proves_nothing() -> None:
    found = one(paired(rows({("ig", "log_odds"): [1.0], ("sig", "log_odds"): [0.0]})), metric="log_odds")
    assert (found["n"], found["difference"], found["p"]) == (1, -1.0, 1.0)
    assert math.isnan(found["se"])


def test_no_common_text_means_no_difference() -> None:
    given = rows({("ig", "log_odds"): [1.0, math.nan], ("sig", "log_odds"): [math.nan, 1.0]})
    found = one(paired(given), metric="log_odds")
    assert found["n"] == 0 and found["better"] is None
    assert math.isnan(found["difference"]) and math.isnan(found["p"])


def by_hand(differences: list[float]) -> float:
    """p by walking through every sign."""
    sums = [
        abs(sum(s * d for s, d in zip(signs, differences, strict=True)))
        for signs in itertools.product((-1, 1), repeat=len(differences))
    ]
    return sum(total >= abs(sum(differences)) - 1e-12 for total in sums) / len(sums)


@pytest.mark.parametrize("differences", [[1.0, 2.0, 3.0], [0.1, 0.2, 0.3, -0.6], [1, 1, 1, 1, 1, 1, 1, -1], [0.0, 0.0, 5.0]])
def test_few_texts_are_tested_exactly(differences) -> None:
    assert sign_flip(np.array(differences, float)[:, None])[0] == by_hand(differences)


def test_missing_texts_leave_the_exact_p_as_it_is() -> None:
    both = np.array([[1.0, np.nan], [2.0, 2.0], [3.0, 3.0], [4.0, np.nan]])
    assert list(sign_flip(both)) == [by_hand([1, 2, 3, 4]), by_hand([2, 3])]


def test_many_texts_are_sampled_near_the_normal_law_and_always_alike() -> None:
    random = np.random.default_rng(1)
    noise = random.normal(size=400)
    for shift in (0.0, 0.05, 0.1):
        shifted = noise - noise.mean() + shift
        z = shift * math.sqrt(400) / math.sqrt(np.mean(shifted**2))
        (p,) = sign_flip(shifted[:, None])
        assert p == pytest.approx(math.erfc(z / math.sqrt(2)), abs=0.02)
        assert p == sign_flip(shifted[:, None])[0]
    assert sign_flip((noise + 5)[:, None])[0] == pytest.approx(1 / 10_001), "never 0: only so many draws were made"
