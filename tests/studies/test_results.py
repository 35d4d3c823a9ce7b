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
from sigviz.studies.results import COLUMNS, FAITHFULNESS, PAIR_COLUMNS, ROBUSTNESS, Results, Unit

ABOUT: dict[str, Any] = {"plan": {"corpus": "movie", "seed": 0}, "versions": {"torch": "1"}}
PAIRS: dict[str, Any] = {"study": ROBUSTNESS, **ABOUT}
KINDS = [(FAITHFULNESS, ABOUT, COLUMNS), (ROBUSTNESS, PAIRS, PAIR_COLUMNS)]


def unit(text_id: int, value: float | None = 0.5, columns: tuple[str, ...] = COLUMNS) -> Unit:
    row = dict.fromkeys(columns, "x") | {"text_id": text_id, "steps": None, "seed": 0, "value": value, "seconds": 0.25}
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


# Two kinds of studies


def written(out: Path, about: dict[str, Any], columns: tuple[str, ...]) -> Results:
    """A finished study of two texts."""
    with results.opened(out, about) as journal:
        for text_id in (1, 2):
            journal.add(unit(text_id, columns=columns))
        return results.finish(out, about, journal.done)


@pytest.mark.parametrize(("study", "about", "columns"), KINDS)
def test_each_kind_has_its_columns_and_comes_back_with_them(
    tmp_path: Path, study: str, about: dict[str, Any], columns: tuple[str, ...]
) -> None:
    assert results.kind(about) == study and results.columns(about) == columns
    assert results.schema(columns).names == list(columns)
    made = written(tmp_path / "r.parquet", about, columns)
    again = results.load(tmp_path / "r.parquet", study=study)
    pd.testing.assert_frame_equal(made.rows, again.rows)
    assert list(again.rows.columns) == list(columns) and again.about["plan"] == ABOUT["plan"]
    assert results.about(tmp_path / "r.parquet") == again.about
    stranger = results.load(tmp_path / "r.parquet", study=study, bounded=True)
    assert list(stranger.rows.columns) == [column for column in columns if column != "text"]
    results.write(tmp_path / "copy.parquet", again)
    pd.testing.assert_frame_equal(results.load(tmp_path / "copy.parquet", study=study).rows, again.rows)


def test_the_columns_of_pairs_are_those_of_the_contract() -> None:
    assert {"other", "reduction", "control"} <= {*PAIR_COLUMNS} and "protocol" not in PAIR_COLUMNS
    assert {*COLUMNS} - {*PAIR_COLUMNS} == {"protocol"} and {*PAIR_COLUMNS} - {*COLUMNS} == {"other", "reduction"}
    assert results.kind({}) == results.kind({"study": "of another version"}) == FAITHFULNESS


@pytest.mark.parametrize(("study", "about", "columns"), KINDS)
@pytest.mark.parametrize("bounded", [False, True])
def test_a_file_of_the_other_kind_is_refused_in_words(
    tmp_path: Path, study: str, about: dict[str, Any], columns: tuple[str, ...], bounded: bool
) -> None:
    written(tmp_path / "r.parquet", about, columns)
    wanted = ROBUSTNESS if study == FAITHFULNESS else FAITHFULNESS
    said = f"r.parquet holds the results of a {study} study, and a {wanted} study is wanted here"
    with pytest.raises(InvalidResults, match=said):
        results.load(tmp_path / "r.parquet", "r.parquet", study=wanted, bounded=bounded)


@pytest.mark.parametrize(("study", "about", "columns"), KINDS)
def test_an_unfinished_study_of_the_other_kind_is_refused_in_the_same_words(
    tmp_path: Path, study: str, about: dict[str, Any], columns: tuple[str, ...]
) -> None:
    out = tmp_path / "r.parquet"
    with results.opened(out, about) as journal:
        journal.add(unit(1, columns=columns))
    assert list(results.load(out, study=study).rows.columns) == list(columns)
    wanted = ROBUSTNESS if study == FAITHFULNESS else FAITHFULNESS
    with pytest.raises(InvalidResults, match=f"a {study} study, and a {wanted} study is wanted here"):
        results.load(out, study=wanted)


def test_a_journal_of_pairs_goes_on_after_a_kill_and_a_missing_value_stays_missing(tmp_path: Path) -> None:
    out = tmp_path / "r.parquet"
    with results.opened(out, PAIRS) as journal:
        journal.add(unit(1, None, PAIR_COLUMNS))
        journal.add(unit(2, 0.25, PAIR_COLUMNS))
    path = results.journal_of(out)
    path.write_bytes(path.read_bytes()[:-9])
    with results.opened(out, PAIRS) as journal:
        assert list(journal.done) == [("m", "", 1)]
        journal.add(unit(2, 0.75, PAIR_COLUMNS))
        found = results.finish(out, PAIRS, journal.done)
    assert found.rows["text_id"].tolist() == [1, 2]
    assert found.rows["value"].isna().tolist() == [True, False] and found.rows["value"][1] == 0.75
    assert pq.read_table(out)["value"].null_count == 1, "null, as other tools read it, and not NaN"


def test_a_journal_of_the_other_kind_is_not_gone_on_with(tmp_path: Path) -> None:
    out = tmp_path / "r.parquet"
    with results.opened(out, PAIRS) as journal:
        journal.add(unit(1, columns=PAIR_COLUMNS))
    with pytest.raises(InvalidResults, match="differ in: study"), results.opened(out, ABOUT):
        pass


@pytest.mark.parametrize(("study", "about", "columns"), KINDS)
def test_a_unit_is_one_line_and_the_other_way_round(study: str, about: dict[str, Any], columns: tuple[str, ...]) -> None:
    one = unit(3, None, columns)
    line = results.to_line(one, columns)
    assert line.count("\n") == 1 and results.from_line(line, columns) == one
    with pytest.raises(ValueError):
        results.from_line(line, columns[1:])
