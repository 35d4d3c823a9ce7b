"""Which rows and columns a study's table has, whatever it is written in: methods down, metrics across, controls apart.

In the manner of Table 1 of the SIG paper (arXiv:2305.15853).  HTML, LaTeX and CSV are written from here, so that they say the
same.  Texts are as they came: whoever writes them out escapes them.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from sigviz.methods import METHODS
from sigviz.studies import summary as studies
from sigviz.studies.published import Column, sibling
from sigviz.views.wording import number

ARROWS = {"lower": "↓", "higher": "↑", "": ""}
NONE = "–"  # what stands where there is no number
MOST_COLUMNS, MOST_ROWS, NAME_LENGTH = 24, 120, 60
CONTROL = (
    "Random scores know nothing of the model: a method that is not clearly better than they are has found nothing. The "
    "untrained model is the same encoder under a random head. It answers about the same to every text, so all its "
    "differences are small; compare its methods with its own random scores. Where they are as far ahead there as on the "
    "trained model, the metric does not measure what was learnt (Zafar et al. 2021, arXiv:2106.04631)."
)


@dataclass(frozen=True, slots=True)
class Head:
    """One column.  arrow: which direction is better, "" for neither.  direction: the same in words."""

    metric: str
    label: str
    arrow: str
    direction: str
    published: bool


@dataclass(frozen=True, slots=True)
class Cell:
    """One number, ready to be read; NONE or "" where there is none.  note: on the published one, where its steps differ."""

    mean: str
    se: str = ""
    best: bool = False
    published: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One run.  name: the method's label; detail: its settings where they differ from the defaults.  cells: one a Head."""

    name: str
    detail: str
    cells: tuple[Cell, ...]
    n: str


@dataclass(frozen=True, slots=True)
class Group:
    """Rows that belong together.  title: "" where there is nothing to say.  control: there to compare with."""

    title: str
    control: bool
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """The table of one model and baseline.  published: the column beside it, or None."""

    model: str
    baseline: str
    protocol: str
    heads: tuple[Head, ...]
    groups: tuple[Group, ...]
    published: Column | None


def layouts(
    summary: pd.DataFrame,
    *,
    protocol: str = "content",
    published: Column | None = None,
    metrics: Sequence[str] | None = None,
) -> list[Layout]:
    """One table for each model and baseline, as in the paper.  summary: what studies.summary.summarise returns.

    protocol: which of a metric's two counts is shown; metrics without one are shown whatever it is.  published: set beside the
    rows, or its sibling for their baseline.  metrics: which columns, None for all but the points of curves.
    """
    names = chosen_metrics(summary, metrics)
    shown = summary[summary["protocol"].isin([protocol, ""]).astype(bool) & summary["metric"].isin(names).astype(bool)]
    found = []
    for (model, baseline), part in shown.groupby(["model", "baseline"], sort=False, observed=True):
        beside = sibling(published, str(baseline)) if published else None
        heads = tuple(head(metric, beside) for metric in chosen_metrics(part))
        groups = _groups(part, heads, beside)
        found.append(Layout(str(model), str(baseline), protocol, heads, groups, beside))
    return found


def chosen_metrics(frame: pd.DataFrame, metrics: Sequence[str] | None = None) -> list[str]:
    """The metrics of a summary that a table shows, in the order of MEASURES, unknown ones last."""
    there = [metric for metric in dict.fromkeys(frame["metric"].astype(str)) if not studies.is_point(metric)]
    known = [metric for metric in studies.MEASURES if metric in there]
    every = [*known, *(metric for metric in there if metric not in known)]
    return [metric for metric in every if metrics is None or metric in metrics][:MOST_COLUMNS]


def head(metric: str, published: Column | None = None) -> Head:
    """The head of a metric's column."""
    known = studies.measure(metric)
    direction = f"{known.better} is better" if known.better else ""
    has = published is not None and metric in published.metrics
    return Head(metric, known.label, ARROWS.get(known.better, ""), direction, has)


def _groups(part: pd.DataFrame, heads: Sequence[Head], published: Column | None) -> tuple[Group, ...]:
    own = part[part["control"] == ""]
    chance = own["method"] == studies.CHANCE
    found = [
        Group("", False, _rows(own[~chance], heads, published)),
        Group("Control: random scores", True, _rows(own[chance], heads, published)),
    ]
    for control in dict.fromkeys(part["control"]):
        if control:
            found.append(Group(f"Control: {control} model", True, _rows(part[part["control"] == control], heads, None)))
    return tuple(group for group in found if group.rows)


def _rows(part: pd.DataFrame, heads: Sequence[Head], published: Column | None) -> tuple[Row, ...]:
    runs = part.groupby(["method", "settings", "steps"], sort=False, dropna=False, observed=True)
    return tuple(_row(str(key[0]), str(key[1]), own, heads, published) for key, own in list(runs)[:MOST_ROWS])


def _row(method: str, settings: str, own: pd.DataFrame, heads: Sequence[Head], published: Column | None) -> Row:
    numbers = {row["metric"]: row for row in own.to_dict("records")}
    cells = tuple(_cell(method, one.metric, numbers.get(one.metric), published) for one in heads)
    counts = sorted({int(row["n"]) for row in numbers.values() if row["n"]})
    n = number(counts[0]) if len(counts) == 1 else f"{number(counts[0])} to {number(counts[-1])}" if counts else "0"
    return Row(*named(method, settings), cells, n)


def _cell(method: str, metric: str, row: dict[str, object] | None, published: Column | None) -> Cell:
    steps = None if row is None or pd.isna(row["steps"]) else int(str(row["steps"]))
    found = published.cell(method, metric, steps) if published else None
    paper = "" if found is None else printed(found.value, metric)
    other = found is not None and steps is not None and found.steps not in ("", str(steps))
    note = f"{found.steps} steps" if found is not None and other else ""
    if row is None or not row["n"]:
        return Cell(NONE, published=paper, note=note)
    mean, se = float(str(row["mean"])), float(str(row["se"]))
    return Cell(value(mean, metric), value(se, metric) if math.isfinite(se) else NONE, bool(row["best"]), paper, note)


def named(method: str, settings: str) -> tuple[str, str]:
    """(label, what differs from its defaults) of a run: ("IG", "steps=250") for ig(steps=250).

    One seed is a study's own default and is left out.
    """
    label = METHODS[method].label if method in METHODS else method
    inside = settings.removeprefix(method)
    bracketed = inside.startswith("(") and inside.endswith(")")
    parts = [part for part in inside[1:-1].split(",") if part != "seeds=1"]
    detail = ", ".join(parts) if bracketed else "" if settings == method else settings
    return label, detail


def value(number_: float, metric: str) -> str:
    """A number as its column shows it; NONE where it is not one."""
    if not math.isfinite(number_):
        return NONE
    places = studies.decimals(metric)
    if places is None:
        return number(number_, 3)
    text = f"{number_:.{places}f}"
    return (text.lstrip("-") if float(text) == 0 else text).replace("-", "−")


def printed(number_: float, metric: str) -> str:
    """A published number with the digits that the paper gives it: three at least, but for per cent."""
    if studies.decimals(metric) == 1:
        return f"{number_:g}".replace("-", "−")
    digits = f"{abs(number_):e}".partition("e")[0].rstrip("0").replace(".", "")
    return number(number_, max(3, len(digits)))


def p_value(p: float) -> str:
    """ "p = 0.03", "p < 0.001"; NONE where there was nothing to test."""
    if not math.isfinite(p):
        return NONE
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}" if p < 0.1 else f"p = {p:.2f}"
