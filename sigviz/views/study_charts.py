"""The figures of a study: deletion and insertion curves, what more steps buy (the SIG paper's Table 4), mask against pad.

Every figure takes what studies.summary.summarise returns, and shows one model and baseline: the first unless told otherwise.
Show them as charts.py says (`theme=None`, its CONFIG).  A method has the same colour in all of them; dashes and symbols tell
lines apart without colour.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from sigviz.methods import METHODS
from sigviz.studies import summary as studies
from sigviz.views.figure import finish, safe_label
from sigviz.views.palette import Theme, inks
from sigviz.views.study_layout import head, named, value
from sigviz.views.wording import number, shortened

STEPPED = ("log_odds", "comprehensiveness", "sufficiency", "total_delta", "worst_delta", "seconds")  # Table 4's columns
MOST_LINES = 16
_LOGARITHMIC = ("total_delta", "worst_delta", "seconds")
COLOURS = {  # blue, orange, violet, teal: at least 4.5 to 1 on the page, and apart for the colour-blind with the dashes
    "light": ("#0b5fa5", "#b04a08", "#6b3fa0", "#00695f"),
    "dark": ("#6cb6ff", "#ff9f45", "#c6a2ff", "#4fd1c0"),
}
_DASHES = ("solid", "dash", "dashdot", "longdash")
_SYMBOLS = ("circle", "diamond", "square", "triangle-up", "x")


def curves(
    summary: pd.DataFrame,
    theme: Theme,
    *,
    kind: str = "deletion",
    model: str | None = None,
    baseline: str | None = None,
    highlighted: Sequence[str] | None = None,
) -> go.Figure:
    """The prediction's mean probability against the share of words deleted or inserted, the highest scores first.

    kind: "deletion" or "insertion".  highlighted: settings of the runs drawn strongly, with a band of one standard error on
    either side; None for the methods that pages show first.  Random scores are dotted.  At most MOST_LINES lines.
    """
    if kind not in ("deletion", "insertion"):
        raise ValueError(f"kind is {kind!r}; choose one of: deletion, insertion.")
    part = _one(summary, model, baseline)
    part = part[part["metric"].str.startswith(f"{kind}@").astype(bool)]
    shares = [metric.partition("@")[2] for metric in part["metric"]]
    part = part.assign(level=pd.to_numeric(pd.Series(shares, index=part.index, dtype=object), errors="coerce").astype(float))
    part = part[part["level"].notna() & part["mean"].notna()].sort_values("level", kind="stable")
    runs = _runs(part)
    strong = set(highlighted) if highlighted is not None else {m.id for m in METHODS.values() if m.shown_first}
    figure = go.Figure()
    drawn = sorted(runs[:MOST_LINES], key=lambda run: run[1] in strong)  # the strong ones on top
    for method, settings in drawn:
        own = part[(part["method"] == method) & (part["settings"] == settings)]
        look = _look(method, settings, runs, theme)
        x, mean, se = (own[name].to_numpy(float) for name in ("level", "mean", "se"))
        look["legendrank"] = 1 + (settings not in strong)
        if settings in strong:
            _add_band(figure, x, mean, se, look["line"]["color"])
            look["line"]["width"] = 3
        said = zip(x, mean, se, own["n"], strict=True)
        hover = [f"{kind} {a:g} %: {_said(b, c, f'{kind}_area')}, n = {number(int(d))}" for a, b, c, d in said]
        _add_line(figure, x, mean, _name(method, settings), hover, look, 1.0 if settings in strong else 0.75)
    better = {"deletion": "lower", "insertion": "higher"}[kind]
    words = {"deletion": "replaced by the baseline", "insertion": "put into a text of baselines"}[kind]
    title = f"Mean probability of the predicted class, by the per cent of words {words}; {better} is better"
    _finish(figure, theme, title)
    figure.update_xaxes(range=[-3, 103], tickvals=[0, 10, 20, 30, 50, 70, 100])
    figure.update_yaxes(range=[0, 1.02])
    return figure


def steps(
    summary: pd.DataFrame,
    metric: str,
    theme: Theme,
    *,
    model: str | None = None,
    baseline: str | None = None,
    protocol: str = "content",
) -> go.Figure:
    """One metric (of STEPPED) against the number of steps, on a logarithmic axis, with standard errors.

    A line for each method that takes steps; a level dashed one for the method that gives its limit without any (exact SIG for
    SIG).  Deltas and seconds are on a logarithmic axis; a value of 0 has no place there and is said in the title instead.
    """
    part = _one(summary, model, baseline)
    part = part[(part["metric"] == metric) & part["protocol"].isin([protocol, ""]).astype(bool) & part["mean"].notna()]
    stepped = part[part["steps"].notna()].sort_values("steps", kind="stable")
    methods = list(dict.fromkeys(stepped["method"]))
    limits = {METHODS[method].preview for method in methods if method in METHODS}
    level = part[part["method"].isin([id for id in limits if id]).astype(bool) & part["steps"].isna()]
    logarithmic, zeros = metric in _LOGARITHMIC, []
    figure = go.Figure()
    for method in methods:
        for settings, own in _lines(stepped[stepped["method"] == method]):
            x, mean, se = (own[name].to_numpy(float) for name in ("steps", "mean", "se"))
            hover = [f"{number(int(a))} steps: {_said(b, c, metric)}" for a, b, c in zip(x, mean, se, strict=True)]
            down = np.minimum(se, 0.9 * np.abs(mean)) if logarithmic else se
            bars = {"type": "data", "array": se, "arrayminus": down, "thickness": 1.5, "width": 3}
            look = _look(method, settings, [(method, settings)], theme)
            zeros += [f"{_name(method, settings)}, {number(int(a))} steps" for a in x[mean == 0]] if logarithmic else []
            _add_line(figure, x, mean, _name(method, settings), hover, look, 1.0, error_y=bars)
    span = [float(stepped["steps"].min()), float(stepped["steps"].max())] if len(stepped) else [1.0, 1.0]
    for row in level.to_dict("records"):
        name = _name(row["method"], row["settings"])
        if logarithmic and row["mean"] == 0:
            zeros.append(name)
            continue
        look = _look(row["method"], row["settings"], [], theme)
        look["line"] |= {"dash": "dash"}
        hover = [f"no steps: {_said(row['mean'], row['se'], metric)}"] * 2
        _add_line(figure, np.array(span), np.full(2, row["mean"]), name, hover, {"line": look["line"], "mode": "lines"}, 1.0)
    _finish(figure, theme, _steps_title(metric, zeros))
    ticks = sorted({int(count) for count in stepped["steps"]})
    figure.update_xaxes(type="log", tickvals=ticks, ticktext=[number(tick) for tick in ticks])
    if logarithmic:
        means = stepped["mean"][stepped["mean"] > 0]
        near = len(means) and means.max() < 100 * means.min()  # within two decades: 1, 2 and 5 are marked, too
        figure.update_yaxes(type="log", exponentformat="power", dtick="D2" if near else 1, minor={"showgrid": False})
    return figure


def baselines(
    summary: pd.DataFrame, metric: str, theme: Theme, *, model: str | None = None, protocol: str = "content"
) -> go.Figure:
    """One metric under every baseline, a row a method: how much depends on what stands in for a word (Tables 6 to 8).

    A dot for each baseline, with its standard error, and a line between the outermost; random scores are the last row.
    """
    part = summary[(summary["control"] == "") & (summary["metric"] == metric) & summary["mean"].notna()]
    part = part[part["protocol"].isin([protocol, ""]).astype(bool)]
    part = part[part["model"] == (model if model is not None else next(iter(part["model"]), ""))]
    ink, runs = inks(theme), _runs(part)
    runs.sort(key=lambda run: run[0] == studies.CHANCE)
    rows = {run: place for place, run in enumerate(runs[: 2 * MOST_LINES])}
    part = part[[run in rows for run in zip(part["method"], part["settings"], strict=True)]] if len(part) else part
    figure = go.Figure()
    ends = part.groupby(["method", "settings"], sort=False, observed=True)["mean"].agg(["min", "max"])
    x = [end for run in ends.itertuples() for end in (run.min, run.max, None)]
    y = [place for run in ends.index for place in (rows[run], rows[run], None)]
    line = {"color": ink.neutral, "width": 2}
    figure.add_scatter(x=x, y=y, mode="lines", line=line, hoverinfo="skip", showlegend=False)
    for place, (baseline, own) in enumerate(part.groupby("baseline", sort=False, observed=True)):
        colour = COLOURS[theme][place % 4]
        mean, se = own["mean"].to_numpy(float), own["se"].to_numpy(float)
        names = [_name(*run) for run in zip(own["method"], own["settings"], strict=True)]
        hover = [f"<b>{a}</b>: {_said(b, c, metric)}" for a, b, c in zip(names, mean, se, strict=True)]
        figure.add_scatter(
            x=mean,
            y=[rows[run] for run in zip(own["method"], own["settings"], strict=True)],
            mode="markers",
            name=safe_label(str(baseline)),
            marker={"color": colour, "size": 11, "symbol": _SYMBOLS[place % len(_SYMBOLS)]},
            error_x={"type": "data", "array": se, "color": colour, "thickness": 1.5, "width": 3},
            hovertext=hover,
            hovertemplate="%{hovertext}<extra>%{fullData.name}</extra>",
        )
    figure.update_layout(showlegend=True)
    finish(figure, [_name(*run) for run in rows], theme, _axis(metric).replace("; ", ";<br>").replace(", ", ",<br>", 1))
    return figure


def _one(summary: pd.DataFrame, model: str | None, baseline: str | None) -> pd.DataFrame:
    """The rows of one model itself (no untrained copy) and one baseline: the first ones where none is named."""
    part = summary[summary["control"] == ""]
    part = part[part["model"] == (model if model is not None else next(iter(part["model"]), ""))]
    return part[part["baseline"] == (baseline if baseline is not None else next(iter(part["baseline"]), ""))]


def _runs(part: pd.DataFrame) -> list[tuple[str, str]]:
    """(method, settings) of every run, each once, in the order in which they come."""
    return list(dict.fromkeys(zip(part["method"].astype(str), part["settings"].astype(str), strict=True)))


def _lines(own: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """One method's runs as lines over steps: those that differ in nothing else, under the settings without the steps."""
    bare = own["settings"].astype(str).str.replace(r"steps=\d+,?", "", regex=True).str.replace(r",?\(?,?\)$", "", regex=True)
    bare = bare.where(~bare.str.contains("(", regex=False), bare + ")")
    return [(str(settings), rows) for settings, rows in own.assign(bare=bare).groupby("bare", sort=False)]


def _name(method: str, settings: str) -> str:
    label, detail = named(method, settings)
    return safe_label(f"{label}, {detail}" if detail else label)


def _look(method: str, settings: str, runs: Sequence[tuple[str, str]], theme: Theme) -> dict[str, Any]:
    """Colour by method, dash by which of the method's runs it is, symbol where colours repeat; random scores dotted."""
    if method == studies.CHANCE:
        return {"line": {"color": inks(theme).neutral, "width": 2, "dash": "dot"}, "mode": "lines"}
    order = list(METHODS).index(method) if method in METHODS else len(METHODS)
    variants = [other for name, other in runs if name == method]
    dash = _DASHES[variants.index(settings) % len(_DASHES)] if settings in variants else _DASHES[0]
    symbol = _SYMBOLS[order // 4 % len(_SYMBOLS)]
    line = {"color": COLOURS[theme][order % 4], "width": 1.5, "dash": dash}
    return {"line": line, "mode": "lines+markers", "marker": {"symbol": symbol, "size": 7}}


def _add_line(
    figure: go.Figure, x: Any, y: Any, name: str, hover: list[str], look: dict[str, Any], opacity: float, **more: Any
) -> None:
    tip = "%{hovertext}<extra>%{fullData.name}</extra>"
    figure.add_scatter(x=x, y=y, name=name, hovertext=hover, hovertemplate=tip, opacity=opacity, **look, **more)


def _add_band(figure: go.Figure, x: Any, mean: Any, se: Any, colour: str) -> None:
    """One standard error on either side; none where a single text leaves it undefined."""
    if not np.isfinite(se).all():
        return
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    figure.add_scatter(
        x=[*x, *x[::-1]],
        y=[*(mean + se), *(mean - se)[::-1]],
        fill="toself",
        fillcolor=f"rgba({red},{green},{blue},0.18)",
        mode="none",
        hoverinfo="skip",
        showlegend=False,
    )


def _said(mean: float, se: float, metric: str) -> str:
    return value(mean, metric) + (f" ± {value(se, metric)}" if np.isfinite(se) else "")


def _axis(metric: str) -> str:
    one, unit = head(metric), studies.measure(metric).unit
    return safe_label(one.label) + (f" ({unit})" if unit else "") + (f", {one.direction}" if one.direction else "")


def _steps_title(metric: str, zeros: Sequence[str]) -> str:
    note = f". 0 for {shortened('; '.join(zeros), 120)}" if zeros else ""
    return f"{_axis(metric)},<br>by the number of steps{note}"


def _finish(figure: go.Figure, theme: Theme, title: str) -> None:
    """The page's conventions, with plain axes instead of rows, and room for a legend that wraps on a phone."""
    ink = inks(theme)
    finish(figure, [], theme, title)
    lines = sum(trace.showlegend is None for trace in figure.data)
    figure.update_layout(height=300 + 11 * lines, showlegend=True, hovermode="closest")
    figure.update_yaxes(
        tickvals=None,
        ticktext=None,
        range=None,
        showgrid=True,
        gridcolor=ink.line,
        tickfont={"color": ink.muted, "size": 11},
        nticks=6,
    )
