"""Which scores are the top ones: largest signed first, ties by position, and how many make up a share.

Shares are counted exactly, in fractions: 7 % of 100 words are 7 words, where floating point makes 7.000000000000001.
"""

from fractions import Fraction
from math import ceil, floor, isfinite

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sigviz.attribution import Floats, quoted
from sigviz.errors import InvalidSettings


def order(scores: Floats) -> NDArray[np.intp]:
    """Positions from the largest signed score to the smallest; equal scores in the order of the text.  int [n]."""
    return np.argsort(-scores, kind="stable")


def at_least(k: float, n: int) -> int:
    """ceil(k % of n): the smallest number of words that is k per cent of them or more."""
    return ceil(Fraction(str(k)) * n / 100)


def at_most(k: float, n: int) -> int:
    """int(k % of n), rounded down as the papers' code does, so it can be none."""
    return floor(Fraction(str(k)) * n / 100)


def checked_share(k: float) -> float:
    """k, a number of per cent.  Raises InvalidSettings."""
    number = isinstance(k, int | float | np.integer | np.floating) and not isinstance(k, bool)
    if not number or not isfinite(k) or not 0 <= k <= 100:
        raise InvalidSettings(f"k is {quoted(k)}; it must be a number of per cent from 0 to 100.")
    return k


def checked_scores(scores: ArrayLike, name: str) -> Floats:
    """One text's scores, float64 [n].  Raises InvalidSettings where they are not one row of finite numbers."""
    row = np.asarray(scores, dtype=np.float64)
    if row.ndim != 1 or not len(row) or not np.isfinite(row).all():
        raise InvalidSettings(f"{name} must be one row of finite numbers, one for each word; it has the shape {row.shape}.")
    return row
