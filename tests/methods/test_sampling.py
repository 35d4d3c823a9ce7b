"""Methods that sample: the seed decides everything, and the spread over seeds is what it says."""

import numpy as np
import pytest

from sigviz.explain import explain
from sigviz.methods import METHODS
from tests import tiny
from tests.methods.axioms import assert_differs, assert_same, assert_zero
from tests.methods.cases import ALL, small

SAMPLING = [spec.id for spec in ALL if any(option.name == "seeds" for option in spec.options)]
TEXT = tiny.MIXED  # 15 tokens: too many coalitions to look at all


def own(id: str, **given):
    return small(METHODS[id], samples=16, **given)


def test_the_methods_that_sample_are_those_that_should() -> None:
    assert SAMPLING == ["smoothgrad", "gradient-shap", "kernel-shap", "lime", "random"]
    defaults = {id: METHODS[id].settings().option("seeds") for id in SAMPLING}
    assert defaults == {"smoothgrad": 3, "gradient-shap": 3, "kernel-shap": 2, "lime": 2, "random": 3}


@pytest.mark.parametrize("id", SAMPLING)
def test_the_same_seed_gives_the_same_scores_and_another_one_others(id: str) -> None:
    one, again, other = (explain(tiny.bert(), TEXT, id, seed=seed, **own(id)) for seed in (3, 3, 4))
    assert_same(one.raw, again.raw, 0)
    assert_same(one.spread, again.spread, 0)
    assert_differs(one.raw, other.raw, 1e-3)


@pytest.mark.parametrize("id", SAMPLING)
def test_the_scores_are_the_given_seed_s_and_the_spread_that_of_separate_runs(id: str) -> None:
    together = explain(tiny.bert(), TEXT, id, seed=3, **own(id, seeds=4))
    alone = [explain(tiny.bert(), TEXT, id, seed=seed, **own(id, seeds=1)) for seed in (3, 4, 5, 6)]
    assert_same(together.raw, alone[0].raw, 1e-12)
    assert_same(together.spread, np.std([one.raw for one in alone], axis=0, ddof=1), 1e-12)
    assert together.spread.dtype == np.float64 and (together.spread > 0).all()
    assert all(one.spread is None for one in alone)
    same = sum(one.raw.argmax() == alone[0].raw.argmax() for one in alone)
    assert f"The most important token is the same with {same} of 4 seeds." in together.notes
    assert not any("seeds" in note for note in alone[0].notes)


@pytest.mark.parametrize("id", SAMPLING)
def test_the_largest_seed_there_is_has_seeds_after_it(id: str) -> None:
    assert np.isfinite(explain(tiny.bert(), TEXT, id, seed=2**31 - 1, **own(id)).spread).all()


@pytest.mark.parametrize("spec", [spec for spec in ALL if spec.id not in SAMPLING], ids=lambda spec: spec.id)
def test_what_does_not_sample_has_no_spread_and_no_seed(spec) -> None:
    found = [explain(tiny.bert(), tiny.TEXT, spec.id, seed=seed, **small(spec)) for seed in (0, 1)]
    assert found[0].spread is found[1].spread is None
    assert_same(found[0].raw, found[1].raw, 0)


def test_the_spread_is_in_the_document() -> None:
    found = explain(tiny.bert(), TEXT, "random")
    assert found.to_dict()["spread"] == found.spread.tolist()
    assert explain(tiny.bert(), TEXT, "ig", steps=2).to_dict()["spread"] is None


def test_a_score_of_nothing_has_no_most_important_unit() -> None:
    found = explain(tiny.bert(), "film film", "gradient-shap", baseline="film")
    assert_zero(found.raw)
    assert_zero(found.spread)
    assert found.notes == ()


# the control


def test_random_scores_are_uniform_know_no_model_and_differ_between_texts() -> None:
    raw = np.concatenate([explain(tiny.bert(), TEXT, "random", seed=seed, seeds=1).raw for seed in range(100)])
    assert_same([raw.mean(), raw.var()], [1 / 2, 1 / 12], 0.02)
    assert raw.min() >= 0 and raw.max() < 1
    other_model = explain(tiny.handmade(lambda x: x.sum((1, 2))), TEXT, "random", baseline="zero", target=0)
    assert_same(other_model.raw, explain(tiny.bert(), TEXT, "random").raw, 0)
    one, other = (explain(tiny.bert(), text, "random").raw for text in ("good film", "dull film"))
    assert_differs(one, other, 1e-3)


def test_random_scores_cost_only_the_look_at_both_ends() -> None:
    classifier = tiny.watched()
    explain(classifier, TEXT, "random")
    assert (classifier.forward, classifier.backward) == (2, 0) == METHODS["random"].passes(METHODS["random"].settings(), 9)
