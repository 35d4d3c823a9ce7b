"""From features to words: both reductions against slow loops, and the methods that have nothing to reduce."""

import numpy as np
import pytest
import torch

from sigviz.attribution import Attribution
from sigviz.errors import InvalidSettings
from sigviz.explain import explain
from sigviz.methods import METHODS
from sigviz.methods.runs import RunChoice, parse
from sigviz.models.untrained import untrained
from sigviz.studies import reductions
from sigviz.studies.reductions import L2, REDUCTIONS, SUM, WHOLE, reduced
from tests import tiny
from tests.methods.axioms import assert_differs, assert_same

FEATURES = ("ig(steps=3)", "sig(steps=2)", "dig(steps=2)", "sdig(steps=2)", "gradient-shap", "deeplift", "grad-input")
WHOLE_WORDS = ("sig-exact", "kernel-shap(samples=40)", "lime(samples=40)", "random")
QUICK = (*FEATURES, *WHOLE_WORDS, "saliency", "smoothgrad")


def choice(line: str, baseline: str = "unk") -> RunChoice:
    (found,) = parse(line)
    return RunChoice(found.method, baseline, found.options)


def gradient(text: str = tiny.MIXED) -> tuple[list[list[float]], list[list[float]], list[tuple[int, ...]]]:
    """Word embeddings, the gradient of the predicted class's logit by them, and the tokens of each word."""
    classifier = tiny.bert()
    ids = torch.as_tensor(classifier.encode(text).ids)[None]
    words = classifier.model.get_input_embeddings()(ids).detach().requires_grad_()
    logits = classifier.model(inputs_embeds=words).logits[0]
    logits[int(logits.argmax())].backward()
    assert words.grad is not None
    units = explain(classifier, text, "grad-input", unit="word").units
    return words.detach()[0].tolist(), words.grad[0].tolist(), [unit.tokens for unit in units]


def length(row: list[float]) -> float:
    return sum(one * one for one in row) ** 0.5


def test_every_method_is_looked_at_here() -> None:
    assert {choice(line).method for line in QUICK} == set(METHODS)


def test_ig_by_length_and_by_sum_are_those_of_its_features() -> None:
    """Slowly: the midpoints of the line from a text of unknown tokens."""
    classifier = tiny.bert()
    found = reduced(classifier, tiny.MIXED, choice("ig(steps=3,quadrature=riemann-middle)"))
    encoding = classifier.encode(tiny.MIXED)
    inside = [token for token, is_content in zip(encoding.ids.tolist(), encoding.content, strict=True) if is_content]
    x = classifier.embed(encoding.ids)
    baseline = x.clone()
    baseline[1:-1] = classifier.embed([classifier.tokenizer.unk_token_id])[0]
    target = int(classifier.logits(x[None]).argmax())
    total = torch.zeros_like(x)
    for at in (1 / 6, 3 / 6, 5 / 6):
        point = (baseline + at * (x - baseline)).requires_grad_()
        classifier.model(inputs_embeds=point[None]).logits[0, target].backward()
        assert point.grad is not None
        total += point.grad / 3
    features = (total * (x - baseline))[1:-1].tolist()
    assert len(features) == len(inside)
    assert_same(found[L2].raw, [length(row) for row in features], 1e-6)  # features are kept in float32
    assert_same(found[SUM].raw, [sum(row) for row in features], 1e-9)


@pytest.mark.parametrize("line", FEATURES)
@pytest.mark.parametrize("unit", ["token", "word", "sentence"])
def test_a_method_with_features_has_both_from_one_look(line: str, unit: str) -> None:
    run = choice(line)
    found = reduced(tiny.bert(), tiny.MIXED, run, unit=unit, seed=3)
    assert list(found) == list(REDUCTIONS)
    plain = explain(tiny.bert(), tiny.MIXED, run.method, baseline="unk", unit=unit, seed=3, features=True, **run.options)
    assert_same(found[SUM].raw, plain.raw, 1e-12)
    assert plain.features is not None
    rows = dict(zip(sorted(t for one in plain.units for t in one.tokens), plain.features.tolist(), strict=True))
    slow = [sum(length(rows[token]) for token in one.tokens) for one in plain.units]
    assert_same(found[L2].raw, slow, 1e-9)
    assert (found[L2].raw >= 0).all() and found[L2].expected is None and found[L2].spread is None
    assert found[L2].raw.dtype == np.float64
    assert_differs(found[L2].raw, found[SUM].raw, 1e-6)
    if plain.expected is not None:
        assert found[SUM].expected is not None
        assert_same(found[SUM].expected, plain.expected, 1e-12)


def test_saliency_is_the_length_of_the_gradient_or_the_gradient_times_the_input() -> None:
    words, slopes, tokens = gradient()
    for unit in ("token", "word"):
        found = reduced(tiny.bert(), tiny.MIXED, choice("saliency"), unit=unit)
        groups = [one.tokens for one in found[L2].units]
        assert unit == "token" or (groups == tokens and any(len(group) > 1 for group in groups))
        assert_same(found[L2].raw, [sum(length(slopes[t]) for t in group) for group in groups], 1e-9)
        products = [sum(a * b for t in group for a, b in zip(words[t], slopes[t], strict=True)) for group in groups]
        assert_same(found[SUM].raw, products, 1e-9)
        assert_same(found[SUM].raw, explain(tiny.bert(), tiny.MIXED, "grad-input", unit=unit).raw, 1e-12)


@pytest.mark.parametrize("line", ["smoothgrad", "smoothgrad(sigma=0.05,samples=4)"])
def test_smoothgrad_has_both_of_the_same_noise(line: str) -> None:
    run = choice(line)
    found = reduced(tiny.bert(), tiny.MIXED, run, seed=5)
    for way in REDUCTIONS:
        plain = explain(tiny.bert(), tiny.MIXED, "smoothgrad", baseline="unk", seed=5, reduction=way, **run.options)
        assert_same(found[way].raw, plain.raw, 1e-12)
        assert found[way].settings.option("reduction") == way
    assert (found[L2].raw > 0).all() and (found[SUM].raw < 0).any()
    quiet = reduced(tiny.bert(), tiny.MIXED, choice("smoothgrad(sigma=0)"))
    assert_same(quiet[L2].raw, reduced(tiny.bert(), tiny.MIXED, choice("saliency"))[L2].raw, 1e-9)
    assert_same(quiet[SUM].raw, reduced(tiny.bert(), tiny.MIXED, choice("saliency"))[SUM].raw, 1e-9)


@pytest.mark.parametrize("line", WHOLE_WORDS)
@pytest.mark.parametrize("wanted", [REDUCTIONS, (L2,), (SUM,)])
def test_a_method_that_scores_whole_words_has_nothing_to_reduce(line: str, wanted: tuple[str, ...]) -> None:
    run = choice(line)
    found = reduced(tiny.bert(), tiny.TEXT, run, wanted, seed=2)
    assert list(found) == [WHOLE]
    plain = explain(tiny.bert(), tiny.TEXT, run.method, baseline="unk", seed=2, **run.options)
    assert_same(found[WHOLE].raw, plain.raw, 0.0)
    assert found[WHOLE].notes == plain.notes


@pytest.mark.parametrize("line", QUICK)
def test_only_what_is_asked_for_is_there(line: str) -> None:
    for way in REDUCTIONS:
        found = reduced(tiny.bert(), tiny.TEXT, choice(line), (way,))
        assert list(found) in ([way], [WHOLE])


@pytest.mark.parametrize("line", QUICK)
def test_what_a_reader_must_know_of_the_model_is_with_every_explanation(line: str) -> None:
    control = untrained(tiny.bert())
    for found in reduced(control, tiny.TEXT, choice(line)).values():
        assert set(control.notes) <= set(found.notes)


def test_target_output_and_seed_are_those_asked_for() -> None:
    found = reduced(tiny.bert(), tiny.TEXT, choice("ig(steps=2)"), output="probability", target="neutral", seed=9)
    for one in found.values():
        assert isinstance(one, Attribution)
        assert (one.label, one.settings.output, one.settings.seed, one.settings.baseline) == (
            "neutral",
            "probability",
            9,
            "unk",
        )


@pytest.mark.parametrize(
    ("given", "said"), [(("mean",), "reduction is 'mean'"), ((), "No reduction"), (("",), "reduction is ''")]
)
def test_what_is_no_reduction_is_refused(given: tuple[str, ...], said: str) -> None:
    with pytest.raises(InvalidSettings, match=said):
        reduced(tiny.bert(), tiny.TEXT, choice("ig"), given)


def test_every_reduction_has_words() -> None:
    assert {*reductions.LABELS} == {*REDUCTIONS}
