"""What is shipped is whole: enough texts, both controls, no text of anybody's, and a command that makes it again."""

import shlex

import pytest

from sigviz.cli import _parser
from sigviz.errors import InvalidResults
from sigviz.studies import shipped, summary
from sigviz.studies.plan import CHANCE

NAMES = list(shipped.known())


def test_something_is_shipped() -> None:
    assert NAMES


@pytest.mark.parametrize("name", NAMES)
def test_shipped_results_are_whole_and_hold_no_texts(name: str) -> None:
    found = shipped.load(name)
    plan, rows = found.about["plan"], found.rows
    assert found.complete and found.about["failed"] == {} and "text" not in rows
    own = rows[rows["control"] == ""]
    texts = own["text_id"].nunique()
    assert texts == found.about["corpus"]["texts"] == plan["limit"]
    expected = len(plan["runs"]) * len(plan["baselines"]) * texts
    for metric in plan["metrics"]:
        times = len(plan["protocols"]) if metric in ("log_odds", "comprehensiveness", "sufficiency") else 1
        assert (own["metric"] == metric).sum() == expected * times, metric
    assert CHANCE in set(own["method"]) and rows["value"].notna().all()
    assert (rows["control"] != "").any() == (plan["control"] > 0)
    summary.summarise(rows)  # raises where a row occurs twice


@pytest.mark.parametrize("name", NAMES)
def test_the_command_that_is_shown_is_one_that_the_command_line_takes(name: str) -> None:
    words = shlex.split(shipped.command(shipped.load(name)))
    assert words[:4] == ["python", "-m", "sigviz", "evaluate"]
    given = _parser().parse_args(words[3:])
    plan = shipped.load(name).about["plan"]
    assert given.limit == plan["limit"] and given.baseline == plan["baselines"] and given.model == plan["models"]
    assert [*given.method, "random(seeds=1)"] == plan["runs"]


def test_a_name_that_is_not_shipped_is_said() -> None:
    with pytest.raises(InvalidResults, match="No study 'nonsense'"):
        shipped.load("nonsense")
