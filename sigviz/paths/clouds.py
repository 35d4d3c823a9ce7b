"""Points at a text, in a cloud of noise around it, and at random places between its baseline and it.

The random numbers of point k are those of a NumPy generator keyed by (seed, k), made on the CPU when the point is asked
for: neither chunks nor device nor other threads change them, and a cloud of many points never stands in memory whole.
Shapes: x, baseline [T, D]; moving: bool [T], the content tokens, the only ones that noise moves.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from sigviz.paths.path import Path

_UNIFORM, _NORMAL = 0, 1  # streams of their own: more of the one do not shift the other


@dataclass(frozen=True, slots=True)
class Cloud:
    """How many random points, from which seed, and how noisy: sigma is a share of the range (max - min) of the moving rows."""

    count: int
    seed: int
    sigma: float


def at_text(x: Tensor, steps: Tensor) -> Path:
    """One look, at x itself.  steps: [T, D]."""
    return Path(1, at=lambda k: x.expand(len(k), -1, -1), steps=lambda k: steps.expand(len(k), -1, -1))


def around(x: Tensor, moving: Tensor, steps: Tensor, cloud: Cloud) -> Path:
    """x + Gaussian noise, `count` times (Smilkov et al. 2017); each look stands for 1/count of `steps` [T, D]."""
    return Path(
        cloud.count,
        at=lambda k: x + noise(x, moving, cloud, k),  # [b, T, D]
        steps=lambda k: (steps / cloud.count).expand(len(k), -1, -1),
    )


def between(x: Tensor, baseline: Tensor, moving: Tensor, cloud: Cloud) -> Path:
    """Uniformly random points of the line from the baseline to x, noise on top; each stands for 1/count of the way."""
    way = x - baseline  # [T, D]

    def at(k: Tensor) -> Tensor:
        alpha = uniforms(cloud.seed, k).to(x)[:, None, None]  # [b, 1, 1]
        point = baseline + alpha * way
        return point + noise(x, moving, cloud, k) if cloud.sigma else point

    return Path(cloud.count, at, steps=lambda k: (way / cloud.count).expand(len(k), -1, -1))


def noise(x: Tensor, moving: Tensor, cloud: Cloud, k: Tensor) -> Tensor:
    """The Gaussian noise of the points numbered k: [b, T, D], zero where nothing moves."""
    rows = moving[:, None]  # [T, 1]
    high, low = (x.masked_fill(~rows, -torch.inf).amax(), x.masked_fill(~rows, torch.inf).amin())
    return cloud.sigma * (high - low) * normals(cloud.seed, k, x.shape).to(x) * rows


def uniforms(seed: int, k: Tensor) -> Tensor:
    """One number in [0, 1) for each of the points k: float64 [b], on the CPU."""
    return torch.tensor([_generator(seed, point, _UNIFORM).random() for point in k.tolist()], dtype=torch.float64)


def normals(seed: int, k: Tensor, shape: torch.Size) -> Tensor:
    """Standard normal numbers for each of the points k: float64 [b, *shape], on the CPU."""
    drawn = np.stack([_generator(seed, point, _NORMAL).standard_normal(tuple(shape)) for point in k.tolist()])
    return torch.from_numpy(drawn)


def _generator(*key: int) -> np.random.Generator:
    return np.random.default_rng(key)
