"""The same study on a local Ray of two workers: the same rows, also when one of them is killed on the way."""

import signal
import sys
import threading
from pathlib import Path

import pandas as pd
import psutil
import pytest

from sigviz.errors import InvalidSettings
from sigviz.studies import cluster, faithfulness, robustness
from sigviz.studies.plan import Plan
from sigviz.studies.results import Results
from sigviz.studies.robustness_plan import RobustnessPlan

PLAN = Plan("movie", ("sig-exact", "ig(steps=4)"), models=("bundled/distil-movie",), limit=12, control=2, seed=5)
KEYS = ["model", "control", "text_id", "settings", "baseline", "protocol", "metric"]


def values(found: Results) -> pd.Series:
    return found.rows.set_index(KEYS)["value"].sort_index()


def actors() -> list[psutil.Process]:
    """The processes of this test's Ray that do the work."""
    children = psutil.Process().children(recursive=True)
    return [child for child in children if "Examiner" in " ".join(child.cmdline()) or "MapWorker" in " ".join(child.cmdline())]


def test_two_workers_one_of_them_killed_find_what_one_process_finds(tmp_path: Path) -> None:
    alone = faithfulness.evaluate(PLAN, tmp_path / "alone.parquet")
    killed: list[int] = []

    def kill_one(done: int, total: int, what: str) -> None:
        if done == 2 and not killed:
            victim = actors()[0]
            victim.send_signal(signal.SIGKILL)
            killed.append(victim.pid)

    found = faithfulness.evaluate(PLAN, tmp_path / "ray.parquet", workers=cluster.workers("local", 2), progress=kill_one)
    assert killed, "nothing was killed on the way"
    assert not found.rows.duplicated(KEYS).any() and found.about["failed"] == {}
    # threads and chunks are the same, so the numbers are, but for rounding
    pd.testing.assert_series_equal(values(found), values(alone), atol=1e-5, rtol=1e-4)


ROBUST = RobustnessPlan("movie", ("saliency", "sig-exact"), "bundled/distil-movie", limit=10, seed=5)
PAIR_KEYS = ["text_id", "control", "other", "settings", "reduction", "metric"]


@pytest.mark.soak  # the same machinery as above, with other rows
def test_a_robustness_study_is_spread_over_two_workers_too_one_of_them_killed(tmp_path: Path) -> None:
    alone = robustness.assess(ROBUST, tmp_path / "alone.parquet")
    killed: list[int] = []

    def kill_one(done: int, total: int, what: str) -> None:
        if done == 2 and not killed:
            victim = actors()[0]
            victim.send_signal(signal.SIGKILL)
            killed.append(victim.pid)

    found = robustness.assess(ROBUST, tmp_path / "ray.parquet", workers=cluster.workers("local", 2), progress=kill_one)
    assert killed, "nothing was killed on the way"
    assert not found.rows.duplicated(PAIR_KEYS).any() and found.about == alone.about
    rows, expected = (one.rows.set_index(PAIR_KEYS)["value"].sort_index() for one in (found, alone))
    pd.testing.assert_series_equal(rows, expected, atol=1e-5, rtol=1e-4)


def test_a_cluster_that_is_not_there_is_said() -> None:
    with pytest.raises(InvalidSettings, match="No Ray cluster answers"):
        list(cluster.workers("127.0.0.1:1")(PLAN, [], threading.Event()))


def test_without_ray_it_is_said_how_to_have_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(InvalidSettings, match=r"requirements-ray\.txt"):
        cluster.workers("local")
