"""The guessing game's arithmetic: the same sentences for everyone, and scores that counting one by one confirms."""

from itertools import combinations
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sigviz.errors import InvalidSettings
from sigviz.teaching import guess
from sigviz.teaching.sentences import BY_KIND, KIND_OF
from sigviz.views import wording

SIZES = st.integers(1, 9)
ROWS = SIZES.flatmap(lambda n: st.lists(st.integers(-3, 3), min_size=n, max_size=n)).map(lambda row: np.array(row, float))


def test_a_seed_gives_the_same_sentences_for_ever() -> None:
    assert guess.drawn(1)[:3] == (
        "A masterpiece, no doubt, for everyone who loves to watch paint dry.",
        "My neighbour checked his watch eleven times before the lights came on.",
        "Funny in places, tiresome in most, and oddly moving at the very end.",
    ), "a class that was given a link before an update would see other sentences"


@pytest.mark.parametrize("seed", [1, 2, 77, 9999])
def test_a_round_has_two_different_sentences_of_each_kind(seed: int) -> None:
    drawn = guess.drawn(seed)
    assert len(set(drawn)) == len(drawn) == guess.ROUND == 10
    kinds = [KIND_OF[text] for text in drawn]
    assert all(kinds.count(kind) == guess.PER_KIND for kind in BY_KIND)


def test_other_seeds_give_other_rounds_and_every_sentence_comes() -> None:
    rounds = [guess.drawn(seed) for seed in range(1, 60)]
    assert len(set(rounds)) == len(rounds)
    assert {text for drawn in rounds for text in drawn} == set(KIND_OF)


def test_the_sentences_are_all_different_and_of_a_length_to_guess_about() -> None:
    assert len(KIND_OF) == sum(map(len, BY_KIND.values())) == 40
    assert all(text == text.strip() and "\n" not in text and 7 <= len(text.split()) <= 18 for text in KIND_OF)


@pytest.mark.parametrize("seed", [0, -1, 10_000, True, 1.0, "1", None])
def test_a_seed_that_is_none_is_refused(seed: object) -> None:
    with pytest.raises(InvalidSettings, match="from 1 to 9999"):
        guess.drawn(seed)  # type: ignore[arg-type]


@given(ROWS)
def test_top_words_are_the_bold_ones_of_the_maps(raw: np.ndarray) -> None:
    assert list(guess.top(raw)) == wording.emphasised(raw)
    assert guess.wanted(len(raw)) == wording.top_count(len(raw))


@given(SIZES, st.data())
def test_chance_is_what_counting_every_possible_guess_gives(n: int, data: st.DataObject) -> None:
    k = guess.wanted(n)
    top = set(data.draw(st.permutations(range(n)))[:k])
    hits = [len(top.intersection(blind)) for blind in combinations(range(n), k)]
    for found in range(k + 1):
        assert guess.luck(n, k, found) == pytest.approx(sum(hit >= found for hit in hits) / comb(n, k), abs=1e-12)
    outcome = guess.score(sorted(top), {"one": np.arange(n, dtype=float) + 1})
    assert outcome.blind == pytest.approx(sum(hits) / len(hits), abs=1e-12)


def test_chance_of_long_texts_is_still_exact() -> None:
    assert guess.luck(510, 102, 0) == 1
    assert 0 < guess.luck(510, 102, 102) == pytest.approx(1 / comb(510, 102))


def test_hits_are_the_marked_words_among_the_top_ones() -> None:
    raws = {"a": np.array([5.0, 4, 0, 0, 0, -1, -9]), "b": np.array([0.0, 5, 0, 0, 4, 0, 0]), "none": np.zeros(7)}
    outcome = guess.score([1, 6], raws)
    assert (outcome.k, outcome.n, outcome.marked) == (2, 7, (1, 6))
    assert [(one.name, one.top, one.hits) for one in outcome.against] == [
        ("a", (0, 1), 1),
        ("b", (1, 4), 1),
        ("none", (), 0),
    ]
    assert [one.luck for one in outcome.against] == pytest.approx([1 - comb(5, 2) / comb(7, 2)] * 2 + [1])
    assert outcome.blind == pytest.approx(4 / 7)
    assert outcome.shared == 1, "a method without top words shares nothing, and is no pair"


def test_a_word_that_speaks_strongly_against_is_no_top_word() -> None:
    assert guess.score([4], {"a": np.array([0.1, 0, 0, 0, -9.0])}).against[0].hits == 0


@given(st.lists(ROWS.map(guess.top), max_size=4))
def test_what_methods_share_is_the_mean_over_their_pairs(tops: list[tuple[int, ...]]) -> None:
    some = [set(one) for one in tops if one]
    pairs = [len(a & b) for i, a in enumerate(some) for b in some[i + 1 :]]
    assert guess.shared(tops) == (pytest.approx(np.mean(pairs)) if pairs else None)


@pytest.mark.parametrize("marked", [[], [0], [0, 0], [0, 1, 2], [0, 7], [-1, 0]])
def test_a_guess_with_other_than_k_places_of_the_text_is_refused(marked: list[int]) -> None:
    with pytest.raises(InvalidSettings, match="mark 2 different"):
        guess.score(marked, {"a": np.ones(7)})


@pytest.mark.parametrize("raws", [{}, {"a": np.ones(3), "b": np.ones(4)}])
def test_a_guess_against_nothing_or_different_units_is_refused(raws: dict[str, np.ndarray]) -> None:
    with pytest.raises(InvalidSettings, match="same units"):
        guess.score([0], raws)


@given(st.integers(1, 40), st.data())
def test_marks_come_back_out_of_a_link(n: int, data: st.DataObject) -> None:
    places = data.draw(st.lists(st.integers(0, n - 1), max_size=guess.wanted(n), unique=True))
    assert guess.marks(",".join(map(str, places)), n) == tuple(sorted(places))


@pytest.mark.parametrize("line", ["7", "0,1,2", "0,0", "-1", "a", "0,", ",", "1.0", "²", "0 1", " 1", "9" * 5000, "<b>"])
def test_marks_that_do_not_fit_are_refused_in_one_short_line(line: str) -> None:
    with pytest.raises(InvalidSettings, match="at most 2 different numbers from 0 to 6") as caught:
        guess.marks(line, 7)
    assert len(str(caught.value)) < 300


def test_a_tally_adds_up_each_method_over_the_sentences_in_which_it_was_asked() -> None:
    first = guess.score([0, 1], {"a": np.array([3.0, 2, 1, 0, 0, 0]), "b": np.zeros(6)})
    second = guess.score([4], {"a": np.array([3.0, 2, 1, 0, 0]), "c": np.array([0.0, 0, 0, 0, 1])})
    assert guess.tally([first, second]) == [
        guess.Tally("a", 2, 2, 3, pytest.approx(4 / 6 + 1 / 5)),
        guess.Tally("b", 0, 0, 0, 0),
        guess.Tally("c", 1, 1, 1, pytest.approx(1 / 5)),
    ]
    assert guess.tally([]) == []
