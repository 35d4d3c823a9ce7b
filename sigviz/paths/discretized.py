"""Discretized IG: a walk from each word towards the baseline over real words (Sanyal and Ren 2021, arXiv:2108.13654).

The walk picks anchor words; the embedding path then bends each anchor until every feature moves one way only
(monotonise).  `joint` moves all words along their paths together (DIG), `sequential` one unit at a time (SDIG; Appendix C
of arXiv:2305.15853).
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

import torch
from torch import Tensor

from sigviz.paths.neighbours import Neighbours
from sigviz.paths.path import Path
from sigviz.paths.walked import Met

STRATEGIES = ("greedy", "maxcount", "non-monotonic")
Turn = Callable[[], AbstractContextManager[None]]
AT_BASELINE = -1  # in place of a word's id: the walk has arrived
_WORDS_AT_ONCE = {"cpu": 1}  # whose candidates are weighed together: 500 * 384 numbers stay within the cache of a CPU core
_WORDS_AT_MOST = 32  # the same elsewhere: bounds the walk's memory


@dataclass(frozen=True, slots=True)
class Walk:
    """How to walk.  steps: m, the number of anchors.  neighbours: K, among how many nearest words to choose."""

    strategy: str
    steps: int
    neighbours: int


def monotonise(candidate: Tensor, baseline: Tensor, anchor: Tensor, steps: int) -> Tensor:
    """The candidate, its features outside [baseline, anchor] moved to one step from the anchor.  All [..., D]"""
    return torch.where(between(candidate, baseline, anchor), candidate, anchor - (anchor - baseline) / steps)


def between(candidate: Tensor, baseline: Tensor, anchor: Tensor) -> Tensor:
    """Which features lie between the baseline's and the anchor's, ends included: bool [..., D]"""
    up = (baseline <= candidate) & (candidate <= anchor)
    return up | ((baseline >= candidate) & (candidate >= anchor))


def anchors(
    words: Tensor,
    near: Neighbours,
    baseline: Tensor,
    baseline_token: int | None,
    walk: Walk,
    turn: Turn,
    met: Met | None = None,
) -> Tensor:
    """The anchor words of each of `words` (ids [n]), in the order of the walk: ids [n, m], AT_BASELINE where it has arrived.

    Each step is taken within `turn()`: one job at a time on the device, and a place to stop at.  met: what is known of words
    that other walks of this way have passed; what this one learns is added.
    """
    unique, place = words.unique(return_inverse=True)
    return _walk(unique, near, baseline, baseline_token, walk, turn, met)[place]


def _walk(
    words: Tensor,
    near: Neighbours,
    baseline: Tensor,
    baseline_token: int | None,
    walk: Walk,
    turn: Turn,
    met: Met | None = None,
) -> Tensor:
    arrived = torch.full_like(words, AT_BASELINE)
    memory = _Memory(near, baseline, walk, {} if met is None else met)
    visited = torch.zeros(len(words), len(near.vectors), dtype=torch.bool, device=words.device)  # [n, V]
    if baseline_token is not None:
        visited[:, baseline_token] = True
    here = words if baseline_token is None else torch.where(words == baseline_token, arrived, words)
    path = [words]
    for _ in range(walk.steps):
        with turn():
            looking = here.clamp(min=0)  # those that have arrived look from anywhere; their choice is not used
            candidates, cost = memory.weighed(looking)
            visited.scatter_(1, looking[:, None], True)
            cost = cost.masked_fill(visited.gather(1, candidates), torch.inf)
        best, choice = _first_minimum(cost)
        step = candidates.gather(1, choice[:, None])[:, 0]
        here = torch.where((here == AT_BASELINE) | best.isinf(), arrived, step)
        path.append(here)
    return torch.stack(path[1:], 1)


def weighed(
    words: Tensor, visited: Sequence[Tensor], near: Neighbours, baseline: Tensor, baseline_token: int | None, walk: Walk
) -> tuple[Tensor, Tensor]:
    """Where each of `words` (ids [n]) may go next, nearest first, and what that costs: ids [n, K], [n, K].

    visited: ids [n] each, the words that were passed so far.  They and the baseline's token cost infinity; the cheapest
    candidate, of equally cheap ones the nearest, is the next anchor.
    """
    candidates = near.nearest(words, walk.neighbours)  # [n, K]
    taken = torch.zeros_like(candidates, dtype=torch.bool)  # [n, K]
    for word in visited:
        taken |= candidates == word[:, None]
    if baseline_token is not None:
        taken |= candidates == baseline_token
    return candidates, _costs(candidates, words, near.vectors, baseline, walk).masked_fill(taken, torch.inf)


class _Memory:
    """What the neighbours of each word cost; on a CPU it is found once a word, and known as long as `met` is.

    The walks of a sentence's words soon meet: they pass over the same few words that are neighbours of everything (600 steps
    over 107 different words, 900 over 152), and a search reads the whole embedding matrix.  Elsewhere a search is cheap, and
    to ask which words are new would make the device wait.
    """

    def __init__(self, near: Neighbours, baseline: Tensor, walk: Walk, met: Met) -> None:
        self._near, self._baseline, self._walk, self._known = near, baseline, walk, met

    def weighed(self, words: Tensor) -> tuple[Tensor, Tensor]:
        """The neighbours of each of `words` (ids [n]), nearest first, and their costs: ids [n, K], [n, K]."""
        if words.device.type != "cpu":
            return self._weigh(words)
        asked = words.tolist()
        if new := [word for word in dict.fromkeys(asked) if word not in self._known]:
            ids, costs = self._weigh(torch.tensor(new))
            # copies: a row of a larger tensor would keep all of it in memory
            self._known.update({word: (ids[i].int(), costs[i].clone()) for i, word in enumerate(new)})
        for word in dict.fromkeys(asked):  # those looked at last stand last: the others are forgotten first
            self._known[word] = self._known.pop(word)
        found = [self._known[word] for word in asked]
        return torch.stack([ids for ids, _ in found]).long(), torch.stack([costs for _, costs in found])

    def _weigh(self, words: Tensor) -> tuple[Tensor, Tensor]:
        candidates = self._near.nearest(words, self._walk.neighbours)
        return candidates, _costs(candidates, words, self._near.vectors, self._baseline, self._walk)


def _costs(candidates: Tensor, words: Tensor, vectors: Tensor, baseline: Tensor, walk: Walk) -> Tensor:
    """`_cost` of candidates [n, K] for words [n], a few words at a time: it is bound by memory, not by arithmetic."""
    rows = _WORDS_AT_ONCE.get(words.device.type, _WORDS_AT_MOST)
    parts = zip(candidates.split(rows), words.split(rows), strict=True)
    return torch.cat([_cost(_rows(vectors, some), baseline, vectors[word][:, None], walk) for some, word in parts])


def _rows(vectors: Tensor, words: Tensor) -> Tensor:
    """vectors[words], [n, K, D], several times faster: plain indexing asks of each number anew where it comes from."""
    return vectors.index_select(0, words.flatten()).view(*words.shape, -1)


def _cost(candidates: Tensor, baseline: Tensor, anchor: Tensor, walk: Walk) -> Tensor:
    """What each strategy wants least: [n, K, D] -> [n, K]

    greedy: how far each candidate is from its own `monotonise`d form; maxcount: less the number of features `between`.  Both
    would need half a million decisions a word, which a CPU takes one by one; as sums with a mask of 1.0 and 0.0 they go eight
    at a time, and a step of the walk takes a seventh of the time.
    """
    cost: Tensor
    if walk.strategy == "non-monotonic":
        cost = torch.linalg.vector_norm(candidates - baseline, dim=-1)
        return cost
    outside = candidates.clamp(torch.minimum(baseline, anchor), torch.maximum(baseline, anchor)).ne_(candidates)  # 1.0, 0.0
    if walk.strategy == "maxcount":
        cost = outside.sum(-1) - outside.shape[-1]
    else:
        bent = anchor - (anchor - baseline) / walk.steps
        cost = torch.linalg.vector_norm((candidates - bent).mul_(outside), dim=-1)
    return cost


def _first_minimum(cost: Tensor) -> tuple[Tensor, Tensor]:
    """The smallest of each row and its first place: of equally good words the one nearest to the anchor."""
    best = cost.amin(1)
    ranks = torch.arange(cost.shape[1], device=cost.device).expand_as(cost)
    return best, torch.where(cost == best[:, None], ranks, cost.shape[1]).amin(1).clamp(max=cost.shape[1] - 1)


def embedding_paths(words: Tensor, found: Tensor, near: Neighbours, baseline: Tensor, steps: int) -> Tensor:
    """From the baseline to each word over its bent anchors: [n, m + 2, D].  words: ids [n]; found: anchors [n, m].

    The one thing here that is kept whole: each point of a path depends on the one before.
    """
    points = [near.vectors[words]]
    for anchor in found.T:
        word = torch.where((anchor == AT_BASELINE)[:, None], baseline, near.vectors[anchor.clamp(min=0)])
        points.append(monotonise(word, baseline, points[-1], steps))
    points.append(baseline.expand_as(points[0]))
    return torch.stack(points[::-1], 1)


def joint(x: Tensor, tokens: Tensor, paths: Tensor, factor: int) -> Path:
    """All tokens on their way together.  x: [T, D]; tokens: positions [n]; paths: [n, m + 2, D]."""
    parts = 2**factor

    def at(k: Tensor) -> Tensor:
        here, _ = _part(paths, k, parts)
        return x.expand(len(k), -1, -1).index_copy(1, tokens, here)

    def steps(k: Tensor) -> Tensor:
        _, way = _part(paths, k, parts)
        return x.new_zeros(len(k), *x.shape).index_copy(1, tokens, way)

    return Path((paths.shape[1] - 1) * parts, at, steps)


def along(x: Tensor, tokens: Tensor, paths: Tensor, segments: Tensor, shares: Tensor) -> Path:
    """Any places on the way of `joint`: `shares` (0 to 1, [P]) of the way from point `segments` ([P]) to the one behind it.

    Each step is the whole of that way, so gradient times step is how fast F changes on it; the rest as in `joint`.
    """

    def ends(k: Tensor) -> tuple[Tensor, Tensor]:
        return paths[:, segments[k]].transpose(0, 1), paths[:, segments[k] + 1].transpose(0, 1)  # [b, n, D]

    def at(k: Tensor) -> Tensor:
        start, end = ends(k)
        here = torch.lerp(start, end, shares[k, None, None].to(paths))
        return x.expand(len(k), -1, -1).index_copy(1, tokens, here)

    def steps(k: Tensor) -> Tensor:
        start, end = ends(k)
        return x.new_zeros(len(k), *x.shape).index_copy(1, tokens, end - start)

    return Path(len(segments), at, steps)


def sequential(x: Tensor, tokens: Tensor, paths: Tensor, members: Tensor, factor: int) -> Path:
    """One unit on its way, the others at x.  members: bool [units, T]; the rest as in `joint`."""
    together = joint(x, tokens, paths, factor)

    def moving(k: Tensor) -> Tensor:
        return members[k // together.count][..., None]

    return Path(
        count=len(members) * together.count,
        at=lambda k: torch.where(moving(k), together.at(k % together.count), x),
        steps=lambda k: together.steps(k % together.count) * moving(k),
    )


def _part(paths: Tensor, k: Tensor, parts: int) -> tuple[Tensor, Tensor]:
    """Point k of the paths with each step cut into equal parts, and its part of the step: [b, n, D] both."""
    start, end = paths[:, k // parts], paths[:, k // parts + 1]  # [n, b, D]
    way = (end - start) / parts
    here = start + (k % parts)[:, None].to(paths) * way
    return here.transpose(0, 1), way.transpose(0, 1)
