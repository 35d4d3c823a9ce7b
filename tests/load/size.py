"""How large the tests of load, faults and fuzz are: seconds in CI, many minutes under `make soak` (SOAK=1)."""

import os
from typing import TypeVar

T = TypeVar("T")
SOAK = os.environ.get("SOAK", "0") != "0"


def size(small: T, full: T) -> T:
    """`full` under `make soak`, `small` everywhere else."""
    return full if SOAK else small
