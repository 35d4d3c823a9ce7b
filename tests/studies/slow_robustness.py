"""The robustness study once more, slowly: one forward pass a number, straight from token ids and the paper's definitions.

Nothing of sigviz is used: models and tokenizers are the plain transformers objects.  Zafar et al. 2021, arXiv:2106.04631.
"""

from functools import cache
from typing import Any

import torch
from torch import Tensor


class Slow:
    """One model, which puts [CLS] in front of a text and [SEP] behind it.  Scores: one for each token between them."""

    def __init__(self, model: Any, tokenizer: Any) -> None:
        self.model, self.unknown = model, tokenizer.unk_token_id
        self.ids = lambda text: tuple(tokenizer(text)["input_ids"])
        self.prediction = cache(lambda ids: int(self.logits(ids).argmax()))
        self.gradient, self.integral = cache(self.gradient), cache(self.integral)  # type: ignore[method-assign]

    def logits(self, ids: tuple[int, ...]) -> Tensor:
        with torch.no_grad():
            return self.model(input_ids=torch.tensor([ids])).logits[0]

    def gradient(self, ids: tuple[int, ...]) -> tuple[Tensor, Tensor]:
        """The word embeddings and the gradient of the predicted class's logit by them: [T, D] both."""
        words = self.model.get_input_embeddings()(torch.tensor([ids])).detach().requires_grad_()
        self.model(inputs_embeds=words).logits[0, self.prediction(ids)].backward()
        assert words.grad is not None
        return words.detach()[0], words.grad[0]

    def saliency(self, ids: tuple[int, ...], reduction: str) -> list[float]:
        """Lengths of gradients (l2), or gradients times the input, added up (sum)."""
        words, gradient = self.gradient(ids)
        scores = []
        for x, g in list(zip(words.tolist(), gradient.tolist(), strict=True))[1:-1]:
            if reduction == "l2":
                scores.append(sum(one * one for one in g) ** 0.5)
            else:
                scores.append(sum(one * other for one, other in zip(x, g, strict=True)))
        return scores

    def integral(self, ids: tuple[int, ...], steps: int) -> Tensor:
        """IG by feature, from a text of unknown tokens, by the rule of midpoints: [T, D]."""
        target = self.prediction(ids)
        unknown = (ids[0], *[self.unknown] * (len(ids) - 2), ids[-1])
        embedded = self.model.get_input_embeddings()(torch.tensor([ids, unknown])).detach()
        x, baseline = embedded[0], embedded[1]
        total = torch.zeros_like(x)
        for step in range(steps):
            point = (baseline + (step + 0.5) / steps * (x - baseline)).requires_grad_()
            self.model(inputs_embeds=point[None]).logits[0, target].backward()
            assert point.grad is not None
            total += point.grad / steps
        return total * (x - baseline)

    def ig(self, ids: tuple[int, ...], reduction: str, steps: int) -> list[float]:
        found = self.integral(ids, steps)[1:-1]
        return [sum(one * one for one in row) ** 0.5 if reduction == "l2" else sum(row) for row in found.tolist()]

    def left_out(self, ids: tuple[int, ...]) -> list[float]:
        """Exact SIG: what the predicted class's logit loses with each token that becomes unknown."""
        target = self.prediction(ids)
        whole = self.logits(ids)[target]
        return [float(whole - self.logits((*ids[:at], self.unknown, *ids[at + 1 :]))[target]) for at in range(1, len(ids) - 1)]

    def infidelity(self, ids: tuple[int, ...], scores: list[float]) -> float:
        """Per cent of the tokens that become unknown, the highest score first, until another class is predicted."""
        now = list(ids)
        for done, at in enumerate(ranked(scores), start=1):
            now[1 + at] = self.unknown
            if self.prediction(tuple(now)) != self.prediction(ids):
                return 100 * done / len(scores)
        return 100.0


def ranked(scores: list[float]) -> list[int]:
    """Tokens, the highest score first, ties in the order of the text."""
    return [at for _, at in sorted((-score, at) for at, score in enumerate(scores))]


def top(scores: list[float], k: int) -> set[int]:
    """The smallest number of tokens that makes k %."""
    count = next(m for m in range(len(scores) + 1) if 100 * m >= k * len(scores))
    return set(ranked(scores)[:count])


def jaccard(one: list[float], other: list[float], k: int) -> float:
    """Jaccard@k, 0 to 1."""
    a, b = top(one, k), top(other, k)
    return len(a & b) / len(a | b)
