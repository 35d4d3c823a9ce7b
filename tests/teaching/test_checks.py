"""A check is decided by its number alone."""

import pytest

from sigviz.teaching.checks import EPSILON, Check, rounding

NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("measured", "bound", "holds"), [(0, 0, True), (1, 1, True), (1e-300, 0, False), (2, 1, False), (NAN, INF, False)]
)
def test_a_check_holds_up_to_its_bound_and_never_for_nan(measured: float, bound: float, holds: bool) -> None:
    assert Check("sig", measured, bound, "F", ()).holds is holds


def test_rounding_grows_with_the_outputs_and_shrinks_with_the_precision() -> None:
    assert rounding("float32", 2.0, -8.0) == 8 * 8 * 2.0**-23
    assert rounding("float64", 8.0) < rounding("float32", 8.0) < rounding("bfloat16", 8.0)
    assert rounding("float32") == 0 and set(EPSILON) >= {"float32", "float64", "bfloat16"}
