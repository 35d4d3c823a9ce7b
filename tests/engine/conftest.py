"""What the engine's tests share."""

import pytest

from sigviz.engine import engine


@pytest.fixture
def rows(monkeypatch: pytest.MonkeyPatch):
    """rows(7): from now on chunks hold 7 sequences."""
    return lambda count: monkeypatch.setattr(engine, "rows_that_fit", lambda *_: count)
