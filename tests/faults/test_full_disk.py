"""The disk is full while a file is written: said, nothing half left behind, and what was there before stays as it was."""

import os
import stat
from pathlib import Path

import pandas as pd
import pytest

import sigviz
from sigviz.cli import BAD_INPUT, main
from sigviz.models import zoo
from sigviz.studies import faithfulness, results
from sigviz.studies.plan import Plan
from sigviz.views import files
from sigviz.whole import whole
from tests import tiny
from tests.faults.full_disk import full_disk

TEXTS = ("a plain film", "not a bad movie", "dull and boring .", "moving , but slow", "it was unwatchable")


# one file


def test_the_limit_really_stops_a_file(tmp_path: Path) -> None:
    """The checker checked."""
    with full_disk(100), pytest.raises(OSError):
        (tmp_path / "x").write_bytes(b"0" * 101)
    (tmp_path / "x").write_bytes(b"0" * 101)


@pytest.mark.parametrize("suffix", files.SUFFIXES)
def test_a_saved_explanation_is_there_whole_or_not_at_all(tmp_path: Path, suffix: str) -> None:
    found = sigviz.explain(tiny.bert(), tiny.TEXT, "ig", steps=4)
    path = tmp_path / f"rows{suffix}"
    for old in (None, b"what was there"):
        if old is not None:
            path.write_bytes(old)
        with full_disk(200), pytest.raises(OSError) as caught:
            sigviz.save(found, path)
        assert caught.value.filename == str(path)
        assert [file.name for file in tmp_path.iterdir()] == ([] if old is None else [path.name])
        assert old is None or path.read_bytes() == old
    sigviz.save(found, path)
    assert path.stat().st_size > 200


def test_a_file_keeps_its_mode_and_a_link_stays_a_link(tmp_path: Path) -> None:
    place, link = tmp_path / "rows.csv", tmp_path / "link.csv"
    place.write_text("old")
    place.chmod(0o640)
    link.symlink_to(place)
    files.write(link, "new")
    assert place.read_text() == "new" and link.is_symlink() and stat.S_IMODE(place.stat().st_mode) == 0o640
    assert sorted(file.name for file in tmp_path.iterdir()) == ["link.csv", "rows.csv"]


def test_what_is_no_plain_file_is_written_to_directly(tmp_path: Path) -> None:
    files.write(Path(os.devnull), "anything")
    assert not Path(os.devnull).is_file()
    with pytest.raises(IsADirectoryError):
        files.write(tmp_path, "anything")
    with pytest.raises(OSError, match="nowhere"):
        files.write(tmp_path / "nowhere" / "x.csv", "anything")


def test_a_file_that_may_not_be_written_is_not_put_aside_either(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("old")
    monkeypatch.setattr(os, "access", lambda place, mode: False)  # whoever runs the tests may be root
    with pytest.raises(PermissionError, match=r"rows\.csv"):
        files.write(path, "new")
    assert path.read_text() == "old" and len([*tmp_path.iterdir()]) == 1


def test_a_fault_on_the_way_leaves_nothing_either(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), whole(tmp_path / "x") as place:
        place.write_text("half")
        raise ZeroDivisionError
    assert not [*tmp_path.iterdir()]


# a study


@pytest.fixture
def corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Five texts, and the tiny model under any name."""
    monkeypatch.setattr(zoo, "load", lambda name, **_: tiny.bert())
    place = tmp_path / "texts.csv"
    pd.DataFrame({"text": TEXTS, "label": [1, 1, 0, 1, 0]}).to_csv(place, index=False)
    return place


def _arguments(command: str, corpus: Path, out: Path) -> list[str]:
    own = {"evaluate": ["--model", "tiny", "--control", "0"], "robustness": ["--model", "tiny", "--other", "none"]}[command]
    return [command, "--corpus", str(corpus), "--method", "sig-exact", *own, "--out", str(out)]


def _values(command: str, out: Path) -> pd.Series:
    found = results.load(out, study={"evaluate": results.FAITHFULNESS, "robustness": results.ROBUSTNESS}[command])
    assert found.complete
    keys = [name for name in found.rows.columns if name not in ("value", "seconds", "text")]
    return found.rows.set_index(keys)["value"].sort_index()


@pytest.mark.parametrize("command", ["evaluate", "robustness"])
def test_a_study_goes_on_where_the_disk_was_full_and_finds_the_same(
    command: str, corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole_one, out = tmp_path / "whole.parquet", tmp_path / "r.parquet"
    assert main(_arguments(command, corpus, whole_one)) == 0
    capsys.readouterr()
    journal, kept = results.journal_of(out), 0
    for limit in (10, 1500, 4000, 6000, 9000):  # in the head, and in later and later lines
        with full_disk(limit):
            code = main(_arguments(command, corpus, out))
        said = capsys.readouterr()
        if code == 0:
            break
        assert code == BAD_INPUT and said.out == ""
        assert "space left" in said.err and said.err.strip().count("\n") == 0, said.err
        assert not out.exists() and {file.name for file in tmp_path.iterdir()} <= {"texts.csv", "whole.parquet", journal.name}
        done = journal.read_bytes().count(b"\n") if journal.exists() else 0
        assert done >= kept, "what was done is lost"
        kept = done
    assert kept > 1, "no unit was ever kept"
    assert main(_arguments(command, corpus, out)) == 0
    pd.testing.assert_series_equal(_values(command, out), _values(command, whole_one))
    assert not journal.exists()


def test_a_head_that_does_not_fit_leaves_no_journal(corpus: Path, tmp_path: Path) -> None:
    with full_disk(10), pytest.raises(OSError):
        faithfulness.evaluate(Plan(str(corpus), ("sig-exact",), models=("tiny",), control=0), tmp_path / "r.parquet")
    assert [file.name for file in tmp_path.iterdir()] == ["texts.csv"]


def test_a_finished_study_that_cannot_be_written_is_not_computed_again(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan, out = Plan(str(corpus), ("sig-exact",), models=("tiny",), control=0), tmp_path / "r.parquet"
    first: list[int] = []

    def fill(done: int, total: int, what: str) -> None:
        if done == total:
            first.append(done)

    finish = results.finish

    def full(*given):  # the journal fits, the results do not
        with full_disk(100):
            return finish(*given)

    monkeypatch.setattr(results, "finish", full)
    with pytest.raises(OSError):
        faithfulness.evaluate(plan, out, progress=fill)
    assert first and not out.exists() and not out.with_name("r.parquet.new").exists()
    assert results.journal_of(out).exists()
    monkeypatch.setattr(results, "finish", finish)
    again: list[int] = []
    found = faithfulness.evaluate(plan, out, progress=lambda done, total, what: again.append(done))
    assert again == [len(TEXTS)] and found.complete and found.rows["text_id"].nunique() == len(TEXTS)


def test_results_written_over_stay_as_they_were(corpus: Path, tmp_path: Path) -> None:
    out = tmp_path / "r.parquet"
    found = faithfulness.evaluate(Plan(str(corpus), ("sig-exact",), models=("tiny",), control=0), out)
    before = out.read_bytes()
    with full_disk(100), pytest.raises(OSError):
        results.write(out, found)
    assert out.read_bytes() == before and not out.with_name("r.parquet.new").exists()
