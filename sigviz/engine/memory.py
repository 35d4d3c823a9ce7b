"""How many sequences fit: chunks are sized to the device's memory, so that peak memory grows with neither steps nor words.

And how a chunk's memory is come by: `keep_freed`.
"""

import ctypes
import functools
import os
import re
import time
from pathlib import Path

import torch

from sigviz.models.classifier import TextClassifier

_SHARE = 0.25  # of the free memory; the rest is for what other jobs and the allocator's gaps take
_BUSY = {"cpu": 2560, "mps": 16384, "cuda": 131072}  # tokens in a chunk beyond which a device gets no faster,
_WIDTH = 384  # in a model of so many features, or fewer; of a wider one's tokens fewer are as much work
_LONG = 600  # tokens at which attention makes a text's token twice as heavy, in time or in what is kept for the way back


def rows_that_fit(classifier: TextClassifier, tokens: int, backward: bool) -> int:
    """Sequences of `tokens` tokens in one chunk: at least 1, at most what keeps the device busy."""
    free = _lately_free(classifier.device)
    fits = int(_SHARE * free / _bytes_a_sequence(classifier, tokens, backward))
    wide = max(1.0, _width(classifier) / _WIDTH)
    busy = _BUSY.get(classifier.device.type, _BUSY["cpu"]) / (wide * tokens * (1 + tokens / _LONG))
    return max(1, min(fits, int(busy)))


def even(count: int, rows: int) -> int:
    """At most `rows`, for as many chunks of `count` sequences, all of about one size: a small last one costs more a token."""
    return -(-count // -(-count // rows))


@functools.cache
def keep_freed() -> bool:
    """Let the process keep the memory that a chunk frees, for the next chunk; whether the C library is one that can be told.

    By itself glibc gives each freed tensor of some size back to the system at once, and the next one's pages are handed out,
    and filled with zeros, anew: for SIG 30,000 pages an explanation, 4 to 8 % of its time (minilm, 24 tokens, one thread).
    What is kept is one chunk's activations at most, and goes back with the next model that is let go (models/release).
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # not glibc: macOS, musl, Windows
        return False
    return bool(mallopt(_M_MMAP_THRESHOLD, _LARGEST) and mallopt(_M_TRIM_THRESHOLD, 2**31 - 1))


_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # malloc.h
_LARGEST = 32 * 2**20  # bytes; glibc takes no more


def _bytes_a_sequence(classifier: TextClassifier, tokens: int, backward: bool) -> int:
    """A generous estimate of the activations of one sequence; those of all layers are kept for the way back."""
    config, width = classifier.model.config, _width(classifier)
    layers = getattr(config, "num_hidden_layers", 12) if backward else 1
    inner = getattr(config, "intermediate_size", None) or 4 * width
    heads = getattr(config, "num_attention_heads", 12)
    numbers = tokens * (12 * width + 4 * inner) + 3 * heads * tokens**2
    return layers * numbers * classifier.dtype.itemsize + 4 * tokens * width * 8


def _width(classifier: TextClassifier) -> int:
    """Features of a token."""
    return getattr(classifier.model.config, "hidden_size", None) or 768


_LATELY = 0.25  # seconds for which an answer holds; reading it takes as long as a small model takes for a short text
_answers: dict[str, tuple[float, int]] = {}


def _lately_free(device: torch.device) -> int:
    now = time.monotonic()
    then, free = _answers.get(str(device), (-_LATELY, 0))
    if now - then >= _LATELY:
        free = _free_bytes(device)
        _answers[str(device)] = (now, free)
    return free


def _free_bytes(device: torch.device) -> int:
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    if device.type == "mps":
        return int(torch.mps.recommended_max_memory() - torch.mps.current_allocated_memory())
    return min([_left_on_the_machine(), *_left_to_its_groups()])


def _left_on_the_machine(root: Path = Path("/")) -> int:
    """Linux counts the page cache as available, which it gives up when asked; SC_AVPHYS_PAGES leaves it out."""
    if available := re.search(r"^MemAvailable:\s+(\d+) kB", _content(root / "proc/meminfo"), re.MULTILINE):
        return int(available[1]) * 1024
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError):  # macOS does not tell
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2


def _left_to_its_groups(root: Path = Path("/")) -> list[int]:
    """What each control group around this process may still take, where it has a limit: a container's, a service's."""
    left = []
    # lines such as "0::/of/version/2" and "4:memory:/of/version/1"
    for controllers, group in re.findall(r"^\d+:(.*?):(.*)$", _content(root / "proc/self/cgroup"), re.MULTILINE):
        if controllers and "memory" not in controllers.split(","):
            continue
        top, limit, used, cache = _VERSION_1 if controllers else _VERSION_2
        names = [name for name in group.split("/") if name]
        for depth in range(len(names) + 1):  # a container may see itself as the top, and any group is bound by those above
            folder = root.joinpath(top, *names[:depth])
            most, taken = (re.match(r"\d+", _content(folder / file)) for file in (limit, used))
            if most and taken:
                cached = re.search(rf"^{cache} (\d+)", _content(folder / "memory.stat"), re.MULTILINE)
                left.append(max(0, int(most[0]) - int(taken[0]) + (int(cached[1]) if cached else 0)))
    return left


_VERSION_1 = ("sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
_VERSION_2 = ("sys/fs/cgroup", "memory.max", "memory.current", "inactive_file")  # the cache that is given up first


def _content(file: Path) -> str:
    try:
        return file.read_text()
    except (OSError, ValueError):
        return ""
