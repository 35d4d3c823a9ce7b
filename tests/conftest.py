"""What every test runs under: one torch thread, and the same examples on every machine of CI."""

import os
import sys

import pytest
from hypothesis import settings

import sigviz  # noqa: F401 (before any test imports torch: it sets how torch's threads wait)

settings.register_profile(
    "sigviz",
    deadline=None,  # the first example may load a model
    max_examples=int(os.environ.get("EXAMPLES", "25")),
    derandomize="CI" in os.environ,
)
settings.load_profile("sigviz")


@pytest.fixture(scope="session", autouse=True)
def _threads() -> None:
    """One: the tests' models are small, and two threads that wait for each other on a busy machine are ten times slower."""
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)
