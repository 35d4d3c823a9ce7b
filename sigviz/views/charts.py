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
from sigviz.views.wording import is_causal, number, percent, shortened

CONFIG = {"displayModeBar": False, "responsive": True, "scrollZoom": False}
MOST_UNITS = 60
MOST_CLASSES = 20


def ledger(attribution: Attribution, theme: Theme) -> go.Figure:
    """Every unit's own completeness: a pale bar for what its score must be, F(x) - F(x̄^i), a solid one for the integral.

    Where both end at the same place the integral has converged.  Methods without an expected score have solid bars only.
    Above MOST_UNITS units the ones with the largest scores are drawn, in the order of the text.
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
    for title, chosen, colour in (("towards", raw >= 0, ink.towards), ("against", raw < 0, ink.against)):
        if chosen.any():
            figure.add_bar(
                x=raw[chosen],
                y=places[chosen],
                orientation="h",
                width=0.4,
                name=f"score, {title}",
                marker={"color": colour},
                hovertext=[hover[place] for place in places[chosen]],
                hovertemplate="%{hovertext}<extra></extra>",
            )
    figure.update_layout(barmode="overlay", showlegend=True)
    finish(figure, _labels(attribution, shown), theme, title=_axis_title(attribution, "Change in", left_out))
    return figure


def ledger_rows(attribution: Attribution) -> list[dict[str, Any]]:
    """The ledger as a table, one row a unit; all numbers in the unit of F.

    position: from 1.  with_unit, without_unit: F(x) and F(x̄^i) (causal context: F of the text up to the unit, and up to
    the one before it).  expected: their difference.  raw: the score.  delta: raw - expected.  relative_delta: delta as a
    share of the largest |expected|.  None where the method expects nothing of single units, or nothing can be shared.
    """
    expected, delta = attribution.expected, attribution.delta
    units = [{"position": place, "unit": unit.text} for place, unit in enumerate(attribution.units, start=1)]
    if expected is None or delta is None:
        nothing = dict.fromkeys(("with_unit", "without_unit", "expected"))
        raws = attribution.raw.tolist()
        return [
            {**unit, **nothing, "raw": raw, "delta": None, "relative_delta": None}
            for unit, raw in zip(units, raws, strict=True)
        ]
    full = attribution.baseline_output + np.cumsum(expected) if is_causal(attribution) else attribution.output
    largest = float(np.max(np.abs(expected), initial=0.0))
    columns = {
        "with_unit": np.broadcast_to(full, expected.shape),
        "without_unit": full - expected,
        "expected": expected,
        "raw": attribution.raw,
        "delta": delta,
        "relative_delta": delta / largest if largest else np.full(len(units), None),
    }
    listed = {key: column.tolist() for key, column in columns.items()}
    return [{**unit, **{key: column[place] for key, column in listed.items()}} for place, unit in enumerate(units)]


def budget(attribution: Attribution, theme: Theme) -> go.Figure:
    """The one total of a method like IG, from F(x̄) to F(x): every unit's score begins where the one before it ended.

    The last bar is the gap, -total_delta: what the scores leave unexplained.  Units beyond MOST_UNITS are summed into one.
    """
    ink = inks(theme)
    shown, left_out = _largest(attribution)
    steps = attribution.raw[shown].tolist()
    labels = ["<b>F(x̄)</b>", *_labels(attribution, shown)]
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


def classes(attribution: Attribution, theme: Theme) -> go.Figure:
    """The probability of every class in a plain forward pass, largest first; the target bold, with an arrow and in colour.

    Of more than MOST_CLASSES the most probable ones and the target are drawn, and the others as one bar.
    """
    ink, target = inks(theme), attribution.target
    ranked = np.argsort(-attribution.probabilities, kind="stable").tolist()
    shown = ranked[:MOST_CLASSES]
    if target not in shown:
        shown[-1] = target
    shares = attribution.probabilities[shown].tolist()
    labels = [safe_label(attribution.labels[place]) for place in shown]
    colours = [ink.towards if place == target else ink.neutral for place in shown]
    if target in shown:
        labels[shown.index(target)] = f"▸ <b>{labels[shown.index(target)]}</b>"
    if len(ranked) > len(shown):
        shares.append(max(0.0, 1.0 - sum(shares)))
        labels.append(f"{len(ranked) - len(shown)} others")
        colours.append(ink.neutral)
    figure = go.Figure()
    figure.add_bar(
        x=shares,
        y=np.arange(len(shares)),
        orientation="h",
        width=0.7,
        marker={"color": colours},
        text=[percent(share) for share in shares],
        textposition="outside",
        textfont={"color": ink.text},
        cliponaxis=False,
        hovertext=[f"{label}: {percent(share)}" for label, share in zip(labels, shares, strict=True)],
        hovertemplate="%{hovertext}<extra></extra>",
        showlegend=False,
    )
    finish(figure, labels, theme, title="Probability")
    figure.update_xaxes(range=[0, 1.25], tickvals=[0, 0.25, 0.5, 0.75, 1], tickformat=".0%")
    return figure


def _largest(attribution: Attribution) -> tuple[list[int], int]:
    """The units to draw, in the order of the text, and how many are left out: the smallest |raw| beyond MOST_UNITS."""
    n = len(attribution.units)
    kept = np.argsort(-np.abs(attribution.raw), kind="stable")[:MOST_UNITS]
    return sorted(kept.tolist()), max(0, n - MOST_UNITS)


def _labels(attribution: Attribution, shown: Sequence[int]) -> list[str]:
    """An axis label for each of the units; where a text comes more than once in the given text, with its position."""
    texts = [shortened(unit.text, LABEL_LENGTH) or "∅" for unit in attribution.units]
    return [safe_label(texts[place]) + (f" ({place + 1})" if texts.count(texts[place]) > 1 else "") for place in shown]


def _ledger_hover(attribution: Attribution, shown: Sequence[int]) -> list[str]:
    """What the pointer shows over each unit's bar."""
    rows = ledger_rows(attribution)
    labels = _labels(attribution, shown)
    found = []
    for label, place in zip(labels, shown, strict=True):
        row = rows[place]
        lines = [f"<b>{label}</b>", f"score: {number(row['raw'], 4)}"]
        if row["expected"] is not None:
            lines += [f"must be: {number(row['expected'], 4)}", f"delta: {number(row['delta'], 2)}"]
        if row["relative_delta"] is not None:
            lines[-1] += f" ({percent(abs(row['relative_delta']))} of the largest)"
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
