"""What the Steps page runs, and what it says of each run: against the definitions, on a tiny model."""

import threading
from dataclasses import replace

import numpy as np
import pytest
import torch

from sigviz.attribution import Attribution, Settings
from sigviz.explain import estimate, explain_with
from sigviz.methods import METHODS
from sigviz.methods.options import MAX_STEPS
from sigviz.methods.sequential import ROUNDS
from sigviz.paths.quadrature import RULES
from sigviz.studies.agreement import kendall_tau
from sigviz.teaching import convergence
from sigviz.teaching.convergence import FIRST, FIRST_RULES, STEPS, Plan, plan, qualities
from tests import tiny

UNITS = 5  # of tiny.TEXT


def _make(method: str, **options: object) -> Settings:
    return METHODS[method].settings(**options)


def _found(made: Plan, dtype: torch.dtype = torch.float64) -> dict[Settings, Attribution]:
    return {settings: explain_with(tiny.bert(dtype), tiny.TEXT, settings) for settings in made.all}


def test_every_rule_runs_from_the_fewest_steps_that_it_takes_up_to_the_most() -> None:
    made = plan(_make, UNITS, most=8, rules=tuple(RULES))
    fixed = [one for one in made.runs if one.option("tolerance") is None]
    for rule in RULES:
        for method in ("ig", "sig"):
            steps = [one.option("steps") for one in fixed if (one.method, one.option("quadrature")) == (method, rule)]
            assert sorted(steps) == ([2, 4, 8] if rule in ("trapezoid", "clenshaw-curtis") else [1, 2, 4, 8])


def test_what_a_page_shows_first_is_among_what_it_can_show() -> None:
    assert FIRST in STEPS and set(FIRST_RULES) < set(RULES)


def test_the_cheapest_run_comes_first_and_nothing_is_run_twice() -> None:
    made = plan(_make, UNITS, most=16)
    cost = [sum(convergence.passes(one, UNITS, 16)) for one in made.runs]
    assert cost == sorted(cost) and len(set(made.all)) == len(made.all)


@pytest.mark.parametrize("units", [1, 5, 14, 102])
def test_the_question_compares_the_same_number_of_gradients(units: int) -> None:
    made = plan(_make, units)
    assert METHODS["sig"].passes(made.sig, units)[1] == METHODS["ig"].passes(made.ig, units)[1] == 10 * units


def test_ig_never_takes_more_steps_than_it_may() -> None:
    made = plan(_make, 400, most=512)
    assert made.ig.option("steps") == made.finest.option("steps") == MAX_STEPS


@pytest.mark.parametrize(("units", "most"), [(1, 1), (3, 16), (14, 16), (14, 512)])
def test_the_yardstick_of_ig_is_finer_than_what_it_measures(units: int, most: int) -> None:
    made = plan(_make, units, most=most, rules=tuple(RULES))
    steps = [one.option("steps") for one in made.runs if one.method == "ig"]
    assert made.finest.option("steps") > max(steps) and made.finest.option("steps") >= made.ig.option("steps")


def test_small_tolerances_wait_for_as_many_steps() -> None:
    few, many = (
        {one.option("tolerance") for one in plan(_make, UNITS, most=most).runs} - {None} for most in (convergence.FIRST, 64)
    )
    assert few < many == set(convergence.TOLERANCES)


def test_passes_are_those_of_the_method_and_guessed_only_with_a_tolerance() -> None:
    classifier = tiny.bert()
    for one in plan(_make, UNITS, most=4).all:
        known = estimate(classifier, tiny.TEXT, one)
        guessed = convergence.passes(one, UNITS, 4)
        if one.option("tolerance") is None:
            assert guessed == (known.forward, known.backward)
        else:
            assert guessed[1] == 5 * UNITS < known.backward and guessed[0] - guessed[1] == known.forward - known.backward


def test_sig_is_measured_against_its_own_limit_and_ig_against_its_yardstick() -> None:
    made = plan(_make, UNITS, most=4, rules=("riemann-left",))
    found = _found(made)
    for settings, quality in qualities(found, made).items():
        run, exact = found[settings], found[made.exact]
        if settings == made.finest:
            assert (quality.worst, quality.median, quality.tau) == (None, None, None)
            continue
        limit = found[made.finest].raw if settings.method == "ig" else exact.raw
        away = np.abs(run.raw - limit)
        assert quality.worst == pytest.approx(away.max(), abs=1e-12)
        assert quality.median == pytest.approx(np.median(away), abs=1e-12)
        assert quality.tau == pytest.approx(kendall_tau(run.raw, limit), abs=0.21)  # two words may be as good as equal
        assert quality.tau_exact == kendall_tau(run.raw, exact.raw)
        assert quality.total_delta == abs(run.raw.sum() - (run.output - run.baseline_output))
        assert quality.passes == run.cost.forward + run.cost.backward


def test_exact_sig_is_its_own_limit() -> None:
    made = plan(_make, UNITS, most=1)
    quality = qualities({made.exact: explain_with(tiny.bert(), tiny.TEXT, made.exact)}, made)[made.exact]
    assert (quality.worst, quality.median, quality.tau, quality.steps) == (0, 0, 1, None)


def test_steps_are_gradients_a_word_for_sig_and_gradients_for_ig() -> None:
    made = plan(_make, UNITS, most=2, rules=("trapezoid",))
    found = qualities(_found(made), made)
    for settings, quality in found.items():
        if settings.option("tolerance") is not None:
            assert quality.steps is not None and quality.steps >= ROUNDS[0] and quality.rule == ""
        elif settings.method != "sig-exact":
            assert quality.steps == settings.option("steps") and quality.rule == settings.option("quadrature")


def test_what_is_not_there_yet_is_left_out_and_no_distance_is_made_up() -> None:
    made = plan(_make, UNITS, most=2)
    run = next(one for one in made.runs if one.method == "ig")
    quality = qualities({run: explain_with(tiny.bert(), tiny.TEXT, run)}, made)
    assert list(quality) == [run]
    assert (quality[run].worst, quality[run].tau, quality[run].tau_exact) == (None, None, None)


def test_one_word_has_no_order() -> None:
    made = plan(_make, 1, most=1)
    found = {one: explain_with(tiny.bert(), "spectacle", one) for one in made.all}
    assert {quality.tau for quality in qualities(found, made).values()} == {None}


def test_more_steps_come_nearer_and_a_tolerance_is_kept() -> None:
    made = plan(_make, UNITS, most=32, rules=("gauss-legendre",))
    found = _found(made)
    of = qualities(found, made)
    worst = {one.option("steps"): of[one].worst for one in made.runs if one.method == "sig" and not one.option("tolerance")}
    assert worst[32] < 1e-6 < worst[2]
    largest = np.abs(found[made.exact].raw).max()
    for one in made.runs:
        if one.option("tolerance") is not None:
            assert of[one].worst <= one.option("tolerance") * largest


def test_rounding_is_the_precision_of_the_arithmetic_times_the_size_of_f() -> None:
    made = plan(_make, UNITS, most=1)
    exact = explain_with(tiny.bert(torch.float32), tiny.TEXT, made.exact)
    size = max(abs(exact.output), abs(exact.baseline_output))
    assert convergence.rounding(exact) == pytest.approx(torch.finfo(torch.float32).eps * size)
    halved = replace(exact, cost=replace(exact.cost, dtype="bfloat16"))
    assert convergence.rounding(halved) == pytest.approx(torch.finfo(torch.bfloat16).eps * size)


def test_the_metrics_of_table_4_are_measured_for_each_run() -> None:
    made = plan(_make, UNITS, most=1)
    runs = [explain_with(tiny.bert(), tiny.TEXT, one) for one in (made.sig, made.ig, made.exact)]
    found = convergence.faithfulness(tiny.bert(), runs, lambda done, total: None, threading.Event())
    assert [set(one) for one in found] == [set(convergence.FAITHFULNESS)] * 3
