"""Gradients at the text or near it: Grad x Input, saliency, SmoothGrad and GradientShap, all of them Paths."""

import torch
from torch import Tensor

from sigviz.attribution import Settings
from sigviz.methods.problem import Problem, Runner, Scores
from sigviz.methods.registry import Option, Promise, method
from sigviz.methods.sampling import over_seeds, samples, seeds
from sigviz.paths.clouds import Cloud, around, at_text, between

REDUCTION = Option(
    "reduction",
    "Reduction",
    "How the features of a word become one score. sum: gradient times input, added up, with a sign. l2: the length of the "
    "gradient, without a sign.",
    default="sum",
    choices=("sum", "l2"),
)


def _sigma(default: float, help: str) -> Option:
    return Option("sigma", "Noise", help, default=default, minimum=0.0, maximum=1.0, whole=False)


def _passes(settings: Settings, n: int) -> tuple[int, int]:
    looks = int(settings.option("samples") * settings.option("seeds"))
    return looks + 2, looks


@method(
    "grad-input",
    label="Grad×Input",
    summary="The gradient of the output at the text itself, times the word embeddings. One look, no baseline: what a small "
    "change would do, which says little where the output is flat.",
    formula=r"\mathrm{GI}_i = \sum_j x_{ij}\, \frac{\partial F(\mathbf x)}{\partial x_{ij}}",
    source="Shrikumar et al. 2016, arXiv:1605.01713",
    promises=Promise.NOTHING,
    options=(),
    passes=lambda settings, n: (3, 1),
)
def grad_input(problem: Problem, run: Runner, settings: Settings) -> Scores:
    """features: x times the gradient at x, float64 [T, D]; special tokens, which belong to no unit, have theirs, too."""
    return Scores(features=run.integrate(at_text(problem.x, problem.x)))


@method(
    "saliency",
    label="Saliency",
    summary="The length of the gradient at each word: how much the output could change with the word, not in which "
    "direction, so no score is negative. A unit of several tokens gets the sum of their lengths.",
    formula=r"S_i = \left\lVert \frac{\partial F(\mathbf x)}{\partial \mathbf x_i} \right\rVert_2",
    source="Simonyan, Vedaldi and Zisserman 2013, arXiv:1312.6034",
    promises=Promise.NOTHING,
    options=(),
    passes=lambda settings, n: (3, 1),
)
def saliency(problem: Problem, run: Runner, settings: Settings) -> Scores:
    """raw: the L2 norms of the tokens' gradients, summed by unit: float64 [n], never negative, no per-feature scores."""
    return _lengths(problem, run.integrate(at_text(problem.x, torch.ones_like(problem.x))))


@method(
    "smoothgrad",
    label="SmoothGrad",
    summary="The mean gradient over noisy copies of the text, which smooths out what only holds at one point. Only the "
    "words get noise. Its size is a share of the range (largest minus smallest number) of the words' embeddings, as in the "
    "paper; for embeddings even a small share leads far away from any word.",
    formula=r"""\begin{aligned}
\mathrm{SG}_i &= \frac{1}{N} \sum_{k=1}^{N} \sum_j x_{ij}\, g_{ij}(\boldsymbol\varepsilon_k) \\
g_{ij}(\boldsymbol\varepsilon) &= \frac{\partial F(\mathbf x + \boldsymbol\varepsilon)}{\partial x_{ij}} \\
\boldsymbol\varepsilon_k &\sim \mathcal N(0, \sigma^2 (x_{\max} - x_{\min})^2)
\end{aligned}""",
    source="Smilkov et al. 2017, arXiv:1706.03825",
    promises=Promise.NOTHING,
    options=(
        samples(10, "How many noisy copies of the text are looked at."),
        _sigma(0.15, "Standard deviation of the noise, as a share of the range of the words' embeddings."),
        REDUCTION,
        seeds(3),
    ),
    passes=_passes,
)
def smoothgrad(problem: Problem, run: Runner, settings: Settings) -> Scores:
    """features: x times the mean gradient, float64 [T, D]; with reduction l2 only raw, the mean gradient's lengths."""
    signed = settings.option("reduction") == "sum"
    steps = _own(problem) if signed else torch.ones_like(problem.x)

    def look(seed: int) -> Scores:
        found = run.integrate(around(problem.x, _moving(problem), steps, _cloud(settings, seed)))
        return Scores(features=found) if signed else _lengths(problem, found)

    return over_seeds(problem, settings, look)


@method(
    "gradient-shap",
    label="GradientShap",
    summary="IG with random points instead of a rule: the mean gradient at uniformly random points between the baseline and "
    "the text, times the way between them. It adds up to F(x) - F(x̄) on average over the seeds only, and the fewer the "
    "samples the further from it.",
    formula=r"""\begin{aligned}
\mathrm{GS}_i &= \sum_j (x_{ij}-\bar{x}_{ij})\, \frac{1}{N} \sum_{k=1}^{N} g_{ij}(\alpha_k) \\
g_{ij}(\alpha) &= \frac{\partial F(\bar{\mathbf x} + \alpha(\mathbf x - \bar{\mathbf x}))}{\partial x_{ij}} \\
\alpha_k &\sim \mathcal U(0, 1)
\end{aligned}""",
    source="Lundberg and Lee 2017, arXiv:1705.07874; Erion et al. 2019 (expected gradients), arXiv:1906.10670",
    promises=Promise.NOTHING,
    options=(
        samples(5, "At how many random points between the baseline and the text the gradient is taken."),
        _sigma(0.0, "Noise added to every point, as a share of the range of the words' embeddings; 0: none."),
        seeds(3),
    ),
    passes=_passes,
)
def gradient_shap(problem: Problem, run: Runner, settings: Settings) -> Scores:
    """features: (x - x̄) times the mean gradient at random points of IG's line, float64 [T, D]."""

    def look(seed: int) -> Scores:
        return Scores(run.integrate(between(problem.x, problem.baseline, _moving(problem), _cloud(settings, seed))))

    return over_seeds(problem, settings, look)


def _cloud(settings: Settings, seed: int) -> Cloud:
    return Cloud(settings.option("samples"), seed, settings.option("sigma"))


def _moving(problem: Problem) -> Tensor:
    return problem.members.any(0)  # [T]


def _own(problem: Problem) -> Tensor:
    """x, zero at special tokens, which carry no score.  [T, D]"""
    return problem.x * _moving(problem)[:, None]


def _lengths(problem: Problem, gradient: Tensor) -> Scores:
    return Scores(raw=problem.per_unit(torch.linalg.vector_norm(gradient, dim=-1)))
