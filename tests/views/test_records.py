"""CSV and JSON: every number as it is, the contract's object, and no text that calculates."""

import csv
import io
import json

import numpy as np
import pandas as pd
import pytest

from sigviz.attribution import document
from sigviz.errors import InvalidSettings
from sigviz.views import records

REVISION = "0123456789abcdef0123456789abcdef01234567"


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_one_row_a_unit_and_run_with_all_digits(attribution) -> None:
    found = [attribution(), attribution(settings={"method": "ig"}, expected=None, spread=np.full(5, 0.1))]
    rows = read(records.csv(found, revision=REVISION))
    assert [row["run"] for row in rows] == ["1"] * 5 + ["2"] * 5
    for one, own in zip(found, (rows[:5], rows[5:]), strict=True):
        assert [float(row["raw"]) for row in own] == one.raw.tolist()
        assert [float(row["score"]) for row in own] == one.scores.tolist()
        assert [row["unit_text"] for row in own] == [unit.text for unit in one.units]
        assert {row["revision"] for row in own} == {REVISION}
        assert {float(row["output_x"]) for row in own} == {one.output}
    assert [float(row["delta"]) for row in rows[:5]] == found[0].delta.tolist()
    assert {(row["expected"], row["delta"]) for row in rows[5:]} == {("", "")}
    assert {row["spread"] for row in rows} == {"", "0.1"}
    first = rows[0]
    assert (first["unit_index"], first["start"], first["end"], first["text"]) == ("1", "0", "1", found[0].text)
    assert (first["label"], first["target"], first["probability"]) == ("negative", "0", "0.973")


def test_pandas_reads_it(attribution) -> None:
    table = pd.read_csv(io.StringIO(records.csv([attribution(settings={"options": (("steps", 7),)})])))
    assert table["raw"].tolist() == attribution().raw.tolist() and table["seconds"].iloc[0] == 1.234
    assert set(table["settings"]) == {"sig(steps=7)"}


@pytest.mark.parametrize("text", ["=1+1", "@SUM(A1)", "+1", "-1", "\t=x", 'a,"b"\nc'])
def test_no_text_is_a_formula_and_none_breaks_a_row(attribution, text) -> None:
    (row, *rest) = read(records.csv([attribution(text, units=[], raw=[])])) or [{}]
    assert not row and not rest, "a text without units has no rows"
    rows = read(records.csv([attribution(text, model=text, label=text)]))
    assert len(rows) == len(attribution(text).units)
    assert all(not row[name].startswith(("=", "@", "+", "-", "\t")) for row in rows for name in ("text", "model", "label"))
    assert rows[0]["text"].lstrip("'") == text


def test_texts_that_would_fill_the_file_are_left_out(attribution, monkeypatch) -> None:
    monkeypatch.setattr(records, "MOST_REPEATED", 10)
    assert "text" not in read(records.csv([attribution()]))[0]


def test_the_json_is_the_contract_with_versions_and_revision(attribution) -> None:
    found = [attribution(), attribution(settings={"method": "ig"})]
    given = json.loads(records.to_json(found, revision=REVISION))
    assert given.pop("revision") == REVISION
    assert {"sigviz", "python", "torch"} <= set(given.pop("versions"))
    assert given == json.loads(json.dumps(document(found)))


def test_what_shares_less_is_a_list(attribution) -> None:
    found = [attribution(), attribution("another text"), attribution("another text", settings={"method": "ig"})]
    given = json.loads(records.to_json(found))
    assert set(given) == {"versions", "explanations"}
    assert [(one["text"], len(one["attributions"])) for one in given["explanations"]] == [
        (found[0].text, 1),
        ("another text", 2),
    ]
    assert {one["revision"] for one in given["explanations"]} == {None}


@pytest.mark.parametrize("written", [records.csv, records.to_json])
def test_nothing_and_several_models_with_a_revision_are_refused(attribution, written) -> None:
    with pytest.raises(InvalidSettings):
        written([])
    with pytest.raises(InvalidSettings):
        written([attribution(), attribution(model="other")], revision=REVISION)
