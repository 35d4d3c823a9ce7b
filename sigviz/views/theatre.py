"""The path theatre as plain data for the component that plays it: every word, number and sentence for every alpha at once.

Foreign text leaves here with its hidden characters made visible, but not escaped: the component sets it by textContent.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from math import ceil, floor, log10
from typing import Any

from sigviz.attribution import OUTPUTS
from sigviz.teaching.theatre_result import Act, Theatre
from sigviz.views.palette import Theme, inks
from sigviz.views.wording import amount, number, percent, shortened

NAMES = {"ig": "IG", "sig": "SIG", "dig": "DIG"}
RULES = {
    "ig": "Integrated Gradients: every word moves, along straight lines",
    "sig": "Sequential Integrated Gradients: only the chosen word moves, along its straight line",
    "dig": "Discretized Integrated Gradients: every word moves, by way of other words of the vocabulary",
}
LEGEND = (
    "A dashed box moves: it shows the nearest word of the vocabulary, and how far away that is (Euclidean distance; so is the "
    "bar). The word in the thick frame is the chosen one. The dots on DIG's curves are its stops, and “via” names the anchor "
    "of the last one. The charts of F share one scale."
)
_LONGEST = 24  # characters of a word
_PROBABILITY = {"low": 0.0, "high": 1.0, "ticks": [[0, "0 %"], [0.5, "50 %"], [1, "100 %"]]}


def scenes(theatre: Theatre, theme: Theme) -> dict[str, Any]:
    """What the component draws, JSON throughout; `id` tells one drawing from another."""
    words: dict[str, int] = {}

    def place(word: str) -> int:
        return words.setdefault(shortened(word, _LONGEST) or "∅", len(words))

    farthest = max([float(act.distances.max(initial=0.0)) for act in theatre.acts])
    drawn = {
        "alphas": [round(alpha, 4) for alpha in theatre.alphas.tolist()],
        "stops": list(theatre.stops),
        "inks": asdict(inks(theme)),
        "legend": LEGEND,
        "ends": [f"0: {shortened(theatre.baseline, _LONGEST)}", "1: the text"],
        "axes": {"f": _axis([float(value) for act in theatre.acts for value in act.outputs]), "p": _PROBABILITY},
        "titles": {"f": f"F, {OUTPUTS[theatre.output]}", "p": f"Probability of {shortened(theatre.label, 40)}"},
        "tokens": [place(token) for token in theatre.tokens],
        "own": list(theatre.own),
        "before": _left_out(theatre.before),
        "behind": _left_out(theatre.behind),
        "rows": [_row(theatre, act, place, farthest) for act in theatre.acts],
        "words": list(words),
    }
    return {"id": hashlib.sha256(json.dumps(drawn).encode()).hexdigest()[:16], **drawn}


def closest(theatre: Theatre, alpha: float) -> int:
    """The number of the alpha nearest to this one."""
    return int(abs(theatre.alphas - alpha).argmin())


def chosen_word(theatre: Theatre) -> str:
    """The chosen unit as it stands in the text, short enough for a title."""
    return shortened(theatre.units[theatre.chosen].text, _LONGEST) or "∅"


def said(theatre: Theatre, act: Act, place: int) -> str:
    """One row at one alpha as a sentence, for those who do not see it."""
    unit, name = chosen_word(theatre), NAMES[act.method]
    moving, shown = len(act.moving), len(theatre.tokens)
    who = "one token moves" if moving == 1 else f"{'all' if moving == shown else f'{moving} of'} {shown} shown tokens move"
    followed = act.moving.index(theatre.own[0])
    met = f"the nearest word to “{unit}” is “{shortened(act.nearest[place][followed], _LONGEST)}”"
    away = f"{act.distances[place, followed]:.2f} away"
    between = act.anchors and 0 < place < len(theatre.alphas) - 1
    via = f", by way of the anchor “{shortened(act.anchors[place][followed], _LONGEST)}”" if between else ""
    f, p = amount(float(act.outputs[place]), theatre.output), percent(float(act.probabilities[place]))
    return (
        f"{name} at alpha {theatre.alphas[place]:.2f}: {who}; {met}, {away}{via}; F is {f}, "
        f"the probability of {shortened(theatre.label, 40)} {p}."
    )


def _row(theatre: Theatre, act: Act, place: Callable[[str], int], farthest: float) -> dict[str, Any]:
    A = range(len(theatre.alphas))
    return {
        "name": NAMES[act.method],
        "rule": RULES[act.method],
        "moving": list(act.moving),
        "nearest": [[place(word) for word in row] for row in act.nearest],
        "away": [[f"{away:.2f}" for away in row] for row in act.distances.tolist()],
        "share": [[round(away / farthest, 3) if farthest else 0 for away in row] for row in act.distances.tolist()],
        "anchors": [[place(word) for word in row] for row in act.anchors],
        "f": [float(f"{value:.6g}") for value in act.outputs.tolist()],
        "p": [float(f"{value:.6g}") for value in act.probabilities.tolist()],
        "said_f": [amount(value, theatre.output) for value in act.outputs.tolist()],
        "said_p": [percent(value) for value in act.probabilities.tolist()],
        "said": [said(theatre, act, k) for k in A],
    }


def _left_out(count: int) -> str:
    return f"… {number(count)} more" if count else ""


def _axis(values: Sequence[float]) -> dict[str, Any]:
    """low, high: the ends, at round numbers; ticks: [[value, its words]], three to seven."""
    low, high = min(values), max(values)
    if not high > low:
        low, high = low - 0.5, high + 0.5
    rough = (high - low) / 4
    size = 10.0 ** floor(log10(rough))
    step = next(size * factor for factor in (1, 2, 5, 10) if size * factor >= rough)
    first, last = floor(low / step), ceil(high / step)
    ticks = [[round(k * step, 12), f"{k * step:.6g}".replace("-", "−")] for k in range(first, last + 1)]
    return {"low": first * step, "high": last * step, "ticks": ticks}
