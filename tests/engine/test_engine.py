"""The engine: whatever the chunks, the order and the company, the scores are the same, and every pass is counted."""

import gc
from collections.abc import Iterator

import numpy as np
import pytest
import torch

from sigviz.engine.engine import Run
from sigviz.engine.scheduler import Scheduler
from sigviz.errors import NotANumber
from sigviz.explain import estimate, explain
from sigviz.methods import METHODS
from sigviz.models.classifier import TextClassifier
from sigviz.paths.path import Path
from tests import tiny
from tests.methods.axioms import assert_differs, assert_rises, assert_same
from tests.methods.cases import ALL, VARIANTS, name, small

WORST = 1e-10


# nothing but the question decides the answer


@pytest.mark.parametrize("unit", ["token", "word"])
@pytest.mark.parametrize(("id", "own"), VARIANTS)
def test_chunks_of_any_size_give_the_same_scores(id: str, own, unit: str, rows) -> None:
    found = []
    for count in (1, 2, 7, 64):
        rows(count)
        found.append(explain(tiny.bert(), tiny.TEXT, id, unit=unit, **own))
    for one in found[1:]:
        assert_same(one.raw, found[0].raw, WORST)
        assert_same(one.total_delta, found[0].total_delta, WORST)
        assert (one.cost.forward, one.cost.backward) == (found[0].cost.forward, found[0].cost.backward)
        if one.expected is not None:
            assert_same(one.expected, found[0].expected, WORST)


def test_methods_and_texts_in_another_order_give_the_same_scores() -> None:
    asked = [(spec, text) for spec in ALL for text in (tiny.TEXT, tiny.MIXED)]
    there = [explain(tiny.bert(), text, spec.id, **small(spec)).raw for spec, text in asked]
    back = [explain(tiny.bert(), text, spec.id, **small(spec)).raw for spec, text in reversed(asked)]
    for one, other in zip(there, reversed(back), strict=True):
        assert_same(one, other, WORST)


def test_jobs_side_by_side_give_the_same_scores_as_alone(rows) -> None:
    rows(2)
    asked = [(ALL[i % len(ALL)], text) for i, text in enumerate([tiny.TEXT, tiny.MIXED] * 4)]
    alone = [explain(tiny.bert(), text, spec.id, **small(spec)) for spec, text in asked]
    scheduler = Scheduler()

    def work(spec, text: str):
        return lambda job: explain(tiny.bert(), text, spec.id, progress=job.progress, **small(spec))

    jobs = [scheduler.submit(work(spec, text)) for spec, text in asked]
    for job, one in zip(jobs, alone, strict=True):
        together = job.result(60)
        assert_same(together.raw, one.raw, WORST)
        assert (together.cost.forward, together.cost.backward) == (one.cost.forward, one.cost.backward)
        assert job.done == job.total == one.cost.forward + one.cost.backward


def test_explaining_leaves_the_model_as_it_was() -> None:
    classifier = tiny.watched()
    before = {key: value.clone() for key, value in classifier.model.state_dict().items()}
    random = torch.random.get_rng_state()
    for spec in ALL:
        explain(classifier, tiny.TEXT, spec.id, **small(spec))
    assert all(torch.equal(value, before[key]) for key, value in classifier.model.state_dict().items())
    for weights in classifier.model.parameters():
        assert not weights.requires_grad and weights.grad is None
    assert torch.equal(torch.random.get_rng_state(), random)
    assert not classifier.model.training


def test_explaining_works_and_leaves_no_gradients_whatever_the_caller_s_mode_is() -> None:
    expected = explain(tiny.bert(), tiny.TEXT, "sig", steps=4).raw
    for mode in (torch.no_grad, torch.enable_grad):
        with mode():
            assert_same(explain(tiny.bert(), tiny.TEXT, "sig", steps=4).raw, expected, WORST)


@pytest.mark.parametrize("spec", ALL, ids=name)
def test_a_model_that_writes_into_its_input_is_explained_like_any_other(spec) -> None:
    def writes(x):
        x += 1
        x *= 3
        return x.tanh().sum((1, 2)).exp()

    def reads(x):
        return (3 * (x + 1)).tanh().sum((1, 2)).exp()

    one, other = (explain(tiny.handmade(f), tiny.TEXT, spec.id, **small(spec)) for f in (writes, reads))
    assert_same(one.raw, other.raw, WORST)


# what it costs


@pytest.mark.parametrize("unit", ["token", "word", "sentence"])
@pytest.mark.parametrize(("id", "own"), VARIANTS)
def test_every_pass_is_counted_and_was_foretold(id: str, own, unit: str, rows) -> None:
    rows(7)
    classifier = tiny.watched()
    found = explain(classifier, tiny.MIXED, id, unit=unit, **own)
    seen, counted = (classifier.forward, classifier.backward), (found.cost.forward, found.cost.backward)
    assert counted == seen
    foretold = METHODS[id].passes(found.settings, len(found.units))
    if found.settings.option("tolerance") is None and id not in COALITIONS:
        assert counted == foretold
    else:
        assert counted[0] <= foretold[0] and counted[1] <= foretold[1]
    told = estimate(classifier, tiny.MIXED, found.settings)
    assert (told.forward, told.backward, told.units) == (*foretold, len(found.units))
    assert told.tokens == len(classifier.points[0])


def test_the_ends_of_a_line_are_looked_at_with_it_where_all_fit_into_one_chunk(rows) -> None:
    found, batches = [], []
    for count in (12, 11):
        rows(count)
        classifier = tiny.watched()
        found.append(explain(classifier, tiny.TEXT, "ig", steps=10, features=True))
        batches.append(classifier.batches)
    assert batches == [[12], [2, 10]]
    assert_same(found[0].features, found[1].features, 1e-6)  # kept in float32
    assert_same(found[0].raw, found[1].raw, WORST)
    for told in ("output", "baseline_output", "probabilities"):
        assert_same(getattr(found[0], told), getattr(found[1], told), WORST)
    assert (found[0].cost.forward, found[0].cost.backward) == (found[1].cost.forward, found[1].cost.backward) == (12, 10)


COALITIONS = ("kernel-shap", "lime")  # what is drawn twice is looked at once


@pytest.mark.parametrize(("id", "own"), VARIANTS)
def test_progress_rises_and_ends_at_the_end(id: str, own, rows) -> None:
    rows(3)
    told: list[tuple[int, int]] = []
    found = explain(tiny.bert(), tiny.TEXT, id, progress=lambda done, total: told.append((done, total)), **own)
    done = [one for one, _ in told]
    assert_rises(done)
    assert all(0 < one <= total for one, total in told)
    assert told[-1] == (found.cost.forward + found.cost.backward,) * 2
    assert len(told) > found.cost.forward / 3
    if found.settings.option("tolerance") is None and id not in COALITIONS:
        assert {total for _, total in told} == {told[-1][1]}


def test_a_chunk_never_holds_more_than_fits_and_is_not_smaller_than_need_be(rows) -> None:
    rows(4)
    classifier = tiny.watched()
    explain(classifier, tiny.TEXT, "sig", steps=6)
    assert classifier.batches == [4, 3, *[4] * 7, 2]  # x, x̄ and 5 starts; 5 lines of 6 points


class Weighed(TextClassifier):
    """Weighs, at every look, all tensors that the garbage collector knows of (bytes, each storage once)."""

    heaviest = 0

    def logits(self, embeddings):
        tensors = [thing for thing in gc.get_objects() if issubclass(type(thing), torch.Tensor)]
        storages = {tensor.untyped_storage().data_ptr(): tensor.untyped_storage().nbytes() for tensor in tensors}
        self.heaviest = max(self.heaviest, sum(storages.values()))
        return super().logits(embeddings)


def weight(id: str, **given) -> int:
    """Bytes held at the worst moment, beyond those held before."""
    classifier = Weighed(tiny.bert_model(), tiny.tokenizer(), name="weighed")
    classifier.heaviest = 0  # it was asked once already, to see that it answers
    gc.freeze()  # what there is so far is not looked at again
    try:
        explain(classifier, tiny.MIXED, id, **given)
    finally:
        gc.unfreeze()
    return classifier.heaviest


@pytest.mark.parametrize("id", ["ig", "sig"])
def test_memory_grows_with_the_chunk_and_with_neither_steps_nor_units(id: str, rows) -> None:
    embedded = 15 * 8 * 8  # bytes of one sequence
    rows(16)
    few, many, one_unit = weight(id, steps=32), weight(id, steps=320), weight(id, steps=32, unit="sentence")
    assert few > 16 * embedded, "the scales see the chunk"
    assert abs(many - few) < 8 * embedded  # 288 steps more, of which each has a node and a weight, and no point
    assert abs(one_unit - few) < 4 * embedded
    rows(64)
    assert weight(id, steps=64) > few + 40 * embedded


@pytest.mark.parametrize("look", ["logits", "integrate", "derivatives"])
def test_a_chunk_leaves_nothing_of_its_own_behind(look: str) -> None:
    counted = []

    def count(done: int, total: int) -> None:
        counted.append(sum(issubclass(type(thing), torch.Tensor) for thing in gc.get_objects()))

    path, _ = _path()
    run = Run(tiny.bert(), tiny.bert().objective("logit", 0), progress=count, rows=1)
    getattr(run, look)(path)
    assert len(counted) == 9
    assert len(set(counted)) == 1, "what stays among a chunk's freed activations keeps the next chunk's out of their place"


# precision


@pytest.fixture(scope="module")
def precisions() -> Iterator[dict[str, TextClassifier]]:
    yield {str(dtype).removeprefix("torch."): tiny.bert(dtype) for dtype in (torch.float64, torch.float32, torch.bfloat16)}


@pytest.mark.parametrize(("dtype", "within"), [("float32", 1e-5), ("bfloat16", 0.1)])
@pytest.mark.parametrize("id", ["sig-exact", "sig", "ig"])
def test_lower_precisions_come_close_and_are_named(precisions, id: str, dtype: str, within: float) -> None:
    """bfloat16 has 8 bits of mantissa: logits of size 2 are 0.01 apart, and each score is a difference of two of them."""
    given = {**small(METHODS[id], steps=20), "target": 1, "features": True}
    exact = explain(precisions["float64"], tiny.TEXT, id, **given)
    lower = explain(precisions[dtype], tiny.TEXT, id, **given)
    assert (exact.cost.dtype, lower.cost.dtype) == ("float64", dtype)
    assert_same(lower.raw, exact.raw, within)
    assert_differs(lower.raw, exact.raw, 0)
    assert lower.raw.dtype == exact.raw.dtype == np.float64
    if lower.features is not None:
        assert lower.features.dtype == np.float32


def test_sums_are_double_whatever_the_model_s_precision(precisions) -> None:
    """In bfloat16 a sum over 1,000 steps would lose all that a step adds."""
    one = explain(precisions["bfloat16"], tiny.TEXT, "ig", steps=16, quadrature="riemann-middle", target=1)
    many = explain(precisions["bfloat16"], tiny.TEXT, "ig", steps=1000, quadrature="riemann-middle", target=1)
    assert_same(many.raw, one.raw, 0.1)


# point by point


def _path(count: int = 9) -> tuple[Path, torch.Tensor]:
    """Random points near a text with a random step each, and the points themselves."""
    random = torch.Generator().manual_seed(1)
    x = tiny.bert().embed(tiny.bert().encode(tiny.TEXT).ids)
    points = x + torch.randn(count, *x.shape, generator=random, dtype=torch.float64)
    steps = torch.randn(count, *x.shape, generator=random, dtype=torch.float64)
    return Path(count, lambda k: points[k], lambda k: steps[k]), points


@pytest.mark.parametrize("count", [1, 4, 64])
def test_derivatives_are_the_terms_of_the_integral_and_the_answers_those_of_a_plain_look(count: int) -> None:
    classifier = tiny.bert()
    run = Run(classifier, classifier.objective("log-odds", 1), rows=count)
    path, points = _path()
    logits, changes = run.derivatives(path)
    assert (run.forward, run.backward) == (9, 9)
    assert changes.dtype == torch.float64 and changes.shape == points.shape[:2]
    assert_same(changes.sum(0), run.integrate(path).sum(-1), WORST)
    assert_same(logits, run.logits(path), WORST)


def test_a_derivative_is_what_a_small_step_of_one_token_changes() -> None:
    classifier, width = tiny.bert(), 1e-6
    objective = classifier.objective("logit", 2)
    run = Run(classifier, objective)
    path, points = _path(2)
    _, changes = run.derivatives(path)
    token = 3
    way = torch.zeros_like(points)
    way[:, token] = path.steps(torch.arange(2))[:, token]
    with torch.no_grad():
        there, back = (objective(classifier.logits(points + sign * width * way)) for sign in (1, -1))
    assert_same(changes[:, token], (there - back) / (2 * width), 1e-6)
    assert_differs(changes[:, token], np.zeros(2), 1e-3)


def test_a_chunk_that_did_not_fit_comes_once() -> None:
    full = []

    class Small(tiny.Watched):
        def logits(self, embeddings: torch.Tensor) -> torch.Tensor:
            if self._watching and len(embeddings) > 2:
                full.append(len(embeddings))
                raise torch.OutOfMemoryError("CUDA out of memory.")
            return super().logits(embeddings)

    classifier = Small(tiny.bert_model(), tiny.tokenizer(), name="tiny")
    path, _ = _path()
    roomy = Run(tiny.bert(), tiny.bert().objective("logit", 0)).derivatives(path)
    run = Run(classifier, classifier.objective("logit", 0), rows=9)
    for found, expected in zip(run.derivatives(path), roomy, strict=True):
        assert_same(found, expected, WORST)
    assert full and (run.forward, run.backward) == (9, 9)


def test_derivatives_that_are_no_numbers_are_refused() -> None:
    broken = tiny.handmade(lambda x: (x.square().sum((1, 2)) - x.square().sum((1, 2)).detach()).clamp(min=0).sqrt())
    x = broken.embed(broken.encode(tiny.TEXT).ids)
    path = Path(1, lambda k: x.expand(len(k), -1, -1), lambda k: torch.ones(len(k), *x.shape).double())
    with pytest.raises(NotANumber, match="gradients"):
        Run(broken, broken.objective("logit", 1)).derivatives(path)
