"""The methods once more, slowly: one point, one word, one feature at a time, straight from the papers' formulas.

Nothing of sigviz is used but the tokens of the units; the model runs on one sequence at a time, by ids or embeddings.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise, product
from typing import Any

import numpy as np
import torch

from sigviz.models.classifier import TextClassifier
from sigviz.models.text import units

Array = np.ndarray


@dataclass(frozen=True)
class Case:
    """x: [T, D].  b: [D], what replaces a word, and b_id its token or None.  tokens: of each unit.  words: E [V, D]."""

    model: Any
    x: Array
    ids: list[int]
    b: Array
    b_id: int | None
    tokens: list[tuple[int, ...]]
    E: Array
    output: str
    target: int
    contrast: int | None

    @property
    def content(self) -> list[int]:
        return [token for unit in self.tokens for token in unit]

    def replaced(self, *numbers: int) -> Array:
        """x with these units replaced."""
        point = self.x.copy()
        for number in numbers:
            for token in self.tokens[number]:
                point[token] = self.b
        return point

    def F(self, point: Array) -> float:
        return float(self._f(torch.tensor(point)))

    def gradient(self, point: Array) -> Array:
        at = torch.tensor(point, requires_grad=True)
        self._f(at).backward()
        return at.grad.numpy()

    def _f(self, point: torch.Tensor) -> torch.Tensor:
        z = self.model(inputs_embeds=point[None], attention_mask=torch.ones(1, len(point), dtype=torch.long)).logits[0]
        p = z.exp() / z.exp().sum()
        others = [c for c in range(len(z)) if c != self.target]
        contrast = max(others, key=lambda c: z[c].item()) if self.contrast is None else self.contrast
        return {
            "logit": z[self.target],
            "probability": p[self.target],
            "log-odds": (p[self.target] / (1 - p[self.target])).log(),
            "margin": z[self.target] - z[contrast],
            "max-logit": max(z),
        }[self.output]

    def differences(self, context: str = "full") -> list[float]:
        """F(x) - F(x̄ⁱ); causal: F(x_1..i, the rest replaced) - F(x_1..i-1, the rest replaced)."""
        n = len(self.tokens)
        if context == "full":
            return [self.F(self.x) - self.F(self.replaced(i)) for i in range(n)]
        return [self.F(self.replaced(*range(i + 1, n))) - self.F(self.replaced(*range(i, n))) for i in range(n)]

    def difference(self) -> float:
        return self.F(self.x) - self.F(self.replaced(*range(len(self.tokens))))


def case(
    classifier: TextClassifier,
    text: str,
    baseline: str = "mask",
    unit: str = "token",
    output: str = "logit",
    target: int | None = None,
    contrast: int | None = None,
) -> Case:
    model, tokenizer = classifier.model, classifier.tokenizer
    ids = tokenizer(text)["input_ids"]
    E = model.get_input_embeddings().weight.detach().numpy().astype(float)
    named = {"mask": "[MASK]", "pad": "[PAD]", "unk": "[UNK]"}.get(baseline, baseline)
    b_id = None if baseline in ("zero", "mean") else tokenizer.convert_tokens_to_ids(named)
    b = {"zero": np.zeros(E.shape[1]), "mean": E.mean(0)}.get(baseline) if b_id is None else E[b_id]
    if target is None:
        target = int(model(input_ids=torch.tensor([ids])).logits.argmax())
    tokens = [unit.tokens for unit in units(classifier.encode(text), unit)]
    return Case(model, E[ids], ids, b, b_id, tokens, E, output, target, contrast)


def nodes(quadrature: str, steps: int) -> list[tuple[float, float]]:
    """(node, weight) on [0, 1]."""
    if quadrature == "gauss-legendre":  # Golub and Welsch: eigenvalues of the Jacobi matrix of the Legendre polynomials
        jacobi = np.zeros((steps, steps))
        for k in range(1, steps):
            jacobi[k, k - 1] = jacobi[k - 1, k] = k / math.sqrt(4 * k * k - 1)
        values, vectors = np.linalg.eigh(jacobi)
        return [((1 + value) / 2, vectors[0, k] ** 2) for k, value in enumerate(values)]
    if quadrature == "trapezoid":
        parts = steps - 1
        return [(k / parts, (0.5 if k in (0, parts) else 1.0) / parts) for k in range(steps)]
    if quadrature == "clenshaw-curtis":  # the interpolating polynomial's integral, from its values at the nodes
        points = [math.cos(math.pi * k / (steps - 1)) for k in range(steps - 1, -1, -1)]
        basis = np.polynomial.legendre.legvander(points, steps - 1)  # of degree d, at node k
        wanted = np.eye(steps)[0]  # of the Legendre polynomials on [0, 1] only the constant has an integral
        return [((1 + point) / 2, weight) for point, weight in zip(points, np.linalg.solve(basis.T, wanted), strict=True)]
    shift = {"riemann-left": 0.0, "riemann-middle": 0.5, "riemann-right": 1.0}[quadrature]
    return [((k + shift) / steps, 1 / steps) for k in range(steps)]


def ig(case: Case, quadrature: str, steps: int) -> Array:
    """Sundararajan et al. 2017, eq. 1: features [T, D]."""
    start = case.replaced(*range(len(case.tokens)))
    features = np.zeros_like(case.x)
    for node, weight in nodes(quadrature, steps):
        gradient = case.gradient(start + node * (case.x - start))
        for t in case.content:
            for j in range(case.x.shape[1]):
                features[t, j] += weight * (case.x[t, j] - start[t, j]) * gradient[t, j]
    return features


def sig(case: Case, quadrature: str, steps: int, context: str = "full") -> Array:
    """Enguehard 2023, section 2 (and 4 for the causal form): features [T, D]."""
    features = np.zeros_like(case.x)
    for i, unit in enumerate(case.tokens):
        end = case.x if context == "full" else case.replaced(*range(i + 1, len(case.tokens)))
        for node, weight in nodes(quadrature, steps):
            point = end.copy()
            for t in unit:
                point[t] = case.b + node * (case.x[t] - case.b)
            gradient = case.gradient(point)
            for t in unit:
                for j in range(case.x.shape[1]):
                    features[t, j] += weight * (case.x[t, j] - case.b[j]) * gradient[t, j]
    return features


def _between(c: float, b: float, a: float) -> bool:
    return min(b, a) <= c <= max(b, a)


def monotonised(c: Array, b: Array, a: Array, m: int) -> Array:
    """Dimensions of c between those of b and a are kept; the others become a - (a - b)/m."""
    return np.array([c[j] if _between(c[j], b[j], a[j]) else a[j] - (a[j] - b[j]) / m for j in range(len(c))])


def anchors(word: int, b: Array, b_id: int | None, E: Array, strategy: str, m: int, K: int) -> list[int | None]:
    """Sanyal and Ren 2021: m anchor words; None is the baseline itself.  Of equally good ones the nearer wins."""

    def cost(a: int) -> Callable[[int], float]:
        if strategy == "greedy":
            return lambda w: float(np.linalg.norm(E[w] - monotonised(E[w], b, E[a], m)))
        if strategy == "maxcount":
            return lambda w: -sum(_between(E[w][j], b[j], E[a][j]) for j in range(E.shape[1]))
        return lambda w: float(np.linalg.norm(E[w] - b))

    found: list[int | None] = []
    here: int | None = None if word == b_id else word
    on_path = {word}
    for _ in range(m):
        if here is not None:
            anchor = here
            others = [w for w in range(len(E)) if w != anchor]
            nearest = sorted(others, key=lambda w: float(np.linalg.norm(E[w] - E[anchor])))[:K]
            candidates = [w for w in nearest if w != b_id and w not in on_path]
            here = min(candidates, key=cost(anchor)) if candidates else None
        found.append(here)
        on_path |= {here}
    return found


def word_path(word: int, case_b: Array, b_id: int | None, E: Array, strategy: str, m: int, K: int) -> list[Array]:
    """From the baseline to the word over its bent anchors: m + 2 points."""
    path = [E[word]]
    for anchor in anchors(word, case_b, b_id, E, strategy, m, K):
        path.append(monotonised(case_b if anchor is None else E[anchor], case_b, path[-1], m))
    return [*path, case_b][::-1]


def with_midpoints(path: list[Array], factor: int) -> list[Array]:
    for _ in range(factor):
        halves = [point for v, w in pairwise(path) for point in (v, (v + w) / 2)]
        path = [*halves, path[-1]]
    return path


def _paths(case: Case, strategy: str, m: int, K: int, factor: int) -> dict[int, list[Array]]:
    return {t: with_midpoints(word_path(case.ids[t], case.b, case.b_id, case.E, strategy, m, K), factor) for t in case.content}


def dig(case: Case, strategy: str, m: int, K: int, factor: int) -> Array:
    """All words on their paths together: features [T, D]."""
    paths = _paths(case, strategy, m, K, factor)
    return _moved(case, paths, case.content, len(paths[case.content[0]]))


def sdig(case: Case, strategy: str, m: int, K: int, factor: int) -> Array:
    """One unit on its path, the others at x (Enguehard 2023, Appendix C): features [T, D]."""
    paths = _paths(case, strategy, m, K, factor)
    features = np.zeros_like(case.x)
    for unit in case.tokens:
        features += _moved(case, paths, list(unit), len(paths[unit[0]]))
    return features


def _moved(case: Case, paths: dict[int, list[Array]], tokens: list[int], points: int) -> Array:
    features = np.zeros_like(case.x)
    for k in range(points - 1):
        point = case.x.copy()
        for t in tokens:
            point[t] = paths[t][k]
        gradient = case.gradient(point)
        for t in tokens:
            for j in range(case.x.shape[1]):
                features[t, j] += gradient[t, j] * (paths[t][k + 1][j] - paths[t][k][j])
    return features


def grad_input(case: Case) -> Array:
    """Shrikumar et al. 2016: features [T, D]."""
    gradient, features = case.gradient(case.x), np.zeros_like(case.x)
    for t in range(case.x.shape[0]):
        for j in range(case.x.shape[1]):
            features[t, j] = case.x[t, j] * gradient[t, j]
    return features


def lengths(case: Case, gradient: Array) -> list[float]:
    """The tokens' gradients' L2 norms, added up unit by unit."""
    return [sum(math.sqrt(sum(g * g for g in gradient[t])) for t in unit) for unit in case.tokens]


def smooth_gradient(case: Case, samples: int, sigma: float, seed: int) -> Array:
    """Smilkov et al. 2017: the mean gradient over noisy copies, [T, D]."""
    spread = case.x[case.content].max() - case.x[case.content].min()
    mean = np.zeros_like(case.x)
    for k in range(samples):
        noise = np.random.default_rng((seed, k, 1)).standard_normal(case.x.shape)
        point = case.x.copy()
        for t in case.content:
            point[t] += sigma * spread * noise[t]
        mean += case.gradient(point) / samples
    return mean


def gradient_shap(case: Case, samples: int, sigma: float, seed: int) -> Array:
    """Expected gradients (Erion et al. 2019) from one baseline: features [T, D]."""
    start, features = case.replaced(*range(len(case.tokens))), np.zeros_like(case.x)
    spread = case.x[case.content].max() - case.x[case.content].min()
    for k in range(samples):
        alpha = np.random.default_rng((seed, k, 0)).random()
        noise = np.random.default_rng((seed, k, 1)).standard_normal(case.x.shape)
        point = start + alpha * (case.x - start)
        for t in case.content:
            point[t] += sigma * spread * noise[t]
        features += case.gradient(point) * (case.x - start) / samples
    return features


def coalitions(case: Case) -> dict[tuple[int, ...], float]:
    """F of the text with the units at 0 replaced, for every row of zeros and ones."""
    n = len(case.tokens)
    return {kept: case.F(case.replaced(*(i for i in range(n) if not kept[i]))) for kept in product((0, 1), repeat=n)}


def shapley(case: Case) -> list[float]:
    """Lundberg and Lee 2017, eq. 4, over all subsets."""
    values, n = coalitions(case), len(case.tokens)
    found = [0.0] * n
    for kept, value in values.items():
        for i in range(n):
            if not kept[i]:
                size = sum(kept)
                weight = math.factorial(size) * math.factorial(n - size - 1) / math.factorial(n)
                found[i] += weight * (values[(*kept[:i], 1, *kept[i + 1 :])] - value)
    return found


def lime(rows: Array, values: Array, counts: float, width: float, penalty: float) -> Array:
    """Ribeiro et al. 2016 by the normal equations, the intercept a column of ones without a penalty: [n]."""
    design, weights = np.column_stack([rows, np.ones(len(rows))]), np.zeros(len(rows))
    for k, row in enumerate(rows):
        cosine = math.sqrt(row.sum() / len(row))  # of a row of zeros and ones and a row of ones
        weights[k] = counts * math.exp(-((1 - cosine) ** 2) / (2 * width**2))
    ridge = penalty * np.eye(design.shape[1])
    ridge[-1, -1] = 0
    return np.linalg.solve(design.T @ (weights[:, None] * design) + ridge, design.T @ (weights * values))[:-1]
