"""The command line: the JSON of the contract, readable tables, and bad input in one line."""

import io
import json
from pathlib import Path

import numpy as np
import pytest

import sigviz
from sigviz.cli import main
from sigviz.methods import METHODS
from sigviz.models import zoo

MODEL = "bundled/distil-movie"
TEXT = "a hideous , confusing spectacle"
TOP = {"model", "text", "target", "label", "probabilities", "truncated", "attributions"}
ENTRY = {
    "method",
    "settings",
    "units",
    "raw",
    "scores",
    "expected",
    "delta",
    "total_delta",
    "output",
    "baseline_output",
    "cost",
    "notes",
}


def _json(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict:
    assert main(["explain", TEXT, "--model", MODEL, "--json", *arguments]) == 0
    return json.loads(capsys.readouterr().out)


def test_the_json_is_the_contract_and_holds_the_numbers_of_the_api(capsys: pytest.CaptureFixture[str]) -> None:
    printed = _json(capsys, "--method", "sig", "--method", "ig", "--steps", "5", "--unit", "word")
    assert set(printed) == TOP and all(set(entry) == ENTRY for entry in printed["attributions"])
    assert [entry["method"] for entry in printed["attributions"]] == ["sig", "ig"]
    sig = printed["attributions"][0]
    mine = sigviz.explain(sigviz.load(MODEL), TEXT, method="sig", steps=5, unit="word")
    np.testing.assert_allclose(sig["raw"], mine.raw, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(sig["expected"], mine.expected, rtol=1e-4, atol=1e-5)
    assert [unit["text"] for unit in sig["units"]] == [TEXT[unit["start"] : unit["end"]] for unit in sig["units"]]
    assert sig["settings"]["steps"] == 5 and sig["cost"]["forward"] == mine.cost.forward


def test_a_table_names_every_word_and_what_it_cost(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", TEXT, "--model", MODEL, "--method", "sig-exact"]) == 0
    printed = capsys.readouterr().out
    assert all(word in printed for word in TEXT.split()) and "forward" in printed and "negative" in printed


def test_text_is_read_from_standard_input(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("a plain film\n"))
    assert main(["explain", "-", "--model", MODEL, "--method", "sig-exact", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["text"] == "a plain film"


def test_control_characters_do_not_reach_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "a \x1b[31m film \x07", "--model", MODEL, "--method", "sig-exact"]) == 0
    assert "\x1b" not in capsys.readouterr().out


def test_models_and_methods_list_everything(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models"]) == 0
    printed = capsys.readouterr().out
    assert [entry.name for entry in zoo.models() if entry.name not in printed] == []
    main(["methods"])
    printed = capsys.readouterr().out
    assert [id for id in METHODS if id not in printed] == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["explain", "", "--model", MODEL], "no words"),
        (["explain", "   ", "--model", MODEL], "no words"),
        (["explain", TEXT, "--model", MODEL, "--method", "nope"], "no method 'nope'"),
        (["explain", TEXT, "--model", MODEL, "--steps", "0"], "from 1 to 1024"),
        (["explain", TEXT, "--model", MODEL, "--steps", "many"], "invalid int value"),
        (["explain", TEXT, "--model", MODEL, "--method", "sig-exact", "--steps", "5"], "no setting"),
        (["explain", TEXT, "--model", MODEL, "--baseline", "two words"], "not one token"),
        (["explain", TEXT, "--model", MODEL, "--target", "7"], "no class '7'"),
        (["explain", TEXT, "--model", "bundled/nope"], "bundled/minilm-movie"),
        (["explain", TEXT, "--model", "no such/../model"], "model"),
        (["explain", TEXT, "--model", MODEL, "--device", "quantum"], "device"),
        (["explain", TEXT, "--model", MODEL, "--unit", "letter"], "invalid choice"),
        (["explain"], "required"),
        (["finetune", "--corpus", "films", "--out", "x"], "no corpus 'films'"),
        (["finetune", "--corpus", "movie", "--out", "x", "--epochs", "0"], "epochs is 0"),
        ([], "required"),
    ],
)
def test_bad_input_is_code_2_and_one_line_on_stderr(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    try:
        code = main(arguments)
    except SystemExit as exit:  # argparse leaves by itself
        code = exit.code
    printed = capsys.readouterr()
    assert code == 2 and printed.out == ""
    assert len(printed.err.strip().splitlines()) == 1 and said in printed.err and "Traceback" not in printed.err
    assert list(tmp_path.iterdir()) == []
