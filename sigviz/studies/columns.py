"""Which columns of a table are read, and Parquet's, which are measured before they are unpacked.

A few kilobytes of Parquet can stand for terabytes: pages that are mostly zeros, or one long text that a million rows point
to.  So the sizes that the file's directory tells are checked first, texts stay in their dictionary until their lengths are
known, and a text that many rows share is one string in memory.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sigviz.errors import CorpusUnavailable

TEXTS = ("text", "sentence")  # the first that is there
LABEL, SPLIT = "label", "split"
_BATCH = 10_000  # rows at a time


@dataclass(frozen=True, slots=True)
class Row:
    """One row as it was found, nothing of it checked.  place: where it stands, in words."""

    place: str
    text: object
    label: object
    split: object


def found(names: Sequence[str], what: str = "The file", hint: str = "") -> tuple[str, str | None, str | None]:
    """Of these columns, the one of the texts, of the labels, and of the splits.  what, hint: how a message begins and ends.

    Raises: CorpusUnavailable if none holds the texts, or if one of them is there twice.
    """
    text = next((name for name in TEXTS if name in names), None)
    if text is None:
        listed = ", ".join(_shown(name) for name in names[:10]) + (", …" if len(names) > 10 else "")
        has = f"{what} has the columns {listed}" if names else f"{what} has no columns"
        raise CorpusUnavailable(f"{has}; sigviz reads the column {TEXTS[0]} (or {TEXTS[1]}).{hint}")
    wanted = (text, *(name if name in names else None for name in (LABEL, SPLIT)))
    twice = [name for name in wanted if name and list(names).count(name) > 1]
    if twice:
        raise CorpusUnavailable(f"{what} has the column {twice[0]} more than once. Rename the others.")
    return wanted  # type: ignore[return-value] # one and two


def parquet(data: bytes, longest: int, size: int) -> Iterator[Row]:
    """The rows of a Parquet file.  longest: characters of a text; size: bytes that the read columns may unpack to."""
    import pyarrow as pa  # slow to import, and only these files need it
    from pyarrow import parquet as pq

    try:
        file = pq.ParquetFile(pa.BufferReader(data))
        wanted = found(file.schema_arrow.names)
        chosen = [name for name in wanted if name]
        strings = [name for name in chosen if _holds_strings(file.schema_arrow.field(name).type)]
        if wanted[0] not in strings:
            kind = _shown(str(file.schema_arrow.field(wanted[0]).type))
            raise CorpusUnavailable(f"The column {wanted[0]} holds {kind}; it must hold strings.")
        for name in chosen:
            if pa.types.is_nested(file.schema_arrow.field(name).type):
                raise CorpusUnavailable(f"The column {name} holds lists or structures; it must hold plain values.")
        _refuse_bombs(file.metadata, chosen, size)
        file = pq.ParquetFile(pa.BufferReader(data), read_dictionary=strings)
        room = size
        start = 0
        for batch in file.iter_batches(_BATCH, columns=chosen, use_threads=False):
            values = {name: _values(batch.column(name), name in strings, longest, start) for name in chosen}
            none = [None] * batch.num_rows
            texts, labels, splits = (values[name] if name else none for name in wanted)
            room -= sum(len(text) for text in texts if text)
            if room < 0:
                raise _too_large(size)
            yield from (Row(f"row {start + i}", *row) for i, row in enumerate(zip(texts, labels, splits, strict=True)))
            start += batch.num_rows
    except (pa.ArrowException, OSError, ValueError, KeyError) as error:
        raise CorpusUnavailable("It is no whole Parquet file, or it is damaged. Write it again.") from error


def _refuse_bombs(metadata: Any, chosen: Sequence[str], size: int) -> None:
    unpacked = 0
    for group in range(metadata.num_row_groups):
        row_group = metadata.row_group(group)
        for at in range(row_group.num_columns):
            column = row_group.column(at)
            if column.path_in_schema in chosen:
                unpacked += max(0, column.total_uncompressed_size)
    if unpacked > size:
        raise _too_large(size)


def _values(column: Any, strings: bool, longest: int, start: int) -> list[Any]:
    """One batch of a column as Python values; of strings, each different one once."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not strings or not pa.types.is_dictionary(column.type):
        return column.to_pylist()  # type: ignore[no-any-return]
    lengths = pc.binary_length(column.dictionary).take(column.indices)  # [rows], bytes; null where the row is
    worst = pc.max(lengths).as_py() or 0
    if worst > 4 * longest:  # no character takes more than 4 bytes
        row = start + pc.index(lengths, worst).as_py()
        raise CorpusUnavailable(f"The value in row {row} has {worst:,} bytes; {longest:,} characters are the most. Cut it.")
    used = pc.unique(column.indices.drop_null())
    once = dict(zip(used.to_pylist(), column.dictionary.take(used).to_pylist(), strict=True))
    return [None if index is None else once[index] for index in column.indices.to_pylist()]


def _holds_strings(kind: Any) -> bool:
    import pyarrow as pa

    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _too_large(size: int) -> CorpusUnavailable:
    return CorpusUnavailable(f"Its texts unpack to more than {size:,} bytes. Split it, or keep only the rows you need.")


def _shown(name: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in name[:40]) + ("…" if len(name) > 40 else "")
