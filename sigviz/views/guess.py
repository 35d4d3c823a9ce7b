"""The words and tables of Guess first: how a guess compares with the methods, with chance, and over several sentences.

Tables need `markup.style` on the page.  Units of the text are foreign and leave here escaped; methods' names are ours.
"""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sigviz.attribution import Unit
from sigviz.teaching.guess import Against, Outcome, Tally
from sigviz.views import wording
from sigviz.views.markup import escaped
from sigviz.views.palette import Theme, inks
from sigviz.views.pieces import pieces, unit_text
from sigviz.views.strip import group
from sigviz.views.wording import visible

_LONGEST = 24  # characters of a unit in a table


def words(
    text: str,
    units: Sequence[Unit],
    *,
    label: str,
    kind: str,
    wanted: int,
    marked: Sequence[int],
    locked: bool,
    truncated: int = 0,
    theme: Theme,
) -> dict[str, Any]:
    """What the page's component draws: the plain text, its units as buttons.  Nothing in it depends on any score.

    label: the class that is explained; another class is another question.  kind: what a unit is called.  wanted: how many
    are to be marked.  marked: their numbers.  locked: no more changes.
    """
    return {
        "question": question(text, units, label),
        "pieces": [
            {
                "kind": piece.kind,
                "parts": [[visible(part.text), part.mark] for part in piece.parts],
                "title": visible(piece.title),
                "unit": piece.unit,
                "said": "" if piece.unit is None else visible(unit_text(units[piece.unit])),
            }
            for piece in pieces(text, units, truncated)
        ],
        "kind": kind,
        "wanted": wanted,
        "marked": [*marked],
        "locked": locked,
        "inks": asdict(inks(theme)),
    }


def question(text: str, units: Sequence[Unit], label: str) -> str:
    """What marks belong to: this text, cut into these units, and a class."""
    return f"{group(text, units)} {visible(label)}"


def verdict(outcome: Outcome, kind: str) -> str:
    """The score against each method in sentences, as Markdown: what was hit, what chance would hit, how the methods agree."""
    k = outcome.k
    said = [_hit(one, k, kind) for one in outcome.against]
    blind = f"{k} of the {outcome.n} {kind}s" if k > 1 else f"One of the {outcome.n} {kind}s"
    said.append(f"{blind}, picked blindly, would hit {wording.number(outcome.blind, 2)} of {k} on average.")
    return " ".join([*said, *_among_themselves(outcome, kind)])


def _hit(one: Against, k: int, kind: str) -> str:
    if not one.top:
        return f"{one.name} gives every {kind} the score 0, so it has no top {kind}s."
    if k == 1:
        return f"**{one.name}**: its top {kind} is {'yours' if one.hits else '**not** yours'}."
    return f"**{one.name}**: **{one.hits}** of its {k} top {kind}s are yours."


def _among_themselves(outcome: Outcome, kind: str) -> list[str]:
    """How much the methods share with each other, and whether the guess shares as much with them."""
    hits = [one.hits for one in outcome.against if one.top]
    if outcome.shared is None:
        return []
    mean = sum(hits) / len(hits)
    how = "as much as" if mean == outcome.shared else "more than" if mean > outcome.shared else "less than"
    return [
        f"Two of the methods share {wording.number(outcome.shared, 2)} of their {k_words(outcome.k, kind)} with each other on "
        f"average, and you {wording.number(mean, 2)} with them: {how} they do among themselves."
    ]


def k_words(k: int, kind: str) -> str:
    """ "3 tokens", "1 token"."""
    return f"{k} {kind}{'s' if k != 1 else ''}"


def table(outcome: Outcome, units: Sequence[Unit], kind: str) -> str:
    """A row a method: how many of its top words were marked, which they are, and how likely chance does as well."""
    heads = ("Method", "You marked", f"Its top {kind}s, ✓ marked", "As many or more, blindly")
    rows = "".join(_row(one, outcome, units) for one in outcome.against)
    yours = ", ".join(_shown(units[place]) for place in outcome.marked)
    caption = f"Your {k_words(outcome.k, kind)} ({yours}) beside the top 20 % of each method"
    return _table(heads, rows, caption, "Your score against each method")


def _row(one: Against, outcome: Outcome, units: Sequence[Unit]) -> str:
    tops = ", ".join(f"{'✓ ' if place in outcome.marked else ''}{_shown(units[place])}" for place in one.top)
    cells = (
        [f"{one.hits} of {outcome.k}", tops, wording.percent(one.luck)] if one.top else ["—", "none: all scores are 0", "—"]
    )
    return f'<tr><th scope="row">{escaped(one.name)}</th>{"".join(f"<td>{cell}</td>" for cell in cells)}</tr>'


def tally(found: Sequence[Tally]) -> str:
    """A row a method: hits over all sentences revealed so far, and what blind guessing would have hit."""
    heads = ("Method", "Sentences", "You marked", "Blindly, on average")
    rows = "".join(
        f'<tr><th scope="row">{escaped(one.name)}</th><td>{one.sentences}</td><td>{one.hits} of {one.words}'
        f"{f' ({wording.percent(one.hits / one.words)})' if one.words else ''}</td><td>{_blindly(one)}</td></tr>"
        for one in found
    )
    return _table(heads, rows, "Top words that you marked, over all sentences revealed in this round", "This round so far")


def _blindly(one: Tally) -> str:
    return f"{wording.number(one.blind, 2)} ({wording.percent(one.blind / one.words)})" if one.words else "—"


def _table(heads: Sequence[str], rows: str, caption: str, label: str) -> str:
    head = "".join(f'<th scope="col">{escaped(name)}</th>' for name in heads)
    inside = f"<caption><span>{caption}</span></caption><thead><tr>{head}</tr></thead><tbody>{rows}</tbody>"
    return f'<div class="sigviz-grid" tabindex="0" role="region" aria-label="{label}"><table>{inside}</table></div>'


def _shown(unit: Unit) -> str:
    return f'“<bdi dir="auto">{escaped(wording.shortened(unit_text(unit), _LONGEST))}</bdi>”'
