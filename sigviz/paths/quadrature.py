"""Nodes and weights on [0, 1]: how an integral over a straight line becomes a sum of `steps` looks.

The weights of each rule add up to 1.  (Captum's trapezoid rule gives its weights the sum (n - 1)/n; this one does not.)
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np

from sigviz.attribution import Floats
from sigviz.errors import InvalidSettings


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """nodes, weights: float64 [steps]; nodes ascend within [0, 1]."""

    nodes: Floats
    weights: Floats


@cache  # 1,024 nodes take half a second
def gauss_legendre(steps: int) -> Rule:
    """Exact for polynomials up to degree 2 * steps - 1."""
    nodes, weights = np.polynomial.legendre.leggauss(steps)
    return Rule((nodes + 1) / 2, weights / 2)


def riemann_left(steps: int) -> Rule:
    """The left end of each of `steps` equal parts."""
    return Rule(np.arange(steps) / steps, np.full(steps, 1 / steps))


def riemann_right(steps: int) -> Rule:
    """The right end of each of `steps` equal parts."""
    return Rule(np.arange(1, steps + 1) / steps, np.full(steps, 1 / steps))


def riemann_middle(steps: int) -> Rule:
    """The middle of each of `steps` equal parts."""
    return Rule((np.arange(steps) + 0.5) / steps, np.full(steps, 1 / steps))


def trapezoid(steps: int) -> Rule:
    """Both ends and `steps` - 2 nodes between them, the ends counting half."""
    if steps < 2:
        raise InvalidSettings(f"The trapezoid rule needs at least 2 steps (both ends), not {steps}.")
    weights = np.full(steps, 1 / (steps - 1))
    weights[[0, -1]] /= 2
    return Rule(np.linspace(0, 1, steps), weights)


@cache
def clenshaw_curtis(steps: int) -> Rule:
    """Both ends and `steps` - 2 nodes that crowd there; exact for polynomials up to degree steps - 1.

    As a rule nearly as good as Gauss-Legendre (Trefethen 2008, doi:10.1137/060659831), and with 2 n - 1 steps it has the nodes
    of n steps again, the new ones between them: what was looked at is not lost.
    """
    if steps < 2:
        raise InvalidSettings(f"The Clenshaw-Curtis rule needs at least 2 steps (both ends), not {steps}.")
    parts = steps - 1
    angles = np.arange(steps) * (np.pi / parts)
    k = np.arange(1, parts // 2 + 1)
    folded = np.where(2 * k == parts, 1.0, 2.0) / (4.0 * k**2 - 1)
    weights = (1 - np.cos(2 * np.outer(angles, k)) @ folded) / parts
    weights[[0, -1]] /= 2
    return Rule((1 - np.cos(angles)) / 2, weights)


RULES: dict[str, Callable[[int], Rule]] = {
    "gauss-legendre": gauss_legendre,
    "riemann-left": riemann_left,
    "riemann-right": riemann_right,
    "riemann-middle": riemann_middle,
    "trapezoid": trapezoid,
    "clenshaw-curtis": clenshaw_curtis,
}
