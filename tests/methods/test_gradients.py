"""Grad x Input, saliency, SmoothGrad and GradientShap beside slow loops and Captum's own: whole vectors, in float64."""

import captum.attr
import numpy as np
import pytest
import torch

from sigviz.explain import explain
from tests import tiny
from tests.methods import slow
from tests.methods.axioms import assert_differs, assert_same, assert_zero
from tests.methods.cases import features
from tests.methods.test_captum import forward

WITHIN = 1e-10
UNITS = ("token", "word", "sentence")


def ends(case: slow.Case) -> tuple[torch.Tensor, torch.Tensor]:
    """x and x̄ as Captum wants them: [1, T, D]."""
    start = case.replaced(*range(len(case.tokens)))
    return torch.tensor(case.x, requires_grad=True)[None], torch.tensor(start)[None]


def summed(case: slow.Case, array: np.ndarray) -> list[float]:
    return [array[list(tokens)].sum() for tokens in case.tokens]


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("output", ["logit", "probability"])
def test_grad_input_is_the_gradient_at_the_text_times_the_text(output: str, unit: str) -> None:
    case = slow.case(tiny.bert(), tiny.MIXED, unit=unit, output=output)
    slowly = slow.grad_input(case)
    assert_same(features(tiny.bert(), tiny.MIXED, "grad-input", unit=unit, output=output), slowly, WITHIN)
    assert_same(explain(tiny.bert(), tiny.MIXED, "grad-input", unit=unit, output=output).raw, summed(case, slowly), WITHIN)


def test_grad_input_is_captum_s() -> None:
    case = slow.case(tiny.bert(), tiny.MIXED)
    theirs = captum.attr.InputXGradient(forward(case)).attribute(ends(case)[0])[0].detach().numpy()
    assert_same(features(tiny.bert(), tiny.MIXED, "grad-input"), theirs, WITHIN)


@pytest.mark.parametrize("unit", UNITS)
def test_saliency_is_the_gradient_s_length_added_up_over_the_tokens_of_a_unit(unit: str) -> None:
    case = slow.case(tiny.bert(), tiny.MIXED, unit=unit)
    found = explain(tiny.bert(), tiny.MIXED, "saliency", unit=unit, features=True)
    assert_same(found.raw, slow.lengths(case, case.gradient(case.x)), WITHIN)
    theirs = captum.attr.Saliency(forward(case)).attribute(ends(case)[0], abs=False)[0].detach().numpy()
    assert_same(found.raw, slow.lengths(case, theirs), WITHIN)
    assert found.features is None and (found.raw > 0).all()


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("seed", [0, 5])
def test_smoothgrad_is_the_mean_over_noisy_copies(seed: int, unit: str) -> None:
    case = slow.case(tiny.bert(), tiny.MIXED, unit=unit)
    mean = slow.smooth_gradient(case, 6, 0.2, seed)
    own = {"samples": 6, "sigma": 0.2, "seeds": 1, "seed": seed, "unit": unit}
    ours = features(tiny.bert(), tiny.MIXED, "smoothgrad", **own)
    assert_same(ours[1:-1], (case.x * mean)[1:-1], WITHIN)
    assert_zero(ours[[0, -1]])
    assert_same(explain(tiny.bert(), tiny.MIXED, "smoothgrad", **own).raw, summed(case, case.x * mean), WITHIN)
    lengths = explain(tiny.bert(), tiny.MIXED, "smoothgrad", reduction="l2", **own)
    assert_same(lengths.raw, slow.lengths(case, mean), WITHIN)


def test_without_noise_smoothgrad_is_the_plain_gradient_whatever_the_seed() -> None:
    found = explain(tiny.bert(), tiny.TEXT, "smoothgrad", sigma=0, samples=3, seeds=3)
    assert_same(found.raw, explain(tiny.bert(), tiny.TEXT, "grad-input").raw, WITHIN)
    assert_zero(found.spread, WITHIN)
    lengths = explain(tiny.bert(), tiny.TEXT, "smoothgrad", sigma=0, samples=3, reduction="l2").raw
    assert_same(lengths, explain(tiny.bert(), tiny.TEXT, "saliency").raw, WITHIN)


def test_only_words_get_noise_and_of_the_size_that_was_asked_for() -> None:
    classifier = tiny.watched()
    explain(classifier, tiny.TEXT, "smoothgrad", samples=400, sigma=0.25, seeds=1)
    x, _, *points = (point.numpy() for point in classifier.points)
    noise = np.stack(points) - x
    assert_zero(noise[:, [0, -1]])
    words = x[1:-1]
    assert_same(noise[:, 1:-1].std(), 0.25 * (words.max() - words.min()), 0.01)
    assert_same(noise[:, 1:-1].mean(), 0, 0.03)


@pytest.mark.parametrize("sigma", [0.0, 0.1])
@pytest.mark.parametrize("baseline", ["mask", "zero"])
def test_gradient_shap_is_the_mean_at_random_points(baseline: str, sigma: float) -> None:
    case = slow.case(tiny.bert(), tiny.MIXED, baseline=baseline)
    slowly = slow.gradient_shap(case, 4, sigma, 3)
    own = {"samples": 4, "sigma": sigma, "seeds": 1, "seed": 3, "baseline": baseline}
    assert_same(features(tiny.bert(), tiny.MIXED, "gradient-shap", **own), slowly, WITHIN)
    assert_same(explain(tiny.bert(), tiny.MIXED, "gradient-shap", **own).raw, summed(case, slowly), WITHIN)


def test_gradient_shap_is_captum_s_at_the_same_random_points(monkeypatch: pytest.MonkeyPatch) -> None:
    samples, seed = 7, 2
    alphas = np.array([np.random.default_rng((seed, k, 0)).random() for k in range(samples)])
    monkeypatch.setattr(np.random, "uniform", lambda low, high, count: alphas[:count])
    case = slow.case(tiny.bert(), tiny.MIXED)
    x, baseline = ends(case)
    theirs = captum.attr.GradientShap(forward(case)).attribute(x, baseline, n_samples=samples, stdevs=0.0)[0]
    ours = features(tiny.bert(), tiny.MIXED, "gradient-shap", samples=samples, seeds=1, seed=seed)
    assert_same(ours, theirs.detach().numpy(), WITHIN)


def test_gradient_shap_comes_near_completeness_with_many_samples_only() -> None:
    many, few = (explain(tiny.bert(), tiny.TEXT, "gradient-shap", samples=n, seeds=10) for n in (1000, 2))
    assert abs(many.total_delta) < 0.05
    assert_differs(many.total_delta, few.total_delta, 0.05)
    assert np.median(many.spread) < 0.2 * np.median(few.spread)
