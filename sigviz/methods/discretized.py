"""DIG and SDIG: the way leads over real words instead of straight through the embedding space."""

from torch import Tensor

from sigviz.attribution import Settings
from sigviz.methods.options import WALK, replaced_once
from sigviz.methods.problem import Problem, Runner, Scores
from sigviz.methods.registry import Promise, method
from sigviz.methods.sequential import expectation, replaced
from sigviz.paths.discretized import Walk, anchors, embedding_paths, joint, sequential
from sigviz.paths.neighbours import Neighbours

SOURCE = "Sanyal and Ren 2021, arXiv:2108.13654"


def _looks(settings: Settings) -> int:
    return int((settings.option("steps") + 1) * 2 ** settings.option("factor"))


def _weighed(settings: Settings, n: int) -> int:
    """Candidates of the walk: each word has so many neighbours at each step (a unit of several tokens has more)."""
    return int(n * settings.option("steps") * settings.option("neighbours"))


@method(
    "dig",
    label="DIG",
    summary="Discretized IG: each word walks to the baseline over other words of the vocabulary, so that the gradient is "
    "taken at or near real words. All words walk together. The scores add up to F(x) - F(x̄) only as the path is cut finer.",
    formula=r"""\begin{aligned}
\mathrm{DIG}_i &= \sum_k \sum_j g^k_{ij}\,(v^{k+1}_{ij} - v^{k}_{ij}) \\
g^k_{ij} &= \frac{\partial F(\mathbf v^{k})}{\partial x_{ij}}
\end{aligned}""",
    source=SOURCE,
    promises=Promise.TOTAL,
    limit="factor",
    options=WALK,
    passes=lambda settings, n: (_looks(settings) + 2, _looks(settings)),
    weighed=_weighed,
    shown_first=True,
)
def discretized_ig(problem: Problem, run: Runner, settings: Settings) -> Scores:
    """features: gradient at each point of the paths times the step to the next, float64 [T, D]."""
    path = joint(problem.x, problem.content, word_paths(problem, run, settings), settings.option("factor"))
    return Scores(features=run.integrate(path))


@method(
    "sdig",
    label="SDIG",
    summary="Sequential DIG: DIG's walk over real words, but one word at a time, the others staying as they are.",
    formula=r"""\begin{aligned}
\mathrm{SDIG}_i &= \sum_k \sum_j g^k_{ij}\,(v^{k+1}_{ij} - v^{k}_{ij}) \\
g^k_{ij} &= \frac{\partial F(\mathbf x_1, \ldots, \mathbf v^k_i, \ldots, \mathbf x_m)}{\partial x_{ij}}
\end{aligned}""",
    source=f"Enguehard 2023, arXiv:2305.15853, Appendix C; {SOURCE}",
    promises=Promise.PER_UNIT,
    limit="factor",
    preview="sig-exact",
    options=WALK,
    passes=lambda settings, n: (n * _looks(settings) + replaced_once(settings, n), n * _looks(settings)),
    weighed=_weighed,
    foresee=replaced,
)
def sequential_discretized_ig(problem: Problem, run: Runner, settings: Settings) -> Scores:
    """features: as for DIG, each unit on its own way; expected as for SIG, since a way's end points decide it."""
    _, expected = expectation(problem, run, settings)
    paths = word_paths(problem, run, settings)
    path = sequential(problem.x, problem.content, paths, problem.members, settings.option("factor"))
    return Scores(features=run.integrate(path), expected=expected)


def word_paths(problem: Problem, run: Runner, settings: Settings) -> Tensor:
    """From the baseline to each content token: [n tokens, m + 2, D]."""
    near = Neighbours(problem.embeddings())
    words, baseline = problem.ids[problem.content], problem.baseline_vector
    walk = Walk(settings.option("strategy"), settings.option("steps"), settings.option("neighbours"))
    way = (settings.baseline, walk)  # a baseline's name means the same vector in every text of a model
    met = problem.walked.met(way)
    found = problem.walked.anchors(
        words, way, lambda unknown: anchors(unknown, near, baseline, problem.baseline_token, walk, run.turn, met)
    )
    problem.walked.keep(way, met)
    return embedding_paths(words, found, near, baseline, walk.steps)
