"""What a robustness study is asked to do, and what it refuses before anything is loaded."""

import json
from typing import Any

import pytest

from sigviz.errors import InvalidSettings
from sigviz.methods import METHODS as KNOWN
from sigviz.models import catalogue
from sigviz.models.untrained import REDRAWN, UNTRAINED
from sigviz.studies import results
from sigviz.studies.corpora import Corpus
from sigviz.studies.robustness_plan import CONTROLS, METHODS, RobustnessPlan


def corpus(n: int) -> Corpus:
    whole = {"name": "c", "split": "test", "licence": "", "sha256": "0" * 64}
    return Corpus(ids=tuple(range(10, 10 + n)), texts=("t",) * n, labels=(0,) * n, **whole)  # type: ignore[arg-type]


def plan(**given: Any) -> RobustnessPlan:
    return RobustnessPlan(**{"corpus": "movie", "runs": ("ig",), "model": "a", **given})


def test_the_random_control_is_in_every_study_once_and_methods_that_sample_run_with_one_seed() -> None:
    assert plan().runs == ("ig", "random(seeds=1)")
    assert plan(runs=("random", "smoothgrad", "ig", "ig")).runs == ("random(seeds=1)", "smoothgrad(seeds=1)", "ig")


def test_every_method_has_the_baseline_of_the_plan_which_is_the_unknown_token_unless_told_otherwise() -> None:
    assert {choice.baseline for choice in plan(runs=METHODS).choices()} == {"unk"}
    found = plan(runs=("ig(steps=20)", "sig-exact"), baseline="pad").choices()
    assert [(one.method, one.baseline, one.options.get("steps")) for one in found] == [
        ("ig", "pad", 20),
        ("sig-exact", "pad", None),
        ("random", "pad", None),
    ]


def test_the_methods_of_the_papers_are_all_there() -> None:
    assert len(set(METHODS)) == len(METHODS) and {*METHODS} <= {*KNOWN}
    assert {"saliency", "smoothgrad", "ig", "kernel-shap", "sig"} <= {*METHODS}
    assert len(plan(runs=METHODS).runs) == len(METHODS) + 1


def test_a_model_stands_beside_the_other_and_both_its_controls() -> None:
    whole = plan(other="b")
    assert (whole.models, whole.others) == (("a", "b"), ("b", UNTRAINED, REDRAWN))
    assert (plan().models, plan().others) == (("a",), CONTROLS)
    assert plan(other="b", controls=()).others == ("b",)


def test_a_unit_of_work_is_a_text_and_an_unfinished_study_a_random_sample() -> None:
    tasks = plan(other="b").tasks(corpus(40))
    assert len({task.key for task in tasks}) == 40 and {(task.model, task.control) for task in tasks} == {("a", "")}
    first = [task.text_id for task in tasks][:10]
    assert first != sorted(first) and max(first) > 25
    assert first != [task.text_id for task in plan(seed=1).tasks(corpus(40))][:10]


def test_a_plan_comes_back_from_its_metadata() -> None:
    made = plan(other="b", runs=("sig(tolerance=0.01)",), reductions=("l2",), controls=(UNTRAINED,), limit=7, unit="word")
    assert RobustnessPlan.from_dict(json.loads(json.dumps(made.to_dict()))) == made
    assert RobustnessPlan.from_dict({**made.to_dict(), "of a later version": 1}) == made
    assert made.study == results.ROBUSTNESS


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"runs": ("nonsense",)}, "no method 'nonsense'"),
        ({"runs": ("ig sig",)}, "one at a time"),
        ({"runs": ("ig(baseline=pad)",)}, "baselines are given apart"),
        ({"runs": ("ig(steps=0)",)}, "steps is '0'"),
        ({"runs": ("smoothgrad(reduction=l2)",)}, "reduction"),
        ({"runs": ()}, "no methods"),
        ({"runs": tuple(f"ig(steps={i})" for i in range(1, 70))}, "more than 64"),
        ({"model": ""}, "no model"),
        ({"model": "b", "other": "b"}, "model and other are both 'b'"),
        ({"model": "x" * 500, "other": "x" * 500}, "…"),
        ({"controls": ()}, "nothing to compare with"),
        ({"controls": ("trained",)}, "controls: 'trained'"),
        ({"other": UNTRAINED}, "how a control is called"),
        ({"reductions": ("mean",)}, "reduction is 'mean'"),
        ({"reductions": ()}, "No reduction"),
        ({"baseline": ""}, "baseline is empty"),
        ({"unit": "letter"}, "unit: 'letter'"),
        ({"output": "size"}, "output: 'size'"),
        ({"limit": 0}, "limit is 0"),
        ({"seed": -1}, "seed is -1"),
    ],
)
def test_what_cannot_be_studied_is_said_with_the_value(given: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidSettings, match=said) as caught:
        plan(**given)
    assert len(str(caught.value)) < 500


def test_two_names_of_one_model_are_one_model() -> None:
    short, whole = next(iter(catalogue.ALIASES.items()))
    with pytest.raises(InvalidSettings, match="always agrees with itself"):
        plan(model=short, other=whole)
