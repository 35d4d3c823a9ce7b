"""From the scores in each window of a text to those of the text.

F of a text in W windows is the mean of the windows' F.  So, by linearity, a unit's score is the sum of its scores in the
windows in which it stands, divided by W, and what a method promises of each window it promises of the whole: per unit,
raw_i = F(x) - F(x̄ⁱ) with the unit replaced in every window; in total, sum of raw = F(x) - F(x̄).  Of a unit that a window's
border cuts, the tokens in that window move together there.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sigviz.methods.problem import Problem, Scores


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """One window as a problem of its own.  places: int64 [T], its tokens' positions in the text.  units: int64 [m], the
    numbers of the text's units that have tokens in it, as the rows of problem.members; there may be none.
    """

    problem: Problem
    places: NDArray[np.int64]
    units: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Whole:
    """Scores of a text.  raw: [n], one a unit; tokens: [T], also of special tokens; the rest as in Scores.  All float64."""

    raw: Tensor
    tokens: Tensor
    features: Tensor | None
    expected: Tensor | None
    spread: Tensor | None
    notes: tuple[str, ...]


def merged(windows: Sequence[Window], found: Sequence[Scores], n: int, T: int) -> Whole:
    """The text's scores.  found: of each window, in their order; of one without units it is not read.  n: units of the text,
    T: its tokens.
    """
    if len(windows) == 1:  # as it stands: a sum with zeros would turn a -0.0 into 0.0
        own = windows[0].problem
        return Whole(*_scored(found[0], own), found[0].features, found[0].expected, found[0].spread, found[0].notes)
    pairs = [(one, scores) for one, scores in zip(windows, found, strict=True) if len(one.units)]
    W = len(windows)

    def by_unit(values: Callable[[Scores, Problem], Tensor | None], *shape: int) -> Tensor | None:
        parts = [(one.units, values(scores, one.problem)) for one, scores in pairs]
        return _mean(parts, W, *shape, n, dim=len(shape))

    def by_token(values: Callable[[Scores, Problem], Tensor | None], *shape: int) -> Tensor | None:
        return _mean([(one.places, values(scores, one.problem)) for one, scores in pairs], W, T, *shape, dim=0)

    raw = by_unit(lambda scores, problem: _scored(scores, problem)[0])
    tokens = by_token(lambda scores, problem: _scored(scores, problem)[1])
    assert raw is not None and tokens is not None
    D = pairs[0][0].problem.x.shape[1]
    features = by_token(lambda scores, _: scores.features, D)
    expected = by_unit(lambda scores, _: scores.expected)
    return Whole(raw, tokens, features, expected, _spread(pairs, by_unit), _notes(windows, found))


def _scored(found: Scores, problem: Problem) -> tuple[Tensor, Tensor]:
    """Scores of a window's units [m] and of all its tokens [T], float64."""
    if found.raw is None:
        assert found.features is not None
        tokens = found.features.sum(-1)
        return problem.per_unit(tokens), tokens
    members = problem.members.to(found.raw)
    return found.raw, (found.raw / members.sum(1)) @ members


def _mean(parts: Sequence[tuple[NDArray[np.int64], Tensor | None]], W: int, *shape: int, dim: int) -> Tensor | None:
    """Numbers of the windows, each at its places along `dim`, added up and divided by W; None where a window has none."""
    total = torch.zeros(shape, dtype=torch.float64)
    for places, values in parts:
        if values is None:
            return None
        total.index_add_(dim, torch.from_numpy(places), values)
    return total / W


def _spread(pairs: Sequence[tuple[Window, Scores]], by_unit: Callable[..., Tensor | None]) -> Tensor | None:
    """Standard deviation of the text's scores over the seeds: each seed's are added up before it is taken.  [n]

    In a window where nothing is sampled (few units: all coalitions are looked at) the scores are the same with each seed.
    """
    seeds = max((len(scores.by_seed) for _, scores in pairs if scores.by_seed is not None), default=0)
    if not seeds:
        return None

    def sampled(scores: Scores, problem: Problem) -> Tensor:
        return _scored(scores, problem)[0].expand(seeds, -1) if scores.by_seed is None else scores.by_seed

    found = by_unit(sampled, seeds)
    assert found is not None
    return found.std(0)


def _notes(windows: Sequence[Window], found: Sequence[Scores]) -> tuple[str, ...]:
    """What is said of every window, once; what is said of some, with their numbers."""
    said: dict[str, list[str]] = {}
    for number, (one, scores) in enumerate(zip(windows, found, strict=True), start=1):
        for note in scores.notes if len(one.units) else ():
            said.setdefault(note, []).append(str(number))
    read = sum(len(one.units) > 0 for one in windows)
    return tuple(
        note if len(where) == read else f"In window{'s' if where[1:] else ''} {', '.join(where)}: {note}"
        for note, where in said.items()
    )
