"""Implementation invariance: models that compute the same function must get the same scores (arXiv:1703.01365, section 2).

One model is computed in several ways, functionally equal up to rounding, and explained each time.  Float arithmetic is no
real arithmetic, so the scores differ, too; the check is that they do so by no more than a small share of the largest score.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from sigviz.attribution import Attribution
from sigviz.engine.engine import Progress, Run
from sigviz.errors import ModelUnsupported
from sigviz.models import catalogue, twins, zoo
from sigviz.models.classifier import TextClassifier
from sigviz.teaching.checks import F_UNIT, Check, rounding
from sigviz.teaching.series import one_by_one

SHARE = 1e-3  # of the largest score: what two ways to compute the same may differ by

Maker = Callable[[TextClassifier], TextClassifier]


@dataclass(frozen=True, slots=True)
class Way:
    """Another way to compute a model.  words: what it is.  make: raises ModelUnsupported where the model has no such form."""

    id: str
    words: str
    make: Maker


@dataclass(frozen=True, slots=True)
class Compared:
    """A model explained in another way.  checks: one an explanation, the largest difference of a score.  why_not: why none."""

    way: str
    checks: tuple[Check, ...]
    why_not: str = ""


def _unmerged(classifier: TextClassifier) -> TextClassifier:
    if classifier.name not in catalogue.BUNDLED:
        raise ModelUnsupported("Only the bundled models have an adapter that could be left apart: this one is in one piece.")
    dtype = str(classifier.dtype).removeprefix("torch.")
    return zoo.load(classifier.name, device=str(classifier.device), dtype=dtype, merged=False)


def _other_attention(classifier: TextClassifier) -> TextClassifier:
    with Run(classifier).turn():  # nobody's hooks must be copied
        return twins.with_attention(classifier, _other(classifier))


def _in_double(classifier: TextClassifier) -> TextClassifier:
    with Run(classifier).turn():
        return twins.in_double(classifier)


def _other(classifier: TextClassifier) -> str:
    return next(name for name in twins.ATTENTION if name != twins.attention_of(classifier))


WAYS = {
    way.id: way
    for way in (
        Way("adapter", "the adapter beside the weights, not added into them", _unmerged),
        Way("attention", "the other implementation of attention", _other_attention),
        Way("float64", "all weights and sums in float64", _in_double),
    )
}


def described(classifier: TextClassifier, way: str) -> str:
    """One of WAYS in words that fit this model."""
    if way != "attention":
        return WAYS[way].words
    return f"attention as {twins.ATTENTION[_other(classifier)]}, not {twins.attention_of(classifier) or 'as its own'}"


def compared(
    classifier: TextClassifier, way: str, reference: Sequence[Attribution], progress: Progress, cancel: threading.Event
) -> Compared:
    """The explanations in `reference`, made again with `classifier` computed in one of WAYS.

    They are of one text, and their settings must fix the target: both ways explain the same F, even where rounding turns a
    prediction.
    Raises: as `explain`.
    """
    try:
        twin = WAYS[way].make(classifier)
    except ModelUnsupported as error:
        return Compared(way, (), str(error))
    settings = [one.settings for one in reference]
    found = one_by_one(twin, reference[0].text, settings, progress, cancel)
    return Compared(way, tuple(difference(one, other) for one, other in zip(reference, found, strict=True)))


def difference(one: Attribution, other: Attribution) -> Check:
    """The largest difference between two explanations' scores, in the unit of F.  Raises ValueError: not the same units."""
    if one.units != other.units:
        raise ValueError("Only explanations of the same units can be compared.")
    apart = float(np.abs(one.raw - other.raw).max(initial=0.0))
    largest = float(np.abs(one.raw).max(initial=0.0))
    how = (1e6 * apart / largest, " millionths of the largest score, ", largest) if largest else ("no word has a score",)
    bound = SHARE * largest + rounding(one.cost.dtype, one.output, one.baseline_output)
    return Check(one.settings.method, apart, bound, F_UNIT, how)
