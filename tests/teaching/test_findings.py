"""What the About page says was measured: the shipped results' own numbers, and a verdict that follows their direction."""

import json
from math import sqrt

import numpy as np
import pytest

from sigviz.models import bundled, catalogue
from sigviz.studies import shipped, summary
from sigviz.studies.metrics import METRICS
from sigviz.teaching.findings import MODEL, SHOWN, Difference, accuracies, difference, findings
from tests.studies.study_rows import rows


@pytest.mark.parametrize(("part", "method"), [("fixed", "sig-exact"), ("walk", "dig"), ("largest", "sig-exact")])
def test_differences_are_those_of_the_paired_table(part: str, method: str) -> None:
    study = shipped.load(MODEL if part != "largest" else f"max-logit-{MODEL}").rows
    some = study[study["method"].isin(["ig", method]) & (study["baseline"] == "mask") & (study["control"] == "")]
    paired = summary.paired(some[some["protocol"].isin(["paper", ""])]).set_index("metric")
    found = getattr(findings(), part)
    assert [one.metric.id for one in found] == list(SHOWN)
    for one in found:
        row = paired.loc[one.metric.id]
        assert (one.n, one.mean, one.se) == (row["n"], pytest.approx(row["difference"]), pytest.approx(row["se"]))
        assert one.p == pytest.approx(row["p"])
        assert (one.verdict == "ahead") == (row["p"] < 0.05 and bool(row["better"]))


def test_baselines_and_the_untrained_model_are_measured_too() -> None:
    found = findings()
    assert [id for id, _ in found.baselines] == ["ig", "sig-exact", "dig"]
    assert all(one.n == 500 for _, one in found.baselines) and found.untrained.n >= 20
    study = shipped.load(MODEL).rows
    some = study[(study["metric"] == "comprehensiveness") & (study["control"] == "") & study["protocol"].isin(["paper", ""])]
    means = some.groupby(["method", "baseline"])["value"].mean()
    for id, one in found.baselines:
        assert one.mean == pytest.approx(means[id, "mask"] - means[id, "pad"]), "mask less pad"


def test_a_difference_by_hand() -> None:
    values = {("ig", "log_odds"): [-1.0, -2.0, -3.0, -9.0], ("sig-exact", "log_odds"): [-1.5, -2.0, -4.0]}
    made = rows(values, protocol="paper")
    one = difference(made, {"method": "sig-exact", "baseline": "mask"}, {"method": "ig", "baseline": "mask"}, "log_odds")
    assert (one.n, one.mean) == (3, pytest.approx(-0.5))
    assert one.se == pytest.approx(np.std([-0.5, 0, -1], ddof=1) / sqrt(3))
    assert one.p == pytest.approx(0.5), "2 of the 8 signs, twice over for the text without a difference"


@pytest.mark.parametrize(
    ("metric", "mean", "p", "verdict"),
    [
        ("log_odds", -1.0, 0.01, "ahead"),
        ("log_odds", 1.0, 0.01, "behind"),
        ("comprehensiveness", 1.0, 0.01, "ahead"),
        ("comprehensiveness", -1.0, 0.01, "behind"),
        ("comprehensiveness", -1.0, 0.05, "no clear difference"),
    ],
)
def test_ahead_and_behind_follow_the_direction_of_the_metric(metric: str, mean: float, p: float, verdict: str) -> None:
    assert Difference(METRICS[metric], 10, mean, 0.1, p).verdict == verdict


def test_accuracies_are_those_of_the_cards() -> None:
    for one in accuracies():
        card = json.loads((bundled.ADAPTERS / one.name.removeprefix("bundled/") / "card.json").read_text())
        assert (one.accuracy, one.se, one.n) == (card["test_accuracy"], card["test_standard_error"], card["n"]["test"])
    assert len(accuracies()) == len(catalogue.BUNDLED)
