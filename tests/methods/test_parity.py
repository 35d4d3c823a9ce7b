"""SIG, DIG and SDIG beside slow loops from the papers' formulas: whole [T, D] arrays to 1e-8, in float64."""

import numpy as np
import pytest

from sigviz.explain import explain
from sigviz.paths.discretized import STRATEGIES
from sigviz.paths.quadrature import RULES
from tests import tiny
from tests.methods import slow
from tests.methods.axioms import assert_differs, assert_same
from tests.methods.cases import BASELINES, features

K, M = 10, 5  # DIG's neighbours and steps
WITHIN = 1e-8


def check(text: str, method: str, slowly: np.ndarray, **settings) -> None:
    """The features are those of the slow loop, and are not all zero; the raw scores are their sums."""
    assert_same(features(tiny.bert(), text, method, **settings), slowly, WITHIN)
    assert_differs(slowly, 0 * slowly, 1e-3)
    attribution = explain(tiny.bert(), text, method, features=True, **settings)
    assert_same(attribution.raw, [slowly[list(unit.tokens)].sum() for unit in attribution.units], WITHIN)
    content = [token for unit in attribution.units for token in unit.tokens]
    assert attribution.features.dtype == np.float32
    assert_same(attribution.features, slowly[content], 1e-5)


@pytest.mark.parametrize("quadrature", RULES)
def test_ig(quadrature: str) -> None:
    case = slow.case(tiny.bert(), tiny.TEXT)
    check(tiny.TEXT, "ig", slow.ig(case, quadrature, 7), quadrature=quadrature, steps=7)


@pytest.mark.parametrize("context", ["full", "causal"])
@pytest.mark.parametrize("quadrature", RULES)
def test_sig(quadrature: str, context: str) -> None:
    case = slow.case(tiny.bert(), tiny.TEXT)
    slowly = slow.sig(case, quadrature, 7, context)
    check(tiny.TEXT, "sig", slowly, quadrature=quadrature, steps=7, context=context)


@pytest.mark.parametrize("unit", ["token", "word", "sentence"])
@pytest.mark.parametrize("baseline", BASELINES)
def test_sig_with_every_baseline_and_unit(baseline: str, unit: str) -> None:
    case = slow.case(tiny.bert(), tiny.MIXED, baseline=baseline, unit=unit)
    check(tiny.MIXED, "sig", slow.sig(case, "gauss-legendre", 3), steps=3, baseline=baseline, unit=unit)


@pytest.mark.parametrize("context", ["full", "causal"])
@pytest.mark.parametrize("unit", ["token", "word", "sentence"])
def test_exact_sig_is_the_difference_that_each_unit_makes(unit: str, context: str) -> None:
    case = slow.case(tiny.bert(), tiny.MIXED, unit=unit)
    found = explain(tiny.bert(), tiny.MIXED, "sig-exact", unit=unit, context=context)
    assert_same(found.raw, case.differences(context), WITHIN)
    assert_same([found.output, found.output - found.baseline_output], [case.F(case.x), case.difference()], 1e-12)


@pytest.mark.parametrize("output", ["probability", "log-odds", "margin", "max-logit"])
@pytest.mark.parametrize("method", ["ig", "sig"])
def test_every_output_is_followed_by_the_gradient(method: str, output: str) -> None:
    case = slow.case(tiny.bert(), tiny.TEXT, output=output, target=0)
    slowly = getattr(slow, method)(case, "riemann-middle", 5)
    check(tiny.TEXT, method, slowly, quadrature="riemann-middle", steps=5, output=output, target=0)


@pytest.mark.parametrize("factor", [0, 2])
@pytest.mark.parametrize("baseline", ["mask", "zero"])
@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("method", ["dig", "sdig"])
def test_dig_and_sdig(method: str, strategy: str, baseline: str, factor: int) -> None:
    case = slow.case(tiny.bert(), tiny.TEXT, baseline=baseline)
    slowly = getattr(slow, method)(case, strategy, M, K, factor)
    walk = {"strategy": strategy, "steps": M, "neighbours": K, "factor": factor}
    check(tiny.TEXT, method, slowly, baseline=baseline, **walk)


@pytest.mark.parametrize("unit", ["word", "sentence"])
@pytest.mark.parametrize("method", ["dig", "sdig"])
def test_dig_and_sdig_with_larger_units(method: str, unit: str) -> None:
    case = slow.case(tiny.bert(), tiny.MIXED, unit=unit)
    check(tiny.MIXED, method, getattr(slow, method)(case, "greedy", M, K, 0), unit=unit, steps=M, neighbours=K)


@pytest.mark.parametrize(
    ("baseline", "steps", "neighbours"),
    [
        ("film", 5, 10),  # a word of the text is the baseline, and its neighbours are others' anchors
        ("mask", 3, 2000),  # fewer words than neighbours asked for
        ("film", 70, 2000),  # more steps than words: every walk runs out of them
        ("mask", 6, 1),  # a dead end: the one neighbour already lies on the path
        ("mean", 1, 10),  # one step
    ],
)
@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("method", ["dig", "sdig"])
def test_walks_with_an_end(method: str, strategy: str, baseline: str, steps: int, neighbours: int) -> None:
    text = "a film , dull"
    case = slow.case(tiny.bert(), text, baseline=baseline)
    slowly = getattr(slow, method)(case, strategy, steps, neighbours, 0)
    check(text, method, slowly, baseline=baseline, strategy=strategy, steps=steps, neighbours=neighbours)
