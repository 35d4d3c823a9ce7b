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

WAYS = 8  # (baseline, walk) pairs that are kept; of each at most the vocabulary's words, some 250 bytes a word,
MOST_MET = 1024  # and what the neighbours of so many words cost, some 4 kB a word
Met = dict[int, tuple[Tensor, Tensor]]  # word -> its neighbours' ids [K], and what each would cost as the next step [K]


class Walked:
    """The anchors of one model's words, by the way they were walked.  Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ways: OrderedDict[Hashable, dict[int, bytes]] = OrderedDict()
        self._met: OrderedDict[Hashable, Met] = OrderedDict()

    def met(self, way: Hashable) -> Met:
        """The words that walks of this way have passed, as far as they are remembered; a copy, to read and to add to.

        Walks soon come to the same few words, in any sentence: who knows their neighbours searches for a new word's first
        steps alone.
        """
        with self._lock:
            return dict(self._met.get(way, {}))

    def keep(self, way: Hashable, met: Met) -> None:
        """Remember what a walk has met.  Those looked at last stand last; the first are forgotten where they are too many."""
        with self._lock:
            both = {word: cost for word, cost in self._met.pop(way, {}).items() if word not in met} | met
            self._met[way] = dict(list(both.items())[-MOST_MET:])
            while len(self._met) > WAYS:
                self._met.popitem(last=False)

    def forget_walks(self) -> None:
        """As if no word had been walked from yet; what walks have met on their way stays known.  For benchmarks."""
        with self._lock:
            self._ways.clear()

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
