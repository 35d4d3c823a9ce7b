"""Memory of models that nobody uses: given back when the last user has let go, and not before."""

import threading
import weakref

import pytest
import torch

from sigviz.models import release

WAIT = 10.0  # seconds; only a failure waits so long


class Model:
    """Something with weights, which knows itself."""

    def __init__(self) -> None:
        self.weights = torch.zeros(1000)
        self.itself = self  # only a look for circles frees it


@pytest.fixture
def given_back(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    event = threading.Event()
    monkeypatch.setattr(release, "give_back", event.set)
    monkeypatch.setattr(release, "_AGAIN", 0.05)
    return event


def test_memory_is_given_back_once_the_last_user_has_let_go(given_back: threading.Event) -> None:
    model = Model()
    gone = weakref.ref(model)
    thread = release.when_unused(model)
    assert not given_back.wait(0.2) and gone() is model
    del model
    assert given_back.wait(WAIT) and gone() is None
    thread.join(WAIT)


def test_what_is_in_use_for_ever_is_not_waited_for_for_ever(
    given_back: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(release, "PATIENCE", 0.2)
    model = Model()
    release.when_unused(model).join(WAIT)
    assert given_back.is_set() and model.weights.numel() == 1000


def test_giving_back_takes_nothing_that_is_in_use() -> None:
    kept = torch.arange(100_000.0)
    release.give_back()
    assert kept.sum() == 99_999 * 50_000
