"""Two models side by side: classes matched by name, and words that lie over each other, against slow loops."""

import dataclasses
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sigviz
from sigviz.attribution import Attribution, Unit
from sigviz.errors import InvalidSettings
from sigviz.models.classifier import TextClassifier
from sigviz.studies import pairs
from sigviz.studies.agreement import jaccard
from tests import tiny
from tests.models.families import FAMILIES
from tests.studies.test_agreement import APPENDIX_D, scores

TEXT = "abcdefghijklmnopqrst"


def units(*spans: tuple[int, int]) -> tuple[Unit, ...]:
    return tuple(Unit(TEXT[start:end], start, end, (at + 1,)) for at, (start, end) in enumerate(spans))


def cut(*places: int) -> tuple[Unit, ...]:
    """The text from the first place to the last, cut at those between."""
    return units(*pairwise(places))


def explained(given: tuple[Unit, ...], raw: list[float], text: str = TEXT) -> Attribution:
    """An explanation of which only units and scores are looked at."""
    made = sigviz.explain(tiny.bert(), tiny.TEXT, "random", seeds=1)
    return dataclasses.replace(made, text=text, units=given, raw=np.array(raw, float))


# Classes


def test_classes_are_matched_by_name_whatever_their_order_and_capitals() -> None:
    found = pairs.match(("negative", "neutral", "positive"), (" Positive", "NEGATIVE ", "Neutral"))
    assert found.classes == (1, 2, 0) and found.note == ""
    assert found.agree(0, 1) and found.agree(2, 0) and not found.agree(0, 0)


def test_names_that_differ_in_capitals_alone_are_told_apart() -> None:
    assert pairs.match(("A", "a"), ("a", "A")).classes == (1, 0)
    assert pairs.match(("a", "b"), ("A", "a", "b")).classes == (1, 2)
    assert pairs.match(("A", "a", "b"), ("a", "b")).classes == (None, 0, 1), "one class has one partner"
    assert pairs.match(("a", "b"), ("A", "A ", "b")).classes == (None, 2), "which of the two is meant?"


def test_classes_without_a_partner_are_said_and_agree_with_nothing() -> None:
    found = pairs.match(("negative", "neutral", "positive"), ("positive", "negative", "mixed"))
    assert found.classes == (1, None, 0)
    assert "the first alone: neutral" in found.note and "the second alone: mixed" in found.note
    assert not any(found.agree(1, other) for other in range(3)) and not any(found.agree(one, 2) for one in range(3))
    assert "the second" not in pairs.match(("a", "b"), ("b",)).note and "the first" not in pairs.match(("b",), ("a", "b")).note


def test_models_without_a_common_class_are_refused_by_their_names() -> None:
    with pytest.raises(InvalidSettings, match="no class in common: one has negative, positive, the other cat, dog"):
        pairs.match(("negative", "positive"), ("cat", "dog"))


def test_a_message_stays_short_whatever_a_model_calls_its_classes() -> None:
    endless = tuple(f"{number}<script>" * 5_000 for number in range(200))
    with pytest.raises(InvalidSettings, match="and 190 more") as caught:
        pairs.match(endless, ("a",))
    assert len(str(caught.value)) < 800
    assert len(pairs.match((*endless, "a"), ("a", "b")).note) < 800


NAMES = st.lists(st.sampled_from(["a", "A", "a ", "b", "B", "ß", "SS", "c"]), min_size=1, max_size=5, unique=True)


@given(NAMES, NAMES)
def test_matching_is_one_to_one_and_the_same_from_both_sides(first: list[str], second: list[str]) -> None:
    def partners(one: list[str], other: list[str]) -> set[tuple[int, int]]:
        try:
            found = pairs.match(one, other).classes
        except InvalidSettings:
            return set()
        return {(at, number) for at, number in enumerate(found) if number is not None}

    there, back = partners(first, second), partners(second, first)
    assert there == {(at, number) for number, at in back}
    assert len({at for at, _ in there}) == len({number for _, number in there}) == len(there)
    assert all(first[at].strip().casefold() == second[number].strip().casefold() for at, number in there)
    shared = {name for name in first if name in second}
    assert {(first.index(name), second.index(name)) for name in shared} <= there


# Pieces


@st.composite
def cuts(draw: st.DrawFn, start: int = 0) -> tuple[Unit, ...]:
    """The text cut anywhere, from `start` to any end; between two units there may be a gap, as white space leaves one."""
    places = sorted(draw(st.sets(st.integers(start, len(TEXT)), min_size=2, max_size=12)))
    spans = list(pairwise(places))
    kept = [span for span in spans if draw(st.integers(0, 4))] or spans[:1]
    return units(*kept)


def components(first: tuple[Unit, ...], second: tuple[Unit, ...]) -> list[tuple[list[int], list[int]]]:
    """Slowly: units of both, joined as long as any two share a character; what has no partner left out."""
    groups = [({at}, set(), set(range(unit.start, unit.end))) for at, unit in enumerate(first)]
    groups += [(set(), {at}, set(range(unit.start, unit.end))) for at, unit in enumerate(second)]
    joined = True
    while joined:
        joined = False
        for at, one in enumerate(groups):
            for other in groups[at + 1 :]:
                if one[2] & other[2]:
                    groups.remove(other)
                    for mine, theirs in zip(one, other, strict=True):
                        mine |= theirs  # type: ignore[operator]
                    joined = True
                    break
            if joined:
                break
    found = sorted((min(letters), sorted(a), sorted(b)) for a, b, letters in groups if a and b)
    return [(a, b) for _, a, b in found]


@given(cuts(), cuts())
def test_pieces_are_the_smallest_that_both_cut_alike(first: tuple[Unit, ...], second: tuple[Unit, ...]) -> None:
    expected = components(first, second)
    if not expected:
        with pytest.raises(InvalidSettings, match="no common piece"):
            pairs.aligned(first, second)
        return
    left, right = pairs.aligned(first, second)
    assert list(zip(left, right, strict=True)) == expected
    for pieces, given_units in ((left, first), (right, second)):
        used = [number for piece in pieces for number in piece]
        assert used == sorted(set(used)), "disjoint and in the order of the text"
        letters = [{letter for n in piece for letter in range(given_units[n].start, given_units[n].end)} for piece in pieces]
        assert all(max(one) < min(other) for one, other in pairwise(letters))


@given(cuts(), cuts())
def test_the_pieces_hold_exactly_what_both_have_read(first: tuple[Unit, ...], second: tuple[Unit, ...]) -> None:
    read = [{letter for unit in some for letter in range(unit.start, unit.end)} for some in (first, second)]
    if not read[0] & read[1]:
        return
    for some, pieces, others in zip((first, second), pairs.aligned(first, second), (read[1], read[0]), strict=True):
        used = {number for piece in pieces for number in piece}
        assert used == {at for at, unit in enumerate(some) if others & set(range(unit.start, unit.end))}


@given(st.data(), cuts(), cuts())
def test_sums_of_scores_are_kept_and_the_value_is_the_same_both_ways(
    data: st.DataObject, first: tuple[Unit, ...], second: tuple[Unit, ...]
) -> None:
    if not components(first, second):
        return
    one, other = (
        explained(some, data.draw(st.lists(st.integers(-9, 9), min_size=len(some), max_size=len(some))))
        for some in (first, second)
    )
    k = data.draw(st.integers(1, 100))
    there, back = pairs.overlap(one, other, k), pairs.overlap(other, one, k)
    assert there.value == back.value and there.pieces == back.pieces
    assert np.array_equal(there.first, back.second) and np.array_equal(there.second, back.first)
    left, right = pairs.aligned(first, second)
    sums = [[sum(some.raw[n] for n in piece) for piece in pieces] for some, pieces in ((one, left), (other, right))]
    assert there.value == jaccard(*sums, k)
    for chosen, pieces in ((there.first, left), (there.second, right)):
        on = [number for number in np.flatnonzero(chosen)]
        whole = [piece for piece in pieces if piece[0] in on]
        assert sorted(on) == sorted(number for piece in whole for number in piece), "pieces are on top as wholes"
        assert len(whole) == -(-k * len(pieces) // 100)


def test_one_tokenizer_needs_no_pieces() -> None:
    same = units((0, 3), (4, 4), (4, 9))  # also a token that stands nowhere
    assert pairs.aligned(same, same) == ([[0], [1], [2]], [[0], [1], [2]])
    odd = [0.5, 3.0, 1.0]
    assert pairs.overlap(explained(same, odd), explained(same, odd), 30).value == 1


def test_finer_tokens_are_added_up() -> None:
    words, letters = cut(0, 4, 8, 12), cut(0, 2, 4, 8, 9, 10, 12)
    assert pairs.aligned(words, letters) == ([[0], [1], [2]], [[0, 1], [2], [3, 4, 5]])
    assert pairs.aligned(cut(0, 3, 6), cut(0, 2, 4, 6)) == ([[0, 1]], [[0, 1, 2]]), "cut across each other"
    found = pairs.overlap(explained(words, [0.0, 0.0, 5.0]), explained(letters, [1, 1, 9, 4, 4, 4]), 30)
    assert found.value == 1 and found.pieces == 3
    assert found.first.tolist() == [False, False, True] and found.second.tolist() == [False, False, False, True, True, True]


def test_what_the_limit_of_one_model_cut_off_is_left_out() -> None:
    whole, short = cut(0, 2, 4, 6, 8, 10), cut(0, 2, 4)
    found = pairs.overlap(explained(whole, [1, 2, 3, 4, 5]), explained(short, [1, 2]), 50)
    assert found.pieces == 2 and found.value == 1
    assert found.first.tolist() == [False, True, False, False, False]
    assert pairs.aligned(cut(0, 2, 6, 8), short) == ([[0], [1]], [[0], [1]]), "a word that is cut in two is compared"


def test_bytes_of_one_letter_are_one_piece() -> None:
    letters, four_bytes = units((0, 1), (1, 2)), units((0, 1), (0, 1), (0, 1), (0, 1), (1, 2))
    assert pairs.aligned(letters, four_bytes) == ([[0], [1]], [[0, 1, 2, 3], [4]])
    assert pairs.aligned(units((1, 2)), four_bytes) == ([[0]], [[4]]), "bytes alone are no common piece"


def test_tokens_that_stand_nowhere_are_left_out() -> None:
    assert pairs.aligned(units((0, 0), (0, 2), (2, 2)), cut(0, 1, 2)) == ([[1]], [[0, 1]])


def test_nothing_in_common_and_two_texts_are_refused() -> None:
    with pytest.raises(InvalidSettings, match="no common piece"):
        pairs.overlap(explained(cut(0, 2, 4), [1, 2]), explained(cut(4, 6), [1]), 25)
    with pytest.raises(InvalidSettings, match="of different texts"):
        pairs.overlap(explained(cut(0, 2), [1]), explained(cut(0, 2), [1], text="another"), 25)


@pytest.mark.parametrize("k", [0, -1, 101, float("nan"), "25", None, True])
def test_a_k_that_is_no_share_is_refused(k: object) -> None:
    one = explained(cut(0, 2, 4), [1, 2])
    with pytest.raises(InvalidSettings, match="k is"):
        pairs.overlap(one, one, k)  # type: ignore[arg-type]


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_scores_that_are_no_numbers_are_refused(bad: float) -> None:
    with pytest.raises(InvalidSettings, match="finite numbers"):
        pairs.overlap(explained(cut(0, 2, 4), [1, bad]), explained(cut(0, 2, 4), [1, 2]), 25)


@pytest.mark.parametrize(("text", "first", "second", "per_cent"), APPENDIX_D)
def test_the_examples_of_appendix_d(text: str, first: str, second: str, per_cent: int) -> None:
    pieces = [piece.removeprefix("##") for piece in text.split()]
    ends = np.cumsum([len(piece) + 1 for piece in pieces])
    spans = tuple(Unit(piece, int(end) - len(piece) - 1, int(end) - 1, ()) for piece, end in zip(pieces, ends, strict=True))
    one, other = (explained(spans, scores(text, top), text=" ".join(pieces)) for top in (first, second))
    found = pairs.overlap(one, other, 25)
    assert round(100 * found.value) == per_cent
    for chosen, named in ((found.first, first), (found.second, second)):
        assert {word for word, on in zip(text.split(), chosen, strict=True) if on} == set(named.split())


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("text", ["a gorgeous , witty movie !", "Das Café naïve 😀 שלום 很 好", "unbearably"])
def test_every_tokenizer_lies_over_the_tiny_berts(name: str, text: str) -> None:
    model, tokenizer = FAMILIES[name]()
    other = TextClassifier(model, tokenizer, name=name)
    one, two = (sigviz.explain(each, text, "random", seeds=1) for each in (tiny.bert(), other))
    found = pairs.overlap(one, two, 25)
    assert 0 <= found.value <= 1 and found.pieces >= 1
    left, right = pairs.aligned(one.units, two.units)
    for mine, theirs in zip(left, right, strict=True):
        a = {letter for n in mine for letter in range(one.units[n].start, one.units[n].end)}
        b = {letter for n in theirs for letter in range(two.units[n].start, two.units[n].end)}
        assert a & b
    assert {n for piece in left for n in piece} == {n for n, unit in enumerate(one.units) if unit.end > unit.start}
