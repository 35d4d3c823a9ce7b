"""Random points: the same whatever is asked for together, different for every point and seed, and rightly distributed."""

import numpy as np
import pytest
import torch

from sigviz.paths.clouds import Cloud, around, at_text, between, normals, uniforms
from tests.methods.axioms import assert_differs, assert_same, assert_zero

X = torch.randn(5, 4, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
BASELINE = torch.where(torch.tensor([False, True, True, True, False])[:, None], 0.5, X)
MOVING = torch.tensor([False, True, True, True, False])
CLOUD = Cloud(40, seed=3, sigma=0.2)
EVERY = torch.arange(40)


def paths(cloud: Cloud):
    return [around(X, MOVING, X, cloud), between(X, BASELINE, MOVING, cloud)]


@pytest.mark.parametrize("path", paths(CLOUD))
def test_a_point_is_the_same_alone_and_in_company_and_later_again(path) -> None:
    whole = path.at(EVERY)
    for k in (0, 17, 39):
        assert_same(path.at(torch.tensor([k]))[0], whole[k], 0)
    assert_same(path.at(EVERY.flip(0)), whole.flip(0), 0)


def test_asking_neither_reads_nor_moves_the_global_generators() -> None:
    first = [path.at(EVERY) for path in paths(CLOUD)]
    np.random.seed(9)
    torch.manual_seed(9)
    numpy_before, torch_before = np.random.get_state()[1].copy(), torch.get_rng_state()
    for path, points in zip(paths(CLOUD), first, strict=True):
        assert_same(path.at(EVERY), points, 0)
    assert torch.equal(torch.get_rng_state(), torch_before)
    assert (np.random.get_state()[1] == numpy_before).all()


def test_points_and_seeds_differ() -> None:
    for one, other in zip(paths(CLOUD), paths(Cloud(40, seed=4, sigma=0.2)), strict=True):
        assert_differs(one.at(EVERY)[0], one.at(EVERY)[1], 1e-3)
        assert_differs(one.at(EVERY), other.at(EVERY), 1e-3)


def test_point_1_of_a_seed_is_not_point_0_of_the_next() -> None:
    """Were keys added up, seeds would share all but one of their points, and the spread over them would be too small."""
    assert_differs(normals(0, torch.tensor([1]), X.shape), normals(1, torch.tensor([0]), X.shape), 1e-2)
    assert_differs(uniforms(0, torch.tensor([1])), uniforms(1, torch.tensor([0])), 1e-3)


def test_the_numbers_are_uniform_and_normal() -> None:
    many = torch.arange(4000)
    flat = uniforms(0, many)
    assert_same([flat.mean(), flat.var()], [1 / 2, 1 / 12], 0.01)
    bell = normals(0, many, torch.Size([3]))
    assert_same([bell.mean(), bell.var(), (bell**4).mean()], [0, 1, 3], 0.15)


def test_noise_moves_what_may_move_by_a_share_of_its_range() -> None:
    moved = around(X, MOVING, X, Cloud(3000, 0, 0.2)).at(torch.arange(3000)) - X
    assert_zero(moved[:, ~MOVING])
    assert_same(moved[:, MOVING].std(), 0.2 * (X[MOVING].max() - X[MOVING].min()), 0.01)


def test_points_between_lie_on_the_line_without_noise() -> None:
    points = between(X, BASELINE, MOVING, Cloud(20, 0, 0.0)).at(torch.arange(20))
    shares = uniforms(0, torch.arange(20))[:, None, None]
    assert_same(points, BASELINE + shares * (X - BASELINE), 1e-15)
    assert (shares.min(), shares.max()) == (shares.clamp(0, 1).min(), shares.clamp(0, 1).max())


@pytest.mark.parametrize("path", [*paths(CLOUD), at_text(X, X - BASELINE)])
def test_the_steps_add_up_to_the_whole(path) -> None:
    whole = path.steps(torch.arange(path.count)).sum(0)
    assert_same(whole, X if path.count == 40 and torch.allclose(whole, X) else X - BASELINE, 1e-12)
