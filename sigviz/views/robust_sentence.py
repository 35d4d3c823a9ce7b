"""One sentence by several models, to look at: rows with their top words marked, the sets of words, one word, and sentences.

All HTML needs `markup.style` and `style` on the page.  Names, labels and words are foreign text: escaped in HTML; what is
returned as plain text is escaped by whoever shows it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sigviz.attribution import Attribution, Unit
from sigviz.teaching.robust_sentence import Comparison
from sigviz.views import strip, wording
from sigviz.views.markup import escaped
from sigviz.views.palette import Theme, inks, ramp
from sigviz.views.pieces import unit_text
from sigviz.views.strip import Row
from sigviz.views.wording import amount, number, percent, shortened

NAME = 60  # characters of a model's name
OTHER_CUT = (
    "The two models cut the text into different units: those that lie over each other are compared as one piece. Words of "
    "this row cannot be selected."
)
_LABEL = 40  # of a class
_WORD = 24  # of a word in a set


@dataclass(frozen=True, slots=True, eq=False)
class Reader:
    """One model on the page.

    title: what it is here, such as "The other model".  name: of the model, foreign text.  control: which of
    robustness_plan.CONTROLS it is, "" for a trained one.  answer: its explanation.  top: bool [n], which of its units are on
    top.  comparison: beside the first reader, None for that one itself.  differs: why a study over many texts would leave
    this pair out, "" where it would not.
    """

    title: str
    name: str
    control: str
    answer: Attribution
    top: NDArray[np.bool_]
    comparison: Comparison | None = None
    differs: str = ""

    @property
    def predicted(self) -> int:
        """The class with the largest probability."""
        return int(self.answer.probabilities.argmax())


def style(theme: Theme) -> str:
    """What this page adds to `markup.style`, once a page."""
    ink = inks(theme)
    return (
        f"<style>dl.sigviz-sets {{ display: grid; grid-template-columns: 18rem 1fr; gap: .25rem .75rem; "
        f"margin: 0; padding: 0; color: {ink.text}; font-size: .875rem; }} .sigviz-sets dt {{ color: {ink.muted}; }} "
        ".sigviz-sets dd { margin: 0; line-height: 1.9; overflow-wrap: anywhere; } "
        f".sigviz-sets bdi {{ padding: .1rem .35rem; border: 1px solid {ink.line}; border-radius: .3rem; "
        "white-space: pre-wrap; } "
        f".sigviz-sets .sigviz-both bdi {{ border-color: {ink.text}; font-weight: 700; }} "
        "@media (max-width: 640px) { dl.sigviz-sets { grid-template-columns: 1fr; } }</style>"
    )


def legend(theme: Theme, unsigned: bool, k: float) -> str:
    """What the colours and the bold words mean.  unsigned: the scores have no sign; k: per cent that are bold."""
    stops = ramp(theme)
    ends = ("no score", "largest score of the row") if unsigned else ("against the explained class", "towards it")
    shown = stops[len(stops) // 2 :] if unsigned else stops
    return (
        f'<div class="sigviz-legend"><span>{ends[0]}</span>'
        f'<span class="sigviz-ramp" style="background:linear-gradient(to right,{",".join(shown)})"></span>'
        f'<span>{ends[1]}</span><span><span class="sigviz-top">bold</span>: on top, the {k:g} % with the largest scores; '
        '<span class="sigviz-top sigviz-first">underlined</span>: the first of them</span></div>'
    )


def row(reader: Reader, k: float, theme: Theme) -> Row:
    """The text by one model, its top k % bold, the first of them underlined."""
    found: dict[str, Any] = strip.row(reader.answer, theme=theme, title="")
    unit = reader.answer.settings.unit
    largest = next((place for place in wording.order(reader.answer.raw) if reader.top[place]), None)
    ranks = {place: rank for rank, place in enumerate(wording.order(reader.answer.raw), start=1)}
    pieces = []
    for piece in found["pieces"]:
        if (place := piece.get("unit")) is not None:
            on_top, text = bool(reader.top[place]), unit_text(reader.answer.units[place])
            score = amount(float(reader.answer.raw[place]), reader.answer.settings.output, 4)
            mark = f", among the top {k:g} %" if on_top else ""
            said = f"{text}: {score}, rank {ranks[place]} of {len(reader.answer.units)}{mark}"
            piece = piece | {"top": on_top, "first": place == largest, "said": wording.visible(said)}
        pieces.append(piece)
    return found | {"pieces": pieces, "label": wording.visible(f"{reader.title}: a score for every {unit}")}


def prediction(reader: Reader) -> str:
    """What the model says of the text, and which class is explained: plain text."""
    answer = reader.answer
    said = f"predicts {_label(answer.labels[reader.predicted])} ({percent(float(answer.probabilities[reader.predicted]))})"
    if answer.target == reader.predicted:
        return said
    return f"{said}; explained: {_label(answer.label)} ({percent(float(answer.probabilities[answer.target]))})"


def differs(first: Reader, reader: Reader) -> str:
    """That the two predict different classes, and what follows: plain text."""
    same = first.answer.settings.target is not None
    of = "both are explained for the class that is chosen above" if same else "the two explanations are of different classes"
    return (
        f"It predicts {_label(reader.answer.labels[reader.predicted])}, the model "
        f"{_label(first.answer.labels[first.predicted])}: {of}, and the study over many texts leaves such a text out."
    )


def sets(reader: Reader, first: Reader) -> str:
    """The words on top for both, and for one alone, where the two are compared."""
    found = reader.comparison
    if found is None:
        return ""
    groups = (
        ("On top for both", found.both, ' class="sigviz-both"'),
        (f"Only for {_inside(first.title)}", found.first, ""),
        (f"Only for {_inside(reader.title)}", found.second, ""),
    )
    lines = "".join(f"<dt>{escaped(name)} ({len(words)})</dt><dd{mark}>{_chips(words)}</dd>" for name, words, mark in groups)
    return f'<dl class="sigviz-sets">{lines}</dl>'


def overlap(found: Comparison, unit: str) -> str:
    """One comparison in a sentence, plain text."""
    union = len(found.both) + len(found.first) + len(found.second)
    return (
        f"Overlap with the model: {_percent(found.overlap.value)} (Jaccard@{found.k:g}: {len(found.both)} on top for both, of "
        f"{_many(union, _kind(found, unit))} on top for either; blind draws: {_percent(found.blind)})"
    )


def in_words(readers: Sequence[Reader]) -> str:
    """What came out, plain text.  readers: the model first; "" where nothing is compared with it."""
    beside = [(one, one.comparison) for one in readers[1:] if one.comparison is not None]
    if not beside:
        return ""
    unit, said = readers[0].answer.settings.unit, []
    for i, (one, found) in enumerate(beside):
        if i == 0:
            are = "is" if len(found.both) == 1 else "are"
            but = ", which predicts another class" if one.differs else ""
            said.append(
                f"Of the {_many(found.size, _kind(found, unit))} on top for {_inside(readers[0].title)}, {len(found.both)} "
                f"{are} also on top for {_inside(one.title)}{but}: overlap {_percent(found.overlap.value)} "
                f"(Jaccard@{found.k:g})."
            )
        else:
            but = " (it predicts another class)" if one.differs else ""
            said.append(f"Beside {_inside(one.title)}: {_percent(found.overlap.value)}{but}.")
    found = beside[0][1]
    said.append(
        f"Two blind draws of {found.size} of the {_many(found.overlap.pieces, _kind(found, unit))} would overlap by "
        f"{_percent(found.blind)} on average."
    )
    return " ".join(said)


def verdict(readers: Sequence[Reader]) -> str:
    """What an untrained copy that shares as much as a trained model does says of this sentence; "" where none does."""
    found = {one.control: one.comparison.overlap.value for one in readers[1:] if one.comparison and not one.differs}
    trained = found.get("")
    ahead = [
        _inside(one.title)
        for one in readers[1:]
        if one.control and one.control in found and trained is not None and found[one.control] >= trained
    ]
    if not ahead:
        return ""
    shares = "share" if len(ahead) > 1 else "shares"
    return (
        f"Here {' and '.join(ahead)} {shares} at least as many top words with the model as the other trained model does. On "
        "this sentence, then, these words say little about what was learnt."
    )


def word(readers: Sequence[Reader], place: int) -> str:
    """One unit of the first reader in all of them, as a table.  What another has cut differently is added up."""
    unit = readers[0].answer.units[place]
    rows = "".join(
        f'<tr><th scope="row">{escaped(reader.title)}</th>{"".join(f"<td>{cell}</td>" for cell in _cells(reader, unit))}</tr>'
        for reader in readers
    )
    head = "".join(f'<th scope="col">{name}</th>' for name in ("Model", "Score", "Rank", "On top"))
    text = f'“<bdi dir="auto">{escaped(shortened(unit_text(unit), _LABEL))}</bdi>”'
    caption = f"{text} in every model. Score: before any normalising, so models cannot be compared by it; ranks can."
    table = f"<table><caption><span>{caption}</span></caption><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    return f'<div class="sigviz-grid" tabindex="0" role="region" aria-label="The selected word in every model">{table}</div>'


def table(readers: Sequence[Reader]) -> list[dict[str, Any]]:
    """Everything as rows for a file: one a model and unit, in the order of the text.

    score: raw, in the unit of F (its length for l2); jaccard: of the model's top words beside the first model's, 0 to 1.
    """
    return [
        {
            "reader": reader.title,
            "model": reader.name,
            "predicted": reader.answer.labels[reader.predicted],
            "explained": reader.answer.label,
            "position": place + 1,
            "unit": unit_text(unit),
            "start": unit.start,
            "end": unit.end,
            "score": float(reader.answer.raw[place]),
            "rank": wording.order(reader.answer.raw).index(place) + 1,
            "on_top": bool(reader.top[place]),
            "jaccard": None if reader.comparison is None else reader.comparison.overlap.value,
        }
        for reader in readers
        for place, unit in enumerate(reader.answer.units)
    ]


def _cells(reader: Reader, unit: Unit) -> list[str]:
    """Score, rank and whether it is on top, of the reader's units that lie over this one."""
    answer = reader.answer
    places = [i for i, own in enumerate(answer.units) if (own.start, own.end) == (unit.start, unit.end)]
    if places:
        place = next((i for i in places if answer.units[i] == unit), places[0])
        rank = wording.order(answer.raw).index(place) + 1
        rank_cell, over = f"{rank} of {len(answer.units)}", [place]
    else:
        over = [i for i, own in enumerate(answer.units) if own.start < unit.end and unit.start < own.end]
        rank_cell = f"{len(over)} {answer.settings.unit}{'' if len(over) == 1 else 's'} here"
    if not over:
        return ["not read", "·", "·"]
    score = amount(float(answer.raw[over].sum()), answer.settings.output)
    return [escaped(score), rank_cell, "yes" if reader.top[over].any() else "no"]


def _chips(words: Sequence[str]) -> str:
    return " ".join(f'<bdi dir="auto">{escaped(shortened(word, _WORD) or "∅")}</bdi>' for word in words) or "none"


def _percent(share: float) -> str:
    """A share (0 to 1) in whole per cent, with a space that does not break."""
    return f"{100 * share:.0f}\u00a0%"


def _label(label: str) -> str:
    return f"“{shortened(label, _LABEL)}”"


def _inside(title: str) -> str:
    """A title inside a sentence."""
    return title[:1].lower() + title[1:]


def _kind(found: Comparison, unit: str) -> str:
    """What is counted: units, or, where the two models cut the text differently, the pieces that lie over each other."""
    return unit if found.same_cut else "piece"


def _many(count: int, unit: str) -> str:
    return f"{number(count)} {unit}{'' if count == 1 else 's'}"
