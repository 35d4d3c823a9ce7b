"""IG: one straight line from the baseline to the text, all words at once."""

from sigviz.attribution import Settings
from sigviz.methods.options import QUADRATURE, STEPS, rule
from sigviz.methods.problem import Problem, Runner, Scores
from sigviz.methods.registry import Promise, method
from sigviz.paths.straight import line


@method(
    "ig",
    label="IG",
    summary="Integrated Gradients: every word moves from the baseline to itself at the same time, and collects the gradient "
    "of the output on the way. The words share one budget: F(x) - F(x̄).",
    formula=r"""\begin{aligned}
\mathrm{IG}_i &= \sum_j (x_{ij}-\bar{x}_{ij}) \int_0^1 g_{ij}(\alpha)\, d\alpha \\
g_{ij}(\alpha) &= \frac{\partial F(\bar{\mathbf x} + \alpha(\mathbf x - \bar{\mathbf x}))}{\partial x_{ij}}
\end{aligned}""",
    source="Sundararajan, Taly and Yan 2017, arXiv:1703.01365, eq. 1",
    promises=Promise.TOTAL,
    limit="steps",
    options=(STEPS, QUADRATURE),
    passes=lambda settings, n: (settings.option("steps") + 2, settings.option("steps")),
    foresee=lambda x, baseline, members, settings: line(x, baseline, rule(settings)),
    shown_first=True,
    check=rule,
)
def integrated_gradients(problem: Problem, run: Runner, settings: Settings) -> Scores:
    """features: (x - x̄) times the mean gradient on the line, float64 [T, D]."""
    if problem.foreseen is not None:
        return Scores(features=problem.foreseen)
    return Scores(features=run.integrate(line(problem.x, problem.baseline, rule(settings))))
