"""Models so simple that the scores can be worked out by hand; and where the points lie, seen from inside the model."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sigviz.explain import explain
from sigviz.methods import METHODS
from sigviz.paths.discretized import STRATEGIES
from tests import tiny
from tests.methods.axioms import (
    assert_differs,
    assert_on_line,
    assert_one_way,
    assert_only_rows_differ,
    assert_same,
    assert_zero,
)
from tests.methods.cases import small

FIRST, SECOND = 1, 2  # of the words in the model's input; [CLS] is 0


def product(x):
    """F(x_1, x_2) = s(x_1) s(x_2), s the sum of a word's features: symmetric in the words, as in the paper's Appendix A."""
    return x[:, FIRST].sum(-1) * x[:, SECOND].sum(-1)


def sums(classifier, text: str) -> list[float]:
    return [float(tiny.embedding(classifier, word).sum()) for word in text.split()]


def test_of_a_product_ig_shares_the_interaction_and_sig_gives_it_to_both() -> None:
    """By hand, from the zero baseline: IG halves s_1 s_2 between the words; SIG_i = F(x) - F(x̄ⁱ) = s_1 s_2 for each."""
    classifier = tiny.handmade(product)
    first, second = sums(classifier, "good film")
    whole = first * second
    given = {"baseline": "zero", "target": 1}
    ig = explain(classifier, "good film", "ig", steps=1, **given)
    assert_same(ig.raw, [whole / 2, whole / 2], 1e-12)
    assert_zero(ig.total_delta, 1e-12)
    for id in ("sig", "sig-exact"):
        sig = explain(classifier, "good film", id, **small(METHODS[id], steps=1), **given)
        assert_same(sig.raw, [whole, whole], 1e-12)
        assert_same(sig.total_delta, whole, 1e-12)  # the interaction counted twice: why SIG's total need not vanish
    causal = explain(classifier, "good film", "sig", steps=1, context="causal", **given)
    assert_same(causal.raw, [0, whole], 1e-12)  # without the second word the first one changes nothing


@pytest.mark.parametrize("id", ["ig", "sig", "sig-exact", "dig", "sdig"])
def test_equal_words_of_a_symmetric_model_score_the_same(id: str) -> None:
    """For SIG too: F(x, x) - F(m, x) = F(x, x) - F(x, m).  (Appendix A says otherwise of SIG, for want of this step.)"""

    def symmetric(x):
        return (product(x) / 4).tanh() + (x[:, FIRST] * x[:, SECOND]).sum(-1)

    classifier = tiny.handmade(symmetric)
    raw = explain(classifier, "good good", id, target=1, **small(METHODS[id])).raw
    assert_same(raw[0], raw[1], 1e-12)
    assert abs(raw[0]) > 0.1
    unequal = explain(classifier, "good film", id, target=1, **small(METHODS[id])).raw
    if id == "sig-exact":
        assert_differs(unequal[0], unequal[1], 1e-3)


@given(st.integers(0, 3), st.integers(0, 3))
def test_sig_preserves_the_symmetry_of_two_features_of_a_word(one: int, other: int) -> None:
    """Appendix A, first part: where F, x_i and the baseline do not tell two features apart, neither does SIG."""

    def blind(x):  # sees only the sum and the product of the two features
        j, k = x[..., one], x[..., other]
        return ((j + k).tanh() + j * k).cumsum(1)[:, -1].exp().log1p()

    classifier = tiny.handmade(blind)
    words = classifier.model.words.weight.data
    words[:, other] = words[:, one]
    found = explain(classifier, "a hideous film", "sig", steps=6, features=True, target=1).features
    assert_same(found[:, one], found[:, other], 1e-7)
    assert_differs(found[:, one], 0, 1e-3)


def test_a_quadratic_model_is_integrated_exactly_by_one_gauss_legendre_step() -> None:
    classifier = tiny.handmade(lambda x: (x**2).sum((1, 2)))
    found = explain(classifier, "good film", "sig", steps=1, features=True, target=1, baseline="dull")
    good, film, dull = (tiny.embedding(classifier, word) for word in ("good", "film", "dull"))
    assert_same(found.features, torch.stack([good**2 - dull**2, film**2 - dull**2]), 1e-6)
    assert_zero(found.delta, 1e-12)


# where the model is asked, seen by a model that keeps every point


def looked_at(id: str, text: str = tiny.TEXT, **given):
    """The points after those at x and x̄ (and, for methods one by one, the n starts), in order; x; x̄; the tokens' rows."""
    classifier = tiny.watched()
    found = explain(classifier, text, id, **given)
    x, baseline, *rest = classifier.points
    starts = found.cost.forward - found.cost.backward - 2
    return rest[starts:], x, baseline, [unit.tokens for unit in found.units], rest[:starts]


def test_ig_looks_only_at_points_on_its_one_line() -> None:
    points, x, baseline, units, _ = looked_at("ig", steps=5, quadrature="riemann-left")
    assert len(points) == 5
    for k, point in enumerate(points):
        assert_on_line(point, baseline, x, k / 5)
        assert_only_rows_differ(point, x, [token for tokens in units for token in tokens])


@pytest.mark.parametrize("unit", ["token", "word", "sentence"])
def test_sig_looks_only_at_points_that_differ_from_x_in_one_unit(unit: str) -> None:
    points, x, baseline, units, starts = looked_at("sig", tiny.MIXED, steps=4, quadrature="riemann-right", unit=unit)
    assert len(points) == 4 * len(units) and len(starts) == len(units)
    for i, tokens in enumerate(units):
        rows = list(tokens)
        assert_only_rows_differ(starts[i], x, rows)
        assert_same(starts[i][rows], baseline[rows], 0)
        for k in range(4):
            assert_only_rows_differ(points[4 * i + k], x, rows)
            assert_on_line(points[4 * i + k], starts[i], x, (k + 1) / 4)


def test_exact_sig_looks_once_at_each_text_with_one_unit_replaced() -> None:
    points, x, _, units, starts = looked_at("sig-exact", tiny.MIXED, unit="word")
    assert not points and len(starts) == len(units)
    for start, tokens in zip(starts, units, strict=True):
        assert_only_rows_differ(start, x, list(tokens))


def test_the_baseline_differs_from_x_in_every_content_token_and_no_special_one() -> None:
    _, x, baseline, units, _ = looked_at("ig", steps=1)
    rows = [token for tokens in units for token in tokens]
    assert_only_rows_differ(baseline, x, rows)
    assert_same(baseline[rows], tiny.embedding(tiny.bert(), "[MASK]").expand(len(rows), -1), 0)


@pytest.mark.parametrize("factor", [0, 2])
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_dig_starts_at_the_baseline_and_no_feature_turns_back_on_its_way_to_x(strategy: str, factor: int) -> None:
    points, x, baseline, units, _ = looked_at("dig", steps=4, neighbours=10, strategy=strategy, factor=factor)
    assert len(points) == 5 * 2**factor
    assert_same(points[0], baseline, 0)
    assert_one_way(torch.stack([*points, x]))
    for point in points:
        assert_only_rows_differ(point, x, [token for tokens in units for token in tokens])


@pytest.mark.parametrize("factor", [0, 2])
@pytest.mark.parametrize("unit", ["token", "sentence"])
def test_sdig_moves_one_unit_along_the_same_path_as_dig(unit: str, factor: int) -> None:
    given = {"steps": 4, "neighbours": 10, "factor": factor, "unit": unit}
    together, *_ = looked_at("dig", tiny.MIXED, **given)
    points, x, _, units, _ = looked_at("sdig", tiny.MIXED, **given)
    assert len(points) == len(together) * len(units)
    for i, tokens in enumerate(units):
        rows = list(tokens)
        for k, joint in enumerate(together):
            point = points[i * len(together) + k]
            assert_only_rows_differ(point, x, rows)
            assert_same(point[rows], joint[rows], 0)


def test_a_line_seen_at_the_wrong_share_is_not_taken_for_the_right_one() -> None:
    points, x, baseline, *_ = looked_at("ig", steps=5, quadrature="riemann-left")
    with pytest.raises(AssertionError):
        assert_on_line(points[1], baseline, x, 2 / 5)
    with pytest.raises(AssertionError):
        assert_only_rows_differ(points[1], x, [1])
