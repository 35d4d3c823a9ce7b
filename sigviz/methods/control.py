"""Random scores: what a method must beat before its scores say anything."""

import numpy as np
import torch

from sigviz.attribution import Settings
from sigviz.methods.problem import Problem, Runner, Scores
from sigviz.methods.registry import Promise, method
from sigviz.methods.sampling import over_seeds, seeds


@method(
    "random",
    label="Random",
    summary="The control: random numbers, without a look at the model. What another method finds is worth something only as "
    "far as it is better than this.",
    formula=r"R_i \sim \mathcal U[0, 1)",
    source="a control, not an explanation",
    promises=Promise.NOTHING,
    options=(seeds(3),),
    passes=lambda settings, n: (2, 0),
)
def random_scores(problem: Problem, run: Runner, settings: Settings) -> Scores:
    """raw: uniform in [0, 1), float64 [n], decided by the seed and the text's tokens, so that two texts differ."""
    tokens = problem.ids.tolist()

    def look(seed: int) -> Scores:
        return Scores(raw=torch.from_numpy(np.random.default_rng([seed, *tokens]).random(len(problem))))

    return over_seeds(problem, settings, look)
