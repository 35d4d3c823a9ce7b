"""Quadrature: weights that add up to 1, the order of each rule, and what is refused."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sigviz.errors import InvalidSettings
from sigviz.paths.quadrature import RULES, clenshaw_curtis, gauss_legendre
from tests.methods import slow
from tests.methods.axioms import assert_order, assert_rises, assert_same

ORDERS = {"riemann-left": 1, "riemann-right": 1, "riemann-middle": 2, "trapezoid": 2}  # the others: faster than any
BOTH_ENDS = {"trapezoid", "clenshaw-curtis"}


def integral(name: str, steps: int, f) -> float:
    rule = RULES[name](steps)
    return float(rule.weights @ f(rule.nodes))


@given(st.sampled_from(sorted(RULES)), st.integers(2, 200))
def test_weights_add_up_to_1_and_nodes_ascend_within_the_interval(name: str, steps: int) -> None:
    rule = RULES[name](steps)
    assert len(rule.nodes) == len(rule.weights) == steps
    assert_same(rule.weights.sum(), 1.0, 1e-13)
    assert_rises([0.0, *rule.nodes, 1.0])
    assert len(set(rule.nodes.tolist())) == steps
    assert (rule.weights > 0).all()


@given(st.sampled_from(sorted(RULES)), st.integers(2, 40))
def test_nodes_and_weights_are_those_of_the_definition(name: str, steps: int) -> None:
    rule = RULES[name](steps)
    nodes, weights = np.transpose(slow.nodes(name, steps))
    assert_same(rule.nodes, nodes, 1e-13)
    assert_same(rule.weights, weights, 1e-13)


@pytest.mark.parametrize(("name", "order"), ORDERS.items())
def test_the_error_falls_with_the_order_of_the_rule(name: str, order: int) -> None:
    parts = [32, 64, 128, 256]
    counts = [n + 1 if name == "trapezoid" else n for n in parts]  # n parts have n + 1 ends
    assert_order([abs(integral(name, n, np.exp) - (math.e - 1)) for n in counts], order, within=0.02)


def test_gauss_legendre_falls_faster_than_any_order() -> None:
    errors = [abs(integral("gauss-legendre", n, np.exp) - (math.e - 1)) for n in (1, 2, 4, 8)]
    assert all(later < earlier**1.7 for earlier, later in pairwise(errors[:3]))
    assert errors[-1] < 1e-15


@given(st.integers(1, 30), st.data())
def test_gauss_legendre_is_exact_for_polynomials_of_degree_2n_minus_1(steps: int, data: st.DataObject) -> None:
    degree = data.draw(st.integers(0, 2 * steps - 1))
    assert_same(integral("gauss-legendre", steps, lambda a: a**degree), 1 / (degree + 1), 1e-14)


@pytest.mark.parametrize("steps", [1, 2, 3, 5])
def test_gauss_legendre_is_not_exact_for_the_next_degree(steps: int) -> None:
    error = abs(integral("gauss-legendre", steps, lambda a: a ** (2 * steps)) - 1 / (2 * steps + 1))
    assert error > 1e-8


def test_the_rules_of_one_step_look_where_their_names_say() -> None:
    one = {name: RULES[name](1).nodes.tolist() for name in RULES if name not in BOTH_ENDS}
    assert one == {"gauss-legendre": [0.5], "riemann-left": [0.0], "riemann-right": [1.0], "riemann-middle": [0.5]}


@pytest.mark.parametrize("name", sorted(BOTH_ENDS))
def test_a_rule_of_both_ends_is_refused_with_one_step_and_says_how_many_it_needs(name: str) -> None:
    with pytest.raises(InvalidSettings, match=r"at least 2 steps .*not 1"):
        RULES[name](1)


@given(st.integers(2, 40), st.data())
def test_clenshaw_curtis_is_exact_for_polynomials_of_degree_n_minus_1(steps: int, data: st.DataObject) -> None:
    degree = data.draw(st.integers(0, steps - 1))
    assert_same(integral("clenshaw-curtis", steps, lambda a: a**degree), 1 / (degree + 1), 1e-13)


@pytest.mark.parametrize("steps", [2, 3, 5, 9, 33, 129])
def test_clenshaw_curtis_of_twice_the_parts_keeps_the_nodes(steps: int) -> None:
    assert_same(clenshaw_curtis(2 * steps - 1).nodes[::2], clenshaw_curtis(steps).nodes, 1e-15)


def test_the_largest_rule_is_still_a_rule() -> None:
    rule = gauss_legendre(1024)
    assert_same(rule.weights.sum(), 1.0, 1e-12)
    assert_same(rule.weights @ rule.nodes**1000, 1 / 1001, 1e-13)
