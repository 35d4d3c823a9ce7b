"""What every test runs under: as many threads as there are cores, and the same examples on every machine of CI."""

import os
import sys

import pytest
from hypothesis import settings

settings.register_profile(
    "sigviz",
    deadline=None,  # the first example may load a model
    max_examples=int(os.environ.get("EXAMPLES", "25")),
    derandomize="CI" in os.environ,
)
settings.load_profile("sigviz")


@pytest.fixture(scope="session", autouse=True)
def _threads() -> None:
    """Two, or one where pytest-xdist runs tests side by side; torch is not imported for tests that do without it."""
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1 if "PYTEST_XDIST_WORKER" in os.environ else 2)
