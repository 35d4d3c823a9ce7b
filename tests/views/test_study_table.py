"""A study's tables as HTML: the right number in the right cell, controls apart, and foreign names harmless."""

import math
import re
from html.parser import HTMLParser

import pandas as pd
import pytest

from sigviz.studies.published import ROBUSTNESS_PAPER, columns, find
from sigviz.studies.summary import paired, summarise
from sigviz.views import study_table
from sigviz.views.palette import THEMES, inks
from sigviz.views.study_layout import layouts, named, p_value, printed, value
from tests.studies.study_rows import rows

HOSTILE = "=<script>alert(1)</script>'\"><img src=x onerror=y>-->\u202e{}%&"
TWO = {("ig", "log_odds"): [-1.0, -2.0, -3.0], ("sig", "log_odds"): [-2.0, -3.0, -4.0]}


class Table(HTMLParser):
    """Reads tables as browsers lay them out.  tables: of rows, of (tag, text, attributes); open: tags not yet closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tables, self.open, self.tags, self.attributes = [], [], set(), set()
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag == "br":
            return
        self.open.append(tag)
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append([tag, "", dict(attrs)])

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if {"td", "th"} & set(self.open):
            self.tables[-1][-1][-1][1] += data

    def texts(self, table=0):
        return [[text for _, text, _ in row] for row in self.tables[table]]


def width(row):
    return sum(int(attributes.get("colspan", 1)) for _, _, attributes in row)


def both(values, **changed):
    """The model itself and its untrained copy."""
    return pd.concat([rows(values, **changed), rows(values, control="untrained", **changed)])


def test_a_cell_holds_mean_and_standard_error_and_the_best_is_bold() -> None:
    html = study_table.html(summarise(rows(TWO)), theme="light", metrics=["log_odds"])
    assert Table(html).texts() == [
        ["Method", "Log-odds ↓", "n"],
        ["log p"],
        ["IG", "−2.000 ± 0.577", "3"],
        ["SIG", "−3.000 ± 0.577", "3"],
    ]
    assert re.findall(r"<td[^>]*><b>([^<]*)</b>", html) == ["−3.000"]


def test_heads_and_rows_are_labelled_for_those_who_listen() -> None:
    html = study_table.html(summarise(rows(TWO)), theme="light")
    read = Table(html)
    assert '(lower is better)">↓' in html
    assert "<caption><span><b>bundled/minilm-movie</b>, baseline mask: mean ± standard error, protocol content" in html
    heads = [cell for row in read.tables[0] for cell in row if cell[0] == "th"]
    assert all(attributes["scope"] in ("col", "colgroup", "row", "rowgroup") for _, _, attributes in heads)
    assert 'tabindex="0" role="region" aria-label="Results of bundled/minilm-movie, baseline mask"' in html


@pytest.mark.parametrize("published", [None, find(3, "BERT")])
def test_every_row_fills_the_table(published) -> None:
    given = both({**TWO, ("random", "log_odds"): [0.0, 0.1, 0.2], ("sig", "infidelity"): [10.0, 20.0, 30.0]})
    table = Table(study_table.html(summarise(given), theme="dark", published=published)).tables[0]
    first, second, *body = table
    wide = width(first)
    assert width(second) == wide - 2, "Method and n stand in both"
    assert {width(row) for row in body} == {wide}


def test_a_single_text_has_a_dash_for_its_standard_error() -> None:
    read = Table(study_table.html(summarise(rows({("ig", "log_odds"): [-1.0]})), theme="light", metrics=["log_odds"]))
    assert read.texts()[2] == ["IG", "−1.000 ± –", "1"]


def test_a_method_without_a_value_has_a_dash() -> None:
    given = rows({**TWO, ("grad-input", "log_odds"): [math.nan] * 3})
    read = Table(study_table.html(summarise(given), theme="light", metrics=["log_odds"]))
    assert read.texts()[-1] == ["Grad×Input", "–", "0"]


def test_nothing_is_said_in_words() -> None:
    for empty in (summarise(rows(TWO)).iloc[:0], summarise(rows(TWO).iloc[:0])):
        assert "There are no results to show yet." in study_table.html(empty, theme="light")
    assert "needs IG and another method" in study_table.paired_html(paired(rows(TWO).iloc[:0]), theme="light")


def test_controls_stand_apart_under_a_heading_and_are_explained() -> None:
    given = both({**TWO, ("random", "log_odds"): [-9.0, -9.0, -9.0]})
    html = study_table.html(summarise(given), theme="light", metrics=["log_odds"])
    heads = [row[0] for row in Table(html).texts()]
    assert heads == [
        *("Method", "log p", "IG", "SIG"),
        *("Control: random scores", "Random"),
        *("Control: untrained model", "IG", "SIG", "Random"),
    ]
    assert html.count(f"font-style:italic;background:{inks('light').chip}") == 4
    assert "Random scores know nothing" in html and "random head" in html
    assert re.findall(r"<td[^>]*><b>([^<]*)</b>", html) == ["−3.000"], "random scores do not compete"


def test_published_numbers_stand_beside_the_own_ones_and_say_whose_they_are() -> None:
    html = study_table.html(summarise(rows(TWO)), theme="light", published=find(3, "DistilBERT"), metrics=["log_odds"])
    read = Table(html)
    assert read.texts()[:2] == [["Method", "Log-odds ↓", "n"], ["here", "Table 3"]]
    assert [row[2] for row in read.texts()[2:]] == ["−0.540", "−0.533"]
    assert "Enguehard 2023, arXiv:2305.15853, Table 3: DistilBERT on Rotten Tomatoes, baseline mask" in html
    assert "That is another model" in html and "counts as protocol paper does" in html


def test_published_numbers_of_the_same_checkpoint_are_not_called_another_models() -> None:
    given = summarise(rows(TWO, model="textattack/bert-base-uncased-SST-2", protocol="paper"))
    html = study_table.html(given, theme="light", protocol="paper", published=find(1, "BERT"))
    assert "That is the same checkpoint" in html and "another model" not in html
    assert "counts as protocol paper does" not in html


def test_published_numbers_with_other_steps_say_so() -> None:
    given = rows({("sig(steps=20)", "log_odds"): [-2.0], ("sig-exact", "log_odds"): [-2.0]})
    read = Table(study_table.html(summarise(given), theme="light", published=find(1, "BERT"), metrics=["log_odds"]))
    assert [row[2] for row in read.texts()[2:]] == ["−1.19 (50 steps)", "−1.19"]


def test_each_baseline_has_a_table_and_its_own_published_column() -> None:
    given = summarise(pd.concat([rows(TWO), rows(TWO, baseline="pad"), rows(TWO, baseline="zero")]))
    mask, pad, zero = layouts(given, published=find(1, "BERT"))
    assert [layout.published and layout.published.table for layout in (mask, pad, zero)] == [1, 6, None]
    assert not any(head.published for head in zero.heads)


def test_the_robustness_papers_infidelity_fits_any_baseline_but_no_untrained_model() -> None:
    column = next(c for c in columns() if (c.paper, c.table, c.dataset, c.model) == (ROBUSTNESS_PAPER, 2, "SST2", "BERT"))
    given = both({("ig", "infidelity"): [30.0, 40.0], ("random", "infidelity"): [60.0, 70.0]})
    (layout,) = layouts(summarise(given), published=column)
    methods, random, untrained = layout.groups
    assert [group.rows[0].cells[0].published for group in (methods, random, untrained)] == ["38", "61", ""]


def test_the_protocol_chosen_is_the_one_shown() -> None:
    given = summarise(pd.concat([rows(TWO), rows({k: [9.0] for k in TWO}, protocol="paper")]))
    content, paper = (layouts(given, protocol=p)[0].groups[0].rows[0].cells[0].mean for p in ("content", "paper"))
    assert (content, paper) == ("−2.000", "9.000")


def test_differences_from_ig_carry_their_test() -> None:
    given = {("ig", "log_odds"): [0.0] * 20, ("sig", "log_odds"): [-1.0 - i % 2 for i in range(20)]}
    given |= {("grad-input", "log_odds"): [0.5] * 19 + [math.nan], ("random", "log_odds"): [1.0, -1.0] * 10}
    html = study_table.paired_html(paired(rows(given)), theme="light", metrics=["log_odds"])
    assert Table(html).texts() == [
        ["Method", "Log-odds ↓"],
        ["SIG", "−1.500 ± 0.115p < 0.001 · better"],
        ["Grad×Input", "+0.500 ± 0.000p < 0.001 · worse, n = 19"],
        ["Random", "0.000 ± 0.229p = 1.00"],
    ]
    assert "method minus IG, 50 steps, on the same 20 texts" in html
    assert "not corrected for the number of cells" in html


def test_untrained_models_are_not_compared_with_their_ig() -> None:
    html = study_table.paired_html(paired(both(TWO)), theme="light")
    assert html.count("<table>") == 1


@pytest.mark.parametrize("theme", THEMES)
def test_hostile_names_are_text(theme) -> None:
    given = rows({**TWO, (HOSTILE, "log_odds"): [1.0, 2.0, 3.0], ("ig", HOSTILE): [1.0, 2.0, 3.0]}, model=HOSTILE * 9)
    other = given.assign(baseline=HOSTILE, control=HOSTILE, settings=given["settings"] + HOSTILE)
    summary = summarise(pd.concat([given, other, given.assign(control=HOSTILE)]))
    html = study_table.html(summary, theme=theme) + study_table.paired_html(paired(given), theme=theme)
    read = Table(html)
    known = {"div", "table", "caption", "span", "thead", "tbody", "tr", "th", "td", "b", "br", "p"}
    assert read.tags <= known
    assert read.attributes <= {"class", "style", "title", "scope", "colspan", "rowspan", "role", "aria-label", "tabindex"}
    assert "\u202e" not in html
    assert max(len(text) for table in read.tables for row in table for _, text, _ in row) < 130


def test_long_results_stay_bounded() -> None:
    many = {(f"m{i}", f"metric {j}"): [1.0] for i in range(200) for j in range(40)}
    (layout,) = layouts(summarise(rows(many)))
    assert len(layout.heads) <= 24 and sum(len(group.rows) for group in layout.groups) <= 120


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (("ig", "ig"), ("IG", "")),
        (("ig", "ig(steps=250)"), ("IG", "steps=250")),
        (("sig", "sig(steps=9,context=causal)"), ("SIG", "steps=9, context=causal")),
        (("no such", "no such"), ("no such", "")),
        (("ig", "something else"), ("IG", "something else")),
    ],
)
def test_runs_are_named_by_label_and_what_differs(settings, expected) -> None:
    assert named(*settings) == expected


def test_numbers_are_written_as_their_column_needs() -> None:
    assert [value(-0.0004, "log_odds"), value(-1.25, "log_odds"), value(math.nan, "log_odds")] == ["0.000", "−1.250", "–"]
    assert [value(33.333, "infidelity"), value(0.00012345, "worst_delta")] == ["33.3", "0.000123"]
    assert [printed(v, "log_odds") for v in (-0.54, -1.993, 0.00409, -3.31e-05)] == [
        "−0.540",
        "−1.993",
        "0.00409",
        "−0.0000331",
    ]
    assert printed(68.0, "infidelity") == "68"
    assert [p_value(p) for p in (1e-4, 0.0314, 0.5, math.nan)] == ["p < 0.001", "p = 0.031", "p = 0.50", "–"]
