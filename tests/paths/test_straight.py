"""Straight lines: where the points lie, which rows move, and how far the steps lead."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from sigviz.paths.quadrature import RULES
from sigviz.paths.straight import Corners, line, line_per_unit
from tests.methods.axioms import assert_on_line, assert_only_rows_differ, assert_same

T, D = 7, 3
UNITS = ((1,), (2, 3), (5,))  # tokens 0, 4 and 6 are special


def embeddings(seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """x, baseline: [T, D], the same at special tokens.  members: bool [units, T]."""
    random = torch.Generator().manual_seed(seed)
    x = torch.randn(T, D, generator=random, dtype=torch.float64)
    members = torch.zeros(len(UNITS), T, dtype=torch.bool)
    for row, tokens in enumerate(UNITS):
        members[row, list(tokens)] = True
    baseline = torch.where(members.any(0)[:, None], torch.randn(D, generator=random, dtype=torch.float64), x)
    return x, baseline, members


RULE = st.builds(lambda name, steps: RULES[name](steps), st.sampled_from(sorted(RULES)), st.integers(2, 9))
SEED = st.integers(0, 1000)


@given(SEED, RULE)
def test_ig_s_points_lie_on_the_line_and_its_steps_lead_all_the_way(seed, rule) -> None:
    x, baseline, _ = embeddings(seed)
    path = line(x, baseline, rule)
    every = torch.arange(path.count)
    assert path.count == len(rule.nodes)
    for point, node in zip(path.at(every), rule.nodes, strict=True):
        assert_on_line(point, baseline, x, node)
    assert_same(path.steps(every).sum(0), x - baseline, 1e-12)


@given(SEED, RULE)
def test_sig_s_points_differ_from_x_in_the_rows_of_one_unit_alone(seed, rule) -> None:
    x, baseline, members = embeddings(seed)
    path = line_per_unit(Corners(x, baseline, members), torch.arange(len(UNITS)), rule)
    steps = len(rule.nodes)
    assert path.count == len(UNITS) * steps
    points, ways = path.at(torch.arange(path.count)), path.steps(torch.arange(path.count))
    for k in range(path.count):
        rows = list(UNITS[k // steps])
        assert_only_rows_differ(points[k], x, rows)
        assert_only_rows_differ(ways[k], torch.zeros(T, D), rows)
        assert_on_line(points[k][rows], baseline[rows], x[rows], rule.nodes[k % steps])
    assert_same(ways.sum(0), x - baseline, 1e-12)


@given(SEED, RULE)
def test_causal_points_hide_the_units_behind_and_keep_those_before(seed, rule) -> None:
    x, baseline, members = embeddings(seed)
    corners = Corners(x, baseline, members, "causal")
    path = line_per_unit(corners, torch.arange(len(UNITS)), rule)
    steps = len(rule.nodes)
    points = path.at(torch.arange(path.count))
    for k in range(path.count):
        unit = k // steps
        behind = [token for tokens in UNITS[unit + 1 :] for token in tokens]
        assert_only_rows_differ(points[k], x, [*UNITS[unit], *behind])
        assert_same(points[k][behind], baseline[behind], 0)
        rows = list(UNITS[unit])
        assert_on_line(points[k][rows], baseline[rows], x[rows], rule.nodes[k % steps])


@given(SEED)
def test_in_the_causal_form_one_line_ends_where_the_next_begins(seed) -> None:
    x, baseline, members = embeddings(seed)
    corners = Corners(x, baseline, members, "causal")
    every = torch.arange(len(UNITS))
    starts, ends = corners.starts(every), corners.ends(every)
    assert_same(starts[0], baseline, 0)
    assert_same(starts[1:], ends[:-1], 0)
    assert_same(ends[-1], x, 0)


@given(SEED, st.lists(st.integers(0, 2), min_size=1, max_size=3, unique=True))
def test_lines_of_some_units_are_those_of_all_in_another_order(seed, units) -> None:
    corners, rule = Corners(*embeddings(seed)), RULES["gauss-legendre"](4)
    some = line_per_unit(corners, torch.tensor(units), rule)
    whole = line_per_unit(corners, torch.arange(len(UNITS)), rule)
    wanted = torch.cat([torch.arange(4) + 4 * unit for unit in units])
    assert_same(some.at(torch.arange(some.count)), whole.at(wanted), 0)
    assert_same(some.steps(torch.arange(some.count)), whole.steps(wanted), 0)


@pytest.mark.parametrize("context", ["full", "causal"])
def test_points_may_be_asked_for_in_any_order_and_more_than_once(context: str) -> None:
    x, baseline, members = embeddings(0)
    corners, rule = Corners(x, baseline, members, context), RULES["trapezoid"](5)
    for path in (line(x, baseline, rule), line_per_unit(corners, torch.arange(len(UNITS)), rule)):
        whole = path.at(torch.arange(path.count)), path.steps(torch.arange(path.count))
        drawn = torch.from_numpy(np.random.default_rng(0).integers(0, path.count, 40))
        assert_same(path.at(drawn), whole[0][drawn], 0)
        assert_same(path.steps(drawn), whole[1][drawn], 0)
