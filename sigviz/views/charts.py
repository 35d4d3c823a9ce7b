"""The figures under a map: the completeness ledger, the one budget of IG, and all classes.

A figure brings its own colours, so show it with `st.plotly_chart(figure, theme=None, config=CONFIG)`.  Units stand at
numbered places on the axis, never at their names: words repeat, and Plotly would read "3" or "2020-01-01" as a number.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from sigviz.attribution import OUTPUTS, Attribution
from sigviz.views.figure import LABEL_LENGTH, finish, safe_label
from sigviz.views.palette import Theme, inks
from sigviz.views.wording import is_causal, number, percent, shortened, visible

CONFIG = {"displayModeBar": False, "responsive": True, "scrollZoom": False}
MOST_UNITS = 60


def ledger(attribution: Attribution, theme: Theme, chosen: int | None = None) -> go.Figure:
    """Every unit's own completeness: a pale bar for what its score must be, F(x) - F(x̄ⁱ), a solid one for the integral.

    Where both end at the same place the integral has converged.  Methods without an expected score have solid bars only.
    Above MOST_UNITS units the ones with the largest scores are drawn, in the order of the text.  chosen: the unit to mark.
    """
    ink = inks(theme)
    shown, left_out = _largest(attribution)
    places = np.arange(len(shown))
    raw = attribution.raw[shown]
    hover = _ledger_hover(attribution, shown)
    figure = go.Figure()
    if attribution.expected is not None:
        must = "with the unit − without it" if is_causal(attribution) else "F(x) − F(x̄ⁱ)"
        expected = attribution.expected[shown]
        pale = {"color": ink.line, "line": {"color": ink.neutral, "width": 1}}
        figure.add_bar(x=expected, y=places, orientation="h", width=0.84, name=must, marker=pale, hoverinfo="skip")
    for title, signed, colour in (("towards", raw >= 0, ink.towards), ("against", raw < 0, ink.against)):
        if signed.any():
            figure.add_bar(
                x=raw[signed],
                y=places[signed],
                orientation="h",
                width=0.4,
                name=f"score, {title}",
                marker={"color": colour},
                hovertext=[hover[place] for place in places[signed]],
                hovertemplate="%{hovertext}<extra></extra>",
            )
    figure.update_layout(barmode="overlay", showlegend=True)
    finish(figure, _labels(attribution, shown, chosen), theme, title=_axis_title(attribution, "Change in", left_out))
    return figure


def ledger_rows(attribution: Attribution) -> list[dict[str, Any]]:
    """The ledger as a table, one row a unit, keyed by the words for the table's head; all numbers in the unit of F.

    position (from 1), unit, F(x), F(x̄ⁱ), difference (what the score must be), score, delta (score - difference) and
    relative delta (delta as a share of the largest |difference|, None where all are 0).  In a causal context F of the text
    up to the unit and up to the one before it.  Methods that expect nothing of single units: position, unit and score.
    """
    expected, delta = attribution.expected, attribution.delta
    columns: dict[str, Any] = {
        "position": range(1, len(attribution.units) + 1),
        "unit": [visible(unit.text) for unit in attribution.units],
    }
    if expected is not None and delta is not None:
        causal = is_causal(attribution)
        full = attribution.baseline_output + np.cumsum(expected) if causal else np.full_like(expected, attribution.output)
        columns["F(x₁…xᵢ)" if causal else "F(x)"] = full.tolist()
        columns["F(x₁…xᵢ₋₁)" if causal else "F(x̄ⁱ)"] = (full - expected).tolist()
        columns["difference"] = expected.tolist()
    columns["score"] = attribution.raw.tolist()
    if expected is not None and delta is not None:
        largest = float(np.max(np.abs(expected), initial=0.0))
        columns["delta"] = delta.tolist()
        columns["relative delta"] = (delta / largest).tolist() if largest else [None] * len(delta)
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def budget(attribution: Attribution, theme: Theme, chosen: int | None = None) -> go.Figure:
    """The one total of a method like IG, from F(x̄) to F(x): every unit's score begins where the one before it ended.

    The last bar is the gap, -total_delta: what the scores leave unexplained.  Units beyond MOST_UNITS are summed into one.
    chosen: the unit to mark.
    """
    ink = inks(theme)
    shown, left_out = _largest(attribution)
    steps = attribution.raw[shown].tolist()
    labels = ["<b>F(x̄)</b>", *_labels(attribution, shown, chosen)]
    if left_out:
        steps.append(float(attribution.raw.sum() - sum(steps)))
        labels.append(f"{left_out} other {attribution.settings.unit}s")
    steps.append(-attribution.total_delta)
    labels += ["<b>gap</b>", "<b>F(x)</b>"]
    starts = attribution.baseline_output + np.concatenate([[0.0], np.cumsum(steps)[:-1]])
    colours = [ink.towards if step >= 0 else ink.against for step in steps]
    figure = go.Figure()
    _add_joints(figure, [*starts.tolist(), attribution.output], ink.neutral)
    figure.add_bar(
        x=steps,
        y=np.arange(1, len(steps) + 1),
        base=starts,
        orientation="h",
        width=0.7,
        marker={"color": [*colours[:-1], ink.neutral], "line": {"width": 0}},
        hovertext=[f"{label}: {number(step, 4)}" for label, step in zip(labels[1:], steps, strict=False)],
        hovertemplate="%{hovertext}<extra></extra>",
        showlegend=False,
    )
    ends = [attribution.baseline_output, attribution.output]
    figure.add_scatter(
        x=ends,
        y=[0, len(steps) + 1],
        mode="markers",
        marker={"symbol": "diamond", "size": 11, "color": ink.text},
        hovertext=[f"{label}: {number(end, 4)}" for label, end in zip(("F(x̄)", "F(x)"), ends, strict=True)],
        hovertemplate="%{hovertext}<extra></extra>",
        showlegend=False,
    )
    finish(figure, labels, theme, title=f"{_axis_title(attribution, 'F:', 0)}. Gap: what the scores leave unexplained")
    return figure


def _largest(attribution: Attribution) -> tuple[list[int], int]:
    """The units to draw, in the order of the text, and how many are left out: the smallest |raw| beyond MOST_UNITS."""
    n = len(attribution.units)
    kept = np.argsort(-np.abs(attribution.raw), kind="stable")[:MOST_UNITS]
    return sorted(kept.tolist()), max(0, n - MOST_UNITS)


def _labels(attribution: Attribution, shown: Sequence[int], chosen: int | None = None) -> list[str]:
    """An axis label for each of the units; where a text comes more than once in the given text, with its position."""
    texts = [shortened(unit.text, LABEL_LENGTH) or "∅" for unit in attribution.units]
    labels = [safe_label(texts[place]) + (f" ({place + 1})" if texts.count(texts[place]) > 1 else "") for place in shown]
    return [f"<b>▸ {label}</b>" if place == chosen else label for place, label in zip(shown, labels, strict=True)]


def _ledger_hover(attribution: Attribution, shown: Sequence[int]) -> list[str]:
    """What the pointer shows over each unit's bar."""
    rows = ledger_rows(attribution)
    found = []
    for name, place in zip(_labels(attribution, shown), shown, strict=True):
        row = rows[place]
        lines = [f"<b>{name}</b>", f"score: {number(row['score'], 4)}"]
        if "delta" in row:
            lines += [f"must be: {number(row['difference'], 4)}", f"delta: {number(row['delta'], 2)}"]
            if row["relative delta"] is not None:
                lines[-1] += f" ({percent(abs(row['relative delta']))} of the largest)"
        found.append("<br>".join(lines))
    return found


def _axis_title(attribution: Attribution, before: str, left_out: int) -> str:
    """What the axis measures, and whether units are missing from it."""
    note = f". The {MOST_UNITS} largest scores; {number(left_out)} smaller ones are in the table" if left_out else ""
    return f"{before} {OUTPUTS[attribution.settings.output]}{note}"


def _add_joints(figure: go.Figure, levels: Sequence[float], colour: str) -> None:
    """Thin lines from the end of one bar to the start of the next.  levels: where row k ends and row k + 1 begins."""
    x = [value for level in levels for value in (level, level, None)]
    y = [value for row in range(len(levels)) for value in (row, row + 1, None)]
    figure.add_scatter(
        x=x, y=y, mode="lines", line={"color": colour, "width": 1, "dash": "dot"}, hoverinfo="skip", showlegend=False
    )
