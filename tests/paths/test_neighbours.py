"""Nearest words: the same as by sorting all distances, nearest first, without the word itself."""

import torch
from hypothesis import given
from hypothesis import strategies as st

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
