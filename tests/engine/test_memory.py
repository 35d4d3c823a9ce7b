"""How many sequences a chunk holds: at least one, never more than the memory or the device's appetite allows."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sigviz.engine import memory
from sigviz.engine.memory import rows_that_fit
from tests import tiny


@pytest.fixture
def free(monkeypatch: pytest.MonkeyPatch):
    """free(n): the device has n bytes left."""
    return lambda count: monkeypatch.setattr(memory, "_free_bytes", lambda _: count)


@given(st.integers(1, 4096), st.booleans())
def test_a_chunk_holds_one_sequence_at_least_and_no_more_tokens_than_keep_a_cpu_busy(tokens: int, backward: bool) -> None:
    rows = rows_that_fit(tiny.bert(), tokens, backward)
    assert rows >= 1
    assert rows == 1 or rows * tokens <= memory._BUSY["cpu"]


@pytest.mark.parametrize("tokens", [1, 7, 60, 512, 100_000])
def test_without_free_memory_a_chunk_still_holds_one(tokens: int, free) -> None:
    free(0)
    assert rows_that_fit(tiny.bert(), tokens, True) == 1


def test_little_memory_makes_small_chunks_and_the_way_back_smaller_ones(free) -> None:
    free(1_000_000)
    there, back = (rows_that_fit(tiny.bert(), 10, backward) for backward in (False, True))
    free(2_000_000)
    more = rows_that_fit(tiny.bert(), 10, True)
    assert 1 < back < there < memory._BUSY["cpu"] // 10
    assert more == pytest.approx(2 * back, abs=1)


def test_longer_sequences_make_smaller_chunks_more_than_in_proportion(free) -> None:
    free(2_000_000)
    short, long = (rows_that_fit(tiny.bert(), tokens, True) for tokens in (4, 32))
    assert 1 < long < short / 8  # attention grows with the square


def test_the_estimate_is_no_less_than_what_a_model_really_keeps_for_the_way_back() -> None:
    """All that autograd saves of one sequence through the tiny BERT, counted by its own hooks."""
    classifier, kept = tiny.bert(), {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    for tokens in (8, 60):
        kept.clear()
        weights = {weight.untyped_storage().data_ptr() for weight in classifier.model.parameters()}
        with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
            classifier.logits(torch.randn(1, tokens, 8, dtype=torch.float64, requires_grad=True))
        saved = sum(size for place, size in kept.items() if place not in weights)
        assert saved <= memory._bytes_a_sequence(classifier, tokens, True) <= 20 * saved


def test_this_machine_has_memory() -> None:
    assert memory._free_bytes(torch.device("cpu")) > 10_000_000
