"""Giving back the memory of a model that nobody uses any more: to the operating system, and on CUDA to the driver.

Python frees a model's weights when its last user lets go, but the C library and PyTorch keep what was freed for later.
"""

import ctypes
import gc
import sys
import threading
import weakref

import torch

PATIENCE = 600.0  # seconds that a model's last users have to come to an end
_AGAIN = 15.0  # seconds between looks for models that only a circle of references keeps alive


def when_unused(model: object) -> threading.Thread:
    """In a thread of its own: wait until nobody holds `model` any more, then give its memory back.  Returns the thread.

    The caller, too, must let go of it.  What is still in use after PATIENCE seconds is left alone.
    """
    gone = threading.Event()
    reference = weakref.ref(model, lambda _: gone.set())
    thread = threading.Thread(target=_wait, args=(reference, gone), name="sigviz-release", daemon=True)
    thread.start()
    return thread


def _wait(reference: "weakref.ref[object]", gone: threading.Event) -> None:
    for _ in range(round(PATIENCE / _AGAIN)):
        gc.collect()
        if gone.wait(0 if reference() is None else _AGAIN):
            break
    give_back()


def give_back() -> None:
    """Return freed memory to the system: glibc's heap (Linux), and PyTorch's cached blocks on CUDA."""
    gc.collect()  # what the last user held may be in a circle
    if torch.cuda.is_initialized():
        torch.cuda.empty_cache()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc's own: musl has none
        if trim is not None:
            trim(0)
