"""A given text cut into what is shown of it: units, what stands between them, what was cut off, and marks.

One cut for all pictures of a text: HTML rows, strips, files.  Nothing is escaped here; whoever shows it does that.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal
from unicodedata import category

from sigviz.attribution import Attribution, Unit
from sigviz.views.wording import visible

Kind = Literal["unit", "text", "cut", "special"]


@dataclass(frozen=True, slots=True)
class Part:
    """Characters on a unit's colour; mark: not characters of the text, but a sign that stands for some that cannot be seen."""

    text: str
    mark: bool = False


@dataclass(frozen=True, slots=True)
class Piece:
    """unit: its number, for the kind "unit".  title: what must be said of it besides, for the kinds "cut" and "special"."""

    kind: Kind
    parts: tuple[Part, ...]
    unit: int | None = None
    title: str = ""


def pieces(text: str, units: Sequence[Unit], truncated: int = 0, special: tuple[str, str] | None = None) -> list[Piece]:
    """The whole text in reading order, each character once.

    truncated: tokens that the model's limit cut off.  special: what the tokenizer puts before and after the text ("[CLS]",
    "[SEP]"), which has no score; None leaves it out.
    """
    cut = list(_cut(text, units))
    rest = text[sum(len(piece) for piece, _ in cut) :]
    # some tokenizers cut the beginning off: then nothing is left over behind the last unit
    before, behind = (0, truncated) if rest.strip() else (truncated, 0)
    found: list[Piece] = []
    number = 1
    for at, (piece, place) in enumerate(cut):
        if place is None:
            found += _between(piece, before if at == 0 else 0)
        else:
            number = 1 if piece else number + 1
            found.append(Piece("unit", _content(piece, units[place], number), place))
    found += _between(rest, behind)
    if special is None:
        return found
    before_text, behind_text = (
        [Piece("special", (Part(token, mark=True),), title="special token, no score")] if token else [] for token in special
    )
    return [*before_text, *found, *behind_text]


def left_out(attribution: Attribution) -> int:
    """Tokens to strike through behind the units; none where a part of the text was explained, behind which there is more."""
    return attribution.truncated if attribution.settings.within is None else 0


def unit_text(unit: Unit) -> str:
    """A unit's text where it must be seen without its place in the text."""
    return unit.text if unit.text.strip() else unit.text.replace("\n", "↵").replace("\t", "⇥").replace(" ", "␣") or "∅"


def _cut(text: str, units: Sequence[Unit]) -> Iterator[tuple[str, int | None]]:
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


def _content(piece: str, unit: Unit, number: int) -> tuple[Part, ...]:
    """What stands on a unit's colour: its characters, or a small box where they cannot be seen or are already shown."""
    if not piece:  # no characters of its own: the token's string; or they are shown: "2" for their second token
        return (Part((unit.text or "∅") if unit.start == unit.end else str(number), mark=True),)
    if piece.isspace():
        return Part("↵" if "\n" in piece else "␣", mark=True), Part(piece)
    bodiless = all(category(character) in ("Mn", "Me", "Cf") for character in visible(piece))  # a lone accent or joiner
    return (Part(piece), Part("◌", mark=True)) if bodiless else (Part(piece),)


def _between(text: str, truncated: int) -> list[Piece]:
    """Text that is no unit's: as it is, or struck through where the model's limit cut off so many tokens."""
    if not text:
        return []
    if not truncated or not text.strip():
        return [Piece("text", (Part(text),))]
    start, end = len(text) - len(text.lstrip()), len(text.rstrip())
    title = f"Not read by the model: {truncated} {'token' if truncated == 1 else 'tokens'} beyond its limit"
    ends = text[:start], text[end:]
    cut = Piece("cut", (Part(text[start:end]),), title=title)
    before, behind = ([Piece("text", (Part(part),))] if part else [] for part in ends)
    return [*before, cut, *behind]
