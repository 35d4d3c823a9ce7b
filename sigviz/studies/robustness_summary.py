"""From a robustness study's rows to what its tables and charts show: means with bootstrapped errors, and verdicts.

The texts are the sample.  A text's Jaccard is missing where its two models predict different classes; n is the number of texts
with a value.  Errors and intervals are bootstrapped over texts (Efron 1979): texts are drawn anew with replacement, DRAWS
times by a fixed seed, and everything is computed again, so that a difference keeps together what comes from one text.
Jaccard is a share from 0 to 1 in rows; here, as in the paper, it is per cent, as infidelity is, too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sigviz.attribution import Floats
from sigviz.errors import InvalidResults
from sigviz.models.untrained import REDRAWN, UNTRAINED
from sigviz.studies.plan import CHANCE
from sigviz.studies.robustness import LEVELS, SAME, jaccard_id

DRAWS = 2_000
SURE = 95.0  # per cent: the share of draws that an interval holds
LEAST = 20  # texts: with fewer, an interval says little
RUN = ["model", "method", "settings", "baseline", "steps", "reduction"]  # what was run; steps: -1 where it has none
NAMES: Mapping[str, str] = {UNTRAINED: "Untrained head", REDRAWN: "Nothing trained"}  # controls, as tables call them
_PER_CENT = {SAME, *map(jaccard_id, LEVELS)}  # shares in rows
_NEEDED = {*RUN, "control", "other", "metric", "text_id", "value"}


def name(other: str) -> str:
    """How tables call what a model is set beside: a control by what it is, a model by its name."""
    return NAMES.get(other, other)


def summarise(rows: pd.DataFrame, *, draws: int = DRAWS, seed: int = 0) -> pd.DataFrame:
    """One row for each of RUN, control, other and metric, in the order in which they first come.

    Added columns: n (texts with a value), missing (texts without), mean, se (standard deviation of the bootstrapped means; NaN
    where n < 2), low, high (the middle SURE % of them).  All per cent.
    Raises InvalidResults where columns are missing, values are not numbers, or a row occurs twice.
    """
    wide = _wide(rows, [*RUN, "control", "other", "metric"])
    values, drawn = wide.to_numpy(), _bootstrap(wide.to_numpy(), draws, seed)
    n = np.isfinite(values).sum(0)
    low, high = _interval(drawn)
    told = {"n": n, "missing": len(values) - n, "mean": _mean(values), "se": _spread(drawn, n), "low": low, "high": high}
    return wide.columns.to_frame(index=False).assign(**told)


class Verdict(StrEnum):
    """What a method's overlaps say of it.  See `Test`."""

    PASSES = "passes"
    FAILS = "fails"
    WORSE = "fails the other way round"
    OPEN = "cannot be told"


@dataclass(frozen=True, slots=True)
class Test:
    """One method's test: are two models that do the same explained more alike than a trained and an untrained one?

    run: by the columns of RUN.  other: the trained model beside it; control: UNTRAINED or REDRAWN.  same, with_control: mean
    Jaccard@k beside the one and beside the other, per cent, over n_same and n_control texts.  difference: same -
    with_control, in points; se, low, high: of it, as in `summarise`.
    """

    run: Mapping[str, object]
    other: str
    control: str
    k: int
    same: float
    n_same: int
    with_control: float
    n_control: int
    difference: float
    se: float
    low: float
    high: float

    @property
    def verdict(self) -> Verdict:
        """PASSES where the whole interval of the difference is above 0, WORSE where it is below; FAILS where it holds 0."""
        if not np.isfinite([self.low, self.high]).all() or min(self.n_same, self.n_control) < LEAST:
            return Verdict.OPEN
        return Verdict.PASSES if self.low > 0 else Verdict.WORSE if self.high < 0 else Verdict.FAILS


def tests(rows: pd.DataFrame, control: str = UNTRAINED, k: int = 25, *, draws: int = DRAWS, seed: int = 0) -> list[Test]:
    """The test of every method and reduction, in the order of the rows; random scores, which cannot pass, left out.

    Empty where the study has no other model, or not this control.  Raises InvalidResults, as `summarise`.
    """
    _refuse_incomplete(rows)
    wide = _wide(rows[(rows["metric"] == jaccard_id(k)) & (rows["method"] != CHANCE)], [*RUN, "other"])
    values, drawn = wide.to_numpy(), _bootstrap(wide.to_numpy(), draws, seed)
    place: dict[tuple[object, ...], int] = {tuple(column): number for number, column in enumerate(wide.columns)}
    models = [str(other) for *_, other in place if other not in NAMES]
    found = []
    for run in dict.fromkeys(column[:-1] for column in place):
        one, two = (*run, models[0] if models else ""), (*run, control)
        if one not in place or two not in place:
            continue
        both = [place[one], place[two]]
        n, mean = np.isfinite(values[:, both]).sum(0), _mean(values[:, both])
        apart = drawn[:, both[:1]] - drawn[:, both[1:]]  # [draws, 1]
        low, high = _interval(apart)
        found.append(
            Test(
                run=dict(zip(RUN, run, strict=True)),
                other=models[0],
                control=control,
                k=k,
                same=float(mean[0]),
                n_same=int(n[0]),
                with_control=float(mean[1]),
                n_control=int(n[1]),
                difference=float(mean[0] - mean[1]),
                se=float(_spread(apart, n.min(keepdims=True))[0]),
                low=float(low[0]),
                high=float(high[0]),
            )
        )
    return found


def _wide(rows: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    """Values in per cent: a row a text, a column for each of `keys`, in the order of the rows.  Checked."""
    _refuse_incomplete(rows)
    try:
        values = pd.to_numeric(rows["value"]).astype("Float64").astype("float64").replace([np.inf, -np.inf], np.nan)
        steps = pd.to_numeric(rows["steps"]).astype("Float64").round().fillna(-1).astype(int)
    except (ValueError, TypeError) as error:
        raise InvalidResults("value or steps of the results are not all numbers.") from error
    words = {key: steps if key == "steps" else rows[key].astype(str) for key in keys}
    factor = np.where(rows["metric"].isin([*_PER_CENT]), 100.0, 1.0)
    told = pd.DataFrame({**words, "text_id": rows["text_id"], "value": values * factor})
    if told.duplicated([*keys, "text_id"]).any():
        raise InvalidResults("Rows of the results occur twice. Remove the copies.")
    order = pd.MultiIndex.from_frame(told[[*keys]].drop_duplicates())
    if told.empty:
        return pd.DataFrame(columns=order, dtype=float)
    return told.set_index([*keys, "text_id"])["value"].unstack([*range(len(keys))]).reindex(columns=order)


def _refuse_incomplete(rows: pd.DataFrame) -> None:
    if absent := sorted(_NEEDED - {*rows.columns}):
        raise InvalidResults(f"The results lack the columns {', '.join(absent)}. Give what `sigviz robustness` wrote.")


def _bootstrap(values: Floats, draws: int, seed: int) -> Floats:
    """[draws, columns]: the mean of each column of `values` [texts, columns] over texts drawn anew, missing ones left out."""
    texts = len(values)
    random = np.random.default_rng(seed)
    there = np.isfinite(values).astype(float)
    filled = np.where(there > 0, values, 0.0)
    found = np.full((draws, values.shape[1]), np.nan)
    for start in range(0, draws if texts else 0, 200):
        some = min(200, draws - start)
        counts: NDArray[np.float64] = random.multinomial(texts, np.full(texts, 1 / texts), size=some).astype(float)
        n = counts @ there  # [some, columns]
        found[start : start + some] = np.divide(counts @ filled, n, out=np.full_like(n, np.nan), where=n > 0)
    return found


def _mean(values: Floats) -> Floats:
    n = np.isfinite(values).sum(0)
    found: Floats = np.divide(np.nansum(values, 0), n, out=np.full(values.shape[1], np.nan), where=n > 0)
    return found


def _spread(drawn: Floats, n: NDArray[np.int64]) -> Floats:
    """Standard deviation of each column's draws; NaN where it comes from fewer than two texts."""
    told = (n > 1) & (np.isfinite(drawn).sum(0) > 1)  # a draw without any text that has a value says nothing
    found: Floats = np.where(told, np.nanstd(np.where(told, drawn, 0.0), 0, ddof=1), np.nan)
    return found


def _interval(drawn: Floats) -> tuple[Floats, Floats]:
    """The middle SURE % of each column; NaN where it has no numbers."""
    if not drawn.size:
        return np.full(drawn.shape[1], np.nan), np.full(drawn.shape[1], np.nan)
    tail = (100 - SURE) / 2
    empty = ~np.isfinite(drawn).any(0)
    low, high = np.nanpercentile(np.where(empty, 0.0, drawn), [tail, 100 - tail], axis=0)
    return np.where(empty, np.nan, low), np.where(empty, np.nan, high)
