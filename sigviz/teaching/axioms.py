"""Completeness and sensitivity, measured: what scores must add up to, and which words must and must not get any.

Sources: Sundararajan et al. 2017 (arXiv:1703.01365), sections 2 and 3, for IG; Enguehard 2023 (arXiv:2305.15853), section
2, for SIG, which has completeness, and with it sensitivity, word by word.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from sigviz.attribution import Attribution, Floats, Settings
from sigviz.engine.engine import Progress
from sigviz.methods import METHODS, Promise
from sigviz.models.classifier import TextClassifier
from sigviz.teaching import toy
from sigviz.teaching.checks import EXACT, F_UNIT, TOLERANCE, Check, rounding
from sigviz.teaching.series import one_by_one

_LONGEST = 40  # characters of a word in a sentence about it
NO_TOKEN = "This baseline is no word that could be typed; choose mask, pad, unk or a token."


@dataclass(frozen=True, slots=True)
class Completeness:
    """One explanation held against both forms of the axiom.  method: its id.

    total: |sum of the scores − (F(x) − F(x̄))|.  per_unit: the largest |score − (F(x) − F(x̄ⁱ))|; None while F(x̄ⁱ) is unknown.
    """

    method: str
    total: Check
    per_unit: Check | None


def completeness(attribution: Attribution, expected: Floats | None) -> Completeness:
    """expected: float64 [n], F(x) − F(x̄ⁱ) of the same text, units and F; the attribution's own counts where it has one."""
    promise = METHODS[attribution.settings.method].promises
    change = attribution.output - attribution.baseline_output
    total = Check(
        attribution.settings.method,
        abs(attribution.total_delta),
        _bound(attribution, attribution.raw),
        F_UNIT,
        ("the scores add up to ", float(attribution.raw.sum()), ", F(x) − F(x̄) is ", change),
        promise is Promise.TOTAL or attribution.settings.option("context") == "causal",
    )
    expected = attribution.expected if attribution.expected is not None else expected
    if expected is None:
        return Completeness(attribution.settings.method, total, None)
    apart = np.abs(attribution.raw - expected)
    worst = int(apart.argmax())
    where = attribution.units[worst].text[:_LONGEST]
    how = (
        "worst at “",
        where,
        "”, whose score is ",
        float(attribution.raw[worst]),
        " and whose change is ",
        float(expected[worst]),
    )
    # a NaN is the largest of a NumPy array, so a broken score is never overlooked
    per_unit = Check(
        attribution.settings.method,
        float(apart[worst]),
        _bound(attribution, expected),
        F_UNIT,
        how,
        promise is Promise.PER_UNIT,
    )
    return Completeness(attribution.settings.method, total, per_unit)


def _bound(attribution: Attribution, sizes: Floats) -> float:
    """TOLERANCE of the largest of `sizes`, and rounding, which is all that is left where no word matters."""
    return TOLERANCE * float(np.abs(sizes).max(initial=0.0)) + _rounding(attribution)


def _rounding(attribution: Attribution) -> float:
    return rounding(attribution.cost.dtype, attribution.output, attribution.baseline_output)


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """How many words (`matter`, of `units`) change F by more than `least` when replaced, and how many of them get 0."""

    matter: int
    units: int
    least: float
    check: Check


def sensitivity(attribution: Attribution, expected: Floats) -> Sensitivity:
    """Words that F notices must not be overlooked.  expected: float64 [n], F(x) − F(x̄ⁱ).

    A word matters where its change is above the tolerance; a score within rounding of 0 overlooks it.
    """
    least = _bound(attribution, expected)
    matter = np.abs(expected) > least
    scores = np.abs(attribution.raw[matter])
    overlooked = int(np.sum(~(scores > _rounding(attribution))))  # NaN is no score either
    how: tuple[str | float, ...] = ("no word matters here",)
    if len(scores):
        how = ("the smallest of their scores is ", float(scores.min()))
    promised = METHODS[attribution.settings.method].promises is Promise.PER_UNIT
    check = Check(attribution.settings.method, float(overlooked), 0.0, "words", how, promised)
    return Sensitivity(len(scores), len(expected), least, check)


@dataclass(frozen=True, slots=True)
class Inserted:
    """The text with the baseline's own token in front, explained.  text: that text; token: what was put there.

    checks: one a method, |score of that token|.  why_not: why there are none.
    """

    text: str
    token: str
    checks: tuple[Check, ...]
    why_not: str = ""


def inserted(
    classifier: TextClassifier, text: str, wanted: Sequence[Settings], progress: Progress, cancel: threading.Event
) -> Inserted:
    """A word that equals its baseline must get a score of exactly 0; `wanted` share their baseline and have unit token.

    Raises: as `explain`.
    """
    token = classifier.baseline(wanted[0].baseline).token
    if token is None:
        return Inserted(text, "", (), NO_TOKEN)
    piece = str(classifier.tokenizer.decode([token]))
    longer = f"{piece.strip()} {text}"  # in front: a text too long for the model is cut behind
    encoding = classifier.encode(longer)
    places = {place for place in np.flatnonzero(encoding.content).tolist() if encoding.ids[place] == token}
    if not places:
        return Inserted(longer, piece, (), "This model reads its baseline token as something else when it is typed.")
    checks = []
    for settings, found in zip(wanted, one_by_one(classifier, longer, wanted, progress, cancel), strict=True):
        own = [abs(float(score)) for unit, score in zip(found.units, found.raw, strict=True) if set(unit.tokens) <= places]
        promised = METHODS[settings.method].promises is not Promise.NOTHING
        how = ("the largest other score is ", float(np.abs(found.raw).max(initial=0.0)))
        checks.append(Check(settings.method, max(own, default=float("nan")), 0.0, F_UNIT, how, promised))
    return Inserted(longer, piece, tuple(checks))


def ignores_the_second_word(points: Tensor) -> Tensor:
    """F = tanh(x₁₁ + 2 x₁₂) + x₃₁ x₃₂ x₁₁: word 2 is not in it.  [B, 3, 2] -> [B]"""
    first, _, third = points.unbind(1)
    return (first[:, 0] + 2 * first[:, 1]).tanh() + third[:, 0] * third[:, 1] * first[:, 0]


def unused_word(f: toy.Function = ignores_the_second_word) -> tuple[Check, ...]:
    """Every method on a toy of three words whose F is said not to depend on word 2: |score of word 2|, one check a method."""
    x, baseline = [[0.6, -0.3], [0.9, 0.4], [-0.5, 0.7]], [[0.1, 0.1]] * 3
    found = []
    for spec in METHODS.values():
        raw = toy.explain(f, x, baseline, spec.id).raw
        how = ("the three words get ", float(raw[0]), ", ", float(raw[1]), " and ", float(raw[2]))
        found.append(Check(spec.id, float(abs(raw[1])), EXACT, F_UNIT, how, spec.promises is not Promise.NOTHING))
    return tuple(found)


def overlooked_by_sharing() -> tuple[Check, ...]:
    """F = x₁ (x₂ − 1/2) at (1, 1), baselines 0: replacing word 1 changes F by 1/2, yet IG's line gives it 0.

    Measured: how far each method's score of word 1 is from that change.
    """

    def f(points: Tensor) -> Tensor:
        return points[:, 0, 0] * (points[:, 1, 0] - 0.5)

    found = []
    for method in ("ig", "sig", "sig-exact"):
        scores = toy.explain(f, [[1.0], [1.0]], [[0.0], [0.0]], method)
        drop = float(toy.values(f, [[[1.0], [1.0]]])[0] - toy.values(f, [[[0.0], [1.0]]])[0])
        how = ("word 1 gets ", float(scores.raw[0]), "; F falls by ", drop, " when it is replaced")
        promised = METHODS[method].promises is Promise.PER_UNIT
        found.append(Check(method, float(abs(scores.raw[0] - drop)), EXACT, F_UNIT, how, promised))
    return tuple(found)
