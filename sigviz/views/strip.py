"""A text coloured by its scores, as plain data for the token strip that the reader can point at and click.

The same cut, colours and words as `heatmap.html`.  Foreign text leaves here with its hidden characters made visible, but
not escaped: the strip sets it by textContent, which reads nothing into it.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sigviz.attribution import Attribution, Unit
from sigviz.views import wording
from sigviz.views.heatmap import Look, Scale, looks_of, scaled
from sigviz.views.palette import Theme, colour, inks
from sigviz.views.pieces import Piece, left_out, pieces, unit_text
from sigviz.views.wording import visible

Row = dict[str, Any]


def row(
    attribution: Attribution,
    *,
    theme: Theme,
    scale: Scale = "row",
    shared_max: float | None = None,
    title: str = "",
    special: tuple[str, str] | None = None,
) -> Row:
    """One explanation.  scale, shared_max, special: as for `heatmap.html`; title: shown before the text, none for ""."""
    looks = looks_of(attribution, scaled(attribution, scale, shared_max), theme)
    cut = pieces(attribution.text, attribution.units, left_out(attribution), special)
    unit = attribution.settings.unit
    label = f"{title or wording.name(attribution)}: a score for every {unit}"
    return _row(cut, attribution.text, attribution.units, looks, label, title, theme) | {
        "read_out": visible(wording.read_out(attribution))
    }


def plain_row(
    text: str,
    units: Sequence[Unit],
    *,
    theme: Theme,
    colours: Sequence[float | None],
    labels: Sequence[str],
    title: str = "",
) -> Row:
    """A text without an explanation.  colours: [n], -1 (against) to 1 (towards), None for no colour; labels: [n], what the
    tooltip and a screen reader say of each unit besides its text."""
    looks = [
        Look(
            "" if value is None else "background-color:{};color:{}".format(*colour(value, theme)), "sigviz-unit", label, label
        )
        for value, label in zip(colours, labels, strict=True)
    ]
    spoken = [
        Look(look.style, look.classes, look.tip, f"{unit_text(unit)}: {look.label}" if look.label else unit_text(unit))
        for look, unit in zip(looks, units, strict=True)
    ]
    return _row(pieces(text, units), text, units, spoken, title or "the text", title, theme)


def group(text: str, units: Sequence[Unit]) -> str:
    """Tells rows of one text in the same units from others: pointing at a word lights it in the rows of its own group."""
    spans = ",".join(f"{unit.start}-{unit.end}" for unit in units)
    return hashlib.sha256(f"{spans}|{text}".encode("utf-8", "replace")).hexdigest()[:16]


def _row(
    cut: Sequence[Piece], text: str, units: Sequence[Unit], looks: Sequence[Look], label: str, title: str, theme: Theme
) -> Row:
    return {
        "label": visible(label),
        "title": visible(title),
        "group": group(text, units),
        "inks": asdict(inks(theme)),
        "pieces": [_piece(piece, looks) for piece in cut],
    }


def _piece(piece: Piece, looks: Sequence[Look]) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "kind": piece.kind,
        "parts": [[visible(part.text), part.mark] for part in piece.parts],
        "title": visible(piece.title),
    }
    if piece.unit is not None:
        look = looks[piece.unit]
        style = dict(pair.split(":", 1) for pair in look.style.split(";") if pair)
        shown |= {
            "unit": piece.unit,
            "background": style.get("background-color", ""),
            "top": "sigviz-top" in look.classes,
            "first": "sigviz-first" in look.classes,
            "tip": visible(look.tip),
            "said": visible(look.label),
        }
    return shown
