"""A text in windows: what a model reads of it at a time.

A text that fits is one window.  A longer one is cut at the model's limit, which is one window, too, or divided into windows
of that limit, each half a window behind the one before, with the special tokens around each as the tokenizer puts them
around the text.  All windows of a text are equally long, so the last one may overlap more.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sigviz.models.text import Encoding, cut

MOST = 32  # windows; of 512 tokens each that is a text of some 8,400 tokens, and every method costs so many times as much


@dataclass(frozen=True, slots=True, eq=False)
class Windows:
    """whole: the text as if it were one input.  places: of each window, the positions of its tokens there, ascending, [T].

    whole.truncated counts what is in no window.
    """

    whole: Encoding
    places: tuple[NDArray[np.int64], ...]

    @property
    def tokens(self) -> int:
        """Of one window, special ones counted."""
        return len(self.places[0])


def single(encoding: Encoding) -> Windows:
    """All of it as one window."""
    return Windows(encoding, (np.arange(len(encoding.ids)),))


def slid(encoding: Encoding, limit: int, side: str) -> Windows:
    """Windows of at most `limit` tokens, special ones included; at most MOST, what is beyond is cut off at the `side`.

    Raises: InvalidText when nothing is left that could get a score.
    """
    special = int((~encoding.content).sum())
    room = limit - special  # content tokens of a window
    step = max(1, room // 2)
    read = cut(encoding, special + room + (MOST - 1) * step if room > 0 else limit, side)
    content = np.flatnonzero(read.content)
    beyond = len(content) - room
    if beyond <= 0:
        return single(read)
    every = np.arange(len(read.ids))
    windows = (content[start : start + room] for start in (*range(0, beyond, step), beyond))
    return Windows(read, tuple(np.delete(every, np.setdiff1d(content, own)) for own in windows))
