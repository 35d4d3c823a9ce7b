"""From a study's rows to what its tables show: means with standard errors, the best of each column, and paired differences.

Rows are tidy, one a text, model, method and metric, with the columns of results.COLUMNS (text may be absent).  The texts are
the sample: values of one text under several seeds are averaged first, so n is always a number of texts.  What is not a
finite number counts as missing, never as zero.  total_delta is summarised by its absolute value, since otherwise
texts that miss on either side would cancel out; the time of the explanations is summarised as a metric `seconds`.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sigviz.attribution import Floats
from sigviz.errors import InvalidResults
from sigviz.studies.metrics import METRICS, Metric

CHANCE = "random"  # the method that says what scores without any knowledge reach: a control, never the best
REFERENCE = "ig"
DRAWS = 10_000
RUN = ["model", "control", "baseline", "method", "settings", "steps"]  # what was run
MEASURE = ["protocol", "metric"]  # what was asked of it
_NEEDED = {*RUN, *MEASURE, "text_id", "seed", "value", "seconds"}
_OWN = (
    Metric("total_delta", "|Total delta|", "", "unit of F", "How far the scores are from adding up to F(x) - F(x̄).", ""),
    Metric("worst_delta", "Worst delta", "", "unit of F", "How far the worst word's score is from F(x) - F(x̄ⁱ).", ""),
    Metric("seconds", "Seconds", "", "s", "How long the explanation of one text took.", ""),
)
MEASURES: Mapping[str, Metric] = {**METRICS, **{metric.id: metric for metric in _OWN}}


def measure(id: str) -> Metric:
    """MEASURES[id]; for a metric that is not in it (results of another version) one with its bare name and no direction."""
    return MEASURES.get(id) or Metric(id, id, "", "", "", "")


def is_point(metric: str) -> bool:
    """Whether it is a point of a deletion or insertion curve, such as "deletion@20": drawn, not tabulated."""
    return metric.startswith(("deletion@", "insertion@"))


def decimals(metric: str) -> int | None:
    """How many decimals a table shows; None where sizes differ too much, and three significant digits are shown."""
    if metric not in METRICS:
        return None
    return 1 if METRICS[metric].unit.startswith("%") else 3


def summarise(rows: pd.DataFrame) -> pd.DataFrame:
    """One row for each RUN and MEASURE, in the order in which they first come.

    Added columns: n (texts with a value), missing (texts without one), mean, se (standard deviation / sqrt(n), NaN where
    n < 2), best (bool: no other method on the same model, baseline and protocol is better, as far as the table's decimals
    tell; ties are all best.  Controls never are, nor is a method that has no other to be compared with.)

    Raises: InvalidResults where columns are missing, values are not numbers, or a row occurs twice.
    """
    grouped = _per_text(rows).groupby([*RUN, *MEASURE], sort=False, dropna=False, observed=True)["value"]
    found = grouped.agg(n="count", size="size", mean="mean", sd="std").reset_index()
    found["missing"] = found["size"] - found["n"]
    found["se"] = found["sd"] / np.sqrt(found["n"].where(found["n"] > 0))
    found["best"] = _best(found)
    return found[[*RUN, *MEASURE, "n", "missing", "mean", "se", "best"]]


def paired(rows: pd.DataFrame, reference: str = REFERENCE, *, draws: int = DRAWS, seed: int = 0) -> pd.DataFrame:
    """Every run against the run of the method `reference` with the most steps, on the texts that both have a value for.

    One row for each RUN and MEASURE (points of curves left out), on the same model, control and baseline.  Added columns:
    reference, reference_steps (settings and steps of what it is compared with), n (common texts), difference (mean of run -
    reference), se (of that mean; NaN where n < 2), p, better (True or False by the metric's direction; None where it has
    none or the difference is 0).

    p: two-sided, by a paired permutation test: under the null hypothesis each text's difference could as well have the other
    sign.  All 2^texts signs where they are at most `draws`, which makes p exact; else `draws` random ones with this seed, the
    same for every row, and p = (1 + those at least as far from 0) / (1 + draws).  Not corrected for the number of rows.

    Raises: InvalidResults, as summarise does.
    """
    values = _per_text(rows)
    values = values[~values["metric"].map(is_point).astype(bool)]
    found = [
        _against(group, reference, draws, seed)
        for _, group in values.groupby(["model", "control", "baseline"], sort=False, observed=True)
        if (group["method"] == reference).any()
    ]
    columns = [*RUN, *MEASURE, "reference", "reference_steps", "n", "difference", "se", "p", "better"]
    return pd.concat(found, ignore_index=True)[columns] if found else pd.DataFrame(columns=columns)


def _per_text(rows: pd.DataFrame) -> pd.DataFrame:
    """RUN, MEASURE, text_id and value, one row a text: checked, seeds averaged, `seconds` among the metrics."""
    if absent := sorted(_NEEDED - {*rows.columns}):
        raise InvalidResults(f"The results lack the columns {', '.join(absent)}. Give what `sigviz evaluate` wrote.")
    try:
        numbers = rows[["value", "seconds", "steps"]].apply(pd.to_numeric)
    except (ValueError, TypeError) as error:
        raise InvalidResults("value, seconds or steps of the results are not all numbers.") from error
    steps = numbers["steps"].astype("Float64").round().astype("Int64")
    finite = numbers[["value", "seconds"]].astype("Float64").astype("float64").replace([np.inf, -np.inf], np.nan)
    rows = rows[[*RUN, *MEASURE, "text_id", "seed"]].assign(steps=steps, **finite)
    rows = rows.assign(value=rows["value"].where(rows["metric"] != "total_delta", rows["value"].abs()))
    same = [*RUN, *MEASURE, "text_id", "seed"]
    twice = rows.duplicated(same)
    if twice.any():
        one = rows[twice].iloc[0]
        what = f"text {one['text_id']}, {str(one['settings'])[:60]}, {str(one['metric'])[:60]}"
        raise InvalidResults(f"{int(twice.sum())} rows of the results occur twice, the first for {what}. Remove the copies.")
    times = rows.drop_duplicates([*RUN, "text_id", "seed"]).assign(protocol="", metric="seconds")
    every = pd.concat([rows, times.assign(value=times["seconds"])], ignore_index=True)
    keys = [*RUN, *MEASURE, "text_id"]
    return every.groupby(keys, sort=False, dropna=False, observed=True)["value"].mean().reset_index()


def _best(found: pd.DataFrame) -> list[bool]:
    """For each row whether it is the best of its column, ties within the shown decimals included."""
    best = pd.Series(False, index=found.index)
    candidates = found[(found["method"] != CHANCE) & (found["control"] == "") & found["mean"].notna()]
    for (*_, metric), group in candidates.groupby(["model", "baseline", "protocol", "metric"], sort=False, observed=True):
        places, better = decimals(str(metric)), measure(str(metric)).better
        if places is None or not better or len(group) < 2:
            continue
        shown = group["mean"].round(places)
        best[group.index] = shown == (shown.min() if better == "lower" else shown.max())
    return [bool(value) for value in best]


def _against(group: pd.DataFrame, reference: str, draws: int, seed: int) -> pd.DataFrame:
    """`paired` for one model, control and baseline."""
    group = group.assign(
        run=group.groupby(["method", "settings", "steps"], sort=False, dropna=False, observed=True).ngroup(),
        column=group.groupby(MEASURE, sort=False, observed=True).ngroup(),
    )
    runs = group.drop_duplicates("run")
    other = runs[runs["method"] == reference].sort_values("steps", na_position="first", kind="stable").iloc[-1]
    wide = group.pivot(index="text_id", columns=["run", "column"], values="value")
    heads = group[group["run"] != other["run"]].drop_duplicates(["run", "column"])
    heads = heads[np.array([(other["run"], column) in wide.columns for column in heads["column"]], bool)]
    pairs = list(zip(heads["run"], heads["column"], strict=True))
    mine = wide[pairs].to_numpy(float) if pairs else np.empty((len(wide), 0))  # [texts, pairs]
    theirs = wide[[(other["run"], column) for _, column in pairs]].to_numpy(float) if pairs else mine
    differences = mine - theirs
    n, mean, se = _moments(differences)
    better = [_improves(metric, value) for metric, value in zip(heads["metric"], mean, strict=True)]
    return heads[[*RUN, *MEASURE]].assign(
        reference=other["settings"],
        reference_steps=pd.Series(other["steps"], index=heads.index, dtype="Int64"),
        n=n,
        difference=mean,
        se=se,
        p=np.where(n > 0, sign_flip(differences, draws=draws, seed=seed), np.nan),
        better=pd.Series(better, index=heads.index, dtype=object),
    )


def _moments(differences: Floats) -> tuple[NDArray[np.int64], Floats, Floats]:
    """Of each column, NaN left out: how many, mean, and standard error of the mean; NaN where there are too few."""
    n = np.isfinite(differences).sum(0)
    mean = np.nansum(differences, 0) / np.where(n > 0, n, np.nan)
    squares = np.nansum((differences - mean) ** 2, 0)
    return n, mean, np.sqrt(squares / np.where(n > 1, n - 1, np.nan) / np.where(n > 1, n, np.nan))


def _improves(metric: object, difference: float) -> bool | None:
    direction = measure(str(metric)).better
    return None if not direction or not difference or np.isnan(difference) else (difference < 0) == (direction == "lower")


def sign_flip(differences: Floats, *, draws: int = DRAWS, seed: int = 0) -> Floats:
    """Two-sided p of each column of `differences`, [texts, tests]: could its mean be 0?  See `paired`; NaN is no text."""
    kept = np.nan_to_num(differences[np.isfinite(differences).any(1)])  # a missing text is 0, whatever its sign
    texts = len(kept)
    observed = np.abs(kept.sum(0)) - 1e-9 * np.abs(kept).sum(0)  # equal sums may differ by rounding
    exact = texts < 63 and 2**texts <= draws
    total, random = 2**texts if exact else draws, np.random.default_rng(seed)
    further = np.zeros(kept.shape[1])
    for start in range(0, total, 1000):
        some = min(1000, total - start)
        if exact:
            bits = (np.arange(start, start + some)[:, None] >> np.arange(texts)) & 1  # [some, texts]
        else:
            bits = random.integers(0, 2, (some, texts), dtype=np.int8)
        further += (np.abs((2.0 * bits - 1.0) @ kept) >= observed).sum(0)
    return further / total if exact else (further + 1) / (total + 1)
