"""Straight lines: IG's one line for the whole text, and one line per unit for SIG.

Shapes: x, baseline [T, D], word embeddings; baseline equals x at special tokens.  members: bool [n, T], the tokens of
each unit.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from sigviz.paths.path import Path, Points
from sigviz.paths.quadrature import Rule


def line(x: Tensor, baseline: Tensor, rule: Rule) -> Path:
    """From the baseline to x, every word at once (Sundararajan et al. 2017, eq. 1)."""
    nodes, weights = _on(x, rule)  # [P], [P]
    way = x - baseline  # [T, D]
    return Path(
        count=len(nodes),
        at=lambda k: baseline + nodes[k, None, None] * way,  # [b, T, D]
        steps=lambda k: weights[k, None, None] * way,  # [b, T, D]
    )


@dataclass(frozen=True, slots=True)
class Corners:
    """Where each unit's line starts and ends; they differ in that unit's rows alone.

    context "full": from x̄ⁱ to x, the others at x (arXiv:2305.15853, section 2).  "causal": the units behind i are at
    the baseline at both ends (section 4, for autoregressive models), so the end of one line is the start of the next.
    """

    x: Tensor
    baseline: Tensor
    members: Tensor
    context: str = "full"

    def ends(self, units: Tensor) -> Tensor:
        """[b] -> [b, T, D]"""
        if self.context == "full":
            return self.x.expand(len(units), -1, -1)
        seen = self.members.cumsum(0).bool()  # [n, T]: tokens of this unit and those before it
        hidden = self.members.any(0) & ~seen[units]  # [b, T]
        return torch.where(hidden[..., None], self.baseline, self.x)

    def starts(self, units: Tensor) -> Tensor:
        """[b] -> [b, T, D]"""
        return torch.where(self.members[units][..., None], self.baseline, self.ends(units))

    def start_points(self) -> Points:
        """The n texts in which one unit is replaced."""
        return Points(len(self.members), self.starts)


def line_per_unit(corners: Corners, units: Tensor, rule: Rule) -> Path:
    """One straight line for each of `units` (numbers, [m]): m * P points, in the order of the units."""
    nodes, weights = _on(corners.x, rule)  # [P], [P]

    def at(k: Tensor) -> Tensor:
        unit, node = units[k // len(nodes)], k % len(nodes)
        start = corners.starts(unit)
        return start + nodes[node, None, None] * (corners.ends(unit) - start)

    def steps(k: Tensor) -> Tensor:
        unit, node = units[k // len(nodes)], k % len(nodes)
        return weights[node, None, None] * (corners.ends(unit) - corners.starts(unit))

    return Path(len(units) * len(nodes), at, steps)


def _on(x: Tensor, rule: Rule) -> tuple[Tensor, Tensor]:
    return torch.as_tensor(rule.nodes).to(x), torch.as_tensor(rule.weights).to(x)
