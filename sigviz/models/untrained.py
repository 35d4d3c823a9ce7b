"""The control of Zafar et al. 2021 (arXiv:2106.04631, section 3): the same encoder under an untrained classification head.

A metric that is as good for this model's explanations as for the trained one's says little about what was learnt.
"""

import copy

import torch
from torch import nn

from sigviz.errors import ModelUnsupported
from sigviz.models.classifier import TextClassifier

UNTRAINED = "untrained"  # how results name this control
_POOLER = "pooler"  # fully connected and on top of the encoder, though BERT's code counts it to the encoder


def untrained(classifier: TextClassifier, seed: int = 0) -> TextClassifier:
    """A copy whose fully connected layers on top of the encoder are as before training; the encoder's weights are shared.

    The layers get weights as the model's own class draws them (normal, its `initializer_range`; biases 0), by `seed`.
    Raises ModelUnsupported where the model has no layers outside its encoder.
    """
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
    shared = {id(parameter): parameter for parameter in model.parameters()}
    for layer in heads:
        for parameter in layer.parameters():
            del shared[id(parameter)]
    twin = copy.deepcopy(model, memo=dict(shared))  # parameters named in memo are not copied
    random = torch.Generator().manual_seed(seed)
    names = [name for name, layer in model.named_modules() if any(layer is head for head in heads)]
    width = float(getattr(model.config, "initializer_range", None) or 0.02)
    with torch.no_grad():
        for name in names:
            layer = twin.get_submodule(name)
            assert isinstance(layer, nn.Linear)
            drawn = torch.randn(layer.weight.shape, generator=random, dtype=torch.float64) * width
            layer.weight.copy_(drawn)
            if layer.bias is not None:
                layer.bias.zero_()
    control = TextClassifier(
        twin,
        classifier.tokenizer,
        name=classifier.name,
        revision=f"{classifier.revision}+{UNTRAINED}-{seed}",
        labels=classifier.labels,
        notes=(*classifier.notes, f"The head of this model is untrained (random, seed {seed}): a control, not a classifier."),
    )
    control.walked = classifier.walked  # its words are the same
    return control


def _linear(module: nn.Module, without: nn.Module | None = None) -> list[nn.Linear]:
    inside = set() if without is None else {id(layer) for layer in without.modules()}
    return [layer for layer in module.modules() if isinstance(layer, nn.Linear) and id(layer) not in inside]
