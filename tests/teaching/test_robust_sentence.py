"""Two explanations of one sentence: the words of both sets, and the overlap that blind draws would have."""

import threading
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from sigviz.attribution import Attribution, Unit
from sigviz.errors import Cancelled, InvalidSettings
from sigviz.explain import explain
from sigviz.methods import METHODS
from sigviz.methods.runs import RunChoice
from sigviz.models.untrained import UNTRAINED
from sigviz.studies import pairs
from sigviz.studies.reductions import REDUCTIONS, WHOLE
from sigviz.teaching import robust_sentence as teaching
from sigviz.teaching.robust_sentence import WHOLE_WORDS, Question, blind_overlap, compare
from tests import tiny

TEXT = "a hideous film"
SMALL = {"steps": 2, "samples": 10, "neighbours": 5}


def _found(words: list[str], raw: list[float]) -> Attribution:
    """An explanation of TEXT, or of what the words say, in units of these lengths."""
    one = explain(tiny.bert(), TEXT, "sig-exact")
    units, at = [], 0
    for word in words:
        start = TEXT.index(word, at)
        at = start + len(word)
        units.append(Unit(word, start, at, (len(units) + 1,)))
    return replace(one, units=tuple(units), raw=np.array(raw, float), expected=None)


def _explained(question: Question) -> Attribution:
    return teaching.explained(tiny.bert(), tiny.TEXT, question, lambda done, total: None, threading.Event())


def _small(method: str) -> RunChoice:
    taken = {option.name for option in METHODS[method].options}
    return RunChoice(method, options={name: value for name, value in SMALL.items() if name in taken})


@pytest.mark.parametrize(("n", "size"), [(1, 1), (4, 1), (5, 2), (6, 3), (6, 5), (7, 7)])
def test_the_blind_overlap_is_the_mean_over_all_pairs_of_sets(n: int, size: int) -> None:
    sets = [set(chosen) for chosen in combinations(range(n), size)]
    slow = np.mean([len(one & other) / len(one | other) for one in sets for other in sets])
    assert blind_overlap(n, size) == pytest.approx(slow, abs=1e-12)


def test_every_top_word_is_in_one_of_the_three_sets() -> None:
    words = ["a", "hideous", "film"]
    found = compare(_found(words, [3, 2, 1]), _found(words, [1, 2, 3]), 50)
    assert (found.both, found.first, found.second) == (("hideous",), ("a",), ("film",))
    assert found.size == 2 and found.same_cut and found.overlap.value == pytest.approx(1 / 3)
    assert found.blind == pytest.approx(blind_overlap(3, 2))


def test_models_that_cut_a_word_differently_are_compared_by_the_whole_word() -> None:
    found = compare(_found(["a", "hide", "ous", "film"], [0, 1, 2, 1]), _found(["a", "hideous", "film"], [2, 3, 1]), 34)
    assert not found.same_cut and found.overlap.pieces == 3 and found.size == 2
    assert (found.both, found.first, found.second) == (("hideous",), ("film",), ("a",))
    assert found.overlap.first.tolist() == [False, True, True, True]


@pytest.mark.parametrize("method", METHODS)
def test_whole_words_are_scored_by_exactly_those_methods_that_are_named(method: str) -> None:
    for way in [WHOLE] if method in WHOLE_WORDS else REDUCTIONS:
        answer = _explained(Question(_small(method), way))
        assert answer.features is None and len(answer.raw) == len(answer.units)
        if way == REDUCTIONS[0]:
            assert (answer.raw >= 0).all()


def test_the_contrast_class_is_the_one_that_was_asked_for() -> None:
    asked = Question(RunChoice("ig", options={"steps": 2}), "sum", output="margin", target=2, contrast=0)
    assert _explained(asked).settings.contrast == 0
    assert np.abs(_explained(asked).raw - _explained(replace(asked, contrast=1)).raw).max() > 1e-6


def test_another_models_class_numbers_are_its_own() -> None:
    asked = Question(RunChoice("ig"), "sum", output="margin", target=0, contrast=1)
    there = asked.of(pairs.match(("negative", "positive"), ("Positive", "Negative")))
    assert (there.target, there.contrast) == (1, 0)
    predicted = replace(asked, target=None, contrast=None).of(pairs.match(("a", "b"), ("b", "c")))
    assert (predicted.target, predicted.contrast) == (None, None)
    with pytest.raises(InvalidSettings, match="no class of that name"):
        asked.of(pairs.match(("negative", "positive"), ("positive", "neutral")))


def test_a_copy_is_drawn_by_its_seed_and_not_for_someone_who_has_left() -> None:
    first, again, other = (
        teaching.control(tiny.bert(), UNTRAINED, seed, threading.Event()).model.classifier.weight for seed in (0, 0, 1)
    )
    assert bool((first == again).all()) and not bool((first == other).all())
    left = threading.Event()
    left.set()
    with pytest.raises(Cancelled):
        teaching.control(tiny.bert(), UNTRAINED, 0, left)
