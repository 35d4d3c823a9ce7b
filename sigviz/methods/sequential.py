"""SIG, and exact SIG: one word moves at a time, the others stay as they are.

By the gradient theorem SIG's integral over the line of unit i IS F(x) - F(x̄ⁱ), whatever lies between, so the word
scores of SIG in the limit of infinitely many steps need no gradient: exact SIG, the same as leave-one-out with the
baseline token.  Only per-feature scores need the integral.
"""

import torch
from torch import Tensor

from sigviz.attribution import Settings
from sigviz.methods.options import CONTEXT, QUADRATURE, STEPS, TOLERANCE, replaced_once, rule
from sigviz.methods.problem import Problem, Runner, Scores
from sigviz.methods.registry import Promise, method
from sigviz.paths.path import Points
from sigviz.paths.quadrature import gauss_legendre
from sigviz.paths.straight import Corners, line_per_unit

ROUNDS = (5, 10, 20, 40, 80, 160, 320)  # nodes that tolerance mode tries in turn


def _passes(settings: Settings, n: int) -> tuple[int, int]:
    nodes = settings.option("steps") if settings.option("tolerance") is None else sum(ROUNDS)  # at most
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
    points = corners.start_points()
    # where nothing is replaced nothing is lost; the two looks may still differ by rounding, which normalising would blow up
    moves = (problem.members & (problem.x != problem.baseline).any(-1)).any(1).cpu()  # [n], where values are
    if corners.context == "full":
        return corners, moves * (problem.output - run.values(points))
    later = Points(points.count - 1, lambda k: points.at(k + 1))
    inner = run.values(later) if later.count else torch.zeros(0, dtype=torch.float64)
    first, last = (inner.new_tensor([value]) for value in (problem.baseline_output, problem.output))
    return corners, moves * (torch.cat([inner, last]) - torch.cat([first, inner]))


def _until_close(problem: Problem, run: Runner, corners: Corners, expected: Tensor, tolerance: float) -> Scores:
    """More nodes, unit by unit, until each |raw_i - expected_i| is within `tolerance` of the largest |expected|."""
    features = torch.zeros(problem.x.shape, dtype=torch.float64)
    members = problem.members.cpu()
    open_units = torch.arange(len(problem))
    bound = tolerance * expected.abs().max()
    for nodes in ROUNDS:
        found = run.integrate(line_per_unit(corners, open_units.to(problem.x.device), gauss_legendre(nodes)))
        features = torch.where(members[open_units].any(0)[:, None], found, features)
        delta = (problem.per_unit(features.sum(-1)) - expected).abs()[open_units]
        open_units = open_units[delta > bound]
        if not len(open_units):
            return Scores(features=features, expected=expected)
    words = "unit is" if len(open_units) == 1 else "units are"
    note = f"{len(open_units)} {words} not within the tolerance of {tolerance:g} even with {ROUNDS[-1]} steps."
    return Scores(features=features, expected=expected, notes=(note,))
