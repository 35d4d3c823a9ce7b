"""Study tables as CSV and LaTeX: numbers stay numbers, and no name can calculate or command."""

import csv
import io
import math
import re

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sigviz.studies.published import find
from sigviz.studies.summary import paired, summarise
from sigviz.views import export
from tests.studies.study_rows import rows

TWO = {("ig", "log_odds"): [-1.0, -2.0, -3.0], ("sig(steps=250)", "log_odds"): [-2.0, -3.0, -4.0]}
HOSTILE = "=\\input{/etc/passwd}&%$#_^~{}\\\\ \\end{table}"


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_a_summary_is_one_line_a_row_with_all_digits() -> None:
    summary = summarise(rows(TWO))
    found = read(export.csv(summary))
    assert len(found) == len(summary)
    first = found[0]
    assert (first["method"], first["settings"], first["control"], first["n"]) == ("ig", "ig", "", "3")
    assert float(first["mean"]) == -2.0 and first["mean"].startswith("-"), "a negative number is no formula"
    assert float(first["se"]) == summary["se"].iloc[0]


def test_differences_are_exported_with_their_test() -> None:
    (found,) = [row for row in read(export.csv(paired(rows(TWO)))) if row["metric"] == "log_odds"]
    assert (found["reference"], float(found["difference"]), found["better"]) == ("ig", -1.0, "True")
    assert float(found["p"]) == 0.25


def test_what_is_not_there_is_empty() -> None:
    (found,) = [
        row for row in read(export.csv(summarise(rows({("random", "log_odds"): [-1.0]})))) if row["metric"] == "log_odds"
    ]
    assert (found["se"], found["steps"]) == ("", "")
    assert export.csv(summarise(rows(TWO).iloc[:0])).count("\n") == 1, "the head alone"


@pytest.mark.parametrize("start", [*"=+-@", "\t=", "\r=", "\n=", " =", "'=", "＝", "\u00a0+"])
def test_no_text_can_start_a_formula(start) -> None:
    (found,) = [
        row for row in read(export.csv(summarise(rows(TWO, model=f"{start}cmd|'/C calc'!A0")))) if row["method"] == "ig"
    ][:1]
    assert found["model"].startswith("'")
    assert found["model"].lstrip("' \u00a0").startswith(start.strip(" '\u00a0").replace("\r", "\n"))


@given(st.text(max_size=30))
def test_any_name_comes_back_out_of_the_csv(name) -> None:
    found = next(csv.reader(io.StringIO(export.csv(pd.DataFrame({"a": [name], "b": [-1.5]})).partition("\n")[2], newline="")))
    expected = name.replace("\x00", "").replace("\r\n", "\n").replace("\r", "\n")
    assert found[0] in (expected, f"'{expected}")
    assert not found[0].startswith(("=", "+", "-", "@"))
    assert found[1] == "-1.5"


def cells(tex: str) -> list[list[str]]:
    """The rows of all tabulars, cell by cell; checks that rows are as wide as their tabular says."""
    found = []
    for columns, inside in re.findall(r"\\begin{tabular}{(\w+)}\n(.*?)\\end{tabular}", tex, flags=re.DOTALL):
        for line in inside.splitlines():
            if not line.endswith(r"\\"):
                assert line in (r"\toprule", r"\midrule", r"\bottomrule")
                continue
            row = [cell.strip() for cell in re.split(r"(?<!\\)&", line.removesuffix(r"\\"))]
            spans = [re.match(r"\\multicolumn{(\d+)}", cell) for cell in row]
            assert sum(int(span[1]) if span else 1 for span in spans) == len(columns)
            found.append(row)
    return found


def balanced(tex: str) -> bool:
    depth = 0
    for mark in re.findall(r"(?<!\\)[{}]", tex.replace(r"\\", "")):
        depth += 1 if mark == "{" else -1
        if depth < 0:
            return False
    return depth == 0


def test_the_latex_table_is_that_of_the_paper() -> None:
    tex = export.latex(summarise(rows(TWO)), metrics=["log_odds"])
    assert cells(tex) == [
        ["Method", r"Log-odds $\downarrow$", "$n$"],
        ["IG", r"$-$2.000 {\scriptsize $\pm$ 0.577}", "3"],
        [r"SIG {\scriptsize steps=250}", r"\textbf{\boldmath $-$3.000} {\scriptsize $\pm$ 0.577}", "3"],
    ]
    assert balanced(tex) and r"\toprule" in tex and r"\bottomrule" in tex
    assert r"\caption{bundled/minilm-movie, baseline mask, protocol content: mean $\pm$ standard error" in tex


def test_published_numbers_have_columns_of_their_own_in_latex() -> None:
    tex = export.latex(summarise(rows(TWO)), metrics=["log_odds"], published=find(3, "BERT"))
    assert [row[2] for row in cells(tex)[1:]] == ["Table~3", "$-$1.19", "$-$1.52 (50 steps)"]
    assert "Table 3: BERT on Rotten Tomatoes" in tex


def test_controls_have_their_own_part_in_latex() -> None:
    given_rows = pd.concat([rows({**TWO, ("random", "log_odds"): [0.0]}), rows(TWO, control="untrained")])
    first = [row[0] for row in cells(export.latex(summarise(given_rows), metrics=["log_odds"]))]
    assert first[3:5] == [r"\multicolumn{3}{l}{\textit{Control: random scores}}", "Random"]
    assert first[5].endswith(r"\textit{Control: untrained model}}")


def test_differences_are_a_table_too() -> None:
    tex = export.paired_latex(paired(rows(TWO)), metrics=["log_odds"])
    assert cells(tex)[1] == [r"SIG {\scriptsize steps=250}", r"$-$1.000 {\scriptsize $\pm$ 0.000, $p$ $=$ 0.25}"]
    assert balanced(tex) and "mean difference from IG with 50 steps" in tex


def test_nothing_gives_no_table() -> None:
    assert export.latex(summarise(rows(TWO).iloc[:0])) == export.paired_latex(paired(rows(TWO).iloc[:0])) == ""


def test_a_hostile_name_is_text_in_latex() -> None:
    hostile = rows({**TWO, (HOSTILE, "log_odds"): [1.0], ("ig", HOSTILE): [math.nan]}, model=HOSTILE, baseline=HOSTILE)
    hostile = pd.concat([hostile, hostile.assign(control=HOSTILE)])
    tex = export.latex(summarise(hostile)) + export.paired_latex(paired(hostile))
    assert cells(tex) and balanced(tex)
    assert "\\input" not in tex and tex.count("\\end{table}") == 2


@given(st.text(max_size=80))
def test_no_name_can_be_a_command(text) -> None:
    tex = export.escaped(text)
    assert balanced(tex)
    commands = "textbackslash|textasciicircum|textasciitilde|textless|textgreater|textbar|times|pm|downarrow|uparrow|="
    assert not re.sub(rf"\\(?:[&%$#_{{}}]|(?:{commands})(?![a-zA-Z]))", "", tex).count("\\")
    assert not re.search(r"(?<!\\)[&%#_~]", tex) and "\n" not in tex
