"""Symmetry of SIG (arXiv:2305.15853, Appendix A), measured on functions small enough to be worked out by hand.

The axiom (Sundararajan et al. 2017, section 4): two inputs that F treats alike, with equal values and equal baselines, get
equal scores.  Within a word SIG keeps it, being IG of that word alone.  The appendix says that SIG does not keep it between
two equal words x₁ = x₂ = x of a symmetric F, since the two lines start from different sentences, (m, x) and (x, m).  But a
symmetric F gives the two the same value, and the same gradients with the words exchanged, so that SIG₁ = SIG₂ all the same.
Single features of different words are another matter: those of one word move together, those of two words do not.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from torch import Tensor

from sigviz.attribution import Floats
from sigviz.errors import InvalidSettings
from sigviz.teaching import toy
from sigviz.teaching.checks import EXACT, F_UNIT, Check
from sigviz.teaching.toy import ToyScores

STEPS = 64  # Gauss-Legendre: far more than smooth functions on these ranges need
SHOWN = ("ig", "sig", "sig-exact")
_GRID = 41  # points of each axis of the map of F


@dataclass(frozen=True, slots=True)
class TwoWordF:
    """A function of two words of one feature each, a and b.  formula: LaTeX.  symmetric: F(a, b) = F(b, a) for all a, b."""

    name: str
    formula: str
    of: Callable[[Tensor, Tensor], Tensor]
    symmetric: bool = True

    def __call__(self, points: Tensor) -> Tensor:
        """[B, 2, 1] -> [B]"""
        return self.of(points[:, 0, 0], points[:, 1, 0])


FUNCTIONS = {
    f.name: f
    for f in (
        TwoWordF("product", r"x_1\, x_2", lambda a, b: a * b),
        TwoWordF("tanh of the sum", r"\tanh(x_1 + x_2)", lambda a, b: (a + b).tanh()),
        TwoWordF("squared sum", r"(x_1 + x_2)^2", lambda a, b: (a + b) ** 2),
        TwoWordF("smooth maximum", r"\ln(e^{x_1} + e^{x_2})", lambda a, b: a.logaddexp(b)),
        TwoWordF("sum", r"x_1 + x_2", lambda a, b: a + b),
        TwoWordF("not symmetric", r"\tanh(2 x_1 + x_2)", lambda a, b: (2 * a + b).tanh(), symmetric=False),
    )
}


@dataclass(frozen=True, slots=True, eq=False)
class TwoWords:
    """F of two words explained.  x, baseline: the words' numbers, (2,) each.  scores: by method id of SHOWN.

    corners: F at (x₁, x₂), (m₁, x₂), (x₁, m₂) and (m₁, m₂).  axis: [g], and surface: F there, [g, g], row: x₂, column: x₁.
    checks: what the axiom says here; none where it says nothing.
    """

    f: TwoWordF
    x: tuple[float, float]
    baseline: tuple[float, float]
    scores: dict[str, ToyScores]
    corners: tuple[float, float, float, float]
    axis: Floats
    surface: Floats
    checks: tuple[Check, ...] = field(default=())

    @property
    def applies(self) -> bool:
        """Whether the axiom says anything: the words are equal, and so are their baselines."""
        return self.x[0] == self.x[1] and self.baseline[0] == self.baseline[1]

    @property
    def interaction(self) -> float:
        """What the words do together and neither does alone: F(x₁,x₂) − F(m₁,x₂) − F(x₁,m₂) + F(m₁,m₂)."""
        both, without_1, without_2, neither = self.corners
        return both - without_1 - without_2 + neither


def two_words(name: str, x: tuple[float, float], baseline: tuple[float, float]) -> TwoWords:
    """The counterexample of Appendix A with one of FUNCTIONS, computed.  Raises InvalidSettings."""
    if name not in FUNCTIONS:
        raise InvalidSettings(f"There is no function {name[:40]!r}. Choose one of: {', '.join(FUNCTIONS)}.")
    f = FUNCTIONS[name]
    scores = {method: _explained(f, _column(x), _column(baseline), method) for method in SHOWN}
    corners = toy.values(f, [[[a], [b]] for b in (x[1], baseline[1]) for a in (x[0], baseline[0])])
    numbers = (*x, *baseline)
    margin = 0.25 * (max(numbers) - min(numbers)) or 1.0
    axis = np.linspace(min(numbers) - margin, max(numbers) + margin, _GRID)
    first, second = np.meshgrid(axis, axis)
    surface = toy.values(f, np.stack([first.ravel(), second.ravel()], 1)[..., None]).reshape(_GRID, _GRID)
    found = TwoWords(f, x, baseline, scores, tuple(corners.tolist()), axis, surface)
    if not found.applies:
        return found
    return replace(found, checks=tuple(_equal_words(f, method, one) for method, one in scores.items()))


def _equal_words(f: TwoWordF, method: str, scores: ToyScores) -> Check:
    apart = float(abs(scores.raw[0] - scores.raw[1]))
    how = ("word 1 gets ", float(scores.raw[0]), ", word 2 gets ", float(scores.raw[1]))
    return Check(method, apart, EXACT * _size(scores), F_UNIT, how, promised=f.symmetric)


def within_a_word(f: toy.Function) -> Check:
    """SIG's scores of the two features of word 1, which have equal values and baselines: `f` of [B, 2 words, 2 features]."""
    scores = _explained(f, [[0.8, 0.8], [0.5, -0.4]], [[-0.2, -0.2], [0.1, 0.3]], "sig")
    assert scores.features is not None
    first, second = scores.features[0].tolist()
    how = ("the two features of word 1 get ", first, " and ", second)
    return Check("sig", abs(first - second), EXACT * _size(scores), F_UNIT, how, promised=f is not unlike)


def alike(points: Tensor) -> Tensor:
    """A function that treats the two features of word 1 alike: tanh(x₁₁ + x₁₂) · e^x₂₁ + x₁₁ x₁₂ x₂₂.  [B, 2, 2] -> [B]"""
    (a, b), (c, d) = points[:, 0].unbind(-1), points[:, 1].unbind(-1)
    return (a + b).tanh() * c.exp() + a * b * d


def unlike(points: Tensor) -> Tensor:
    """The control: the same with the first feature counting double.  [B, 2, 2] -> [B]"""
    (a, b), (c, d) = points[:, 0].unbind(-1), points[:, 1].unbind(-1)
    return (2 * a + b).tanh() * c.exp() + a * b * d


def across_words() -> tuple[Check, ...]:
    """F = x₁₁ · x₁₂ · x₂₁ treats x₁₁ and x₂₁, features of different words, alike; all x are 1, all baselines 0.

    IG gives each a third.  SIG moves x₁₂ along with x₁₁, but not with x₂₁: it gives 1/2 and 1.
    """

    def f(points: Tensor) -> Tensor:
        return points[:, 0, 0] * points[:, 0, 1] * points[:, 1, 0]

    found = []
    for method, promised in (("ig", True), ("sig", False)):
        scores = _explained(f, np.ones((2, 2)), np.zeros((2, 2)), method)
        assert scores.features is not None
        first, second = float(scores.features[0, 0]), float(scores.features[1, 0])
        how = ("feature 1 of word 1 gets ", first, ", feature 1 of word 2 gets ", second)
        found.append(Check(method, abs(first - second), EXACT, F_UNIT, how, promised))
    return tuple(found)


def _explained(f: toy.Function, x: object, baseline: object, method: str) -> ToyScores:
    return toy.explain(f, x, baseline, method, **({} if method == "sig-exact" else {"steps": STEPS}))  # type: ignore[arg-type]


def _column(numbers: tuple[float, float]) -> Floats:
    """Two words of one feature: [2, 1]"""
    return np.asarray(numbers, float)[:, None]


def _size(scores: ToyScores) -> float:
    return max(1.0, abs(scores.output), abs(scores.baseline_output))
