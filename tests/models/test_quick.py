"""The quick way through a model gives the model's own numbers, there and back, and is left where it does not."""

import pytest
import torch
from torch import Tensor

from sigviz.models import quick
from sigviz.models.classifier import TextClassifier
from sigviz.models.twins import ATTENTION, with_attention
from tests import tiny
from tests.models.families import FAMILIES

QUICK = ("bert", "distilbert", "roberta", "xlm_roberta", "electra")
TEXT = "The story is never dull : a gorgeous , witty movie ."


def classifier(family: str) -> TextClassifier:
    model, tokenizer = FAMILIES[family]()
    return TextClassifier(model.double(), tokenizer, name=family)


def own_way(classifier: TextClassifier, embeddings: Tensor) -> Tensor:
    return classifier.model(inputs_embeds=embeddings).logits


@pytest.mark.parametrize("family", QUICK)
@pytest.mark.parametrize("attention", ATTENTION)
def test_logits_and_gradients_are_those_of_the_whole_model(family: str, attention: str) -> None:
    given = with_attention(classifier(family), attention)
    way = quick.of(given.model)
    assert way is not None
    x = given.embed(given.encode(TEXT).ids)[None].repeat(3, 1, 1)
    x = (x + 0.1 * torch.randn(x.shape, generator=torch.Generator().manual_seed(1), dtype=x.dtype)).requires_grad_()
    found = []
    for forward in (way, lambda e: own_way(given, e)):
        logits = forward(x)
        (gradient,) = torch.autograd.grad(logits[:, 0].sum() - 2 * logits[:, -1].sum(), x)
        found.append((logits.detach(), gradient))
    assert float(found[1][1].abs().max()) > 1e-6, "the gradients are too small to tell anything"
    torch.testing.assert_close(found[0], found[1], rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("family", sorted(set(FAMILIES) - set(QUICK)))
def test_other_families_go_their_own_way(family: str) -> None:
    assert quick.of(FAMILIES[family]()[0]) is None


def test_only_one_row_of_the_last_layer_is_computed() -> None:
    given = tiny.bert()
    rows: list[tuple[int, ...]] = []
    layers = given.model.base_model.encoder.layer
    hooks = [layer.intermediate.register_forward_hook(lambda _, x, y: rows.append(tuple(y.shape[:2]))) for layer in layers]
    x = given.embed(given.encode(tiny.TEXT).ids)[None].repeat(2, 1, 1)
    given.logits(x)
    for hook in hooks:
        hook.remove()
    assert rows == [(2, x.shape[1])] * (len(layers) - 1) + [(2, 1)]


def test_a_quick_way_that_comes_to_another_answer_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    right = quick.of(tiny.bert_model())
    assert right is not None
    monkeypatch.setattr(quick, "of", lambda model: lambda embeddings: right(embeddings) + 1e-3)
    given = TextClassifier(tiny.bert_model(), tiny.tokenizer(), name="tiny")
    x = given.embed(given.encode(tiny.TEXT).ids)[None]
    with torch.no_grad():
        torch.testing.assert_close(given.logits(x), own_way(given, x), rtol=0, atol=1e-12)
