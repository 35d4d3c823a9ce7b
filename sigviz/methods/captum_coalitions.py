"""KernelSHAP and LIME: a linear model, fitted by Captum, of what F makes of the text with some units replaced.

Captum explains the game whose players are the units: its input is a row of ones, its baseline a row of zeros, and F of a row
is F(the text with the units at 0 replaced), asked of the engine.  So units of several tokens move together, and LIME's
distance is taken between words kept and words dropped, not between embeddings.  Units that are their own baseline do not
play; their score is 0.  Where all coalitions are no more than the samples, all of them are looked at, once.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from sigviz.attribution import Settings
from sigviz.methods.problem import Problem, Runner, Scores
from sigviz.methods.registry import Promise, method
from sigviz.methods.sampling import over_seeds, samples, seeds
from sigviz.paths.path import Points

MOST = 32_768  # samples: beyond it a sentence of 128 tokens takes hours on a CPU
WIDTH = 0.25  # of LIME's kernel, in cosine distance: that of its authors' own text explainer (25 of 100)
RIDGE = 1.0  # LIME's penalty on the squares of the scores: that of its authors' own implementation
Draw = Callable[[int, int, np.random.Generator], np.ndarray]
Fit = Callable[[Callable[[Tensor], Tensor], Tensor, bool], Tensor]


def _samples(settings: Settings, n: int) -> int:
    return int(settings.option("samples") or 2 * n + 2**11)


def _passes(settings: Settings, n: int) -> tuple[int, int]:
    most = _samples(settings, n)
    return 2 + (2**n if 2**n <= most else most * settings.option("seeds")), 0


@method(
    "kernel-shap",
    label="KernelSHAP",
    summary="Shapley values: a word's share of F(x) - F(x̄), averaged over all orders in which the words could come. They "
    "are estimated from random coalitions of words, the others replaced by the baseline, or are exact where the text is short "
    "enough to look at all coalitions. Captum's fit holds the sum by a large weight only, so it is met to rounding and "
    "nothing is promised.",
    formula=r"""\begin{aligned}
\phi_i &= \sum_{S:\, i \notin S} w_S\, \big(F(\mathbf x_{S \cup i}) - F(\mathbf x_S)\big) \\
w_S &= \frac{|S|!\,(n - |S| - 1)!}{n!}
\end{aligned}""",
    source="Lundberg and Lee 2017, arXiv:1705.07874; Captum's KernelShap",
    promises=Promise.NOTHING,
    options=(
        samples(
            0,
            "How many coalitions of words are looked at with each seed; 0: 2n + 2048 for n words. All of them, once, where "
            "there are no more than that.",
            minimum=0,
            maximum=MOST,
        ),
        seeds(2),
    ),
    # a single unit needs no coalition besides x and x̄, which are looked at anyway
    passes=lambda settings, n: (2, 0) if n == 1 else _passes(settings, n),
)
def kernel_shap(problem: Problem, run: Runner, settings: Settings) -> Scores:
    """raw: Shapley values of the units, estimated or exact; float64 [n]."""
    if len(_players(problem)) == 1:
        change = problem.output - problem.baseline_output
        return Scores(
            raw=change * problem.members.new_zeros(len(problem)).cpu().double().index_fill(0, _players(problem), 1.0)
        )
    return _play(problem, run, settings, _shapley_draw, _shapley_fit)


@method(
    "lime",
    label="LIME",
    summary="A linear model of the output around this text: fitted to random copies in which each word is replaced by the "
    "baseline with probability 1/2, copies nearer to the text counting more. Nearness is exp(−d²/(2·0.25²)), d the cosine "
    "distance between words kept and all words; a ridge penalty of 1 pulls the scores towards 0.",
    formula=r"""\begin{aligned}
w &= \arg\min_{w, b} \sum_z \pi_z r_z^2 + \lVert w \rVert_2^2 \\
r_z &= F(\mathbf x_z) - b - w^{\top} z \\
\pi_z &= \exp\big(-d(\mathbf 1, z)^2 / (2 \cdot 0.25^2)\big)
\end{aligned}""",
    source="Ribeiro, Singh and Guestrin 2016, arXiv:1602.04938; Captum's Lime",
    promises=Promise.NOTHING,
    options=(
        samples(
            1000,
            "How many copies with words replaced are looked at with each seed. All that there are, once, where there are no "
            "more than that.",
            maximum=MOST,
        ),
        seeds(2),
    ),
    passes=_passes,
)
def lime(problem: Problem, run: Runner, settings: Settings) -> Scores:
    """raw: the weights of the units in LIME's linear model; float64 [n]."""
    most = _samples(settings, len(problem))
    return _play(problem, run, settings, _coins, lambda f, kept, every: _lime_fit(f, kept, most))


def _players(problem: Problem) -> Tensor:
    """The units that differ from the baseline: numbers, int64 [m], on the CPU."""
    return (problem.members & (problem.x != problem.baseline).any(-1)).any(1).cpu().nonzero()[:, 0]


def _play(problem: Problem, run: Runner, settings: Settings, draw: Draw, fit: Fit) -> Scores:
    """Draw coalitions, ask F of them, fit; with every seed, or once where all coalitions are looked at."""
    players = _players(problem)
    n, m, most = len(problem), len(players), _samples(settings, len(problem))
    if not m:
        return Scores(raw=torch.zeros(n, dtype=torch.float64))

    def look(kept: np.ndarray, every: bool) -> Tensor:
        # of 2,000 coalitions of 20 units a third are the same few large and small ones: each is looked at once
        unique, place = np.unique(kept, axis=0, return_inverse=True)

        def values(rows: Tensor) -> Tensor:
            """Captum asks for all rows at once, in the order of `kept`."""
            assert len(rows) == len(kept)
            # less F(x̄), in float64: Captum goes on in float32
            found = run.values(coalition_points(problem, players, torch.from_numpy(unique).bool())) - problem.baseline_output
            return found[torch.from_numpy(place.reshape(-1))]

        weights = fit(values, torch.from_numpy(kept).long(), every)
        return torch.zeros(n, dtype=torch.float64).index_copy(0, players, weights.double())

    if 2**m <= most:
        note = f"All {2**m} ways to replace some of the units were looked at: the scores do not depend on the seed."
        return Scores(raw=look(_all_coalitions(m), True), notes=(note,))
    return over_seeds(problem, settings, lambda seed: Scores(raw=look(draw(m, most, np.random.default_rng(seed)), False)))


def coalition_points(problem: Problem, players: Tensor, kept: Tensor) -> Points:
    """The text with the units that are not kept replaced.  players: [m]; kept: bool [rows, m], on the CPU."""
    device = problem.x.device
    tokens = problem.members[players.to(device)].to(problem.x)  # [m, T]
    gone = ((~kept).to(device=device, dtype=tokens.dtype) @ tokens).bool()  # [rows, T]
    return Points(len(kept), lambda k: torch.where(gone[k][..., None], problem.baseline, problem.x))


def _all_coalitions(m: int) -> np.ndarray:
    """Every row of m zeros and ones, bool [2^m, m]; all ones and all zeros first, as in Captum's own sampling."""
    rows = (np.arange(2**m)[:, None] >> np.arange(m) & 1).astype(bool)
    return np.concatenate([rows[-1:], rows[:-1]])


def _coins(m: int, rows: int, random: np.random.Generator) -> np.ndarray:
    return random.random((rows, m)) < 0.5


def _shapley_draw(m: int, rows: int, random: np.random.Generator) -> np.ndarray:
    """Captum's distribution: all and none first; then k of m with p(k) ~ 1/(k (m - k)), each set of k equally likely."""
    size = np.arange(1, m)
    odds = 1 / (size * (m - size))
    sizes = random.choice(size, size=max(rows - 2, 0), p=odds / odds.sum())
    places = random.random((len(sizes), m)).argsort(1).argsort(1)  # a random order of the players for each row
    return np.concatenate([np.ones((1, m), bool), np.zeros((1, m), bool), places < sizes[:, None]])[:rows]


def _shapley_fit(values: Callable[[Tensor], Tensor], kept: Tensor, every: bool) -> Tensor:
    from captum.attr import KernelShap

    shap = KernelShap(values)
    if every:  # each coalition once: what sampling does by frequency, the Shapley kernel does by weight
        shap.similarity_func = lambda _, __, row, **___: torch.tensor([_shapley_weight(row, shap.inf_weight)])
    return _fitted(shap, kept, 0.0)


def _shapley_weight(row: Tensor, infinite: float) -> float:
    m, k = row.shape[1], int(row.sum())
    return infinite if k in (0, m) else (m - 1) / (math.comb(m, k) * k * (m - k))


def _lime_fit(values: Callable[[Tensor], Tensor], kept: Tensor, most: int) -> Tensor:
    from captum.attr import Lime
    from captum.attr._core.lime import get_exp_kernel_similarity_function

    near = get_exp_kernel_similarity_function("cosine", WIDTH)
    often = most / len(kept)  # where each coalition is looked at once it stands for so many samples
    return _fitted(Lime(values, similarity_func=lambda *given, **named: often * near(*given, **named)), kept, RIDGE)


def _fitted(captum: Any, kept: Tensor, ridge: float) -> Tensor:
    """Captum's weights for the coalitions `kept` (int64 [rows, m]), which it would draw from PyTorch's global generator."""
    rows = iter(kept[:, None])
    captum.perturb_func = lambda *_, **__: next(rows)
    captum.interpretable_model = WeightedLinear(ridge)
    ones = torch.ones(1, kept.shape[1])
    coefficients: Tensor = captum.attribute(
        ones, 0 * ones, n_samples=len(kept), perturbations_per_eval=len(kept), return_input_shape=False
    )
    return coefficients


class WeightedLinear:
    """What Captum asks of an interpretable model: least squares with weights, an intercept, and a ridge penalty besides it.

    Captum's own are scikit-learn's; this is the same in closed form and float64.  Without a penalty the smallest solution
    is taken where there are several.
    """

    def __init__(self, ridge: float) -> None:
        self.ridge = ridge
        self.coefficients = torch.zeros(0, dtype=torch.float64)

    def fit(self, train_data: Any, **_: object) -> None:
        """train_data: Captum's DataLoader over one TensorDataset; to iterate it would draw from the global generator."""
        inputs, outputs, weights = (part.double() for part in train_data.dataset.tensors)  # [rows, m], [rows], [rows]
        share = weights / weights.sum()
        root = weights.sqrt()
        a = root[:, None] * (inputs - share @ inputs)
        b = root * (outputs - share @ outputs)
        if self.ridge:
            penalty = self.ridge * torch.eye(inputs.shape[1], dtype=torch.float64)
            self.coefficients = torch.linalg.solve(a.T @ a + penalty, a.T @ b)
        else:
            self.coefficients = torch.linalg.lstsq(a, b[:, None], driver="gelsd").solution[:, 0]

    def representation(self) -> Tensor:
        """[m], float64."""
        return self.coefficients
