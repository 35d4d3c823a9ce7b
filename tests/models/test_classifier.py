"""A classifier seen from its word embeddings: baselines, classes, F, limits, and models that aren't what they seem."""

import math
from functools import cache
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from transformers import BertConfig, BertForSequenceClassification, BertForTokenClassification, PreTrainedTokenizerBase

from sigviz.attribution import OUTPUTS, document, quoted
from sigviz.errors import InvalidSettings, ModelUnsupported
from sigviz.explain import explain
from sigviz.models.classifier import TextClassifier, _double
from tests.models.families import FAMILIES, LABELS, POSITIONS


@cache
def made(name: str) -> TextClassifier:
    return TextClassifier(*FAMILIES[name](), name=name)


def table(classifier: TextClassifier) -> torch.Tensor:
    return classifier.model.get_input_embeddings().weight


def config(**given: object) -> BertConfig:
    sizes = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 8}
    return BertConfig(vocab_size=400, **sizes, **given)


def bert_tokenizer() -> PreTrainedTokenizerBase:
    return FAMILIES["bert"]()[1]


# What replaces a word


@pytest.mark.parametrize(("name", "kind"), [("mask", "mask"), ("pad", "pad"), ("unk", "unk")])
@pytest.mark.parametrize("family", ["bert", "roberta", "albert", "mpnet"])
def test_special_tokens_replace_words_by_their_own_embedding(family: str, name: str, kind: str) -> None:
    found = made(family).baseline(name)
    token = getattr(made(family).tokenizer, f"{kind}_token_id")
    assert (found.name, found.token, found.note) == (kind, token, None)
    torch.testing.assert_close(found.vector, table(made(family))[token], rtol=0, atol=0)


@pytest.mark.parametrize(("family", "kind"), [("gpt2", "eos"), ("opt", "pad"), ("llama", "eos"), ("qwen2", "pad")])
def test_without_a_mask_token_pad_stands_in_and_then_eos(family: str, kind: str) -> None:
    found = made(family).baseline("mask")
    token = getattr(made(family).tokenizer, f"{kind}_token_id")
    assert (found.name, found.token) == (kind, token)
    assert found.note == f"This model has no mask token: its {kind} token stands in for it."
    torch.testing.assert_close(found.vector, table(made(family))[token], rtol=0, atol=0)


def test_without_any_token_that_could_stand_in_another_baseline_is_asked_for() -> None:
    model, tokenizer = FAMILIES["gpt2"]()
    tokenizer.eos_token = None
    with pytest.raises(InvalidSettings, match=r"no mask, pad or eos token.*zero, mean or a token"):
        TextClassifier(model, tokenizer, name="bare").baseline("mask")


@pytest.mark.parametrize("family", ["gpt2", "llama"])
def test_pad_is_not_replaced_where_there_is_none(family: str) -> None:
    with pytest.raises(InvalidSettings, match="no pad token"):
        made(family).baseline("pad")


def test_zero_and_mean_are_vectors_of_no_word() -> None:
    zero, mean = made("bert").baseline("zero"), made("bert").baseline("mean")
    assert (zero.token, mean.token) == (None, None)
    assert zero.vector.shape == (32,) and not zero.vector.any()
    np.testing.assert_allclose(
        mean.vector.numpy(), [sum(column) / len(column) for column in table(made("bert")).T.tolist()], atol=1e-12
    )


@pytest.mark.parametrize(
    ("family", "name", "token"),
    [
        ("bert", "film", "film"),
        ("bert", "[SEP]", "[SEP]"),
        ("bert", "FILM", "film"),  # as the tokenizer would read it
        ("bert", "##s", "##s"),
        ("gpt2", "Ġfilm", "Ġfilm"),  # as the vocabulary writes it
        ("gpt2", "film", "Ġfilm"),  # only as a word within a sentence a single token
        ("gpt2", " film", "Ġfilm"),
        ("llama", "movie", "▁movie"),
        ("albert", ".", "."),
    ],
)
def test_a_token_replaces_words_by_the_vocabulary_or_as_a_single_word(family: str, name: str, token: str) -> None:
    found = made(family).baseline(name)
    assert found.token == made(family).tokenizer.get_vocab()[token]
    assert (found.name, found.note) == (name, None)
    torch.testing.assert_close(found.vector, table(made(family))[found.token], rtol=0, atol=0)


@pytest.mark.parametrize("family", ["bert", "gpt2", "llama", "albert"])
@pytest.mark.parametrize("name", ["unwatchable", "two words", "ꙮ", "\ud800", "\u0000\u0001", "x" * 5000])
def test_what_is_no_single_token_replaces_nothing(family: str, name: str) -> None:
    with pytest.raises(InvalidSettings, match="is not one token of this model") as caught:
        made(family).baseline(name)
    assert len(str(caught.value)) < 300
    assert str(caught.value).encode()  # can be shown


def test_a_token_without_an_embedding_replaces_nothing() -> None:
    """Tokens are often added to a tokenizer and not to its model; on a GPU such a look-up ends the whole process."""
    model, tokenizer = FAMILIES["gpt2"]()
    tokenizer.add_special_tokens({"pad_token": "[PAD]"})
    tokenizer.add_tokens(["zyx"])
    classifier = TextClassifier(model, tokenizer, name="grown")
    assert classifier.baseline("mask").name == "eos"
    with pytest.raises(InvalidSettings, match="no pad token"):
        classifier.baseline("pad")
    with pytest.raises(InvalidSettings, match="not one token"):
        classifier.baseline("zyx")
    with pytest.raises(ModelUnsupported, match=r"grown has 480 word embeddings.*do not belong together"):
        classifier.encode("a zyx movie")
    assert classifier.encode("a movie").ids.max() < 480


# Classes


def test_a_class_goes_by_number_name_or_number_in_letters() -> None:
    classifier = made("bert")
    for number, name in enumerate(LABELS):
        assert classifier.class_index(number) == classifier.class_index(name) == classifier.class_index(str(number)) == number


def test_a_name_that_is_a_number_is_a_name_first() -> None:
    model, tokenizer = FAMILIES["bert"]()
    classifier = TextClassifier(model, tokenizer, name="stars", labels=("2", "1", "0"))
    assert [classifier.class_index(given) for given in ("2", "1", "0", 2)] == [0, 1, 2, 2]


@pytest.mark.parametrize(
    "given", [3, -1, "3", "-1", "good", "", "Positive", True, None, 1.0, "²", "9" * 6000, 10**5000, -(10**5000)], ids=quoted
)
def test_what_is_no_class_is_refused_with_those_there_are(given: object) -> None:
    with pytest.raises(InvalidSettings, match=r"There is no class .*0 \(negative\), 1 \(neutral\), 2 \(positive\)") as caught:
        made("bert").class_index(given)
    assert len(str(caught.value)) < 200


def test_classes_without_names_are_numbered() -> None:
    assert TextClassifier(BertForSequenceClassification(config(num_labels=4)), bert_tokenizer(), name="x").labels == tuple(
        f"LABEL_{number}" for number in range(4)
    )


def test_classes_of_one_name_are_told_apart() -> None:
    model, tokenizer = FAMILIES["bert"]()
    classifier = TextClassifier(model, tokenizer, name="twins", labels=("x", "x", "y"))
    assert classifier.labels == ("x", "x (1)", "y")
    assert [classifier.class_index(name) for name in classifier.labels] == [0, 1, 2]
    assert list(document([explain(classifier, "a good movie", "sig-exact")])["probabilities"]) == ["x", "x (1)", "y"]
    labels = TextClassifier(model, tokenizer, name="triplets", labels=("x", "x", "x (1)")).labels
    assert len(set(labels)) == 3


# F


def softmax(row: list[float]) -> list[float]:
    whole = sum(math.exp(z) for z in row)
    return [math.exp(z) / whole for z in row]


def slowly(output: str, row: list[float], target: int, contrast: int | None = None) -> float:
    """F as its definition reads, for one row of logits."""
    others = [z for place, z in enumerate(row) if place != target]
    p = softmax(row)[target]
    return {
        "logit": row[target],
        "probability": p,
        "log-odds": math.log(p / (1 - p)),
        "margin": row[target] - (max(others) if contrast is None else row[contrast]),
        "max-logit": max(row),
    }[output]


ROWS = [[0.3, -1.2, 2.1], [5.0, 4.9, -3.0], [-0.1, -0.1, -0.1], [1.5, 7.0, 0.0]]


@pytest.mark.parametrize("output", OUTPUTS)
def test_every_output_is_its_definition(output: str) -> None:
    for target in range(3):
        found = made("bert").objective(output, target)(torch.tensor(ROWS))
        assert found.dtype == torch.float64
        np.testing.assert_allclose(
            found.numpy(), [slowly(output, np.float32(row).tolist(), target) for row in ROWS], atol=1e-12
        )


def test_a_margin_can_be_against_a_given_class() -> None:
    found = made("bert").objective("margin", 0, 2)(torch.tensor(ROWS, dtype=torch.float64))
    np.testing.assert_allclose(found.numpy(), [slowly("margin", row, 0, 2) for row in ROWS], atol=1e-12)
    assert slowly("margin", ROWS[1], 0, 2) != slowly("margin", ROWS[1], 0)


def test_log_odds_keep_their_digits_where_a_probability_is_one() -> None:
    found = made("bert").objective("log-odds", 0)(torch.tensor([[60.0, 0.0, 0.0]]))
    assert float(found) == pytest.approx(60 - math.log(2), abs=1e-12)


def several(output: str, z: float) -> float:
    p = 1 / (1 + math.exp(-z))
    return {"probability": p, "log-odds": math.log(p / (1 - p))}[output]


@pytest.mark.parametrize("output", ["probability", "log-odds"])
def test_classes_of_a_multi_label_model_do_not_share_their_probability(output: str) -> None:
    model, tokenizer = FAMILIES["bert"]()
    model.config.problem_type = "multi_label_classification"
    classifier = TextClassifier(model, tokenizer, name="several")
    logits = torch.tensor(ROWS, dtype=torch.float64)
    found = classifier.objective(output, 1)(logits)
    np.testing.assert_allclose(found.numpy(), [several(output, row[1]) for row in ROWS], atol=1e-12)
    expected = [[several("probability", z) for z in row] for row in ROWS]
    np.testing.assert_allclose(classifier.probabilities(logits).numpy(), expected, atol=1e-12)


def test_probabilities_add_up_to_one_in_double_precision() -> None:
    found = made("bert").probabilities(torch.tensor(ROWS))
    np.testing.assert_allclose(found.numpy(), [softmax(np.float32(row).tolist()) for row in ROWS], atol=1e-12)
    assert found.dtype == torch.float64


class WithoutFloat64:
    """As a tensor on Apple's MPS: float64 only once it is on the CPU."""

    device = SimpleNamespace(type="mps")

    def __init__(self, numbers: torch.Tensor) -> None:
        self.numbers = numbers

    def double(self) -> torch.Tensor:
        raise TypeError("Cannot convert a MPS Tensor to float64 dtype")

    def cpu(self) -> torch.Tensor:
        return self.numbers


@pytest.mark.parametrize("output", OUTPUTS)
def test_a_device_without_float64_has_its_sums_on_the_cpu(output: str) -> None:
    numbers = torch.tensor(ROWS, requires_grad=True)
    expected = made("bert").objective(output, 1)(numbers)
    found = made("bert").objective(output, 1)(WithoutFloat64(numbers))
    assert found.dtype == torch.float64 and torch.equal(found, expected)
    (gradient,) = torch.autograd.grad(found.sum(), numbers)
    assert gradient.dtype == torch.float32 and gradient.any()
    assert made("bert").probabilities(WithoutFloat64(numbers)).dtype == _double(numbers).dtype == torch.float64


# Limits


@pytest.mark.parametrize("family", ["roberta", "xlm_roberta", "mpnet"])
def test_positions_that_begin_behind_padding_leave_fewer_tokens(family: str) -> None:
    """padding_idx is 1 here, so the first token has position 2 of 64: 62 are left, and not one more."""
    classifier = made(family)
    assert classifier.limit == POSITIONS - 1 - 1
    classifier.logits(torch.zeros(1, classifier.limit, 32, dtype=torch.float64))
    with pytest.raises((IndexError, RuntimeError)):
        classifier.logits(torch.zeros(1, classifier.limit + 1, 32, dtype=torch.float64))
    found = explain(classifier, "good movie " * 5000, "sig-exact", unit="sentence")
    assert found.truncated > 9000


@pytest.mark.parametrize("family", ["bert", "distilbert", "gpt2", "opt", "deberta_v2"])
def test_other_models_read_as_many_tokens_as_there_are_positions(family: str) -> None:
    classifier = made(family)
    assert classifier.limit == POSITIONS
    assert len(classifier.encode("good movie " * 5000).ids) == POSITIONS
    explain(classifier, "good movie " * 5000, "sig-exact", unit="sentence")


def test_a_model_whose_positions_have_no_end_reads_what_its_tokenizer_reads() -> None:
    model, tokenizer = FAMILIES["bert"]()
    model.config.max_position_embeddings = -1  # as XLNet's
    tokenizer.model_max_length = 20
    assert TextClassifier(model, tokenizer, name="endless").limit == 20


def test_a_tokenizer_that_reads_less_has_the_last_word() -> None:
    model, tokenizer = FAMILIES["bert"]()
    tokenizer.model_max_length = 16
    assert TextClassifier(model, tokenizer, name="short").limit == 16


# What becomes of the model


def test_a_model_is_frozen_and_put_into_evaluation_mode() -> None:
    model, tokenizer = FAMILIES["bert"]()
    model.train()
    classifier = TextClassifier(model, tokenizer, name="frozen")
    assert not model.training
    assert not any(weights.requires_grad for weights in model.parameters())
    x = classifier.embed(classifier.encode("a good movie").ids)[None].requires_grad_()
    classifier.logits(x).sum().backward()
    assert x.grad is not None and x.grad.any()
    assert all(weights.grad is None for weights in model.parameters())


@pytest.mark.parametrize("family", ["gpt2", "opt", "llama", "qwen2"])
def test_a_decoder_keeps_nothing_for_a_next_token(family: str) -> None:
    model, tokenizer = FAMILIES[family]()
    x = torch.zeros(2, 5, 16 if family == "opt" else 32, dtype=torch.float64)
    model.config.pad_token_id = 0
    assert model(inputs_embeds=x).past_key_values is not None
    assert TextClassifier(model, tokenizer, name=family).model(inputs_embeds=x).past_key_values is None


@pytest.mark.parametrize(("dtype", "working"), [("float64", "float64"), ("float32", "float32"), ("bfloat16", "float32")])
def test_paths_are_no_less_precise_than_float32(dtype: str, working: str) -> None:
    model, tokenizer = FAMILIES["bert"]()
    classifier = TextClassifier(model.to(getattr(torch, dtype)), tokenizer, name=dtype)
    assert classifier.dtype == getattr(torch, dtype)
    assert classifier.embed([5, 6]).dtype == classifier.working_dtype == getattr(torch, working)
    assert classifier.logits(classifier.embed([5, 6])[None]).shape == (1, 3)


def test_word_embeddings_are_those_of_the_input_layer() -> None:
    torch.testing.assert_close(made("bert").vocabulary(), table(made("bert")), rtol=0, atol=0)
    torch.testing.assert_close(made("electra").embed(np.array([7, 3])), table(made("electra"))[[7, 3]], rtol=0, atol=0)
    assert made("electra").embed([1]).shape == (1, 16)


# Models that aren't what they seem


class Peeking(BertForSequenceClassification):
    """Reads the embeddings, and the token ids too where it gets them."""

    def forward(self, input_ids=None, **given):
        answer = super().forward(input_ids=input_ids, **given)
        if input_ids is not None:
            answer.logits = answer.logits + self.weight * input_ids[:, 1:2]
        return answer


@pytest.mark.parametrize(("weight", "fits"), [(0.0, True), (1.0, False)])
def test_a_model_that_reads_more_than_the_embeddings_is_refused(weight: float, fits: bool) -> None:
    model, tokenizer = Peeking(config(num_labels=3)), bert_tokenizer()
    model.weight = weight
    if fits:
        assert TextClassifier(model, tokenizer, name="blind").labels
        return
    with pytest.raises(ModelUnsupported, match=r"peeking cannot be explained.*reads something besides the embeddings"):
        TextClassifier(model, tokenizer, name="peeking")


def test_a_model_that_labels_every_token_is_refused() -> None:
    with pytest.raises(ModelUnsupported, match=r"tagger cannot be explained.*shape \(1, \d+, 3\).*each of its 3 classes"):
        TextClassifier(BertForTokenClassification(config(num_labels=3)), bert_tokenizer(), name="tagger")


def test_more_names_than_classes_are_refused() -> None:
    with pytest.raises(ModelUnsupported, match="each of its 4 classes"):
        TextClassifier(*FAMILIES["bert"](), name="misnamed", labels=("a", "b", "c", "d"))


def test_device_and_precision_are_the_model_s_own_of_now() -> None:
    classifier = made("bert")
    for dtype in (torch.float64, torch.float32):
        classifier.model.to(dtype)
        assert (classifier.dtype, classifier.device) == (classifier.model.dtype, classifier.model.device)
        assert classifier.embed([5, 6]).dtype == classifier.working_dtype


class WithoutEmbeddings(BertForSequenceClassification):
    def forward(self, input_ids):
        return SimpleNamespace(logits=torch.zeros(1, 3))


def test_a_model_that_takes_no_embeddings_is_refused() -> None:
    with pytest.raises(ModelUnsupported, match="its WithoutEmbeddings does not take word embeddings in place of token ids"):
        TextClassifier(WithoutEmbeddings(config(num_labels=3)), bert_tokenizer(), name="ids")
