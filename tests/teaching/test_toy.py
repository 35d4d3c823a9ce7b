"""Toys: the app's own methods on functions whose scores are worked out by hand."""

import numpy as np
import pytest
import torch

from sigviz.errors import InvalidSettings
from sigviz.methods import METHODS
from sigviz.teaching import toy

X, M = [[2.0], [-1.0]], [[0.5], [0.25]]


def product(points: torch.Tensor) -> torch.Tensor:
    return points[:, 0, 0] * points[:, 1, 0]


def test_ig_and_sig_of_a_product_are_those_worked_out_by_hand() -> None:
    # IG: the mean of the other word on the line is the mean of its ends; SIG: the other word stays at x
    assert toy.explain(product, X, M, "ig", steps=2).raw == pytest.approx([1.5 * (-0.375), -1.25 * 1.25], abs=1e-15)
    assert toy.explain(product, X, M, "sig", steps=1).raw == pytest.approx([1.5 * -1.0, -1.25 * 2.0], abs=1e-15)


def test_exact_sig_outputs_and_expectation_are_those_of_f() -> None:
    found = toy.explain(product, X, M, "sig-exact")
    assert (found.output, found.baseline_output) == (-2.0, 0.125)
    assert found.expected == pytest.approx([-2.0 - -0.5, -2.0 - 0.5]) and np.array_equal(found.raw, found.expected)


def test_features_are_there_where_the_method_has_them() -> None:
    def f(points: torch.Tensor) -> torch.Tensor:
        return points[:, 0, 0] + 3 * points[:, 1, 1]

    found = toy.explain(f, np.ones((2, 2)), np.zeros((2, 2)), "sig")
    assert found.features == pytest.approx(np.array([[1.0, 0.0], [0.0, 3.0]]), abs=1e-12)
    assert toy.explain(f, np.ones((2, 2)), np.zeros((2, 2)), "sig-exact").features is None


@pytest.mark.parametrize("method", METHODS)
def test_every_method_can_explain_a_toy(method: str) -> None:
    found = toy.explain(product, X, M, method)
    assert found.raw.shape == (2,) and np.isfinite(found.raw).all() and found.raw.dtype == np.float64


@pytest.mark.parametrize(
    ("x", "m"),
    [
        ([[np.nan]], [[0.0]]),
        ([[np.inf]], [[0.0]]),
        ([[6.0]], [[0.0]]),
        ([[1.0]], [[-6.0]]),
        ([1.0], [0.0]),
        ([[]], [[]]),
        ([[1.0], [1.0]], [[0.0]]),
    ],
)
def test_numbers_that_are_no_toy_are_refused(x: list, m: list) -> None:
    with pytest.raises(InvalidSettings):
        toy.explain(product, x, m, "ig")


def test_values_are_those_of_f() -> None:
    assert toy.values(product, [[[2.0], [3.0]], [[1.0], [-1.0]]]).tolist() == [6.0, -1.0]
