"""What a method is given and what it gives back.  Methods decide where to look; a Runner looks."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

from torch import Tensor, nn

from sigviz.paths.path import Maker, Path, Points
from sigviz.paths.walked import Walked


@dataclass(frozen=True)
class Problem:
    """One text, ready to be explained.

    x, baseline: [T, D] word embeddings of the text and of the text with every content token replaced.  members: bool
    [n, T], the tokens of each unit.  ids: int64 [T].  baseline_vector: [D]; baseline_token: its id, None for a vector that
    is no word.  output, baseline_output: F(x), F(x̄).  embeddings(): the vocabulary's embeddings [V, D], made when asked for.
    foreseen: F at the points that the method named beforehand (Method.foresee), float64 [count]; of a Path its integral,
    float64 [T, D]; None where it named none, or they could not be looked at with x and x̄.
    """

    x: Tensor
    baseline: Tensor
    members: Tensor
    ids: Tensor
    baseline_vector: Tensor
    baseline_token: int | None
    output: float
    baseline_output: float
    embeddings: Callable[[], Tensor]
    walked: Walked = field(default_factory=Walked)
    foreseen: Tensor | None = None

    @cached_property
    def content(self) -> Tensor:
        """Positions of the content tokens, int64 [n tokens]."""
        return self.members.any(0).nonzero()[:, 0]

    def __len__(self) -> int:
        return len(self.members)

    def per_unit(self, tokens: Tensor) -> Tensor:
        """[T] -> [n]: a unit's score is the sum over its tokens; only a sum keeps completeness."""
        return self.members.to(tokens) @ tokens


class Runner(Protocol):
    """What the engine does for a method; every model call of a method goes through it."""

    def integrate(self, path: Path) -> Tensor:
        """Gradient times step, summed over the path's points: float64 [T, D]."""
        ...

    def integrals(self, path: Path, weights: Maker) -> Tensor:
        """Several weighted sums of gradient times step at once, weights(k) [b, L]: float64 [L, T, D]."""
        ...

    def values(self, points: Points) -> Tensor:
        """F at the points: float64 [count]."""
        ...

    def turn(self) -> AbstractContextManager[None]:
        """The device for one piece of other work, such as a search for neighbours; raises Cancelled when asked to stop."""
        ...

    def alone(self) -> AbstractContextManager[nn.Module]:
        """F as a plain module, word embeddings [B, T, D] -> [B], to be hooked: nobody else is on the device meanwhile."""
        ...


@dataclass(frozen=True, slots=True)
class Scores:
    """What a method found.  features: float64 [T, D] or None.  raw: float64 [n]; where None, the features' sums by unit.

    expected: float64 [n], what each raw must be, or None.  spread: float64 [n], the standard deviation of raw over seeds, or
    None.  by_seed: float64 [seeds, n], the raw scores that spread is of, or None.  notes: what a reader must know.
    """

    features: Tensor | None = None
    raw: Tensor | None = None
    expected: Tensor | None = None
    notes: tuple[str, ...] = field(default=())
    spread: Tensor | None = None
    by_seed: Tensor | None = None

    def per_unit(self, problem: Problem) -> Tensor:
        """One score a unit: raw, or the features' sums.  float64 [n]"""
        if self.raw is not None:
            return self.raw
        assert self.features is not None
        return problem.per_unit(self.features.sum(-1))
