"""Parity mode `papers-code`: what the code behind the SIG and DIG papers computes, where it differs from what they define.

It takes the largest logit at every point as F, counts all tokens (protocol "paper"), lets special tokens have scores, and adds
positions, types and layer normalisation to the word embeddings before it hands the sum to the model as `inputs_embeds`, where
the model adds them a second time.  Published numbers can be compared with nothing else; for anything else it is wrong.
"""

from typing import Any

import torch
from torch import Tensor, nn

from sigviz.errors import ModelUnsupported
from sigviz.models.classifier import TextClassifier

EXPLANATION = (
    "Parity mode repeats what the papers' own code computes: positions and layer normalisation are added to the embeddings "
    "twice, F is the largest logit at every point (so it may change class), and special tokens are counted as words. It is "
    "there to compare with published numbers, and for nothing else."
)


class TwiceEmbedded(TextClassifier):
    """A classifier whose inputs get positions, types and layer normalisation once before the model, which adds them again."""

    def logits(self, embeddings: Tensor) -> Tensor:
        """[B, T, D] -> [B, classes]"""
        layer = _embedding_layer(self.model)
        length = embeddings.shape[1]
        table = layer.position_embeddings
        first = 0 if table.padding_idx is None else table.padding_idx + 1  # RoBERTa counts from there
        positions = torch.arange(first, first + length, device=embeddings.device)
        added = embeddings + table(positions).to(embeddings.dtype)
        types = getattr(layer, "token_type_embeddings", None)
        if types is not None:
            added = added + types(torch.zeros_like(positions)).to(embeddings.dtype)
        return super().logits(layer.LayerNorm(added.to(self.dtype)))

    def _probe(self) -> None:
        """Nothing to see: this model's answers differ from a plain forward pass on purpose."""


def twice_embedded(classifier: TextClassifier) -> TwiceEmbedded:
    """The same model, embedded twice.  Raises ModelUnsupported where it is no BERT, DistilBERT or RoBERTa."""
    if _embedding_layer(classifier.model) is None:
        raise ModelUnsupported(
            f"Parity mode is for the papers' architectures (BERT, DistilBERT, RoBERTa), and {classifier.name[:100]} is "
            "another. Leave parity out."
        )
    return TwiceEmbedded(
        classifier.model,
        classifier.tokenizer,
        name=classifier.name,
        revision=f"{classifier.revision}+twice-embedded",
        labels=classifier.labels,
        notes=(*classifier.notes, EXPLANATION),
    )


def _embedding_layer(model: nn.Module) -> Any:
    """The part of the model that holds positions and layer normalisation; None where the papers' code would not find them."""
    layer = getattr(getattr(model, getattr(model, "base_model_prefix", ""), None), "embeddings", None)
    return layer if hasattr(layer, "position_embeddings") and hasattr(layer, "LayerNorm") else None
