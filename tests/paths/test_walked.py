"""Walks are walked once, and a remembered one is the one that was walked."""

import threading

import pytest
import torch
from torch import Tensor

from sigviz.explain import explain
from sigviz.paths.discretized import STRATEGIES
from sigviz.paths.neighbours import Neighbours
from sigviz.paths.walked import WAYS, Walked
from tests import tiny


def test_only_words_that_were_never_met_are_walked() -> None:
    walked, asked = Walked(), []

    def walk(words: Tensor) -> Tensor:
        asked.append(words.tolist())
        return torch.stack([words * 10, words * 10 + 1], 1)

    first = walked.anchors(torch.tensor([3, 5, 3]), "way", walk)
    second = walked.anchors(torch.tensor([5, 7]), "way", walk)
    assert asked == [[3, 5], [7]]
    assert first.tolist() == [[30, 31], [50, 51], [30, 31]] and second.tolist() == [[50, 51], [70, 71]]
    assert first.dtype == torch.int64


def test_another_way_is_another_walk_and_the_oldest_way_is_forgotten() -> None:
    walked, count = Walked(), []

    def walk(words: Tensor) -> Tensor:
        count.append(len(words))
        return words[:, None]

    for way in (*range(WAYS + 1), WAYS, 0):
        walked.anchors(torch.tensor([1]), way, walk)
    assert len(count) == WAYS + 2


def test_threads_get_whole_walks() -> None:
    walked, found = Walked(), []

    def ask(start: int) -> None:
        for _ in range(50):
            words = torch.arange(start, start + 30)
            found.append(bool((walked.anchors(words, "way", lambda new: new[:, None] * 2)[:, 0] == words * 2).all()))

    threads = [threading.Thread(target=ask, args=(start,)) for start in (0, 10, 20, 30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 200 and all(found)


def test_a_model_that_has_walked_before_explains_the_same() -> None:
    fresh, used = tiny.watched(), tiny.watched()
    explain(used, tiny.MIXED, "dig", steps=4, neighbours=10)
    explain(used, tiny.TEXT, "dig", steps=4, neighbours=10, baseline="pad")
    for baseline in ("mask", "pad"):
        given = {"steps": 4, "neighbours": 10, "baseline": baseline}
        again, first = (explain(model, tiny.TEXT, "dig", **given).raw for model in (used, fresh))
        assert abs(again - first).max() < 1e-12


def test_what_walks_have_met_is_remembered_up_to_a_bound_the_last_looked_at_longest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sigviz.paths.walked.MOST_MET", 3)
    walked, one = Walked(), (torch.zeros(2), torch.zeros(2))
    walked.keep("way", {1: one, 2: one})
    walked.keep("way", {2: one, 3: one, 4: one})
    assert [*walked.met("way")] == [2, 3, 4]
    assert walked.met("another way") == {}
    copy = walked.met("way")
    copy.clear()
    assert len(walked.met("way")) == 3
    for way in range(WAYS):
        walked.keep(way, {1: one})
    assert walked.met("way") == {}


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_who_knows_what_others_met_walks_the_same_way_and_searches_less(
    strategy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    searched: list[int] = []
    nearest = Neighbours.nearest
    monkeypatch.setattr(
        Neighbours, "nearest", lambda self, words, k: (searched.append(len(words)), nearest(self, words, k))[1]
    )
    fresh, used = tiny.watched(), tiny.watched()
    given = {"steps": 6, "neighbours": 5, "strategy": strategy}
    explain(used, tiny.MIXED, "dig", **given)
    used.walked.forget_walks()
    searched.clear()
    again = explain(used, tiny.MIXED, "dig", **given)
    assert searched == []
    assert (again.raw == explain(fresh, tiny.MIXED, "dig", **given).raw).all() and sum(searched) > 0
