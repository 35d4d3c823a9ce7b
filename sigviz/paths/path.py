"""Path: where gradients are taken, and how far each look counts.

    features[t, d] = sum over points p of  dF/dx[t, d] at points[p]  *  steps[p, t, d]

Every gradient method is such a sum, so the engine is written once.  A Path is lazy: it makes the points that it is asked
for, so that n words times P steps never stand in memory together.
"""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

Maker = Callable[[Tensor], Tensor]  # numbers of points, int64 [b] -> [b, T, D]


@dataclass(frozen=True, slots=True)
class Points:
    """`count` texts as word embeddings; `at(k)` makes those numbered k."""

    count: int
    at: Maker


@dataclass(frozen=True, slots=True)
class Path(Points):
    """Points with the step that each stands for: `steps(k)` has the shape of `at(k)`."""

    steps: Maker
