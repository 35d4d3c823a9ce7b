"""One sentence by two models: which words both put on top, which only one does, and how many blind draws would share.

Explanations, top words and their overlap are those of the robustness study (studies.robustness, reductions, pairs); here the
numbers are words again.
"""

import threading
from dataclasses import dataclass, replace
from math import comb

from sigviz.attribution import Attribution
from sigviz.engine.engine import Progress, Run
from sigviz.errors import InvalidSettings
from sigviz.methods.runs import RunChoice
from sigviz.models.classifier import TextClassifier
from sigviz.studies import pairs, robustness
from sigviz.studies.pairs import Match, Overlap
from sigviz.studies.plan import CHANCE
from sigviz.studies.ranking import at_least
from sigviz.studies.reductions import WHOLE, reduced

WHOLE_WORDS = ("sig-exact", "kernel-shap", "lime", CHANCE)  # methods whose scores are no sums of features


@dataclass(frozen=True, slots=True)
class Question:
    """What every model on the page is asked.

    choice: method, baseline and options.  reduction: one of reductions.REDUCTIONS; WHOLE for WHOLE_WORDS.  target, contrast:
    class numbers, None for the predicted class and for the best other one.
    """

    choice: RunChoice
    reduction: str
    unit: str = "token"
    output: str = "logit"
    target: int | None = None
    contrast: int | None = None

    def of(self, match: Match) -> "Question":
        """The same question to a model whose classes match like this.  Raises InvalidSettings where it lacks a class."""
        classes = {number: number if number is None else match.classes[number] for number in (self.target, self.contrast)}
        if any(number is not None and other is None for number, other in classes.items()):
            raise InvalidSettings(
                "This model has no class of that name, so the chosen class cannot be explained. Choose the predicted class."
            )
        return replace(self, target=classes[self.target], contrast=classes[self.contrast])


def explained(
    classifier: TextClassifier, text: str, question: Question, progress: Progress, cancel: threading.Event
) -> Attribution:
    """One model's explanation in the question's reduction, without per-feature scores.  Raises as `explain`."""
    choice, way = question.choice, question.reduction
    if question.contrast is not None:
        choice = replace(choice, options={**choice.options, "contrast": question.contrast})
    found = reduced(
        classifier,
        text,
        choice,
        *([] if way == WHOLE else [[way]]),
        unit=question.unit,
        output=question.output,
        target=question.target,
        progress=progress,
        cancel=cancel,
    )
    answer = found[way]
    return replace(answer, features=None)  # hundreds of numbers a word, which nobody looks at here


def control(classifier: TextClassifier, name: str, seed: int, cancel: threading.Event) -> TextClassifier:
    """One of robustness_plan.CONTROLS, drawn by the seed while nobody else is on the device.  Raises ModelUnsupported."""
    with Run(classifier, cancel=cancel).turn():  # nobody's hooks must be copied
        return robustness.control(classifier, name, seed)


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """The top k % of two explanations of one text, as words in the order of the text; a word that occurs twice counts twice.

    both, first, second: on top in both, in the first alone, in the second alone.  k: per cent.  overlap: see pairs.Overlap;
    its `first` and `second` say for each unit whether it is on top.  same_cut: whether both read the text in the same units.
    """

    both: tuple[str, ...]
    first: tuple[str, ...]
    second: tuple[str, ...]
    k: float
    overlap: Overlap
    same_cut: bool

    @property
    def size(self) -> int:
        """How many pieces are on top of each."""
        return at_least(self.k, self.overlap.pieces)

    @property
    def blind(self) -> float:
        """The overlap to expect of two sets of this size drawn blindly, 0 to 1."""
        return blind_overlap(self.overlap.pieces, self.size)


def compare(first: Attribution, second: Attribution, k: float) -> Comparison:
    """The overlap of two explanations of one text.  k: above 0, to 100.  Raises InvalidSettings as pairs.overlap does."""
    overlap = pairs.overlap(first, second, k)
    left, right = pairs.aligned(first.units, second.units)
    both: list[str] = []
    alone: tuple[list[str], list[str]] = ([], [])
    for one, other in zip(left, right, strict=True):
        on_first, on_second = bool(overlap.first[one[0]]), bool(overlap.second[other[0]])
        if on_first or on_second:
            where = both if on_first and on_second else alone[0 if on_first else 1]
            where.append(_piece(first, one, second, other))
    same_cut = [(unit.start, unit.end) for unit in first.units] == [(unit.start, unit.end) for unit in second.units]
    return Comparison(tuple(both), tuple(alone[0]), tuple(alone[1]), k, overlap, same_cut)


def blind_overlap(n: int, size: int) -> float:
    """The mean of |A ∩ B| / |A ∪ B| over all sets A and B of `size` of n words.  size: 1 to n.

    i of them are in both with the probability C(size, i) C(n - size, size - i) / C(n, size): the hypergeometric distribution.
    """
    shares = (comb(size, i) * comb(n - size, size - i) / comb(n, size) * i / (2 * size - i) for i in range(size + 1))
    return sum(shares)


def _piece(first: Attribution, one: list[int], second: Attribution, other: list[int]) -> str:
    """A piece of the text that both have read: all that its units reach over; a unit without characters has its own text."""
    units = [*(first.units[i] for i in one), *(second.units[i] for i in other)]
    start, end = min(unit.start for unit in units), max(unit.end for unit in units)
    return first.text[start:end].strip() or units[0].text
