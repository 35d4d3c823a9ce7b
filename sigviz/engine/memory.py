"""How many sequences fit: chunks are sized to the device's memory, so that peak memory grows with neither steps nor words."""

import os

import torch

from sigviz.models.classifier import TextClassifier

_SHARE = 0.25  # of the free memory; the rest is for what other jobs and the allocator's gaps take
_BUSY = {"cpu": 768, "mps": 8192, "cuda": 65536}  # tokens in a chunk beyond which a device gets no faster


def rows_that_fit(classifier: TextClassifier, tokens: int, backward: bool) -> int:
    """Sequences of `tokens` tokens in one chunk: at least 1, at most what keeps the device busy."""
    free = _free_bytes(classifier.device)
    fits = int(_SHARE * free / _bytes_a_sequence(classifier, tokens, backward))
    return max(1, min(fits, _BUSY.get(classifier.device.type, 768) // tokens))


def _bytes_a_sequence(classifier: TextClassifier, tokens: int, backward: bool) -> int:
    """A generous estimate of the activations of one sequence; those of all layers are kept for the way back."""
    config = classifier.model.config
    width = getattr(config, "hidden_size", 768)
    layers = getattr(config, "num_hidden_layers", 12) if backward else 1
    inner = getattr(config, "intermediate_size", None) or 4 * width
    heads = getattr(config, "num_attention_heads", 12)
    numbers = tokens * (12 * width + 4 * inner) + 3 * heads * tokens**2
    return layers * numbers * classifier.dtype.itemsize + 4 * tokens * width * 8


def _free_bytes(device: torch.device) -> int:
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    if device.type == "mps":
        return int(torch.mps.recommended_max_memory() - torch.mps.current_allocated_memory())
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError):  # macOS does not tell
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
