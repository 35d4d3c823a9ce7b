"""A text coloured by its scores, as HTML, in the manner of Table 5 of the SIG paper (arXiv:2305.15853).

Everything in the text, the labels and the tokens is hostile: it leaves here escaped, with its hidden characters shown.
The HTML is made for `st.html`, whose sanitiser keeps style, data-, aria- and title attributes and drops scripts.
Give `style(theme)` to a page once; the rows, legends and grids on it share its classes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal
from unicodedata import category

import numpy as np

from sigviz.attribution import OUTPUTS, Attribution, Floats, Unit
from sigviz.views import wording
from sigviz.views.markup import attribute, escaped, mark, style
from sigviz.views.palette import Theme, colour, ramp
from sigviz.views.wording import visible

__all__ = ["Scale", "grid", "html", "legend", "shared_max", "style"]

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
    looks = _looks(attribution, _scaled(attribution, scale, shared_max), theme)
    pieces = list(_pieces(attribution.text, attribution.units))
    rest = attribution.text[sum(len(piece) for piece, _ in pieces) :]
    # some tokenizers cut the beginning off: then nothing is left over behind the last unit
    cut_before, cut_behind = (0, attribution.truncated) if rest.strip() else (attribution.truncated, 0)
    body, piece_number = [], 1
    for at, (piece, place) in enumerate(pieces):
        if place is None:
            body.append(_between(piece, cut_before if at == 0 else 0))
        else:
            piece_number = 1 if piece else piece_number + 1
            content = _content(piece, attribution.units[place], piece_number)
            body.append(_span(content, looks[place], attribution.settings.unit))
    before, after = (mark(token, "special token, no score") for token in special) if special else ("", "")
    label = attribute(f"{wording.name(attribution)}: a score for every {attribution.settings.unit}")
    inside = "".join([before, *body, _between(rest, cut_behind), after])
    return f'<div class="sigviz-row" dir="auto" role="group" aria-label="{label}">{inside}</div>'


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
    units = "".join(f'<th scope="col" dir="auto">{escaped(_unit_text(unit))}</th>' for unit in first.units)
    rows = "".join(
        f'<tr><th scope="row">{escaped(title)}</th>{_cells(row, row / largest, theme)}</tr>'
        for title, row in zip(wording.names(attributions), scores, strict=True)
    )
    caption = f"Normalised score of every {first.settings.unit}; orange towards, blue against the target"
    head = f'<thead><tr><th scope="col">Method</th>{units}</tr></thead>'
    table = f"<table><caption><span>{caption}</span></caption>{head}<tbody>{rows}</tbody></table>"
    return f'<div class="sigviz-grid" tabindex="0" role="region" aria-label="Table of scores">{table}</div>'


def _cells(scores: Floats, values: Floats, theme: Theme) -> str:
    """One method's <td>s.  scores, values: [n]; values in [-1, 1] give the colour."""
    top = wording.emphasised(scores)
    return "".join(
        f'<td class="{_emphasis(place, top)}" style="{_painted(value, theme)}">{wording.two_decimals(score)}</td>'
        for place, (score, value) in enumerate(zip(scores.tolist(), values.tolist(), strict=True))
    )


@dataclass(frozen=True, slots=True)
class _Look:
    """How one unit is shown: its inline style, classes, tooltip and spoken label (not yet escaped)."""

    style: str
    classes: str
    tip: str
    label: str


def _looks(attribution: Attribution, values: Floats, theme: Theme) -> list[_Look]:
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
        label = f"{_unit_text(unit)}: {value}{varies} ({OUTPUTS[settings.output]}), {rank}{spoken.get(place, '')}"
        tip = f"{wording.amount(raw, settings.output, 4)}{varies} · {rank}"
        classes = f"sigviz-unit {_emphasis(place, top)}".strip()
        found.append(_Look(_painted(float(values[place]), theme), classes, tip, label))
    return found


def _scaled(attribution: Attribution, scale: Scale, largest: float | None) -> Floats:
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


def _pieces(text: str, units: Sequence[Unit]) -> Iterator[tuple[str, int | None]]:
    """The text up to the end of the last unit, each character once: (characters, unit), or (characters, None) between units.

    Byte-level tokenizers make several units of one character: the first gets it, the others come with "".  White space at a
    unit's edges goes between the units, so that no colour stands under it.
    """
    at = 0
    for place, unit in enumerate(units):
        start = max(at, min(unit.start, len(text)))
        end = max(start, min(unit.end, len(text)))
        piece = text[start:end]
        lead, trail = (len(piece) - len(piece.lstrip()), len(piece.rstrip())) if piece.strip() else (0, len(piece))
        yield text[at:start] + piece[:lead], None
        yield piece[lead:trail], place
        yield piece[trail:], None
        at = end


def _content(piece: str, unit: Unit, piece_number: int) -> str:
    """What stands on a unit's colour: its characters, or a small box where they cannot be seen or are already shown."""
    if not piece:  # no characters of its own: the token's string; or they are shown: "2" for their second token
        return mark((unit.text or "∅") if unit.start == unit.end else str(piece_number))
    if piece.isspace():
        return mark("↵" if "\n" in piece else "␣") + escaped(piece)
    bodiless = all(category(character) in ("Mn", "Me", "Cf") for character in visible(piece))  # a lone accent or joiner
    return escaped(piece) + (mark("◌") if bodiless else "")


def _span(content: str, look: _Look, kind: str) -> str:
    """One unit.  A role is needed for the label to be read, and "img" is the one that is read as a whole."""
    return (
        f'<span class="{look.classes}" style="{look.style}" tabindex="0" role="img" aria-roledescription="{kind}" '
        f'aria-label="{attribute(look.label)}" data-tip="{attribute(look.tip)}">{content}</span>'
    )


def _between(text: str, truncated: int) -> str:
    """Text that is no unit's: as it is, or struck through where the model's limit cut off so many tokens."""
    if not truncated or not text.strip():
        return escaped(text)
    start, end = len(text) - len(text.lstrip()), len(text.rstrip())
    title = f"Not read by the model: {truncated} {'token' if truncated == 1 else 'tokens'} beyond its limit"
    struck = f'<s class="sigviz-cut" title="{title}">{escaped(text[start:end])}</s>'
    return escaped(text[:start]) + struck + escaped(text[end:])


def _emphasis(place: int, top: Sequence[int]) -> str:
    """The classes of a unit among the top ones, which stand with the most important first."""
    return "" if place not in top else "sigviz-top sigviz-first" if place == top[0] else "sigviz-top"


def _painted(value: float, theme: Theme) -> str:
    background, text = colour(value, theme)
    return f"background-color:{background};color:{text}"


def _unit_text(unit: Unit) -> str:
    """A unit's text where it must be seen without its place in the text."""
    return unit.text if unit.text.strip() else unit.text.replace("\n", "↵").replace("\t", "⇥").replace(" ", "␣") or "∅"
