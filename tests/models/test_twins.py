"""Twins: another way to compute the same model, the weights shared where they can be, the original untouched."""

import numpy as np
import pytest
import torch

from sigviz.errors import ModelUnsupported
from sigviz.explain import explain, predict
from sigviz.models import twins
from sigviz.models.classifier import TextClassifier
from tests import tiny
from tests.models.families import FAMILIES

ONE_WAY = {"deberta_v2", "mpnet"}  # classes without sdpa in this transformers


def test_the_twin_s_attention_is_the_other_and_its_weights_are_the_very_same() -> None:
    original = tiny.bert()
    twin = twins.with_attention(original, "sdpa")
    assert (twins.attention_of(original), twins.attention_of(twin)) == ("eager", "sdpa")
    own = dict(original.model.named_parameters())
    assert all(weights.data_ptr() == own[name].data_ptr() for name, weights in twin.model.named_parameters())
    assert twin.model.config is not original.model.config


def test_the_twin_really_runs_the_other_attention(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[int] = []
    real = torch.nn.functional.scaled_dot_product_attention
    monkeypatch.setattr(
        torch.nn.functional, "scaled_dot_product_attention", lambda *given, **named: called.append(1) or real(*given, **named)
    )
    predict(tiny.bert(), tiny.TEXT)
    assert not called
    predict(twins.with_attention(tiny.bert(), "sdpa"), tiny.TEXT)
    assert called


def test_both_answer_alike_and_the_original_as_before() -> None:
    original = tiny.bert()
    before = predict(original, tiny.TEXT).probabilities
    for twin in (twins.with_attention(original, "sdpa"), twins.in_double(original)):
        assert np.abs(predict(twin, tiny.TEXT).probabilities - before).max() < 1e-12
    assert np.array_equal(predict(original, tiny.TEXT).probabilities, before)


def test_a_twin_in_double_is_a_copy_whose_arithmetic_is_finer() -> None:
    single = tiny.bert(torch.float32)
    double = twins.in_double(single)
    assert (single.dtype, double.dtype) == (torch.float32, torch.float64)
    found = [explain(one, tiny.TEXT, "sig-exact").raw for one in (single, double)]
    assert 0 < np.abs(found[0] - found[1]).max() < 1e-4


def test_its_revision_tells_a_twin_apart() -> None:
    original, twin = tiny.bert(), twins.with_attention(tiny.bert(), "sdpa")
    assert twin.name == original.name and twin.revision != original.revision and twin.labels == original.labels


def test_a_model_that_would_be_too_large_in_double_is_not_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(twins, "MOST_DOUBLED", 10)
    with pytest.raises(ModelUnsupported, match="GB"):
        twins.in_double(tiny.bert())


def test_a_handmade_model_has_no_attention_to_change() -> None:
    made = tiny.handmade(lambda x: x.sum((1, 2)))
    assert twins.attention_of(made) == ""
    with pytest.raises(ModelUnsupported, match="a way of its own"):
        twins.with_attention(made, "sdpa")


@pytest.mark.parametrize("name", FAMILIES)
def test_every_family_has_both_or_says_that_it_has_not(name: str) -> None:
    model, tokenizer = FAMILIES[name]()
    original = TextClassifier(model, tokenizer, name=name)
    other = next(kind for kind in twins.ATTENTION if kind != twins.attention_of(original))
    before = predict(original, "a dull film").probabilities
    if name in ONE_WAY:
        with pytest.raises(ModelUnsupported, match="a way of its own"):
            twins.with_attention(original, other)
    else:
        twin = twins.with_attention(original, other)
        assert twins.attention_of(twin) == other
        assert np.abs(predict(twin, "a dull film").probabilities - before).max() < 1e-5
    assert np.array_equal(predict(original, "a dull film").probabilities, before)
