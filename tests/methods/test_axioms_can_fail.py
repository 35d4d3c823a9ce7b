"""The checker checked: every assertion of axioms.py fails where it must, and passes where it may."""

import inspect
from dataclasses import replace

import numpy as np
import pytest

from sigviz.attribution import Attribution
from sigviz.explain import explain
from sigviz.methods import Promise
from tests import tiny
from tests.methods import axioms

NAN, INF = float("nan"), float("inf")
X = np.arange(6.0).reshape(3, 2)


@pytest.fixture(scope="module")
def exact() -> Attribution:
    return explain(tiny.bert(), tiny.TEXT, "sig-exact")


def moved(row: int, by: float = 1.0) -> np.ndarray:
    """X, one of its rows moved."""
    changed = X.copy()
    changed[row] += by
    return changed


PASS = [
    (axioms.assert_same, [1, 2], [1, 2], 0),
    (axioms.assert_same, [1, 2], [1, 2.05], 0.1),
    (axioms.assert_same, [], [], 0),
    (axioms.assert_differs, [1, 2], [1, 3], 0.5),
    (axioms.assert_zero, [0.0, -0.0]),
    (axioms.assert_zero, [1e-12], 1e-10),
    (axioms.assert_order, [8, 4, 2], 1),
    (axioms.assert_order, [16, 4, 1], 2),
    (axioms.assert_vanishes, [8, 4, 2], 3),
    (axioms.assert_vanishes, [8, 1, 2], 3),
    (axioms.assert_only_rows_differ, X, X, []),
    (axioms.assert_only_rows_differ, X, moved(1), [1]),
    (axioms.assert_on_line, X / 4, 0 * X, X, 0.25),
    (axioms.assert_one_way, [[0, 9], [1, 5], [1, 2]]),
    (axioms.assert_one_way, [[1, 1]]),
    (axioms.assert_rises, [0, 0, 1]),
]
FAIL = [
    (axioms.assert_same, [1, 2], [1, 2.2], 0.1),
    (axioms.assert_same, [1, 2], [1, 2, 3], 1),
    (axioms.assert_same, [1, 1], 1, 1),
    (axioms.assert_same, [NAN], [NAN], INF),
    (axioms.assert_same, [NAN], [1], INF),
    (axioms.assert_same, [INF], [1], 1),
    (axioms.assert_differs, [1, 2], [1, 2.2], 0.5),
    (axioms.assert_differs, [], [], 0),
    (axioms.assert_differs, [NAN], [1], 0.5),
    (axioms.assert_zero, [0, 1e-300]),
    (axioms.assert_zero, [NAN], INF),
    (axioms.assert_zero, []),
    (axioms.assert_zero, [1e-9], 1e-10),
    (axioms.assert_order, [8, 4, 2], 2),
    (axioms.assert_order, [8, 7, 6], 1),
    (axioms.assert_order, [8, 4, 4], 1),
    (axioms.assert_order, [4, 8, 16], 1),
    (axioms.assert_order, [8], 1),
    (axioms.assert_order, [8, NAN], 1),
    (axioms.assert_order, [1e-15, 5e-16], 1),
    (axioms.assert_vanishes, [8, 4, 2], 1),
    (axioms.assert_vanishes, [8, 6, 2], 3),
    (axioms.assert_vanishes, [2, 4], 3),
    (axioms.assert_vanishes, [8], 9),
    (axioms.assert_vanishes, [NAN, 1], 3),
    (axioms.assert_vanishes, [8, NAN], 3),
    (axioms.assert_only_rows_differ, X, moved(1), [0]),
    (axioms.assert_only_rows_differ, X, X + 1e-12, [1]),
    (axioms.assert_only_rows_differ, X, moved(2, NAN), [0]),
    (axioms.assert_on_line, X / 4, 0 * X, X, 0.3),
    (axioms.assert_on_line, X / 4, 0 * X, moved(1), 0.25),
    (axioms.assert_one_way, [[0, 9], [1, 5], [1, 6]]),
    (axioms.assert_one_way, [[0, 9], [1, 5], [0.5, 2]]),
    (axioms.assert_one_way, [[0, NAN], [1, 5]]),
    (axioms.assert_rises, [0, 1, 0.5]),
    (axioms.assert_rises, [1]),
    (axioms.assert_rises, [0, NAN]),
]


@pytest.mark.parametrize(("check", "arguments"), [(check, arguments) for check, *arguments in PASS])
def test_an_assertion_passes_what_is_so(check, arguments) -> None:
    check(*arguments)


@pytest.mark.parametrize(("check", "arguments"), [(check, arguments) for check, *arguments in FAIL])
def test_an_assertion_fails_what_is_not_so(check, arguments) -> None:
    with pytest.raises(AssertionError):
        check(*arguments)


def test_completeness_per_unit_can_fail(exact: Attribution) -> None:
    check, true = axioms.assert_complete_per_unit, exact.raw.copy()
    check(exact, true, 1e-10)
    one_off = true + np.array([0, 0, 1e-3, 0, 0])
    two_swapped = true[[1, 0, 2, 3, 4]]  # in total they would still be complete
    for wrong in (one_off, two_swapped):
        with pytest.raises(AssertionError):
            check(exact, wrong, 1e-10)  # what was expected is wrong
        with pytest.raises(AssertionError):
            check(replace(exact, raw=wrong), true, 1e-10)  # the scores are
        with pytest.raises(AssertionError):
            check(replace(exact, expected=wrong), true, 1e-10)  # what the method itself expects is
    with pytest.raises(AssertionError):
        check(replace(exact, raw=true * NAN), true, 1e-10)
    with pytest.raises(AssertionError):
        check(replace(exact, expected=None), true, 1e-10)


def test_completeness_in_total_can_fail(exact: Attribution) -> None:
    check, difference = axioms.assert_complete_in_total, exact.output - exact.baseline_output
    complete = replace(exact, raw=np.full(5, difference / 5))
    check(complete, difference, 1e-10)
    for wrong, said in (
        (exact, difference),  # complete per unit, not in total
        (complete, difference + 1e-3),
        (replace(complete, raw=complete.raw * NAN), difference),
        (replace(complete, output=exact.output + 1), difference),
    ):
        with pytest.raises(AssertionError):
            check(wrong, said, 1e-10)


def test_what_a_promise_lacks_is_measured(exact: Attribution) -> None:
    difference = exact.output - exact.baseline_output
    off = replace(exact, raw=exact.raw + np.array([0, 0.5, 0, 0, -0.5]))  # wrong for two units, the same in total
    total = difference - exact.raw.sum()
    assert axioms.broken(Promise.PER_UNIT, exact, exact.raw, difference) == 0
    assert axioms.broken(Promise.PER_UNIT, off, exact.raw, difference) == pytest.approx(0.5)
    assert axioms.broken(Promise.TOTAL, off, exact.raw, difference) == pytest.approx(abs(total)) != 0
    with pytest.raises(AssertionError):
        axioms.broken(Promise.NOTHING, exact, exact.raw, difference)


def test_every_assertion_is_seen_to_pass_and_to_fail() -> None:
    own = {"assert_complete_per_unit", "assert_complete_in_total", "broken"}  # tests of their own
    functions = [value for _, value in inspect.getmembers(axioms, inspect.isfunction) if value.__module__ == axioms.__name__]
    defined = {function.__name__ for function in functions}
    assert defined == {check.__name__ for check, *_ in PASS} | own == {check.__name__ for check, *_ in FAIL} | own
