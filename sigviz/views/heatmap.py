"""A text coloured by its scores, as HTML, in the manner of Table 5 of the SIG paper (arXiv:2305.15853).

Everything in the text, the labels and the tokens is hostile: it leaves here escaped, with its hidden characters shown.
The HTML is made for `st.html`, whose sanitiser keeps style, data-, aria- and title attributes and drops scripts.
Give `style(theme)` to a page once; the rows, legends and grids on it share its classes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from sigviz.attribution import OUTPUTS, Attribution, Floats
from sigviz.views import wording
from sigviz.views.markup import attribute, escaped, mark, style
from sigviz.views.palette import Theme, colour, ramp
from sigviz.views.pieces import Piece, left_out, pieces, unit_text
from sigviz.views.wording import number

__all__ = ["Scale", "column", "grid", "html", "legend", "shared_max", "style"]

Scale = Literal["row", "shared", "fixed"]


def shared_max(attributions: Sequence[Attribution]) -> float:
    """The largest |raw| in any of the rows, for `scale="shared"`; comparable only where F is the same."""
    return max((float(np.max(np.abs(one.raw), initial=0.0)) for one in attributions), default=0.0)


def html(
    attribution: Attribution,
    *,
    theme: Theme,
    scale: Scale = "row",
    shared_max: float | None = None,
    special: tuple[str, str] | None = None,
) -> str:
    """One row: the given text, each unit on the colour of its score, the top 20 % bold, the first of them underlined.

    scale: what counts as full colour: "row" the largest |raw| here, "shared" the given shared_max (in the unit of F),
    "fixed" a normalised score of 1.  special: what the tokenizer puts before and after the text ("[CLS]", "[SEP]"), shown
    without a score; None hides it.
    """
    looks = looks_of(attribution, scaled(attribution, scale, shared_max), theme)
    body = [
        _span(piece, looks[piece.unit], attribution.settings.unit) if piece.unit is not None else _plain(piece)
        for piece in pieces(attribution.text, attribution.units, left_out(attribution), special)
    ]
    label = attribute(f"{wording.name(attribution)}: a score for every {attribution.settings.unit}")
    return f'<div class="sigviz-row" dir="auto" role="group" aria-label="{label}">{"".join(body)}</div>'


def legend(theme: Theme, label: str = "the target class") -> str:
    """The colour scale in words, from against to towards the class `label`, and what bold and underlined mean."""
    shown = f'<bdi dir="auto">{escaped(wording.shortened(label, 40))}</bdi>'
    stops = ",".join(ramp(theme))
    return (
        f'<div class="sigviz-legend"><span>against {shown}</span>'
        f'<span class="sigviz-ramp" style="background:linear-gradient(to right,{stops})"></span>'
        f"<span>towards {shown}</span>"
        '<span><span class="sigviz-top sigviz-first">underlined</span>: most important, '
        '<span class="sigviz-top">bold</span>: top 20 %</span></div>'
    )


def grid(attributions: Sequence[Attribution], *, theme: Theme) -> str:
    """Methods x units as a table of scores (raw / ||raw||), coloured on one scale: the alternative to reading colours.

    Raises: ValueError where there is none, or where they do not share their text and units.
    """
    if not attributions:
        raise ValueError("A grid needs at least one attribution.")
    first = attributions[0]
    if any((one.text, one.units) != (first.text, first.units) for one in attributions):
        raise ValueError("A grid needs attributions of one text with the same units; explain them with the same unit=.")
    scores = np.stack([one.scores for one in attributions])  # [methods, n]
    largest = float(np.max(np.abs(scores), initial=0.0)) or 1.0
    units = "".join(f'<th scope="col" dir="auto">{escaped(unit_text(unit))}</th>' for unit in first.units)
    rows = "".join(
        f'<tr><th scope="row">{escaped(title)}</th>{_cells(row, row / largest, theme)}</tr>'
        for title, row in zip(wording.names(attributions), scores, strict=True)
    )
    caption = f"Normalised score of every {first.settings.unit}; orange towards, blue against the target"
    head = f'<thead><tr><th scope="col">Method</th>{units}</tr></thead>'
    table = f"<table><caption><span>{caption}</span></caption>{head}<tbody>{rows}</tbody></table>"
    return f'<div class="sigviz-grid" tabindex="0" role="region" aria-label="Table of scores">{table}</div>'


def column(attributions: Sequence[Attribution], place: int) -> str:
    """One unit in all rows, as a table: raw score, rank, share of the row, and what the method expects of it.

    attributions: of one text in the same units.
    """
    heads = ("Method", "Score", "Rank", "Normalised", "Must be", "Delta")
    rows = "".join(
        f'<tr><th scope="row">{escaped(title)}</th>{"".join(f"<td>{cell}</td>" for cell in _column_cells(one, place))}</tr>'
        for title, one in zip(wording.names(attributions), attributions, strict=True)
    )
    first = attributions[0]
    said = (
        f"“{escaped(wording.shortened(unit_text(first.units[place]), 40))}” in every run. Score, must be and delta are in "
        f"the unit of F ({escaped(OUTPUTS[first.settings.output])}); must be is F(x) − F(x̄ⁱ), where the method promises that."
    )
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    table = f"<table><caption><span>{said}</span></caption><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    return f'<div class="sigviz-grid" tabindex="0" role="region" aria-label="The selected word in every run">{table}</div>'


def _column_cells(attribution: Attribution, place: int) -> list[str]:
    rank = wording.order(attribution.raw).index(place) + 1
    expected, delta = attribution.expected, attribution.delta
    must = ["·", "·"] if expected is None or delta is None else [number(expected[place]), number(delta[place], 2)]
    raw, score = float(attribution.raw[place]), wording.two_decimals(float(attribution.scores[place]))
    return [number(raw), f"{rank} of {len(attribution.units)}", score, *must]


def _cells(scores: Floats, values: Floats, theme: Theme) -> str:
    """One method's <td>s.  scores, values: [n]; values in [-1, 1] give the colour."""
    top = wording.emphasised(scores)
    return "".join(
        f'<td class="{_emphasis(place, top)}" style="{_painted(value, theme)}">{wording.two_decimals(score)}</td>'
        for place, (score, value) in enumerate(zip(scores.tolist(), values.tolist(), strict=True))
    )


@dataclass(frozen=True, slots=True)
class Look:
    """How one unit is shown: its inline style, classes, tooltip and spoken label (not yet escaped)."""

    style: str
    classes: str
    tip: str
    label: str


def looks_of(attribution: Attribution, values: Floats, theme: Theme) -> list[Look]:
    """One look a unit.  values: [n] in [-1, 1], what the colours stand for."""
    settings, n = attribution.settings, len(attribution.units)
    ranked, top = wording.order(attribution.raw), wording.emphasised(attribution.raw)
    ranks = {place: rank for rank, place in enumerate(ranked, start=1)}
    spoken = {place: ", top 20 %" for place in top} | {place: ", most important" for place in top[:1]}
    found = []
    for place, unit in enumerate(attribution.units):
        raw, rank = float(attribution.raw[place]), f"rank {ranks[place]} of {n}"
        value, varies = wording.number(raw, 4), ""
        if attribution.spread is not None:  # over the seeds of a method that samples
            varies = f" ± {wording.number(float(attribution.spread[place]), 2)}"
        label = f"{unit_text(unit)}: {value}{varies} ({OUTPUTS[settings.output]}), {rank}{spoken.get(place, '')}"
        tip = f"{wording.amount(raw, settings.output, 4)}{varies} · {rank}"
        classes = f"sigviz-unit {_emphasis(place, top)}".strip()
        found.append(Look(_painted(float(values[place]), theme), classes, tip, label))
    return found


def scaled(attribution: Attribution, scale: Scale, largest: float | None) -> Floats:
    """The scores as colours stand for them, [n] in [-1, 1]."""
    if scale == "fixed":
        return attribution.scores
    if scale == "row":
        largest = float(np.max(np.abs(attribution.raw), initial=0.0))
    elif scale != "shared":
        raise ValueError(f"scale is {scale!r}; choose one of: row, shared, fixed.")
    if largest is None or not largest >= 0:
        raise ValueError(f"scale 'shared' needs shared_max, the largest |raw| of all rows; it is {largest!r}.")
    return attribution.raw / largest if largest else np.zeros_like(attribution.raw)


def _span(piece: Piece, look: Look, kind: str) -> str:
    """One unit.  A role is needed for the label to be read, and "img" is the one that is read as a whole."""
    return (
        f'<span class="{look.classes}" style="{look.style}" tabindex="0" role="img" aria-roledescription="{kind}" '
        f'aria-label="{attribute(look.label)}" data-tip="{attribute(look.tip)}">{_inside(piece)}</span>'
    )


def _plain(piece: Piece) -> str:
    """What is no unit: text as it is, what was cut off struck through, special tokens as marks."""
    if piece.kind == "cut":
        return f'<s class="sigviz-cut" title="{attribute(piece.title)}">{_inside(piece)}</s>'
    return mark(piece.parts[0].text, piece.title) if piece.kind == "special" else _inside(piece)


def _inside(piece: Piece) -> str:
    return "".join(mark(part.text) if part.mark else escaped(part.text) for part in piece.parts)


def _emphasis(place: int, top: Sequence[int]) -> str:
    """The classes of a unit among the top ones, which stand with the most important first."""
    return "" if place not in top else "sigviz-top sigviz-first" if place == top[0] else "sigviz-top"


def _painted(value: float, theme: Theme) -> str:
    background, text = colour(value, theme)
    return f"background-color:{background};color:{text}"
