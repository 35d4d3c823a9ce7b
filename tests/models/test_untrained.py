"""The untrained controls: the same encoder under another head, or nothing as it was; and the trained model untouched."""

import math

import numpy as np
import pytest
import torch
from torch import nn
from transformers import BertConfig, BertForSequenceClassification

from sigviz.errors import ModelUnsupported
from sigviz.explain import explain, predict
from sigviz.models.classifier import TextClassifier
from sigviz.models.untrained import REDRAWN, UNTRAINED, redrawn, untrained
from tests import tiny
from tests.models.families import FAMILIES

CONTROLS = {
    "head": lambda trained, seed=0: untrained(trained, seed),
    "he": lambda trained, seed=0: untrained(trained, seed, he=True),
    "all": redrawn,
}


def family(name: str) -> TextClassifier:
    """A tiny model whose every parameter is as training leaves it: no norm is 1 and no bias 0."""
    model, tokenizer = FAMILIES[name]()
    random = torch.Generator().manual_seed(5)
    for weights in model.parameters():
        if weights.ndim == 1:
            weights.data += 0.1 * torch.randn(weights.shape, generator=random, dtype=weights.dtype)
    return TextClassifier(model, tokenizer, name=name, labels=("a", "b", "c"), revision="r1", notes=("a note",))


def heads(model: nn.Module) -> dict[str, nn.Linear]:
    """The fully connected layers on top of the encoder, by name."""
    inside = f"{model.base_model_prefix}."
    linear = {name: layer for name, layer in model.named_modules() if isinstance(layer, nn.Linear)}
    return {name: layer for name, layer in linear.items() if not name.startswith(inside) or ".pooler" in name}


def test_the_head_is_another_and_the_encoder_the_very_same() -> None:
    trained = tiny.bert()
    twin = untrained(trained, seed=1)
    own = dict(trained.model.named_parameters())
    for name, parameter in twin.model.named_parameters():
        shared = parameter.data_ptr() == own[name].data_ptr()
        assert shared == (not name.startswith(("classifier", "bert.pooler"))), name


def test_the_trained_model_answers_as_before() -> None:
    trained = tiny.bert()
    before = predict(trained, tiny.TEXT).probabilities
    twin = untrained(trained)
    assert np.array_equal(predict(trained, tiny.TEXT).probabilities, before)
    assert np.abs(predict(twin, tiny.TEXT).probabilities - 1 / 3).max() < 0.05 < np.abs(before - 1 / 3).max()


def test_the_seed_decides_the_head() -> None:
    answers = [explain(untrained(tiny.bert(), seed), tiny.TEXT, "sig-exact").raw for seed in (0, 0, 1)]
    assert np.array_equal(answers[0], answers[1]) and np.abs(answers[0] - answers[2]).max() > 1e-6


def test_its_name_is_the_models_and_its_revision_and_notes_tell_them_apart() -> None:
    twin = untrained(tiny.bert(), seed=3)
    assert twin.name == tiny.bert().name and twin.revision.endswith("untrained-3")
    assert any("untrained" in note for note in twin.notes) and twin.labels == tiny.bert().labels


def test_biases_are_zero_and_weights_as_wide_as_the_models_class_draws_them() -> None:
    model = untrained(tiny.bert()).model
    assert not model.classifier.bias.any()
    weights = torch.cat([model.classifier.weight.flatten(), model.bert.pooler.dense.weight.flatten()])
    assert 0.01 < float(weights.std()) < 0.03


def test_a_model_without_a_head_of_its_own_is_refused() -> None:
    with pytest.raises(ModelUnsupported, match="no untrained control"):
        untrained(tiny.handmade(lambda x: x.sum((-1, -2))))


# As the robustness paper draws them, and with nothing left of the training


@pytest.mark.parametrize("name", FAMILIES)
def test_every_family_s_head_is_drawn_anew_and_nothing_else(name: str) -> None:
    trained = family(name)
    before = {key: weights.clone() for key, weights in trained.model.state_dict().items()}
    twin = untrained(trained, seed=1, he=True)
    drawn = heads(trained.model)
    assert drawn
    own, theirs = dict(trained.model.named_parameters()), dict(twin.model.named_parameters())
    assert own.keys() == theirs.keys()
    for key, weights in theirs.items():
        if key.rpartition(".")[0] in drawn:
            assert weights.data_ptr() != own[key].data_ptr() and not torch.equal(weights, own[key]), key
            assert key.endswith("weight") or not weights.any(), "biases are 0"
        else:
            assert weights.data_ptr() == own[key].data_ptr(), key
    assert all(torch.equal(weights, before[key]) for key, weights in trained.model.state_dict().items())
    assert not any(weights.requires_grad for weights in twin.model.parameters()) and not twin.model.training


@pytest.mark.parametrize("name", FAMILIES)
def test_every_family_can_be_drawn_anew_as_a_whole(name: str) -> None:
    trained = family(name)
    before = {key: weights.clone() for key, weights in trained.model.state_dict().items()}
    answer = predict(trained, "a dull film").probabilities
    twin = redrawn(trained, seed=1)
    own = dict(trained.model.named_parameters())
    width, drawn = getattr(trained.model.config, "initializer_range", 0.02), heads(trained.model)
    for key, weights in twin.model.named_parameters():
        assert weights.data_ptr() != own[key].data_ptr() and not torch.equal(weights, own[key]), key
        assert weights.dtype == own[key].dtype and weights.isfinite().all()
        if weights.ndim == 1:
            assert (weights == (1 if key.endswith("weight") else 0)).all(), key
        else:
            inputs = math.sqrt(2 / weights.shape[1]) if key.rpartition(".")[0] in drawn else width
            error = inputs / math.sqrt(2 * weights.numel())
            assert abs(float(weights.std()) - inputs) < 5 * error, key
            assert abs(float(weights.mean())) < 5 * inputs / math.sqrt(weights.numel()), key
    norms = [layer for layer in twin.model.modules() if "Norm" in type(layer).__name__ and hasattr(layer, "weight")]
    assert norms and all((layer.weight == 1).all() for layer in norms)
    assert all(torch.equal(weights, before[key]) for key, weights in trained.model.state_dict().items())
    assert np.array_equal(predict(trained, "a dull film").probabilities, answer)
    assert np.isfinite(explain(twin, "a dull film", "saliency").raw).all()


def test_tied_weights_stay_tied() -> None:
    """In ALBERT one layer's weights serve all layers."""
    trained = family("albert")
    for twin in (untrained(trained, he=True), redrawn(trained)):
        assert len(list(twin.model.parameters())) == len(list(trained.model.parameters()))
        assert not any(weights.requires_grad for weights in twin.model.parameters())


def test_the_paper_s_head_has_he_s_variance() -> None:
    """2 / inputs, within sampling error, where the class itself would draw with 0.02: a head of many weights shows it."""
    sizes = {"hidden_size": 256, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 8}
    config = BertConfig(vocab_size=len(tiny.VOCABULARY), max_position_embeddings=64, num_labels=3, **sizes)
    trained = TextClassifier(BertForSequenceClassification(config), tiny.tokenizer(), name="wide")
    assert 0.019 < float(untrained(trained).model.bert.pooler.dense.weight.std()) < 0.021
    for twin in (untrained(trained, he=True), redrawn(trained)):
        for layer in (twin.model.bert.pooler.dense, twin.model.classifier):
            n, variance = layer.weight.numel(), 2 / 256
            assert abs(float(layer.weight.var()) - variance) < 4 * variance * math.sqrt(2 / n)
            assert abs(float(layer.weight.mean())) < 4 * math.sqrt(variance / n)
            assert not layer.bias.any()


@pytest.mark.parametrize("kind", CONTROLS)
def test_the_seed_decides_every_control(kind: str) -> None:
    def weights(seed: int) -> torch.Tensor:
        return torch.cat([one.flatten() for one in CONTROLS[kind](tiny.bert(), seed).model.parameters()])

    assert torch.equal(weights(0), weights(0)) and not torch.equal(weights(0), weights(1))


@pytest.mark.parametrize("kind", CONTROLS)
def test_no_chance_of_anybody_else_s_is_used(kind: str) -> None:
    torch.manual_seed(3)
    before = torch.random.get_rng_state()
    CONTROLS[kind](tiny.bert())
    assert torch.equal(torch.random.get_rng_state(), before)


@pytest.mark.parametrize(("kind", "called"), [("head", UNTRAINED), ("he", UNTRAINED), ("all", REDRAWN)])
def test_a_control_says_what_it_is_and_keeps_names_and_notes(kind: str, called: str) -> None:
    trained = family("distilbert")
    twin = CONTROLS[kind](trained, 7)
    assert (twin.name, twin.labels, twin.revision) == (trained.name, ("a", "b", "c"), f"r1+{called}-7")
    assert twin.notes[0] == "a note" and len(twin.notes) == 2
    assert "a control, not a classifier" in twin.notes[1] and "seed 7" in twin.notes[1]
    assert any("a control" in note for note in explain(twin, "a dull film", "ig", steps=2).notes)


def test_walks_over_words_are_shared_only_where_the_words_are_the_same() -> None:
    trained = tiny.bert()
    assert untrained(trained, he=True).walked is trained.walked
    assert redrawn(trained).walked is not trained.walked


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_control_computes_in_the_precision_of_the_model(dtype: torch.dtype) -> None:
    for make in CONTROLS.values():
        assert make(tiny.bert(dtype)).dtype == dtype


@pytest.mark.parametrize("kind", CONTROLS)
def test_no_control_without_a_head_of_its_own(kind: str) -> None:
    with pytest.raises(ModelUnsupported, match="no untrained control"):
        CONTROLS[kind](tiny.handmade(lambda x: x.sum((-1, -2))))
