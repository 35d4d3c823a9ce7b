"""The figures of a robustness study: how many top words are shared (Jaccard), and what must be replaced (infidelity).

Every figure takes what studies.robustness_summary.summarise returns, of one model and baseline, and one reduction; methods
that score whole words have none and are in all of them.  Methods run down the side, random scores last: what is shared by
chance.  Show them as charts.py says.  Colour and pattern tell bars apart; a diamond is a published number, on its own bar.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from sigviz.models.untrained import REDRAWN, UNTRAINED
from sigviz.studies.plan import CHANCE
from sigviz.studies.reductions import WHOLE
from sigviz.studies.robustness import INFIDELITY, jaccard_id
from sigviz.studies.robustness_summary import NAMES, SURE, name
from sigviz.views.figure import finish, safe_label
from sigviz.views.palette import Theme, inks
from sigviz.views.robust_published import Beside
from sigviz.views.study_charts import COLOURS
from sigviz.views.study_layout import named
from sigviz.views.wording import number, shortened

TRAINED = "Trained model"
MOST_ROWS, MOST_GROUPS = 24, 4
_PATTERNS = ("", "/", ".", "x")
_FULL = 0.84  # of a row's height: its bars together
_PIXELS = 15  # of a bar
_RUN = ["method", "settings", "reduction"]


@dataclass(frozen=True, slots=True)
class _Group:
    """One bar of every row.  other, control: as in results; called: in the legend."""

    other: str
    control: str
    called: str


def overlaps(
    means: pd.DataFrame, theme: Theme, *, k: int = 25, reduction: str = "l2", beside: Beside | None = None
) -> go.Figure:
    """Mean Jaccard@k of the model's top words and another's, a bar for each of the others, with 95 % intervals.

    beside: published numbers, drawn on the bars they belong to.  The dotted line is what random scores share.
    """
    part = means[means["metric"] == jaccard_id(k)]
    groups = [_Group(other, "", name(other)) for other in dict.fromkeys(part["other"].astype(str))]
    title = f"Top {k} % words that are shared: per cent of the words at the top of either (Jaccard), with {SURE:g} % intervals"
    return _bars(part, groups[:MOST_GROUPS], theme, jaccard_id(k), reduction, beside, title)


def infidelities(means: pd.DataFrame, theme: Theme, *, reduction: str = "l2", beside: Beside | None = None) -> go.Figure:
    """Mean infidelity of the model and of its copy with an untrained head, with 95 % intervals; lower is better.

    beside: published numbers.  The dotted lines are the infidelity of random scores, of the one and of the other.
    """
    part = means[means["metric"] == INFIDELITY]
    there = dict.fromkeys(part["control"].astype(str))
    groups = [_Group("", control, NAMES.get(control, TRAINED)) for control in there]
    title = (
        "Infidelity: per cent of the words to replace until the prediction changes; "
        f"lower is better, with {SURE:g} % intervals"
    )
    return _bars(part, groups[:MOST_GROUPS], theme, INFIDELITY, reduction, beside, title)


def _bars(
    part: pd.DataFrame,
    groups: Sequence[_Group],
    theme: Theme,
    metric: str,
    reduction: str,
    beside: Beside | None,
    title: str,
) -> go.Figure:
    part = part[part["reduction"].isin([reduction, WHOLE]) & part["mean"].notna()]
    runs = list(dict.fromkeys(zip(*(part[column].astype(str) for column in _RUN), strict=True))) if len(part) else []
    runs = sorted(runs, key=lambda run: run[0] == CHANCE)[-MOST_ROWS:]
    cells = {
        (*(str(row[column]) for column in _RUN), str(row["other"]), str(row["control"])): row
        for row in part.to_dict("records")
    }
    figure, width = go.Figure(), _FULL / max(1, len(groups))
    for at, group in enumerate(groups):
        colour, shift = _look(group, theme)[0], (at - (len(groups) - 1) / 2) * width
        chosen = [
            (place, cells[(*run, group.other, group.control)]) for place, run in enumerate(runs) if _there(cells, run, group)
        ]
        _add_bars(figure, [place + shift for place, _ in chosen], [row for _, row in chosen], group, width, theme)
        _add_chance(figure, chosen, len(runs), colour, theme)
    marks = [
        (place + (at - (len(groups) - 1) / 2) * width, value)
        for at, group in enumerate(groups)
        for place, run in enumerate(runs)
        if beside is not None
        and (value := beside.value(metric, run[0], other=group.other, control=group.control, reduction=run[2])) is not None
    ]
    if beside is not None and marks:
        _add_published(figure, marks, beside, theme)
    labels = [_label(method, settings) for method, settings, _ in runs]
    finish(figure, labels, theme, title)
    legend = 22 * (len(groups) + 2) if runs else 0  # entries stand below each other on a phone
    rows = int(len(runs) * (len(groups) * _PIXELS / _FULL + 4))
    figure.update_layout(height=rows + int(figure.layout.margin.b) + legend + 16, showlegend=True)
    figure.update_xaxes(range=[0, 103], tickvals=[0, 20, 40, 60, 80, 100], showgrid=True)
    figure.update_yaxes(range=[len(runs) - 0.5, -0.5])
    return figure


def _there(cells: dict[tuple[str, ...], Any], run: tuple[str, ...], group: _Group) -> bool:
    return (*run, group.other, group.control) in cells


def _look(group: _Group, theme: Theme) -> tuple[str, str]:
    """Colour and pattern by what a bar is of: the trained ones plain blue, the controls hatched."""
    place = {UNTRAINED: 1, REDRAWN: 2}.get(group.other or group.control, 0)
    return COLOURS[theme][place], _PATTERNS[place]


def _add_bars(
    figure: go.Figure, y: list[float], rows: list[dict[str, Any]], group: _Group, width: float, theme: Theme
) -> None:
    colour, shape = _look(group, theme)
    hatched = {"shape": shape, "fillmode": "overlay", "size": 6, "solidity": 0.3, "fgcolor": inks(theme).page}
    mean = np.array([row["mean"] for row in rows], dtype=float)
    up = np.nan_to_num(np.array([row["high"] for row in rows], dtype=float) - mean)
    down = np.nan_to_num(mean - np.array([row["low"] for row in rows], dtype=float))
    figure.add_bar(
        x=mean,
        y=y,
        orientation="h",
        width=0.9 * width,
        name=_model(group.called),
        marker={"color": colour, "pattern": hatched},
        error_x={
            "type": "data",
            "array": up,
            "arrayminus": down,
            "color": inks(theme).text,
            "thickness": 1.3,
            "width": 3,
        },
        hovertext=[_hover(row) for row in rows],
        hovertemplate="%{hovertext}<extra>%{fullData.name}</extra>",
    )


def _add_chance(figure: go.Figure, chosen: Sequence[tuple[int, Any]], rows: int, colour: str, theme: Theme) -> None:
    """A dotted line at what random scores reach, in the colour of its bars; in the legend once."""
    chance = [float(row["mean"]) for _, row in chosen if row["method"] == CHANCE]
    if not chance or rows < 2:
        return
    line = {"color": colour, "width": 1.5, "dash": "dot"}
    x, y = [chance[0]] * 2, [-0.5, rows - 0.5]
    figure.add_scatter(x=x, y=y, mode="lines", line=line, hoverinfo="skip", showlegend=False)


def _add_published(figure: go.Figure, marks: list[tuple[float, float]], beside: Beside, theme: Theme) -> None:
    ink = inks(theme)
    figure.add_scatter(
        x=[value for _, value in marks],
        y=[place for place, _ in marks],
        mode="markers",
        name=f"published: {safe_label(beside.title)}",
        marker={"symbol": "diamond", "size": 9, "color": ink.page, "line": {"color": ink.text, "width": 1.8}},
        hovertext=[f"published: {value:g} %" for _, value in marks],
        hovertemplate="%{hovertext}<extra>%{fullData.name}</extra>",
    )


def _hover(row: dict[str, Any]) -> str:
    reach = f" ({SURE:g} % from {row['low']:.1f} to {row['high']:.1f})" if math.isfinite(row["low"]) else ""
    label = _label(str(row["method"]), str(row["settings"]))
    return f"<b>{label}</b>: {row['mean']:.1f} %{reach}, n = {number(int(row['n']))}"


def _label(method: str, settings: str) -> str:
    label, detail = named(method, settings)
    return safe_label(f"{label}, {detail}" if detail else label)


def _model(called: str) -> str:
    """A model's name as a legend can hold it: the end tells models of one family apart."""
    short = shortened(called, 200)
    return safe_label(short if len(short) <= 24 else f"…{short[-23:]}")
