"""The journal and the Parquet file: nothing lost, nothing counted twice, nothing of another study taken for this one."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sigviz.errors import InUse, InvalidResults
from sigviz.studies import results
from sigviz.studies.results import COLUMNS, Results, Unit

ABOUT: dict[str, Any] = {"plan": {"corpus": "movie", "seed": 0}, "versions": {"torch": "1"}}


def unit(text_id: int, value: float = 0.5) -> Unit:
    row = dict.fromkeys(COLUMNS, "x") | {"text_id": text_id, "steps": None, "seed": 0, "value": value, "seconds": 0.25}
    return Unit(("m", "", text_id), (row,))


def test_what_was_added_is_there_when_the_journal_is_opened_again(tmp_path: Path) -> None:
    out = tmp_path / "r.parquet"
    with results.opened(out, ABOUT) as journal:
        journal.add(unit(3))
        journal.add(Unit(("m", "", 4), error="no words"))
    with results.opened(out, ABOUT) as journal:
        assert list(journal.done) == [("m", "", 3), ("m", "", 4)]
        assert journal.done == {("m", "", 3): None, ("m", "", 4): "no words"}
    assert results.load(out).rows["value"].tolist() == [0.5]


@pytest.mark.parametrize("cut", range(1, 60, 7))
def test_a_line_torn_by_a_kill_is_cut_off_and_the_rest_is_kept(tmp_path: Path, cut: int) -> None:
    out = tmp_path / "r.parquet"
    with results.opened(out, ABOUT) as journal:
        journal.add(unit(1))
        journal.add(unit(2))
    path = results.journal_of(out)
    path.write_bytes(path.read_bytes()[:-cut])
    with results.opened(out, ABOUT) as journal:
        assert list(journal.done) == [("m", "", 1)]
        journal.add(unit(2))
    with results.opened(out, ABOUT) as journal:
        assert list(journal.done) == [("m", "", 1), ("m", "", 2)]


def test_a_kill_before_the_first_line_was_whole_starts_over(tmp_path: Path) -> None:
    out = tmp_path / "r.parquet"
    results.journal_of(out).write_text('{"about": {"pl')
    with results.opened(out, ABOUT) as journal:
        assert not journal.done
        journal.add(unit(1))
    assert json.loads(results.journal_of(out).read_text().splitlines()[0])["about"] == ABOUT


def test_a_unit_is_kept_once(tmp_path: Path) -> None:
    out = tmp_path / "r.parquet"
    with results.opened(out, ABOUT) as journal:
        journal.add(unit(1, 0.1))
        journal.add(unit(1, 0.9))
    found = results.load(out)
    assert found.rows["value"].tolist() == [0.1] and not found.complete


def test_another_studys_journal_is_refused_by_what_differs(tmp_path: Path) -> None:
    out = tmp_path / "r.parquet"
    with results.opened(out, ABOUT) as journal:
        journal.add(unit(1))
    with (
        pytest.raises(InvalidResults, match="differ in: plan"),
        results.opened(out, {**ABOUT, "plan": {"corpus": "movie", "seed": 1}}),
    ):
        pass


def test_a_study_that_did_not_begin_does_not_stand_in_the_way(tmp_path: Path) -> None:
    out = tmp_path / "r.parquet"
    with results.opened(out, ABOUT):
        pass
    with results.opened(out, {**ABOUT, "plan": {"corpus": "other"}}) as journal:
        journal.add(unit(1))
    assert results.load(out).about["plan"] == {"corpus": "other"}


def test_an_unfinished_study_stays_unfinished_when_it_is_kept(tmp_path: Path) -> None:
    out = tmp_path / "r.parquet"
    results.write(out, Results(results.frame([unit(1)]), ABOUT, complete=False))
    assert not results.load(out).complete


def test_a_strangers_file_may_not_unpack_to_more_than_it_is(tmp_path: Path) -> None:
    out = tmp_path / "bomb.parquet"
    rows = results.frame([unit(number) for number in range(2000)])
    results.write(out, Results(rows.assign(model="m" * 20_000), ABOUT))
    assert out.stat().st_size < 200_000
    with pytest.raises(InvalidResults, match="names of more than"):
        results.load(out, bounded=True)
    results.write(out, Results(rows.assign(text="t" * 20_000), ABOUT))
    assert "text" not in results.load(out, bounded=True).rows
    results.write(out, Results(rows[:0], ABOUT))
    with pytest.raises(InvalidResults, match="0 rows"):
        results.load(out, bounded=True)


@pytest.mark.parametrize("said", [{"plan": "abc"}, ["list"], {"failed": 3}, None])
def test_metadata_of_another_kind_is_refused(tmp_path: Path, said: Any) -> None:
    path = tmp_path / "odd.parquet"
    table = pa.Table.from_pandas(results.frame([unit(1)]), preserve_index=False)
    pq.write_table(table.replace_schema_metadata({b"sigviz": json.dumps(said).encode()}), path)
    for bounded in (False, True):
        with pytest.raises(InvalidResults, match="not one that"):
            results.load(path, bounded=bounded)


def test_two_processes_cannot_write_the_same_results(tmp_path: Path) -> None:
    out = tmp_path / "r.parquet"
    with results.opened(out, ABOUT), pytest.raises(InUse, match="Another process"), results.opened(out, ABOUT):
        pass


def test_parquet_gives_back_rows_types_and_what_they_are_of(tmp_path: Path) -> None:
    out = tmp_path / "r.parquet"
    with results.opened(out, ABOUT) as journal:
        for one in (unit(1, 0.1), Unit(("m", "", 2), error="no words"), unit(3, float("nan"))):
            journal.add(one)
        made = results.finish(out, ABOUT, journal.done)
    again = results.load(out)
    pd.testing.assert_frame_equal(made.rows, again.rows)
    assert list(again.rows.columns) == list(COLUMNS) and again.rows["text_id"].tolist() == [1, 3]
    assert again.rows["value"][0] == 0.1 and again.rows["value"].isna()[1] and again.rows["steps"].isna().all()
    assert again.about == {**ABOUT, "failed": {"m//2": "no words"}, "complete": True} and again.complete
    assert not results.journal_of(out).exists()


def test_results_may_be_kept_without_their_texts(tmp_path: Path) -> None:
    out = tmp_path / "r.parquet"
    results.write(out, Results(results.frame([unit(1)]).drop(columns="text"), ABOUT))
    assert "text" not in results.load(out).rows


@pytest.mark.parametrize("content", [b"", b"PAR1", b"not a parquet file" * 100])
def test_what_is_no_results_file_is_said_by_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "odd.parquet"
    path.write_bytes(content)
    with pytest.raises(InvalidResults, match=r"odd\.parquet is not a results file"):
        results.load(path)


def test_a_parquet_file_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.parquet"
    pd.DataFrame({"text": ["a"]}).to_parquet(path)
    with pytest.raises(InvalidResults, match="not one that"):
        results.load(path)


def test_a_damaged_journal_is_refused(tmp_path: Path) -> None:
    out = tmp_path / "r.parquet"
    results.journal_of(out).write_text('{"about": {}}\nnonsense\n')
    with pytest.raises(InvalidResults, match="damaged"), results.opened(out, ABOUT):
        pass


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(InvalidResults, match="not a results file"):
        results.load(tmp_path / "none.parquet")
