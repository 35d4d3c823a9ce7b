"""All numbers of a robustness study in one table: the right number in the right cell, and foreign names harmless."""

import re

import pytest

from sigviz.models.untrained import REDRAWN, UNTRAINED
from sigviz.studies.robustness_summary import summarise
from sigviz.views import robust_published, robust_table
from tests.views.robust_rows import CHANCE, MODEL, OTHER, RUNS, SHARES, rows
from tests.views.test_study_table import Table, width

HOSTILE = "=<script>alert(1)</script>'\"><img src=x onerror=y>-->\u202e{}%&\\input{x}"


@pytest.fixture(scope="module")
def means():
    return summarise(rows(SHARES), draws=200)


@pytest.fixture(scope="module")
def beside():
    return robust_published.choices()["BERT on SST2"]


def test_every_number_of_the_study_has_its_cell(means) -> None:
    made = robust_table.layout(means)
    expected = [(f"jaccard@{k}", other, "") for k in (25, 10) for other in (OTHER, UNTRAINED, REDRAWN)]
    expected += [("infidelity", "", ""), ("infidelity", "", UNTRAINED)]
    assert [(head.metric, head.other, head.control) for head in made.heads] == expected
    assert [(title.partition(" ")[0], len(rows)) for title, rows in made.groups] == [
        ("Length", 3),
        ("Sum:", 3),
        ("Methods", 1),
        ("Control:", 1),
    ]
    said = {
        (row.name, title.partition(" ")[0], head.metric, head.other, head.control): cell
        for title, rows in made.groups
        for row in rows
        for head, cell in zip(made.heads, row.cells, strict=True)
    }
    own = means[(means["metric"] == "jaccard@25") & (means["settings"] == "ig") & (means["reduction"] == "sum")]
    one = own[own["other"] == OTHER].iloc[0]
    cell = said["IG", "Sum:", "jaccard@25", OTHER, ""]
    assert (cell.mean, cell.se, cell.n) == (f"{one['mean']:.1f}", f"{one['se']:.1f}", "54")
    assert cell.reach == f"{one['low']:.1f} to {one['high']:.1f}" and cell.published == ""
    assert said["IG", "Sum:", "jaccard@25", UNTRAINED, ""].n == "60"


def test_published_numbers_have_columns_of_their_own_and_their_tables_are_named(means, beside) -> None:
    made = robust_table.layout(means, beside)
    with_numbers = [(head.metric, head.other or head.control) for head in made.heads if head.published]
    assert with_numbers == [("jaccard@25", OTHER), ("jaccard@25", UNTRAINED), ("infidelity", ""), ("infidelity", UNTRAINED)]
    assert sorted(column.table for column in made.columns) == [2, 3, 4, 8, 9]
    html = robust_table.html(means, theme="light", beside=beside)
    assert "Table 3: BERT on SST2" in html and "Table 8" in html and "Another model, on other texts" in html
    body = [row for row in Table(html).tables[0] if len(row) > 3 and row[0][1].startswith("IG")]
    assert [body[0][2][1], body[0][4][1]] == ["53", "49"]


@pytest.mark.parametrize("published", [True, False])
def test_rows_are_as_wide_as_the_head_and_labelled(means, beside, published) -> None:
    html = robust_table.html(means, theme="dark", beside=beside if published else None)
    read = Table(html)
    first, second, *body = read.tables[0]
    assert width(first) - 1 == width(second) and {width(row) for row in body} == {width(first)}
    heads = [attributes for row in read.tables[0] for tag, _, attributes in row if tag == "th"]
    assert all(attributes["scope"] in ("col", "colgroup", "row", "rowgroup") for attributes in heads)


def test_latex_says_the_same_as_the_page(means, beside) -> None:
    made = robust_table.layout(means, beside)
    latex = robust_table.latex(means, model=MODEL, beside=beside)
    lines = [line for line in latex.splitlines() if line.startswith("IG & ")]
    (row, _) = [row for _, rows in made.groups for row in rows if row.name == "IG"]
    (second,) = [line for line in latex.splitlines() if line.startswith("Method & ")]
    assert lines[0].count("&") == second.count("&") == 8 + 4
    assert lines[0].startswith(f"IG & {row.cells[0].mean} {{\\scriptsize $\\pm$ {row.cells[0].se}}} & 53 & ")
    assert latex.count("{") == latex.count("}") and "\\bottomrule" in latex and "Table 3: BERT on SST2" in latex


def test_without_results_there_is_nothing_but_that_is_said(means) -> None:
    assert robust_table.EMPTY in robust_table.html(means.iloc[:0], theme="light")
    assert robust_table.latex(means.iloc[:0], model=MODEL) == ""


def test_one_text_has_no_standard_error() -> None:
    alone = summarise(rows({}, texts=1, runs=(*RUNS[:1], CHANCE), differing=0), draws=10)
    (group, _) = robust_table.layout(alone).groups
    assert {cell.se for cell in group[1][0].cells} == {"–"}


def test_names_from_anywhere_are_bounded_and_are_no_markup(beside) -> None:
    odd = rows({}, texts=3, runs=((HOSTILE, HOSTILE), CHANCE), others=(HOSTILE * 9, UNTRAINED), differing=0)
    shown = summarise(odd, draws=10)
    html = robust_table.html(shown, theme="light", beside=beside)
    assert Table(html).tags <= {"div", "table", "caption", "span", "thead", "tbody", "tr", "th", "td", "br", "p", "b"}
    assert not [name for name in Table(html).attributes if name.startswith("on")] and "\u202e" not in html
    latex = robust_table.latex(shown, model=HOSTILE, beside=beside)
    assert "\\input{" not in latex and re.search(r"(?<!\\)%", latex) is None and len(html) < 20_000


def test_a_file_of_very_many_columns_is_bounded() -> None:
    odd = rows({}, texts=2, runs=(*RUNS[:1], CHANCE), others=[f"m{n}" for n in range(30)], differing=0)
    assert len(robust_table.layout(summarise(odd, draws=10)).heads) == robust_table.MOST_COLUMNS
