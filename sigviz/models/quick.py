"""The same logits by less work.

A classifier of the BERT kind reads its answer off the first token alone, so of its last layer only that token's row is needed:
one query instead of T, no keys and values at all (`_first`), and the feed-forward part, two thirds of a layer, once instead of
T times.  All rows of a batch have one length, so there is nothing to mask.

It saves nearly all of the 12 D x D products that a token takes in a layer: a sixth of a model of six layers, a third of one of
three, on the way there and back.  And where texts that differ in a few words are read together, as for exact SIG, the first
layer's queries, keys and values of the words that they share are computed once: another 3 of 12, of one layer, on the way
there, and back where only the gradients of a few words are `asked` for.

Norms and activations are the model's own modules, so hooks on them are met; of linear maps the weights are taken alone, for
products that share what they read and what they add to.  Left out is what does nothing outside of training (dropout), and
the library's cutting of the feed-forward part, which looks at the signature of a function for every layer.
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

_FEW = 0.25  # of the words of a batch: if more than these differ, picking them out costs more than it saves
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
    """The last layer's first tokens, [B, 1, D]: what poolers and heads take them from."""
    hidden = base.embeddings(inputs_embeds=embeddings)
    if hasattr(base, "embeddings_project"):  # ELECTRA's embeddings may be narrower than its layers
        hidden = base.embeddings_project(hidden)
    texts, rows, own = len(hidden), hidden.flatten(0, 1), moved(embeddings)
    for number, layer in enumerate(base.encoder.layer):
        attention, out, up = layer.attention.self, layer.attention.output, layer.intermediate
        lins = (attention.query, attention.key, attention.value)
        look = _first if number == len(base.encoder.layer) - 1 else _attended
        found, rest = look(attention, lins, attention.attention_head_size, rows, texts, own)
        own = None  # the words of a text have met by now: nothing is shared any more
        read, rest = _through(out.LayerNorm(_added(out.dense, found, rest)), up.dense.weight, up.dense.bias)
        rows = layer.output.LayerNorm(_added(layer.output.dense, up.intermediate_act_fn(read), rest))
    return cast(Tensor, rows[:, None])


def _distilbert(model: Any, embeddings: Tensor) -> Tensor:
    base = model.base_model
    hidden = base.embeddings(None, embeddings)
    texts, rows, own = len(hidden), hidden.flatten(0, 1), moved(embeddings)
    for number, layer in enumerate(base.transformer.layer):
        attention, ffn = layer.attention, layer.ffn
        lins = (attention.q_lin, attention.k_lin, attention.v_lin)
        look = _first if number == len(base.transformer.layer) - 1 else _attended
        found, rest = look(attention, lins, attention.attention_head_size, rows, texts, own)
        own = None
        read, rest = _through(layer.sa_layer_norm(_added(attention.out_lin, found, rest)), ffn.lin1.weight, ffn.lin1.bias)
        rows = layer.output_layer_norm(_added(ffn.lin2, ffn.activation(read), rest))
    return cast(Tensor, model.classifier(nn.functional.relu(model.pre_classifier(rows))))


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
    given = embeddings.detach()
    own = (given - given[:1]).abs_().amax(-1) != 0  # in a quarter of the time that (given != given[:1]).any(-1) takes
    if wanted is not None:
        own |= (wanted != 0).any(-1)
    return None if _many(own) else own


def _many(words: Tensor) -> bool:
    return int(words.sum()) >= _FEW * words.numel()


@contextmanager
def asked(weights: Tensor) -> Iterator[None]:
    """What gradients will be multiplied with, [B, T, D], within, in this thread: of words that have 0 they may be wrong."""
    token = _asked.set(weights)
    try:
        yield
    finally:
        _asked.reset(token)


_asked: ContextVar[Tensor | None] = ContextVar("asked", default=None)


def _attended(
    attention: Any, lins: Linears, width: int, rows: Tensor, texts: int, own: Tensor | None
) -> tuple[Tensor, Tensor]:
    """What each token's query finds, and the tokens, [B * T, D] each, by the attention that the model is set to."""
    if own is None:
        query, key, value = lins
        # a key's bias adds one number to all that a query sees, which softmax does not see
        *every, rows = _through(rows, query.weight, query.bias, key.weight, None, value.weight, value.bias)
    else:
        every = [_projected(lin, rows, own) for lin in lins]
    query, key, value = (one.view(texts, -1, one.shape[-1] // width, width).transpose(1, 2) for one in every)
    attend = ALL_ATTENTION_FUNCTIONS.get_interface(attention.config._attn_implementation, eager_attention_forward)
    found, _ = attend(attention, query, key, value, None, dropout=0.0, scaling=attention.scaling)
    return cast(Tensor, found.reshape(rows.shape[0], -1)), rows


def _first(attention: Any, lins: Linears, width: int, rows: Tensor, texts: int, own: Tensor | None) -> tuple[Tensor, Tensor]:
    """What the first token's query finds, and the first tokens, [B, D] each.

    One query a head does not need the keys and values of all tokens.  q (W h + b) is (q W) h and a number that softmax does
    not see; and since what softmax gives adds up to 1, the mean of the values W h + b is W (the mean of h) + b.  (q W) and
    W (the mean) are one product with a head's own rows of W, where keys and values are one for every token.
    """
    query, key, value = lins
    hidden = rows.unflatten(0, (texts, -1))  # [B, T, D]
    first = hidden[:, 0].clone()
    looked = query(first).unflatten(-1, (-1, width)).transpose(0, 1)  # [heads, B, width]
    looked = (looked @ key.weight.unflatten(0, (-1, width))).transpose(0, 1)  # [B, heads, D]
    shares = (looked @ hidden.transpose(1, 2) * attention.scaling).softmax(-1)  # [B, heads, T]
    mean = (shares @ hidden).transpose(0, 1)  # [heads, B, D]
    found = mean @ value.weight.unflatten(0, (-1, width)).transpose(1, 2)  # [heads, B, width]
    return found.transpose(0, 1).flatten(1) + value.bias, first


def _projected(lin: nn.Module, rows: Tensor, own: Tensor) -> Tensor:
    """lin(rows) [B * T, D]; of words that are the first text's the first text's, once."""
    texts, tokens = own.shape
    with torch.no_grad():  # what all texts share asks for no gradient
        every: Tensor = lin(rows[:tokens]).repeat(texts, 1)
    own = own.flatten()
    every[own] = lin(rows[own])
    return every


def _through(rows: Tensor, *parts: Tensor | None) -> tuple[Tensor, ...]:
    """Each product of `rows`, [N, D], and the rows themselves, to which something is added later.

    parts: weight, bias; weight, bias; ...
    """
    if torch.is_grad_enabled():
        return cast(tuple[Tensor, ...], _Through.apply(rows, *parts))  # type: ignore[no-untyped-call]
    return *_products(rows, parts), rows


def _products(rows: Tensor, parts: tuple[Tensor | None, ...]) -> Iterator[Tensor]:
    for weight, bias in zip(parts[::2], parts[1::2], strict=True):
        yield nn.functional.linear(rows, cast(Tensor, weight), bias)


class _Through(torch.autograd.Function):
    """On the way back each product adds to one sum: nothing is left for autograd to add up, a tensor read and written each."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor, *parts: Tensor | None) -> tuple[Tensor, ...]:
        """As `_through`."""
        ctx.save_for_backward(*parts[::2])
        return *_products(rows, parts), rows.view_as(rows)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """Of the rows alone: the model's own numbers are at rest."""
        whole = torch.addmm(gradients[-1], gradients[0], ctx.saved_tensors[0])
        for gradient, weight in zip(gradients[1:-1], ctx.saved_tensors[1:], strict=True):
            whole.addmm_(gradient, weight)
        return whole, *[None] * (2 * len(ctx.saved_tensors))


def _added(lin: Any, found: Tensor, to: Tensor) -> Tensor:
    """lin(found) + to, [N, D]; where no gradient is asked for, in place of `to`.

    The product adds to what is there, where F.linear first fills its answer with the bias and `to` comes as a third tensor.
    """
    add = torch.addmm if torch.is_grad_enabled() else Tensor.addmm_
    return add(to, found, lin.weight.t()).add_(lin.bias)
