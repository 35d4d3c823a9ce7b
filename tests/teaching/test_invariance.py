"""The same model computed in other ways gets the same scores, and the check sees it where the model is another one."""

import threading
from dataclasses import replace

import numpy as np
import pytest
import torch

from sigviz.attribution import Attribution
from sigviz.errors import Cancelled
from sigviz.explain import explain, predict
from sigviz.models import twins, zoo
from sigviz.models.classifier import TextClassifier
from sigviz.teaching import invariance
from sigviz.teaching.invariance import WAYS, Way, compared, difference
from tests import tiny

NAN = float("nan")
BUNDLED = "bundled/distil-movie"


def _reference(classifier: TextClassifier, text: str = tiny.TEXT) -> list[Attribution]:
    target = predict(classifier, text).target
    given = [("ig", {"steps": 2}), ("sig", {"steps": 2}), ("sig-exact", {})]
    return [explain(classifier, text, method, target=target, **own) for method, own in given]


def _compared(classifier: TextClassifier, way: str, **more: object) -> invariance.Compared:
    seen = more.get("seen", [])
    cancel = more.get("cancel", threading.Event())
    return compared(classifier, way, _reference(classifier), lambda *done: seen.append(done), cancel)  # type: ignore[attr-defined, arg-type]


@pytest.mark.parametrize("way", WAYS)
def test_a_bundled_model_gets_the_same_scores_however_it_is_computed(way: str) -> None:
    seen: list[tuple[int, int]] = []
    found = _compared(zoo.load(BUNDLED), way, seen=seen)
    assert [check.about for check in found.checks] == ["ig", "sig", "sig-exact"] and not found.why_not
    assert all(check.holds and check.promised for check in found.checks)
    assert any(check.measured > 0 for check in found.checks), "not even rounding differs: it was the same computation"
    assert seen == sorted(seen) and seen[-1][0] == seen[-1][1]


@pytest.mark.parametrize("way", WAYS)
def test_the_check_fails_where_the_other_model_is_another_one(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    other = TextClassifier(tiny.bert_model(seed=1), tiny.tokenizer(), name="tiny")
    monkeypatch.setitem(WAYS, way, Way(way, "another model", lambda classifier: other))
    assert not any(check.holds for check in _compared(tiny.bert(), way).checks)


def test_a_model_in_one_piece_has_no_adapter_to_leave_apart() -> None:
    found = _compared(tiny.bert(), "adapter")
    assert not found.checks and "adapter" in found.why_not


def test_a_model_with_one_attention_says_so() -> None:
    made = tiny.handmade(lambda x: x.sum((1, 2)).tanh())
    found = _compared(made, "attention")
    assert (
        not found.checks
        and "a way of its own" in found.why_not
        and "not as its own" in invariance.described(made, "attention")
    )


def test_the_way_is_named_as_it_is_for_this_model() -> None:
    assert invariance.described(tiny.bert(), "attention").startswith("attention as sdpa")
    assert invariance.described(twins.with_attention(tiny.bert(), "sdpa"), "attention").startswith("attention as eager")
    assert "float64" in invariance.described(tiny.bert(), "float64")


def test_the_other_attention_of_the_tiny_model_differs_by_rounding_alone() -> None:
    found = _compared(tiny.bert(torch.float32), "attention")
    assert all(0 < check.measured < 1e-4 and check.holds for check in found.checks)


def test_the_models_of_others_are_left_as_they_were() -> None:
    classifier = tiny.bert()
    before = {name: weights.clone() for name, weights in classifier.model.named_parameters()}
    for way in WAYS:
        _compared(classifier, way)
    assert all(torch.equal(weights, before[name]) for name, weights in classifier.model.named_parameters())
    assert twins.attention_of(classifier) == "eager" and classifier.dtype == torch.float64


def test_it_can_be_stopped() -> None:
    reference, cancel = _reference(tiny.bert()), threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        compared(tiny.bert(), "float64", reference, lambda *done: None, cancel)


def test_a_difference_is_the_largest_of_any_score_and_its_bound_a_share_of_the_largest_score() -> None:
    one = explain(tiny.bert(), tiny.TEXT, "sig-exact")
    largest = np.abs(one.raw).max()
    for share, holds in ((0.5e-3, True), (2e-3, False), (NAN, False)):
        raw = one.raw.copy()
        raw[3] += share * largest
        found = difference(one, replace(one, raw=raw))
        assert found.holds is holds
        assert found.measured == pytest.approx(share * largest, nan_ok=True)
    assert difference(one, one).measured == 0


def test_explanations_of_other_units_are_not_compared() -> None:
    one = explain(tiny.bert(), tiny.MIXED, "sig-exact")
    with pytest.raises(ValueError, match="same units"):
        difference(one, explain(tiny.bert(), tiny.MIXED, "sig-exact", unit="word"))
