"""How many sequences a chunk holds: at least one, never more than the memory or the device's appetite allows."""

from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sigviz.engine import memory
from sigviz.engine.memory import even, rows_that_fit
from tests import tiny


@pytest.fixture
def free(monkeypatch: pytest.MonkeyPatch):
    """free(n): the device has n bytes left."""
    return lambda count: monkeypatch.setattr(memory, "_lately_free", lambda _: count)


@given(st.integers(1, 4096), st.booleans())
def test_a_chunk_holds_one_sequence_at_least_and_no_more_tokens_than_keep_a_cpu_busy(tokens: int, backward: bool) -> None:
    rows = rows_that_fit(tiny.bert(), tokens, backward)
    assert rows >= 1
    assert rows == 1 or rows * tokens <= memory._BUSY["cpu"]


def test_where_memory_is_plenty_a_chunk_of_wider_models_or_longer_texts_has_fewer_tokens(free, monkeypatch) -> None:
    free(2**50)

    def tokens_a_chunk(width: int, tokens: int) -> int:
        monkeypatch.setattr(memory, "_width", lambda _: width)
        return tokens * rows_that_fit(tiny.bert(), tokens, True)

    assert tokens_a_chunk(16, 20) == tokens_a_chunk(384, 20) == pytest.approx(2560, rel=0.05)
    assert tokens_a_chunk(768, 20) == pytest.approx(1280, rel=0.05)  # as much work
    assert tokens_a_chunk(384, 400) == 1200  # three sequences: attention is worth two thirds of as many again


@given(st.integers(1, 10_000), st.integers(1, 500))
def test_chunks_are_as_few_as_can_be_and_of_about_one_size(count: int, rows: int) -> None:
    size = even(count, rows)
    sizes = [min(size, count - done) for done in range(0, count, size)]
    assert size <= rows and len(sizes) == -(-count // rows)
    assert size - sizes[-1] < len(sizes)


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


# What is left: the machine's available memory, or the container's where that is less


def files(root: Path, **content: object) -> Path:
    """A file system of nothing but these files; __ stands for /."""
    for name, text in content.items():
        file = root / name.replace("__", "/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{text}\n")
    return root


def test_the_page_cache_counts_as_free(tmp_path: Path) -> None:
    files(tmp_path, proc__meminfo="MemTotal: 8000 kB\nMemFree: 100 kB\nMemAvailable:    5000 kB\nCached: 4900 kB")
    assert memory._left_on_the_machine(tmp_path) == 5000 * 1024


def test_a_machine_without_that_file_still_says_something(tmp_path: Path) -> None:
    assert memory._left_on_the_machine(tmp_path) > 10_000_000
    assert memory._left_to_its_groups(tmp_path) == []


GROUPS = {
    "container of version 2": ("0::/", {"": (900, 500)}, [400]),
    "its name seen from outside": ("0::/docker/abc", {"": (900, 500)}, [400]),
    "service within a slice": ("0::/a/b.service", {"": (None, 9), "a": (800, 300), "a/b.service": (700, 100)}, [500, 600]),
    "no limit": ("0::/a", {"": ("max", 9), "a": ("max", 5)}, []),
    "past the limit": ("0::/", {"": (500, 600)}, [0]),
    "no group at all": ("nonsense", {}, []),
}


@pytest.mark.parametrize(("own", "groups", "left"), GROUPS.values(), ids=GROUPS)
def test_a_containers_limit_bounds_what_is_left(own: str, groups: dict, left: list[int], tmp_path: Path) -> None:
    files(tmp_path, proc__self__cgroup=own)
    for name, (most, used) in groups.items():
        folder = tmp_path / "sys/fs/cgroup" / name
        files(folder, **{"memory.current": used, **({} if most is None else {"memory.max": most})})
    assert memory._left_to_its_groups(tmp_path) == left


def test_limits_of_the_older_kind_are_found_among_the_other_controllers(tmp_path: Path) -> None:
    files(tmp_path, proc__self__cgroup="5:cpu,cpuacct:/x\n4:memory:/docker/abc\n0::/")
    folder = tmp_path / "sys/fs/cgroup/memory"
    files(folder, **{"memory.limit_in_bytes": 9000, "memory.usage_in_bytes": 8000, "memory.stat": "total_inactive_file 500"})
    assert memory._left_to_its_groups(tmp_path) == [1500]


def test_a_groups_cached_files_count_as_free_too(tmp_path: Path) -> None:
    files(tmp_path, proc__self__cgroup="0::/")
    stat = "anon 300\ninactive_file 150\nactive_file 50"
    files(tmp_path / "sys/fs/cgroup", **{"memory.max": 900, "memory.current": 500, "memory.stat": stat})
    assert memory._left_to_its_groups(tmp_path) == [550]


def test_the_smaller_of_both_is_what_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    for machine, groups, least in ((7, [9, 8], 7), (7, [9, 3], 3), (7, [], 7)):
        monkeypatch.setattr(memory, "_left_on_the_machine", lambda machine=machine: machine)
        monkeypatch.setattr(memory, "_left_to_its_groups", lambda groups=groups: groups)
        assert memory._free_bytes(torch.device("cpu")) == least
