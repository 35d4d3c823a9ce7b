"""KernelSHAP and LIME: Shapley values from their definition, Captum on the same coalitions, and quiet generators."""

import threading

import captum.attr
import numpy as np
import pytest
import torch
from captum._utils.models.model import Model

from sigviz.errors import Cancelled
from sigviz.explain import explain
from sigviz.methods import METHODS
from sigviz.methods.captum_coalitions import (
    RIDGE,
    WIDTH,
    WeightedLinear,
    _all_coalitions,
    _coins,
    _shapley_draw,
)
from tests import tiny
from tests.methods import slow
from tests.methods.axioms import assert_differs, assert_same, assert_zero
from tests.methods.test_captum import forward

BOTH = ("kernel-shap", "lime")
SINGLE = 3e-6  # Captum rounds what it fits to float32, and holds KernelSHAP's sum by a weight of a million
LONG = "the story is a brilliantly dull film but not a masterpieces and very unwatchable"  # too many coalitions for all


def asked(case: slow.Case, rows: np.ndarray) -> np.ndarray:
    """F of the text with the units at 0 replaced, one sequence at a time."""
    n = len(case.tokens)
    return np.array([case.F(case.replaced(*(i for i in range(n) if not row[i]))) for row in rows])


# all coalitions


@pytest.mark.parametrize("unit", ["token", "word", "sentence"])
@pytest.mark.parametrize("text", ["good film", tiny.TEXT, "unwatchable masterpieces . dull"])
@pytest.mark.parametrize("output", ["logit", "probability"])
def test_kernel_shap_of_a_short_text_is_the_shapley_value(text: str, unit: str, output: str) -> None:
    case = slow.case(tiny.bert(), text, unit=unit, output=output)
    found = explain(tiny.bert(), text, "kernel-shap", unit=unit, output=output)
    assert_same(found.raw, slow.shapley(case), SINGLE)
    assert_zero(found.total_delta, SINGLE)
    n = len(case.tokens)
    assert found.cost.forward == (2 + 2**n if n > 1 else 2) and found.spread is None


@pytest.mark.parametrize("samples", [32, 1000])
def test_lime_of_a_short_text_is_fitted_to_all_coalitions_as_often_as_samples_would_meet_them(samples: int) -> None:
    case = slow.case(tiny.bert(), tiny.TEXT)
    rows = _all_coalitions(5)
    expected = slow.lime(rows, asked(case, rows), samples / 32, WIDTH, RIDGE)
    found = explain(tiny.bert(), tiny.TEXT, "lime", samples=samples)
    assert_same(found.raw, expected, SINGLE)
    assert found.cost.forward == 2 + 32 and found.spread is None
    assert found.notes == ("All 32 ways to replace some of the units were looked at: the scores do not depend on the seed.",)


def test_all_coalitions_are_all_and_each_once() -> None:
    rows = _all_coalitions(4)
    assert rows.shape == (16, 4) and len({tuple(row) for row in rows}) == 16
    assert rows[0].all() and not rows[1].any()


# random coalitions


@pytest.mark.parametrize("unit", ["token", "word"])
def test_kernel_shap_is_captum_s_on_the_same_coalitions(unit: str) -> None:
    """Captum on embeddings with a feature mask by unit, its own similarity; only coalitions and least squares are ours."""
    case = slow.case(tiny.bert(), tiny.MIXED, unit=unit)
    n = len(case.tokens)
    rows = iter(torch.from_numpy(_shapley_draw(n, 60, np.random.default_rng(4))).long()[:, None])
    groups = torch.zeros(case.x.shape, dtype=torch.long)
    for number, tokens in enumerate(case.tokens):
        groups[list(tokens)] = number  # special tokens are in group 0, but their baseline is themselves
    shap = captum.attr.KernelShap(forward(case))
    shap.perturb_func = lambda *_, **__: next(rows)
    shap.interpretable_model = LeastSquares()
    start = torch.tensor(case.replaced(*range(n)))[None]
    theirs = shap.attribute(
        torch.tensor(case.x)[None], start, feature_mask=groups[None], n_samples=60, perturbations_per_eval=7,
        return_input_shape=False,
    )  # fmt: skip
    found = explain(tiny.bert(), tiny.MIXED, "kernel-shap", samples=60, seeds=1, seed=4, unit=unit)
    assert_same(found.raw, theirs, 1e-4)
    assert_differs(found.raw, 0 * found.raw, 1e-2)


class LeastSquares(Model):
    """Weighted least squares with an intercept, by NumPy, as an interpretable model of Captum's."""

    def fit(self, train_data, **_):
        inputs, outputs, weights = (part.double().numpy() for part in train_data.dataset.tensors)
        root = np.sqrt(weights)[:, None]
        design = np.column_stack([inputs, np.ones(len(inputs))])
        self.found = np.linalg.lstsq(root * design, root[:, 0] * outputs, rcond=None)[0][:-1]

    def representation(self):
        return torch.tensor(self.found)

    def __call__(self, x):
        raise NotImplementedError


def test_lime_is_ridge_regression_on_random_copies() -> None:
    case = slow.case(tiny.bert(), tiny.MIXED)
    rows = _coins(len(case.tokens), 50, np.random.default_rng(4))
    expected = slow.lime(rows, asked(case, rows), 1.0, WIDTH, RIDGE)
    found = explain(tiny.bert(), tiny.MIXED, "lime", samples=50, seeds=1, seed=4)
    assert_same(found.raw, expected, SINGLE)


def test_random_coalitions_come_near_the_shapley_values() -> None:
    text = "a hideous film , the story is very dull"
    case = slow.case(tiny.bert(), text)
    exact = slow.shapley(case)
    few, many = (explain(tiny.bert(), text, "kernel-shap", samples=n, seeds=1).raw for n in (40, 500))
    assert_same(many, exact, 0.2 * np.abs(exact).max())
    assert np.abs(many - exact).max() < 0.5 * np.abs(few - exact).max()


def test_the_sizes_of_coalitions_are_drawn_as_captum_draws_them() -> None:
    rows = _shapley_draw(6, 40_000, np.random.default_rng(0))
    assert rows[0].all() and not rows[1].any()
    size = np.arange(1, 6)
    odds = 5 / (size * (6 - size))
    shares = np.bincount(rows[2:].sum(1), minlength=7)[1:6] / (len(rows) - 2)
    assert_same(shares, odds / odds.sum(), 0.01)
    assert_same(rows[2:].mean(0), np.full(6, 0.5), 0.01)


@pytest.mark.parametrize("id", BOTH)
def test_the_sum_and_the_promise(id: str) -> None:
    """KernelSHAP's sum is held by a weight of a million, so it is near and not exact; LIME's is not held at all."""
    found = explain(tiny.bert(), LONG, id, samples=600, seeds=1)
    change = abs(found.output - found.baseline_output)
    assert METHODS[id].promises.name == "NOTHING"
    if id == "kernel-shap":
        assert abs(found.total_delta) < 1e-4 * max(change, 1)
    else:
        assert abs(found.total_delta) > 1e-4


@pytest.mark.parametrize("id", BOTH)
def test_units_of_several_tokens_move_together_and_special_tokens_never(id: str) -> None:
    classifier = tiny.watched()
    found = explain(classifier, "unwatchable masterpieces , dull film", id, unit="word", samples=20, seeds=2)
    x, baseline, *points = classifier.points
    assert 0 < len(points) <= 40 and found.cost.forward == 2 + len(points)
    for point in points:
        assert torch.equal(point[[0, -1]], x[[0, -1]])
        for unit in found.units:
            rows = list(unit.tokens)
            assert torch.equal(point[rows], x[rows]) or torch.equal(point[rows], baseline[rows])


@pytest.mark.parametrize("id", BOTH)
def test_what_is_drawn_twice_is_looked_at_once(id: str) -> None:
    classifier = tiny.watched()
    found = explain(classifier, "unwatchable masterpieces , dull film", id, unit="word", samples=30, seeds=1)
    points = [point.flatten().tolist() for point in classifier.points[2:]]
    assert len({tuple(point) for point in points}) == len(points) < 30
    assert not found.notes, "30 of 32 coalitions are not all of them"


# seeds, chunks, other threads


@pytest.mark.parametrize("id", BOTH)
def test_neither_chunks_nor_the_global_generators_matter_and_none_is_moved(id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    first = explain(tiny.bert(), LONG, id, samples=50, seed=1)
    torch.manual_seed(5)
    np.random.seed(5)
    torch_before, numpy_before = torch.get_rng_state(), np.random.get_state()[1].copy()
    monkeypatch.setattr("sigviz.engine.engine.rows_that_fit", lambda *_: 3)
    again = explain(tiny.bert(), LONG, id, samples=50, seed=1)
    assert_same(again.raw, first.raw, 1e-6)
    assert_same(again.spread, first.spread, 1e-6)
    assert torch.equal(torch.get_rng_state(), torch_before)
    assert (np.random.get_state()[1] == numpy_before).all()


@pytest.mark.parametrize("id", BOTH)
def test_a_thread_that_draws_numbers_all_the_while_changes_nothing(id: str) -> None:
    alone, stop = explain(tiny.bert(), LONG, id, samples=50).raw, threading.Event()

    def draw() -> None:
        while not stop.is_set():
            torch.rand(10)
            np.random.rand(10)

    thread = threading.Thread(target=draw)
    thread.start()
    try:
        assert_same(explain(tiny.bert(), LONG, id, samples=50).raw, alone, 0)
    finally:
        stop.set()
        thread.join()


@pytest.mark.parametrize("id", BOTH)
def test_it_stops_within_a_chunk_and_tells_how_far_it_is(id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sigviz.engine.engine.rows_that_fit", lambda *_: 10)
    classifier, cancel, told = tiny.watched(), threading.Event(), []

    def stop(done: int, total: int) -> None:
        told.append((done, total))
        if done >= 32:
            cancel.set()

    with pytest.raises(Cancelled):
        explain(classifier, LONG, id, samples=500, cancel=cancel, progress=stop)
    assert [done for done, _ in told] == [2, 12, 22, 32] and {total for _, total in told} == {1002}
    assert classifier.forward == 32


# corners


@pytest.mark.parametrize("id", BOTH)
def test_a_single_unit_gets_what_it_changes(id: str) -> None:
    found = explain(tiny.bert(), tiny.MIXED, id, unit="word")
    assert len(found.units) > 1
    one = explain(tiny.bert(), "film", id)
    change = one.output - one.baseline_output
    if id == "kernel-shap":
        assert_same(one.raw, [change], 0)
        assert one.cost.forward == METHODS[id].passes(one.settings, 1)[0] == 2
    else:
        # its baseline is as far away as can be and hardly counts, so the penalty pulls it far towards 0
        assert 0 < one.raw[0] / change < 0.5


@pytest.mark.parametrize("id", BOTH)
@pytest.mark.parametrize("unit", ["token", "sentence"])
def test_a_text_that_is_its_own_baseline_scores_zero_without_a_look(id: str, unit: str) -> None:
    found = explain(tiny.bert(), "film film film", id, baseline="film", unit=unit)
    assert_zero(found.raw)
    assert_zero(found.scores)
    assert found.cost.forward == 2


@pytest.mark.parametrize("id", BOTH)
def test_a_unit_that_is_the_baseline_scores_exactly_zero_and_the_others_as_without_it(id: str) -> None:
    found = explain(tiny.bert(), "a hideous film spectacle", id, baseline="film")
    assert_zero(found.raw[2])
    assert (np.abs(found.raw[[0, 1, 3]]) > 1e-4).all()
    assert found.cost.forward == 2 + 2**3
    only = explain(tiny.bert(), "film dull film", id, baseline="film")
    assert_zero(only.raw[[0, 2]])
    assert abs(only.raw[1]) > 1e-4


@pytest.mark.parametrize("id", BOTH)
@pytest.mark.parametrize("own", [{}, {"samples": 20}])
def test_a_constant_f_gives_zeros_and_no_nan(id: str, own) -> None:
    constant = tiny.handmade(lambda x: 0 * x.sum((1, 2)) + 2.5)
    found = explain(constant, tiny.TEXT, id, **own)
    assert_zero(found.raw)
    assert_zero(found.scores)


@pytest.mark.parametrize("id", BOTH)
@pytest.mark.parametrize("samples", [1, 2, 3])
def test_fewer_samples_than_units_give_numbers_all_the_same(id: str, samples: int) -> None:
    assert np.isfinite(explain(tiny.bert(), LONG, id, samples=samples).raw).all()


def test_the_default_number_of_coalitions_is_that_of_the_paper_s_own_code() -> None:
    settings = METHODS["kernel-shap"].settings()
    assert METHODS["kernel-shap"].passes(settings, 30) == (2 + 2 * (2 * 30 + 2**11), 0)
    assert METHODS["kernel-shap"].passes(settings, 11) == (2 + 2**11, 0)  # all of them


# the linear model


class Loader:
    def __init__(self, *tensors: torch.Tensor) -> None:
        self.dataset = torch.utils.data.TensorDataset(*tensors)


def fitted(ridge: float, inputs, outputs, weights) -> torch.Tensor:
    model = WeightedLinear(ridge)
    model.fit(Loader(*(torch.tensor(part, dtype=torch.float64) for part in (inputs, outputs, weights))))
    return model.representation()


def test_a_linear_f_is_found_again_whatever_the_weights() -> None:
    random = np.random.default_rng(0)
    inputs, slope = random.random((30, 4)), np.array([1.0, -2.0, 0.0, 3.0])
    assert_same(fitted(0.0, inputs, inputs @ slope + 7, random.random(30)), slope, 1e-10)


def test_weights_count_as_repetitions_and_the_penalty_shrinks() -> None:
    random = np.random.default_rng(0)
    inputs, outputs, times = random.random((20, 3)), random.random(20), random.integers(1, 5, 20)
    repeated = fitted(0.5, inputs.repeat(times, 0), outputs.repeat(times), np.ones(times.sum()))
    assert_same(fitted(0.5, inputs, outputs, times), repeated, 1e-10)
    free, tied = (np.linalg.norm(fitted(ridge, inputs, outputs, times)) for ridge in (0.0, 5.0))
    assert tied < 0.5 * free


def test_where_several_fit_the_smallest_is_taken() -> None:
    assert_same(fitted(0.0, [[1, 1], [0, 0]], [4, 0], [1, 1]), [2, 2], 1e-12)
