"""A study's results on disk: a journal while it runs, one tidy Parquet file at the end.

The journal is a text file beside the output, one line of JSON for each finished unit of work, flushed to the disk before the
next begins.  A kill can only tear the last line, and a torn line is cut off and its unit done again: nothing is lost, and
nothing is counted twice.  The Parquet file appears in one step, when the study is complete.
"""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from sigviz.errors import InvalidResults

COLUMNS = (  # of a row; the contract of results files
    *("text_id", "text", "model", "control", "method", "settings", "baseline", "steps", "seed", "protocol", "metric"),
    *("value", "seconds"),
)
_TYPES = {"text_id": pa.int32(), "steps": pa.int32(), "seed": pa.int32(), "value": pa.float64(), "seconds": pa.float32()}
_WORDS = pa.dictionary(pa.int32(), pa.string())  # of few different strings
_METADATA = b"sigviz"
MAX_BYTES = 500_000_000  # of a file that a person opens on a page
Row = Mapping[str, Any]
Key = tuple[str, str, int]  # model, control, text_id


@dataclass(frozen=True, slots=True)
class Unit:
    """What one model said about one text: its rows, or why there are none."""

    key: Key
    rows: tuple[Row, ...] = ()
    error: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Results:
    """rows: one per text, model, method and metric, COLUMNS.  about: settings, versions, corpus, failures.

    complete: whether the study came to its end.
    """

    rows: pd.DataFrame
    about: Mapping[str, Any]
    complete: bool = True


def schema() -> pa.Schema:
    """The columns of a results file and their types."""
    return pa.schema([(name, _TYPES.get(name, _WORDS)) for name in COLUMNS])


class Journal:
    """The journal of one study.  Open it with `opened`."""

    def __init__(self, file: IO[str], done: dict[Key, Unit]) -> None:
        self._file = file
        self.done = done

    def add(self, unit: Unit) -> None:
        """Keep a finished unit; it is on the disk when this returns.  A unit that is there already is left as it is."""
        if unit.key in self.done:
            return
        self._file.write(to_line(unit))
        self._file.flush()
        os.fsync(self._file.fileno())
        self.done[unit.key] = unit


@contextmanager
def opened(out: Path, about: Mapping[str, Any]) -> Iterator[Journal]:
    """The journal of the study that writes `out`, with what is done already, held by this process alone.

    Raises InvalidResults where another study's journal lies there, or another process is at work on it.
    """
    path = journal_of(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise InvalidResults(f"Another process is writing {out.name}. Wait for it, or give another --out.") from error
        head, units = _read(path, cut=True)
        if head is None:
            file.write(_line({"about": about}))
            file.flush()
            os.fsync(file.fileno())
        elif head != json.loads(json.dumps(about)):
            raise InvalidResults(_OTHER_STUDY.format(name=out.name, differing=_differing(head, about)))
        yield Journal(file, {unit.key: unit for unit in units})


_OTHER_STUDY = (
    "The unfinished results beside {name} are of another study (they differ in: {differing}). Give another --out, repeat the "
    "settings of that study to go on with it, or delete its journal."
)


def journal_of(out: Path) -> Path:
    """Where the journal of `out` lies."""
    return out.with_name(f"{out.name}.journal")


def finish(out: Path, units: Sequence[Unit], about: Mapping[str, Any]) -> Results:
    """Write the Parquet file in one step, and let go of the journal."""
    rows = frame(units)
    failed = {"/".join(map(str, unit.key)): unit.error for unit in units if unit.error}
    write(out, Results(rows, {**about, "failed": failed}))
    journal_of(out).unlink(missing_ok=True)
    return load(out)


def write(out: Path, results: Results) -> None:
    """One Parquet file, there whole or not at all."""
    columns = [name for name in COLUMNS if name in results.rows]
    fields = pa.schema([schema().field(name) for name in columns])
    table = pa.Table.from_pandas(results.rows[columns], schema=fields, preserve_index=False)
    table = table.replace_schema_metadata({_METADATA: json.dumps(results.about).encode()})
    fresh = out.with_name(f"{out.name}.new")
    pq.write_table(table, fresh, compression="zstd", compression_level=15)
    os.replace(fresh, out)


def frame(units: Sequence[Unit]) -> pd.DataFrame:
    """The rows of units, in their order."""
    rows = pd.DataFrame([row for unit in units for row in unit.rows], columns=list(COLUMNS))
    return rows.astype({"text_id": "int64", "steps": "Int64", "seed": "int64", "value": "float64", "seconds": "float64"})


def load(place: Path | IO[bytes], name: str = "") -> Results:
    """A results file, or what there is of an unfinished one (its journal).

    place: a path, or an open file such as an upload.  Raises InvalidResults for what is no results file.
    """
    name = name or getattr(place, "name", "")
    if isinstance(place, Path) and not place.exists() and journal_of(place).exists():
        place = journal_of(place)
    if isinstance(place, Path) and place.suffix == ".journal":
        head, units = _read(place, cut=False)
        return Results(frame(units), head or {}, complete=False)
    try:
        file = pq.ParquetFile(place)
        if file.metadata.num_rows * len(COLUMNS) * 8 > MAX_BYTES:
            raise InvalidResults(f"{name[:100]} holds {file.metadata.num_rows:,} rows, more than can be shown.")
        about = json.loads((file.schema_arrow.metadata or {}).get(_METADATA, b"null"))
        rows = file.read([column for column in COLUMNS if column in file.schema_arrow.names]).to_pandas(
            strings_to_categorical=False
        )
    except (OSError, ValueError, pa.ArrowException) as error:
        raise InvalidResults(f"{name[:100]} is not a results file. Give one that `sigviz evaluate` wrote.") from error
    if not isinstance(about, dict) or not {*COLUMNS} - {"text"} <= {*rows}:
        raise InvalidResults(f"{name[:100]} is a Parquet file, but not one that `sigviz evaluate` wrote.")
    rows = rows.assign(**{column: rows[column].astype(str) for column in COLUMNS if column in rows and column not in _TYPES})
    return Results(rows, about)


def about(path: Path) -> dict[str, Any]:
    """What a results file says of itself, without its rows.  Raises InvalidResults for what is no results file."""
    try:
        said = json.loads((pq.read_schema(path).metadata or {}).get(_METADATA, b"null"))
    except (OSError, ValueError, pa.ArrowException) as error:
        raise InvalidResults(f"{path.name} is not a results file. Give one that `sigviz evaluate` wrote.") from error
    if not isinstance(said, dict):
        raise InvalidResults(f"{path.name} is a Parquet file, but not one that `sigviz evaluate` wrote.")
    return said


def _read(path: Path, *, cut: bool) -> tuple[Mapping[str, Any] | None, list[Unit]]:
    """The journal's head and its units; a torn end is left out and, with `cut`, cut off the file."""
    content = path.read_bytes()
    whole = content[: content.rfind(b"\n") + 1]
    if cut and len(whole) < len(content):
        os.truncate(path, len(whole))
    try:
        lines = [json.loads(line) for line in whole.splitlines()]
        head = lines[0]["about"] if lines else None
        return head, [_unit(line) for line in lines[1:]]
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidResults(
            f"{path.name} is not a journal of `sigviz evaluate`, or is damaged. Delete it to start over."
        ) from error


def _line(content: Mapping[str, Any]) -> str:
    return json.dumps(content, separators=(",", ":")) + "\n"


def to_line(unit: Unit) -> str:
    """A unit as one line of JSON, its end included."""
    return _line({"key": unit.key, "error": unit.error, "rows": [_packed(row) for row in unit.rows]})


def from_line(line: str) -> Unit:
    """The other way round."""
    return _unit(json.loads(line))


def _unit(line: Mapping[str, Any]) -> Unit:
    model, control, text_id = line["key"]
    return Unit((str(model), str(control), int(text_id)), tuple(map(_unpacked, line["rows"])), line["error"])


def _packed(row: Row) -> list[Any]:
    return [row[name] for name in COLUMNS]


def _unpacked(values: Sequence[Any]) -> Row:
    return dict(zip(COLUMNS, values, strict=True))


def _differing(head: Mapping[str, Any], about: Mapping[str, Any]) -> str:
    return ", ".join(sorted(name for name in {*head, *about} if head.get(name) != json.loads(json.dumps(about.get(name)))))
