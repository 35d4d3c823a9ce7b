"""Whether methods agree about one sentence: each method's order of the words, and how far the orders are apart.

Rank 1 is the word that a method says speaks most for the explained class, rank n the one that speaks least for it, or most
against it.  Equal scores share the mean of their places (two words that tie for 3rd and 4th both have rank 3.5), so that
chance does not decide between them.  Controls (chance) are ranked too, but say nothing about whether methods agree: no
spread, and no "most" or "least", counts them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from sigviz.attribution import Attribution, Floats, Unit, Value
from sigviz.errors import InvalidSettings
from sigviz.methods import METHODS
from sigviz.studies.agreement import kendall_tau, top_overlap
from sigviz.studies.plan import CHANCE

# Cheap, and of different kinds: two integrals, words taken away, a walk over words, three plain gradients, a Shapley value;
# 2 to 5 s together for the first sentence of the app on two cores.
FIRST = ("ig", "sig-exact", "dig", "grad-input", "saliency", "smoothgrad", "kernel-shap", CHANCE)
UNSIGNED = ("saliency",)  # its rank 1 is the word that matters most, in whichever direction
STEPS, SAMPLES = 50, 300  # at most, unless the reader says otherwise


@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    """m methods' ranks of the n units of one text.

    ranks: float64 [m, n], 1 to n, ties share the mean of their places.  spread: float64 [n], in places: the standard
    deviation of a unit's ranks over the methods that are no controls (of all of them: divided by their number), 0 where all
    agree.  lowest, highest: float64 [n], the smallest and largest of those ranks.  counted: bool [m], False for controls.
    """

    attributions: tuple[Attribution, ...]
    ranks: Floats
    spread: Floats
    lowest: Floats
    highest: Floats
    counted: np.ndarray

    @property
    def units(self) -> tuple[Unit, ...]:
        return self.attributions[0].units

    @property
    def disputed(self) -> list[int]:
        """The units from the largest spread to the smallest; of equal ones the earlier in the text first."""
        return [int(place) for place in np.argsort(-self.spread, kind="stable")]

    @property
    def texts_order(self) -> list[int]:
        """The units as they stand in the text."""
        return list(range(len(self.units)))


@dataclass(frozen=True, slots=True)
class Pair:
    """Two methods, by number.  tau: Kendall's tau-b, -1 to 1.  overlap: the share of one's top words among the other's."""

    first: int
    second: int
    tau: float
    overlap: float
    counted: bool


def options(method: str, steps: int = STEPS, samples: int = SAMPLES) -> dict[str, Value]:
    """The method's own options for this page: its defaults, but no more steps and samples than these, and one seed.

    Raises InvalidSettings for steps or samples below 1.
    """
    if steps < 1 or samples < 1:
        raise InvalidSettings(f"There are {steps} steps and {samples} samples at most; both must be 1 or more.")
    most = {"steps": steps, "samples": samples}
    found: dict[str, Value] = {}
    for option in METHODS[method].options:
        if option.name == "seeds":
            found["seeds"] = 1  # the spread over seeds is not shown here
        elif option.name in most:
            assert isinstance(option.default, int)
            # 0 means "as many as the method thinks best", which is many
            found[option.name] = min(option.default or most[option.name], most[option.name])
    return found


def ranking(attributions: Sequence[Attribution]) -> Ranking:
    """The ranks of one text's units by each of the explanations.

    Raises InvalidSettings for fewer than two that are no controls, and where text, units, class or F differ.
    """
    counted = np.array([one.settings.method != CHANCE for one in attributions], dtype=bool)
    if counted.sum() < 2:
        raise InvalidSettings("Whether methods agree takes two of them at least, besides the control. Choose more methods.")
    asked = {(one.text, one.units, one.target, one.settings.output, one.settings.contrast) for one in attributions}
    if len(asked) > 1:
        raise InvalidSettings("Only explanations of the same text, units, class and output can be ranked beside each other.")
    ranks = np.stack([_ranks(one.raw) for one in attributions])  # [m, n]
    own = ranks[counted]
    return Ranking(tuple(attributions), ranks, own.std(0), own.min(0), own.max(0), counted)


def pairs(found: Ranking, k: float) -> list[Pair]:
    """Every two methods, in their order.  k: how many per cent of the units are "top", above 0 to 100 (rounded up)."""
    return [
        Pair(
            i,
            j,
            kendall_tau(found.attributions[i].raw, found.attributions[j].raw),
            top_overlap(found.attributions[i].raw, found.attributions[j].raw, k),
            bool(found.counted[i] and found.counted[j]),
        )
        for i, j in combinations(range(len(found.attributions)), 2)
    ]


def extremes(found: Sequence[Pair]) -> tuple[Pair, Pair]:
    """The two methods that agree most and the two that agree least, by tau, then by overlap; controls do not count."""
    ranked = sorted((pair for pair in found if pair.counted), key=lambda pair: (pair.tau, pair.overlap))
    return ranked[-1], ranked[0]


def rows(found: Ranking, names: Sequence[str]) -> list[dict[str, Any]]:
    """One row a unit, in the order of the text, for a file: position, word, spread, and each method's rank and raw score."""
    return [
        {
            "position": place + 1,
            "text": unit.text,
            "spread of ranks": float(found.spread[place]),
            "smallest rank": float(found.lowest[place]),
            "largest rank": float(found.highest[place]),
            **{f"rank, {name}": float(found.ranks[i, place]) for i, name in enumerate(names)},
            **{f"raw, {name}": float(found.attributions[i].raw[place]) for i, name in enumerate(names)},
        }
        for place, unit in enumerate(found.units)
    ]


def pair_rows(found: Sequence[Pair], names: Sequence[str], k: float) -> list[dict[str, Any]]:
    """One row a pair of methods, for a file."""
    return [
        {
            "method": names[pair.first],
            "other": names[pair.second],
            "Kendall tau-b": pair.tau,
            "top %": k,
            "overlap of the top": pair.overlap,
            "with a control": not pair.counted,
        }
        for pair in found
    ]


def _ranks(raw: Floats) -> Floats:
    """float64 [n]: 1 for the largest signed score; ties share the mean of their places."""
    ranks: Floats = pd.Series(raw).rank(method="average", ascending=False).to_numpy(dtype=np.float64)
    return ranks
