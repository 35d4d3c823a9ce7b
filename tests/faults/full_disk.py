"""A disk that is full: no file of this process grows beyond a limit.

The kernel's own limit (RLIMIT_FSIZE) stands in for it, so that what is tested is what really happens, in C++ libraries too:
a write that comes short, then errors, also from the flush and from closing the file.
"""

import resource
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def full_disk(after: int) -> Iterator[None]:
    """Within, no file gets longer than `after` bytes: OSError where a program tries.  Python ignores the signal for it."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (after, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
