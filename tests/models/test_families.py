"""What must hold for every family of classifiers: exact SIG is leave-one-out, words stand where they are in the text."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest
import torch
from transformers import (
    BartConfig,
    BartForSequenceClassification,
    BertConfig,
    BertForSequenceClassification,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    RobertaTokenizer,
    T5Config,
    T5ForSequenceClassification,
    T5Tokenizer,
)
from transformers.models.bert.tokenization_bert_legacy import BertTokenizerLegacy

from sigviz.attribution import UNITS
from sigviz.errors import ModelUnsupported
from sigviz.explain import explain
from sigviz.models import text as texts
from sigviz.models.classifier import TextClassifier
from tests.models.alignment import misaligned
from tests.models.families import FAMILIES, byte_pairs, unigram, wordpiece

TEXT = "The story isn't bad: well-made café films.\nGood  music, 😀 unwatchable 电影!"
TEXTS = (
    TEXT,
    "a hideous , confusing spectacle",
    "  leading and trailing spaces  ",
    "double  spaces,\ttabs,\n\nlines \r\n and\u00a0others",
    "state-of-the-art, 90-minute 'gem' (2023) ... $10!?",
    "Élan, naïve façade; cafe\u0301 in two code points",
    "😀🎬 👨‍👩‍👧 ❤️ 🇩🇪 ☃",
    "这部电影很好看。我不喜欢它！",
    "한국어 영화 \u1112\u1161\u11ab",
    "שלום עולם, טוב",
    "مرحبا بالعالم ، فيلم جيد",
    "ﬁnal ½ ﷺ … ™ ¨x ``quoted''",
    "zero\u200bwidth \u200e soft\u00adhyphen \ufeff \x07 bell",
    "a literal [MASK] and [SEP] or <mask> </s> <|endoftext|> <unk> ▁ ##s Ġ",
    "<script>alert('x')</script>",
    "one",
)
NO_MASK = {"gpt2": "eos", "opt": "pad", "llama": "eos", "qwen2": "pad"}


@dataclass(frozen=True)
class Case:
    """A family's classifier, and the same model once more, untouched by TextClassifier."""

    name: str
    classifier: TextClassifier
    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase


@cache
def made(name: str) -> Case:
    return Case(name, TextClassifier(*FAMILIES[name](), name=name), *FAMILIES[name]())


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    """For matrices of 32 columns a second thread is only a burden."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(params=FAMILIES)
def case(request: pytest.FixtureRequest) -> Case:
    return made(request.param)


@contextmanager
def read_at_the_end(model: PreTrainedModel) -> Iterator[None]:
    """A decoder answers from the last token that is no pad; with pad as the baseline that place would move."""
    pad, model.config.pad_token_id = model.config.pad_token_id, None
    try:
        yield
    finally:
        model.config.pad_token_id = pad


def leave_one_out(model: PreTrainedModel, ids: Sequence[int], groups: list[tuple[int, ...]], token: int) -> np.ndarray:
    """What the predicted class's logit loses when the ids of a group are exchanged: one sequence at a time, no embeddings."""

    @torch.no_grad()
    def logits(changed: Sequence[int]) -> np.ndarray:
        given = torch.tensor([changed])
        return model(input_ids=given, attention_mask=torch.ones_like(given)).logits[0].numpy()

    with read_at_the_end(model):
        whole = logits(ids)
        left = [logits([token if place in group else id for place, id in enumerate(ids)]) for group in groups]
    return whole[whole.argmax()] - np.array(left)[:, whole.argmax()]


def content_of(tokenizer: PreTrainedTokenizerBase, text: str) -> list[int]:
    """Where the tokens stand that the text became, not those that the tokenizer put around it."""
    special = tokenizer(text, return_special_tokens_mask=True)["special_tokens_mask"]
    return [place for place, added in enumerate(special) if not added]


@pytest.mark.parametrize("unit", UNITS)
def test_exact_sig_is_leave_one_out_on_token_ids(case: Case, unit: str) -> None:
    found = explain(case.classifier, TEXT, "sig-exact", unit=unit)
    kind = NO_MASK.get(case.name, "mask")
    groups = [one.tokens for one in found.units]
    if unit == "token":
        assert groups == [(place,) for place in content_of(case.tokenizer, TEXT)]
    expected = leave_one_out(
        case.model, case.tokenizer(TEXT)["input_ids"], groups, getattr(case.tokenizer, f"{kind}_token_id")
    )
    assert np.abs(expected).max() > 1e-2
    # Llama's and Qwen2's norms and rotations are computed in float32 whatever the model's precision is
    tolerance = 1e-5 if case.name in ("llama", "qwen2") else 1e-9
    np.testing.assert_allclose(found.raw, expected, rtol=0, atol=tolerance)
    assert found.expected is not None
    np.testing.assert_array_equal(found.raw, found.expected)


def test_leave_one_out_tells_tokens_and_baselines_apart(case: Case) -> None:
    """The comparison above can fail: other groups, or another baseline, give other numbers."""
    ids, places = case.tokenizer(TEXT)["input_ids"], content_of(case.tokenizer, TEXT)
    right = leave_one_out(case.model, ids, [(places[0],), (places[1],)], ids[places[-1]])
    assert abs(right[0] - right[1]) > 1e-5
    assert np.abs(right - leave_one_out(case.model, ids, [(places[0],), (places[1],)], ids[places[-2]])).max() > 1e-5


def test_gradients_reach_every_word(case: Case) -> None:
    """They are the slope of the answer (central difference), and no content token is left without one."""
    classifier, places = case.classifier, content_of(case.tokenizer, TEXT)
    x = classifier.embed(classifier.encode(TEXT).ids)[None].requires_grad_()
    classifier.logits(x)[0, 0].backward()
    assert x.grad is not None
    uphill = x.grad / x.grad.norm()
    with torch.no_grad():
        behind, ahead = (classifier.logits(x + step * uphill)[0, 0] for step in (-1e-4, 1e-4))
    assert float(ahead - behind) / 2e-4 == pytest.approx(float(x.grad.norm()), rel=1e-2)
    assert x.grad[0, places].norm(dim=-1).min() > 1e-6


@pytest.mark.parametrize("kind", UNITS)
def test_units_stand_where_they_are_in_the_text(case: Case, kind: str) -> None:
    wrong = []
    for text in TEXTS:
        encoding = texts.encode(text, case.tokenizer, limit=1000)
        wrong += misaligned(encoding, texts.units(encoding, kind), kind, case.tokenizer)
    assert wrong == []


def test_texts_become_the_tokens_of_the_plain_pipeline(case: Case) -> None:
    for text in TEXTS:
        encoding = texts.encode(text, case.tokenizer, limit=1000)
        assert encoding.ids.tolist() == case.tokenizer(text)["input_ids"]
        assert np.flatnonzero(encoding.content).tolist() == content_of(case.tokenizer, text)
        assert encoding.truncated == 0


def test_a_token_says_what_stands_at_its_place(case: Case) -> None:
    text = "a good spectacle , sometimes gorgeously unwatchable !"
    encoding = texts.encode(text, case.tokenizer, limit=1000)
    units = [unit for unit in texts.units(encoding, "token") if unit.start < unit.end]
    read = [case.tokenizer.decode([encoding.ids[unit.tokens[0]]]).strip().removeprefix("##") for unit in units]
    assert [unit.text for unit in units] == read
    assert "".join(read) == text.replace(" ", "")


def test_words_are_those_between_spaces(case: Case) -> None:
    text = "  a good  spectacle , sometimes\tgorgeously \n unwatchable ! "
    words = texts.units(texts.encode(text, case.tokenizer, limit=1000), "word")
    assert [unit.text for unit in words] == text.split()


def test_a_long_text_is_cut_as_the_tokenizer_would(case: Case) -> None:
    encoding = case.classifier.encode(TEXT * 5)
    limit = case.classifier.limit
    assert encoding.ids.tolist() == case.tokenizer(TEXT * 5, truncation=True, max_length=limit)["input_ids"]
    assert len(encoding.ids) == limit
    assert encoding.truncated == len(case.tokenizer(TEXT * 5)["input_ids"]) - limit


@torch.no_grad()
def test_probabilities_are_those_of_a_plain_forward_pass(case: Case) -> None:
    plain = case.model(**case.tokenizer(TEXT, return_tensors="pt")).logits.softmax(-1)[0].numpy()
    found = explain(case.classifier, TEXT, "sig-exact", unit="sentence")
    np.testing.assert_allclose(found.probabilities, plain, rtol=0, atol=1e-6)
    assert found.label == ("negative", "neutral", "positive")[int(plain.argmax())]


def test_a_model_without_a_mask_says_what_stands_in_for_it(case: Case) -> None:
    notes = [note for note in explain(case.classifier, "A good movie!", "sig-exact").notes if "mask" in note]
    stand_in = NO_MASK.get(case.name)
    assert notes == ([f"This model has no mask token: its {stand_in} token stands in for it."] if stand_in else [])


# What is refused, in a sentence that says why


def refused(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> str:
    with pytest.raises(ModelUnsupported) as caught:
        TextClassifier(model, tokenizer, name="the model")
    return str(caught.value)


def tiny_bert(**config: object) -> BertForSequenceClassification:
    sizes = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 8}
    return BertForSequenceClassification(BertConfig(vocab_size=400, **sizes, **config))


def bert_tokenizer() -> PreTrainedTokenizerBase:
    return made("bert").tokenizer


def bart() -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    pieces, merges = byte_pairs("<s>", "<pad>", "</s>", "<unk>", "<mask>")
    layers = {f"{part}_{what}": 1 for part in ("encoder", "decoder") for what in ("layers", "attention_heads", "ffn_dim")}
    config = BartConfig(vocab_size=len(pieces), d_model=8, max_position_embeddings=64, num_labels=3, **layers)
    return BartForSequenceClassification(config), RobertaTokenizer(vocab=pieces, merges=merges)


def t5() -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    pieces = unigram("<pad>", "</s>", "<unk>")
    config = T5Config(vocab_size=len(pieces) + 200, d_model=8, d_kv=4, d_ff=8, num_layers=1, num_heads=2, num_labels=3)
    config.decoder_start_token_id = 0
    return T5ForSequenceClassification(config), T5Tokenizer(vocab=pieces)


@pytest.mark.parametrize("build", [bart, t5])
def test_a_head_that_needs_token_ids_is_refused(build: Callable[[], tuple[PreTrainedModel, PreTrainedTokenizerBase]]) -> None:
    model, tokenizer = build()
    said = refused(model, tokenizer)
    assert type(model).__name__ in said and "does not take word embeddings in place of token ids" in said


@pytest.mark.parametrize("config", [{"num_labels": 1}, {"num_labels": 2, "problem_type": "regression"}])
def test_regression_is_refused(config: dict[str, object]) -> None:
    assert "predicts a number (regression)" in refused(tiny_bert(**config), bert_tokenizer())


@pytest.mark.filterwarnings("ignore:Initializing zero-element tensors")
def test_a_model_without_classes_is_refused() -> None:
    assert "has no classes" in refused(tiny_bert(num_labels=0), bert_tokenizer())


def test_names_given_for_the_classes_do_not_make_a_regression_a_classifier() -> None:
    with pytest.raises(ModelUnsupported, match="regression"):
        TextClassifier(tiny_bert(num_labels=1), bert_tokenizer(), name="the model", labels=("only",))


def test_a_tokenizer_that_does_not_know_places_is_refused(tmp_path) -> None:
    pieces = wordpiece("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
    (tmp_path / "vocab.txt").write_text("\n".join(sorted(pieces, key=pieces.get)), "utf-8")
    said = refused(tiny_bert(), BertTokenizerLegacy(str(tmp_path / "vocab.txt")))
    assert "tokenizer cannot say where its tokens stand in the text" in said


def test_every_class_of_a_multi_label_model_stands_alone() -> None:
    model, tokenizer = FAMILIES["bert"]()
    model.config.problem_type = "multi_label_classification"
    classifier = TextClassifier(model, tokenizer, name="several")
    with torch.no_grad():
        plain = model(**tokenizer(TEXT, return_tensors="pt")).logits[0].sigmoid().numpy()
    found = explain(classifier, TEXT, "sig-exact", output="probability", target=2)
    np.testing.assert_allclose(found.probabilities, plain, rtol=0, atol=1e-9)
    assert abs(found.probabilities.sum() - 1) > 1e-3
    assert found.output == pytest.approx(plain[2], abs=1e-9)
