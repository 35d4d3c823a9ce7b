"""DIG's walk, over random vocabularies: the same words as a slow walk takes, and a path on which no feature turns back."""

from contextlib import contextmanager, nullcontext
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from torch import Tensor

from sigviz.errors import Cancelled
from sigviz.paths.discretized import (
    AT_BASELINE,
    STRATEGIES,
    Walk,
    along,
    anchors,
    embedding_paths,
    joint,
    sequential,
    weighed,
)
from sigviz.paths.neighbours import Neighbours
from tests.methods import slow
from tests.methods.axioms import assert_differs, assert_one_way, assert_only_rows_differ, assert_same


def walked(vectors: Tensor, words: list[int], baseline: Tensor, token: int | None, walk: Walk) -> tuple[Tensor, Tensor]:
    """The anchors [n, m] and the paths [n, m + 2, D]."""
    near = Neighbours(vectors)
    found = anchors(torch.tensor(words), near, baseline, token, walk, nullcontext)
    return found, embedding_paths(torch.tensor(words), found, near, baseline, walk.steps)


@st.composite
def walks(draw):
    """A random vocabulary and a walk over it; of so few features that maxcount often likes several words equally."""
    V, D = draw(st.integers(2, 30)), draw(st.integers(1, 6))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    vectors = torch.from_numpy(random.normal(size=(V, D)))
    token = draw(st.one_of(st.none(), st.integers(0, V - 1)))
    baseline = torch.from_numpy(random.normal(size=D)) if token is None else vectors[token]
    walk = Walk(draw(st.sampled_from(STRATEGIES)), draw(st.integers(1, 8)), draw(st.integers(1, 40)))
    return SimpleNamespace(
        vectors=vectors,
        words=draw(st.lists(st.integers(0, V - 1), min_size=1, max_size=20)),
        token=token,
        baseline=baseline,
        walk=walk,
        slowly=(baseline.numpy(), token, vectors.numpy(), walk.strategy, walk.steps, walk.neighbours),
    )


@given(walks())
def test_the_anchors_are_those_of_the_slow_walk(case) -> None:
    found, _ = walked(case.vectors, case.words, case.baseline, case.token, case.walk)
    for word, row in zip(case.words, found.tolist(), strict=True):
        slowly = slow.anchors(word, *case.slowly)
        assert row == [AT_BASELINE if anchor is None else anchor for anchor in slowly]


@given(walks())
def test_the_paths_are_those_of_the_slow_walk(case) -> None:
    _, paths = walked(case.vectors, case.words, case.baseline, case.token, case.walk)
    for word, path in zip(case.words, paths, strict=True):
        assert_same(path, np.stack(slow.word_path(word, *case.slowly)), 1e-12)


@given(walks())
def test_a_path_leads_from_the_baseline_to_the_word_and_no_feature_turns_back(case) -> None:
    _, paths = walked(case.vectors, case.words, case.baseline, case.token, case.walk)
    assert paths.shape == (len(case.words), case.walk.steps + 2, case.vectors.shape[1])
    for word, path in zip(case.words, paths, strict=True):
        assert_same(path[0], case.baseline, 0)
        assert_same(path[-1], case.vectors[word], 0)
        assert_one_way(path)


@given(walks())
def test_a_walk_visits_no_word_twice_never_the_baseline_and_stays_there_once_arrived(case) -> None:
    found, _ = walked(case.vectors, case.words, case.baseline, case.token, case.walk)
    for word, row in zip(case.words, found.tolist(), strict=True):
        visited = [anchor for anchor in row if anchor != AT_BASELINE]
        assert len({word, *visited}) == 1 + len(visited)
        assert case.token not in visited
        assert row == visited + [AT_BASELINE] * (len(row) - len(visited))


def test_of_equally_good_words_the_one_nearest_to_the_anchor_is_taken() -> None:
    # all of words 1, 2, 3 lie between the baseline (0, 0) and word 0 in both features: maxcount likes them equally
    vectors = torch.tensor([[4.0, 4.0], [1.0, 1.0], [3.0, 3.0], [2.0, 2.0]])
    found, _ = walked(vectors, [0], torch.zeros(2), None, Walk("maxcount", 3, 10))
    assert found.tolist() == [[2, 3, 1]]


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_word_that_is_the_baseline_stays_there(strategy: str) -> None:
    vectors = torch.randn(9, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    found, paths = walked(vectors, [5, 2], vectors[5], 5, Walk(strategy, 3, 4))
    assert found[0].tolist() == [AT_BASELINE] * 3
    assert AT_BASELINE not in found[1].tolist()
    assert_same(paths[0], vectors[5].expand(5, -1), 0)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_walk_that_runs_out_of_words_goes_to_the_baseline(strategy: str) -> None:
    vectors = torch.randn(4, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    found, paths = walked(vectors, [0], vectors[1], 1, Walk(strategy, 6, 500))  # two other words, and K beyond them all
    assert sorted(found[0, :2].tolist()) == [2, 3]
    assert found[0, 2:].tolist() == [AT_BASELINE] * 4
    assert_same(paths[0, :5], vectors[1].expand(5, -1), 0)
    dead_end, _ = walked(vectors, [0], vectors[1], 1, Walk(strategy, 6, 1))  # K = 1: the one neighbour soon lies behind
    assert dead_end[0, -1] == AT_BASELINE


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_words_walk_alike_alone_and_in_company(strategy: str) -> None:
    vectors = torch.randn(40, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    walk, baseline = Walk(strategy, 5, 7), torch.zeros(4, dtype=torch.float64)
    words = [*range(40), 3, 3, 17]  # more than are walked at once, and some of them again
    together, _ = walked(vectors, words, baseline, None, walk)
    alone = [walked(vectors, [word], baseline, None, walk)[0][0].tolist() for word in words]
    assert together.tolist() == alone


def test_the_strategies_walk_different_ways() -> None:
    vectors = torch.randn(60, 6, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    ways = {s: walked(vectors, [7], vectors[4], 4, Walk(s, 5, 10))[0].tolist() for s in STRATEGIES}
    assert ways["greedy"] != ways["maxcount"] != ways["non-monotonic"] != ways["greedy"]


def test_a_walk_takes_a_turn_for_every_step_and_ends_when_it_gets_none() -> None:
    vectors = torch.randn(9, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    taken = []

    @contextmanager
    def two_turns():
        if len(taken) == 2:
            raise Cancelled
        taken.append("a turn")
        yield

    with pytest.raises(Cancelled):
        anchors(torch.tensor([0]), Neighbours(vectors), vectors[1], 1, Walk("greedy", 5, 3), two_turns)
    assert len(taken) == 2


@pytest.mark.parametrize("factor", [0, 1, 3])
def test_joint_moves_all_tokens_and_sequential_one_unit(factor: int) -> None:
    random = torch.Generator().manual_seed(0)
    x, tokens, m = torch.randn(6, 3, generator=random, dtype=torch.float64), torch.tensor([1, 2, 4]), 2
    members = torch.zeros(2, 6, dtype=torch.bool)
    members[0, [1, 2]] = members[1, 4] = True
    paths = torch.randn(3, m + 2, 3, generator=random, dtype=torch.float64)
    paths[:, -1] = x[tokens]
    slowly = torch.stack([torch.stack(slow.with_midpoints(list(path), factor)) for path in paths])  # [3, points, 3]
    together, alone = joint(x, tokens, paths, factor), sequential(x, tokens, paths, members, factor)
    assert together.count == (m + 1) * 2**factor == slowly.shape[1] - 1
    assert alone.count == 2 * together.count
    for k in range(together.count):
        at, step = (make(torch.tensor([k]))[0] for make in (together.at, together.steps))
        assert_only_rows_differ(at, x, tokens.tolist())
        assert_only_rows_differ(step, torch.zeros_like(x), tokens.tolist())
        assert_same(at[tokens], slowly[:, k], 1e-12)
        assert_same(step[tokens], slowly[:, k + 1] - slowly[:, k], 1e-12)
        for unit, rows in enumerate(([1, 2], [4])):
            number = torch.tensor([unit * together.count + k])
            assert_only_rows_differ(alone.at(number)[0], x, rows)
            assert_same(alone.at(number)[0][rows], at[rows], 0)
            assert_same(alone.steps(number)[0][rows], step[rows], 0)
            assert_only_rows_differ(alone.steps(number)[0], torch.zeros_like(x), rows)
    assert_differs(paths[:, 0], paths[:, -1], 0.1)


@given(walks(), st.integers(0, 2))
def test_places_along_the_way_are_those_of_the_joint_path_and_its_end(case, factor: int) -> None:
    words = case.words[:3]
    _, paths = walked(case.vectors, words, case.baseline, case.token, case.walk)
    x = torch.randn(len(words) + 2, case.vectors.shape[1], generator=torch.Generator().manual_seed(0)).double()
    tokens = torch.arange(1, len(words) + 1)
    whole, parts = joint(x, tokens, paths, factor), 2**factor
    k = torch.arange(whole.count)
    way = along(x, tokens, paths, k // parts, (k % parts) / parts)
    assert way.count == whole.count
    assert_same(way.at(k), whole.at(k), 1e-12)
    assert_same(way.steps(k) / parts, whole.steps(k), 1e-12)
    end = along(x, tokens, paths, torch.tensor([case.walk.steps]), torch.tensor([1.0]))
    assert_same(end.at(torch.tensor([0]))[0, tokens], case.vectors[words], 1e-12)
    assert_only_rows_differ(end.at(torch.tensor([0]))[0], x, tokens.tolist())


@given(walks())
def test_the_next_anchor_is_the_cheapest_candidate_that_may_be_taken(case) -> None:
    assume(case.words[0] != case.token)  # it has arrived before its first step
    found, _ = walked(case.vectors, case.words[:1], case.baseline, case.token, case.walk)
    near, word = Neighbours(case.vectors), torch.tensor(case.words[:1])
    candidates, cost = weighed(word, [word], near, case.baseline, case.token, case.walk)
    assert case.words[0] not in candidates.tolist()[0]
    free = [place for place, id in enumerate(candidates[0].tolist()) if id != case.token]
    assert cost.isfinite()[0].nonzero()[:, 0].tolist() == free
    best = AT_BASELINE if not free else int(candidates[0, min(free, key=lambda place: (float(cost[0, place]), place))])
    assert int(found[0, 0]) == best
