"""Ranks and their spread: by hand, and what must hold for any scores; only like is ranked with like."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sigviz.attribution import Attribution
from sigviz.errors import InvalidSettings
from sigviz.explain import explain
from sigviz.methods import METHODS
from sigviz.studies.agreement import kendall_tau, top_overlap
from sigviz.studies.plan import CHANCE
from sigviz.teaching import ranks
from tests import tiny

ROWS = st.integers(1, 9).flatmap(
    lambda n: st.lists(st.lists(st.integers(-3, 3), min_size=n, max_size=n), min_size=2, max_size=5)
)


def _made(*rows: list[float], methods: tuple[str, ...] = ("ig", "sig-exact", "dig", "saliency", "lime")) -> list[Attribution]:
    """One explanation a row, with these raw scores."""
    one = explain(tiny.bert(), tiny.TEXT, "sig-exact")
    units = tuple(replace(one.units[0], text=str(place)) for place in range(len(rows[0])))
    return [
        replace(one, units=units, raw=np.array(row, float), expected=None, settings=METHODS[method].settings())
        for method, row in zip(methods, rows, strict=False)
    ]


def test_rank_one_has_the_largest_signed_score() -> None:
    found = ranks.ranking(_made([0.5, -2.0, 1.0], [3.0, 2.0, 1.0]))
    assert found.ranks.tolist() == [[2, 3, 1], [1, 2, 3]]
    assert found.lowest.tolist() == [1, 2, 1] and found.highest.tolist() == [2, 3, 3]
    assert found.spread.tolist() == [0.5, 0.5, 1.0]
    assert found.disputed == [2, 0, 1] and found.texts_order == [0, 1, 2]


def test_words_that_tie_share_the_mean_of_their_places() -> None:
    found = ranks.ranking(_made([0.0, 1.0, 0.0, -1.0], [0.0, 0.0, 0.0, 0.0]))
    assert found.ranks.tolist() == [[2.5, 1, 2.5, 4], [2.5] * 4]


@given(ROWS)
def test_ranks_add_up_and_count_who_is_above(rows: list[list[float]]) -> None:
    found, n = ranks.ranking(_made(*rows)), len(rows[0])
    for row, got in zip(rows, found.ranks, strict=True):
        slow = [1 + sum(other > one for other in row) + (row.count(one) - 1) / 2 for one in row]
        assert got.tolist() == slow and got.sum() == pytest.approx(n * (n + 1) / 2)
    assert found.spread == pytest.approx([float(np.std(column)) for column in found.ranks.T], abs=1e-12)
    assert sorted(found.disputed) == list(range(n))
    assert (np.diff(found.spread[found.disputed]) <= 0).all()


@given(ROWS, st.integers(1, 100))
def test_every_two_methods_are_compared_once(rows: list[list[float]], k: int) -> None:
    pairs = ranks.pairs(ranks.ranking(_made(*rows)), k)
    m = len(rows)
    assert [(pair.first, pair.second) for pair in pairs] == [(i, j) for i in range(m) for j in range(i + 1, m)]
    for pair in pairs:
        one, other = rows[pair.first], rows[pair.second]
        assert (pair.tau, pair.overlap) == (kendall_tau(one, other), top_overlap(one, other, k))


def test_the_control_is_ranked_but_counts_in_nothing() -> None:
    made = _made([3.0, 2.0, 1.0], [3.0, 2.0, 1.0], [1.0, 3.0, 2.0], methods=("ig", "sig-exact", "random"))
    found = ranks.ranking(made)
    assert found.counted.tolist() == [True, True, False] and found.ranks[2].tolist() == [3, 1, 2]
    assert found.spread.tolist() == [0, 0, 0] and found.highest.tolist() == [1, 2, 3]
    pairs = ranks.pairs(found, 20)
    assert [pair.counted for pair in pairs] == [True, False, False]
    assert ranks.extremes(pairs) == (pairs[0], pairs[0])


def test_the_extremes_are_those_of_the_largest_and_smallest_tau() -> None:
    pairs = ranks.pairs(ranks.ranking(_made([3, 2, 1, 0], [3, 2, 0, 1], [0, 1, 2, 3])), 25)
    most, least = ranks.extremes(pairs)
    assert (most.first, most.second) == (0, 1) and (least.first, least.second) == (0, 2)
    assert least.tau == -1.0


@pytest.mark.parametrize(
    "methods", [(), ("ig",), ("ig", "random"), ("random", "random")], ids=["none", "one", "one and the control", "controls"]
)
def test_fewer_than_two_methods_agree_with_nobody(methods: tuple[str, ...]) -> None:
    with pytest.raises(InvalidSettings, match="two of them"):
        ranks.ranking(_made(*[[1.0, 2.0]] * max(1, len(methods)), methods=methods) if methods else [])


def test_only_like_is_ranked_with_like() -> None:
    model = tiny.bert()
    exact = explain(model, tiny.MIXED, "sig-exact")
    for other in (
        explain(model, tiny.TEXT, "saliency"),
        explain(model, tiny.MIXED, "saliency", unit="word"),
        explain(model, tiny.MIXED, "saliency", output="probability"),
        explain(model, tiny.MIXED, "saliency", target=(exact.target + 1) % 3),
    ):
        with pytest.raises(InvalidSettings, match="same text"):
            ranks.ranking([exact, other])


@pytest.mark.parametrize("method", METHODS)
def test_no_method_takes_more_steps_samples_and_seeds_than_asked(method: str) -> None:
    settings = METHODS[method].settings(**ranks.options(method, steps=3, samples=20))
    assert settings.option("seeds") in (None, 1)
    assert settings.option("steps") is None or settings.option("steps") <= 3
    assert settings.option("samples") is None or 1 <= settings.option("samples") <= 20


@pytest.mark.parametrize("method", METHODS)
def test_within_the_limit_a_methods_own_steps_stay(method: str) -> None:
    own = {option.name: option.default for option in METHODS[method].options}
    assert ranks.options(method, steps=1000, samples=1000).get("steps") == own.get("steps")


def test_limits_below_one_are_refused() -> None:
    for limits in ({"steps": 0}, {"samples": 0}):
        with pytest.raises(InvalidSettings, match="1 or more"):
            ranks.options("ig", **limits)


def test_the_first_methods_exist_and_have_the_control_among_them() -> None:
    assert set(ranks.FIRST) <= set(METHODS) and CHANCE in ranks.FIRST and set(ranks.UNSIGNED) <= set(METHODS)


def test_the_file_holds_every_rank_and_score() -> None:
    found = ranks.ranking([explain(tiny.bert(), tiny.TEXT, method) for method in ("sig-exact", "saliency")])
    rows = ranks.rows(found, ["A", "B"])
    assert [row["text"] for row in rows] == [unit.text for unit in found.units]
    assert [row["rank, A"] for row in rows] == found.ranks[0].tolist()
    assert [row["raw, B"] for row in rows] == found.attributions[1].raw.tolist()
    assert [row["spread of ranks"] for row in rows] == found.spread.tolist()
    pair = ranks.pair_rows(ranks.pairs(found, 40), ["A", "B"], 40)[0]
    assert (pair["method"], pair["other"], pair["top %"], pair["with a control"]) == ("A", "B", 40, False)
