"""Agreement between two rows of scores: the paper's examples, pairs counted one by one, and what must always hold."""

from collections.abc import Callable
from itertools import combinations
from math import ceil, comb, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sigviz.errors import InvalidSettings
from sigviz.studies.agreement import jaccard, kendall_tau, top_overlap

SCORES = st.integers(-4, 4)  # few values, so that there are ties
ROWS = st.lists(SCORES, min_size=1, max_size=12)
PAIRS = st.integers(1, 12).flatmap(lambda n: st.tuples(*[st.lists(SCORES, min_size=n, max_size=n)] * 2))
K = st.integers(1, 100)

# Zafar et al. 2021, Appendix D: the text in the model's pieces, and what two models put on top of it
YARN = """at heart the movie is a def ##tly wrought suspense yarn whose richer sha ##ding ##s work as coloring rather than
substance"""
FABLE = "an infectious cultural fable with a ta ##sty balance of family drama and fr ##ene ##tic comedy"
NOKIA = """nokia shares hit 13 . 21 euros on friday , down 50 percent from the start of the year in part because of the slow
introduction of touch - screen models"""
APPENDIX_D = [
    (YARN, "substance rather at yarn coloring movie", "heart ##tly suspense at yarn def", 20),
    (FABLE, "fable infectious cultural balance an", "cultural balance infectious fable an", 100),
    (NOKIA, ", . down friday shares euros nokia hit", ", . down euros friday hit shares nokia", 100),
]


def scores(text: str, top: str) -> list[float]:
    """Scores that rank these words first, in their order, and the others far below."""
    ranked = top.split()
    return [float(len(ranked) - ranked.index(word)) if word in ranked else -1.0 for word in text.split()]


@pytest.mark.parametrize(("text", "first", "second", "per_cent"), APPENDIX_D)
def test_the_examples_of_appendix_d(text: str, first: str, second: str, per_cent: int) -> None:
    assert len(first.split()) == ceil(0.25 * len(text.split())), "the paper's tops have as many words as ceil gives"
    assert 100 * jaccard(scores(text, first), scores(text, second), 25) == pytest.approx(per_cent, abs=1e-12)


def slowly_on_top(row: list[int], k: int) -> set[int]:
    ranked = sorted(range(len(row)), key=lambda i: (-row[i], i))
    return set(ranked[: -(-k * len(row) // 100)])


@given(PAIRS, K)
def test_top_words_are_compared_as_sets(pair: tuple[list[int], list[int]], k: int) -> None:
    one, other = (slowly_on_top(row, k) for row in pair)
    assert jaccard(*pair, k) == pytest.approx(len(one & other) / len(one | other), abs=1e-15)
    assert top_overlap(*pair, k) == pytest.approx(len(one & other) / len(one), abs=1e-15)


@given(PAIRS)
def test_kendalls_tau_is_counted_pair_by_pair(pair: tuple[list[int], list[int]]) -> None:
    a, b = pair
    agreeing, tied_a, tied_b = 0, 0, 0
    for i, j in combinations(range(len(a)), 2):
        product = (a[i] - a[j]) * (b[i] - b[j])
        agreeing += (product > 0) - (product < 0)
        tied_a += a[i] == a[j]
        tied_b += b[i] == b[j]
    pairs = comb(len(a), 2)
    under = sqrt((pairs - tied_a) * (pairs - tied_b))
    assert kendall_tau(a, b) == pytest.approx(agreeing / under if under else 0.0, abs=1e-12)


def test_kendalls_tau_of_a_worked_example() -> None:
    assert kendall_tau([1, 2, 3, 4], [1, 3, 2, 4]) == pytest.approx(4 / 6)
    assert kendall_tau([1, 1, 2], [1, 2, 3]) == pytest.approx(2 / sqrt(2 * 3))


@given(ROWS, K)
def test_a_row_agrees_with_itself(row: list[int], k: int) -> None:
    assert jaccard(row, row, k) == top_overlap(row, row, k) == 1
    assert kendall_tau(row, row) == pytest.approx(1 if len(set(row)) > 1 else 0)


@given(PAIRS, K)
def test_neither_side_comes_first_and_scale_does_not_matter(pair: tuple[list[int], list[int]], k: int) -> None:
    a, b = (np.array(row, dtype=float) for row in pair)
    for measure in (lambda x, y: jaccard(x, y, k), lambda x, y: top_overlap(x, y, k), kendall_tau):
        assert measure(a, b) == measure(b, a) == measure(1e-12 * a, b)


@given(ROWS)
def test_a_reversed_order_is_minus_one(row: list[int]) -> None:
    assert kendall_tau(row, [-score for score in row]) == pytest.approx(-1 if len(set(row)) > 1 else 0)


def test_shares_are_exact_where_floating_point_is_not() -> None:
    assert 0.07 * 100 > 7
    a, b = np.zeros(100), np.zeros(100)
    a[:7], b[:7] = 1, 2
    b[50] = 1  # the eighth, if there were one
    assert jaccard(a, b, 7) == 1 > jaccard(a, b, 8)


def test_of_equal_scores_the_earlier_are_on_top() -> None:
    assert jaccard([1, 1, 1, 1], [2, 1, 0, 0], 50) == 1
    assert jaccard([0, 0, 1, 1], [0, 0, 2, 1], 25) == 1


@pytest.mark.parametrize("measure", [lambda a, b: jaccard(a, b, 20), lambda a, b: top_overlap(a, b, 20), kendall_tau])
@pytest.mark.parametrize(
    ("a", "b"), [([1, 2], [1, 2, 3]), ([], []), ([1, float("nan")], [1, 2]), ([1, 2], [1, float("inf")]), ([[1, 2]], [[1, 2]])]
)
def test_what_cannot_be_compared_is_refused(measure: Callable[..., float], a: list[float], b: list[float]) -> None:
    with pytest.raises(InvalidSettings):
        measure(a, b)


@pytest.mark.parametrize("k", [0, -1, 101, float("nan"), "20", True, None])
@pytest.mark.parametrize("measure", [jaccard, top_overlap])
def test_shares_that_are_none_are_refused(measure: Callable[..., float], k: float) -> None:
    with pytest.raises(InvalidSettings, match="k is"):
        measure([1, 2], [1, 2], k)
