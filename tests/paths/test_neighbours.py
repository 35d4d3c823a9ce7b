"""Nearest words: the same as by sorting all distances, nearest first, without the word itself."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from sigviz.paths import neighbours
from sigviz.paths.neighbours import Neighbours


@given(st.integers(2, 60), st.integers(1, 80), st.integers(0, 1000))
def test_neighbours_are_those_of_a_sorted_list_of_distances(words: int, count: int, seed: int) -> None:
    vectors = torch.randn(words, 5, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    asked = torch.tensor([0, words - 1, words // 2])
    found = Neighbours(vectors).nearest(asked, count)
    for word, row in zip(asked.tolist(), found.tolist(), strict=True):
        distances = [(float((vectors[other] - vectors[word]).norm()), other) for other in range(words) if other != word]
        assert row == [other for _, other in sorted(distances)][:count]


def test_a_twin_of_a_word_is_its_neighbour_and_the_word_itself_never_is() -> None:
    vectors = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 0.0]])
    assert Neighbours(vectors).nearest(torch.tensor([0, 1]), 2).tolist() == [[1, 2], [0, 2]]


@given(st.integers(1, 40), st.integers(1, 30), st.integers(0, 1000))
def test_the_closest_word_of_a_point_is_that_of_all_distances(words: int, points: int, seed: int) -> None:
    random = torch.Generator().manual_seed(seed)
    vectors, asked = (torch.randn(count, 4, generator=random, dtype=torch.float64) for count in (words, points))
    found, away = Neighbours(vectors).closest(asked)
    distances = torch.cdist(asked, vectors, compute_mode="donot_use_mm_for_euclid_dist")
    assert found.tolist() == distances.argmin(1).tolist()
    assert torch.allclose(away, distances.amin(1), rtol=0, atol=1e-12)


def test_a_point_on_a_word_is_no_distance_away_even_in_single_precision_and_far_from_the_origin() -> None:
    vectors = 1000 + torch.randn(50, 8, generator=torch.Generator().manual_seed(0))
    found, away = Neighbours(vectors).closest(vectors[[7, 30]])
    assert away.tolist() == [0.0, 0.0] and found.shape == (2,)


def test_points_are_looked_up_a_few_at_a_time_with_the_same_result(monkeypatch) -> None:
    random = torch.Generator().manual_seed(2)
    vectors, asked = (torch.randn(count, 4, generator=random) for count in (20, 33))
    whole = Neighbours(vectors).closest(asked)
    monkeypatch.setattr(neighbours, "_NUMBERS_AT_ONCE", 41)
    for found, expected in zip(Neighbours(vectors).closest(asked), whole, strict=True):
        assert found.tolist() == expected.tolist()
