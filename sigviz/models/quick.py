"""The same logits by less work.

A classifier of the BERT kind reads its answer off the first token alone, so of its last layer only that token's row is needed:
one query instead of T, and the feed-forward part, two thirds of a layer, once instead of T times.  Keys and values are needed
of every token.  All rows of a batch have one length, so there is nothing to mask.

It saves about 10 of the 12 D x D products a token takes in a layer: 14 % of a model of six layers, 28 % of one of three, on
the way there and back.  And where texts that differ in a few words are read together, as for exact SIG, the first layer's
queries, keys and values of the words that they share are computed once: another 3 of 12, of one layer, on the way there, and
back where only the gradients of a few words are `asked` for.

The modules are the model's own, so hooks on them are met; left out are those that do nothing outside of training (dropout),
and the library's cutting of the feed-forward part, which looks at the signature of a function for every layer.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
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

_FEW = 0.5  # of the words of a batch: if more than these differ, picking them out costs more than it saves
Quick = Callable[[Tensor], Tensor]  # word embeddings [B, T, D] -> logits [B, classes]
Linears = tuple[Any, Any, Any]  # a layer's maps to queries, keys and values


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
    return cast(Tensor, model.classifier(model.base_model.pooler(hidden)))


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
    own, last = moved(embeddings), len(base.encoder.layer) - 1
    for number, layer in enumerate(base.encoder.layer):
        attention, out = layer.attention.self, layer.attention.output
        lins = (attention.query, attention.key, attention.value)
        found, rows = _attended(attention, lins, attention.attention_head_size, hidden, own, once=number == last)
        own = None  # the words of a text have met by now: nothing is shared any more
        read = out.LayerNorm(_added(out.dense, found, rows))
        hidden = layer.output.LayerNorm(_added(layer.output.dense, layer.intermediate(read), read))
    return cast(Tensor, hidden)


def _distilbert(model: Any, embeddings: Tensor) -> Tensor:
    base = model.base_model
    hidden = base.embeddings(None, embeddings)
    own, last = moved(embeddings), len(base.transformer.layer) - 1
    for number, layer in enumerate(base.transformer.layer):
        attention, ffn = layer.attention, layer.ffn
        lins = (attention.q_lin, attention.k_lin, attention.v_lin)
        found, rows = _attended(attention, lins, attention.attention_head_size, hidden, own, once=number == last)
        own = None
        read = layer.sa_layer_norm(_added(attention.out_lin, found, rows))
        hidden = layer.output_layer_norm(_added(ffn.lin2, ffn.activation(ffn.lin1(read)), read))
    return cast(Tensor, model.classifier(nn.functional.relu(model.pre_classifier(hidden[:, 0]))))


def moved(embeddings: Tensor) -> Tensor | None:
    """Which words differ from the first text's: bool [B, T]; None where those are many, and off the CPU, where asking waits.

    A gradient belongs to the text that asked for it, even where its word is the first text's: besides those that differ, the
    words `asked` for by whoever wants gradients count; all, where nobody said which.
    """
    if len(embeddings) == 1 or embeddings.device.type != "cpu":
        return None
    wanted = _asked.get() if embeddings.requires_grad else None
    if embeddings.requires_grad and (wanted is None or wanted.shape != embeddings.shape):
        return None
    if _many(embeddings[..., 0] != embeddings[0, :, 0]):  # told by one feature, where it tells enough
        return None
    own = (embeddings != embeddings[:1]).any(-1)
    if wanted is not None:
        own |= (wanted != 0).any(-1)
    return None if _many(own) else own


def _many(words: Tensor) -> bool:
    return int(words.sum()) >= _FEW * words.numel()


@contextmanager
def asked(weights: Tensor) -> Iterator[None]:
    """What the gradients will be multiplied with, [B, T, D], within, in this thread: of words that have 0 they may be wrong."""
    token = _asked.set(weights)
    try:
        yield
    finally:
        _asked.reset(token)


_asked: ContextVar[Tensor | None] = ContextVar("asked", default=None)


def _attended(
    attention: Any, lins: Linears, width: int, hidden: Tensor, own: Tensor | None, *, once: bool
) -> tuple[Tensor, Tensor]:
    """What each token's query finds, [B, T, D], and the tokens it was for; `once`: of the first token alone.

    By the implementation of attention that the model is set to, where there is more than one query.
    """
    if once:
        first = hidden[:, :1]
        return _attended_once(attention, lins, width, hidden, first), first
    if own is None and torch.is_grad_enabled():
        every = _Threefold.apply(hidden, *(part for lin in lins for part in (lin.weight, lin.bias)))
    else:
        every = [_projected(lin, hidden, own) for lin in lins]
    query, key, value = (one.view(*hidden.shape[:-1], -1, width).transpose(1, 2) for one in every)
    attend = ALL_ATTENTION_FUNCTIONS.get_interface(attention.config._attn_implementation, eager_attention_forward)
    found, _ = attend(attention, query, key, value, None, dropout=0.0, scaling=attention.scaling)
    return cast(Tensor, found.reshape(hidden.shape[:-1] + (-1,))), hidden


class _Threefold(torch.autograd.Function):
    """Queries, keys and values, [B, T, D] each.  On the way back each product adds to one sum: two tensors less to add up."""

    @staticmethod
    def forward(ctx: Any, hidden: Tensor, *parts: Tensor) -> tuple[Tensor, ...]:
        """parts: weight, bias; weight, bias; weight, bias."""
        ctx.save_for_backward(*parts[::2])
        return tuple(nn.functional.linear(hidden, weight, bias) for weight, bias in zip(parts[::2], parts[1::2], strict=True))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """Of `hidden` alone: the model's own numbers are at rest."""
        flat, weights = [gradient.flatten(0, 1) for gradient in gradients], ctx.saved_tensors
        whole = flat[0] @ weights[0]
        for gradient, weight in zip(flat[1:], weights[1:], strict=True):
            whole.addmm_(gradient, weight)
        return whole.view_as(gradients[0]), *[None] * 6


def _attended_once(attention: Any, lins: Linears, width: int, hidden: Tensor, first: Tensor) -> Tensor:
    """What the first token's query finds, [B, 1, D].

    One query a head does not need the keys and values of all tokens.  q (W h + b) is (q W) h and a number that softmax does
    not see; and since what softmax gives adds up to 1, the mean of the values W h + b is W (the mean of h) + b.  (q W) and
    W (the mean) are one product with a head's own rows of W, where keys and values are one for every token.
    """
    query, key, value = lins
    looked = query(first)[:, 0].unflatten(-1, (-1, width)).transpose(0, 1)  # [heads, B, width]
    looked = (looked @ key.weight.unflatten(0, (-1, width))).transpose(0, 1)  # [B, heads, D]
    shares = (looked @ hidden.transpose(1, 2) * attention.scaling).softmax(-1)  # [B, heads, T]
    mean = (shares @ hidden).transpose(0, 1)  # [heads, B, D]
    found = mean @ value.weight.unflatten(0, (-1, width)).transpose(1, 2)  # [heads, B, width]
    return cast(Tensor, (found.transpose(0, 1).flatten(1) + value.bias)[:, None])


def _projected(lin: nn.Module, hidden: Tensor, own: Tensor | None) -> Tensor:
    """lin(hidden) [B, T, D]; of words that are the first text's the first text's, once."""
    if own is None:
        return cast(Tensor, lin(hidden))
    with torch.no_grad():  # what all texts share asks for no gradient
        every: Tensor = lin(hidden[0]).repeat(len(hidden), 1, 1)
    every[own] = lin(hidden[own])
    return every


def _added(lin: Any, found: Tensor, to: Tensor) -> Tensor:
    """lin(found) + to, [B, T, D]; where no gradient is asked for, in place of `to`.

    The product adds to what is there, where F.linear first fills its answer with the bias and `to` comes as a third tensor.
    """
    rows, factors, weights = to.flatten(0, 1), found.flatten(0, 1), lin.weight.t()
    whole = torch.addmm(rows, factors, weights) if torch.is_grad_enabled() else rows.addmm_(factors, weights)
    return whole.add_(lin.bias).view_as(to)
