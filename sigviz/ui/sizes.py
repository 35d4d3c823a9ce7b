"""About how many bytes an answer takes in memory: its arrays, its text, and the objects that hold them."""

import sys
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np


def size(value: Any) -> int:
    """Bytes of a value and of what it consists of: arrays, strings, dataclasses and containers; what is in it twice, once."""
    seen: set[int] = set()
    todo, total = [value], 0
    while todo:
        one = todo.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        total += sys.getsizeof(one)
        if isinstance(one, np.ndarray):
            total += 0 if one.flags.owndata else one.nbytes  # a view, which getsizeof does not count; its base may be alone
        elif isinstance(one, dict):
            todo += [*one.keys(), *one.values()]
        elif isinstance(one, (list, tuple, set, frozenset)):
            todo += one
        elif is_dataclass(one) and not isinstance(one, type):
            todo += [getattr(one, field.name) for field in fields(one)]
    return total
