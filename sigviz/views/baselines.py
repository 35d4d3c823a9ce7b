"""The Baselines page: how far the order of the words moves with what stands in for them, and what each stand-in lies near."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from sigviz.attribution import Attribution
from sigviz.studies.agreement import kendall_tau, top_overlap
from sigviz.teaching.baselines import Space, Surroundings
from sigviz.views.figure import LABEL_LENGTH, finish, safe_label
from sigviz.views.palette import Theme, inks
from sigviz.views.wording import number, percent, shortened, two_decimals, visible

TOP = 20  # per cent of the units, as the bold ones
CLOSE = 0.75  # closer to a word than this share of words are to theirs: unusually close
_ROW, _RISE = 52, 0.85  # pixels a row; how much of a row the highest hill takes


@dataclass(frozen=True, slots=True)
class Moved:
    """How far one stand-in moves the explanation.  baseline_output: F(x̄).

    tau: Kendall's tau of the order against the reference; None for a text of one unit.  overlap: share of the top 20 % that
    is among the reference's, 0 to 1.
    """

    label: str
    baseline_output: float
    tau: float | None
    overlap: float


def moved(found: Sequence[tuple[str, Attribution]], reference: Attribution) -> list[Moved]:
    """Each explanation against the reference's.  found: (label, explanation)."""
    return [
        Moved(
            label,
            one.baseline_output,
            kendall_tau(one.raw, reference.raw) if len(one.raw) > 1 else None,
            top_overlap(one.raw, reference.raw, TOP),
        )
        for label, one in found
    ]


def title(one: Moved, is_reference: bool) -> str:
    """What stands over a row of coloured words."""
    against = "the reference" if is_reference else f"τ {two_decimals(one.tau)}" if one.tau is not None else ""
    return " · ".join(part for part in (_short(one.label), f"F(x̄) = {number(one.baseline_output)}", against) if part)


def rows(found: Sequence[Moved], space: Space | None, reference: str) -> list[dict[str, Any]]:
    """All that is known of each stand-in, a row each, keyed by the words for the table's head.  Distances are Euclidean."""
    near = {one.label: one for one in space.found} if space else {}
    return [
        {
            "stands in": visible(one.label),
            "F(x̄)": one.baseline_output,
            f"tau against {reference}": one.tau,
            f"top {TOP} % in common with {reference}": one.overlap,
            **(_places(near[one.label]) if one.label in near else {}),
        }
        for one in found
    ]


def _places(one: Surroundings) -> dict[str, Any]:
    return {
        "length of its vector": one.norm,
        "nearest words": ", ".join(f"{visible(word)} ({number(far)})" for word, far in one.nearest),
        "nearest token of any kind": f"{visible(one.token[0])} ({number(one.token[1])})",
        "median distance to a word": one.median,
        "5 % of the words are nearer than": one.quantiles[0],
        "95 % of the words are nearer than": one.quantiles[-1],
        "nearest / median": one.closeness,
        "unevenness": one.unevenness,
    }


def summary(found: Sequence[Moved], reference: str) -> str:
    """Which stand-ins move the order least and most, from the numbers: plain text, "" where there is nothing to compare."""
    others = [(one.tau, one) for one in found if one.label != reference and one.tau is not None]
    if not others:
        return ""
    least, most = max(others, key=lambda pair: pair[0]), min(others, key=lambda pair: pair[0])
    ends = [one.baseline_output for one in found]
    said = f"Against {_short(reference)} the order of the words moves least with {_moved(least[1])}"
    then = f" and most with {_moved(most[1])}" if most[1] is not least[1] else ""
    reach = f"{number(min(ends))} to {number(max(ends))}"
    return f"{said}{then}. F(x̄), what the model makes of a text in which every word is replaced, runs from {reach}."


def _moved(one: Moved) -> str:
    return f"{_short(one.label)} (τ = {number(one.tau or 0.0)}, {percent(one.overlap)} of the top {TOP} % the same)"


def argument(space: Space) -> tuple[str, ...]:
    """Whether the paper's argument for mask against pad holds on this model, from the numbers alone: plain sentences.

    First what it comes to, then why: whether pad lies close to some word, and whether mask is as far from one as from another.
    """
    found = {one.label: one for one in space.found}
    if "mask" in found and found["mask"].note:  # pad or eos stands in for it: pad would be compared with itself, or with eos
        return ("This model has no mask token, so the argument cannot be measured.",)
    if "mask" not in found or "pad" not in found:
        missing = " and ".join(name for name in ("mask", "pad") if name not in found)
        return (f"The paper sets mask against pad: here there is no {missing} to measure.",)
    mask, pad = found["mask"], found["pad"]
    share = space.closer_than(pad.closeness)
    near, uneven = share >= CLOSE, pad.unevenness > mask.unevenness
    even = "mask is the more even one" if uneven else "pad is the more even one"
    even = "they are equally even" if pad.unevenness == mask.unevenness else even
    holds = "holds" if near and uneven else "holds in part" if near or uneven else "does not hold"
    zero = "; its vector is 0" if pad.norm == 0 else ""
    return (
        f"The paper's argument for mask and against pad {holds} on this model.",
        f"Is pad close to some word? The word nearest to it, {_quoted(pad)}, is at {percent(pad.closeness)} of its "
        f"median distance{zero}. That is closer than {percent(share)} of {number(len(space.usual))} words of the "
        f"vocabulary, drawn at random, are to their own nearest word: "
        f"{'unusually close' if near else 'not unusually close'}. (For mask, {_quoted(mask)}, "
        f"it is {percent(mask.closeness)}.)",
        f"Is mask as far from one word as from any other? Its distances to all words vary by {percent(mask.unevenness)} of "
        f"their mean, those of pad by {percent(pad.unevenness)}: {even}.",
    )


def _quoted(one: Surroundings) -> str:
    return f"“{_short(one.nearest[0][0])}” at {number(one.nearest[0][1])}"


def _short(text: str) -> str:
    return shortened(text, LABEL_LENGTH)


def distances(space: Space, theme: Theme) -> go.Figure:
    """A hill for each stand-in: how many words lie how far from it, all on one axis.

    A diamond marks the nearest word, ticks the text's own tokens, an upright line the median.
    """
    ink, figure = inks(theme), go.Figure()
    middles = [(low + high) / 2 for low, high in zip(space.edges, space.edges[1:], strict=False)]
    highest = max((max(one.counts) for one in space.found), default=0) or 1
    for place, one in enumerate(space.found):
        heights = [_RISE * count / highest for count in one.counts]
        figure.add_scatter(
            x=[space.edges[0], *middles, space.edges[-1], space.edges[0]],
            y=[place, *(place - height for height in heights), place, place],
            mode="lines",
            line={"color": ink.against, "width": 1.5},
            fill="toself",
            fillcolor=_faint(ink.against),
            hoverinfo="skip",
            name="words of the vocabulary",
            legendgroup="hill",
            showlegend=None if place == 0 else False,
        )
        peak = heights[max(0, sum(edge <= one.median for edge in space.edges) - 1)]
        figure.add_scatter(
            x=[one.median, one.median],
            y=[place, place - peak],
            mode="lines",
            line={"color": ink.text, "width": 2},
            hoverinfo="skip",
            name="median",
            legendgroup="median",
            showlegend=None if place == 0 else False,
        )
    _marks(figure, space, "the text's own tokens", "line-ns", ink.text, [one.own for one in space.found])
    _marks(figure, space, "nearest word", "diamond", ink.towards, [one.nearest[:1] for one in space.found])
    labels = [safe_label(one.label) for one in space.found]
    finish(figure, labels, theme, title=f"Euclidean distance from the stand-in to the {number(space.words)} whole words")
    bottom = figure.layout.margin.b
    figure.update_layout(height=_ROW * (len(labels) + 1) + bottom + 60, showlegend=True, hovermode="closest")
    figure.update_yaxes(range=[len(labels) - 0.6, -1.05])
    figure.update_xaxes(rangemode="tozero")
    return figure


def _marks(
    figure: go.Figure,
    space: Space,
    name: str,
    symbol: str,
    colour: str,
    marks: Sequence[Sequence[tuple[str, float]]],
) -> None:
    points = [(place, word, far) for place, of in enumerate(marks) for word, far in of]
    figure.add_scatter(
        x=[far for _, _, far in points],
        y=[place for place, _, _ in points],
        mode="markers",
        name=name,
        marker={"symbol": symbol, "size": 10, "color": colour, "line": {"color": colour, "width": 1.5}},
        hovertext=[
            f"{safe_label(word)}: {number(far)} from {safe_label(space.found[place].label)}" for place, word, far in points
        ],
        hovertemplate="%{hovertext}<extra></extra>",
    )


def _faint(colour: str) -> str:
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.25)"
