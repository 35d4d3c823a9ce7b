"""A tiny BERT that fails in one chunk of its choice, on the way there or on the way back."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from tests import tiny


class Failing(tiny.Watched):
    """Calls `fault(self)` in chunk number `at` (from 1), once; `back`: on the way back, where there is one."""

    def __init__(self, at: int, fault: Callable[["Failing"], Any], back: bool = False) -> None:
        self._armed = False
        super().__init__(tiny.bert_model(), tiny.tokenizer(), name="failing")
        self.at, self.fault, self.back = at, fault, back
        self.chunk = self.failed = self.rows = 0  # rows: of the chunk that failed
        self._armed = True

    def logits(self, embeddings: Tensor) -> Tensor:
        if not self._armed:
            return super().logits(embeddings)
        self.chunk += 1
        if self.chunk == self.at and not self.failed:
            self.rows = len(embeddings)
            if self.back and embeddings.requires_grad:
                embeddings.register_hook(self._fails)
            elif not self.back:
                self._fails()
        return super().logits(embeddings)

    def _fails(self, gradients: Tensor | None = None) -> Any:
        self.failed += 1
        return self.fault(self)


def no_memory(_: Failing) -> None:
    raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB.")
