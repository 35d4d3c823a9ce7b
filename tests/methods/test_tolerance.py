"""SIG until it is close enough: the tolerance is reached, and units that are close take no more nodes."""

from collections import Counter

import numpy as np
import pytest

from sigviz.explain import explain
from sigviz.methods.sequential import ROUNDS
from tests import tiny
from tests.methods import slow
from tests.methods.axioms import assert_complete_per_unit, assert_same
from tests.methods.cases import features

NESTED = "clenshaw-curtis"


def passes_by_unit(classifier: tiny.Watched, units) -> list[int]:
    """How many points of the rounds moved each unit: those after x, x̄ and the n starts that differ from x in its rows."""
    x, *points = classifier.points
    moved = Counter()
    for point in points[1 + len(units) :]:
        moved[tuple(np.flatnonzero((point != x).any(-1)))] += 1
    return [moved[unit.tokens] for unit in units]


@pytest.mark.parametrize("context", ["full", "causal"])
@pytest.mark.parametrize("unit", ["token", "word"])
@pytest.mark.parametrize("tolerance", [1e-2, 1e-3, 1e-4, 1e-5, 1e-6])
def test_every_unit_comes_within_the_tolerance(tolerance: float, unit: str, context: str) -> None:
    found = explain(tiny.bert(), tiny.MIXED, "sig", tolerance=tolerance, unit=unit, context=context)
    differences = slow.case(tiny.bert(), tiny.MIXED, unit=unit).differences(context)
    assert_complete_per_unit(found, differences, tolerance * np.abs(differences).max())
    assert not found.notes


@pytest.mark.parametrize("tolerance", [1e-2, 1e-4, 1e-6])
def test_units_that_are_close_take_no_more_nodes(tolerance: float) -> None:
    """Each unit takes the rounds up to the first that brings it within the bound, and not one node more."""
    classifier = tiny.watched()
    found = explain(classifier, tiny.TEXT, "sig", tolerance=tolerance)
    bound = tolerance * np.abs(found.expected).max()
    rounds = [abs(explain(tiny.bert(), tiny.TEXT, "sig", steps=steps, quadrature=NESTED).delta) <= bound for steps in ROUNDS]
    wanted = [ROUNDS[int(np.argmax([close[i] for close in rounds]))] for i in range(len(found.units))]
    assert passes_by_unit(classifier, found.units) == wanted
    assert len(set(wanted)) > 1 or tolerance == 1e-2, "all units took the same: nothing was shown"
    assert found.cost.backward == sum(wanted) == classifier.backward


def test_a_smaller_tolerance_takes_more_passes() -> None:
    costs = [explain(tiny.bert(), tiny.TEXT, "sig", tolerance=tolerance).cost for tolerance in (0.5, 1e-3, 1e-5, 1e-6)]
    passes = [cost.backward for cost in costs]
    assert passes == sorted(passes) and passes[0] < passes[-1]


def test_the_scores_are_those_of_the_round_in_which_each_unit_stopped() -> None:
    found = explain(tiny.bert(), tiny.TEXT, "sig", tolerance=1e-4)
    per_unit = features(tiny.bert(), tiny.TEXT, "sig", tolerance=1e-4)
    rounds = [features(tiny.bert(), tiny.TEXT, "sig", steps=steps, quadrature=NESTED) for steps in ROUNDS[:5]]
    bound = 1e-4 * np.abs(found.expected).max()
    for i, unit in enumerate(found.units):
        rows = list(unit.tokens)
        first = next(one for one in rounds if abs(one[rows].sum() - found.expected[i]) <= bound)
        assert_same(per_unit[rows], first[rows], 1e-10)


def test_what_stays_too_far_is_said() -> None:
    """A step of F between the baseline and the word cannot be integrated: the gradient is zero on both sides."""

    def jumps(x):
        return (x[..., 0].sum(1) > 0).to(x) + 0 * x.sum((1, 2))

    def halves(x):  # smooth for the first word, a step for the second
        return jumps(x[:, 2:3]) + x[:, 1].sum(-1)

    classifier = tiny.handmade(halves)
    up = next(word for word in tiny.WORDS if tiny.embedding(classifier, word)[0] > 0)
    down = next(word for word in tiny.WORDS if tiny.embedding(classifier, word)[0] < 0)
    found = explain(classifier, f"film {up}", "sig", baseline=down, tolerance=1e-3, target=1)
    assert found.notes == (f"1 unit is not within the tolerance of 0.001 even with {ROUNDS[-1]} steps.",)
    assert abs(found.delta[1]) > 0.5 and abs(found.delta[0]) < 1e-10
    both = explain(classifier, f"film {up}", "sig", baseline=down, tolerance=1e-3, target=1, unit="sentence")
    assert both.notes == (f"1 unit is not within the tolerance of 0.001 even with {ROUNDS[-1]} steps.",)


def test_where_nothing_is_expected_nothing_is_looked_for_twice() -> None:
    """Baseline = input: all deltas are zero at once, and a tolerance relative to zero does not loop."""
    found = explain(tiny.bert(), "film film", "sig", baseline="film", tolerance=1e-6)
    assert found.cost.backward == 2 * ROUNDS[0]
    assert not found.notes
