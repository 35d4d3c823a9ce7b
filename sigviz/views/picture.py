"""Explained texts as one SVG: the rows of the page as a picture for slides and papers.

A server knows no fonts, so everything is laid out in cells of one width, two for what East Asian scripts and emoji take,
and each piece is told how long it is (textLength): it fits its box in whatever font the viewer has.

Lines are as long as COLUMNS cells.  Texts in scripts that run from right to left run so here, word by word, each word
shaped by the viewer; a run of the other direction within them keeps its own.  What Unicode's bidirectional algorithm
does beyond that (numbers within such runs, embeddings: these are shown as marks) is not done.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from html import escape
from itertools import groupby
from textwrap import wrap
from unicodedata import bidirectional, category, east_asian_width

from sigviz.attribution import Attribution
from sigviz.views import heatmap, wording
from sigviz.views.heatmap import Look, Scale
from sigviz.views.palette import Theme, inks, ramp
from sigviz.views.pieces import Piece, left_out, pieces

COLUMNS = 96  # cells of a line
_CELL, _LINE, _MARGIN, _BOX = 8.4, 26, 16, 21  # pixels; text of 14 in a monospaced font is 8.4 wide
_SMALL, _SMALL_LINE = 7.2, 17  # a cell of the small print (12), and its line
_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # what no XML may hold
_FONT = "'DejaVu Sans Mono', Menlo, Consolas, 'Liberation Mono', monospace"


def svg(attributions: Sequence[Attribution], *, theme: Theme = "light", scale: Scale = "row") -> str:
    """A standalone SVG with a row for each attribution, its facts below it, and a legend at the end.

    The top 20 % of the units are bold, the first of them underlined; a unit's value is its tooltip, and the picture's
    description reads out each row in a sentence.  scale: as for `heatmap.html`.  An empty sequence gives the legend alone.
    """
    ink = inks(theme)
    largest = heatmap.shared_max(attributions)
    body: list[str] = []
    y = _MARGIN
    for one, title in zip(attributions, wording.names(attributions), strict=True):
        looks = heatmap.looks_of(one, heatmap.scaled(one, scale, largest), theme)
        y += 20
        body.append(_line(wording.shortened(title, COLUMNS), _MARGIN, y, _CELL, f'fill="{ink.text}" font-weight="700"'))
        y += 6
        cut = pieces(one.text, one.units, left_out(one))
        right_to_left = _direction(one.text) == "R"
        for row in _lines(cut):
            body += _drawn(row, y, looks, theme, right_to_left)
            y += _LINE
        for part in _wrapped(_facts(one)):
            y += _SMALL_LINE
            body.append(_line(part, _MARGIN, y - 4, _SMALL, f'fill="{ink.muted}" font-size="12"'))
        y += 12
    body.append(_legend(attributions, y, theme))
    width, height = round(2 * _MARGIN + COLUMNS * _CELL), y + 54
    said = " ".join(map(wording.read_out, attributions))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'font-family="{_FONT}" font-size="14">\n<title>{_text(_title(attributions))}</title>\n<desc>{_text(said)}</desc>\n'
        f'<rect width="{width}" height="{height}" fill="{ink.page}"/>\n' + "\n".join(body) + "\n</svg>\n"
    )


@dataclass(frozen=True, slots=True)
class Item:
    """What stands in one place of a line.  text: "" for a gap.  cells: its width.  unit: whose colour it has, if any's.

    tied: whether it belongs to the item before it, with no gap between them where a line could end.
    """

    text: str
    cells: int
    unit: int | None = None
    mark: bool = False
    cut: bool = False
    tied: bool = False

    @property
    def gap(self) -> bool:
        return not self.text


def clusters(text: str) -> list[str]:
    """The text in pieces that must not be parted: characters with the marks, joiners and modifiers that belong to them."""
    starts: list[int] = []
    for at, character in enumerate(text):  # by places: a letter with a million accents must not be copied a million times
        alone = bool(starts) and at - starts[-1] == 1
        joined = bool(starts) and (
            _bodiless(character) or text[at - 1] == "\u200d" or (alone and _flag(text[at - 1], character))
        )
        if not joined:
            starts.append(at)
    return [text[start:end] for start, end in zip(starts, [*starts[1:], len(text)], strict=True)]


def cells(text: str) -> int:
    """How many cells the text takes: two for a wide character, none for marks on another."""
    return sum(2 if any(_wide(character) for character in one) else 1 for one in clusters(text))


def _wide(character: str) -> bool:
    return character == "\ufe0f" or east_asian_width(character) in "WF" or _letter_of_flag(character)


def _bodiless(character: str) -> bool:
    return category(character) in ("Mn", "Me", "Cf") or 0x1F3FB <= ord(character) <= 0x1F3FF


def _flag(before: str, character: str) -> bool:
    """Whether two letters make a flag."""
    return _letter_of_flag(before) and _letter_of_flag(character)


def _letter_of_flag(character: str) -> bool:
    return 0x1F1E6 <= ord(character) <= 0x1F1FF


def _lines(cut: Sequence[Piece]) -> list[list[Item]]:
    """The pieces as lines of at most COLUMNS cells, broken at gaps where there are any."""
    lines: list[list[Item]] = [[]]
    used = 0
    for group in _groups(_items(cut)):
        width = sum(item.cells for item in group)
        if group[0].text == "\n" or (used and not group[0].gap and used + width > COLUMNS):
            lines.append([])
            used = 0
        for item in (part for one in group for part in _fitting(one)):
            if item.text == "\n" or (item.gap and (not used or used + item.cells > COLUMNS)):
                continue  # no line begins or ends with a gap
            if used + item.cells > COLUMNS:  # a word that is longer than a line
                lines.append([])
                used = 0
            lines[-1].append(item)
            used += item.cells
    return [_without_end(line) for line in lines]


def _without_end(line: list[Item]) -> list[Item]:
    return _without_end(line[:-1]) if line and line[-1].gap else line


def _fitting(item: Item) -> Iterator[Item]:
    """The item in parts that each fit into a line."""
    if item.cells <= COLUMNS:
        yield item
        return
    part: list[str] = []
    used = 0
    for one in clusters(item.text):
        if used + (wide := cells(one)) > COLUMNS:
            yield replace(item, text="".join(part), cells=used)
            part, used = [], 0
        part.append(one)
        used += wide
    yield replace(item, text="".join(part), cells=used)


def _groups(items: Sequence[Item]) -> Iterator[list[Item]]:
    """What must stay together on a line: words of several units; a gap, and the end of a line, is a group of its own."""
    group: list[Item] = []
    for item in items:
        if group and not item.tied:
            yield group
            group = []
        group.append(item)
    if group:
        yield group


def _items(cut: Sequence[Piece]) -> list[Item]:
    found: list[Item] = []
    for piece in cut:
        for part in piece.parts:
            shown = _ILLEGAL.sub("\ufffd", wording.visible(part.text))
            if part.mark:
                found.append(Item(shown, cells(shown) + 1, piece.unit, mark=True, tied=_tied(found)))
                continue
            for run in re.findall(r"\n|[^\S\n]+|\S+", shown):
                if run == "\n":
                    found.append(Item(run, 0))
                elif run.isspace():
                    found.append(Item("", min(len(run.expandtabs(4)), 8), piece.unit))
                else:
                    found.append(Item(run, max(cells(run), 1), piece.unit, cut=piece.kind == "cut", tied=_tied(found)))
    return found


def _tied(found: Sequence[Item]) -> bool:
    return bool(found) and not found[-1].gap and found[-1].text != "\n"


def _direction(text: str) -> str:
    """R or L as the text's first letter has it, "" where it has none."""
    found = (bidirectional(character) for character in text)
    return next(("R" if kind in ("R", "AL") else "L" for kind in found if kind in ("R", "AL", "L")), "")


def _ordered(line: Sequence[Item], right_to_left: bool) -> list[Item]:
    """The items from left to right, as the eye finds them."""
    base = "R" if right_to_left else "L"
    own = [_direction(item.text) for item in line]
    resolved = []
    for at, kind in enumerate(own):
        if not kind:  # signs and gaps go with what is around them, where that agrees
            before = next((one for one in reversed(own[:at]) if one), base)
            after = next((one for one in own[at + 1 :] if one), base)
            kind = before if before == after else base
        resolved.append(kind)
    runs: list[list[Item]] = []
    for at, item in enumerate(line):
        if at and resolved[at] == resolved[at - 1]:
            runs[-1].append(item)
        else:
            runs.append([item])
    at_most = [run if kind == "L" else run[::-1] for run, kind in zip(runs, _firsts(resolved), strict=True)]
    return [item for run in (at_most[::-1] if right_to_left else at_most) for item in run]


def _firsts(resolved: Sequence[str]) -> list[str]:
    """The direction of each run of equal ones."""
    return [kind for at, kind in enumerate(resolved) if not at or kind != resolved[at - 1]]


def _drawn(line: Sequence[Item], y: float, looks: Sequence[Look], theme: Theme, right_to_left: bool) -> Iterator[str]:
    """One line of a text.  y: its top."""
    ink = inks(theme)
    width = sum(item.cells for item in line) * _CELL
    x = _MARGIN + (COLUMNS * _CELL - width if right_to_left else 0)
    for unit, items in groupby(_ordered(line, right_to_left), key=lambda item: item.unit):
        look, drawn, left = None if unit is None else looks[unit], "", x
        background, fill = ("", ink.text) if look is None else (part.partition(":")[2] for part in look.style.split(";"))
        for item in items:
            drawn += _placed(item, x, y, ink.muted if item.cut else fill, look) if item.text else ""
            x += item.cells * _CELL
        if look is None:
            yield drawn
            continue
        place = f'x="{left:g}" width="{x - left:g}"'
        below = f'<rect {place} y="{y + 17.5:g}" height="2" fill="{fill}"/>' if "sigviz-first" in look.classes else ""
        behind = f'<rect {place} y="{y:g}" height="{_BOX}" rx="3" fill="{background}"/>'
        yield f"<g><title>{_text(_told(look.label))}</title>{behind}{drawn}{below}</g>"


def _told(label: str) -> str:
    """What a word's score says, on every line that the word takes: of a word of many lines its beginning and the end."""
    return label if len(label) <= _LONG else f"{label[: _LONG // 2]} … {label[-_LONG // 2 :]}"


_LONG = 400  # characters


def _placed(item: Item, left: float, y: float, fill: str, look: Look | None) -> str:
    """The characters of an item, told how long they are; a mark with its box around it."""
    direction, wide = _direction(item.text), item.cells * _CELL
    more = ' font-weight="700"' if look is not None and "sigviz-top" in look.classes else ""
    more += ' text-decoration="line-through"' if item.cut else ""
    more += ' direction="rtl" unicode-bidi="embed"' if direction == "R" else ""
    # letters that do not join keep their shape, however narrow they are; joined ones would come apart
    joins = any(bidirectional(character) == "AL" for character in item.text)
    adjust = "spacing" if direction == "R" and not joins else "spacingAndGlyphs"
    length, box = wide, ""
    if item.mark:
        more += ' font-size="11"'
        length = (item.cells - 1) * _CELL * 0.8
        box = (
            f'<rect x="{left + 1:g}" y="{y + 3:g}" width="{wide - 2:g}" height="{_BOX - 6}" rx="2" fill="none" '
            f'stroke="{fill}" stroke-dasharray="2 2"/>'
        )
    return (
        f'{box}<text x="{left + wide / 2:g}" y="{y + 15.5:g}" text-anchor="middle" textLength="{length:g}" '
        f'lengthAdjust="{adjust}" fill="{fill}"{more}>{_text(item.text)}</text>'
    )


def _line(text: str, x: float, y: float, cell: float, look: str) -> str:
    """A line of words that are no scored text, told how long it is."""
    length = cells(text) * cell
    return f'<text x="{x:g}" y="{y:g}" textLength="{length:g}" lengthAdjust="spacingAndGlyphs" {look}>{_text(text)}</text>'


def _wrapped(text: str) -> list[str]:
    return wrap(text, int(COLUMNS * _CELL / _SMALL / (2 if cells(text) > len(text) else 1)))


def _facts(one: Attribution) -> str:
    found = [("model", wording.shortened(one.model, 80)), *wording.facts(one)]
    return " · ".join(f"{name} {' '.join(value.split())}" for name, value in found)


def _title(attributions: Sequence[Attribution]) -> str:
    texts = [*dict.fromkeys(wording.shortened(one.text, 80) for one in attributions)]
    return f"Which words decided: {'; '.join(texts[:4])}" if texts else "Which words decided"


def _legend(attributions: Sequence[Attribution], y: float, theme: Theme) -> str:
    """The colour scale, and what bold and underlined mean.  y: its top."""
    ink, stops = inks(theme), ramp(theme)
    labels = {wording.shortened(one.label, 20) for one in attributions}
    label = labels.pop() if len(labels) == 1 else "the target class"
    against, towards = f"against {label}", f"towards {label}"
    small = f'fill="{ink.text}" font-size="12"'
    left = _MARGIN + cells(against) * _SMALL + 8
    right = left + 10 * len(stops) + 8
    boxes = "".join(
        f'<rect x="{left + 10 * at:g}" y="{y + 4:g}" width="10.5" height="13" fill="{stop}"/>' for at, stop in enumerate(stops)
    )
    meaning = "underlined bold: most important, bold: top 20 %"
    return (
        _line(against, _MARGIN, y + 14, _SMALL, small)
        + boxes
        + _line(towards, right, y + 14, _SMALL, small)
        + _line(meaning, _MARGIN, y + 34, _SMALL, small)
    )


def _text(text: str) -> str:
    """Foreign text as it may stand between tags of an XML file."""
    return escape(_ILLEGAL.sub("\ufffd", wording.visible(text)))
