"""What happened when a text was edited: the two texts side by side, and the change of F that attributions had predicted.

Let x be the old text and x' the new one, F the same output of the same class for both.  The true change is F(x') - F(x).
If a score says what a unit contributes to F, taking units out of x loses their scores in x, and putting units into x' adds
their scores in x'.  So a method predicts

    P = sum of a'_j over the units j that only x' has  -  sum of a_i over the units i that only x has.

That is a wager, not a theorem, but for one case.  Put ONE unit j in the place of one unit i with as many tokens: then x with
i at the baseline and x' with j at the baseline are the same input z, and for exact SIG, whatever the baseline is,

    P = (F(x') - F(z)) - (F(x) - F(z)) = F(x') - F(x).

The baseline itself put in i's place is a special case: then a'_j is 0 and P = -a_i.  Methods that are complete per unit in a
limit (SIG, SDIG) reach it in that limit.  Nothing else is promised: a word that is taken out lets the others close up, which
no baseline does; a word of more or fewer pieces moves the positions of all behind it; and two changed words may work
together, while each was scored with the other in place.

Methods whose scores add up to F(x) - F(x̄) (IG, DIG) promise something else.  Where both texts have the same number of
tokens their all-baseline input is the same, so the scores of ALL units, kept ones too, change by F(x') - F(x) together:
they spread the change over words that nobody touched.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Any, Literal

from sigviz.attribution import Attribution, Unit
from sigviz.errors import InvalidSettings, InvalidText
from sigviz.methods import METHODS, Promise
from sigviz.models.classifier import TextClassifier

Kind = Literal["kept", "replaced", "removed", "inserted"]
FIRST = ("ig", "sig-exact", "dig")  # compared unless the reader says otherwise: two promise something here, in two ways


@dataclass(frozen=True, slots=True)
class Pair:
    """Units that stand beside each other, by number; None where a text has nothing there."""

    kind: Kind
    old: int | None
    new: int | None


@dataclass(frozen=True, slots=True)
class Change:
    """What one method says about an edit; all numbers in the unit of F.

    changed: the prediction P, from the replaced, removed and inserted units alone.  kept: by how much the scores of the kept
    units changed together.  true: F(x') - F(x).  promises_changed: whether the method promises that changed = true;
    promises_all: that changed + kept = true (both at least in the limit of its steps).
    """

    method: str
    changed: float
    kept: float
    true: float
    promises_changed: bool
    promises_all: bool

    @property
    def error(self) -> float:
        """By how much the prediction is off: changed - true."""
        return self.changed - self.true

    @property
    def total(self) -> float:
        """By how much the scores of all units changed together."""
        return self.changed + self.kept


def align(old: Sequence[Hashable], new: Sequence[Hashable]) -> tuple[Pair, ...]:
    """Units beside each other, each of both texts exactly once, in the order of both.  Equal keys are the same unit.

    What both begin and end with is kept first, so a single edit is always seen as one; the rest is difflib's longest common
    blocks.  In a block of several replaced units they are paired from the left, for the eye: no number depends on that.
    """
    head = _common(old, new)
    tail = _common(old[head:][::-1], new[head:][::-1])
    found = [Pair("kept", i, i) for i in range(head)]
    middle = old[head : len(old) - tail], new[head : len(new) - tail]
    for kind, i, i_end, j, j_end in SequenceMatcher(None, *middle, autojunk=False).get_opcodes():
        both = zip_longest(range(head + i, head + i_end), range(head + j, head + j_end))
        found += [Pair(_kind(kind == "equal", one, other), one, other) for one, other in both]
    ends = zip(range(len(old) - tail, len(old)), range(len(new) - tail, len(new)), strict=True)
    return (*found, *(Pair("kept", one, other) for one, other in ends))


def beside(classifier: TextClassifier, old: Attribution, new: Attribution) -> tuple[Pair, ...]:
    """The units of two explained texts beside each other, by what the model reads: to a model without case, "Not" is "not".

    Raises InvalidText where the model reads the same in both.
    """
    sides = [_read(classifier, one.text, one.units) for one in (old, new)]
    if sides[0] == sides[1]:
        raise InvalidText(
            "The model reads the same in both texts, so there is nothing to compare. Change, add or take out a word in the "
            "new text, within what the model can read."
        )
    return align(*sides)


def one_for_one(pairs: Sequence[Pair], old: Sequence[Unit], new: Sequence[Unit]) -> bool:
    """Whether one unit was put in the place of one other with as many tokens, and nothing else was changed."""
    changed = [pair for pair in pairs if pair.kind != "kept"]
    if len(changed) != 1 or changed[0].old is None or changed[0].new is None:
        return False
    return len(old[changed[0].old].tokens) == len(new[changed[0].new].tokens)


def change(pairs: Sequence[Pair], old: Attribution, new: Attribution) -> Change:
    """What the old and the new explanation by one method say about the edit.

    Raises InvalidSettings where the two do not explain the same class and output by the same method.
    """
    # the target may be asked for as "the predicted one" in one of them: what counts is which class it was
    one, other = ((a.model, a.target, replace(a.settings, target=None)) for a in (old, new))
    if one != other:
        raise InvalidSettings("Only explanations of the same model, class and output, with the same settings, compare.")
    changed = kept = 0.0
    for pair in pairs:
        before, after = scores(pair, old, new)
        step = (after or 0.0) - (before or 0.0)
        if pair.kind == "kept":
            kept += step
        else:
            changed += step
    promise = METHODS[old.settings.method].promises
    full = old.settings.option("context") in (None, "full")
    return Change(
        method=old.settings.method,
        changed=changed,
        kept=kept,
        true=new.output - old.output,
        promises_changed=promise is Promise.PER_UNIT and full and one_for_one(pairs, old.units, new.units),
        promises_all=promise is Promise.TOTAL and _tokens(old) == _tokens(new),
    )


def scores(pair: Pair, old: Attribution, new: Attribution) -> tuple[float | None, float | None]:
    """The raw scores of a pair's units, None where there is no unit."""
    return (
        None if pair.old is None else float(old.raw[pair.old]),
        None if pair.new is None else float(new.raw[pair.new]),
    )


def rows(pairs: Sequence[Pair], old: Attribution, new: Attribution) -> list[dict[str, Any]]:
    """One row a pair, for a table or file; the difference counts a unit that is not there as 0.  All in the unit of F."""
    found = []
    for place, pair in enumerate(pairs, start=1):
        before, after = scores(pair, old, new)
        found.append(
            {
                "position": place,
                "what": pair.kind,
                "old": "" if pair.old is None else old.units[pair.old].text,
                "new": "" if pair.new is None else new.units[pair.new].text,
                "old score": before,
                "new score": after,
                "difference": (after or 0.0) - (before or 0.0),
            }
        )
    return found


def change_rows(changes: Sequence[Change]) -> list[dict[str, Any]]:
    """One row a method, for a file.  All but the promises in the unit of F."""
    return [
        {
            "method": one.method,
            "true change": one.true,
            "predicted by the changed units": one.changed,
            "error of the prediction": one.error,
            "all units together": one.total,
            "error of all units": one.total - one.true,
            "prediction is promised": one.promises_changed,
            "all units are promised": one.promises_all,
        }
        for one in changes
    ]


def _common(one: Sequence[Hashable], other: Sequence[Hashable]) -> int:
    """How many units both begin with."""
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _kind(equal: bool, old: int | None, new: int | None) -> Kind:
    if old is None:
        return "inserted"
    if new is None:
        return "removed"
    return "kept" if equal else "replaced"


def _read(classifier: TextClassifier, text: str, units: Sequence[Unit]) -> list[tuple[int, ...]]:
    """Each unit's token ids."""
    ids = classifier.encode(text).ids.tolist()
    return [tuple(ids[token] for token in unit.tokens) for unit in units]


def _tokens(one: Attribution) -> int:
    return sum(len(unit.tokens) for unit in one.units)
