"""Functions of a few numbers in the place of a classifier, explained by the app's own methods, paths and engine in float64.

What comes out can be worked out by hand, so a toy shows a property without a model's thousands of features in the way.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import cast

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn

from sigviz.attribution import Floats
from sigviz.engine.engine import Run
from sigviz.errors import InvalidSettings
from sigviz.methods import registry
from sigviz.methods.problem import Problem
from sigviz.models.classifier import TextClassifier
from sigviz.paths.path import Points

Function = Callable[[Tensor], Tensor]  # [B, words, features] -> [B]
LARGEST = 5.0  # of a word's or a baseline's numbers: squares and exponentials of more say nothing new
_VOCABULARY = 64  # random words besides those of the text, for methods that walk over words
_ROWS = 256  # points a chunk: a toy is never short of memory


@dataclass(frozen=True, slots=True, eq=False)
class ToyScores:
    """What a method gives a toy.  raw: float64 [words].  features: float64 [words, features], None where it has none.

    expected: float64 [words], F(x) - F(x̄ⁱ), or None.  output, baseline_output: F(x), F(x̄).
    """

    raw: Floats
    features: NDArray[np.float64] | None
    expected: Floats | None
    output: float
    baseline_output: float


class _StandIn:
    """What the engine asks of a classifier, around a function: the one "logit" is F."""

    device = torch.device("cpu")
    dtype = working_dtype = torch.float64

    def __init__(self, f: Function) -> None:
        self._f = f

    @cached_property
    def model(self) -> nn.Module:
        """Nothing to hook: F has no modules."""
        return nn.Identity()

    def logits(self, embeddings: Tensor) -> Tensor:
        """[B, words, features] -> [B, 1]"""
        return self._f(embeddings)[:, None]


def explain(f: Function, x: ArrayLike, baseline: ArrayLike, method: str, **options: object) -> ToyScores:
    """F's explanation by one of METHODS; x, baseline: [words, features], finite, at most LARGEST.

    options: the method's own.  A method that walks over words finds those of the text, the first baseline, and random ones.
    Raises: InvalidSettings.
    """
    spec = registry.get(method)
    settings = spec.settings(**options)
    words, starts = _numbers(x), _numbers(baseline)
    if words.shape != starts.shape:
        raise InvalidSettings(f"The words are {tuple(words.shape)} numbers and their baselines {tuple(starts.shape)}.")
    ends = torch.stack([words, starts])
    run = Run(cast(TextClassifier, _StandIn(f)), lambda logits: logits[:, 0], rows=_ROWS)
    output, baseline_output = run.values(Points(2, lambda k: ends[k])).tolist()
    problem = Problem(
        x=words,
        baseline=starts,
        members=torch.eye(len(words), dtype=torch.bool),
        ids=torch.arange(len(words)),
        baseline_vector=starts[0],
        baseline_token=len(words),
        output=output,
        baseline_output=baseline_output,
        embeddings=lambda: _vocabulary(words, starts[0]),
    )
    found = spec.compute(problem, run, settings)
    return ToyScores(
        raw=found.per_unit(problem).numpy(),
        features=None if found.features is None else found.features.numpy(),
        expected=None if found.expected is None else found.expected.numpy(),
        output=output,
        baseline_output=baseline_output,
    )


def values(f: Function, points: ArrayLike) -> Floats:
    """F at points [n, words, features]: float64 [n]."""
    with torch.no_grad():
        found: Floats = f(torch.as_tensor(np.asarray(points, float))).numpy()
    return found


def _numbers(given: ArrayLike) -> Tensor:
    numbers = torch.as_tensor(np.asarray(given, float))
    if numbers.dim() != 2 or not numbers.numel() or not bool((numbers.abs() <= LARGEST).all()):  # NaN is never <=
        raise InvalidSettings(
            f"A toy's words and baselines are numbers from {-LARGEST:g} to {LARGEST:g}, a row for each word."
        )
    return numbers


def _vocabulary(words: Tensor, baseline: Tensor) -> Tensor:
    """[V, features]: the words of the text (their ids are their places), the baseline, and random ones around them."""
    random = torch.Generator().manual_seed(0)
    others = torch.randn(_VOCABULARY, words.shape[1], generator=random, dtype=torch.float64)
    return torch.cat([words, baseline[None], others])
