"""What sigviz's own studies found on the papers' questions, out of the shipped results: nothing here is typed in.

Differences are paired, text by text, as in the Faithfulness page; protocol "paper" where a metric has one.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from sigviz.models import bundled, catalogue
from sigviz.studies import shipped
from sigviz.studies.metrics import METRICS, Metric
from sigviz.studies.summary import sign_flip

MODEL = "minilm-movie"  # of the studies: 500 texts, with mask and pad
SHOWN = ("log_odds", "comprehensiveness", "sufficiency", "infidelity")
SURE = 0.05  # of p, not corrected for the number of comparisons


@dataclass(frozen=True, slots=True)
class Difference:
    """Mean of one minus the other over n texts, in the unit of the metric; se: its standard error; p: by sign-flip test."""

    metric: Metric
    n: int
    mean: float
    se: float
    p: float

    @property
    def verdict(self) -> str:
        """ahead, behind, or no clear difference: how the first fares beside the second."""
        if self.p >= SURE:
            return "no clear difference"
        return "ahead" if (self.mean < 0) == (self.metric.better == "lower") else "behind"


@dataclass(frozen=True, slots=True)
class Findings:
    """By metric, in the order of SHOWN.

    fixed: exact SIG − IG, the target fixed.  largest: the same with F = the largest logit at every point, as in the papers'
    code.  walk: DIG − IG.  baselines: mask − pad, by method, comprehensiveness alone (log-odds puts the baseline in).
    untrained: exact SIG − random scores on the untrained model, comprehensiveness.  All but the last two with mask.
    """

    fixed: tuple[Difference, ...]
    largest: tuple[Difference, ...]
    walk: tuple[Difference, ...]
    baselines: tuple[tuple[str, Difference], ...]
    untrained: Difference


@dataclass(frozen=True, slots=True)
class Trained:
    """A bundled model's accuracy (0 to 1) on n texts of the test split that it never saw, with its standard error."""

    name: str
    title: str
    accuracy: float
    se: float
    n: int


@cache
def findings() -> Findings:
    """The differences that the papers' claims are about; a second for the first who asks."""
    rows = shipped.load(MODEL).rows
    largest = shipped.load(f"max-logit-{MODEL}").rows
    comp = "comprehensiveness"
    ig, exact = {"method": "ig", "baseline": "mask"}, {"method": "sig-exact", "baseline": "mask"}
    methods = ("ig", "sig-exact", "dig")
    return Findings(
        fixed=tuple(difference(rows, exact, ig, metric) for metric in SHOWN),
        largest=tuple(difference(largest, exact, ig, metric) for metric in SHOWN),
        walk=tuple(difference(rows, {**ig, "method": "dig"}, ig, metric) for metric in SHOWN),
        baselines=tuple(
            (id, difference(rows, {"method": id, "baseline": "mask"}, {"method": id, "baseline": "pad"}, comp))
            for id in methods
        ),
        untrained=difference(rows, exact, {**exact, "method": "random"}, comp, control="untrained"),
    )


def difference(
    rows: pd.DataFrame, one: dict[str, Any], other: dict[str, Any], metric: str, *, control: str = ""
) -> Difference:
    """One run minus another on the texts that both have a value for.  one, other: what their rows hold in these columns."""
    mine, theirs = (_values(rows, run, metric, control) for run in (one, other))
    apart = (mine - theirs).dropna().to_numpy(float)
    n = len(apart)
    assert n > 1, f"the shipped study has no pair of {one} and {other}"
    se = float(np.std(apart, ddof=1) / np.sqrt(n))
    return Difference(METRICS[metric], n, float(apart.mean()), se, float(sign_flip(apart[:, None])[0]))


def _values(rows: pd.DataFrame, run: dict[str, Any], metric: str, control: str) -> pd.Series:
    wanted = {**run, "metric": metric, "control": control}
    found = rows[np.logical_and.reduce([rows[name] == value for name, value in wanted.items()])]
    found = found[found["protocol"].isin(["paper", ""])]
    return found.set_index("text_id")["value"].sort_index()


@cache
def accuracies() -> tuple[Trained, ...]:
    """The bundled models, out of their cards."""
    found = []
    for name, entry in catalogue.BUNDLED.items():
        card = bundled.read_card(bundled.ADAPTERS / name.removeprefix(catalogue.PREFIX))
        found.append(Trained(name, entry.title, card["test_accuracy"], card["test_standard_error"], card["n"]["test"]))
    return tuple(found)
