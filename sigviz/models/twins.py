"""The same classifier computed another way: functionally the same model, so that explanations of it must be the same, too.

A twin is a copy: the classifier it was made of, which other threads use, stays as it is.
"""

import copy

import torch

from sigviz.errors import ModelUnsupported
from sigviz.models.classifier import TextClassifier

ATTENTION = {  # what transformers calls it -> in words
    "eager": "eager: matrix products and a softmax, one after another",
    "sdpa": "sdpa: PyTorch's fused scaled dot-product attention",
}
MOST_DOUBLED = 50_000_000  # weights: in float64 they take 0.4 GB


def attention_of(classifier: TextClassifier) -> str:
    """Which implementation of attention the classifier runs, "" where it does not say."""
    return str(getattr(classifier.model.config, "_attn_implementation", None) or "")


def with_attention(classifier: TextClassifier, implementation: str) -> TextClassifier:
    """A copy that computes attention by `implementation`, a key of ATTENTION; the weights are shared, nothing is loaded.

    Raises: ModelUnsupported where the model's class does not have it.
    """
    shared = {id(weights): weights for weights in (*classifier.model.parameters(), *classifier.model.buffers())}
    twin = copy.deepcopy(classifier.model, memo=dict(shared))  # what is named in memo is not copied
    try:
        twin.set_attn_implementation(implementation)
    except (ValueError, ImportError, AttributeError) as error:
        raise ModelUnsupported(_ONE_WAY.format(name=classifier.name[:100], asked=implementation)) from error
    made = _twin(classifier, twin, f"attention {implementation}")
    if attention_of(made) != implementation:  # some classes only log that they cannot
        raise ModelUnsupported(_ONE_WAY.format(name=classifier.name[:100], asked=implementation))
    return made


_ONE_WAY = "{name} cannot compute attention as {asked}: its class has a way of its own."


def in_double(classifier: TextClassifier) -> TextClassifier:
    """A copy with all weights and all arithmetic in float64.

    Raises: ModelUnsupported where its device has no float64, or the copy would be too large.
    """
    weights = sum(parameter.numel() for parameter in classifier.model.parameters())
    if classifier.device.type == "mps":
        raise ModelUnsupported("Apple's MPS cannot compute in float64.")
    if weights > MOST_DOUBLED:
        raise ModelUnsupported(
            f"A copy of {classifier.name[:100]} in float64 would take {8 * weights / 1e9:.1f} GB, so it is not made."
        )
    return _twin(classifier, copy.deepcopy(classifier.model).to(torch.float64), "float64")


def _twin(classifier: TextClassifier, model: torch.nn.Module, difference: str) -> TextClassifier:
    return TextClassifier(
        model,  # type: ignore[arg-type] # a copy has its original's class
        classifier.tokenizer,
        name=classifier.name,
        revision=f"{classifier.revision}+{difference}",
        labels=classifier.labels,
        notes=classifier.notes,
    )
