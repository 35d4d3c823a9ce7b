"""Class labels as people write them, made numbers: 0 and 1, "negative" and "positive", true and false, or nothing at all."""

import math
import re
from collections.abc import Sequence

from sigviz.errors import CorpusUnavailable

MOST_CLASSES = 1_000
LONGEST_NAME = 100  # characters
_WHOLE = re.compile(r"[+-]?\d{1,9}(\.0*)?")  # a spreadsheet writes 1.0 for 1 where the column has a gap
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def cell(value: object, place: str) -> int | str | None:
    """One label: a class's number, its name, or None where the text has no label (empty, null, NaN, -1).

    Raises: CorpusUnavailable, its message naming the place, for what is neither.
    """
    if isinstance(value, str):
        value = value.strip()
        if _WHOLE.fullmatch(value):
            value = int(value.partition(".")[0])
        elif value == "":
            return None
        elif len(value) <= LONGEST_NAME and not _NUMBER.fullmatch(value):
            return value
    elif isinstance(value, float):
        if math.isnan(value):
            return None
        value = int(value) if value.is_integer() else value
    if value is None or value == -1:  # -1 is how data sets on the Hub write "not labelled"
        return None
    if isinstance(value, int) and 0 <= value < MOST_CLASSES:  # True and False are 1 and 0
        return int(value)
    raise CorpusUnavailable(
        f"The label in {place} is {_shown(value)}. A label is a whole number from 0 to {MOST_CLASSES - 1}, or a class's name "
        f"of at most {LONGEST_NAME} characters, or -1 or nothing for a text that has none."
    )


def numbered(cells: Sequence[int | str | None]) -> tuple[tuple[int | None, ...], tuple[str, ...]]:
    """Labels as numbers, and the classes' names.  Where any label is a name, all are, numbered in alphabetical order.

    Names: empty where the labels are numbers.  A number says which class it is only together with its name: a model may
    count its classes in another order.
    """
    if not any(isinstance(label, str) for label in cells):
        return tuple(label for label in cells if not isinstance(label, str)), ()
    names = sorted({str(label) for label in cells if label is not None})
    if len(names) > MOST_CLASSES:
        raise CorpusUnavailable(
            f"The column label holds {len(names):,} names; {MOST_CLASSES:,} classes are the most. Does it hold texts?"
        )
    numbers = {name: number for number, name in enumerate(names)}
    return tuple(None if label is None else numbers[str(label)] for label in cells), tuple(names)


def _shown(value: object) -> str:
    written = repr(value) if isinstance(value, (str, int, float)) else f"a {type(value).__name__}"
    return written if len(written) <= 60 else written[:60] + "…"
