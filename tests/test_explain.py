"""The pipeline: what F is, what is refused, what comes back, and that the same question has the same answer."""

import json
import math
from typing import Any

import numpy as np
import pytest
import torch

import sigviz
from sigviz.attribution import OUTPUTS, document, quoted
from sigviz.errors import InvalidSettings, InvalidText
from sigviz.explain import estimate, explain, explain_with
from sigviz.methods import METHODS
from tests import tiny
from tests.methods import slow
from tests.methods.axioms import assert_differs, assert_same
from tests.methods.cases import ALL, BASELINES, VARIANTS, name, small

WITHIN = 1e-12

# what F is


@pytest.mark.parametrize("unit", ["token", "word", "sentence"])
@pytest.mark.parametrize("target", [0, 1, 2])
@pytest.mark.parametrize("output", OUTPUTS)
def test_exact_sig_is_the_drop_of_each_output(output: str, target: int, unit: str) -> None:
    """Against logits of one plain forward pass for each text, and F written once more in the slow loop."""
    case = slow.case(tiny.bert(), tiny.MIXED, output=output, target=target, unit=unit)
    found = explain(tiny.bert(), tiny.MIXED, "sig-exact", output=output, target=target, unit=unit)
    assert_same(found.raw, case.differences(), WITHIN)
    assert_same(found.output, case.F(case.x), WITHIN)
    assert_same(found.output - found.baseline_output, case.difference(), WITHIN)


@pytest.mark.parametrize("baseline", BASELINES)
@pytest.mark.parametrize("output", OUTPUTS)
def test_exact_sig_with_every_baseline(output: str, baseline: str) -> None:
    case = slow.case(tiny.bert(), tiny.TEXT, output=output, baseline=baseline)
    found = explain(tiny.bert(), tiny.TEXT, "sig-exact", output=output, baseline=baseline)
    assert_same(found.raw, case.differences(), WITHIN)
    assert found.target == case.target


@pytest.mark.parametrize(("target", "contrast"), [(t, c) for t in range(3) for c in range(3) if t != c])
def test_margin_subtracts_the_class_it_is_given(target: int, contrast: int) -> None:
    case = slow.case(tiny.bert(), tiny.TEXT, output="margin", target=target, contrast=contrast)
    for named in (contrast, tiny.LABELS[contrast], str(contrast)):
        given = {"output": "margin", "target": tiny.LABELS[target], "contrast": named}
        assert_same(explain(tiny.bert(), tiny.TEXT, "sig-exact", **given).raw, case.differences(), WITHIN)
    zs = [explain(tiny.bert(), tiny.TEXT, "sig-exact", target=c).raw for c in (target, contrast)]
    assert_same(explain(tiny.bert(), tiny.TEXT, "sig-exact", **given).raw, zs[0] - zs[1], WITHIN)


def rivals(x):
    """Logits of two classes: the first sees the first word, the second the second."""
    return x[:, 2, 0] - x[:, 1, 0]


def test_max_logit_changes_class_where_another_wins_and_logit_does_not() -> None:
    """f = x_2 - x_1 (one feature); logits are (-f, f), so max-logit is |f|."""
    classifier = tiny.handmade(rivals)
    high, low = (pick(tiny.WORDS, key=lambda word: float(tiny.embedding(classifier, word)[0])) for pick in (max, min))
    top, bottom = (float(tiny.embedding(classifier, word)[0]) for word in (high, low))
    given = {"baseline": high, "target": 0}  # at x = (low, low), f is 0; with the second word replaced it is > 0
    logit = explain(classifier, f"{low} {low}", "sig-exact", output="logit", **given)
    largest = explain(classifier, f"{low} {low}", "sig-exact", output="max-logit", **given)
    gap = top - bottom
    assert_same(logit.raw, [-gap, gap], WITHIN)  # F = -f: the first word replaced makes f = -gap, the second f = gap
    assert_same(largest.raw, [-gap, -gap], WITHIN)  # F = |f|: both make it gap
    assert (largest.output, largest.baseline_output) == (0.0, 0.0)


def test_the_target_is_the_class_predicted_at_x_and_stays_it() -> None:
    found = explain(tiny.bert(), tiny.TEXT, "sig-exact")
    with torch.no_grad():
        ids = torch.tensor([tiny.tokenizer()(tiny.TEXT)["input_ids"]])
        logits = tiny.bert().model(input_ids=ids).logits[0]
    assert found.target == int(logits.argmax()) and found.label == tiny.LABELS[found.target]
    assert_same(found.probabilities, logits.softmax(-1), WITHIN)
    assert_same(found.output, logits.max(), WITHIN)
    for target in range(3):
        for named in (target, tiny.LABELS[target], str(target)):
            one = explain(tiny.bert(), tiny.TEXT, "sig-exact", target=named)
            assert (one.target, one.label) == (target, tiny.LABELS[target])
            assert_same(one.output, logits[target], WITHIN)
            assert_same(one.probabilities, found.probabilities, WITHIN)


# what is refused


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"method": "gradients"}, "no method 'gradients'"),
        ({"steps": 0}, "steps is 0; it must be a whole number from 1 to 1024"),
        ({"steps": 2000}, "steps is 2000; it must be a whole number from 1 to 1024"),
        ({"steps": 2.5}, "steps is 2.5; it must be a whole number from 1 to 1024"),
        ({"steps": math.nan}, "steps is nan; it must be a whole number from 1 to 1024"),
        ({"quadrature": "simpson"}, "quadrature is 'simpson'; choose one of: gauss-legendre"),
        ({"tolerance": 0}, "tolerance is 0; it must be a number from 1e-06 to 1"),
        ({"context": "left"}, "context is 'left'; choose one of: full, causal"),
        ({"unit": "phrase"}, "unit is 'phrase'; choose one of: token, word, sentence"),
        ({"output": "logits"}, "output is 'logits'; choose one of: logit"),
        ({"seed": -1}, "seed is -1; it must be a whole number from 0"),
        ({"baseline": ""}, "baseline is empty"),
        ({"baseline": "no such word"}, "'no such word' is not one token of this model"),
        ({"target": 3}, "no class 3. This model's classes: 0 (negative), 1 (neutral), 2 (positive)"),
        ({"target": -1}, "no class -1"),
        ({"target": "good"}, "no class 'good'"),
        ({"contrast": 0}, "contrast is only used with output='margin'"),
        ({"output": "margin", "contrast": 7}, "no class 7"),
        ({"output": "margin", "contrast": "neutral", "target": 1}, "contrast is 'neutral', the class that is explained"),
        ({"factor": 2}, "sig has no setting 'factor'"),
        ({"method": "sig-exact", "steps": 5}, "sig-exact has no setting 'steps'. Its settings: context"),
        ({"quadrature": "trapezoid", "steps": 1}, "at least 2 steps"),
    ],
    ids=quoted,
)
def test_bad_settings_are_refused_with_the_value_and_the_remedy(given: dict[str, Any], says: str) -> None:
    with pytest.raises(InvalidSettings) as caught:
        explain(tiny.bert(), tiny.TEXT, **given)
    assert says in str(caught.value)
    assert isinstance(caught.value, ValueError) and isinstance(caught.value, sigviz.SigvizError)


@pytest.mark.parametrize("text", ["", "   ", "\n\t", "\x00"])
def test_a_text_without_words_is_refused(text: str) -> None:
    classifier = tiny.watched()
    with pytest.raises(InvalidText, match="no words to explain"):
        explain(classifier, text)
    assert classifier.forward == 0


# what comes back


@pytest.mark.parametrize(("id", "own"), VARIANTS)
def test_a_result_holds_what_it_says(id: str, own) -> None:
    found = explain(tiny.bert(), tiny.MIXED, id, features=True, unit="word", **own)
    n, tokens = len(found.units), sum(len(unit.tokens) for unit in found.units)
    assert found.raw.shape == found.scores.shape == (n,) and found.raw.dtype == np.float64
    assert (found.expected is None) == (found.delta is None)
    assert found.expected is None or (found.expected.shape == (n,) and found.expected.dtype == np.float64)
    assert found.features is None or (found.features.shape == (tokens, 8) and found.features.dtype == np.float32)
    assert (found.features is None) == any("per-feature" in note for note in found.notes)
    assert [tiny.MIXED[unit.start : unit.end] for unit in found.units] == [unit.text for unit in found.units]
    assert (found.model, found.text, found.labels, found.truncated) == ("tiny", tiny.MIXED, tiny.LABELS, 0)
    assert_same(found.probabilities.sum(), 1.0, WITHIN)
    assert found.settings.method == id and found.settings.unit == "word"
    assert found.cost.seconds > 0 and (found.cost.device, found.cost.dtype) == ("cpu", "float64")
    assert type(found.output) is type(found.baseline_output) is type(found.total_delta) is float


@pytest.mark.parametrize("spec", ALL, ids=name)
def test_features_come_only_when_they_are_asked_for_and_change_nothing_else(spec) -> None:
    without, with_them = (explain(tiny.bert(), tiny.TEXT, spec.id, features=asked, **small(spec)) for asked in (False, True))
    assert without.features is None
    assert_same(without.raw, with_them.raw, WITHIN)
    if with_them.features is not None:
        assert_same(with_them.features.sum(1), with_them.raw, 1e-6)


@pytest.mark.parametrize("spec", ALL, ids=name)
def test_no_two_arrays_of_a_result_share_memory(spec) -> None:
    found = explain(tiny.bert(), tiny.TEXT, spec.id, **small(spec))
    if found.expected is not None:
        assert not np.shares_memory(found.raw, found.expected)


def test_explain_with_settings_is_explain() -> None:
    settings = METHODS["sig"].settings(steps=5, unit="word")
    given = explain(tiny.bert(), tiny.MIXED, "sig", steps=5, unit="word")
    assert given.settings == settings
    assert_same(explain_with(tiny.bert(), tiny.MIXED, settings).raw, given.raw, WITHIN)
    assert estimate(tiny.bert(), tiny.MIXED, settings).forward == given.cost.forward


def test_what_is_not_given_is_the_method_s_own() -> None:
    assert explain(tiny.bert(), "film").settings == METHODS["sig"].settings()
    steps = {id: METHODS[id].settings().option("steps") for id in ("sig", "ig", "dig")}
    assert steps == {"sig": 50, "ig": 50, "dig": 30}


def test_a_text_past_the_limit_is_cut_and_says_by_how_much() -> None:
    found = explain(tiny.bert(), "film " * 100, "sig-exact")
    assert len(found.units) == 62 and found.truncated == 38  # 64 positions, of which [CLS] and [SEP] take two


def test_the_seed_does_not_move_what_does_not_sample() -> None:
    for id in ("ig", "sig", "sig-exact", "dig", "sdig"):
        one, other = (explain(tiny.bert(), tiny.TEXT, id, seed=seed, **small(METHODS[id])) for seed in (0, 1))
        assert_same(one.raw, other.raw, 0)


# the document


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize(("id", "own"), VARIANTS)
def test_the_document_is_json_with_finite_numbers_and_its_settings_ask_the_same_again(id: str, own, output: str) -> None:
    contrast = {"contrast": "positive", "target": 0} if output == "margin" else {}
    found = explain(tiny.bert(), tiny.TEXT, id, baseline="film", unit="word", output=output, seed=3, **contrast, **own)
    written = json.loads(json.dumps(document([found]), allow_nan=False))
    (entry,) = written["attributions"]
    assert entry["method"] == id
    again = explain(tiny.bert(), written["text"], **entry["settings"])
    assert again.settings == found.settings
    assert_same(again.raw, entry["raw"], WITHIN)
    assert_same(again.scores, entry["scores"], 1e-9)
    assert_same([again.total_delta, again.output, again.baseline_output], [entry[key] for key in (
        "total_delta", "output", "baseline_output",
    )], WITHIN)  # fmt: skip
    assert (again.cost.forward, again.cost.backward) == (entry["cost"]["forward"], entry["cost"]["backward"])


def test_methods_differ() -> None:
    """Were they all the same, all comparisons above would hold too."""
    found = {spec.id: explain(tiny.bert(), tiny.MIXED, spec.id, **small(spec, steps=30)).scores for spec in ALL}
    for i, one in enumerate(ALL):
        for other in ALL[:i]:
            if {one.id, other.id} != {"sig", "sig-exact"}:
                assert_differs(found[one.id], found[other.id], 1e-3)
