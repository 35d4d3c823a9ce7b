"""The controls of Zafar et al. 2021 (arXiv:2106.04631, section 2.1): the same encoder under an untrained classification head,
and, harder, the same architecture with every weight drawn anew.

A metric that is as good for such a model's explanations as for the trained one's says little about what was learnt.
"""

import copy
import math

import torch
from torch import nn
from transformers import PreTrainedModel

from sigviz.errors import ModelUnsupported
from sigviz.models.classifier import TextClassifier

UNTRAINED = "untrained"  # how results name the control with a random head
REDRAWN = "untrained-all"  # and the one in which nothing is left of the training
_POOLER = "pooler"  # fully connected and on top of the encoder, though BERT's code counts it to the encoder


def untrained(classifier: TextClassifier, seed: int = 0, *, he: bool = False) -> TextClassifier:
    """A copy whose fully connected layers on top of the encoder are as before training; the encoder's weights are shared.

    The layers get weights by `seed`, normal around 0: he=False as the model's own class draws them (its `initializer_range`),
    he=True as He et al. 2015 (arXiv:1502.01852) and the robustness paper do (variance 2 / inputs); biases are 0.
    Raises ModelUnsupported where the model has no layers outside its encoder.
    """
    model = classifier.model
    heads = _heads(classifier)
    shared = {id(parameter): parameter for parameter in model.parameters()}
    for layer in heads:
        for parameter in layer.parameters():
            del shared[id(parameter)]
    twin = copy.deepcopy(model, memo=dict(shared))  # parameters named in memo are not copied
    _draw(twin, _names(model, heads), torch.Generator().manual_seed(seed), he)
    control = _control(classifier, twin, UNTRAINED, seed, "The head of this model is untrained (random, seed {seed})")
    control.walked = classifier.walked  # its words are the same
    return control


def redrawn(classifier: TextClassifier, seed: int = 0) -> TextClassifier:
    """A copy with every weight drawn anew by `seed`: word embeddings and encoder, too.

    Matrices and tables are normal with the model's `initializer_range`, scales of normalisations 1, biases 0, as encoders of
    this kind start their pretraining; the layers on top of the encoder are drawn as `untrained` draws them with he=True.
    Raises ModelUnsupported where the model has no layers outside its encoder.
    """
    heads = _names(classifier.model, _heads(classifier))
    twin = copy.deepcopy(classifier.model)
    random = torch.Generator().manual_seed(seed)
    width = _width(twin)
    with torch.no_grad():
        for name, parameter in twin.named_parameters():
            if parameter.ndim > 1:
                parameter.copy_(torch.randn(parameter.shape, generator=random) * width)
            else:
                parameter.fill_(1.0 if name.endswith("weight") else 0.0)
    _draw(twin, heads, random, he=True)
    return _control(classifier, twin, REDRAWN, seed, "No weight of this model is trained (all random, seed {seed})")


def _heads(classifier: TextClassifier) -> list[nn.Linear]:
    """The fully connected layers on top of the encoder."""
    model = classifier.model
    encoder = getattr(model, getattr(model, "base_model_prefix", ""), None)
    if not isinstance(encoder, nn.Module):
        raise ModelUnsupported(f"{classifier.name[:100]} has no encoder apart from its head: there is no untrained control.")
    heads = [*_linear(model, without=encoder)]
    top = getattr(encoder, _POOLER, None)
    if isinstance(top, nn.Module):
        heads += _linear(top)
    if not heads:
        raise ModelUnsupported(f"{classifier.name[:100]} has no fully connected head: there is no untrained control.")
    return heads


def _names(model: nn.Module, layers: list[nn.Linear]) -> list[str]:
    return [name for name, layer in model.named_modules() if any(layer is one for one in layers)]


def _width(model: nn.Module) -> float:
    return float(getattr(model.config, "initializer_range", None) or 0.02)


def _draw(model: nn.Module, names: list[str], random: torch.Generator, he: bool) -> None:
    with torch.no_grad():
        for name in names:
            layer = model.get_submodule(name)
            assert isinstance(layer, nn.Linear)
            width = math.sqrt(2 / layer.in_features) if he else _width(model)
            layer.weight.copy_(torch.randn(layer.weight.shape, generator=random, dtype=torch.float64) * width)
            if layer.bias is not None:
                layer.bias.zero_()


def _control(classifier: TextClassifier, twin: PreTrainedModel, kind: str, seed: int, note: str) -> TextClassifier:
    return TextClassifier(
        twin,
        classifier.tokenizer,
        name=classifier.name,
        revision=f"{classifier.revision}+{kind}-{seed}",
        labels=classifier.labels,
        notes=(*classifier.notes, note.format(seed=seed) + ": a control, not a classifier."),
    )


def _linear(module: nn.Module, without: nn.Module | None = None) -> list[nn.Linear]:
    inside = set() if without is None else {id(layer) for layer in without.modules()}
    return [layer for layer in module.modules() if isinstance(layer, nn.Linear) and id(layer) not in inside]
