"""DIG's walk from word to word, retold: which anchor each step chose, among which candidates, and how far it was bent."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from sigviz.attribution import Settings
from sigviz.engine.engine import Run
from sigviz.methods.problem import Problem
from sigviz.models.classifier import Baseline, TextClassifier
from sigviz.paths.discretized import AT_BASELINE, Walk, anchors, between, embedding_paths, weighed
from sigviz.paths.neighbours import Neighbours
from sigviz.teaching.theatre_result import Candidate, Hop

BEST = 5  # candidates that are told of each step


@dataclass(frozen=True, slots=True, eq=False)
class Walked:
    """words: ids [n].  found: their anchors, ids [n, m], from the word on.  paths: to each word, [n, m + 2, D]."""

    words: Tensor
    found: Tensor
    paths: Tensor

    def stops(self) -> Tensor:
        """The word that each point of the path was made of, in the path's order: ids [n, m + 2]."""
        start = torch.full_like(self.words, AT_BASELINE)
        return torch.cat([self.words[:, None], self.found, start[:, None]], 1).flip(1)


class Names:
    """Token ids as words to read; AT_BASELINE is the baseline, a token or a vector without a word."""

    def __init__(self, classifier: TextClassifier, baseline: Baseline) -> None:
        self._tokenizer = classifier.tokenizer
        self._known: dict[int, str] = {}
        self.baseline = f"{baseline.name} vector" if baseline.token is None else self.word(baseline.token)
        self._known[AT_BASELINE] = self.baseline

    def word(self, token: int) -> str:
        """As the vocabulary writes it; without the signs that stand for a space before it."""
        if token not in self._known:
            own = self._tokenizer.convert_ids_to_tokens(token)  # None: an embedding that no token has
            self._known[token] = f"#{token}" if own is None else self._read(token, str(own))
        return self._known[token]

    def _read(self, token: int, own: str) -> str:
        if own.startswith("##"):  # a piece inside a word: the signs tell it from a word
            return own
        read = str(self._tokenizer.decode([token]))
        if own == "▁" or (read and read.isspace()):
            return "␣"
        return read.strip() if read and "\ufffd" not in read else own  # a byte alone is no character

    def of(self, tokens: list[int]) -> tuple[str, ...]:
        return tuple(map(self.word, tokens))


def walked(problem: Problem, run: Run, settings: Settings, near: Neighbours) -> Walked:
    """The walks of all content tokens, as DIG takes them."""
    words, walk = problem.ids[problem.content], _walk(settings)
    found = problem.walked.anchors(
        words,
        (settings.baseline, walk),
        lambda unknown: anchors(unknown, near, problem.baseline_vector, problem.baseline_token, walk, run.turn),
    )
    return Walked(words, found, embedding_paths(words, found, near, problem.baseline_vector, walk.steps))


def hops(
    problem: Problem, run: Run, settings: Settings, near: Neighbours, way: Walked, place: int, names: Names
) -> tuple[Hop, ...]:
    """The walk of the content token number `place`, step by step: every choice is weighed once more."""
    walk, baseline = _walk(settings), problem.baseline_vector
    path = way.paths[place].flip(0)  # [m + 2, D], from the word to the baseline
    word = way.words[place : place + 1]
    here, visited = (torch.full_like(word, AT_BASELINE) if int(word) == problem.baseline_token else word), [word]
    found: list[Hop] = []
    for step, anchor in enumerate(way.found[place].tolist(), start=1):
        candidates: tuple[Candidate, ...] = ()
        count = 0
        if int(here) != AT_BASELINE:
            with run.turn():
                near_here, cost = weighed(here, visited, near, baseline, problem.baseline_token, walk)
            candidates, count = _best(near_here[0], cost[0], names)
        vector = baseline if anchor == AT_BASELINE else near.vectors[anchor]
        kept = int(between(vector, baseline, path[step - 1]).sum())
        away = float(torch.linalg.vector_norm(path[step] - vector))
        alpha = 1 - step / (walk.steps + 1)
        found.append(Hop(alpha, names.word(anchor), candidates, count, len(vector) - kept, len(vector), away))
        here = way.found[place, step - 1 : step]
        visited.append(here)
    return tuple(found)


def _best(near: Tensor, cost: Tensor, names: Names) -> tuple[tuple[Candidate, ...], int]:
    """near: ids [K], nearest first; cost: [K].  The cheapest few, of equal ones the nearest first; and how many there were."""
    costs = cost.double().cpu().numpy()
    cheapest = [place for place in np.argsort(costs, kind="stable")[:BEST] if np.isfinite(costs[place])]
    best = tuple(Candidate(names.word(int(near[place])), float(costs[place])) for place in cheapest)
    return best, int(np.isfinite(costs).sum())


def _walk(settings: Settings) -> Walk:
    return Walk(settings.option("strategy"), settings.option("steps"), settings.option("neighbours"))
