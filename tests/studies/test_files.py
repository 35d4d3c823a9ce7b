"""Files of texts: what is read out of each format, and what hostile ones meet."""

import hashlib
import io
import json
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet as pq

from sigviz.errors import CorpusUnavailable, InvalidSettings
from sigviz.studies import files

ROOT = Path(__file__).parent.parent.parent


def _parquet(table: pa.Table, **options: object) -> bytes:
    made = io.BytesIO()
    pq.write_table(table, made, **options)
    return made.getvalue()


def _refused(name: str, content: bytes, **bounds: int) -> str:
    """The message that a file is refused with: one line that names the file and no folder."""
    with pytest.raises(CorpusUnavailable) as caught:
        files.read(name, content, **bounds)
    message = str(caught.value)
    assert "\n" not in message and "/" not in message and files.shown_name(name) in message
    return message


FORMATS: dict[str, Callable[[list[str | None], list[object]], bytes]] = {
    "a.csv": lambda texts, labels: _delimited(",", texts, labels),
    "a.TSV": lambda texts, labels: _delimited("\t", texts, labels),
    "a.jsonl": lambda texts, labels: "\n".join(
        json.dumps({"text": text, "label": label}) for text, label in zip(texts, labels, strict=True)
    ).encode(),
    "a.parquet": lambda texts, labels: _parquet(pa.table({"n": [0] * len(texts), "text": texts, "label": labels})),
}


def _delimited(separator: str, texts: list[str | None], labels: list[object]) -> bytes:
    quoted = ['"' + (text or "").replace('"', '""') + '"' for text in texts]
    rows = [separator.join((text, "" if label is None else str(label))) for text, label in zip(quoted, labels, strict=True)]
    return "\r\n".join((f"text{separator}label", *rows)).encode()


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_gives_the_same_texts_labels_and_positions(name: str) -> None:
    texts = ['A "fine", film\nof two lines', None, "  ", "שלום 👋 <script>", " dull\t"]
    table = files.read(name, FORMATS[name](texts, [1, 0, 1, None, 0]))
    assert table.ids == (0, 3, 4) and table.empty == 2
    assert table.texts == (texts[0], texts[3], texts[4])
    assert table.labels == (1, None, 0) and table.label_names == () and table.splits is None


@pytest.mark.parametrize("name", FORMATS)
def test_class_names_are_numbered_in_alphabetical_order(name: str) -> None:
    table = files.read(name, FORMATS[name](["a", "b", "c", "d"], ["pos", "neg", None, "pos"]))
    assert table.labels == (1, 0, None, 1) and table.label_names == ("neg", "pos")


@pytest.mark.parametrize("name", FORMATS)
def test_rows_and_lengths_are_bounded(name: str) -> None:
    content = FORMATS[name](["aé", "b" * 9], [0, 1])
    assert len(files.read(name, content, most=2, longest=9)) == 2
    assert "more than 1 rows" in _refused(name, content, most=1)
    message = _refused(name, content, longest=8)
    assert "has 9 characters; 8 are the most" in message and ("line 3" in message or "line 2" in message or "row 1" in message)
    assert "larger than 10 bytes" in _refused(name, content, size=10)


@pytest.mark.parametrize("name", FORMATS)
def test_without_a_text_anywhere_a_file_is_refused(name: str) -> None:
    assert "holds no text" in _refused(name, FORMATS[name]([" ", None], [0, 1]))


def test_the_hash_is_of_the_bytes_and_an_open_file_is_read_from_its_start() -> None:
    content = FORMATS["a.csv"](["a"], [1])
    opened = io.BytesIO(content)
    opened.read()
    assert files.read("a.csv", opened) == files.read("a.csv", content)
    assert files.read("a.csv", content).sha256 == hashlib.sha256(content).hexdigest()


def test_a_byte_order_mark_is_no_part_of_the_first_name() -> None:
    assert files.read("a.csv", b"\xef\xbb\xbftext\nfine\n").texts == ("fine",)
    assert files.read("a.jsonl", b'\xef\xbb\xbf{"text": "fine"}').texts == ("fine",)


def test_sentence_is_read_where_there_is_no_text() -> None:
    assert files.read("a.tsv", b"sentence\tlabel\nfine\t1\n").texts == ("fine",)
    assert files.read("a.csv", b"sentence,text\nno,yes\n").texts == ("yes",)


def test_a_column_split_says_where_each_row_belongs() -> None:
    assert files.read("a.csv", b"text,split\na,train\nb,\nc,test\n").splits == ("train", "", "test")


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.parquet"])
def test_a_missing_column_is_told_with_those_that_are_there(name: str) -> None:
    contents = {
        "a.csv": b"a,b\n1,2\n",
        "a.jsonl": b'{"a": 1, "b": 2}\n',
        "a.parquet": _parquet(pa.table({"a": [1], "b": [2]})),
    }
    assert "has the columns a, b; sigviz reads the column text" in _refused(name, contents[name])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no columns"),
        (b"just a text\nanother\n", "has the columns just a text"),
        (b"text\n", "it has no rows"),
        (b"text,text\na,b\n", "column text more than once"),
        (b"text,label\nfine, but long,1\n", "Line 2 has 3 cells and the header 2. Quote"),
        (b'text\n"never closed\na\n', "quote is left open"),
        (b'text\n"a"b\n', "quote is left open or closed in the middle"),
        (b"text\n" + b"x" * 140_000 + b"\n", "more than 131,072 characters"),
        (b"text\nfine\ncaf\xe9\n", "Line 3 is not UTF-8 (byte 0xe9)"),
        (b"text\nfi\0ne\n", "Line 2 holds a NUL"),
        ("text\nfine\n".encode("utf-16"), "It is UTF-16"),
        (b"text,label\na,0.5\n", "label in line 2 is '0.5'"),
        (b"text,label\na,-2\n", "label in line 2 is -2"),
        (b"text,label\na," + b"x" * 101 + b"\n", "label in line 2 is 'xxx"),
        (b"text,label\n" + b"".join(b"a,c%d\n" % i for i in range(1001)), "holds 1,001 names"),
    ],
)
def test_what_is_wrong_in_a_csv_is_told_with_its_line(content: bytes, words: str) -> None:
    assert words in _refused("a.csv", content)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("not json", "Line 2 is no JSON"),
        ('{"text": "a"', "Line 2 is no JSON"),
        ("[1, 2]", "Line 2 is no object"),
        ('"a"', "Line 2 is no object"),
        ('{"text": 3}', "text in line 2 is a int"),
        ('{"text": {"a": "b"}}', "text in line 2 is a dict"),
        ('{"txt": "a"}', "Line 2 has the columns txt; sigviz reads"),
        ('{"text": "a", "label": [1]}', "label in line 2 is a list"),
        ('{"text": "a", "label": 1e999}', "label in line 2 is inf"),
        ('{"text": "a", "label": ' + "9" * 5000 + "}", "Line 2 is no JSON"),
        ('{"text": "a \\ud83d b"}', "text in line 2 holds half a character"),
        ('{"text": ' + "[" * 100_000 + "]" * 100_000 + "}", "Line 2 is nested too deeply"),
    ],
)
def test_what_is_wrong_in_a_jsonl_is_told_with_its_line(line: str, words: str) -> None:
    assert words in _refused("a.jsonl", b'{"text": "fine"}\n' + line.encode() + b"\n")


def test_blank_lines_of_a_jsonl_keep_their_positions() -> None:
    assert files.read("a.jsonl", b'{"text": "a"}\n\n{"text": "b"}\n').ids == (0, 2)


@pytest.mark.parametrize("name", ["a.pkl", "a.parquet.gz", "a", "a.json", "/srv/secret/a.txt", "x" * 300, "a\n.exe"])
def test_other_files_are_not_opened(name: str) -> None:
    assert "is no file that sigviz reads" in _refused(name, pickle.dumps(print))


def test_a_bound_that_csv_cannot_keep_is_refused() -> None:
    with pytest.raises(InvalidSettings, match="longest is 200,000"):
        files.read("a.csv", b"text\na\n", longest=200_000)


STRINGS = [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())]


@pytest.mark.parametrize("kind", STRINGS, ids=str)
@pytest.mark.parametrize("dictionary", [True, False])
def test_every_kind_of_string_column_is_read_and_equal_texts_are_one_string(kind: pa.DataType, dictionary: bool) -> None:
    texts = pa.array(["a film", None, "b", "a film"]).cast(kind)
    table = files.read(
        "a.parquet", _parquet(pa.table({"text": texts, "label": [1.0, None, -1.0, 0.0]}), use_dictionary=dictionary)
    )
    assert table.texts == ("a film", "b", "a film") and table.labels == (1, None, 0) and table.ids == (0, 2, 3)
    assert table.texts[0] is table.texts[2]


def test_positions_run_on_over_row_groups_and_batches() -> None:
    texts = [f"t{i}" for i in range(25_000)]
    table = files.read("a.parquet", _parquet(pa.table({"text": texts}), row_group_size=7_000))
    assert table.texts == tuple(texts) and table.ids == tuple(range(25_000))


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (pa.table({"text": [b"a"]}), "holds binary; it must hold strings"),
        (pa.table({"text": [1]}), "holds int64; it must hold strings"),
        (pa.table({"text": [["a"]]}), "it must hold strings"),
        (pa.table({"text": ["a"], "label": [[1]]}), "column label holds lists or structures"),
        (pa.table({"text": ["a"], "label": [0.5]}), "label in row 0 is 0.5"),
    ],
)
def test_other_kinds_of_columns_are_refused(table: pa.Table, words: str) -> None:
    assert words in _refused("a.parquet", _parquet(table))


def test_damaged_parquet_is_told_in_words() -> None:
    whole = _parquet(pa.table({"text": ["a film"] * 1000}))
    for broken in (b"", b"PAR1", whole[:-1], whole[: len(whole) // 2], whole[:4] + b"\xff" * 60 + whole[64:], b"PAR1" + whole):
        assert "damaged" in _refused("a.parquet", broken) or "columns" in _refused("a.parquet", broken)


def test_a_parquet_that_says_it_unpacks_to_much_is_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    content = _parquet(
        pa.table({"text": ["x" * 90_000 + str(i) for i in range(30)]}), compression="zstd", use_dictionary=False
    )
    assert len(content) < 100_000
    monkeypatch.setattr(pq.ParquetFile, "iter_batches", lambda *_, **__: pytest.fail("it was unpacked"))
    assert "unpack to more than 1,000,000 bytes" in _refused("a.parquet", content, size=1_000_000)


BOMB = """
import io, resource, sys
import pyarrow as pa
from pyarrow import parquet as pq
from sigviz.studies import files
made = io.BytesIO()
pointing = pa.DictionaryArray.from_arrays(pa.array([0] * 20_000, pa.int32()), pa.array(["x" * 90_000]))
pq.write_table(pa.table({"text": pointing}), made, compression="zstd", store_schema=False)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for longest in (100_000, 10_000):
    try:
        files.read("bomb.parquet", made.getvalue(), longest=longest)
    except files.CorpusUnavailable as error:
        print(len(made.getvalue()), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before, error)
"""


def test_rows_that_all_point_to_one_long_text_take_no_memory() -> None:
    """1.8 GB in a few kilobytes, which the file's own directory does not tell."""
    done = subprocess.run([sys.executable, "-c", BOMB], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    said = [line.split(" ", 2) for line in done.stdout.splitlines()]
    assert all(int(size) < 100_000 and int(grown) < 200 * 1024 for size, grown, _ in said)  # KiB
    first, second = (message for *_, message in said)
    assert "unpack to more than" in first and "has 90,000 bytes" in second
