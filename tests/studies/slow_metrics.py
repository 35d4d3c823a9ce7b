"""The metrics once more, slowly: one text at a time, straight from their definitions, in plain Python.

Nothing of sigviz's studies is used; every perturbed text is a list of word vectors and has a forward pass of its own.
"""

import math
from collections.abc import Iterable

import torch
from torch import Tensor

from sigviz.attribution import Attribution
from sigviz.models.classifier import TextClassifier

LEVELS = [0, 10, 20, 30, 50, 70, 100]


class Slow:
    """One explanation, its text and model.  Tokens and units by number."""

    def __init__(self, classifier: TextClassifier, attribution: Attribution) -> None:
        self.classifier, self.attribution = classifier, attribution
        self.words = list(classifier.embed(classifier.encode(attribution.text).ids))
        self.units = [unit.tokens for unit in attribution.units]
        self.special = set(range(len(self.words))) - {t for tokens in self.units for t in tokens}
        self.predicted = self.prediction(self.words)
        self.own = classifier.baseline(attribution.settings.baseline).vector

    # the model

    def logits(self, words: list[Tensor]) -> list[float]:
        with torch.no_grad():
            return self.classifier.model(inputs_embeds=torch.stack(words)[None]).logits[0].double().tolist()

    def prediction(self, words: list[Tensor]) -> int:
        z = self.logits(words)
        return z.index(max(z))

    def p(self, words: list[Tensor]) -> float:
        z = self.logits(words)
        if self.classifier.multi_label:
            return 1 / (1 + math.exp(-z[self.predicted]))
        return math.exp(z[self.predicted]) / sum(math.exp(one) for one in z)

    # texts

    def replaced(self, tokens: Iterable[int], vector: Tensor) -> list[Tensor]:
        tokens = set(tokens)
        return [vector if t in tokens else word for t, word in enumerate(self.words)]

    def kept(self, tokens: Iterable[int]) -> list[Tensor]:
        tokens = set(tokens)
        return [word for t, word in enumerate(self.words) if t in tokens]

    # what is on top

    def ranked(self) -> list[int]:
        """Units, the highest score first, ties in the order of the text."""
        return [i for _, i in sorted((-score, i) for i, score in enumerate(self.attribution.raw.tolist()))]

    def tokens_of_top(self, per_cent: float) -> set[int]:
        """Protocol content: the smallest number of units that makes `per_cent` of them."""
        n = len(self.units)
        count = next(m for m in range(n + 1) if 100 * m >= per_cent * n)
        return {t for i in self.ranked()[:count] for t in self.units[i]}

    def top_of_all(self, per_cent: float, scores: list[float] | None = None) -> set[int]:
        """Protocol paper: the largest number of all tokens that is not above `per_cent` of them."""
        T = len(self.words)
        if scores is None:
            scores = [0.0] * T
            for tokens, score in zip(self.units, self.attribution.raw.tolist(), strict=True):
                for t in tokens:
                    scores[t] = score / len(tokens)
        count = max(m for m in range(T + 1) if 100 * m <= per_cent * T)
        return {t for _, t in sorted((-score, t) for t, score in enumerate(scores))[:count]}

    # the metrics

    def three(self, protocol: str, k: float, scores: list[float] | None = None) -> dict[str, float]:
        """log_odds, comprehensiveness, sufficiency."""
        everything = set(range(len(self.words)))
        top = self.tokens_of_top(k) if protocol == "content" else self.top_of_all(k, scores)
        only = top | self.special if protocol == "content" else top
        p = self.p(self.words)
        return {
            "log_odds": math.log(self.p(self.replaced(top, self.own))) - math.log(p),
            "comprehensiveness": p - self.p(self.kept(everything - top)),
            "sufficiency": p - self.p(self.kept(only)) if only else 0.0,
        }

    def infidelity(self, vector: Tensor) -> float:
        n = len(self.units)
        for m in range(1, n + 1):
            first = [t for i in self.ranked()[:m] for t in self.units[i]]
            if self.prediction(self.replaced(first, vector)) != self.predicted:
                return 100 * m / n
        return 100.0

    def deletion(self) -> list[float]:
        return [self.p(self.replaced(self.tokens_of_top(level), self.own)) for level in LEVELS]

    def insertion(self) -> list[float]:
        content = set(range(len(self.words))) - self.special
        return [self.p(self.replaced(content - self.tokens_of_top(level), self.own)) for level in LEVELS]

    def all(self, protocol: str, k: float) -> dict[str, float]:
        return {
            **self.three(protocol, k),
            "infidelity": self.infidelity(self.classifier.baseline("unk").vector),
            "deletion_area": area(self.deletion()),
            "insertion_area": area(self.insertion()),
        }


def area(curve: list[float]) -> float:
    """Under straight lines between the points."""
    return sum((LEVELS[i + 1] - LEVELS[i]) / 100 * (curve[i] + curve[i + 1]) / 2 for i in range(len(LEVELS) - 1))
