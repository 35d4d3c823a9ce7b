"""The untrained control: the same encoder, another head, and the trained model untouched."""

import numpy as np
import pytest
import torch

from sigviz.errors import ModelUnsupported
from sigviz.explain import explain, predict
from sigviz.models.untrained import untrained
from tests import tiny


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
