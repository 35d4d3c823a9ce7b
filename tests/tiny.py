"""Small classifiers in float64 for tests: a BERT with lively weights, models written by hand, and ones that watch.

Nothing is downloaded.  All share one vocabulary, in which most words are one token and a few are several pieces.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from types import SimpleNamespace
from typing import Any

import torch
from tokenizers import Tokenizer, normalizers, pre_tokenizers, processors
from tokenizers.models import WordPiece
from torch import Tensor, nn
from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

from sigviz.models.classifier import TextClassifier

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
_WORDS = """
a the an it is was very not no film movie story plot acting hideous confusing spectacle good bad great dull brilliant
boring moving slow fast long short bright dark funny sad plain sentence read twice and but or of in
"""
WORDS = tuple(_WORDS.split())  # one token each
PIECES = ("un", "##watch", "##able", "master", "##piece", "##s", "##ing", "##ly", ",", ".", "!")
PIECEWISE = ("unwatchable", "masterpieces", "brilliantly")  # words of three, three and two tokens
VOCABULARY = (*SPECIAL, *WORDS, *PIECES)
TEXT = "a hideous , confusing spectacle"  # five tokens, each a word of its own
MIXED = "the story is unwatchable . a brilliantly dull film !"  # two sentences; words of one, two and three tokens
LABELS = ("negative", "neutral", "positive")


@cache
def tokenizer() -> PreTrainedTokenizerFast:
    """WordPiece, lower-cased, [CLS] in front and [SEP] behind, as BERT's."""
    ids = {word: number for number, word in enumerate(VOCABULARY)}
    made = Tokenizer(WordPiece(ids, unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer(lowercase=True)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[(name, ids[name]) for name in ("[CLS]", "[SEP]")]
    )
    names = {f"{name.strip('[]').lower()}_token": name for name in SPECIAL}
    return PreTrainedTokenizerFast(tokenizer_object=made, model_max_length=64, **names)


def bert_model(dtype: torch.dtype = torch.float64, seed: int = 0) -> BertForSequenceClassification:
    """Two layers, eager attention, three classes, with weights large enough that words matter and interact."""
    config = BertConfig(
        vocab_size=len(VOCABULARY),
        hidden_size=8,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=64,
        num_labels=len(LABELS),
        id2label=dict(enumerate(LABELS)),
        attn_implementation="eager",
    )
    model = BertForSequenceClassification(config).double()
    random = torch.Generator().manual_seed(seed)
    for name, weights in model.named_parameters():
        if "LayerNorm" not in name:
            weights.data = 0.7 * torch.randn(weights.shape, generator=random, dtype=torch.float64)
    return model.to(dtype)


@cache
def bert(dtype: torch.dtype = torch.float64) -> TextClassifier:
    return TextClassifier(bert_model(dtype), tokenizer(), name="tiny")


class Handmade(nn.Module):
    """What a TextClassifier needs of a model, around a formula: word embeddings [B, T, D] -> logits [B, classes]."""

    def __init__(self, formula: Callable[[Tensor], Tensor], width: int = 4, labels: int = 2) -> None:
        super().__init__()
        self.words = nn.Embedding(len(VOCABULARY), width, dtype=torch.float64)
        self.words.weight.data = torch.randn(self.words.weight.shape, generator=torch.Generator().manual_seed(3)).double()
        self.formula = formula
        self.device, self.dtype = torch.device("cpu"), torch.float64
        self.config = SimpleNamespace(
            problem_type=None, num_labels=labels, id2label={}, hidden_size=width, num_hidden_layers=1, pad_token_id=0
        )

    def get_input_embeddings(self) -> nn.Embedding:
        return self.words

    def forward(
        self, input_ids: Tensor | None = None, inputs_embeds: Tensor | None = None, attention_mask: Tensor | None = None
    ) -> Any:
        return SimpleNamespace(logits=self.formula(self.words(input_ids) if inputs_embeds is None else inputs_embeds))


def handmade(formula: Callable[[Tensor], Tensor], width: int = 4, kind: type[TextClassifier] | None = None) -> TextClassifier:
    """A classifier of two classes whose logits are (-f, f), f = formula(x): [B, T, D] -> [B]."""

    def logits(x: Tensor) -> Tensor:
        f = formula(x)
        return torch.stack([-f, f], -1)

    return (kind or TextClassifier)(Handmade(logits, width), tokenizer(), name="handmade")  # type: ignore[arg-type]


def embedding(classifier: TextClassifier, word: str) -> Tensor:
    """[D], of a word that is one token."""
    return classifier.embed([VOCABULARY.index(word)])[0]


class Watched(TextClassifier):
    """Keeps what it was asked: every point [T, D] in order, the rows of each batch, and the sequences each way."""

    _watching = False

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.forget()

    def forget(self) -> None:
        self.points: list[Tensor] = []
        self.batches: list[int] = []
        self.forward = self.backward = 0
        self._watching = True

    def logits(self, embeddings: Tensor) -> Tensor:
        if not self._watching:  # the probe
            return super().logits(embeddings)
        self.batches.append(len(embeddings))
        self.points += list(embeddings.detach().clone())
        answer = super().logits(embeddings)
        self.forward += len(embeddings)
        if answer.requires_grad:
            embeddings.register_hook(self._went_back)
        return answer

    def _went_back(self, gradient: Tensor) -> None:
        self.backward += int((gradient != 0).flatten(1).any(1).sum())  # of the others none was asked for


def watched(dtype: torch.dtype = torch.float64) -> Watched:
    """The tiny BERT, watched; a new one each time."""
    return Watched(bert_model(dtype), tokenizer(), name="tiny")


@contextmanager
def answering(classifier: TextClassifier, answer: Callable[[Tensor], Tensor]) -> Iterator[None]:
    """For a while the classifier's logits are what `answer(embeddings)` says."""
    classifier.logits = answer  # type: ignore[method-assign]
    try:
        yield
    finally:
        del classifier.logits
