"""What a study is asked to do, and what it refuses before anything is loaded."""

from dataclasses import replace
from typing import Any

import pytest

from sigviz.errors import InvalidSettings
from sigviz.studies import plan as plans
from sigviz.studies.corpora import Corpus
from sigviz.studies.plan import Plan


def corpus(n: int) -> Corpus:
    whole = {"name": "c", "split": "test", "licence": "", "sha256": "0" * 64}
    return Corpus(ids=tuple(range(10, 10 + n)), texts=("t",) * n, labels=(0,) * n, **whole)  # type: ignore[arg-type]


def test_the_random_control_is_in_every_study_once() -> None:
    assert Plan("movie", ("ig",)).runs == ("ig", "random(seeds=1)")
    assert Plan("movie", ("random", "ig", "ig")).runs == ("random(seeds=1)", "ig")


def test_sampling_methods_run_with_one_seed_unless_told_otherwise() -> None:
    assert Plan("movie", ("smoothgrad",)).runs[0] == "smoothgrad(seeds=1)"
    assert Plan("movie", ("smoothgrad(seeds=2)",)).runs[0] == "smoothgrad(seeds=2)"


def test_every_method_meets_every_baseline() -> None:
    found = Plan("movie", ("ig(steps=20)", "sig-exact"), baselines=("mask", "pad")).choices()
    assert [(one.method, one.baseline, one.options.get("steps")) for one in found][:2] == [
        ("ig", "mask", 20),
        ("sig-exact", "mask", None),
    ]
    assert len(found) == 6


def test_a_plan_comes_back_from_its_metadata() -> None:
    plan = Plan("movie", ("sig(tolerance=0.01)",), baselines=("mask", "pad"), limit=7, control=3)
    assert Plan.from_dict(plan.to_dict()) == plan


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"runs": ("nonsense",)}, "no method 'nonsense'"),
        ({"runs": ("ig sig",)}, "one at a time"),
        ({"runs": ("ig(baseline=pad)",)}, "baselines are given apart"),
        ({"runs": ("ig(steps=0)",)}, "steps is '0'"),
        ({"runs": ()}, "no runs"),
        ({"models": ()}, "no models"),
        ({"baselines": ()}, "no baselines"),
        ({"protocols": ("loose",)}, "protocols: 'loose'"),
        ({"metrics": ("charm",)}, "metrics: 'charm'"),
        ({"output": "size"}, "output: 'size'"),
        ({"parity": "mine"}, "parity: 'mine'"),
        ({"parity": plans.PAPERS_CODE}, "max-logit and protocol paper"),
        ({"limit": 0}, "limit is 0"),
        ({"control": -1}, "control is -1"),
        ({"k": 100}, "k is 100"),
        ({"k": float("nan")}, "k is nan"),
        ({"runs": tuple(f"ig(steps={i})" for i in range(1, 40)), "baselines": ("mask", "pad")}, "more than 64 runs"),
    ],
)
def test_what_cannot_be_studied_is_said_with_the_value(given: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidSettings, match=said):
        Plan(**{"corpus": "movie", "runs": ("ig",), **given})


def test_the_controls_texts_are_a_seeded_sample_of_the_studys() -> None:
    plan = Plan("c", ("ig",), models=("a", "b"), control=5)
    found = plan.tasks(corpus(40))
    mine = {task.text_id for task in found if task.control and task.model == "a"}
    assert len(found) == 2 * (40 + 5) and len(mine) == 5
    assert mine == {task.text_id for task in found if task.control and task.model == "b"}
    assert mine != {10, 11, 12, 13, 14}, "corpora are sorted: the first ones are no sample"
    assert mine != {task.text_id for task in replace(plan, seed=1).tasks(corpus(40)) if task.control}


def test_an_unfinished_study_is_a_random_sample_of_its_texts() -> None:
    first = [task.text_id for task in Plan("c", ("ig",), control=0).tasks(corpus(40))][:10]
    assert first != sorted(first) and max(first) > 25


def test_a_control_larger_than_the_study_takes_every_text() -> None:
    assert len(Plan("c", ("ig",), control=100).tasks(corpus(3))) == 6
