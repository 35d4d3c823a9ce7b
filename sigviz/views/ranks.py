"""Whether methods agree about one sentence, to look at: the matrix of ranks, the matrix of pairs, one word, and a sentence.

All HTML needs `markup.style` and `style` on the page.  Every colour has its number written on it.
"""

from collections.abc import Sequence

import numpy as np

from sigviz.studies.ranking import at_least
from sigviz.teaching.ranks import UNSIGNED, Pair, Ranking, extremes
from sigviz.views import wording
from sigviz.views.markup import attribute, escaped
from sigviz.views.palette import Theme, colour, inks
from sigviz.views.pieces import unit_text
from sigviz.views.wording import amount, number, shortened, two_decimals

MOST_ROWS = 60  # of the matrix; a file has them all
_WORD = 24  # characters of a word in the matrix
CONTROL = "control"


def style(theme: Theme) -> str:
    """What the tables here add to `markup.style`, once a page."""
    ink = inks(theme)
    return (
        "<style>.sigviz-ranks td { min-width: 3.1rem; } "
        ".sigviz-ranks tbody th, .sigviz-ranks thead th:first-child { min-width: 4.5rem; } "
        f".sigviz-ranks tbody th span {{ color: {ink.muted}; font-size: .8em; font-weight: 400; }} "
        f".sigviz-ranks tr[aria-current] > * {{ outline: 2px solid {ink.text}; outline-offset: -2px; }} "
        f".sigviz-ranks small {{ display: block; color: {ink.muted}; font-size: .8em; font-weight: 400; }}</style>"
    )


def names(found: Ranking) -> list[str]:
    """A name for each method, the control marked as such."""
    plain = wording.names(found.attributions)
    return [name if counts else f"{name} ({CONTROL})" for name, counts in zip(plain, found.counted.tolist(), strict=True)]


def matrix(found: Ranking, order: Sequence[int], theme: Theme, selected: int | None = None) -> str:
    """Words down, methods across, ranks in the cells: warm near the top of a method's list, cold near its end.

    order: the units from the first row to the last; the first MOST_ROWS are drawn.  selected: the unit that is marked.
    """
    n = len(found.units)
    heads = "".join(_head(name) for name in names(found))
    rows = []
    for place in order[:MOST_ROWS]:
        here = place == selected
        cells = "".join(
            _rank(float(ranks[place]), n, amount(float(one.raw[place]), one.settings.output), theme)
            for ranks, one in zip(found.ranks, found.attributions, strict=True)
        )
        word = escaped(shortened(unit_text(found.units[place]), _WORD) or "∅")
        mark, current = ("▸ ", ' aria-current="true"') if here else ("", "")
        reach = f"{_rank_in_words(found.lowest[place])} to {_rank_in_words(found.highest[place])}"
        rows.append(
            f'<tr{current}><th scope="row">{mark}<bdi dir="auto">{word}</bdi>{_number(place)}</th>'
            f"<td><b>{two_decimals(float(found.spread[place]))}</b></td><td>{reach}</td>{cells}</tr>"
        )
    unit = found.attributions[0].settings.unit
    left_out = f" The first {MOST_ROWS} of {n:,} {unit}s are shown; the file has all." if n > MOST_ROWS else ""
    label = escaped(shortened(found.attributions[0].label, 40))
    caption = (
        f"Rank of every {unit} by every method: 1 speaks most for {label}, {n:,} least for it or most against it. "
        f"Spread: the standard deviation of its ranks, in places. The number behind a "
        f"{unit}: its position in the text.{left_out}"
    )
    head = f'<th scope="col">{unit.capitalize()}</th><th scope="col">Spread</th><th scope="col">From, to</th>{heads}'
    return _table(caption, head, rows, "Ranks of the words by the methods")


def pair_matrix(found: Ranking, pairs: Sequence[Pair], k: float, theme: Theme) -> str:
    """A row and a column a method: Kendall's tau above the diagonal, the overlap of the top k % below it."""
    called = names(found)
    by_place = {(pair.first, pair.second): pair for pair in pairs}
    rows = []
    for i, name in enumerate(called):
        cells = []
        for j, other in enumerate(called):
            pair = by_place.get((min(i, j), max(i, j)))
            if pair is None:
                cells.append("<td>·</td>")
            elif i < j:
                cells.append(_bar(two_decimals(pair.tau), pair.tau, f"tau of {name} and {other}", theme))
            else:
                cells.append(_bar(f"{100 * pair.overlap:.0f} %", pair.overlap, f"top {k:g} % of {name} and {other}", theme))
        rows.append(f'<tr><th scope="row">{_split(name)}</th>{"".join(cells)}</tr>')
    top = at_least(k, len(found.units))
    unit = found.attributions[0].settings.unit
    caption = (
        f"Upper right: Kendall’s τ of the two orders (1 the same, 0 unrelated, −1 reversed). Lower left: how much of one’s "
        f"top {k:g} % ({_many(top, unit)}) is in the other’s, too. A bar’s length is the number; a dashed one is negative."
    )
    heads = "".join(_head(name) for name in called)
    return _table(caption, f'<th scope="col">Method</th>{heads}', rows, "Agreement of every two methods")


def word(found: Ranking, place: int, theme: Theme) -> str:
    """One unit by every method: rank, raw score in the unit of F, and the score divided by its row's length."""
    n, rows = len(found.units), []
    for name, one, ranks in zip(names(found), found.attributions, found.ranks, strict=True):
        cells = (
            _rank(float(ranks[place]), n, "", theme)
            + f"<td>{escaped(amount(float(one.raw[place]), one.settings.output))}</td>"
            + f"<td>{two_decimals(float(one.scores[place]))}</td>"
        )
        rows.append(f'<tr><th scope="row">{_split(name)}</th>{cells}</tr>')
    text = escaped(shortened(unit_text(found.units[place]), 40))
    caption = (
        f"“<bdi dir='auto'>{text}</bdi>” (number {place + 1} of {n:,}) by every method. Raw score: in the unit of F. "
        "Normalised: divided by the length of all the method’s scores, so that methods can be compared."
    )
    head = "".join(f'<th scope="col">{title}</th>' for title in ("Method", "Rank", "Raw score", "Normalised"))
    return _table(caption, head, rows, "The selected word by every method")


def in_words(found: Ranking, pairs: Sequence[Pair]) -> str:
    """Which two agree most, which least, and the most disputed word: plain text."""
    called, n = wording.names(found.attributions), len(found.units)
    most, least = extremes(pairs)
    counted = int(found.counted.sum())
    if most is least:
        said = f"{_two(most, called)} agree with a Kendall’s τ of {_numbers(most)}."
    else:
        said = (
            f"Of these {counted} methods, {_two(most, called)} agree most (τ = {_numbers(most)}), and {_two(least, called)} "
            f"least (τ = {_numbers(least)})."
        )
    place = found.disputed[0]
    if not found.spread[place]:
        return f"{said} All of them put every {found.attributions[0].settings.unit} at the same rank."
    own = [i for i, counts in enumerate(found.counted.tolist()) if counts]
    top = min(own, key=lambda i: (found.ranks[i, place], i))
    bottom = max(own, key=lambda i: (found.ranks[i, place], -i))
    text = shortened(unit_text(found.units[place]), 40)
    return (
        f"{said} They disagree most about “{text}”: rank {_rank_in_words(found.ranks[top, place])} of {n:,} by {called[top]}, "
        f"rank {_rank_in_words(found.ranks[bottom, place])} by {called[bottom]} (spread {two_decimals(found.spread[place])} "
        "places)."
    )


def caveats(found: Ranking) -> list[str]:
    """What must be known of single methods, plain text; nothing where there is nothing."""
    said, called = [], wording.names(found.attributions)
    for name, one in zip(called, found.attributions, strict=True):
        if one.settings.method in UNSIGNED:
            said.append(f"{name} has no sign: its rank 1 is the word that matters most, for the class or against it.")
    if not found.counted.all():
        control = [name for name, counts in zip(called, found.counted.tolist(), strict=True) if not counts]
        said.append(
            f"{', '.join(control)} is the control: chance, without a look at the model. It counts in no spread, and two "
            "methods that agree no better with each other than with it share nothing."
        )
    return said


def _number(place: int) -> str:
    """A unit's position in the text, from 1."""
    return f" <span>{place + 1}</span>"


def _two(pair: Pair, called: Sequence[str]) -> str:
    return f"{called[pair.first]} and {called[pair.second]}"


def _numbers(pair: Pair) -> str:
    return f"{two_decimals(pair.tau)}, {100 * pair.overlap:.0f}\u00a0% of their top words in common"


def _table(caption: str, head: str, rows: Sequence[str], label: str) -> str:
    inside = (
        f"<table><caption><span>{caption}</span></caption><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    )
    return f'<div class="sigviz-grid sigviz-ranks" tabindex="0" role="region" aria-label="{label}">{inside}</div>'


def _head(name: str) -> str:
    return f'<th scope="col">{_split(name)}</th>'


def _split(name: str) -> str:
    """A method's name, what is said of it in brackets on a line of its own."""
    first, bracket, rest = name.partition(" (")
    return escaped(first) + (f"<small>({escaped(rest)}</small>" if bracket else "")


def _rank(rank: float, n: int, tip: str, theme: Theme) -> str:
    """A cell; its colour runs evenly from the first rank to the last."""
    background, text = colour(0.0 if n == 1 else 1 - 2 * (rank - 1) / (n - 1), theme)
    title = f' title="{attribute(tip)}"' if tip else ""
    return f'<td style="background-color:{background};color:{text}"{title}>{_rank_in_words(rank)}</td>'


def _rank_in_words(rank: float | np.floating) -> str:
    """ "3", or "3.5" for two that share the 3rd and 4th place."""
    return f"{float(rank):.6g}"


def _bar(shown: str, value: float, label: str, theme: Theme) -> str:
    """A cell with a bar from its left edge; value: -1 to 1."""
    ink = inks(theme)
    width = f"{100 * min(1.0, abs(value)):.0f}%"
    stripes = f"repeating-linear-gradient(to right,{ink.line} 0 4px,transparent 4px 7px)"
    paint = stripes if value < 0 else f"linear-gradient({ink.line},{ink.line})"
    css = f"background-image:{paint};background-size:{width} 100%;background-repeat:no-repeat;border:1px solid {ink.line}"
    return f'<td style="{css}" title="{attribute(label)}">{shown}</td>'


def _many(count: int, unit: str) -> str:
    return f"{number(count)} {unit}{'' if count == 1 else 's'}"
