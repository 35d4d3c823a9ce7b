"""Texts with labels out of a CSV, TSV, JSONL or Parquet file, whoever made it.

The texts are in the column `text` (or else `sentence`, as SST-2 names it); `label`, where there is one, holds whole
numbers or class names (empty, null or -1: unlabelled); `split`, where there is one, names the part that a row belongs to.
CSV and TSV have a header line, quote with double quotes, and are UTF-8 with or without a byte-order mark, as is JSONL.
Everything is bounded: bytes, rows, and the length of a text.  Parquet is measured by its own directory before a page of
it is unpacked (columns.py).  Nothing that can carry code is opened, and no message holds more of a path than a file's name.
"""

import csv
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePath
from typing import BinaryIO

from sigviz.errors import CorpusUnavailable, InvalidSettings
from sigviz.studies import columns, labels
from sigviz.studies.columns import Row

SUFFIXES = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet")
MOST = 1_000_000  # rows
LONGEST = 100_000  # characters of a text; the longest review of IMDB has 14,000
BYTES = 512 * 2**20  # of a file, and of a Parquet file's columns once they are unpacked
_CELL = csv.field_size_limit()  # 131,072: kept as it is, since it holds for the whole process


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of a file that hold a text.

    ids: position of each row among the file's rows, from 0, those without a text counted; texts: as they stand in the
    file; labels: a class's number, or None where a text has none; label_names: of class 0, 1, ... where the file gives
    names, else empty; splits: of each text, or None without a column `split`; empty: how many rows were left out, since a
    text of nothing but spaces can't be explained; sha256: of the file's bytes.
    """

    ids: tuple[int, ...]
    texts: tuple[str, ...]
    labels: tuple[int | None, ...]
    label_names: tuple[str, ...]
    splits: tuple[str, ...] | None
    empty: int
    sha256: str

    def __len__(self) -> int:
        return len(self.texts)


def read(name: str, content: bytes | BinaryIO, *, most: int = MOST, longest: int = LONGEST, size: int = BYTES) -> Table:
    """Read a file by its name's ending.  name: a path, or as a browser calls it; content: its bytes, or the open file.

    most: rows; longest: characters of a text; size: bytes of the file, and of the columns that are read once unpacked.

    Raises: CorpusUnavailable, its message saying where in the file and what to do; InvalidSettings for a `longest` above
    what a cell of a CSV file may hold.
    """
    called = shown_name(name)
    if longest > _CELL:
        raise InvalidSettings(f"longest is {longest:,}; a cell of a CSV file holds at most {_CELL:,} characters.")
    rows = _FORMATS.get(PurePath(name).suffix.lower())
    if rows is None:
        raise CorpusUnavailable(f"{called} is no file that sigviz reads. Give one that ends in {', '.join(SUFFIXES)}.")
    data = content if isinstance(content, bytes) else _bytes(content, size)
    if len(data) > size:
        raise CorpusUnavailable(f"{called} is larger than {_megabytes(size)}. Split it, or keep only the rows you need.")
    try:
        return _table(rows(data, longest, size), most, longest, hashlib.sha256(data).hexdigest())
    except CorpusUnavailable as error:
        raise CorpusUnavailable(f"{called}: {error}") from error


def shown_name(path: str) -> str:
    """A file's name as a message may hold it: no folder, on one line, at most 80 characters."""
    name = path.replace("\\", "/").rpartition("/")[2]
    return "".join(c if c.isprintable() else "?" for c in name[:80]) + ("…" if len(name) > 80 else "")


def _table(rows: Iterable[Row], most: int, longest: int, sha256: str) -> Table:
    ids, texts, found, splits = [], [], [], []
    names: dict[str, str] = {}  # a split's name once, not once a row
    count = 0
    for at, row in enumerate(rows):
        count = at + 1
        if count > most:
            raise CorpusUnavailable(f"It has more than {most:,} rows. Keep only the rows you need.")
        text = _checked(row, longest)
        if text.strip():
            ids.append(at)
            texts.append(text)
            found.append(labels.cell(row.label, row.place))
            splits.append(None if row.split is None else names.setdefault(str(row.split)[:100], str(row.split)[:100]))
    if not texts:
        raise CorpusUnavailable("It holds no text: " + ("every row's is empty." if count else "it has no rows."))
    numbers, label_names = labels.numbered(found)
    parts = None if all(split is None for split in splits) else tuple(split or "" for split in splits)
    return Table(tuple(ids), tuple(texts), numbers, label_names, parts, count - len(ids), sha256)


def _checked(row: Row, longest: int) -> str:
    """A row's text, "" for none.  Raises CorpusUnavailable for what no model can read."""
    text = "" if row.text is None else row.text
    if not isinstance(text, str):
        raise CorpusUnavailable(f"The text in {row.place} is a {type(text).__name__}, not a string.")
    if len(text) > longest:
        raise CorpusUnavailable(f"The text in {row.place} has {len(text):,} characters; {longest:,} are the most. Cut it.")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise CorpusUnavailable(f"The text in {row.place} holds half a character (a lone surrogate). Write it anew.") from None
    return text


def _lines(data: bytes) -> Iterator[str]:
    """The lines with their ends, decoded one by one, so that what is not UTF-8 has a line number."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise CorpusUnavailable("It is UTF-16. Save it as UTF-8.")
    start, number = len(b"\xef\xbb\xbf") if data.startswith(b"\xef\xbb\xbf") else 0, 0
    while start < len(data):
        end, number = data.find(b"\n", start) + 1 or len(data), number + 1
        line = data[start:end]
        if b"\0" in line:
            raise CorpusUnavailable(f"Line {number} holds a NUL byte, as no text does. Save it as text in UTF-8.")
        try:
            yield line.decode("utf-8")
        except UnicodeDecodeError as error:
            byte = f"0x{line[error.start]:02x}"
            raise CorpusUnavailable(f"Line {number} is not UTF-8 (byte {byte}). Save the file as UTF-8.") from None
        start = end


def _csv(data: bytes, longest: int, size: int) -> Iterator[Row]:
    return _delimited(data, ",")


def _tsv(data: bytes, longest: int, size: int) -> Iterator[Row]:
    return _delimited(data, "\t")


def _delimited(data: bytes, delimiter: str) -> Iterator[Row]:
    reader = csv.reader(_lines(data), delimiter=delimiter, strict=True)  # strict: a quote that never ends swallows no rows
    try:
        header = [name.strip() for name in next(reader, [])]
        places = columns.found(header, hint=" Name it so in the first line.")
        at = [header.index(name) if name else len(header) for name in places]
        line = reader.line_num + 1
        for cells in reader:
            if len(cells) > len(header):
                raise CorpusUnavailable(
                    f"Line {line} has {len(cells)} cells and the header {len(header)}. Quote texts that hold a separator."
                )
            text, label, split = (cells[i] if i < len(cells) else None for i in at)
            yield Row(f"line {line}", text, label, split)
            line = reader.line_num + 1
    except csv.Error as error:
        raise CorpusUnavailable(_csv_words(str(error), reader.line_num)) from None


def _csv_words(fault: str, line: int) -> str:
    if "field larger" in fault:
        return f"A cell up to line {line} has more than {_CELL:,} characters. Is a quote left open?"
    if "new-line" in fault:
        return f"Line {line} ends in an old kind of line end. Save the file with plain line ends."
    return f"A quote is left open or closed in the middle of a cell, up to line {line}. Double quotes inside quotes."


def _jsonl(data: bytes, longest: int, size: int) -> Iterator[Row]:
    for number, line in enumerate(_lines(data), 1):
        place = f"line {number}"
        if not line.strip():
            yield Row(place, None, None, None)
            continue
        try:
            row = json.loads(line)
        except RecursionError:
            raise CorpusUnavailable(f"L{place[1:]} is nested too deeply. Give one flat object a line.") from None
        except ValueError:
            raise CorpusUnavailable(f"L{place[1:]} is no JSON. Give one object a line, such as {_EXAMPLE}.") from None
        if not isinstance(row, dict):
            raise CorpusUnavailable(f"L{place[1:]} is no object. Give one object a line, such as {_EXAMPLE}.")
        text, label, split = (row.get(name) if name else None for name in columns.found(list(row), f"L{place[1:]}"))
        yield Row(place, text, label, split)


def _bytes(file: BinaryIO, size: int) -> bytes:
    """All of it, from the start: a page that runs again hands over a file that was read before."""
    if file.seekable():
        file.seek(0)
    return file.read(size + 1)


def _megabytes(size: int) -> str:
    return f"{size / 2**20:,.0f} MB" if size >= 2**20 else f"{size:,} bytes"


_EXAMPLE = '{"text": "A fine film.", "label": 1}'
_Reader = Callable[[bytes, int, int], Iterator[Row]]  # content, longest text, bytes once unpacked
_FORMATS: dict[str, _Reader] = {
    ".csv": _csv,
    ".tsv": _tsv,
    ".jsonl": _jsonl,
    ".ndjson": _jsonl,
    ".parquet": columns.parquet,
}
