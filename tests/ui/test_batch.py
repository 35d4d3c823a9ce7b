"""The batch page's pieces: what they say and what they bound."""

import tomllib
from pathlib import Path

import pytest

from sigviz.hosting import Hosting
from sigviz.methods import METHODS
from sigviz.methods.runs import RunChoice
from sigviz.studies.batch import Outlook
from sigviz.ui import batch, batch_result

CONFIG = Path(__file__).parents[2] / ".streamlit" / "config.toml"


def test_browsers_are_told_the_bound_that_the_server_keeps() -> None:
    usual = Hosting()
    assert tomllib.loads(CONFIG.read_text())["server"]["maxUploadSize"] == usual.max_upload_mb
    assert f"{usual.max_upload_mb} MB" in batch.bounds() and f"{usual.max_texts:,} texts" in batch.bounds()


def test_the_cost_is_said_before_anything_is_run() -> None:
    said = batch.cost(Outlook(rows=1200, passes=34_000, work=1e6, sampled=True), seconds=150)
    assert "1,200 rows, 34,000 passes" in said and "about 2 min" in said and "reckoned from 50 of the texts" in said
    assert "reckoned" not in batch.cost(Outlook(1, 1, 1.0, False), 1)


@pytest.mark.parametrize("method", METHODS)
def test_what_was_run_is_shown_as_the_line_that_asks_for_it(method: str) -> None:
    few = {"steps": 7} if any(option.name == "steps" for option in METHODS[method].options) else {}
    choice = RunChoice(method, "pad", dict(few))
    assert batch_result._line(choice.settings(unit="word", output="margin").to_dict()) == str(choice)


def test_steps_go_to_the_methods_that_have_them() -> None:
    for method in METHODS.values():
        given = batch._steps(method.id, 3)
        assert method.settings(**given)
        assert bool(given) == any(option.name == "steps" for option in method.options)
    assert batch._steps(next(iter(METHODS)), None) == {}
