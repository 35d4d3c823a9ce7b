"""The rows of a batch as a table, and as CSV, JSONL and Parquet.

JSONL and Parquet hold every text exactly as it is.  CSV is what spreadsheets open, and they take a cell that begins with
= + - @ for a formula: there such a text has an apostrophe in front.
"""

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from sigviz.studies.batch import Row

COLUMNS = tuple(field.name for field in fields(Row))
MOST_REPEATED = 50_000_000  # characters of the column text: each text stands in all of its rows
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_INTEGERS = ("text_id", "unit_index", "start", "end", "truncated")
_FLOATS = ("probability", "raw", "score", "expected", "delta", "seconds")
_METADATA = b"sigviz"


def columns(with_text: bool) -> tuple[str, ...]:
    """The columns in their order."""
    return COLUMNS if with_text else tuple(name for name in COLUMNS if name != "text")


def repeated(rows: Sequence[Row]) -> int:
    """Characters that the column text takes where every row repeats it, as in CSV and JSONL."""
    return sum(len(row.text) for row in rows)


def to_csv(rows: Iterable[Row], with_text: bool = True) -> bytes:
    """UTF-8 with a header line, as RFC 4180 has it; numbers in full precision, empty cells for what is not there."""
    names, file = columns(with_text), io.StringIO()
    writer = csv.writer(file, lineterminator="\r\n")  # RFC 4180; with "\n" alone, Python leaves a "\r" in a cell unquoted
    writer.writerow(names)
    writer.writerows([_cell(getattr(row, name)) for name in names] for row in rows)
    return file.getvalue().encode("utf-8", "replace")  # half a surrogate pair has no UTF-8


def to_jsonl(rows: Iterable[Row], with_text: bool = True) -> bytes:
    """One object a line; null for what is not there."""
    names = columns(with_text)
    lines = (json.dumps({name: getattr(row, name) for name in names}, allow_nan=False) for row in rows)
    return "".join(line + "\n" for line in lines).encode("ascii")


def to_table(rows: Sequence[Row], with_text: bool = True) -> pa.Table:
    """An Arrow table; `.to_pandas()` makes a data frame of it."""
    return pa.table({name: _column(rows, name) for name in columns(with_text)})


def to_parquet(rows: Sequence[Row], facts: Mapping[str, Any], with_text: bool = True) -> bytes:
    """Parquet; facts: what the whole file has in common, as JSON in its metadata under `sigviz`."""
    table = to_table(rows, with_text)
    metadata = {**(table.schema.metadata or {}), _METADATA: json.dumps(dict(facts), allow_nan=False).encode()}
    sink = io.BytesIO()
    pq.write_table(table.replace_schema_metadata(metadata), sink, compression="zstd")
    return sink.getvalue()


def _column(rows: Sequence[Row], name: str) -> pa.Array:
    values = [getattr(row, name) for row in rows]
    if name in _INTEGERS:
        return pa.array(values, pa.int64())
    if name in _FLOATS:
        return pa.array(values, pa.float64())
    words = [None if value is None else value.encode("utf-8", "replace").decode() for value in values]
    return pa.array(words, pa.string()).dictionary_encode()


def _cell(value: object) -> object:
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value
