"""When the engine stops: when asked to, for want of memory, or at what is no number.  Nothing is lost or miscounted."""

import threading

import numpy as np
import pytest
import torch

from sigviz.engine.scheduler import Scheduler
from sigviz.errors import Cancelled, NotANumber, OutOfMemory
from sigviz.explain import explain
from sigviz.methods import METHODS
from sigviz.models.classifier import TextClassifier
from tests import tiny
from tests.methods.axioms import assert_same
from tests.methods.cases import ALL, VARIANTS, name, small

WORST = 1e-10
# those with a fourth chunk to stop before: a method of one look is done by then, and gives what it has
LONG = [(id, own) for id, own in VARIANTS if METHODS[id].passes(METHODS[id].settings(**own), 5)[0] > 4]


# being asked to


@pytest.mark.parametrize("spec", ALL, ids=name)
def test_what_is_cancelled_before_it_starts_never_looks(spec) -> None:
    classifier, cancel = tiny.watched(), threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        explain(classifier, tiny.TEXT, spec.id, cancel=cancel, **small(spec))
    assert classifier.forward == 0


@pytest.mark.parametrize(("id", "own"), LONG)
def test_what_is_cancelled_on_the_way_looks_no_more(id: str, own, rows) -> None:
    rows(1)
    classifier, cancel, seen = tiny.watched(), threading.Event(), []

    def stop_at_the_third_chunk(done: int, total: int) -> None:
        if len(classifier.batches) == 3 and not cancel.is_set():
            cancel.set()
            seen.append(classifier.forward)

    with pytest.raises(Cancelled):
        explain(classifier, tiny.TEXT, id, cancel=cancel, progress=stop_at_the_third_chunk, **own)
    assert seen == [classifier.forward] and len(classifier.batches) == 3


def test_what_is_cancelled_during_a_chunk_stops_behind_it(rows) -> None:
    rows(2)
    cancel = threading.Event()

    class CancelledInside(tiny.Watched):
        def logits(self, embeddings):
            if self._watching and len(self.batches) == 3:
                cancel.set()
            return super().logits(embeddings)

    classifier = CancelledInside(tiny.bert_model(), tiny.tokenizer(), name="tiny")
    with pytest.raises(Cancelled):
        explain(classifier, tiny.TEXT, "sig", steps=50, cancel=cancel)
    assert len(classifier.batches) == 4


# too little memory


class Cramped(tiny.Watched):
    """Has room for `room` sequences a chunk; on the way there, or only on the way back."""

    room, error, on_the_way_back, refused = 10**9, RuntimeError(), False, 0

    def logits(self, embeddings):
        if self._watching and len(embeddings) > self.room:
            if not self.on_the_way_back:
                self._refuse()
            elif embeddings.requires_grad:
                embeddings.register_hook(self._refuse)
                return TextClassifier.logits(self, embeddings)
        return super().logits(embeddings)

    def _refuse(self, *_) -> None:
        self.refused += 1
        raise self.error


def cramped(room: int, error: Exception, on_the_way_back: bool = False) -> Cramped:
    classifier = Cramped(tiny.bert_model(), tiny.tokenizer(), name="tiny")
    classifier.room, classifier.error, classifier.on_the_way_back = room, error, on_the_way_back
    return classifier


NO_MEMORY = [
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB."),
    RuntimeError("[enforce fail at alloc_cpu.cpp:124] . DefaultCPUAllocator: can't allocate memory: you tried to"),
    RuntimeError("[enforce fail at alloc_cpu.cpp:115] . DefaultCPUAllocator: not enough memory: you tried to allocate 9 B"),
    RuntimeError("MPS backend out of memory (MPS allocated: 1 GB, other allocations: 1 KB, max allowed: 1 GB)."),
    RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
]


@pytest.mark.parametrize("on_the_way_back", [False, True])
@pytest.mark.parametrize("room", [1, 3, 10])
@pytest.mark.parametrize("error", NO_MEMORY, ids=lambda error: str(error)[-30:])
def test_out_of_memory_halves_the_chunk_and_changes_no_score_or_count(error, room, on_the_way_back, rows) -> None:
    rows(64)
    classifier = cramped(room, error, on_the_way_back)
    found, plain = explain(classifier, tiny.TEXT, "sig", steps=8), explain(tiny.bert(), tiny.TEXT, "sig", steps=8)
    assert classifier.refused > 0
    assert_same(found.raw, plain.raw, WORST)
    assert (found.cost.forward, found.cost.backward) == (plain.cost.forward, plain.cost.backward)
    assert (classifier.forward, classifier.backward) == (plain.cost.forward, plain.cost.backward)
    assert on_the_way_back or room / 2 < max(classifier.batches) <= room


@pytest.mark.parametrize("error", NO_MEMORY, ids=lambda error: str(error)[-30:])
def test_when_not_even_one_sequence_fits_the_message_says_so_and_what_to_do(error) -> None:
    with pytest.raises(OutOfMemory, match=r"one sequence of 7 tokens .*shorter text, a smaller model") as caught:
        explain(cramped(0, error), tiny.TEXT, "ig", steps=3)
    assert caught.value.__cause__ is error


@pytest.mark.parametrize("error", [RuntimeError("mat1 and mat2 shapes cannot be multiplied"), ValueError("no"), MemoryError()])
def test_other_errors_pass_through_as_they_are(error) -> None:
    classifier = cramped(1, error)
    with pytest.raises(type(error)) as caught:
        explain(classifier, tiny.TEXT, "ig", steps=3)
    assert caught.value is error and classifier.refused == 1


def test_after_an_error_the_device_is_free_again() -> None:
    with pytest.raises(ValueError):
        explain(cramped(1, ValueError("no")), tiny.TEXT, "ig", steps=3)
    job = Scheduler().submit(lambda _: explain(tiny.bert(), tiny.TEXT, "ig", steps=3))
    assert np.isfinite(job.result(30).raw).all()


@pytest.mark.parametrize("error", NO_MEMORY, ids=lambda error: str(error)[-30:])
def test_a_search_for_neighbours_that_does_not_fit_says_so(error, monkeypatch: pytest.MonkeyPatch) -> None:
    def nearest(*_) -> None:
        raise error

    monkeypatch.setattr("sigviz.paths.neighbours.Neighbours.nearest", nearest)
    with pytest.raises(OutOfMemory, match="fewer neighbours") as caught:
        explain(tiny.bert(), tiny.TEXT, "dig")
    assert caught.value.__cause__ is error
    monkeypatch.undo()
    explain(tiny.bert(), tiny.TEXT, "dig", steps=2)  # the device is free again


# no number


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("spec", ALL, ids=name)
def test_logits_that_are_no_numbers_are_refused(spec, bad: float) -> None:
    def broken(x):
        return x.sum((1, 2)) + bad * torch.ones(len(x), dtype=x.dtype)

    with pytest.raises(NotANumber, match="logits are NaN or infinite"):
        explain(tiny.handmade(broken), tiny.TEXT, spec.id, **small(spec))


def test_logits_that_fail_on_the_way_only_are_refused_too() -> None:
    def breaks_half_way(x):  # at x and at the zero baseline a number, in between none
        size = x.abs().sum((1, 2))
        return torch.where((size > 0) & (size < 5), torch.nan, size)

    with pytest.raises(NotANumber):
        explain(tiny.handmade(breaks_half_way), tiny.TEXT, "ig", baseline="zero", steps=20)


@pytest.mark.parametrize("id", ["ig", "sig"])
def test_gradients_that_are_no_numbers_are_refused_and_not_shown_as_zeros(id: str) -> None:
    """sqrt at 0: a number, but its slope is infinite; times a step of 0 it would be NaN."""
    classifier = tiny.handmade(lambda x: (x**2).sum(-1).sqrt().sum(1))
    with pytest.raises(NotANumber, match="gradients are NaN or infinite"):
        explain(classifier, "good film", id, baseline="zero", quadrature="riemann-left", steps=4)
