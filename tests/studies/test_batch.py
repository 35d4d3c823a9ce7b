"""Batches: row by row what `explain` says, errors in their place, stopped batches whole, files that lose nothing."""

import csv
import dataclasses
import io
import json
import threading
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from sigviz.attribution import Settings
from sigviz.errors import Cancelled, InvalidSettings, NotANumber
from sigviz.explain import explain_with
from sigviz.methods import METHODS
from sigviz.studies import batch, batch_files
from sigviz.studies.batch import Row
from tests.tiny import MIXED, TEXT, answering, bert

TEXTS = (TEXT, MIXED, "a good film")
RUNS = (METHODS["ig"].settings(steps=3), METHODS["sig-exact"].settings(unit="word"))
NUMBERED = list(enumerate(TEXTS))


def _rows(*texts: str, runs: tuple[Settings, ...] = RUNS) -> list[Row]:
    return list(batch.explain_all(bert(), texts, runs))


@pytest.mark.parametrize("method", METHODS)
def test_the_rows_are_what_explain_says(method: str) -> None:
    few = {"steps": 3} if any(option.name == "steps" for option in METHODS[method].options) else {}
    run = METHODS[method].settings(**few)
    rows = _rows(*TEXTS, runs=(run,))
    for number, text in NUMBERED:
        expected = explain_with(bert(), text, run)
        found = [row for row in rows if row.text_id == number]
        assert [row.unit_text for row in found] == [unit.text for unit in expected.units]
        assert [text[row.start : row.end] for row in found] == [unit.text for unit in expected.units]
        np.testing.assert_allclose([row.raw for row in found], expected.raw, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose([row.score for row in found], expected.scores, rtol=1e-9, atol=1e-12)
        for name in ("expected", "delta"):
            wanted = getattr(expected, name)
            given = [getattr(row, name) for row in found]
            if wanted is None:
                assert given == [None] * len(found)
            else:
                np.testing.assert_allclose(given, wanted, rtol=1e-9, atol=1e-12)
        assert {row.label for row in found} == {expected.label} and {row.error for row in found} == {""}
        assert {row.probability for row in found} == {expected.probabilities[expected.target]}
        assert [row.unit_index for row in found] == list(range(len(found)))


def test_texts_come_in_the_outer_loop_and_runs_in_the_inner_one() -> None:
    order = list(dict.fromkeys((row.text_id, row.method, row.settings) for row in _rows(*TEXTS)))
    assert order == [(i, *run) for i in range(3) for run in (("ig", "ig(steps=3)"), ("sig-exact", "sig-exact"))]


def test_a_text_without_words_gets_one_row_a_run_that_says_so() -> None:
    rows = [row for row in _rows("good", " \u200b ", "bad") if row.text_id == 1]
    assert len(rows) == len(RUNS) and all("no words" in row.error and row.raw is None for row in rows)
    assert {row.text_id for row in _rows("good", "", "bad")} == {0, 1, 2}


def test_a_fault_in_one_text_leaves_the_others_be(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    def sometimes(classifier: Any, text: str, run: Settings, **rest: Any) -> Any:
        if text == MIXED:
            raise KeyError("oops")
        return explain_with(classifier, text, run, **rest)

    monkeypatch.setattr(batch, "explain_with", sometimes)
    rows = _rows(*TEXTS)
    assert {row.text_id for row in rows if row.error} == {1} and "KeyError" in rows[len(TEXT.split()) * 2].error
    assert "oops" in caplog.text


def test_broken_logits_are_an_error_in_the_row() -> None:
    with answering(bert(), lambda x: x.new_full((len(x), 3), float("nan"))):
        rows = _rows(TEXT)
        with pytest.raises(NotANumber) as caught:
            explain_with(bert(), TEXT, RUNS[0])
    assert {row.error for row in rows} == {str(caught.value)}


@pytest.mark.parametrize(
    ("run", "said"),
    [
        (METHODS["ig"].settings(baseline="two words"), "not one token"),
        (METHODS["ig"].settings(target=7), "no class 7"),
        (METHODS["ig"].settings(output="margin", contrast="mood"), "no class 'mood'"),
    ],
)
def test_settings_that_fit_no_text_are_refused_at_once(run: Settings, said: str) -> None:
    with pytest.raises(InvalidSettings, match=said):
        _rows(TEXT, runs=(run,))
    with pytest.raises(InvalidSettings, match=said):
        batch.outlook(bert(), [TEXT], (run,))


def test_no_run_is_refused() -> None:
    with pytest.raises(InvalidSettings, match="at least one method"):
        _rows(TEXT, runs=())


def test_progress_never_goes_back_and_ends_near_its_total() -> None:
    seen: list[tuple[int, int, str]] = []
    found = batch.collect(bert(), NUMBERED, RUNS, progress=lambda *given: seen.append(given))
    done = [one for one, _, _ in seen]
    assert found.done == 3 and done == sorted(done) and len({total for _, total, _ in seen}) == 1
    assert done[-1] == seen[-1][1] and seen[0][2] == "Text 1 of 3, IG" and seen[-1][2] == "Text 3 of 3, SIG, exact"


def test_a_cancelled_iterator_raises() -> None:
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        list(batch.explain_all(bert(), TEXTS, RUNS, cancel=cancel))


def test_a_stopped_batch_keeps_whole_texts() -> None:
    cancel = threading.Event()

    def progress(done: int, total: int, what: str) -> None:
        if what == "Text 2 of 3, SIG, exact":
            cancel.set()

    found = batch.collect(bert(), NUMBERED, RUNS, progress=progress, cancel=cancel)
    assert found.done == 1 and found.texts == 3 and "stopped" in found.incomplete
    assert (
        found.rows and {row.text_id for row in found.rows} == {0} and {row.method for row in found.rows} == {"ig", "sig-exact"}
    )


def test_a_batch_that_ends_says_nothing_of_being_incomplete() -> None:
    found = batch.collect(bert(), [(3, TEXT), (5, "")], RUNS, shown=1)
    assert found.incomplete == "" and (found.texts, found.done, found.failed) == (2, 2, 1)
    assert {row.text_id for row in found.rows} == {3, 5}
    assert [one.settings for one in found.first] == list(RUNS)


def test_the_table_does_not_grow_past_its_bound() -> None:
    whole = batch.collect(bert(), NUMBERED, RUNS)
    most = len(whole.rows) - 1
    found = batch.collect(bert(), NUMBERED, RUNS, most=most)
    assert len(found.rows) <= most and found.done == 2 and f"{most} rows" in found.incomplete


def test_the_outlook_is_exact_for_few_texts() -> None:
    expected = [explain_with(bert(), text, run) for text in TEXTS for run in RUNS]
    seen = batch.outlook(bert(), [*TEXTS, ""], RUNS)
    assert seen.rows == sum(len(one.units) for one in expected) + len(RUNS) and not seen.sampled
    assert seen.passes == sum(one.cost.forward + one.cost.backward for one in expected)


def test_the_outlook_of_many_texts_is_reckoned_from_a_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    exact = batch.estimate
    monkeypatch.setattr(batch, "estimate", lambda c, text, run: (asked.append(text), exact(c, text, run))[1])
    seen = batch.outlook(bert(), [TEXT] * 1000, RUNS[:1])
    one = batch.outlook(bert(), [TEXT], RUNS[:1])
    assert seen.sampled and len(asked) == batch.SAMPLE + 1
    assert (seen.rows, seen.passes, seen.work) == (1000 * one.rows, 1000 * one.passes, 1000 * one.work)


# files

HOSTILE = '=HYPERLINK("http://x") "q",\n<script>'


def _hostile() -> list[Row]:
    return [*_rows(HOSTILE, "", "- 1 + 2 @ b")]


def _read_csv(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode("utf-8"), newline="")))


def test_jsonl_holds_every_row_exactly() -> None:
    rows = _hostile()
    assert [Row(**json.loads(line)) for line in batch_files.to_jsonl(rows).splitlines()] == rows


def test_parquet_holds_every_row_exactly_and_says_what_it_is() -> None:
    rows = _hostile()
    file = io.BytesIO(batch_files.to_parquet(rows, {"model": "tiny", "incomplete": ""}))
    table = pq.read_table(file)
    assert [Row(**given) for given in table.to_pylist()] == rows
    assert json.loads(table.schema.metadata[b"sigviz"]) == {"model": "tiny", "incomplete": ""}
    assert table.schema.field("text_id").type == "int64" and table.schema.field("raw").type == "double"


def test_csv_holds_every_number_exactly_and_no_formula() -> None:
    rows = _hostile()
    found = _read_csv(batch_files.to_csv(rows))
    assert len(found) == len(rows) and tuple(found[0]) == batch_files.COLUMNS
    for given, row in zip(found, rows, strict=True):
        assert not given["text"].startswith(("=", "-", "@")) and not given["unit_text"].startswith(("=", "-", "+", "@"))
        assert given["text"].removeprefix("'") == row.text and given["unit_text"].removeprefix("'") == (row.unit_text or "")
        assert (float(given["raw"]) if given["raw"] else None) == row.raw


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_a_cell_that_a_spreadsheet_would_run_gets_an_apostrophe(begin: str) -> None:
    row = dataclasses.replace(_rows("good")[0], text=f"{begin}1", label=f"{begin}cmd", raw=-1.5)
    (found,) = _read_csv(batch_files.to_csv([row]))
    assert found["text"] == f"'{begin}1" and found["label"] == f"'{begin}cmd" and found["raw"] == "-1.5"


def test_the_column_text_can_be_left_out() -> None:
    rows = _rows("good")
    assert "text" not in _read_csv(batch_files.to_csv(rows, False))[0]
    assert "text" not in json.loads(batch_files.to_jsonl(rows, False).splitlines()[0])
    assert "text" not in batch_files.to_table(rows, False).column_names
    assert batch_files.repeated(_rows("good film")) == 4 * len("good film")


def test_half_a_surrogate_pair_does_not_stop_a_file() -> None:
    rows = [dataclasses.replace(_rows("good")[0], text="a\ud800b")]
    assert _read_csv(batch_files.to_csv(rows))[0]["text"] == "a?b"
    assert batch_files.to_table(rows)["text"].to_pylist() == ["a?b"]
    assert json.loads(batch_files.to_jsonl(rows))["text"] == "a\ud800b"


def test_no_row_still_makes_a_file() -> None:
    assert batch_files.to_csv([]).decode().strip().split(",") == list(batch_files.COLUMNS)
    assert batch_files.to_jsonl([]) == b"" and batch_files.to_table([]).num_rows == 0


def test_a_long_text_is_read_in_windows_where_that_is_asked_for() -> None:
    classifier, text = bert(), "a dull film " * 60
    cut, slid = (METHODS["sig-exact"].settings(window=way, unit="word") for way in ("cut", "slide"))
    rows = list(batch.explain_all(classifier, [text], [cut, slid]))
    per_way = {way: [row for row in rows if row.window == way] for way in ("cut", "slide")}
    assert len(per_way["slide"]) == 180 > len(per_way["cut"]) > 0
    assert per_way["cut"][0].truncated and per_way["slide"][0].truncated == 0
