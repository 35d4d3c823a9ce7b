"""The command line: the JSON of the contract, readable tables, and bad input in one line."""

import io
import json
from pathlib import Path

import numpy as np
import pytest

import sigviz
from sigviz import cli
from sigviz.cli import _table, main
from sigviz.errors import InvalidSettings
from sigviz.methods import METHODS
from sigviz.models import catalogue, finetuning, zoo
from sigviz.models.classifier import TextClassifier
from sigviz.studies import corpora, results, robustness_summary
from sigviz.studies.robustness_plan import CONTROLS, RobustnessPlan
from sigviz.views import files
from tests import tiny
from tests.models.families import FAMILIES

MODEL = "bundled/distil-movie"
TEXT = "a hideous , confusing spectacle"
ROBUST = ["robustness", "--corpus", "movie", "--out", "r"]
TOP = {"model", "text", "target", "label", "probabilities", "truncated", "windows", "attributions"}
ENTRY = {
    "method",
    "settings",
    "units",
    "raw",
    "scores",
    "spread",
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


def test_runs_have_settings_of_their_own_and_take_the_flags_for_the_rest(capsys: pytest.CaptureFixture[str]) -> None:
    lines = ("ig sig(steps=3,baseline=pad)", "sig(tolerance=0.1)", "sig-exact(baseline=mask)", "ig")
    asked = [part for line in lines for part in ("--method", line)]
    found = _json(capsys, *asked, "--steps", "4", "--baseline", "unk", "--seed", "5")["attributions"]
    settings = [entry["settings"] for entry in found]
    assert [one["method"] for one in settings] == ["ig", "sig", "sig", "sig-exact"], "what is asked twice is run once"
    assert [one["baseline"] for one in settings] == ["unk", "pad", "unk", "mask"]
    assert [one.get("steps") for one in settings] == [4, 3, 4, None]
    assert [one.get("tolerance") for one in settings] == [None, None, 0.1, None]
    assert {one["seed"] for one in settings} == {5}


def test_the_table_tells_runs_of_one_method_apart(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", TEXT, "--model", MODEL, "--method", "sig(steps=2)", "--method", "sig(steps=3)"]) == 0
    printed = capsys.readouterr().out
    assert printed.count("SIG, steps 2") == printed.count("SIG, steps 3") == 2


@pytest.mark.parametrize("suffix", [*files.SUFFIXES])
def test_every_format_is_printed_or_written(
    suffix: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    classifier = tiny.bert()  # loading takes seconds
    monkeypatch.setattr(zoo, "load", lambda name, **_: classifier)
    looks = {"latex": ["--colours", "--scale", "fixed"], "svg": ["--theme", "dark", "--scale", "fixed"]}
    looks["html"] = looks["svg"]
    asked = ["explain", TEXT, "--method", "random", *looks.get(files.SUFFIXES[suffix], [])]
    assert main([*asked, "--format", files.SUFFIXES[suffix]]) == 0
    printed, out = capsys.readouterr().out, tmp_path / f"rows{suffix}"
    assert main([*asked, "--out", str(out)]) == 0
    table, written = capsys.readouterr().out, out.read_text("utf-8")
    assert "forward" in table and "hideous" in written, "what was found is printed as well"
    assert written[:60] == printed[:60] != table[:60]
    other = tmp_path / "rows.any"
    assert main([*asked, "--json", "--out", str(out)]) == 0 and json.loads(capsys.readouterr().out)["model"] == "tiny"
    assert main([*asked, "--format", files.SUFFIXES[suffix], "--out", str(other)]) == 0
    assert other.read_text("utf-8")[:60] == printed[:60] and capsys.readouterr().out[:60] == table[:60]


def test_where_a_file_goes_and_how_it_looks_is_checked_before_the_model_is_loaded(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def loaded(*_: object, **__: object) -> TextClassifier:
        raise AssertionError("loaded")

    monkeypatch.setattr(zoo, "load", loaded)
    assert main(["explain", TEXT, "--out", str(tmp_path / "none" / "rows.svg")]) == 2
    assert main(["explain", TEXT, "--out", str(tmp_path / "rows.csv"), "--theme", "dark"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 2


def test_what_was_found_is_printed_even_where_the_file_cannot_be_written(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    classifier, folder = tiny.bert(), tmp_path / "there"
    folder.mkdir()

    def load(*_: object, **__: object) -> TextClassifier:
        folder.rmdir()  # gone in the meantime
        return classifier

    monkeypatch.setattr(zoo, "load", load)
    assert main(["explain", TEXT, "--method", "random", "--out", str(folder / "rows.svg")]) == 2
    printed = capsys.readouterr()
    assert "hideous" in printed.out and "No such file" in printed.err and len(printed.err.splitlines()) == 1


def test_text_is_read_from_standard_input(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("a plain film\n"))
    assert main(["explain", "-", "--model", MODEL, "--method", "sig-exact", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["text"] == "a plain film"


def test_bytes_that_are_no_characters_are_read_as_such(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"a dull \xff\xfe film\n"), encoding="utf-8"))
    assert main(["explain", "-", "--model", MODEL, "--method", "sig-exact", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["text"] == "a dull \ufffd\ufffd film"


def test_a_closed_standard_input_is_said(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", None)
    assert main(["explain", "-", "--model", MODEL]) == 2
    assert "Standard input is closed" in capsys.readouterr().err


def test_names_of_models_and_classes_cannot_move_the_cursor() -> None:
    model, tokenizer = FAMILIES["bert"]()
    classifier = TextClassifier(model, tokenizer, name="a\x1b[31mb", labels=("\x1b[2J", "x\r", "\x07"))
    table = _table([sigviz.explain(classifier, TEXT, "sig-exact")])
    assert all(line.isprintable() for line in table.split("\n"))


def test_control_characters_do_not_reach_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "a \x1b[31m film \x07", "--model", MODEL, "--method", "sig-exact"]) == 0
    assert "\x1b" not in capsys.readouterr().out


def test_models_and_methods_list_everything(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models"]) == 0
    printed = capsys.readouterr().out
    assert [entry.name for entry in catalogue.models() if entry.name not in printed] == []
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
        (["explain", TEXT, "--model", MODEL, "--method", "sig(steps=0)"], "from 1 to 1024"),
        (["explain", TEXT, "--model", MODEL, "--method", "sig(nope=1)"], "no setting 'nope'"),
        (["explain", TEXT, "--model", MODEL, "--method", ""], "0 entries"),
        (["explain", TEXT, "--model", MODEL, "--out", "x.png"], "in the browser"),
        (["explain", TEXT, "--model", MODEL, "--out", "x"], "says no format"),
        (["explain", TEXT, "--model", MODEL, "--out", ".", "--format", "svg"], "is a folder"),
        (["explain", TEXT, "--model", MODEL, "--out", "none/x.svg"], "There is no folder"),
        (["explain", TEXT, "--model", MODEL, "--theme", "dark"], "--theme is for svg, html. Nothing with colours"),
        (["explain", TEXT, "--model", MODEL, "--json", "--scale", "row"], "--scale is for svg, html, latex"),
        (["explain", TEXT, "--model", MODEL, "--colours"], "--colours is for latex"),
        (["explain", TEXT, "--model", MODEL, "--format", "svg", "--colours"], "The format svg has no use for it"),
        (["explain", TEXT, "--model", MODEL, "--out", "x.csv", "--theme", "light"], "The format csv has no use for it"),
        (["explain", TEXT, "--model", MODEL, "--format", "latex", "--scale", "fixed"], "Give --colours too"),
        (["explain", TEXT, "--model", MODEL, "--format", "png"], "invalid choice"),
        (["explain", TEXT, "--model", MODEL, "--format", "svg", "--json"], "not allowed with"),
        (["explain", TEXT, "--model", "owner/name", "--revision", "../x"], "not a revision"),
        (["finetune", "--corpus", "films", "--out", "x"], "no corpus 'films'"),
        (["finetune", "--corpus", "movie", "--out", "x", "--epochs", "0"], "epochs is 0"),
        (["finetune", "--corpus", "movie", "--out", "x", "--seed", "-1"], "seed is -1"),
        (["finetune", "--corpus", "movie", "--out", "x", "--limit", "-3"], "limit is -3"),
        (["finetune", "--corpus", "movie", "--out", "x", "--limit", "0"], "limit is 0"),
        (["evaluate", "--corpus", "films", "--method", "ig", "--out", "r"], "no corpus 'films'"),
        (["evaluate", "--corpus", "movie", "--split", "dev", "--method", "ig", "--out", "r"], "no split 'dev'"),
        (["evaluate", "--corpus", "none.csv", "--method", "ig", "--out", "r"], "none.csv"),
        (["evaluate", "--corpus", "movie", "--method", "nope", "--out", "r"], "no method 'nope'"),
        (["evaluate", "--corpus", "movie", "--method", "ig(steps=0)", "--out", "r"], "steps is '0'"),
        (["evaluate", "--corpus", "movie", "--method", "ig", "--seed", "-1", "--out", "r"], "seed is -1"),
        (["evaluate", "--corpus", "movie", "--method", "ig", "--model", "bundled/nope", "--out", "r"], "bundled/minilm-movie"),
        (["evaluate", "--corpus", "movie", "--method", "ig", "--device", "quantum", "--out", "r"], "device"),
        (
            ["evaluate", "--corpus", "movie", "--method", "ig", "--baseline", "two words", "--limit", "1", "--out", "r"],
            "one token",
        ),
        (["evaluate", "--corpus", "movie", "--method", "ig", "--protocol", "loose", "--out", "r"], "protocols"),
        (["evaluate", "--corpus", "movie", "--method", "ig", "--parity", "mine", "--out", "r"], "parity"),
        (["evaluate", "--corpus", "movie", "--method", "ig", "--out", "."], "is a folder"),
        (["evaluate", "--corpus", "movie", "--method", "ig", "--ray", "127.0.0.1:1", "--limit", "1", "--out", "r"], "Ray"),
        (["evaluate", "--corpus", "movie", "--out", "r"], "required"),
        ([*ROBUST, "--corpus", "films"], "no corpus 'films'"),
        ([*ROBUST, "--method", "nope"], "no method 'nope'"),
        ([*ROBUST, "--method", "all"], "no method 'all'"),
        ([*ROBUST, "--method", "ig(steps=0)"], "steps is '0'"),
        ([*ROBUST, "--method", "smoothgrad(reduction=l2)"], "reductions are given apart"),
        ([*ROBUST, "--reduction", "mean"], "reduction is 'mean'"),
        ([*ROBUST, "--model", MODEL, "--other", MODEL], "always agrees with itself"),
        ([*ROBUST, "--other", "untrained"], "how a control is called"),
        ([*ROBUST, "--model", MODEL, "--other", "none", "--control", "none"], "nothing to compare with"),
        ([*ROBUST, "--control", "trained"], "controls: 'trained'"),
        ([*ROBUST, "--control", "none", "--control", "untrained"], "controls: 'none'"),
        ([*ROBUST, "--model", "bundled/nope", "--limit", "1"], "bundled/minilm-movie"),
        ([*ROBUST, "--model", MODEL, "--other", "bundled/nope", "--limit", "1"], "no bundled model"),
        ([*ROBUST, "--model", MODEL, "--baseline", "two words", "--limit", "1"], "one token"),
        ([*ROBUST, "--unit", "letter"], "invalid choice"),
        ([*ROBUST, "--output", "size"], "invalid choice"),
        ([*ROBUST, "--limit", "0"], "limit is 0"),
        ([*ROBUST, "--seed", "-1"], "seed is -1"),
        ([*ROBUST, "--out", "."], "is a folder"),
        ([*ROBUST, "--out", "r.journal"], "how journals are called"),
        (["robustness", "--corpus", "movie"], "required"),
        (["explain", TEXT, "--nope\x1b[31m\n\n"], "unrecognized"),
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
    assert printed.err.strip().isprintable()
    assert list(tmp_path.iterdir()) == []


def test_an_error_cannot_move_the_cursor(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_: object) -> None:
        raise InvalidSettings("a\x1b[2Jb\x07\nc")  # a class's name may be in it

    monkeypatch.setattr(cli, "_methods", fails)
    assert main(["methods"]) == 2
    assert capsys.readouterr().err == "sigviz: a [2Jb  c\n"


def test_a_file_in_the_place_of_a_folder_is_refused_before_anything_is_trained(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    taken = tmp_path / "taken"
    taken.write_text("mine")
    assert main(["finetune", "--corpus", "movie", "--out", str(taken)]) == 2
    printed = capsys.readouterr()
    assert printed.out == "" and len(printed.err.splitlines()) == 1 and "taken is a file" in printed.err
    assert taken.read_text() == "mine"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_results_that_cannot_be_written_are_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with open("/dev/full", "w") as full:  # closing it writes what is left: it must not fail a second time
        monkeypatch.setattr("sys.stdout", full)
        assert main(["models"]) == 2
    printed = capsys.readouterr().err
    assert len(printed.splitlines()) == 1 and "No space left" in printed


def test_a_limit_is_for_training_and_the_accuracy_is_measured_on_everything(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    seen = {}

    def trained(recipe, data, labels, out, about) -> dict:
        seen.update({split: len(examples.texts) for split, examples in data.items()})
        return {"test_accuracy": 0.5, "test_standard_error": 0.1, "n": seen}

    monkeypatch.setattr(finetuning, "finetune", trained)
    assert main(["finetune", "--corpus", "movie", "--out", str(tmp_path / "new"), "--limit", "7"]) == 0
    whole = {split: len(corpora.load("movie", split)) for split in ("validation", "test")}
    assert seen == {"train": 7, **whole}


# robustness


def test_robustness_prints_its_tables_and_verdicts_and_writes_its_rows(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    out = tmp_path / "r.parquet"
    asked = ["robustness", "--corpus", "movie", "--model", MODEL, "--limit", "4", "--out", str(out)]
    asked += ["--method", "saliency", "--method", "sig-exact"]
    assert main([*asked, "--other", "none"]) == 0
    printed = capsys.readouterr().out
    for said in ("Untrained head predict the same class on", "Nothing trained predict the same class on", "n = 4"):
        assert said in printed
    for said in ("Length (l2)", "Sum: a word's", "Methods that score whole words", "jaccard@25", "jaccard@10", "infidelity"):
        assert said in printed
    first = [line.split()[0] for line in printed.splitlines() if line]
    assert [first.count(name) for name in ("saliency", "sig-exact", "random(seeds=1)")] == [2, 1, 1]
    assert "passes" not in printed and "cannot be told" not in printed, "no other model: nothing to pass"
    found = results.load(out, study=results.ROBUSTNESS)
    means = robustness_summary.summarise(found.rows)
    (line,) = (line for line in printed.splitlines() if line.startswith("sig-exact"))
    (row,) = means[
        (means["method"] == "sig-exact") & (means["metric"] == "infidelity") & (means["control"] == "")
    ].itertuples()
    assert f"{row.mean:.1f} ({row.se:.1f})" in line
    assert main([*asked, "--other", "none"]) == 0 and capsys.readouterr().out == printed, "the results that are there"
    other = [*asked[:-4], "--method", "sig-exact", "--other", "bundled/minilm-movie", "--control", "untrained"]
    assert main([*other, "--out", str(tmp_path / "pair.parquet"), "--limit", "3"]) == 0
    printed = capsys.readouterr().out
    assert f"{MODEL} and bundled/minilm-movie predict the same class on" in printed and "Nothing trained" not in printed
    assert "sig-exact: cannot be told (Untrained head:" in printed and "random(seeds=1): " not in printed
    assert "[n] where texts on which the two differ are left out" in printed


def test_robustness_says_which_texts_it_left_out(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    texts = tmp_path / "texts.csv"
    texts.write_text("text\na plain film\n\u200b\n", encoding="utf-8")
    asked = ["robustness", "--corpus", str(texts), "--model", MODEL, "--method", "sig-exact", "--control", "untrained"]
    assert main([*asked, "--out", str(tmp_path / "r.parquet")]) == 0
    assert f"left out: {MODEL}//1" in capsys.readouterr().out


def test_robustness_has_help_for_every_flag(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["robustness", "--help"])
    printed = capsys.readouterr().out
    assert left.value.code == 0
    own = ("--model", "--other", "--method", "--reduction", "--baseline", "--unit", "--control")
    shared = ("--corpus", "--split", "--limit", "--seed", "--output", "--device", "--dtype", "--out", "--ray")
    assert [flag for flag in (*own, *shared) if flag not in printed] == []


def test_a_model_without_a_twin_stands_beside_its_controls_and_one_with_it_beside_it(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def study(run: object, plan: RobustnessPlan, given: object) -> None:
        seen.append(plan)
        raise InvalidSettings("enough")

    monkeypatch.setattr("sigviz.cli_studies.done", study)
    for model in ("bundled/minilm-movie", "bundled/minilm-nyt-2", MODEL, "owner/name"):
        assert main([*ROBUST, "--model", model]) == 2
    assert [plan.other for plan in seen] == ["bundled/minilm-movie-2", "bundled/minilm-nyt", "", ""]
    assert main([*ROBUST, "--other", "none"]) == 2 and seen[-1].other == ""
    assert {plan.baseline for plan in seen} == {"unk"} and {plan.reductions for plan in seen} == {("l2", "sum")}
    assert {plan.controls for plan in seen} == {CONTROLS}


LONG = "a slow start . the plot is dull . but the ending is moving , and quite bright ."


def test_a_part_of_the_text_is_explained_by_characters_or_by_the_number_of_a_sentence(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zoo, "load", lambda name, **_: tiny.bert())
    asked = ["explain", LONG, "--json", "--unit", "word", "--method", "ig(steps=3)", "--method", "sig-exact"]
    for part in (["--within", "15:33"], ["--sentence", "2"]):
        assert main([*asked, *part]) == 0
        for entry in json.loads(capsys.readouterr().out)["attributions"]:
            assert entry["settings"]["within"] == [15, 33]
            assert [unit["text"] for unit in entry["units"]] == ["the", "plot", "is", "dull", "."]
    assert main(["explain", LONG, "--method", "random", "--sentence", "2"]) == 0
    assert "Only characters 15 to 33 were explained" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("part", "said"),
    [
        (["--sentence", "4"], "There is no sentence 4: the model reads 3 of this text."),
        (["--sentence", "0"], "There is no sentence 0"),
        (["--within", "9:3"], "within is (9, 3)"),
        (["--within", "900:950"], "No token that the model reads lies within characters 900 to 950"),
    ],
)
def test_a_part_that_the_text_does_not_have_is_refused_in_one_line(
    part: list[str], said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zoo, "load", lambda name, **_: tiny.bert())
    assert main(["explain", LONG, "--method", "sig-exact", *part]) == 2
    printed = capsys.readouterr()
    assert printed.out == "" and said in printed.err and len(printed.err.splitlines()) == 1


def test_a_part_in_no_form_is_refused_and_studies_know_neither_parts_nor_windows(capsys: pytest.CaptureFixture[str]) -> None:
    for asked in (["explain", LONG, "--within", "nine"], [*ROBUST, "--window", "slide"], [*ROBUST, "--within", "0:9"]):
        with pytest.raises(SystemExit) as left:
            main(asked)
        printed = capsys.readouterr()
        assert left.value.code == 2 and printed.out == "" and len(printed.err.splitlines()) == 1


def test_a_text_longer_than_the_model_reads_is_read_in_windows_on_request(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zoo, "load", lambda name, **_: tiny.bert())
    assert main(["explain", "film " * 100, "--method", "random"]) == 0
    assert (
        "38 tokens past the model's limit were left out. To read it all, in windows: --window slide."
        in capsys.readouterr().out
    )
    assert main(["explain", "film " * 100, "--method", "random", "--window", "slide", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["windows"], found["truncated"], len(found["attributions"][0]["raw"])) == (3, 0, 100)
    assert found["attributions"][0]["settings"]["window"] == "slide"
