"""How much memory this process holds, and whether that grows."""

import ctypes
import gc
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
import psutil


def resident() -> float:
    """kB of this process in memory, once everything that is free has been given back."""
    gc.collect()
    if Path("/proc/self/statm").exists():
        with suppress(OSError, AttributeError):  # glibc keeps freed pages for later; another libc has no such function
            ctypes.CDLL(None).malloc_trim(0)
    return float(psutil.Process().memory_info().rss) / 1024


def steady(counts: Sequence[float], sizes: Sequence[float]) -> float:
    """By how much `sizes` grow with each of `counts` in the middle one of the steps, whatever happened once in between.

    For a short look at a process in which other tests have run: it gives back megabytes of theirs at any moment.
    """
    return float(np.median(np.diff(sizes) / np.diff(counts)))


def slope(counts: Sequence[float], sizes: Sequence[float]) -> float:
    """By how much `sizes` grow with each of `counts`, by least squares."""
    return float(np.polyfit(counts, sizes, 1)[0])
