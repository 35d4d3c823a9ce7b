"""Stand-ins for words, and what they lie near: every tokenizer's words, distances against a plain loop, every refusal."""

import threading

import numpy as np
import pytest
import torch

from sigviz.errors import Cancelled, InvalidText
from sigviz.explain import explain
from sigviz.methods import METHODS
from sigviz.models.classifier import TextClassifier
from sigviz.teaching import baselines
from sigviz.teaching.baselines import STANDARD, Space, StandIn, drawn, space, stand_ins, whole_words
from sigviz.views import baselines as views
from tests import tiny
from tests.models import families

TEXT = tiny.TEXT


def _family(name: str) -> TextClassifier:
    model, tokenizer = families.FAMILIES[name]()
    return TextClassifier(model, tokenizer, name=name)


def _space(wanted: list[StandIn], text: str = TEXT) -> Space:
    return space(tiny.bert(), text, wanted, lambda done, total: None, threading.Event())


def test_whole_words_are_letters_and_no_pieces() -> None:
    words = whole_words(tiny.bert())
    assert set(words.texts) == {word for word in (*tiny.WORDS, *tiny.PIECES) if word.isalpha() and len(word) > 1}
    assert [tiny.VOCABULARY[id] for id in words.ids] == list(words.tokens)


@pytest.mark.parametrize("name", families.FAMILIES)
def test_whole_words_of_every_kind_of_vocabulary_are_tokens_of_a_word_on_its_own(name: str) -> None:
    classifier = _family(name)
    words = whole_words(classifier)
    assert words.ids, "no word found"
    special = set(classifier.tokenizer.all_special_ids)
    for id, text, token in zip(words.ids, words.texts, words.tokens, strict=True):
        assert text.isalpha() and id not in special
        assert classifier.baseline(token).token == id
        behind = classifier.tokenizer.encode(f"of {text}", add_special_tokens=False)
        assert behind[-1] == id, f"{text!r} in a text is another token than {token!r}"


def test_the_same_seed_draws_the_same_different_words() -> None:
    words = whole_words(tiny.bert())
    one, same, other = (drawn(words, 6, seed) for seed in (1, 1, 2))
    assert one == same != other and len({found.name for found in one}) == 6
    assert all(found.label == f"{found.name} (random)" for found in one)


def test_no_word_is_drawn_that_means_something_else_as_a_baseline() -> None:
    words = baselines.Words((7, 8, 9), ("mean", "zero", "film"), ("mean", "zero", "film"))
    assert [one.name for one in drawn(words, 3, 0)] == ["film"]


def test_what_a_model_has_not_says_so_and_the_others_stay() -> None:
    found = {one.label: one for one in stand_ins(tiny.bert(), "two words", drawn(whole_words(tiny.bert()), 2, 0))}
    assert list(found)[: len(STANDARD)] == list(STANDARD)
    assert "not one token" in found["two words"].error
    assert [one.label for one in found.values() if one.error] == ["two words"] and len(found) == 8


@pytest.mark.parametrize("typed", ["", "  ", "mask", " pad "])
def test_nothing_typed_or_what_is_there_already_adds_nothing(typed: str) -> None:
    assert [one.label for one in stand_ins(tiny.bert(), typed)] == list(STANDARD)


def test_a_model_without_a_mask_says_what_stands_in_for_it() -> None:
    found = {one.label: one for one in stand_ins(_family("gpt2"), "")}
    assert "no mask token" in found["mask"].note and not found["mask"].error


def test_distances_are_those_of_the_definition() -> None:
    classifier, wanted = tiny.bert(), [StandIn("mask", "mask"), StandIn("zero", "zero"), StandIn("film", "film")]
    found, words, vectors = _space(wanted), whole_words(tiny.bert()), tiny.bert().vocabulary().numpy()
    for one, asked in zip(found.found, wanted, strict=True):
        baseline = classifier.baseline(asked.name)
        away = {id: float(np.linalg.norm(vectors[id] - baseline.vector.numpy())) for id in range(len(vectors))}
        others = {id: far for id, far in away.items() if id != baseline.token}
        to_words = {text: others[id] for id, text in zip(words.ids, words.texts, strict=True) if id in others}
        nearest = sorted(to_words, key=lambda text: to_words[text])[: baselines.NEAREST]
        assert [word for word, _ in one.nearest] == nearest
        assert [far for _, far in one.nearest] == pytest.approx([to_words[word] for word in nearest])
        assert one.token[0] == tiny.VOCABULARY[min(others, key=lambda id: others[id])]
        assert one.quantiles == pytest.approx(np.quantile(list(to_words.values()), baselines.QUANTILES))
        assert one.median == pytest.approx(np.median(list(to_words.values())))
        assert one.unevenness == pytest.approx(np.std(list(to_words.values())) / np.mean(list(to_words.values())))
        assert one.closeness == pytest.approx(min(to_words.values()) / one.median)
        assert sum(one.counts) == len(to_words), "every word is in a bin"
        assert dict(one.own) == pytest.approx({word: away[tiny.VOCABULARY.index(word)] for word in TEXT.split()})
        assert one.norm == pytest.approx(float(baseline.vector.norm()))


def test_a_word_is_not_its_own_neighbour_but_stands_where_it_stands_in_the_text() -> None:
    (one,) = _space([StandIn("hideous", "hideous")]).found
    assert "hideous" not in dict(one.nearest) and dict(one.own)["hideous"] == pytest.approx(0, abs=1e-7)


def test_closer_than_is_the_share_of_words_whose_neighbour_is_farther() -> None:
    found = _space([StandIn("mask", "mask")])
    assert list(found.usual) == sorted(found.usual) and len(found.usual) == min(baselines.SAMPLE, found.words)
    assert found.closer_than(0.0) == 1 and found.closer_than(found.usual[-1]) == 0
    assert 0.4 < found.closer_than(float(np.median(found.usual))) <= 0.5


@pytest.mark.parametrize(("name", "masked"), [("gpt2", False), ("opt", False), ("bert", True)])
def test_a_space_knows_where_another_token_stands_in_for_the_mask(name: str, masked: bool) -> None:
    classifier = _family(name)
    wanted = [one for one in stand_ins(classifier, "") if not one.error]
    found = {one.label: one for one in space(classifier, "a good film", wanted, lambda *_: None, threading.Event()).found}
    assert ("no mask token" not in found["mask"].note) == masked
    assert [one.label for one in found.values() if one.note] == ([] if masked else ["mask"])
    made = space(classifier, "a good film", wanted, lambda *_: None, threading.Event())
    assert ("cannot be measured" not in views.argument(made)[0]) == masked


def test_a_search_in_pieces_finds_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = _space([StandIn("mask", "mask")])
    monkeypatch.setattr(baselines, "_CHUNK", 7)
    pieces = _space([StandIn("mask", "mask")])
    one, same = whole.found[0], pieces.found[0]
    assert [word for word, _ in one.nearest] == [word for word, _ in same.nearest]
    assert one.quantiles == pytest.approx(same.quantiles) and one.counts == same.counts


def test_a_search_can_be_stopped_and_a_text_without_words_is_refused() -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(Cancelled):
        space(tiny.bert(), TEXT, [StandIn("mask", "mask")], lambda done, total: None, stop)
    with pytest.raises(InvalidText):
        _space([StandIn("mask", "mask")], "   ")


@pytest.mark.parametrize("method", METHODS)
def test_methods_that_a_baseline_does_not_move_are_those_listed(method: str) -> None:
    classifier: TextClassifier = tiny.bert(torch.float64)
    few = {"steps": 3} if any(option.name == "steps" for option in METHODS[method].options) else {}
    one, other = (explain(classifier, TEXT, method, baseline=name, **few).raw for name in ("mask", "film"))
    assert np.array_equal(one, other) == (method in baselines.REGARDLESS)
