"""What IG, SIG and DIG each do on the way: which words move, what they are nearest to, F, and the chosen word's integrand.

Every point comes from the maker of Paths that the method itself uses.  Shapes: A places on the way (alphas), W shown tokens.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sigviz.attribution import Floats, Settings
from sigviz.engine.engine import Run
from sigviz.methods.options import rule
from sigviz.methods.problem import Problem
from sigviz.models.classifier import TextClassifier
from sigviz.paths.discretized import along
from sigviz.paths.neighbours import Neighbours
from sigviz.paths.path import Path
from sigviz.paths.quadrature import Rule
from sigviz.paths.straight import Corners, line, line_per_unit
from sigviz.teaching.theatre_result import Act, Integrand
from sigviz.teaching.theatre_walk import Names, Walked


@dataclass(frozen=True, slots=True, eq=False)
class Stage:
    """What the acts share.  chosen: the number of a unit; shown: positions of the tokens; parts: of the way, A - 1."""

    classifier: TextClassifier
    problem: Problem
    run: Run
    names: Names
    near: Neighbours
    target: int
    chosen: int
    shown: tuple[int, ...]
    parts: int

    @property
    def alphas(self) -> Floats:
        return np.arange(self.parts + 1) / self.parts

    @property
    def own(self) -> Tensor:
        """Positions of all tokens of the chosen unit."""
        return self.problem.members[self.chosen].nonzero()[:, 0]

    def numbers(self, tokens: Tensor) -> tuple[int, ...]:
        """Which of the shown tokens are among those at these positions."""
        places = set(tokens.tolist())
        return tuple(number for number, token in enumerate(self.shown) if token in places)


def ig(stage: Stage, settings: Settings) -> Act:
    """Every word on one straight line."""
    nodes = rule(settings)
    path = line(stage.problem.x, stage.problem.baseline, _places(stage, nodes))
    return _straight(stage, "ig", path, nodes, stage.numbers(stage.problem.content))


def sig(stage: Stage, settings: Settings) -> Act:
    """The chosen word on a straight line, the others at x."""
    problem, nodes = stage.problem, rule(settings)
    corners = Corners(problem.x, problem.baseline, problem.members)
    unit = torch.tensor([stage.chosen], device=problem.x.device)
    path = line_per_unit(corners, unit, _places(stage, nodes))
    return _straight(stage, "sig", path, nodes, stage.numbers(stage.own))


def dig(stage: Stage, settings: Settings, walked: Walked) -> Act:
    """Every word over the bent words of its walk.  walked: of all content tokens."""
    problem, x = stage.problem, stage.problem.x
    segments = walked.paths.shape[1] - 1
    per = stage.parts // segments
    # both ends of every segment: at a stop the way turns, and the derivative jumps
    segment = torch.arange(segments, device=x.device).repeat_interleave(per + 1)
    share = torch.arange(per + 1, device=x.device).repeat(segments) / per
    path = along(x, problem.content, walked.paths, segment, share)
    logits, changes = stage.run.derivatives(path)
    slopes = _slopes(stage, changes) * segments  # a segment is walked while alpha grows by 1 / segments
    looks = 2 ** settings.option("factor")
    at_nodes = slopes.reshape(segments, per + 1)[:, : per : per // looks].ravel()
    nodes = np.arange(segments * looks) / (segments * looks)
    alphas = (segment.cpu().numpy() + np.tile(np.arange(per + 1) / per, segments)) / segments
    integrand = Integrand(alphas, slopes, nodes, np.full(len(nodes), 1 / len(nodes)), at_nodes)
    # each alpha once: a segment's end is the next one's start
    once = [*(k for k in range(len(alphas)) if k % (per + 1) < per), len(alphas) - 1]
    return _act(stage, "dig", path, torch.tensor(once), logits[once], integrand, _anchors(stage, walked, per))


def _places(stage: Stage, nodes: Rule) -> Rule:
    """The alphas, then the method's own nodes, each step standing for the whole way: dF/dalpha comes out."""
    places = np.concatenate([stage.alphas, nodes.nodes])
    return Rule(places, np.ones_like(places))


def _straight(stage: Stage, method: str, path: Path, nodes: Rule, moving: tuple[int, ...]) -> Act:
    A = stage.parts + 1
    logits, changes = stage.run.derivatives(path)
    slopes = _slopes(stage, changes)
    places = np.concatenate([stage.alphas, nodes.nodes])
    order = np.argsort(places, kind="stable")
    integrand = Integrand(places[order], slopes[order], nodes.nodes, nodes.weights, slopes[A:])
    return _act(stage, method, path, torch.arange(A), logits[:A], integrand, moving=moving)


def _slopes(stage: Stage, changes: Tensor) -> Floats:
    """[P, T] -> [P]: by the chosen unit's tokens together."""
    return changes[:, stage.own.cpu()].sum(1).numpy()


def _act(
    stage: Stage,
    method: str,
    path: Path,
    k: Tensor,
    logits: Tensor,
    integrand: Integrand,
    anchors: tuple[tuple[str, ...], ...] = (),
    moving: tuple[int, ...] | None = None,
) -> Act:
    """k: the numbers of the path's points at the alphas, [A]; logits: [A, classes]."""
    assert stage.run.objective is not None
    numbers = tuple(range(len(stage.shown))) if moving is None else moving
    words, distances = _met(stage, path, k, [stage.shown[number] for number in numbers])
    return Act(
        method=method,
        moving=numbers,
        outputs=stage.run.objective(logits).numpy(),
        probabilities=stage.classifier.probabilities(logits)[:, stage.target].numpy(),
        nearest=words,
        distances=distances,
        integrand=integrand,
        anchors=anchors,
    )


def _met(stage: Stage, path: Path, k: Tensor, tokens: list[int]) -> tuple[tuple[tuple[str, ...], ...], Floats]:
    """The words nearest to these tokens at the points numbered k, and how far they are: [A][tokens], float64 [A, tokens]."""
    device = stage.problem.x.device
    words: list[tuple[str, ...]] = []
    distances: list[NDArray[np.float64]] = []
    for some in k.to(device).split(16):
        with stage.run.turn():
            points = path.at(some)[:, tokens]  # [b, tokens, D]
            ids, away = stage.near.closest(points.flatten(0, 1))
        words += [stage.names.of(row) for row in ids.reshape(len(some), -1).tolist()]
        distances.append(away.reshape(len(some), -1).double().cpu().numpy())
    return tuple(words), np.concatenate(distances)


def _anchors(stage: Stage, walked: Walked, per: int) -> tuple[tuple[str, ...], ...]:
    """The word that each shown token's point was made of, at every alpha; between stops, that of the one just passed."""
    content = stage.problem.content.tolist()
    rows = [content.index(token) for token in stage.shown]
    at_stops = [stage.names.of(stop) for stop in walked.stops()[rows].T.tolist()]  # [m + 2][W]
    return tuple(at_stops[place // per] for place in range(stage.parts + 1))
