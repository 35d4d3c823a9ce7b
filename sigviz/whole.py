"""A file that is there whole or not at all: written beside its place, and put there in one step.

A full disk, a fault or a kill on the way leaves what was there before.
"""

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole(path: Path, fresh: Path | None = None) -> Iterator[Path]:
    """Where to write what is to become `path`: it gets there when the block ends, and is gone where the block fails.

    fresh: the name to write under, in the same folder; None for one that nobody else has, and then a link stays a link.
    What is no plain file (a pipe, /dev/stdout) is written to directly.  Raises OSError as writing does.
    """
    place = path if fresh else path.resolve()
    there = place.exists()
    if there and not place.is_file():
        yield place
        return
    if there and not os.access(place, os.W_OK):  # putting another file in its place would walk around that
        raise PermissionError(13, "Permission denied", str(path))
    fresh = fresh or place.with_name(f".{secrets.token_hex(8)}.new")
    try:
        yield fresh
        if there:
            shutil.copymode(place, fresh)
        os.replace(fresh, place)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
