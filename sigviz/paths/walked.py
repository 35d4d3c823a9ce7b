"""Walks that were walked before.

Where a word's walk leads depends on the word, the baseline and the way of walking alone, not on the sentence: of a corpus'
words most have been met before, and the search for neighbours is most of what DIG takes.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable

import numpy as np
import torch
from torch import Tensor

WAYS = 8  # (baseline, walk) pairs that are kept; of each at most the vocabulary's words, some 250 bytes a word


class Walked:
    """The anchors of one model's words, by the way they were walked.  Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ways: OrderedDict[Hashable, dict[int, bytes]] = OrderedDict()

    def anchors(self, words: Tensor, way: Hashable, walk: Callable[[Tensor], Tensor]) -> Tensor:
        """[n] -> [n, m].  way: all that a walk depends on besides its word.  walk: anchors of words never met before."""
        with self._lock:
            known = self._ways.setdefault(way, {})
            self._ways.move_to_end(way)
            while len(self._ways) > WAYS:
                self._ways.popitem(last=False)
            missing = [word for word in dict.fromkeys(words.tolist()) if word not in known]
        if missing:  # walked without the lock: two threads may walk the same way twice, with the same result
            found = walk(torch.tensor(missing, device=words.device)).to("cpu", torch.int32).numpy()
            with self._lock:
                known.update((word, anchors.tobytes()) for word, anchors in zip(missing, found, strict=True))
        rows = np.frombuffer(b"".join(known[word] for word in words.tolist()), np.int32).reshape(len(words), -1)
        return torch.from_numpy(rows.copy()).to(words)
