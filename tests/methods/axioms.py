"""What attributions must obey, as assertions.  Each is seen to fail in test_axioms_can_fail.py."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from sigviz.attribution import Attribution
from sigviz.methods import Promise


def assert_same(found: ArrayLike, expected: ArrayLike, within: float) -> None:
    """Whole arrays: the same shape, and no number further apart than `within`; NaN is never the same."""
    found, expected = np.asarray(found, float), np.asarray(expected, float)
    assert found.shape == expected.shape, f"the shape is {found.shape}, not {expected.shape}"
    apart = np.abs(found - expected).max(initial=0.0)
    assert apart <= within, f"{apart:.3g} apart, more than {within:g}:\n{found}\n{expected}"


def assert_differs(found: ArrayLike, expected: ArrayLike, by: float) -> None:
    """Further apart than `by` somewhere: without it, a comparison of two equal numbers would prove nothing."""
    apart = np.abs(np.asarray(found, float) - np.asarray(expected, float)).max(initial=0.0)
    assert apart > by, f"only {apart:.3g} apart, not more than {by:g}"


def assert_zero(found: ArrayLike, within: float = 0.0) -> None:
    """Every number is zero, none is NaN, and there is one at least."""
    found = np.asarray(found, float)
    assert found.size, "there is nothing to be zero"
    assert_same(found, np.zeros_like(found), within)


def assert_complete_per_unit(attribution: Attribution, differences: ArrayLike, within: float) -> None:
    """raw_i = F(x) - F(x̄ⁱ), the differences reckoned by somebody else; `expected` and `delta` say so too."""
    assert attribution.expected is not None, "nothing is expected of the units"
    assert attribution.delta is not None
    assert_same(attribution.expected, differences, 1e-10)
    assert_same(attribution.raw, differences, within)
    assert_zero(attribution.delta, within)


def assert_complete_in_total(attribution: Attribution, difference: float, within: float) -> None:
    """The raw scores add up to F(x) - F(x̄), reckoned by somebody else; `total_delta` says so too."""
    assert_same(attribution.output - attribution.baseline_output, difference, 1e-10)
    assert_same(attribution.raw.sum(), difference, within)
    assert_zero(attribution.total_delta, within)


def broken(promise: Promise, attribution: Attribution, differences: ArrayLike, difference: float) -> float:
    """How far the scores are from what the method promises: a number to compare with a bound."""
    assert promise is not Promise.NOTHING, "nothing was promised"
    if promise is Promise.PER_UNIT:
        return float(np.abs(attribution.raw - np.asarray(differences, float)).max())
    return float(abs(attribution.raw.sum() - difference))


def assert_order(errors: Sequence[float], order: float, within: float = 0.15) -> None:
    """Errors at steps doubled each time fall by 2^order each time (a first-order rule halves its error)."""
    assert len(errors) > 1, "one error has no order"
    assert min(errors) > 1e-12, f"rounding hides the order: {errors}"
    orders = np.log2(np.asarray(errors[:-1]) / np.asarray(errors[1:]))
    assert np.abs(orders - order).max() <= within, f"orders {orders}, not {order}, of the errors {list(errors)}"


def assert_vanishes(errors: Sequence[float], below: float, ratio: float = 0.55) -> None:
    """Each error is at most `ratio` of the one before or already below the bound, and the last is below it."""
    assert len(errors) > 1, "one error does not fall"
    falls = [later <= max(ratio * earlier, below) for earlier, later in pairwise(errors)]
    assert all(falls) and errors[-1] <= below, f"not falling below {below:g}: {list(errors)}"


def assert_only_rows_differ(point: ArrayLike, x: ArrayLike, rows: Sequence[int]) -> None:
    """[T, D] both: outside `rows` bit by bit the same."""
    point, x = np.asarray(point), np.asarray(x)
    others = np.setdiff1d(np.arange(len(x)), rows)
    changed = [int(row) for row in others if not np.array_equal(point[row], x[row])]
    assert not changed, f"rows {changed} moved too, not {list(rows)} alone"


def assert_on_line(point: ArrayLike, start: ArrayLike, end: ArrayLike, share: float) -> None:
    """point = start + share * (end - start), to rounding."""
    start, end = np.asarray(start), np.asarray(end)
    assert_same(point, start + share * (end - start), 1e-12)


def assert_one_way(path: ArrayLike) -> None:
    """[points, ...]: no number turns back, to rounding."""
    moves = np.diff(np.asarray(path, float), axis=0)
    up, down = moves.max(0, initial=0.0), moves.min(0, initial=0.0)
    both = np.minimum(up, -down).max(initial=0.0)
    assert both <= 1e-12, f"a feature turns back by {both:.3g}"


def assert_rises(numbers: Sequence[float]) -> None:
    """Never less than the one before."""
    assert len(numbers) > 1, "one number cannot rise"
    assert all(later >= earlier for earlier, later in pairwise(numbers)), f"falls: {list(numbers)}"
