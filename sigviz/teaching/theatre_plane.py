"""The ways of one word in two dimensions: principal components of DIG's way and of the words around it."""

from collections.abc import Sequence

import numpy as np

from sigviz.attribution import Floats
from sigviz.teaching.theatre_result import Landmark, Plane


def plane(straight: Floats, hopping: Floats, words: Sequence[tuple[str, str]], vectors: Floats) -> Plane:
    """straight, hopping: [A, D], from the baseline to the word.  words: (word, kind) and vectors [n, D] of the landmarks.

    The components are those of DIG's way and the landmarks together, each once; the straight line lies between two of them.
    The first axis runs to the right from the baseline to the word.
    """
    points = np.concatenate([hopping, vectors])
    centre = points.mean(0)
    _, sizes, axes = np.linalg.svd(points - centre, full_matrices=False)
    axes = np.pad(axes, ((0, max(0, 2 - len(axes))), (0, 0)))[:2]
    to_word = axes[0] @ (hopping[-1] - hopping[0])
    leading = axes[1][np.abs(axes[1]).argmax()]
    axes = axes * np.array([[-1.0 if to_word < 0 else 1.0], [-1.0 if leading < 0 else 1.0]])
    total = float((sizes**2).sum())
    places = (vectors - centre) @ axes.T
    return Plane(
        straight=(straight - centre) @ axes.T,
        hopping=(hopping - centre) @ axes.T,
        landmarks=tuple(
            Landmark(word, kind, float(x), float(y)) for (word, kind), (x, y) in zip(words, places.tolist(), strict=True)
        ),
        kept=float((sizes[:2] ** 2).sum()) / total if total else 1.0,
    )
