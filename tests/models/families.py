"""The families of classifiers that must be explainable, each as a tiny random-weight model with a tokenizer of its own.

Nothing is downloaded: the tokenizers are trained on CORPUS, in the form that the family's own tokenizer has (normaliser,
pre-tokenizer, special tokens), and the weights are drawn wide enough that single words move the logits.
"""

import json
from collections.abc import Callable
from functools import cache
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, normalizers, pre_tokenizers, processors, trainers
from tokenizers.models import BPE, Unigram, WordPiece
from transformers import (
    AlbertConfig,
    AlbertForSequenceClassification,
    AlbertTokenizer,
    BertConfig,
    BertForSequenceClassification,
    BertTokenizer,
    DebertaV2Config,
    DebertaV2ForSequenceClassification,
    DebertaV2Tokenizer,
    DistilBertConfig,
    DistilBertForSequenceClassification,
    ElectraConfig,
    ElectraForSequenceClassification,
    GPT2Config,
    GPT2ForSequenceClassification,
    GPT2Tokenizer,
    LlamaConfig,
    LlamaForSequenceClassification,
    ModernBertConfig,
    ModernBertForSequenceClassification,
    MPNetConfig,
    MPNetForSequenceClassification,
    MPNetTokenizer,
    OPTConfig,
    OPTForSequenceClassification,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    PreTrainedTokenizerFast,
    Qwen2Config,
    Qwen2ForSequenceClassification,
    Qwen2Tokenizer,
    RobertaConfig,
    RobertaForSequenceClassification,
    RobertaTokenizer,
    XLMRobertaConfig,
    XLMRobertaForSequenceClassification,
    XLMRobertaTokenizer,
)

CORPUS = (
    """
A gorgeous , witty , seductive movie . The gorgeously elaborate continuation of a charming story is never dull .
It's a hideous , confusing spectacle ; one that may well put the nail in the coffin of any future adaptations .
The film is strictly routine , and I don't like the acting . Effective but too-tepid biopic ! Was it good ? No !
If you sometimes like to go to the movies to have fun , this is a good place to start . (A well-made , 90-minute gem .)
Don't wait for the DVD : the story , the music and the ending are unbearably bad . Bad , bad , bad ... but funny .
This is a film well worth seeing , talking and singing heads and all . What really surprises is its low-key quality .
Das Café naïve piñata über façade . La película fue aburrida , pero la música es buena . Élan vital .
这 部 电影 很 好 看 。 我 不 喜欢 它 。 שלום עולם ، مرحبا بالعالم 😀 😀 🎬 🎬 1 2 3 10 2023 $ % & / # @ " '
""".strip().splitlines()
    * 4
)

LABELS = ("negative", "neutral", "positive")
POSITIONS = 64
Parts = tuple[PreTrainedModel, PreTrainedTokenizerBase]


# The three kinds of tokenizer.  The trainers break ties by chance, so vocabularies differ a little from run to run.


def wordpiece(*special: str) -> dict[str, int]:
    """Lower-cased pieces, ## inside words: the vocabulary, `special` first."""
    return _trained("wordpiece", special)["vocab"]


def byte_pairs(*special: str) -> tuple[dict[str, int], list[tuple[str, str]]]:
    """All 256 bytes and merges of them: vocabulary and merges."""
    model = _trained("bytes", special)
    return model["vocab"], [tuple(pair) for pair in model["merges"]]


def sentence_pairs(*special: str) -> tuple[dict[str, int], list[tuple[str, str]]]:
    """As Llama 2 has them: ▁ for a space, merges of characters, and <0x00> to <0xFF> for what has no piece."""
    model = _trained("sentence", (*special, *(f"<0x{byte:02X}>" for byte in range(256)), "▁"))
    return model["vocab"], [tuple(pair) for pair in model["merges"]]


def unigram(*special: str) -> list[tuple[str, float]]:
    """Pieces with their log probabilities, ▁ where a word begins; `special` first."""
    return [(piece, 0.0 if piece in special else score) for piece, score in _trained("unigram", special)["vocab"]]


def _trained(kind: str, special: tuple[str, ...]) -> dict[str, Any]:
    """The model part of a trained tokenizer.json, a new one each time: tokenizers keep what they are given."""
    model: dict[str, Any] = json.loads(_train(kind, special))["model"]
    ids = model["vocab"] if kind != "unigram" else {piece: number for number, (piece, _) in enumerate(model["vocab"])}
    assert [ids[token] for token in special] == list(range(len(special)))
    return model


@cache
def _train(kind: str, special: tuple[str, ...]) -> str:
    texts, named = CORPUS, {"special_tokens": list(special), "show_progress": False}
    if kind == "wordpiece":
        tokenizer = Tokenizer(WordPiece(unk_token="[UNK]"))
        tokenizer.normalizer, tokenizer.pre_tokenizer = normalizers.BertNormalizer(), pre_tokenizers.BertPreTokenizer()
        trainer = trainers.WordPieceTrainer(vocab_size=320, **named)
    elif kind == "bytes":
        tokenizer = Tokenizer(BPE())
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        trainer = trainers.BpeTrainer(vocab_size=480, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), **named)
    elif kind == "sentence":
        tokenizer = Tokenizer(BPE(unk_token="<unk>"))
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
        trainer = trainers.BpeTrainer(vocab_size=560, **named)
        texts = [text for text in CORPUS if text.isascii()]  # the rest is left to the bytes
    else:
        tokenizer = Tokenizer(Unigram())
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
        unknown = next(token for token in special if "unk" in token.lower())
        trainer = trainers.UnigramTrainer(vocab_size=360, unk_token=unknown, **named)
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer.to_str()


# The thirteen families

FAMILIES: dict[str, Callable[[], Parts]] = {}


def family(build: Callable[[], Parts]) -> Callable[[], Parts]:
    """Register a builder under its own name; each call builds anew, in float64."""

    def built() -> Parts:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(7)
            model, tokenizer = build()
            for weights in model.parameters():
                if weights.dim() > 1:  # wide enough to react to single words; biases and norms stay as they are drawn
                    torch.nn.init.normal_(weights, std=0.4)
        return model.double().eval(), tokenizer

    FAMILIES[build.__name__] = built
    return built


def classes(**more: object) -> dict[str, object]:
    """What all configurations share: three named classes and no dropout."""
    return {"id2label": dict(enumerate(LABELS)), "label2id": {name: i for i, name in enumerate(LABELS)}, **more}


_BERT = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
_ROBERTA = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")
_ENCODER = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 48}


def _encoder(vocabulary: int, **more: object) -> dict[str, object]:
    return classes(vocab_size=vocabulary, max_position_embeddings=POSITIONS, **_ENCODER, **more)


@family
def bert() -> Parts:
    pieces = wordpiece(*_BERT)
    return BertForSequenceClassification(BertConfig(**_encoder(len(pieces)))), BertTokenizer(vocab=pieces)


@family
def distilbert() -> Parts:
    pieces = wordpiece(*_BERT)
    sizes = {"dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 48, "max_position_embeddings": POSITIONS}
    config = DistilBertConfig(vocab_size=len(pieces), **classes(**sizes))
    return DistilBertForSequenceClassification(config), BertTokenizer(
        vocab=pieces, model_input_names=["input_ids", "attention_mask"]
    )


@family
def roberta() -> Parts:
    pieces, merges = byte_pairs(*_ROBERTA)
    config = RobertaConfig(**_encoder(len(pieces), pad_token_id=1, bos_token_id=0, eos_token_id=2))
    return RobertaForSequenceClassification(config), RobertaTokenizer(vocab=pieces, merges=merges)


@family
def xlm_roberta() -> Parts:
    pieces = unigram(*_ROBERTA)
    config = XLMRobertaConfig(**_encoder(len(pieces), pad_token_id=1, bos_token_id=0, eos_token_id=2))
    return XLMRobertaForSequenceClassification(config), XLMRobertaTokenizer(vocab=pieces)


@family
def albert() -> Parts:
    pieces = unigram("<pad>", "<unk>", "[CLS]", "[SEP]", "[MASK]")
    config = AlbertConfig(**_encoder(len(pieces), embedding_size=16))
    return AlbertForSequenceClassification(config), AlbertTokenizer(vocab=pieces)


@family
def electra() -> Parts:
    pieces = wordpiece(*_BERT)
    config = ElectraConfig(**_encoder(len(pieces), embedding_size=16))  # half as wide as the layers: projected
    return ElectraForSequenceClassification(config), BertTokenizer(vocab=pieces)


@family
def mpnet() -> Parts:
    pieces = wordpiece("<s>", "<pad>", "</s>", "[UNK]", "<mask>")
    return MPNetForSequenceClassification(MPNetConfig(**_encoder(len(pieces)))), MPNetTokenizer(vocab=pieces)


@family
def deberta_v2() -> Parts:
    pieces = unigram("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
    relative = {"relative_attention": True, "pos_att_type": ["p2c", "c2p"], "position_buckets": 16, "share_att_key": True}
    config = DebertaV2Config(**_encoder(len(pieces), position_biased_input=False, type_vocab_size=0, **relative))
    return DebertaV2ForSequenceClassification(config), DebertaV2Tokenizer(vocab=pieces)


@family
def modernbert() -> Parts:
    pieces, merges = byte_pairs(*_BERT)
    tokenizer = Tokenizer(BPE(pieces, merges))
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    special = dict(zip(("pad_token", "unk_token", "cls_token", "sep_token", "mask_token"), _BERT, strict=True))
    ids = {"pad_token_id": 0, "cls_token_id": 2, "bos_token_id": 2, "sep_token_id": 3, "eos_token_id": 3}
    config = ModernBertConfig(**_encoder(len(pieces), local_attention=8, classifier_pooling="mean", **ids))
    return ModernBertForSequenceClassification(config), PreTrainedTokenizerFast(tokenizer_object=tokenizer, **special)


@family
def gpt2() -> Parts:
    """No mask, no pad: only <|endoftext|>."""
    pieces, merges = byte_pairs("<|endoftext|>")
    sizes = {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": POSITIONS}
    config = GPT2Config(vocab_size=len(pieces), bos_token_id=0, eos_token_id=0, **classes(**sizes))
    return GPT2ForSequenceClassification(config), GPT2Tokenizer(vocab=pieces, merges=merges)


@family
def opt() -> Parts:
    """</s> in front, pad but no mask."""
    pieces, merges = byte_pairs("<s>", "<pad>", "</s>", "<unk>")
    tokenizer = Tokenizer(BPE(pieces, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.TemplateProcessing(single="</s> $A", special_tokens=[("</s>", 2)])
    special = {"bos_token": "</s>", "eos_token": "</s>", "unk_token": "</s>", "pad_token": "<pad>"}
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "ffn_dim": 48, "word_embed_proj_dim": 16}
    config = OPTConfig(vocab_size=len(pieces), max_position_embeddings=POSITIONS, **classes(**sizes))
    return OPTForSequenceClassification(config), PreTrainedTokenizerFast(tokenizer_object=tokenizer, **special)


@family
def llama() -> Parts:
    """As Llama 2's tokenizer.json: the whole text is one word to the tokenizer.  Neither mask nor pad."""
    pieces, merges = sentence_pairs("<unk>", "<s>", "</s>")
    tokenizer = Tokenizer(BPE(pieces, merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    special = {"unk_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>"}
    config = LlamaConfig(**_encoder(len(pieces), num_key_value_heads=2))
    return LlamaForSequenceClassification(config), PreTrainedTokenizerFast(tokenizer_object=tokenizer, **special)


@family
def qwen2() -> Parts:
    """Nothing is added to the text.  Pad, which is eos, but no mask."""
    pieces, merges = byte_pairs("<|endoftext|>")
    config = Qwen2Config(**_encoder(len(pieces), num_key_value_heads=2, pad_token_id=0, eos_token_id=0))
    return Qwen2ForSequenceClassification(config), Qwen2Tokenizer(vocab=pieces, merges=merges)
