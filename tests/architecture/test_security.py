"""SECURITY.md promises nothing that no test shows, and the house has a place for what a host needs."""

import ast
import re

import pytest

from tests.architecture.reading import ROOT

SHOWN_BY = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def promises(text: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """Each row of the table: what is promised, and the tests (file, name) that show it."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")]
    return [(row[0], SHOWN_BY.findall(row[1])) for row in rows[2:]]


def named_in(file: str) -> set[str]:
    """The names of the tests of a file; none where there is no such file."""
    path = ROOT / file
    nodes = ast.walk(ast.parse(path.read_text("utf-8"))) if path.is_file() else ()
    return {node.name for node in nodes if isinstance(node, ast.FunctionDef)}


PROMISES = promises((ROOT / "SECURITY.md").read_text("utf-8"))


@pytest.mark.parametrize(("promise", "shown"), PROMISES, ids=[promise[:60] for promise, _ in PROMISES])
def test_every_promise_is_shown_by_tests_that_exist(promise: str, shown: list[tuple[str, str]]) -> None:
    assert promise.endswith(".") and shown
    assert not [f"{file}::{name}" for file, name in shown if name not in named_in(file)]


def test_what_was_asked_for_is_promised() -> None:
    said = " ".join(promise.lower() for promise, _ in PROMISES)
    assert len(PROMISES) > 15
    for about in ("pickle", "trust_remote_code", "html", "bounded", "xsrf", "cors", "path, traceback or token", "public"):
        assert about in said, about


def test_what_is_not_promised_and_how_to_report_a_fault_are_said() -> None:
    text = (ROOT / "SECURITY.md").read_text("utf-8")
    assert {"## Reporting a fault", "## What is promised", "## What is not promised"} <= set(text.splitlines())
    assert "No login of its own, and no TLS of its own" in text


def test_the_host_s_configuration_lies_in_deploy() -> None:
    """In a folder of its own at the top: it is for whoever hosts sigviz, and belongs neither to the package nor to CI."""
    assert {path.name for path in (ROOT / "deploy").iterdir()} == {"nginx.conf"}


# The checker checked.


def test_a_promise_without_a_test_is_seen() -> None:
    table = "| Promise | Shown by |\n|---|---|\n| A. | `tests/a.py::test_b`, `tests/c.py::test_d` |\n| E. | nothing |\n"
    assert promises(table) == [("A.", [("tests/a.py", "test_b"), ("tests/c.py", "test_d")]), ("E.", [])]
    assert named_in("tests/no/such.py") == set()
    assert "test_a_promise_without_a_test_is_seen" in named_in("tests/architecture/test_security.py")
