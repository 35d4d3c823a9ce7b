"""The same logits by less work.

A classifier of the BERT kind reads its answer off the first token alone, so of its last layer only that token's row is needed:
one query instead of T, and the feed-forward part, two thirds of a layer, once instead of T times.  Keys and values are needed
of every token.  All rows of a batch have one length, so there is nothing to mask.

It saves about 10 of the 12 D x D products a token takes in a layer: 14 % of a model of six layers, 28 % of one of three, on
the way there and back.  The modules are the model's own, called as the model calls them: hooks on them are met.
"""

from collections.abc import Callable
from typing import Any, cast

from torch import Tensor, nn
from transformers import (
    BertForSequenceClassification,
    DistilBertForSequenceClassification,
    ElectraForSequenceClassification,
    PreTrainedModel,
    RobertaForSequenceClassification,
    XLMRobertaForSequenceClassification,
)
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS
from transformers.models.bert.modeling_bert import eager_attention_forward

Quick = Callable[[Tensor], Tensor]  # word embeddings [B, T, D] -> logits [B, classes]


def of(model: PreTrainedModel) -> Quick | None:
    """The quick way through a model; None for one that is not known to be read at its first token alone.

    Whoever uses it compares it with the model's own way first.
    """
    if type(model) is DistilBertForSequenceClassification:
        return lambda embeddings: _distilbert(model, embeddings)
    if type(model) in _HEADS and not model.config.is_decoder:
        head = _HEADS[type(model)]
        return lambda embeddings: head(model, _bert(model.base_model, embeddings))
    return None


def _pooled(model: Any, hidden: Tensor) -> Tensor:
    return cast(Tensor, model.classifier(model.dropout(model.base_model.pooler(hidden))))


def _headed(model: Any, hidden: Tensor) -> Tensor:
    return cast(Tensor, model.classifier(hidden))  # takes the first token itself


_HEADS: dict[type, Callable[[Any, Tensor], Tensor]] = {
    BertForSequenceClassification: _pooled,
    RobertaForSequenceClassification: _headed,
    XLMRobertaForSequenceClassification: _headed,
    ElectraForSequenceClassification: _headed,
}


def _bert(base: Any, embeddings: Tensor) -> Tensor:
    """The last layer's first token, [B, 1, D]."""
    hidden = base.embeddings(inputs_embeds=embeddings)
    if hasattr(base, "embeddings_project"):  # ELECTRA's embeddings may be narrower than its layers
        hidden = base.embeddings_project(hidden)
    *layers, last = base.encoder.layer
    for layer in layers:
        hidden = layer(hidden, None)
    attention = last.attention.self
    found = _first(attention, (attention.query, attention.key, attention.value), attention.attention_head_size, hidden)
    read = last.attention.output(found, hidden[:, :1])
    return cast(Tensor, last.feed_forward_chunk(read))


def _distilbert(model: Any, embeddings: Tensor) -> Tensor:
    base = model.base_model
    hidden = base.embeddings(None, embeddings)
    *layers, last = base.transformer.layer
    for layer in layers:
        hidden = layer(hidden, None)
    attention = last.attention
    found = _first(attention, (attention.q_lin, attention.k_lin, attention.v_lin), attention.attention_head_size, hidden)
    read = last.sa_layer_norm(attention.out_lin(found) + hidden[:, :1])
    read = last.output_layer_norm(last.ffn(read) + read)[:, 0]
    return cast(Tensor, model.classifier(model.dropout(nn.functional.relu(model.pre_classifier(read)))))


def _first(attention: Any, lins: tuple[Any, Any, Any], width: int, hidden: Tensor) -> Tensor:
    """What the first token's query finds, [B, 1, D], by the implementation of attention that the model is set to."""
    query, key, value = (
        lin(rows).view(*rows.shape[:-1], -1, width).transpose(1, 2)
        for lin, rows in zip(lins, (hidden[:, :1], hidden, hidden), strict=True)
    )
    attend = ALL_ATTENTION_FUNCTIONS.get_interface(attention.config._attn_implementation, eager_attention_forward)
    found, _ = attend(attention, query, key, value, None, dropout=0.0, scaling=attention.scaling)
    return cast(Tensor, found.reshape(len(hidden), 1, -1))
