"""Whether a file is well formed, and holds nothing of what it was made of but text.  Each check is seen to fail."""

import csv
import io
import json
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from typing import Any

from tests.views.test_table5 import harmless

VOID = {"meta", "br", "img", "link", "input", "hr"}
FORMULA = tuple("=+-@＝＋－＠\t\r")


class _Elements(HTMLParser):
    """What a browser would build: elements with the names of their attributes, and whether they close in order."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.found: set[tuple[str, str]] = set()
        self.open: list[str] = []
        self.feed(source)
        self.close()
        assert not self.open, f"left open: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found |= {(tag, name) for name, _ in attrs} | {(tag, "")}
        for name, value in attrs:
            assert "javascript:" not in (value or "") or name not in ("href", "src", "style"), (tag, name, value)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open.pop() == tag, f"</{tag}> closes nothing"

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data[:80]}")

    def handle_pi(self, data: str) -> None:
        raise AssertionError(f"an instruction: {data[:80]}")

    def unknown_decl(self, data: str) -> None:
        raise AssertionError(f"a declaration: {data[:80]}")


def elements(html: str) -> set[tuple[str, str]]:
    """The kinds of elements, each with each of its attributes' names; fails where they do not nest."""
    return _Elements(html).found


def svg_elements(svg: str) -> set[tuple[str, str]]:
    """The same of an SVG, as an XML parser reads it; fails where it is not well formed."""
    root = ET.fromstring(svg.encode())
    return {(one.tag, name) for one in root.iter() for name in (*one.attrib, "")}


def csv_rows(text: str) -> list[dict[str, str]]:
    """The rows, all as wide as the head; fails where a cell that is no number could start a formula."""
    csv.field_size_limit(2**30)  # a text of a megabyte is one cell
    found = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
    for row in found:
        assert None not in row and None not in row.values(), row
        for name, cell in row.items():
            assert not cell.startswith(FORMULA) or _is_number(cell), (name, cell[:80])
    return found


def _is_number(cell: str) -> bool:
    return bool(re.fullmatch(r"-?(\d+(\.\d+)?(e[-+]?\d+)?|inf|nan)", cell))


def assert_harmless_latex(tex: str) -> None:
    """Braces match, and no command and no sign of TeX's is there but our own."""
    body = tex[tex.index("\\begin{table}") :]
    assert harmless(body), body[:2000]
    assert body.count("\\begin{") == body.count("\\end{") == 2
    assert all(line.startswith("% ") for line in tex[: tex.index("\\begin{table}")].splitlines())


def json_value(text: str) -> Any:
    """What a strict parser reads: no NaN and no infinity, which JSON has not."""

    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is no JSON")

    return json.loads(text, parse_constant=refuse)
