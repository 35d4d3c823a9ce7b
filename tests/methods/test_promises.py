"""The promise of each of METHODS, and what follows from it: property tests in float64."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sigviz.explain import explain
from sigviz.methods import METHODS, Promise
from tests import tiny
from tests.methods import slow
from tests.methods.axioms import (
    assert_complete_in_total,
    assert_complete_per_unit,
    assert_differs,
    assert_order,
    assert_same,
    assert_vanishes,
    assert_zero,
    broken,
)
from tests.methods.cases import ALL, BASELINES, BELOW, PROMISING, VARIANTS, grown, name, small, texts
from tests.paths.test_quadrature import ORDERS

UNITS = ("token", "word", "sentence")
SMOOTH = ("logit", "probability", "log-odds", "margin")  # margin with its contrast given: the best other has kinks
WITH_RULES = [spec.id for spec in ALL if any(option.name == "quadrature" for option in spec.options)]
ONE_BY_ONE = [spec.id for spec in PROMISING if spec.promises is Promise.PER_UNIT]


def kept(spec, attribution, case, within: float) -> None:
    """The promise, against differences reckoned slowly, one sequence at a time."""
    if spec.promises is Promise.PER_UNIT:
        context = attribution.settings.option("context") or "full"
        assert_complete_per_unit(attribution, case.differences(context), within)
    else:
        assert_complete_in_total(attribution, case.difference(), within)


def moved(found) -> float:
    """How far all numbers moved from one rung of the ladder to the next: about the error left of a first-order sum.

    That error may be large where F is steep; this bound knows, and yet what tends to a wrong sum passes beyond it.
    """
    numbers = [one.raw if one.features is None else one.features.astype(float) for one in found]
    return float(np.abs(numbers[-1] - numbers[0]).sum())


@pytest.mark.parametrize("spec", PROMISING, ids=name)
@given(texts(3), st.sampled_from(BASELINES), st.sampled_from(UNITS), st.sampled_from(SMOOTH), st.integers(0, 2))
def test_scores_add_up_to_what_the_method_promises(spec, text, baseline, unit, output, target) -> None:
    shared = {"baseline": baseline, "unit": unit, "output": output, "target": target}
    shared |= {"contrast": (target + 1) % 3} if output == "margin" else {}
    found = [explain(tiny.bert(), text, spec.id, features=True, **shared, **own) for own in grown(spec)[:2]]
    kept(spec, found[-1], slow.case(tiny.bert(), text, **shared), max(1e-10, 2 * moved(found)))


@pytest.mark.parametrize("unit", ["token", "sentence"])
@pytest.mark.parametrize("spec", PROMISING, ids=name)
def test_the_promise_is_kept_ever_better_up_the_ladder_of_its_limit(spec, unit) -> None:
    case = slow.case(tiny.bert(), tiny.MIXED, unit=unit)
    differences, difference = case.differences(), case.difference()
    found = [explain(tiny.bert(), tiny.MIXED, spec.id, unit=unit, **settings) for settings in grown(spec)]
    kept(spec, found[-1], case, BELOW[spec.limit] if spec.limit else 1e-10)
    if spec.limit:
        errors = [broken(spec.promises, one, differences, difference) for one in found]
        assert_vanishes(errors, BELOW[spec.limit])


@pytest.mark.parametrize("context", ["full", "causal"])
@pytest.mark.parametrize("id", ["sig", "sig-exact"])
def test_both_contexts_keep_the_promise_and_the_causal_one_is_complete_in_total_too(id: str, context: str) -> None:
    attribution = explain(tiny.bert(), tiny.MIXED, id, context=context, unit="word")
    case = slow.case(tiny.bert(), tiny.MIXED, unit="word")
    assert_complete_per_unit(attribution, case.differences(context), 1e-8)
    if context == "causal":
        assert_complete_in_total(attribution, case.difference(), 1e-8)
    else:
        assert abs(attribution.total_delta) > 0.1  # not SIG's axiom, and not so here


@pytest.mark.parametrize(("rule", "order"), ORDERS.items())
@pytest.mark.parametrize("id", WITH_RULES)
def test_the_error_of_each_rule_falls_with_its_order(id: str, rule: str, order: int) -> None:
    case, spec = slow.case(tiny.bert(), tiny.TEXT), METHODS[id]
    steps = [n + (rule == "trapezoid") for n in (32, 64, 128)]
    found = [explain(tiny.bert(), tiny.TEXT, id, steps=n, quadrature=rule) for n in steps]
    assert_order([broken(spec.promises, one, case.differences(), case.difference()) for one in found], order)


@pytest.mark.parametrize("id", WITH_RULES)
def test_gauss_legendre_s_error_falls_faster_than_any_order(id: str) -> None:
    case, spec = slow.case(tiny.bert(), tiny.TEXT), METHODS[id]
    found = [explain(tiny.bert(), tiny.TEXT, id, steps=n) for n in (4, 8, 16, 64)]
    errors = [broken(spec.promises, one, case.differences(), case.difference()) for one in found]
    assert errors[2] < 2**-6 * errors[1] and errors[3] < 1e-12


@pytest.mark.parametrize("id", ONE_BY_ONE)
def test_methods_that_promise_per_unit_tend_to_the_scores_of_their_preview(id: str) -> None:
    spec = METHODS[id]
    if spec.preview:
        limit = explain(tiny.bert(), tiny.TEXT, spec.preview)
        assert_same(explain(tiny.bert(), tiny.TEXT, id, **grown(spec)[-1]).raw, limit.raw, BELOW[spec.limit or "steps"])


@pytest.mark.parametrize(("id", "own"), VARIANTS)
def test_scores_are_finite_and_of_length_1(id: str, own) -> None:
    attribution = explain(tiny.bert(), tiny.MIXED, id, **own)
    assert np.isfinite(attribution.raw).all()
    assert_same(np.linalg.norm(attribution.scores), 1.0, 1e-12)
    assert_differs(attribution.raw, 0 * attribution.raw, 1e-3)


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize(("text", "baseline"), [("[MASK] [MASK]", "mask"), ("film film film", "film"), ("[UNK] xyzzy", "unk")])
@pytest.mark.parametrize("spec", PROMISING, ids=name)
def test_a_text_that_is_its_own_baseline_scores_zero(spec, text, baseline, unit) -> None:
    attribution = explain(tiny.bert(), text, spec.id, baseline=baseline, unit=unit, features=True, **small(spec))
    assert_zero(attribution.raw)
    assert_zero(attribution.scores)
    assert_zero(attribution.total_delta, 1e-12)
    if attribution.features is not None:
        assert_zero(attribution.features)


@pytest.mark.parametrize("spec", PROMISING, ids=name)
def test_a_word_that_is_the_baseline_scores_zero_among_others_that_do_not(spec) -> None:
    raw = explain(tiny.bert(), "a hideous film spectacle", spec.id, baseline="film", **small(spec)).raw
    assert_zero(raw[2], 1e-12)
    assert (np.abs(raw[[0, 1, 3]]) > 1e-4).all()


@pytest.mark.parametrize("spec", PROMISING, ids=name)
@given(st.integers(1, 4), st.integers(0, 100))
def test_a_token_that_the_model_does_not_use_scores_zero(spec, unused, seed) -> None:
    weights = np.random.default_rng(seed).normal(size=(7, 4))
    weights[unused] = 0

    def uses_all_but_one(x):  # [B, T, D] -> [B]: the tokens interact, all but that one
        return (x * x.new_tensor(np.resize(weights, (x.shape[1], 4)))).sum((1, 2)).tanh().exp()

    raw = explain(tiny.handmade(uses_all_but_one), tiny.TEXT, spec.id, target=1, **small(spec)).raw
    assert_zero(raw[unused - 1], 1e-12)
    assert (np.abs(np.delete(raw, unused - 1)) > 0).any()


@pytest.mark.parametrize(("id", "own"), [(id, own) for id, own in VARIANTS if METHODS[id].promises is not Promise.NOTHING])
def test_for_a_linear_model_every_method_gives_weight_times_way(id: str, own) -> None:
    """Gradients are the same everywhere, so path, rule, steps and the other words cannot matter."""
    weights = np.random.default_rng(0).normal(size=(7, 4))
    classifier = tiny.handmade(lambda x: (x * x.new_tensor(np.resize(weights, (x.shape[1], 4)))).sum((1, 2)) + 3)
    attribution = explain(classifier, tiny.TEXT, id, target=1, baseline="zero", **own)
    x = classifier.embed(classifier.encode(tiny.TEXT).ids).numpy()
    assert_same(attribution.raw, (x * weights).sum(1)[1:-1], 1e-12)
    assert_zero(attribution.total_delta, 1e-12)


@pytest.mark.parametrize("spec", ALL, ids=name)
def test_token_and_word_units_agree_where_words_are_single_tokens(spec) -> None:
    found = [explain(tiny.bert(), tiny.TEXT, spec.id, unit=unit, **small(spec)) for unit in ("token", "word")]
    assert_same(found[0].raw, found[1].raw, 1e-10)
    assert [unit.text for unit in found[0].units] == [unit.text for unit in found[1].units] == tiny.TEXT.split()


@pytest.mark.parametrize("id", ["ig", "dig"])
@pytest.mark.parametrize("unit", ["word", "sentence"])
def test_where_all_words_move_together_a_unit_s_score_is_the_sum_over_its_tokens(id: str, unit: str) -> None:
    tokens = explain(tiny.bert(), tiny.MIXED, id, **small(METHODS[id]))
    summed = {token: raw for one, raw in zip(tokens.units, tokens.raw, strict=True) for token in one.tokens}
    larger = explain(tiny.bert(), tiny.MIXED, id, unit=unit, **small(METHODS[id]))
    assert len(larger.units) < len(tokens.units)
    assert_same(larger.raw, [sum(summed[token] for token in one.tokens) for one in larger.units], 1e-12)


@pytest.mark.parametrize("id", ["sig", "sig-exact", "sdig"])
def test_where_units_move_one_by_one_a_word_is_more_than_the_sum_of_its_tokens(id: str) -> None:
    tokens = explain(tiny.bert(), "unwatchable", id, **small(METHODS[id]))
    word = explain(tiny.bert(), "unwatchable", id, unit="word", **small(METHODS[id]))
    assert (len(tokens.raw), len(word.raw)) == (3, 1)
    assert_differs(word.raw, [tokens.raw.sum()], 1e-2)
