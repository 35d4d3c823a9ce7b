"""Completeness and sensitivity as the page measures them: right where scores are, wrong wherever one is spoiled."""

import threading
from dataclasses import replace

import numpy as np
import pytest
import torch

from sigviz.attribution import Attribution
from sigviz.errors import Cancelled
from sigviz.explain import explain
from sigviz.methods import METHODS, Promise
from sigviz.teaching import axioms, series, toy
from tests import tiny
from tests.methods.cases import PROMISING, small

NAN = float("nan")


@pytest.fixture(scope="module")
def exact() -> Attribution:
    return explain(tiny.bert(), tiny.TEXT, "sig-exact")


@pytest.fixture(scope="module")
def ig() -> Attribution:
    return explain(tiny.bert(), tiny.TEXT, "ig", steps=64)


def spoiled(one: Attribution, by: float, place: int = 2) -> Attribution:
    raw = one.raw.copy()
    raw[place] += by
    return replace(one, raw=raw)


def test_ig_is_complete_in_total_and_not_one_by_one(ig: Attribution, exact: Attribution) -> None:
    found = axioms.completeness(ig, exact.expected)
    assert found.total.holds and found.total.promised and found.total.measured < 1e-10
    assert found.per_unit is not None and not found.per_unit.holds and not found.per_unit.promised
    assert found.per_unit.measured == pytest.approx(np.abs(ig.raw - exact.expected).max())


def test_sig_is_complete_one_by_one_and_not_in_total() -> None:
    sig = explain(tiny.bert(), tiny.TEXT, "sig", steps=64)
    found = axioms.completeness(sig, None)
    assert found.per_unit is not None and found.per_unit.holds and found.per_unit.promised
    assert not found.total.holds and not found.total.promised and found.total.measured == abs(sig.total_delta)
    assert found.per_unit.measured == np.abs(sig.delta).max() < 1e-10  # type: ignore[arg-type]


def test_the_causal_form_promises_both() -> None:
    found = axioms.completeness(explain(tiny.bert(), tiny.TEXT, "sig", context="causal", steps=64), None)
    assert found.per_unit is not None and found.per_unit.promised and found.total.promised
    assert found.per_unit.holds and found.total.holds


def test_without_what_each_word_changes_only_the_total_is_known(ig: Attribution) -> None:
    assert axioms.completeness(ig, None).per_unit is None


@pytest.mark.parametrize("by", [0.1, -0.1, NAN])
def test_completeness_fails_for_a_spoiled_score(ig: Attribution, exact: Attribution, by: float) -> None:
    assert not axioms.completeness(spoiled(ig, by), exact.expected).total.holds
    broken = axioms.completeness(spoiled(exact, by), None).per_unit
    assert broken is not None and not broken.holds and exact.units[2].text in broken.how


def test_two_scores_exchanged_are_found_though_the_total_stays(exact: Attribution) -> None:
    broken = axioms.completeness(replace(exact, raw=exact.raw[[1, 0, 2, 3, 4]]), None).per_unit
    assert broken is not None and not broken.holds


def test_scores_that_are_all_zero_are_complete_only_where_nothing_changes(ig: Attribution) -> None:
    assert not axioms.completeness(replace(ig, raw=0 * ig.raw), None).total.holds
    assert axioms.completeness(replace(ig, raw=0 * ig.raw, baseline_output=ig.output), None).total.holds


@pytest.mark.parametrize("spec", METHODS.values(), ids=lambda spec: spec.id)
def test_what_is_promised_is_what_the_registry_says(spec, exact: Attribution) -> None:
    found = axioms.completeness(explain(tiny.bert(), tiny.TEXT, spec.id, **small(spec)), exact.expected)
    assert found.per_unit is not None and found.method == spec.id
    assert found.total.promised is (spec.promises is Promise.TOTAL)
    assert found.per_unit.promised is (spec.promises is Promise.PER_UNIT)


def test_a_word_that_matters_is_not_overlooked(exact: Attribution) -> None:
    found = axioms.sensitivity(exact, exact.expected)
    assert found.matter == found.units == 5 and found.check.holds and found.check.measured == 0 and found.check.promised
    assert found.check.how[-1] == np.abs(exact.raw).min()


@pytest.mark.parametrize("score", [0.0, 1e-20, NAN])
def test_sensitivity_fails_where_a_word_that_matters_gets_nothing(exact: Attribution, score: float) -> None:
    raw = exact.raw.copy()
    raw[1] = score
    found = axioms.sensitivity(replace(exact, raw=raw), exact.expected)
    assert found.check.measured == 1 and not found.check.holds


def test_a_word_that_does_not_matter_may_get_nothing(exact: Attribution) -> None:
    expected, raw = exact.expected.copy(), exact.raw.copy()
    expected[3] = raw[3] = 0
    found = axioms.sensitivity(replace(exact, raw=raw), expected)
    assert (found.matter, found.units) == (4, 5) and found.check.holds
    assert axioms.sensitivity(replace(exact, raw=0 * raw), 0 * expected).matter == 0


def _inserted(baseline: str = "mask", text: str = tiny.TEXT, **more: object) -> axioms.Inserted:
    wanted = [spec.settings(baseline=baseline, **small(spec)) for spec in PROMISING]
    cancel = more.pop("cancel", threading.Event())
    seen = more.pop("seen", [])
    classifier = more.pop("classifier", tiny.bert())
    return axioms.inserted(classifier, text, wanted, lambda *done: seen.append(done), cancel)  # type: ignore[arg-type, attr-defined]


@pytest.mark.parametrize("baseline", ["mask", "pad", "unk", "film"])
def test_the_baselines_own_token_gets_exactly_0_by_every_method_that_promises_something(baseline: str) -> None:
    seen: list[tuple[int, int]] = []
    found = _inserted(baseline, seen=seen)
    assert [check.about for check in found.checks] == [spec.id for spec in PROMISING]
    assert all(check.holds and check.measured == 0 and check.bound == 0 for check in found.checks)
    assert found.text.endswith(tiny.TEXT) and found.token in found.text and not found.why_not
    assert all(check.how[1] > 0.1 for check in found.checks), "other words do get scores"
    assert seen == sorted(seen) and seen[-1][0] == seen[-1][1]


def test_a_text_beyond_the_models_limit_keeps_the_token() -> None:
    assert all(check.holds for check in _inserted(text="film " * 200).checks)


def test_the_check_of_the_own_baseline_fails_where_the_model_is_another_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    real = series.explain_with

    def off(*given: object, **named: object) -> Attribution:
        return spoiled(real(*given, **named), 1e-9, place=0)  # type: ignore[arg-type]

    monkeypatch.setattr(series, "explain_with", off)
    assert not any(check.holds for check in _inserted().checks)


@pytest.mark.parametrize("baseline", ["zero", "mean"])
def test_a_baseline_that_is_no_word_cannot_be_put_into_the_text(baseline: str) -> None:
    found = _inserted(baseline)
    assert not found.checks and "no word" in found.why_not


def test_putting_the_baseline_in_front_can_be_stopped() -> None:
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        _inserted(cancel=cancel)


def test_a_word_that_f_does_not_read_gets_0_by_all_that_promise_something() -> None:
    found = {check.about: check for check in axioms.unused_word()}
    assert list(found) == list(METHODS)
    assert all(found[spec.id].holds and found[spec.id].promised for spec in PROMISING)
    assert not found["random"].holds and not found["random"].promised
    assert found["sig-exact"].how[1] == pytest.approx(
        np.tanh(0.0) + -0.5 * 0.7 * 0.6 - (np.tanh(0.1 + 2 * 0.1) + -0.5 * 0.7 * 0.1)
    )


def test_the_check_fails_for_every_method_once_f_reads_the_word() -> None:
    def reads_it(points: torch.Tensor) -> torch.Tensor:
        return axioms.ignores_the_second_word(points) + 1e-3 * points[:, 1].sum(-1) ** 2

    assert not [check.about for check in axioms.unused_word(reads_it) if check.holds]


def test_ig_gives_0_to_a_word_that_matters_and_sig_what_it_changes() -> None:
    ig, sig, exact = axioms.overlooked_by_sharing()
    assert ig.how[1] == pytest.approx(0, abs=1e-15) and ig.measured == pytest.approx(0.5) and not ig.holds and not ig.promised
    for check in (sig, exact):
        assert check.how[1] == pytest.approx(0.5) and check.how[3] == 0.5 and check.holds and check.promised


def test_the_check_of_shared_budgets_fails_for_a_spoiled_score(monkeypatch: pytest.MonkeyPatch) -> None:
    real = toy.explain

    def off(*given: object, **named: object) -> toy.ToyScores:
        found = real(*given, **named)  # type: ignore[arg-type]
        found.raw[0] += 1e-6
        return found

    monkeypatch.setattr(toy, "explain", off)
    assert not any(check.holds for check in axioms.overlooked_by_sharing())
