"""Parity mode: embedded twice, on purpose, and only for the architectures of the papers."""

from pathlib import Path

import numpy as np
import pytest
import torch

from sigviz.attribution import Settings
from sigviz.errors import InvalidSettings, ModelUnsupported
from sigviz.explain import explain_tokens
from sigviz.methods import METHODS
from sigviz.models import zoo
from sigviz.studies import faithfulness
from sigviz.studies.parity import twice_embedded
from sigviz.studies.plan import PAPERS_CODE, Plan
from tests import tiny
from tests.methods.axioms import assert_differs, assert_same

MODEL = "bundled/distil-movie"


def test_positions_types_and_layer_norm_are_added_before_the_model_adds_them() -> None:
    trained = tiny.bert()
    ids = torch.as_tensor(trained.encode(tiny.TEXT).ids)[None]
    layer = trained.model.bert.embeddings
    with torch.no_grad():
        once = layer(input_ids=ids)  # word embeddings, positions, types, LayerNorm
        expected = trained.model(inputs_embeds=once).logits
        plain = trained.model(input_ids=ids).logits
        found = twice_embedded(trained).logits(trained.embed(ids[0].numpy())[None])
    assert_same(found, expected, 1e-12)
    assert_differs(found, plain, 1e-3)


def test_robertas_positions_start_behind_its_padding() -> None:
    from transformers import RobertaConfig, RobertaForSequenceClassification

    config = RobertaConfig(
        vocab_size=len(tiny.VOCABULARY), hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16,
        max_position_embeddings=66, pad_token_id=0, type_vocab_size=1, num_labels=2,
    )  # fmt: skip
    torch.manual_seed(0)
    model = RobertaForSequenceClassification(config).double().eval()
    trained = tiny.TextClassifier(model, tiny.tokenizer(), name="roberta")
    ids = torch.as_tensor(trained.encode(tiny.TEXT).ids)[None]
    with torch.no_grad():
        expected = model(inputs_embeds=model.roberta.embeddings(input_ids=ids)).logits
        found = twice_embedded(trained).logits(trained.embed(ids[0].numpy())[None])
    assert_same(found, expected, 1e-12)


def test_the_bundled_distilbert_is_embedded_twice_as_its_own_layer_would() -> None:
    trained = zoo.load(MODEL)
    ids = torch.as_tensor(trained.encode(tiny.TEXT).ids)[None]
    with torch.no_grad():
        expected = trained.model(inputs_embeds=trained.model.distilbert.embeddings(input_ids=ids)).logits
        found = twice_embedded(trained).logits(trained.embed(ids[0].numpy())[None])
    assert_same(found, expected, 1e-5)


def test_another_architecture_is_refused() -> None:
    with pytest.raises(ModelUnsupported, match="Leave parity out"):
        twice_embedded(tiny.handmade(lambda x: x.sum((-1, -2))))


def test_special_tokens_have_gradients_of_their_own_but_nothing_to_integrate() -> None:
    trained = tiny.bert()
    special = ~trained.encode(tiny.TEXT).content
    settings: list[Settings] = [METHODS[id].settings() for id in ("grad-input", "ig")]
    (_, gradients), (attribution, integrated) = (explain_tokens(trained, tiny.TEXT, one) for one in settings)
    assert np.abs(integrated[special]).max() == 0 < np.abs(gradients[special]).min()
    assert_same(integrated[~special], attribution.raw, 1e-12)


def test_a_study_in_parity_mode_runs_and_says_so(tmp_path: Path) -> None:
    plan = Plan(
        "movie", ("ig(steps=4)", "grad-input"), models=(MODEL,), limit=2, control=1,
        parity=PAPERS_CODE, output="max-logit", protocols=("paper",),
    )  # fmt: skip
    found = faithfulness.evaluate(plan, tmp_path / "r.parquet")
    assert found.about["plan"]["parity"] == PAPERS_CODE and found.about["failed"] == {}
    assert found.rows["value"].notna().all() and set(found.rows["protocol"]) == {"paper", ""}


def test_parity_goes_with_what_the_papers_code_does_alone() -> None:
    with pytest.raises(InvalidSettings, match="max-logit"):
        Plan("movie", ("ig",), parity=PAPERS_CODE)
