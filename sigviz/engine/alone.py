"""A model lent to a method that hooks it: counted on both ways, and afterwards as it was."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from torch import Tensor, nn

from sigviz.engine.numbers import finite

if TYPE_CHECKING:
    from sigviz.engine.engine import Run


class Alone(nn.Module):
    """F of word embeddings, counted: what Run.alone() lends."""

    def __init__(self, run: "Run") -> None:
        super().__init__()
        self.model = run.classifier.model  # so that whoever walks over the modules meets the model's
        self._run = run

    def forward(self, embeddings: Tensor) -> Tensor:
        """[B, T, D] -> [B], float64."""
        run = self._run
        assert run.objective is not None
        if embeddings.requires_grad:
            embeddings.register_hook(self._went_back)
        values = run.objective(finite(run.classifier.logits(embeddings.clone())))  # some models write into their input
        run.forward += len(embeddings)
        return values

    def _went_back(self, gradients: Tensor) -> None:
        finite(gradients, "gradients")
        self._run.backward += len(gradients)


@contextmanager
def left_as_found(model: nn.Module) -> Iterator[None]:
    """Hooks and attributes that are set on the model's modules meanwhile are gone again afterwards."""
    found = [
        (module, set(vars(module)), {name: dict(kept) for name, kept in vars(module).items() if "_hooks" in name})
        for module in model.modules()
    ]
    try:
        yield
    finally:
        for module, attributes, hooks in found:
            for name in set(vars(module)) - attributes:
                delattr(module, name)
            for name, before in hooks.items():
                now = vars(module)[name]
                if now or before:
                    now.clear()
                    now.update(before)
