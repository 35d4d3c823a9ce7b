"""What is shipped is whole: enough texts, all controls, no text of anybody's, and a command that makes it again."""

import shlex
from argparse import Namespace
from pathlib import Path

import pytest

from sigviz.cli import _parser
from sigviz.errors import InvalidResults
from sigviz.studies import results, robustness, robustness_summary, shipped, summary
from sigviz.studies.plan import CHANCE
from sigviz.studies.reductions import WHOLE
from sigviz.studies.results import ROBUSTNESS, Results
from sigviz.studies.robustness_plan import RobustnessPlan
from tests.views.robust_rows import ABOUT, rows

NAMES = list(shipped.known())
ROBUST = list(shipped.known(ROBUSTNESS))


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


@pytest.mark.parametrize("name", ROBUST)
def test_shipped_robustness_results_are_whole_and_hold_no_texts(name: str) -> None:
    found = shipped.load(name, ROBUSTNESS)
    plan, rows = RobustnessPlan.from_dict(found.about["plan"]), found.rows
    assert found.complete and found.about["failed"] == {} and "text" not in rows
    texts = rows["text_id"].nunique()
    assert texts == found.about["corpus"]["texts"] == plan.limit and texts >= 300
    assert plan.other and len(plan.controls) == 2
    told = rows[rows["metric"] == robustness.INFIDELITY].drop_duplicates(["settings", "reduction"])
    kinds = {WHOLE: 1, **dict.fromkeys(plan.reductions, len(plan.reductions))}
    assert {*told["settings"]} == {*plan.runs} and CHANCE in {*told["method"]}
    for settings, own in told.groupby("settings"):
        assert len(own) == kinds[own["reduction"].iloc[0]], settings
    for metric in map(robustness.jaccard_id, robustness.LEVELS):
        assert (rows["metric"] == metric).sum() == len(told) * texts * len(plan.others), metric
    assert (rows["metric"] == robustness.INFIDELITY).sum() == len(told) * texts * 2
    assert (rows["metric"] == robustness.SAME).sum() == texts * len(plan.others)
    assert rows.loc[rows["metric"].isin([robustness.INFIDELITY, robustness.SAME]), "value"].notna().all()
    robustness_summary.summarise(rows, draws=10)  # raises where a row occurs twice


def _asked(command: str, monkeypatch: pytest.MonkeyPatch) -> RobustnessPlan:
    """The plan that the command line makes of this command, without running it."""
    caught: list[RobustnessPlan] = []

    def done(study: object, plan: RobustnessPlan, given: Namespace) -> Results:
        caught.append(plan)
        return Results(rows({}, texts=1), ABOUT)

    monkeypatch.setattr("sigviz.cli_studies.done", done)
    given = _parser().parse_args(shlex.split(command)[3:])
    given.run(given)
    return caught[0]


PLANS = [
    RobustnessPlan("movie", ("ig",), "bundled/minilm-movie", "bundled/minilm-movie-2", limit=300),
    RobustnessPlan("movie", ("sig(steps=20)", "sig-exact"), "bundled/distil-movie", limit=7, seed=3, split="validation"),
    RobustnessPlan("x.csv", ("ig",), "a b", "c'd", reductions=("sum",), controls=(), baseline="[UNK]", output="probability"),
    RobustnessPlan("movie", ("ig",), "m", controls=("untrained-all",), unit="word", dtype="float64"),
]


@pytest.mark.parametrize("plan", PLANS)
def test_the_command_of_a_robustness_study_gives_the_same_plan_again(
    plan: RobustnessPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = shipped.command(Results(rows({}, texts=1), {"study": ROBUSTNESS, "plan": plan.to_dict()}))
    assert command.startswith("python -m sigviz robustness ") and _asked(command, monkeypatch) == plan


@pytest.mark.parametrize("name", ROBUST)
def test_the_command_of_shipped_robustness_results_gives_their_plan_again(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = shipped.load(name, ROBUSTNESS)
    assert _asked(shipped.command(found), monkeypatch) == RobustnessPlan.from_dict(found.about["plan"])


def test_each_kind_of_study_is_found_and_opened_as_what_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    results.write(tmp_path / "made.parquet", Results(rows({}, texts=2), ABOUT))
    results.write(tmp_path / "half.parquet", Results(rows({}, texts=2), ABOUT, complete=False))
    monkeypatch.setattr(shipped, "_folder", lambda study: tmp_path)
    shipped.known.cache_clear()
    try:
        title = "bundled/minilm-movie beside bundled/minilm-movie-2: 2 methods, baseline unk, 60 texts of movie"
        assert shipped.known(ROBUSTNESS) == {"made": title}
        assert len(shipped.load("made", ROBUSTNESS).rows) == len(rows({}, texts=2))
        with pytest.raises(InvalidResults, match="No study 'half'"):
            shipped.load("half", ROBUSTNESS)
    finally:
        shipped.known.cache_clear()
