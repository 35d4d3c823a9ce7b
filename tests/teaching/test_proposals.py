"""Edits to start from: they do what their label says, and none is offered that the model would not read so."""

import threading

import numpy as np
import pytest

from sigviz.errors import Cancelled, InvalidText
from sigviz.explain import explain, predict
from sigviz.models.classifier import TextClassifier
from sigviz.teaching import edits, proposals
from tests import tiny
from tests.models.families import FAMILIES

TEXTS = (tiny.TEXT, tiny.MIXED, "a very good film", "film", "Dull")


def _family(name: str) -> TextClassifier:
    return TextClassifier(*FAMILIES[name](), name=name)


def _kinds(text: str, new: str) -> list[str]:
    one, other = (explain(tiny.bert(), each, "sig-exact", unit="word") for each in (text, new))
    return [pair.kind for pair in edits.beside(tiny.bert(), one, other) if pair.kind != "kept"]


@pytest.mark.parametrize("text", TEXTS)
def test_every_edit_is_another_text_that_the_model_can_read(text: str) -> None:
    found = proposals.propose(tiny.bert(), text, proposals.settings())
    assert found, "something can be done to each of these"
    for edit in found:
        assert edit.text != text and edit.label and edit.why
        assert not np.array_equal(tiny.bert().encode(edit.text).ids, tiny.bert().encode(text).ids)


@pytest.mark.parametrize("text", TEXTS)
def test_a_swap_puts_one_word_in_the_place_of_one(text: str) -> None:
    for edit in proposals.propose(tiny.bert(), text, proposals.settings()):
        if " for " in edit.label:
            assert _kinds(text, edit.text) == ["replaced"]


def test_a_swap_that_claims_so_changes_the_models_mind() -> None:
    claimed = 0
    for text in TEXTS:
        edit = proposals.propose(tiny.bert(), text, proposals.settings())[0]
        before, after = (int(predict(tiny.bert(), each).probabilities.argmax()) for each in (text, edit.text))
        if "changes its mind" in edit.why:
            claimed += 1
            assert before != after
        elif " swaps changes " in edit.why:
            assert before == after
    assert claimed, "none of these texts has a swap that changes this model's mind: the test shows nothing"


def test_the_strongest_word_is_taken_out_and_negated() -> None:
    text = "a very good film"
    found = explain(tiny.bert(), text, "sig-exact", unit="word")
    strongest = found.units[int(found.raw.argmax())].text
    texts = {edit.label: edit.text for edit in proposals.propose(tiny.bert(), text, proposals.settings())}
    assert texts[f"without “{strongest}”"] == " ".join(word for word in text.split() if word != strongest)
    assert texts[f"“not” before “{strongest}”"] == text.replace(strongest, f"not {strongest}")


def test_a_given_class_decides_which_word_is_strongest() -> None:
    text = "a hideous , dull , slow but brilliant film"
    whole = {target: proposals.propose(tiny.bert(), text, proposals.settings(target=target)) for target in range(3)}
    assert len({edits[1].label for edits in whole.values()}) > 1


@pytest.mark.parametrize("baseline", ["mask", "unk", "film", "zero", "mean"])
def test_the_baseline_is_offered_where_it_can_be_written(baseline: str) -> None:
    labels = [edit.label for edit in proposals.propose(tiny.bert(), tiny.TEXT, proposals.settings(baseline=baseline))]
    written = {"mask": "[MASK]", "unk": "[UNK]", "film": "film"}.get(baseline)
    assert [label.split(" for ")[0] for label in labels[3:]] == ([written] if written else [])


def test_a_text_of_one_word_is_not_emptied() -> None:
    assert not [edit for edit in proposals.propose(tiny.bert(), "film", proposals.settings()) if "without" in edit.label]


def test_white_space_closes_up() -> None:
    unit = explain(tiny.bert(), "film", "sig-exact").units[0]
    text = "  film , a film"

    def without(word: int) -> str:
        found = explain(tiny.bert(), text, "sig-exact", unit="word").units[word]
        edit = proposals._without(tiny.bert(), text, found)
        assert edit is not None
        return edit.text

    assert unit.text == "film"
    assert [without(word) for word in range(4)] == [", a film", "  film a film", "  film , film", "  film , a"]


@pytest.mark.parametrize("name", FAMILIES)
def test_every_family_of_models_gets_edits(name: str) -> None:
    model = _family(name)
    text = "A slow film with a bright story."
    found = proposals.propose(model, text, proposals.settings())
    assert found
    for edit in found:
        model.encode(edit.text)


def test_what_cannot_be_read_is_refused_and_a_stop_is_heard() -> None:
    with pytest.raises(InvalidText):
        proposals.propose(tiny.bert(), "  ", proposals.settings())
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        proposals.propose(tiny.bert(), tiny.TEXT, proposals.settings(), cancel=cancel)


def test_the_search_keeps_to_its_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    model = tiny.watched()
    model.forget()
    explain(model, tiny.MIXED, "sig-exact", unit="word")
    alone = model.forward
    monkeypatch.setattr(proposals, "BUDGET", 1)
    model.forget()
    proposals.propose(model, tiny.MIXED, proposals.settings())
    assert alone < model.forward <= alone + 2 * proposals.WORDS
