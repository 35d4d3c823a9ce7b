"""What the methods that sample share: their options, and how much their scores depend on the seed.

The scores shown are those of the seed that was asked for; the others only tell how far to trust them.
"""

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from sigviz.attribution import Settings
from sigviz.methods.problem import Problem, Scores
from sigviz.methods.registry import Option

MAX_SAMPLES = 4096


def samples(default: int, help: str, minimum: int = 1, maximum: int = MAX_SAMPLES) -> Option:
    """How many random looks one seed takes."""
    return Option("samples", "Samples", help, default=default, minimum=minimum, maximum=maximum)


def seeds(default: int) -> Option:
    """With how many seeds a method is run."""
    help = (
        "With how many seeds it is run: the given one, whose scores are shown, and those after it, which only tell by how "
        "much a score varies. 1: no spread, and the shortest time."
    )
    return Option("seeds", "Seeds", help, default=default, minimum=1, maximum=20)


def over_seeds(problem: Problem, settings: Settings, look: Callable[[int], Scores]) -> Scores:
    """`look(seed)` for the seed asked for and those after it: the first one's scores, with the spread over all.

    spread: standard deviation over the seeds (of a sample: divided by seeds - 1), [n]; None with one seed.
    """
    count = int(settings.option("seeds"))
    found = [look(settings.seed + number) for number in range(count)]
    if count == 1:
        return found[0]
    raw = torch.stack([one.per_unit(problem) for one in found])  # [seeds, n]
    return replace(found[0], spread=raw.std(0), by_seed=raw, notes=(*found[0].notes, *_agreement(raw, settings.unit)))


def _agreement(raw: Tensor, unit: str) -> list[str]:
    """Whether the seeds agree on the largest score, in words; nothing where there is none.  raw: [seeds, n]."""
    if not raw.any():
        return []
    best = raw.argmax(1)
    same = int((best == best[0]).sum())
    return [f"The most important {unit} is the same with {same} of {len(raw)} seeds."]
