"""One text in many forms: words replaced or left out, each form put through the model once and in few batches.

A form says what happens to every token; what it answers is kept, so methods that choose the same words share the pass.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sigviz.attribution import Floats
from sigviz.engine.engine import Run
from sigviz.models.classifier import Baseline, TextClassifier
from sigviz.models.text import Encoding
from sigviz.paths.path import Points

_KEEP, _REPLACE, _REMOVE = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Form:
    """One perturbed text.  actions: a byte a token (keep, replace, remove).  vector: what replaces, -1 where nothing is."""

    actions: bytes
    vector: int = -1

    def __len__(self) -> int:
        """Tokens that the model will see."""
        return len(self.actions) - self.actions.count(_REMOVE)


class Forms:
    """The forms of one text and the model's answers to them.

    All that is asked for together goes through the engine in one batch for each length, shortest first; no form goes
    through twice.  Not for several threads.
    """

    def __init__(self, classifier: TextClassifier, encoding: Encoding, run: Run) -> None:
        self.tokens = len(encoding.ids)
        self._classifier, self._run = classifier, run
        self._x = classifier.embed(encoding.ids)  # [T, D]
        self._vectors: list[Tensor] = []
        self._numbers: dict[int | str, int] = {}
        self._logits: dict[Form, Tensor] = {}

    @property
    def whole(self) -> Form:
        """The text itself."""
        return Form(bytes(self.tokens))

    def replaced(self, tokens: Iterable[int], baseline: Baseline) -> Form:
        """The text with these tokens (positions) at the baseline."""
        actions = bytearray(self.tokens)
        for token in tokens:
            actions[token] = _REPLACE
        return Form(bytes(actions), self._number(baseline)) if any(actions) else self.whole

    def without(self, tokens: Iterable[int]) -> Form:
        """The text less these tokens: the others close up, and the model counts positions anew."""
        actions = bytearray(self.tokens)
        for token in tokens:
            actions[token] = _REMOVE
        return Form(bytes(actions))

    def only(self, tokens: Collection[int]) -> Form:
        """The text of these tokens alone, in their order."""
        return self.without(set(range(self.tokens)).difference(tokens))

    def unseen(self, forms: Iterable[Form]) -> list[Form]:
        """Those that have not been through the model, each once."""
        return [form for form in dict.fromkeys(forms) if form not in self._logits]

    def look(self, forms: Iterable[Form]) -> None:
        """Put through the model what has not been.  Raises Cancelled, OutOfMemory, NotANumber."""
        groups: dict[int, list[Form]] = {}
        for form in self.unseen(forms):
            groups.setdefault(len(form), []).append(form)
        for _, group in sorted(groups.items()):
            logits = self._run.logits(self._points(group))  # [b, classes]
            self._logits.update(zip(group, logits, strict=True))

    def predictions(self, forms: list[Form]) -> NDArray[np.int64]:
        """The class of each, of forms that have been looked at: int64 [b]."""
        return self._answers(forms).argmax(-1).numpy()

    def probabilities(self, forms: list[Form], label: int) -> Floats:
        """p of that class, of forms that have been looked at: float64 [b]."""
        return self._classifier.probabilities(self._answers(forms))[:, label].numpy()

    def log_probabilities(self, forms: list[Form], label: int) -> Floats:
        """log p of that class, finite also where p itself is too small for a number: float64 [b]."""
        z = self._answers(forms).double()
        log_p = torch.nn.functional.logsigmoid(z) if self._classifier.multi_label else z.log_softmax(-1)
        return log_p[:, label].numpy()

    def _answers(self, forms: list[Form]) -> Tensor:
        return torch.stack([self._logits[form] for form in forms])  # [b, classes], on the CPU

    def _number(self, baseline: Baseline) -> int:
        """Of the baseline's vector; names that mean the same token share it."""
        known = baseline.name if baseline.token is None else baseline.token
        if known not in self._numbers:
            self._numbers[known] = len(self._vectors)
            self._vectors.append(baseline.vector)
        return self._numbers[known]

    def _points(self, group: list[Form]) -> Points:
        actions = np.stack([np.frombuffer(form.actions, dtype=np.uint8) for form in group])  # [b, T]
        kept = np.nonzero(actions != _REMOVE)[1].reshape(len(group), -1)  # [b, L]
        device = self._x.device
        places = torch.as_tensor(kept, device=device)
        hidden = torch.as_tensor(np.take_along_axis(actions, kept, 1) == _REPLACE, device=device)  # [b, L]
        numbers = torch.as_tensor([max(0, form.vector) for form in group], device=device)  # [b]
        vectors = torch.stack(self._vectors or [self._x[0]])  # [v, D]; where nothing is replaced any row will do

        def at(k: Tensor) -> Tensor:
            return torch.where(hidden[k][..., None], vectors[numbers[k]][:, None], self._x[places[k]])  # [b, L, D]

        return Points(len(group), at)
