"""How far two methods, or two models, agree on one text: plain NumPy on their scores.

a, b: [n], one score for each unit of the same text, in the order of the text.  "Top K %" are the ceil(K/100 * n) largest
signed scores, ties by position.  All raise InvalidSettings for scores of different lengths or that are not numbers.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sigviz.attribution import Floats
from sigviz.errors import InvalidSettings
from sigviz.studies.ranking import at_least, checked_scores, checked_share, order


def jaccard(a: ArrayLike, b: ArrayLike, k: float) -> float:
    """|A ∩ B| / |A ∪ B| of the top k % of both: 0 (nothing in common) to 1 (the same words).  k: above 0, to 100.

    Jaccard@K% of Zafar et al. (2021), section 2.3, who print it as a percentage.
    """
    first, second = _tops(a, b, k)
    return float((first & second).sum() / (first | second).sum())


def top_overlap(a: ArrayLike, b: ArrayLike, k: float) -> float:
    """The share of one's top k % that is in the other's too: 0 to 1.  k: above 0, to 100."""
    first, second = _tops(a, b, k)
    return float((first & second).sum() / first.sum())


def kendall_tau(a: ArrayLike, b: ArrayLike) -> float:
    """Kendall's tau-b of the two orders: 1 the same, -1 reversed, 0 unrelated (Kendall 1945).

    Also 0 where either has no order at all, because all its scores are equal or there is only one.
    """
    first, second = _pair(a, b)
    above = np.triu_indices(len(first), 1)
    # differences' signs pair by pair, each pair once: +1, -1, or 0 for a tie
    one, other = (np.sign(row[:, None] - row)[above] for row in (first, second))
    untied = np.sqrt(np.count_nonzero(one) * float(np.count_nonzero(other)))
    return float((one * other).sum() / untied) if untied else 0.0


def _tops(a: ArrayLike, b: ArrayLike, k: float) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    first, second = _pair(a, b)
    if checked_share(k) == 0:
        raise InvalidSettings("k is 0 %: no words are on top, so there is nothing to compare. Give a k above 0.")
    return top(first, k), top(second, k)


def top(scores: Floats, k: float) -> NDArray[np.bool_]:
    """bool [n]: the ceil(k/100 * n) largest scores, ties by position.  k: above 0, to 100, checked by the caller."""
    chosen = np.zeros(len(scores), dtype=bool)
    chosen[order(scores)[: at_least(k, len(scores))]] = True
    return chosen


def _pair(a: ArrayLike, b: ArrayLike) -> tuple[Floats, Floats]:
    first, second = checked_scores(a, "a"), checked_scores(b, "b")
    if len(first) != len(second):
        raise InvalidSettings(
            f"One has {len(first)} scores and the other {len(second)}: compare scores of the same text in the same units."
        )
    return first, second
