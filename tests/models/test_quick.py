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
    rows: list[int] = []
    layers = given.model.base_model.encoder.layer
    read = [layer.intermediate.intermediate_act_fn for layer in layers]
    hooks = [module.register_forward_hook(lambda _, x, y: rows.append(len(y))) for module in read]
    x = given.embed(given.encode(tiny.TEXT).ids)[None].repeat(2, 1, 1)
    given.logits(x)
    for hook in hooks:
        hook.remove()
    assert rows == [2 * x.shape[1]] * (len(layers) - 1) + [2]


def test_a_quick_way_that_comes_to_another_answer_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    right = quick.of(tiny.bert_model())
    assert right is not None
    monkeypatch.setattr(quick, "of", lambda model: lambda embeddings: right(embeddings) + 1e-3)
    given = TextClassifier(tiny.bert_model(), tiny.tokenizer(), name="tiny")
    x = given.embed(given.encode(tiny.TEXT).ids)[None]
    with torch.no_grad():
        torch.testing.assert_close(given.logits(x), own_way(given, x), rtol=0, atol=1e-12)


@pytest.mark.parametrize("family", QUICK)
def test_gradients_of_the_words_that_are_asked_for_are_right_also_where_they_are_the_first_texts(family: str) -> None:
    """Rows that differ from the first in one word, and one that does not: its own word is asked for all the same."""
    given = classifier(family)
    way = quick.of(given.model)
    assert way is not None
    x = given.embed(given.encode(TEXT).ids)[None].repeat(5, 1, 1)
    wanted = torch.zeros(x.shape[:2], dtype=torch.bool)
    for row, token in enumerate((1, 1, 2, 3, 4)):
        wanted[row, token] = True
        x[row, token] += 0.1 * row * (row != 2)  # row 0 and row 2 stay as they are
    assert quick.moved(x.clone().requires_grad_()) is None, "nobody said which"
    found = []
    for shared in (True, False):
        at = x.clone().requires_grad_()
        with quick.asked((wanted if shared else torch.ones_like(wanted))[..., None].expand_as(x)):
            assert (quick.moved(at) is not None) == shared
            (gradient,) = torch.autograd.grad((way(at)[:, 0] * torch.arange(1.0, 6.0)).sum(), at)
        found.append(gradient[wanted])
    torch.testing.assert_close(found[0], found[1], rtol=1e-10, atol=1e-12)
    assert float(found[0].abs().max()) > 1e-6


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
def test_a_word_has_moved_however_little_of_it_did(dtype: torch.dtype) -> None:
    """In one feature alone, up or down, to the next number or beyond all numbers."""
    x = torch.randn(1, 7, 4, generator=torch.Generator().manual_seed(1), dtype=torch.float64).repeat(6, 1, 1).to(dtype)
    x[:, 5, 3] = torch.finfo(dtype).tiny  # the difference to its neighbour is less than any normal number
    huge = torch.finfo(dtype).max
    x[:, 6, 3] = -huge
    moves = {(1, 1, 3): x[0, 1, 3] + 0.5, (2, 2, 3): x[0, 2, 3] - 0.5, (3, 5, 3): x[0, 5, 3] * 1.5, (4, 6, 3): huge}
    moves |= {(5, 4, 0): float("nan")}
    expected = torch.zeros(x.shape[:2], dtype=torch.bool)
    for (row, word, feature), value in moves.items():
        x[row, word, feature] = value
        expected[row, word] = True
    found = quick.moved(x)
    assert found is not None and torch.equal(found, expected)
