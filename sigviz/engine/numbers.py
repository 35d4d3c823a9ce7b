"""What the engine does with the numbers that come back from a model."""

import torch
from torch import Tensor

from sigviz.errors import NotANumber


def double(numbers: Tensor) -> Tensor:
    """float64, on the device where it has that."""
    return (numbers.cpu() if numbers.device.type == "mps" else numbers).double()


def moved(gradients: Tensor, steps: Tensor) -> Tensor:
    """Gradient times step, float64."""
    return double(gradients) * (double(steps) if steps.device.type == "mps" else steps)


def finite(numbers: Tensor, kind: str = "logits") -> Tensor:
    if not torch.isfinite(numbers).all():
        raise NotANumber(
            f"The model's {kind} are NaN or infinite, so nothing can be explained. Its weights may be broken; with bfloat16, "
            "try float32."
        )
    return numbers
