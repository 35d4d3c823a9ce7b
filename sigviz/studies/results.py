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
from itertools import islice
from pathlib import Path
from typing import IO, Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from sigviz.errors import InUse, InvalidResults
from sigviz.whole import whole

FAITHFULNESS, ROBUSTNESS = "faithfulness", "robustness"  # what a study asks; each has its columns
COLUMNS = (  # of a row of a faithfulness study; the contract of results files
    *("text_id", "text", "model", "control", "method", "settings", "baseline", "steps", "seed", "protocol", "metric"),
    *("value", "seconds"),
)
PAIR_COLUMNS = (  # of a robustness study, which sets a model (or its control) beside another
    *("text_id", "text", "model", "control", "other", "method", "settings", "baseline", "steps", "seed", "reduction"),
    *("metric", "value", "seconds"),
)
_COLUMNS = {FAITHFULNESS: COLUMNS, ROBUSTNESS: PAIR_COLUMNS}
_WRITERS = {FAITHFULNESS: "sigviz evaluate", ROBUSTNESS: "sigviz robustness"}
_TYPES = {"text_id": pa.int32(), "steps": pa.int32(), "seed": pa.int32(), "value": pa.float64(), "seconds": pa.float32()}
_WORDS = pa.dictionary(pa.int32(), pa.string())  # of few different strings
_METADATA = b"sigviz"
MOST_ROWS = 1_500_000  # of a file that a person opens on a page: a study of 2,000 texts has less
LONGEST_NAME = 120  # characters of a model's, a method's or a metric's name in such a file
_BATCH = 200  # units that are turned into Parquet at once
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


def kind(about: Mapping[str, Any]) -> str:
    """What the study that wrote `about` asked: FAITHFULNESS or ROBUSTNESS."""
    said = about.get("study", FAITHFULNESS)
    return said if said in _COLUMNS else FAITHFULNESS


def columns(about: Mapping[str, Any]) -> tuple[str, ...]:
    """The columns of a study's rows, in their order."""
    return _COLUMNS[kind(about)]


def schema(columns: Sequence[str] = COLUMNS) -> pa.Schema:
    """The columns of a results file and their types."""
    return pa.schema([(name, _TYPES.get(name, _WORDS)) for name in columns])


class Journal:
    """The journal of one study.  Open it with `opened`.  done: the finished units, each with its error or None."""

    def __init__(self, file: IO[str], done: dict[Key, str | None], columns: Sequence[str]) -> None:
        self._file = file
        self._columns = columns
        self.done = done

    def add(self, unit: Unit) -> None:
        """Keep a finished unit; it is on the disk when this returns.  A unit that is there already is left as it is."""
        if unit.key in self.done:
            return
        self._file.write(to_line(unit, self._columns))
        self._file.flush()
        os.fsync(self._file.fileno())
        self.done[unit.key] = unit.error


@contextmanager
def opened(out: Path, about: Mapping[str, Any]) -> Iterator[Journal]:
    """The journal of the study that writes `out`, with what is done already, held by this process alone.

    Raises InUse where another process is at work on it, InvalidResults where another study's journal lies there.
    """
    path = journal_of(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise InUse(f"Another process is writing {out.name}. Wait for it, or give another --out.") from error
        head, done = _done(path)
        if not done:  # a study that has not begun does not stand in the way of another
            _begin(path, file, about)
        elif head != json.loads(json.dumps(about)):
            raise InvalidResults(_OTHER_STUDY.format(name=out.name, differing=_differing(head or {}, about)))
        journal = Journal(file, done, columns(about))
        try:
            yield journal
        finally:
            if not journal.done:  # nothing to go on from
                path.unlink(missing_ok=True)


def _begin(path: Path, file: IO[str], about: Mapping[str, Any]) -> None:
    try:
        os.truncate(path, 0)
        file.write(_line({"about": about}))
        file.flush()
        os.fsync(file.fileno())
    except OSError:  # a full disk: nothing to go on from
        path.unlink(missing_ok=True)
        raise


_OTHER_STUDY = (
    "The unfinished results beside {name} are of another study (they differ in: {differing}). Give another --out, repeat the "
    "settings of that study to go on with it, or delete its journal."
)


def journal_of(out: Path) -> Path:
    """Where the journal of `out` lies."""
    return out.with_name(f"{out.name}.journal")


def finish(out: Path, about: Mapping[str, Any], done: Mapping[Key, str | None]) -> Results:
    """Turn the journal into the Parquet file, a piece at a time, and let go of it."""
    failed = {"/".join(map(str, key)): error for key, error in done.items() if error}
    told = {**about, "failed": failed, "complete": True}
    fresh = out.with_name(f"{out.name}.new")
    names = columns(about)
    fields = schema(names).with_metadata({_METADATA: json.dumps(told).encode()})
    with whole(out, fresh), pq.ParquetWriter(fresh, fields, compression="zstd", compression_level=15) as writer:
        for units in batched(_units(journal_of(out), names), _BATCH):
            writer.write_table(pa.Table.from_pandas(frame(units, names), schema=fields, preserve_index=False))
    journal_of(out).unlink(missing_ok=True)
    return load(out, study=kind(about))


def write(out: Path, results: Results) -> None:
    """One Parquet file, there whole or not at all."""
    names = [name for name in columns(results.about) if name in results.rows]
    table = pa.Table.from_pandas(results.rows[names], schema=schema(names), preserve_index=False)
    told = {**results.about, "complete": results.complete}
    table = table.replace_schema_metadata({_METADATA: json.dumps(told).encode()})
    with whole(out, out.with_name(f"{out.name}.new")) as fresh:
        pq.write_table(table, fresh, compression="zstd", compression_level=15)


def frame(units: Sequence[Unit], columns: Sequence[str] = COLUMNS) -> pd.DataFrame:
    """The rows of units, in their order."""
    rows = pd.DataFrame([row for unit in units for row in unit.rows], columns=list(columns))
    return rows.astype({"text_id": "int64", "steps": "Int64", "seed": "int64", "value": "float64", "seconds": "float64"})


def load(place: Path | IO[bytes], name: str = "", *, study: str = FAITHFULNESS, bounded: bool = False) -> Results:
    """A results file, or what there is of an unfinished one (its journal).

    place: a path, or an open file such as an upload.  study: what kind of results is wanted.  bounded: for files from
    strangers: at most MOST_ROWS rows, no long names, no texts.  Raises InvalidResults for what is no results file, one of
    another kind, or larger than that.
    """
    name = (name or getattr(place, "name", ""))[:100]
    if isinstance(place, Path) and not place.exists() and journal_of(place).exists():
        head, _ = _done(journal_of(place))
        _refuse_other(head or {}, study, place.name)
        names = columns(head or {})
        return Results(frame([*_units(journal_of(place), names)], names), head or {}, complete=False)
    try:
        first = pq.ParquetFile(place)
        said = _said(first.schema_arrow, name)
        _refuse_other(said, study, name)
        if bounded:
            _refuse_large(first.metadata, name)
        wanted = [
            column for column in columns(said) if column in first.schema_arrow.names and not (bounded and column == "text")
        ]
        # names as numbers into a list of names, or one name repeated a million times would be unpacked a million times
        file = pq.ParquetFile(place, read_dictionary=[column for column in wanted if column not in _TYPES])
        table = file.read(wanted)
        if bounded:
            _refuse_long_names(table, name)
        rows = table.to_pandas()
        words = {column: rows[column].astype(str) for column in wanted if column not in _TYPES}
        return Results(rows.assign(**words), said, complete=bool(said.get("complete", True)))
    except (OSError, ValueError, TypeError, RecursionError, pa.ArrowException) as error:
        raise InvalidResults(f"{name} is not a results file. Give one that `{_WRITERS[study]}` wrote.") from error


def _refuse_other(about: Mapping[str, Any], study: str, name: str) -> None:
    if kind(about) != study:
        raise InvalidResults(f"{name} holds the results of a {kind(about)} study, and a {study} study is wanted here.")


def _said(found: pa.Schema, name: str) -> dict[str, Any]:
    """What a file says of itself; raises InvalidResults where that, or a column, is not as `evaluate` writes it."""
    said = json.loads((found.metadata or {}).get(_METADATA, b"null"))
    parts = [said.get(part) or {} for part in ("plan", "corpus", "failed")] if isinstance(said, dict) else [None]
    if isinstance(said, dict) and not isinstance(said.get("notes") or [], list):
        parts.append(None)
    names = {*columns(said if isinstance(said, dict) else {})} - {"text"}
    flat = names <= {*found.names} and not any(pa.types.is_nested(field.type) for field in found)
    if not flat or not all(isinstance(part, dict) for part in parts):
        raise InvalidResults(f"{name} is a Parquet file, but not one that `{'` or `'.join(_WRITERS.values())}` wrote.")
    return dict(said)


def _refuse_large(metadata: pq.FileMetaData, name: str) -> None:
    groups = [metadata.row_group(i) for i in range(metadata.num_row_groups)]
    unpacked = sum(group.column(i).total_uncompressed_size for group in groups for i in range(group.num_columns))
    if not 0 < metadata.num_rows <= MOST_ROWS or unpacked > 100 * MOST_ROWS:
        raise InvalidResults(f"{name} holds {metadata.num_rows:,} rows; 1 to {MOST_ROWS:,} can be shown.")


def _refuse_long_names(table: pa.Table, name: str) -> None:
    for column in table.columns:
        for chunk in column.chunks if pa.types.is_dictionary(column.type) else ():
            if any(len(str(word)) > LONGEST_NAME for word in chunk.dictionary.to_pylist()):
                raise InvalidResults(f"{name} holds names of more than {LONGEST_NAME} characters, which results have not.")


def about(path: Path) -> dict[str, Any]:
    """What a results file says of itself, without its rows.  Raises InvalidResults for what is no results file."""
    try:
        return _said(pq.read_schema(path), path.name)
    except (OSError, ValueError, RecursionError, pa.ArrowException) as error:
        wrote = "` or `".join(_WRITERS.values())
        raise InvalidResults(f"{path.name} is not a results file. Give one that `{wrote}` wrote.") from error


def _done(path: Path) -> tuple[Mapping[str, Any] | None, dict[Key, str | None]]:
    """The journal's head and its units, each with its error; a line torn by a kill is cut off the file."""
    with path.open("rb+") as file:
        size = sum(len(line) for line in file if line.endswith(b"\n"))
        file.truncate(size)
        file.seek(0)
        try:
            head = json.loads(file.readline() or b"null")
            names = columns(head["about"]) if head else ()
            return head and head["about"], {unit.key: unit.error for unit in (from_line(line, names) for line in file)}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise InvalidResults(f"{path.name} is damaged, or no journal of a study. Delete it to start over.") from error


def _units(path: Path, columns: Sequence[str]) -> Iterator[Unit]:
    """The units of a journal, one at a time; a line that is being written just now is left out."""
    with path.open("rb") as file:
        file.readline()
        yield from (from_line(line, columns) for line in file if line.endswith(b"\n"))


def batched(units: Iterator[Unit], size: int) -> Iterator[list[Unit]]:
    """Units in lists of `size`."""
    while some := list(islice(units, size)):
        yield some


def _line(content: Mapping[str, Any]) -> str:
    return json.dumps(content, separators=(",", ":")) + "\n"


def to_line(unit: Unit, columns: Sequence[str] = COLUMNS) -> str:
    """A unit as one line of JSON, its end included; rows without the names of their columns."""
    return _line({"key": unit.key, "error": unit.error, "rows": [[row[name] for name in columns] for row in unit.rows]})


def from_line(line: str | bytes, columns: Sequence[str] = COLUMNS) -> Unit:
    """The other way round."""
    said = json.loads(line)
    model, control, text_id = said["key"]
    rows = tuple(dict(zip(columns, row, strict=True)) for row in said["rows"])
    return Unit((str(model), str(control), int(text_id)), rows, said["error"])


def _differing(head: Mapping[str, Any], about: Mapping[str, Any]) -> str:
    return ", ".join(sorted(name for name in {*head, *about} if head.get(name) != json.loads(json.dumps(about.get(name)))))
