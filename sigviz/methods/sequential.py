"""SIG, and exact SIG: one word moves at a time, the others stay as they are.

By the gradient theorem SIG's integral over the line of unit i IS F(x) - F(x̄ⁱ), whatever lies between, so the word
scores of SIG in the limit of infinitely many steps need no gradient: exact SIG, the same as leave-one-out with the
baseline token.  Only per-feature scores need the integral.
"""

import numpy as np
import torch
from torch import Tensor

from sigviz.attribution import Floats, Settings
from sigviz.methods.options import CONTEXT, QUADRATURE, STEPS, TOLERANCE, replaced_once, rule
from sigviz.methods.problem import Problem, Runner, Scores
from sigviz.methods.registry import Promise, method
from sigviz.paths.path import Maker, Points
from sigviz.paths.quadrature import Rule, clenshaw_curtis
from sigviz.paths.straight import Corners, line_per_unit

ROUNDS = (3, 5, 9, 17, 33, 65, 129, 257)  # nodes that tolerance mode has tried in turn; each round keeps those before it


def replaced(x: Tensor, baseline: Tensor, members: Tensor, settings: Settings) -> Points:
    """The texts whose F tells every unit's expectation: each x̄ⁱ; of the causal form those between x̄ and x."""
    corners = Corners(x, baseline, members, settings.option("context") or "full")
    points = corners.start_points()
    return points if corners.context == "full" else Points(points.count - 1, lambda k: points.at(k + 1))


def _passes(settings: Settings, n: int) -> tuple[int, int]:
    nodes = settings.option("steps") if settings.option("tolerance") is None else ROUNDS[-1]  # at most
    return n * nodes + replaced_once(settings, n), n * nodes


@method(
    "sig",
    label="SIG",
    summary="Sequential Integrated Gradients: one word at a time moves from the baseline to itself while all other words "
    "stay, so the sentence keeps its meaning. Each word has a budget of its own: F(x) - F(x̄ⁱ).",
    formula=r"""\begin{aligned}
\mathrm{SIG}_{ij} &= (x_{ij}-\bar{x}_{ij}) \int_0^1 g_{ij}(\alpha)\, d\alpha \\
g_{ij}(\alpha) &= \frac{\partial F(\bar{\mathbf x}^i + \alpha(\mathbf x - \bar{\mathbf x}^i))}{\partial x_{ij}}
\end{aligned}""",
    source="Enguehard 2023, arXiv:2305.15853, section 2",
    promises=Promise.PER_UNIT,
    limit="steps",
    preview="sig-exact",
    options=(STEPS, QUADRATURE, TOLERANCE, CONTEXT),
    passes=_passes,
    foresee=replaced,
    shown_first=True,
    check=lambda settings: settings.option("tolerance") or rule(settings),
)
def sequential_ig(problem: Problem, run: Runner, settings: Settings) -> Scores:
    """features: each token's row from its own unit's line, float64 [T, D]."""
    corners, expected = expectation(problem, run, settings)
    if settings.option("tolerance") is not None:
        return _until_close(problem, run, corners, expected, settings.option("tolerance"))
    every = torch.arange(len(problem), device=problem.x.device)
    return Scores(features=run.integrate(line_per_unit(corners, every, rule(settings))), expected=expected)


@method(
    "sig-exact",
    label="SIG, exact",
    summary="What SIG would give with infinitely many steps: the drop of the output when a word is replaced by the baseline, "
    "all others kept. The gradient theorem makes the two equal, so no gradient and no step is needed. Also known as "
    "leave-one-out.",
    formula=r"\mathrm{SIG}_i = \sum_j \mathrm{SIG}_{ij} = F(\mathbf x) - F(\bar{\mathbf x}^i)",
    source="Enguehard 2023, arXiv:2305.15853, section 2 (completeness); the gradient theorem",
    promises=Promise.PER_UNIT,
    options=(CONTEXT,),
    passes=lambda settings, n: (replaced_once(settings, n), 0),
    foresee=replaced,
)
def exact_sig(problem: Problem, run: Runner, settings: Settings) -> Scores:
    """raw is expected: n + 1 forward passes, no gradient."""
    _, expected = expectation(problem, run, settings)
    return Scores(raw=expected.clone(), expected=expected)


def expectation(problem: Problem, run: Runner, settings: Settings) -> tuple[Corners, Tensor]:
    """Each unit's line, and F at its end minus F at its start: float64 [n].

    In the causal form the end of a line is the start of the next, the first start is x̄ and the last end is x.
    """
    corners = Corners(problem.x, problem.baseline, problem.members, settings.option("context") or "full")
    values = problem.foreseen
    if values is None:
        points = replaced(problem.x, problem.baseline, problem.members, settings)
        values = run.values(points) if points.count else torch.zeros(0, dtype=torch.float64)
    # where nothing is replaced nothing is lost; the two looks may still differ by rounding, which normalising would blow up
    moves = (problem.members & (problem.x != problem.baseline).any(-1)).any(1).cpu()  # [n], where values are
    if corners.context == "full":
        return corners, moves * (problem.output - values)
    first, last = (values.new_tensor([value]) for value in (problem.baseline_output, problem.output))
    return corners, moves * (torch.cat([values, last]) - torch.cat([first, values]))


def _until_close(problem: Problem, run: Runner, corners: Corners, expected: Tensor, tolerance: float) -> Scores:
    """More nodes, unit by unit, until each |raw_i - expected_i| is within `tolerance` of the largest |expected|.

    A round's Clenshaw-Curtis nodes are those before it and new ones between them, all with other weights.  A gradient is
    therefore added to the sums of its own round and of all later ones at once, and none is taken twice.
    """
    features = torch.zeros(problem.x.shape, dtype=torch.float64)
    sums = features.repeat(len(ROUNDS), 1, 1)  # [rounds, T, D]
    members = problem.members.cpu()
    open_units = torch.arange(len(problem))
    bound = tolerance * expected.abs().max()
    for number in range(len(ROUNDS)):
        nodes, weights = _new_nodes(number)
        path = line_per_unit(corners, open_units.to(problem.x.device), Rule(nodes, np.ones(len(nodes))))
        sums[number:] += run.integrals(path, _repeated(weights))
        features = torch.where(members[open_units].any(0)[:, None], sums[number], features)
        delta = (problem.per_unit(features.sum(-1)) - expected).abs()[open_units]
        open_units = open_units[delta > bound]
        if not len(open_units):
            return Scores(features=features, expected=expected)
    words = "unit is" if len(open_units) == 1 else "units are"
    note = f"{len(open_units)} {words} not within the tolerance of {tolerance:g} even with {ROUNDS[-1]} steps."
    return Scores(features=features, expected=expected, notes=(note,))


def _repeated(weights: Tensor) -> Maker:
    """The weights of one unit's nodes [m, L], for the points of all units."""
    return lambda k: weights[k.cpu() % len(weights)]


def _new_nodes(number: int) -> tuple[Floats, Tensor]:
    """The nodes [m] that a round adds to those before it, and their weights in it and in each round behind: [m, rounds]."""
    first, stride = (0, 1) if number == 0 else (1, 2)
    nodes = clenshaw_curtis(ROUNDS[number]).nodes[first::stride]
    later = [clenshaw_curtis(steps).weights[:: 2**i] for i, steps in enumerate(ROUNDS[number:])]
    return nodes, torch.from_numpy(np.stack([weights[first::stride] for weights in later], 1))
