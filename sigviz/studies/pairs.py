"""Two models side by side on one text: which classes mean the same, and where their words lie over each other.

Models of different makers name their classes in different orders, and cut a text into different tokens.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sigviz.attribution import Attribution, Floats, Unit
from sigviz.errors import InvalidSettings
from sigviz.studies import agreement

_LISTED = 10  # names in a message
_LONGEST = 40  # characters of each


@dataclass(frozen=True, slots=True)
class Match:
    """classes: for each class of the first model the second's class of the same name, or None.  note: what has no partner."""

    classes: tuple[int | None, ...]
    note: str = ""

    def agree(self, first: int, second: int) -> bool:
        """Whether the two predictions, class numbers of their own models, mean the same."""
        return self.classes[first] == second


def match(first: Sequence[str], second: Sequence[str]) -> Match:
    """Classes matched by name, capitals and spaces around them aside; each has one partner at most.

    first, second: the models' labels, which are distinct.
    Raises InvalidSettings where no two names are the same: their predictions cannot be compared.
    """
    exact = {name: number for number, name in enumerate(second)}
    classes = [exact.get(name) for name in first]
    taken = {*classes}
    # the rest by their folded names, where one alone is left on either side: two could not be told apart
    mine = Counter(_folded(name) for name, number in zip(first, classes, strict=True) if number is None)
    theirs: dict[str, list[int]] = {}
    for number, name in enumerate(second):
        if number not in taken:
            theirs.setdefault(_folded(name), []).append(number)
    for at, name in enumerate(first):
        found = theirs.get(_folded(name), [])
        if classes[at] is None and mine[_folded(name)] == len(found) == 1:
            classes[at] = found[0]
    if not any(number is not None for number in classes):
        raise InvalidSettings(
            f"The two models have no class in common: one has {_names(first)}, the other {_names(second)}. Classes are "
            "matched by name: choose two models of the same task."
        )
    alone = [name for name, number in zip(first, classes, strict=True) if number is None]
    others = [name for number, name in enumerate(second) if number not in classes]
    parts = [f"{whose} alone: {_names(names)}" for whose, names in (("the first", alone), ("the second", others)) if names]
    note = f"Classes of {', of '.join(parts)}. Texts that either puts there count as differing." if parts else ""
    return Match(tuple(classes), note)


@dataclass(frozen=True, slots=True, eq=False)
class Overlap:
    """The top k % of two explanations of one text.

    first, second: bool, for each unit of the one and of the other, whether it is on top.  pieces: how many pieces of text
    were compared.  value: |A n B| / |A u B|, 0 to 1.
    """

    first: NDArray[np.bool_]
    second: NDArray[np.bool_]
    pieces: int
    value: float


def overlap(first: Attribution, second: Attribution, k: float) -> Overlap:
    """Jaccard@K of two explanations of one text, whose models may cut it differently.

    Units that lie over each other are compared as one piece, its score the sum of theirs; what only one model has read (the
    other's limit cut it off) is left out.  Raises InvalidSettings where nothing is left, or for a k that is no share.
    """
    if first.text != second.text:
        raise InvalidSettings("The explanations are of different texts. Compare those of one text.")
    left, right = aligned(first.units, second.units)
    a, b = _summed(first.raw, left), _summed(second.raw, right)
    value = agreement.jaccard(a, b, k)  # checks scores and k
    top_a, top_b = agreement.top(a, k), agreement.top(b, k)
    shown = (_spread(top_a, left, len(first.units)), _spread(top_b, right, len(second.units)))
    return Overlap(*shown, pieces=len(left), value=value)


def aligned(first: Sequence[Unit], second: Sequence[Unit]) -> tuple[list[list[int]], list[list[int]]]:
    """The pieces of text that both have read: for each its units in the first, and in the second.  In the text's order.

    Raises InvalidSettings where there is none.
    """
    if [(unit.start, unit.end) for unit in first] == [(unit.start, unit.end) for unit in second]:
        same = [[number] for number in range(len(first))]
        return same, same
    every = sorted(
        (unit.start, unit.end, side, number)
        for side, units in enumerate((first, second))
        for number, unit in enumerate(units)
        if unit.end > unit.start
    )
    pieces: list[tuple[list[int], list[int]]] = []
    reach = -1
    for start, end, side, number in every:
        if start >= reach:
            pieces.append(([], []))
        pieces[-1][side].append(number)
        reach = max(reach, end)
    both = [piece for piece in pieces if piece[0] and piece[1]]
    if not both:
        raise InvalidSettings("The two models have read no common piece of this text: there is nothing to compare.")
    return [piece[0] for piece in both], [piece[1] for piece in both]


def _summed(raw: Floats, pieces: list[list[int]]) -> Floats:
    return np.array([raw[piece].sum() for piece in pieces])


def _spread(chosen: NDArray[np.bool_], pieces: list[list[int]], units: int) -> NDArray[np.bool_]:
    found = np.zeros(units, dtype=bool)
    for on, piece in zip(chosen, pieces, strict=True):
        found[piece] = on
    return found


def _folded(name: str) -> str:
    return name.strip().casefold()


def _names(names: Sequence[str]) -> str:
    shown = ", ".join(name if len(name) <= _LONGEST else name[: _LONGEST - 1] + "…" for name in names[:_LISTED])
    return shown + (f" and {len(names) - _LISTED} more" if len(names) > _LISTED else "")
