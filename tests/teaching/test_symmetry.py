"""Appendix A, measured: symmetric within a word, symmetric for equal words, not for single features of different words."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sigviz.errors import InvalidSettings
from sigviz.teaching import symmetry, toy
from sigviz.teaching.symmetry import FUNCTIONS, two_words

SYMMETRIC = [name for name, f in FUNCTIONS.items() if f.symmetric]
NUMBERS = st.floats(-3, 3, allow_nan=False)
BY_HAND = {  # at x = (1, 1), m = (0, 0): IG of each word, SIG of each word, what the words do together
    "product": (0.5, 1.0, 1.0),
    "squared sum": (2.0, 3.0, 2.0),
    "sum": (1.0, 1.0, 0.0),
    "tanh of the sum": (np.tanh(2) / 2, np.tanh(2) - np.tanh(1), np.tanh(2) - 2 * np.tanh(1)),
    "smooth maximum": (0.5, np.log(2 * np.e) - np.log(1 + np.e), np.log(2 * np.e) - 2 * np.log(1 + np.e) + np.log(2)),
}


def test_every_symmetric_function_is_worked_out_by_hand() -> None:
    assert set(BY_HAND) == set(SYMMETRIC)


@pytest.mark.parametrize(("name", "expected"), BY_HAND.items())
def test_scores_and_interaction_are_those_worked_out_by_hand(name: str, expected: tuple[float, float, float]) -> None:
    found = two_words(name, (1.0, 1.0), (0.0, 0.0))
    ig, sig, together = expected
    assert found.scores["ig"].raw == pytest.approx([ig, ig], abs=1e-12)
    assert found.scores["sig"].raw == pytest.approx([sig, sig], abs=1e-12)
    assert found.scores["sig-exact"].raw == pytest.approx([sig, sig], abs=1e-12)
    assert found.interaction == pytest.approx(together, abs=1e-12)


@pytest.mark.parametrize("name", SYMMETRIC)
@given(NUMBERS, NUMBERS)
def test_equal_words_get_equal_scores_by_sig_too(name: str, x: float, m: float) -> None:
    found = two_words(name, (x, x), (m, m))
    assert [check.about for check in found.checks] == ["ig", "sig", "sig-exact"]
    assert all(check.holds and check.promised for check in found.checks)


@pytest.mark.parametrize("name", FUNCTIONS)
@given(NUMBERS, NUMBERS, NUMBERS, NUMBERS)
def test_sig_holds_what_two_words_do_together_once_more_than_ig(name: str, x1: float, x2: float, m1: float, m2: float) -> None:
    found = two_words(name, (x1, x2), (m1, m2))
    both, _, _, neither = found.corners
    assert found.scores["sig-exact"].raw.sum() == pytest.approx(both - neither + found.interaction, abs=1e-9)
    assert found.scores["ig"].raw.sum() == pytest.approx(both - neither, abs=1e-6)


def test_the_check_fails_where_f_is_not_symmetric() -> None:
    found = two_words("not symmetric", (1.0, 1.0), (0.0, 0.0))
    assert found.checks and not any(check.holds or check.promised for check in found.checks)


@pytest.mark.parametrize("method", symmetry.SHOWN)
def test_the_check_fails_for_scores_that_are_off_for_one_word(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real = toy.explain

    def off(f: toy.Function, x: object, m: object, asked: str, **options: object) -> toy.ToyScores:
        found = real(f, x, m, asked, **options)  # type: ignore[arg-type]
        found.raw[1] += 1e-6 * (asked == method)
        return found

    monkeypatch.setattr(toy, "explain", off)
    broken = [check.about for check in two_words("product", (1.0, 1.0), (0.0, 0.0)).checks if not check.holds]
    assert broken == [method]


@pytest.mark.parametrize(("x", "m"), [((1.0, 2.0), (0.0, 0.0)), ((1.0, 1.0), (0.0, 0.5))])
def test_where_words_or_baselines_differ_the_axiom_says_nothing(x: tuple[float, float], m: tuple[float, float]) -> None:
    found = two_words("product", x, m)
    assert not found.applies and found.checks == ()


def test_the_surface_is_f_with_word_1_across() -> None:
    found = two_words("not symmetric", (1.0, 0.5), (0.0, -0.5))
    assert found.surface.shape == (len(found.axis), len(found.axis)) and found.axis[0] < -0.5 and found.axis[-1] > 1
    assert found.surface[3, 7] == pytest.approx(np.tanh(2 * found.axis[7] + found.axis[3]))
    assert two_words("product", (1.0, 1.0), (1.0, 1.0)).axis.std() > 0


@pytest.mark.parametrize("name", [*FUNCTIONS])
def test_functions_say_rightly_whether_they_are_symmetric(name: str) -> None:
    points = torch.randn(50, 2, 1, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    f = FUNCTIONS[name]
    assert torch.allclose(f(points), f(points.flip(1)), atol=1e-12) is f.symmetric


@pytest.mark.parametrize(
    ("name", "x"), [("nope", (1.0, 1.0)), ("product", (float("nan"), 1.0)), ("product", (1.0, 9.0)), ("product", (-9.0, 0.0))]
)
def test_what_is_no_case_is_refused(name: str, x: tuple[float, float]) -> None:
    with pytest.raises(InvalidSettings):
        two_words(name, x, (0.0, 0.0))


def test_within_a_word_sig_gives_features_that_are_alike_half_of_the_change_each() -> None:
    check = symmetry.within_a_word(symmetry.alike)
    _, first, _, second = check.how
    x, m = [[0.8, 0.8], [0.5, -0.4]], [[-0.2, -0.2], [0.5, -0.4]]
    change = np.tanh(1.6) * np.exp(0.5) + 0.64 * -0.4 - (np.tanh(-0.4) * np.exp(0.5) + 0.04 * -0.4)
    assert toy.values(symmetry.alike, [x])[0] - toy.values(symmetry.alike, [m])[0] == pytest.approx(change)
    assert (first, second) == pytest.approx((change / 2, change / 2)) and check.holds and check.promised


def test_within_a_word_the_check_fails_for_features_that_are_not_alike() -> None:
    check = symmetry.within_a_word(symmetry.unlike)
    assert not check.holds and not check.promised and check.measured > 0.1


def test_features_of_different_words_get_a_third_each_by_ig_and_not_the_same_by_sig() -> None:
    ig, sig = symmetry.across_words()
    assert (ig.how[1], ig.how[3]) == pytest.approx((1 / 3, 1 / 3)) and ig.holds and ig.promised
    assert (sig.how[1], sig.how[3]) == pytest.approx((0.5, 1.0)) and not sig.holds and not sig.promised
    assert sig.measured == pytest.approx(0.5)


def test_across_words_the_check_of_ig_can_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    real = toy.explain
    monkeypatch.setattr(
        toy, "explain", lambda f, x, m, method, **more: real(f, x, np.add(m, [[0.1, 0], [0, 0]]), method, **more)
    )
    assert not symmetry.across_words()[0].holds
