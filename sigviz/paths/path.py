"""Path: where gradients are taken, and how far each look counts.

    features[t, d] = sum over points p of  dF/dx[t, d] at points[p]  *  steps[p, t, d]

Every gradient method is such a sum, so the engine is written once.  A Path is lazy: it makes the points that it is asked
for, so that n words times P steps never stand in memory together.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate

import torch
from torch import Tensor

Maker = Callable[[Tensor], Tensor]  # numbers of points, int64 [b] -> [b, T, D]


@dataclass(frozen=True, slots=True)
class Points:
    """`count` texts as word embeddings; `at(k)` makes those numbered k."""

    count: int
    at: Maker


def chained(parts: Sequence[Points]) -> Points:
    """The points of all parts, one part behind the other, so that few of many kinds are looked at together.

    Its `at` takes ascending numbers, as the engine gives.
    """
    ends = list(accumulate(part.count for part in parts))

    def at(k: Tensor) -> Tensor:
        made = []
        for part, end in zip(parts, ends, strict=True):
            own = k[(k >= end - part.count) & (k < end)]
            if len(own):
                made.append(part.at(own - (end - part.count)))
        return torch.cat(made)

    return Points(ends[-1] if ends else 0, at)


@dataclass(frozen=True, slots=True)
class Path(Points):
    """Points with the step that each stands for: `steps(k)` has the shape of `at(k)`."""

    steps: Maker
