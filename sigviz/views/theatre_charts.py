"""The figures and the table under the path theatre: the word's way in two dimensions, its integrand, DIG's walk.

Orange and blue are areas that speak for and against the class, as everywhere; ways differ by line and symbol.
Show the figures as charts.py says (`theme=None`, its CONFIG).
"""

import math
from typing import Any

import numpy as np
import plotly.graph_objects as go

from sigviz.teaching.theatre_result import Act, Hop, Landmark, Theatre
from sigviz.views.figure import safe_label
from sigviz.views.palette import Theme, inks
from sigviz.views.theatre import NAMES, chosen_word
from sigviz.views.wording import amount, number, percent, shortened, visible

_FONT = '"Source Sans", system-ui, sans-serif'
_ROUNDING = 1e-6  # share of a score that float32 may round
COSTS = {  # of a strategy -> what it goes by, as a column's head
    "greedy": "cost: how far it is bent",
    "maxcount": "dimensions on the way, most wins",
    "non-monotonic": "cost: distance to the baseline",
}


def plane(theatre: Theatre, place: int, theme: Theme) -> go.Figure:
    """The embedding of the chosen word's first token on its ways, and the words around it.  place: the number of an alpha."""
    ink, seen = inks(theme), theatre.plane
    figure = go.Figure()
    straight = {"color": ink.neutral, "width": 3, "dash": "dash"}
    figure.add_scatter(
        x=seen.straight[:, 0],
        y=seen.straight[:, 1],
        mode="lines",
        line=straight,
        name="IG and SIG: straight",
        hoverinfo="skip",
    )
    stops = list(theatre.stops)
    hover = [f"alpha {theatre.alphas[stop]:.2f}" for stop in stops]
    figure.add_scatter(
        x=seen.hopping[stops, 0],
        y=seen.hopping[stops, 1],
        mode="lines+markers",
        line={"color": ink.text, "width": 2},
        marker={"size": 6, "color": ink.text},
        name="DIG: from stop to stop",
        hovertext=hover,
        hovertemplate="DIG's stop, %{hovertext}<extra></extra>",
    )
    _add_landmarks(figure, theatre, theme)
    for name, points, symbol in (("IG, SIG", seen.straight, "circle"), ("DIG", seen.hopping, "square")):
        figure.add_scatter(
            x=[points[place, 0]],
            y=[points[place, 1]],
            mode="markers",
            marker={"symbol": symbol, "size": 15, "color": ink.page, "line": {"color": ink.text, "width": 3}},
            name=f"{name} at alpha {theatre.alphas[place]:.2f}",
            hovertemplate=f"{name} at alpha {theatre.alphas[place]:.2f}<extra></extra>",
        )
    _dress(figure, theme, height=430)
    figure.update_layout(
        showlegend=True, legend={"orientation": "h", "x": 0, "xanchor": "left", "y": 1.02, "yanchor": "bottom"}
    )
    figure.update_xaxes(title_text="first component (embedding units)")
    figure.update_yaxes(title_text="second component", scaleanchor="x")
    return figure


def integrand(theatre: Theatre, act: Act, place: int, theme: Theme) -> go.Figure:
    """dF/dalpha through the chosen word: the curve, the method's nodes on it, and the bars that it adds up.

    A bar is as wide as its node's weight, so the bars' area, signed, is the score.  place: the number of an alpha.
    """
    ink, g = inks(theme), act.integrand
    starts = np.concatenate([[0.0], np.cumsum(g.weights)[:-1]])
    figure = go.Figure()
    figure.add_bar(
        x=starts,
        y=g.at_nodes,
        width=g.weights,
        offset=0,
        marker={"color": [ink.towards if slope >= 0 else ink.against for slope in g.at_nodes], "line": {"width": 0}},
        opacity=0.45,
        name="area: the score",
        hoverinfo="skip",
    )
    alphas, slopes = _broken(g.alphas, g.slopes)
    figure.add_scatter(x=alphas, y=slopes, mode="lines", line={"color": ink.text, "width": 2}, name="dF/dα", hoverinfo="skip")
    figure.add_scatter(
        x=g.nodes,
        y=g.at_nodes,
        mode="markers",
        marker={"size": 7, "color": ink.page, "line": {"color": ink.text, "width": 1.5}},
        name="nodes",
        customdata=[[number(weight)] for weight in g.weights.tolist()],
        hovertemplate="node at alpha %{x:.3f}<br>slope %{y:.3g}<br>weight %{customdata[0]}<extra></extra>",
    )
    alpha = float(theatre.alphas[place])
    figure.add_vline(x=alpha, line={"color": ink.text, "width": 1, "dash": "dot"})
    figure.add_scatter(
        x=[alpha],
        y=[slope_at(act, alpha)],
        mode="markers",
        marker={"symbol": "diamond", "size": 13, "color": ink.page, "line": {"color": ink.text, "width": 3}},
        hovertemplate=f"alpha {alpha:.2f}: slope %{{y:.3g}}<extra></extra>",
        name="alpha",
    )
    _dress(figure, theme, height=260)
    figure.update_layout(barmode="overlay", bargap=0, showlegend=False)
    figure.update_xaxes(title_text="alpha", range=[-0.03, 1.03], tickvals=[0, 0.25, 0.5, 0.75, 1])
    return figure


def slope_at(act: Act, alpha: float) -> float:
    """The integrand at an alpha, on the straight line between its neighbours; where it jumps, behind the jump."""
    g = act.integrand
    behind = int(np.searchsorted(g.alphas, alpha + 1e-12, side="right"))
    left, right = max(0, behind - 1), min(behind, len(g.alphas) - 1)
    width = g.alphas[right] - g.alphas[left]
    share = (alpha - g.alphas[left]) / width if width > 0 else 0.0
    return float(g.slopes[left] + share * (g.slopes[right] - g.slopes[left]))


def area(theatre: Theatre, act: Act) -> str:
    """What an integrand's area comes to, and what else it may be compared with, in words."""
    unit, score = f"“{chosen_word(theatre)}”", amount(act.integrand.score, theatre.output)
    nodes = number(len(act.integrand.nodes))
    gained = float(act.outputs[-1] - act.outputs[0])
    rise = amount(gained, theatre.output)
    first = f"{NAMES[act.method]}: the area is {score}, the score of {unit}, from {nodes} nodes."
    if act.method == "sig" and (score == rise or math.isclose(act.integrand.score, gained, rel_tol=_ROUNDING)):
        return f"{first} Nothing else moves, so it is all that F gains on this way: {rise}."
    if act.method == "sig":
        return (
            f"{first} Nothing else moves, so all that F gains on this way is {rise}, which the area tends to with more nodes."
        )
    return f"{first} F gains {rise} on this way, and all words share that."


def hop_rows(theatre: Theatre, strategy: str) -> list[dict[str, Any]]:
    """DIG's walk as a table, from the word towards the baseline, keyed by the words for its head."""
    return [
        {
            "step": step,
            "alpha": round(hop.alpha, 3),
            "anchor chosen": visible(hop.anchor),
            COSTS[strategy]: _cost(hop, strategy),
            "dimensions changed": f"{hop.bent} of {hop.features}",
            "moved by": round(hop.away, 3),
            "next best": ", ".join(f"{visible(one.word)} ({_figure(one.cost, strategy)})" for one in hop.candidates[1:])
            or "none",
            "candidates": hop.weighed,
        }
        for step, hop in enumerate(theatre.hops, start=1)
    ]


def way_rows(theatre: Theatre) -> list[dict[str, Any]]:
    """All that the slider shows, as a table: one row an alpha, method and moving token.

    F in its unit, probability from 0 to 1, distance Euclidean in the embedding space.
    """
    return [
        {
            "method": act.method,
            "alpha": float(alpha),
            "F": float(act.outputs[k]),
            "probability": float(act.probabilities[k]),
            "token": visible(theatre.tokens[token]),
            "nearest word": visible(act.nearest[k][place]),
            "distance": float(act.distances[k, place]),
        }
        for act in theatre.acts
        for k, alpha in enumerate(theatre.alphas)
        for place, token in enumerate(act.moving)
    ]


def walk_in_words(theatre: Theatre) -> str:
    """The walk as two sentences: over which words it leads, and how much of them is left."""
    chosen = [hop for hop in theatre.hops if hop.candidates]  # at the others nothing was left but the baseline: no anchor
    names = [f"“{shortened(hop.anchor, 24)}”" for hop in chosen]
    shown = ", ".join(names[:5]) + (f" … {names[-1]}" if len(names) > 6 else f", {names[5]}" if len(names) == 6 else "")
    start, end = (shortened(word, 24) for word in (theatre.walker, theatre.baseline))
    if not chosen:
        return f"From “{start}” the walk leads straight to “{end}”. There was no anchor to choose, so none had to be changed."
    changed = percent(sum(hop.bent for hop in chosen) / sum(hop.features for hop in chosen))
    return (
        f"From “{start}” the walk leads over {shown} to “{end}”. On average {changed} of an anchor's {chosen[0].features} "
        "dimensions would have turned back on the way, and had to be changed."
    )


def plane_in_words(theatre: Theatre) -> str:
    """What the map shows, in sentences."""
    far = theatre.act("ig")
    middle = len(theatre.alphas) // 2
    followed = far.moving.index(theatre.own[0])
    return (
        "A map of the embedding space around the word: every point is an embedding, and the plane is laid so that it shows as "
        f"much of their differences as two dimensions can, here {percent(theatre.plane.kept)}. IG and SIG move the word along "
        "the same straight line; they differ in what the other words do meanwhile. Half-way, at alpha "
        f"{theatre.alphas[middle]:.2f}, the line is {far.distances[middle, followed]:.2f} away from the nearest word. (From a "
        f"word of this text to its own nearest neighbour it is {theatre.apart:.2f} at the median.) DIG hops over anchors, "
        "real entries of the vocabulary, but its stops are bent copies of them, so they need not lie on them."
    )


def _cost(hop: Hop, strategy: str) -> float | None:
    return abs(round(hop.candidates[0].cost, 3)) if hop.candidates else None


def _figure(cost: float, strategy: str) -> str:
    return number(round(abs(cost))) if strategy == "maxcount" else number(cost, 2)


def _broken(alphas: Any, slopes: Any) -> tuple[list[float | None], list[float | None]]:
    """The curve with a gap at every jump, where an alpha comes twice."""
    x: list[float | None] = []
    y: list[float | None] = []
    for k, (alpha, slope) in enumerate(zip(alphas.tolist(), slopes.tolist(), strict=True)):
        if k and alpha == alphas[k - 1] and slope != slopes[k - 1]:
            x.append(None)
            y.append(None)
        x.append(alpha)
        y.append(slope)
    return x, y


def _add_landmarks(figure: go.Figure, theatre: Theatre, theme: Theme) -> None:
    """The words, with as many labels as fit; the others say their word under the pointer."""
    ink, marks = inks(theme), theatre.plane.landmarks
    symbols = {"end": "star", "anchor": "diamond", "near": "circle-open"}
    labelled = _labelled(marks)
    for kind, name in (("end", "the word and its baseline"), ("anchor", "anchors"), ("near", "other nearest words")):
        some = [mark for mark in marks if mark.kind == kind]
        if some:
            figure.add_scatter(
                x=[mark.x for mark in some],
                y=[mark.y for mark in some],
                mode="markers+text",
                marker={"symbol": symbols[kind], "size": 12 if kind == "end" else 9, "color": ink.against},
                text=[f"<b>{safe_label(mark.word)}</b>" if mark in labelled else "" for mark in some],
                textposition="top center",
                textfont={"color": ink.text, "size": 12},
                cliponaxis=False,
                name=name,
                hovertext=[safe_label(mark.word) for mark in some],
                hovertemplate="%{hovertext}<extra></extra>",
            )


def _labelled(marks: tuple[Landmark, ...]) -> list[Landmark]:
    """Those whose labels do not cover each other: ends first, then anchors; of several together the highest."""
    places = [value for mark in marks for value in (mark.x, mark.y)]
    span = max(places, default=0.0) - min(places, default=0.0)
    found: list[Landmark] = []
    for mark in sorted(marks, key=lambda mark: (("end", "anchor", "near").index(mark.kind), -mark.y)):
        if not any(_covers(mark, other, span) for other in found):
            found.append(mark)
    return found


def _covers(one: Landmark, other: Landmark, span: float) -> bool:
    """Whether their labels would lie on each other, on a chart `span` wide: a letter takes about a hundredth of it."""
    half = 0.01 * (len(one.word) + len(other.word)) * span / 2 + 0.01 * span
    return abs(one.x - other.x) <= half and abs(one.y - other.y) <= 0.05 * span


def _dress(figure: go.Figure, theme: Theme, height: int) -> None:
    ink = inks(theme)
    figure.update_layout(
        template="none",
        height=height,
        margin={"l": 8, "r": 12, "t": 8, "b": 8},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": _FONT, "size": 13, "color": ink.text},
        hoverlabel={"bgcolor": ink.text, "font": {"color": ink.page, "family": _FONT}, "align": "left"},
        dragmode=False,
    )
    axis = {
        "automargin": True,
        "fixedrange": True,
        "gridcolor": ink.line,
        "zerolinecolor": ink.neutral,
        "tickfont": {"color": ink.muted, "size": 11},
        "title_font": {"color": ink.muted, "size": 12},
        "nticks": 6,
    }
    figure.update_xaxes(**axis)
    figure.update_yaxes(**axis)
