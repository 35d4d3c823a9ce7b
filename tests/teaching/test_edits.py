"""Aligned texts, and predictions: what is promised holds for tiny models in float64, and the rest is not claimed."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sigviz.attribution import Attribution, Settings
from sigviz.errors import InvalidSettings, InvalidText
from sigviz.explain import explain, explain_with
from sigviz.methods import METHODS, Promise
from sigviz.teaching import edits
from tests import tiny

KEYS = st.lists(st.sampled_from("abc"), max_size=9)
WORD = st.sampled_from(tiny.WORDS)
TEXT = st.lists(WORD, min_size=1, max_size=6)
BASELINES = ("mask", "pad", "unk", "zero", "mean", "film")
ENOUGH = {"steps": 64}  # Gauss-Legendre nodes; the tiny model bends a lot


def _explained(words: list[str], settings: Settings) -> Attribution:
    return explain_with(tiny.bert(), " ".join(words), settings)


def _both(old: list[str], new: list[str], method: str = "sig-exact", **options: object) -> tuple[Attribution, Attribution]:
    """Both texts explained for the class of the old one."""
    spec = METHODS[method]
    before = _explained(old, spec.settings(**options))
    return before, _explained(new, spec.settings(**{**options, "target": before.target}))


@given(KEYS, KEYS)
@example([*"gxb"], [*"gyb"])
@example([*"ggb"], [*"gbb"])
def test_every_unit_of_both_texts_stands_in_the_alignment_once_and_in_order(old: list[str], new: list[str]) -> None:
    pairs = edits.align(old, new)
    assert [pair.old for pair in pairs if pair.old is not None] == list(range(len(old)))
    assert [pair.new for pair in pairs if pair.new is not None] == list(range(len(new)))
    for pair in pairs:
        same = pair.old is not None and pair.new is not None and old[pair.old] == new[pair.new]
        assert (pair.kind == "kept") == same
        assert (pair.old is None) == (pair.kind == "inserted") and (pair.new is None) == (pair.kind == "removed")


@given(KEYS)
def test_a_text_beside_itself_is_kept(keys: list[str]) -> None:
    assert all(pair.kind == "kept" for pair in edits.align(keys, keys))


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=9), st.integers(0), st.sampled_from("abc"))
def test_a_single_edit_is_seen_as_a_single_edit(keys: list[str], where: int, other: str) -> None:
    at = where % len(keys)
    removed = [pair.kind for pair in edits.align(keys, keys[:at] + keys[at + 1 :])]
    inserted = [pair.kind for pair in edits.align(keys, [*keys[:at], other, *keys[at:]])]
    replaced = [pair.kind for pair in edits.align(keys, [*keys[:at], other, *keys[at + 1 :]])]
    assert removed.count("removed") == 1 and set(removed) <= {"kept", "removed"}
    assert inserted.count("inserted") == 1 and set(inserted) <= {"kept", "inserted"}
    assert replaced.count("replaced") == (other != keys[at]) and set(replaced) <= {"kept", "replaced"}


def test_units_are_compared_as_the_model_reads_them() -> None:
    old, new = explain(tiny.bert(), "a GOOD film", "sig-exact"), explain(tiny.bert(), "A good story", "sig-exact")
    assert [pair.kind for pair in edits.beside(tiny.bert(), old, new)] == ["kept", "kept", "replaced"]


def test_texts_that_the_model_reads_alike_are_nothing_to_compare() -> None:
    old, new = explain(tiny.bert(), "a good film", "sig-exact"), explain(tiny.bert(), "A  good FILM", "sig-exact")
    with pytest.raises(InvalidText, match="same in both"):
        edits.beside(tiny.bert(), old, new)


@pytest.mark.parametrize("output", ["logit", "probability", "margin"])
@given(words=TEXT, where=st.integers(0), other=WORD, baseline=st.sampled_from(BASELINES))
def test_one_word_for_one_is_predicted_exactly_by_exact_sig(
    output: str, words: list[str], where: int, other: str, baseline: str
) -> None:
    at = where % len(words)
    new = [*words[:at], other, *words[at + 1 :]]
    if new == words:
        return
    before, after = _both(words, new, baseline=baseline, output=output)
    pairs = edits.beside(tiny.bert(), before, after)
    found = edits.change(pairs, before, after)
    assert edits.one_for_one(pairs, before.units, after.units) and found.promises_changed and not found.promises_all
    assert found.error == pytest.approx(0, abs=1e-12) and found.true == after.output - before.output


@given(words=TEXT, where=st.integers(0))
def test_the_baseline_in_a_words_place_costs_exactly_its_score(words: list[str], where: int) -> None:
    at = where % len(words)
    before, after = _both(words, [*words[:at], "[MASK]", *words[at + 1 :]])
    found = edits.change(edits.beside(tiny.bert(), before, after), before, after)
    assert found.promises_changed
    assert found.true == pytest.approx(-before.raw[at], abs=1e-12) == pytest.approx(found.changed, abs=1e-12)


def test_a_word_of_several_pieces_moves_as_one_where_words_are_units() -> None:
    old, new = ["an", "unwatchable", "film"], ["an", "masterpieces", "film"]  # three pieces each
    before, after = _both(old, new, unit="word")
    found = edits.change(edits.beside(tiny.bert(), before, after), before, after)
    assert found.promises_changed and found.error == pytest.approx(0, abs=1e-12)
    tokens = _both(old, new)  # the same edit changes three units here, and nothing is promised
    assert not edits.change(edits.beside(tiny.bert(), *tokens), *tokens).promises_changed


@pytest.mark.parametrize("method", [id for id, spec in METHODS.items() if spec.promises is Promise.PER_UNIT])
def test_what_is_complete_per_unit_reaches_the_true_change_in_its_limit(method: str) -> None:
    options = {"sig": ENOUGH, "sdig": {"steps": 8, "factor": 7}}.get(method, {})
    before, after = _both([*["a", "dull", "film"]], [*["a", "great", "film"]], method, **options)
    found = edits.change(edits.beside(tiny.bert(), before, after), before, after)
    assert found.promises_changed and found.error == pytest.approx(0, abs=0.02 * abs(found.true))


@pytest.mark.parametrize("method", [id for id, spec in METHODS.items() if spec.promises is Promise.TOTAL])
@pytest.mark.parametrize("new", ["a great movie", "no dull story", "a dull plot"])
def test_what_is_complete_in_total_spreads_the_true_change_over_all_words(method: str, new: str) -> None:
    options = {"ig": {"steps": 256}, "dig": {"steps": 8, "factor": 7}}[method]
    before, after = _both([*["a", "dull", "film"]], new.split(), method, **options)
    found = edits.change(edits.beside(tiny.bert(), before, after), before, after)
    assert found.promises_all and not found.promises_changed
    assert found.total == pytest.approx(found.true, abs=0.02 * abs(found.true) + 2e-3)
    assert found.total == pytest.approx(after.raw.sum() - before.raw.sum(), abs=1e-12)


@pytest.mark.parametrize(
    "new", ["a film", "a very dull film", "a great movie", "an unwatchable film", "film dull a"], ids=lambda text: text
)
def test_nothing_is_promised_for_any_other_edit(new: str) -> None:
    before, after = _both([*["a", "dull", "film"]], new.split(), unit="word")
    found = edits.change(edits.beside(tiny.bert(), before, after), before, after)
    assert not found.promises_changed
    assert abs(found.error) > 1e-4, "this tiny model interacts: were it exact, the page would promise too little"


def test_a_change_in_length_breaks_the_promise_of_the_total() -> None:
    before, after = _both(["a", "dull", "film"], ["a", "film"], "ig", steps=4)
    assert not edits.change(edits.beside(tiny.bert(), before, after), before, after).promises_all


def test_the_causal_form_promises_nothing_here() -> None:
    before, after = _both(["a", "dull", "film"], ["a", "great", "film"], context="causal")
    assert not edits.change(edits.beside(tiny.bert(), before, after), before, after).promises_changed


@given(TEXT, TEXT)
def test_the_prediction_adds_up_from_the_rows(old: list[str], new: list[str]) -> None:
    if old == new:
        return
    before, after = _both(old, new)
    pairs = edits.beside(tiny.bert(), before, after)
    found, rows = edits.change(pairs, before, after), edits.rows(pairs, before, after)
    changed = sum(row["difference"] for row in rows if row["what"] != "kept")
    assert found.changed == pytest.approx(changed, abs=1e-12)
    assert found.total == pytest.approx(float(np.sum(after.raw) - np.sum(before.raw)), abs=1e-12)
    assert " ".join(row["old"] for row in rows if row["old"]) == " ".join(old)
    assert " ".join(row["new"] for row in rows if row["new"]) == " ".join(new)


def test_only_the_same_class_output_and_method_are_compared() -> None:
    before, after = _both(["a", "dull", "film"], ["a", "great", "film"])
    pairs = edits.beside(tiny.bert(), before, after)
    edits.change(pairs, before, after)
    others = (
        replace(after, target=(before.target + 1) % 3),
        replace(after, settings=METHODS["saliency"].settings()),
        replace(after, settings=METHODS["sig-exact"].settings(output="margin")),
        replace(after, model="another"),
    )
    for other in others:
        with pytest.raises(InvalidSettings, match="same model, class"):
            edits.change(pairs, before, other)


def test_the_file_says_what_was_promised() -> None:
    before, after = _both(["a", "dull", "film"], ["a", "great", "film"])
    found = edits.change(edits.beside(tiny.bert(), before, after), before, after)
    (row,) = edits.change_rows([found])
    assert row["prediction is promised"] is True and row["all units are promised"] is False
    assert row["predicted by the changed units"] == found.changed and row["true change"] == found.true
    assert row["error of all units"] == found.total - found.true


def test_the_first_methods_exist() -> None:
    assert set(edits.FIRST) <= set(METHODS)
