"""All numbers of a robustness study as one table: methods down, by reduction; what the model is set beside across.

HTML for `st.html` and LaTeX (booktabs) are written from one layout, so that they say the same.  Names come from results files,
which anybody can write: each is escaped and bounded.  The HTML uses the classes of `markup.style(theme)`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from sigviz.models.untrained import UNTRAINED
from sigviz.studies.plan import CHANCE
from sigviz.studies.published import PAPERS, Column
from sigviz.studies.reductions import LABELS, WHOLE
from sigviz.studies.robustness import INFIDELITY, LEVELS, jaccard_id
from sigviz.studies.robustness_summary import NAMES, SURE, name
from sigviz.views import export
from sigviz.views.markup import attribute, escaped
from sigviz.views.palette import Inks, Theme, inks
from sigviz.views.robust_published import Beside
from sigviz.views.study_layout import NAME_LENGTH, NONE, named
from sigviz.views.wording import number, shortened

EMPTY = "There are no results to show yet."
MOST_ROWS, MOST_COLUMNS = 120, 16
_METRICS = {jaccard_id(k): f"Jaccard@{k}" for k in LEVELS} | {INFIDELITY: "Infidelity ↓"}
_WHOLE_TITLE = "Methods that score whole words: nothing to reduce"
_CHANCE_TITLE = "Control: random scores"
_NUMBER = "text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums"
_SMALL = "font-size:.8em"
_RUN = ["method", "settings", "steps"]


@dataclass(frozen=True, slots=True)
class Head:
    """One column.  called: the other model or the control; published: whether the paper has numbers for any of its rows."""

    metric: str
    other: str
    control: str
    called: str
    published: bool


@dataclass(frozen=True, slots=True)
class Cell:
    """One number, ready to be read; NONE where there is none.  reach: its interval; published: "" where the paper has none."""

    mean: str
    se: str = ""
    reach: str = ""
    n: str = ""
    published: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One run, in one reduction.  cells: one a Head."""

    name: str
    detail: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """groups: a title (a reduction, or the control) and its rows.  columns: those of the paper that stand beside."""

    heads: tuple[Head, ...]
    groups: tuple[tuple[str, tuple[Row, ...]], ...]
    columns: tuple[Column, ...]


def layout(means: pd.DataFrame, beside: Beside | None = None) -> Layout:
    """The table of one model and baseline.  means: what studies.robustness_summary.summarise returns."""
    part = means[(means["method"] != "") & means["metric"].isin([*_METRICS])]
    reductions = [*dict.fromkeys(part["reduction"].astype(str))]
    keys = [
        (metric, other, control)
        for metric in _METRICS
        for other, control in dict.fromkeys(
            zip(*(part.loc[part["metric"] == metric, column].astype(str) for column in ("other", "control")), strict=True)
        )
    ][:MOST_COLUMNS]
    columns: dict[Column, None] = {}
    heads = []
    for metric, other, control in keys:
        found = [
            column
            for reduction in reductions
            if beside is not None
            and (column := beside.table(metric, other=other, control=control, reduction=reduction)) is not None
        ]
        columns |= dict.fromkeys(found)
        called = name(other) if other else NAMES.get(control, shortened(control, NAME_LENGTH)) if control else "Trained"
        heads.append(Head(metric, other, control, called, bool(found)))
    groups = []
    for title, rows in _groups(part, reductions):
        made = _rows(rows, heads, beside)
        if made:
            groups.append((title, made))
    return Layout(tuple(heads), tuple(groups), tuple(columns))


def _groups(part: pd.DataFrame, reductions: Sequence[str]) -> list[tuple[str, pd.DataFrame]]:
    chance = part["method"] == CHANCE
    found = [
        (
            _WHOLE_TITLE if way == WHOLE else LABELS.get(way, shortened(way, NAME_LENGTH)),
            part[~chance & (part["reduction"] == way)],
        )
        for way in reductions
    ]
    return [*found, (_CHANCE_TITLE, part[chance])]


def _rows(part: pd.DataFrame, heads: Sequence[Head], beside: Beside | None) -> tuple[Row, ...]:
    rows = []
    runs = part.groupby([*_RUN, "reduction"], sort=False, dropna=False, observed=True)
    for (method, settings, _, reduction), own in list(runs)[:MOST_ROWS]:
        numbers = {(row["metric"], row["other"], row["control"]): row for row in own.to_dict("records")}
        cells = []
        for head in heads:
            paper = None
            if beside is not None:
                where = {"other": head.other, "control": head.control, "reduction": str(reduction)}
                paper = beside.value(head.metric, str(method), **where)
            cells.append(_cell(numbers.get((head.metric, head.other, head.control)), paper))
        rows.append(Row(*named(str(method), str(settings)), tuple(cells)))
    return tuple(rows)


def _cell(row: dict[str, Any] | None, paper: float | None) -> Cell:
    published = "" if paper is None else f"{paper:g}"
    if row is None or not row["n"]:
        return Cell(NONE, published=published)
    reach = f"{row['low']:.1f} to {row['high']:.1f}" if math.isfinite(row["low"]) else ""
    se = f"{row['se']:.1f}" if math.isfinite(row["se"]) else NONE
    return Cell(f"{row['mean']:.1f}", se, reach, number(int(row["n"])), published)


def html(means: pd.DataFrame, *, theme: Theme, beside: Beside | None = None) -> str:
    """The table of one model and baseline, published numbers in columns of their own, muted, their source below."""
    made, ink = layout(means, beside), inks(theme)
    if not made.groups:
        return f'<p style="color:{ink.muted}">{EMPTY}</p>'
    first, second = _top(made.heads)
    width = 1 + sum(1 + head.published for head in made.heads)
    body = "".join(_group(title, rows, made.heads, width, ink) for title, rows in made.groups)
    caption = (
        f"<caption><span>Per cent: mean ± standard error; below it the {SURE:g} % interval, and n texts.</span></caption>"
    )
    label = attribute("All numbers of the study")
    table = f"<table>{caption}<thead><tr>{first}</tr><tr>{second}</tr></thead>{body}</table>"
    framed = f'<div class="sigviz-grid" tabindex="0" role="region" aria-label="{label}">{table}</div>'
    return framed + _notes(made, ink)


def _top(heads: Sequence[Head]) -> tuple[str, str]:
    """The two lines of the head: metrics, and what the model is set beside."""
    first = '<th scope="col" rowspan="2">Method</th>'
    for metric in dict.fromkeys(head.metric for head in heads):
        span = sum(1 + head.published for head in heads if head.metric == metric)
        wide = "text-align:left;max-width:none;overflow:visible"  # what is clipped cannot stick
        first += f'<th scope="colgroup" colspan="{span}" style="{wide}">{_sticky(_METRICS[metric])}</th>'
    style = f"{_NUMBER};{_SMALL};font-weight:400;position:static;background:none;min-width:0"  # the first is no row's head
    second = ""
    for head in heads:
        second += f'<th scope="col" style="{style}">{escaped(_short(head.called))}</th>'
        second += f'<th scope="col" style="{style}">published</th>' if head.published else ""
    return first, second


def _sticky(inside: str, left: str = "7.5rem") -> str:
    """What stays in sight while its columns are scrolled.  left: from where; the first column is 7 rem wide."""
    return f'<span style="display:inline-block;position:sticky;left:{left};max-width:90cqw">{inside}</span>'


def _short(called: str) -> str:
    """The end of a name, which tells models of one family apart."""
    line = shortened(called, 200)
    return line if len(line) <= 24 else f"…{line[-23:]}"


def _group(title: str, rows: Sequence[Row], heads: Sequence[Head], width: int, ink: Inks) -> str:
    style = f"text-align:left;max-width:none;color:{ink.muted};border-top:1px solid {ink.neutral};background:none"
    top = f'<tr><th scope="rowgroup" colspan="{width}" style="{style}">{_sticky(escaped(title), ".5rem")}</th></tr>'
    control = f' style="font-style:italic;background:{ink.chip}"' if title == _CHANCE_TITLE else ""
    lines = "".join(f'<tr{control}><th scope="row">{_name(row, ink)}</th>{_cells(row, heads, ink)}</tr>' for row in rows)
    return f"<tbody>{top}{lines}</tbody>"


def _name(row: Row, ink: Inks) -> str:
    small = (
        f'<br><span style="{_SMALL};font-weight:400;color:{ink.muted}">{escaped(shortened(row.detail, NAME_LENGTH))}</span>'
    )
    return escaped(shortened(row.name, NAME_LENGTH)) + (small if row.detail else "")


def _cells(row: Row, heads: Sequence[Head], ink: Inks) -> str:
    made, small = [], f"{_SMALL};color:{ink.muted}"
    for cell, head in zip(row.cells, heads, strict=True):
        se = f' <span style="{small}">± {cell.se}</span>' if cell.se else ""
        below = "; ".join([*([cell.reach] if cell.reach else []), *([f"n = {cell.n}"] if cell.n else [])])
        made.append(f'<td style="{_NUMBER}">{cell.mean}{se}<br><span style="{small}">{below}</span></td>')
        if head.published:
            made.append(f'<td style="{_NUMBER};color:{ink.muted}">{cell.published or NONE}</td>')
    return "".join(made)


def _notes(made: Layout, ink: Inks) -> str:
    said = [
        "Infidelity: lower is better. Jaccard: high with the other trained model, and low with untrained copies, is good. "
        "n: texts with a value; Jaccard needs that both predict the same class."
    ]
    if made.columns:
        said.append(f"Published: {escaped(_titles(made.columns))}. Another model, on other texts, by the paper's own code.")
    return f'<p style="color:{ink.muted};font-size:.875rem;margin:.25rem 0 1.5rem">{" ".join(said)}</p>'


def _titles(columns: Sequence[Column]) -> str:
    """Where published numbers stand: the paper once, then its tables in their order."""
    paper = PAPERS[columns[0].paper]
    tables = sorted(columns, key=lambda column: column.table)
    return f"{paper}: {'; '.join(column.title.removeprefix(f'{paper}, ') for column in tables)}"


def latex(means: pd.DataFrame, *, model: str, beside: Beside | None = None) -> str:
    """The same table for LaTeX with the package booktabs; empty without results.  model: its name, for the caption."""
    made = layout(means, beside)
    if not made.groups:
        return ""
    spec = "l" + "".join("rr" if head.published else "r" for head in made.heads)
    first, second = [""], ["Method"]
    for metric in dict.fromkeys(head.metric for head in made.heads):
        span = sum(1 + head.published for head in made.heads if head.metric == metric)
        first.append(f"\\multicolumn{{{span}}}{{c}}{{{export.escaped(_METRICS[metric])}}}")
    for head in made.heads:
        second.append(export.escaped(_short(head.called)))
        second += ["published"] if head.published else []
    lines = [" & ".join(first) + r" \\", " & ".join(second) + r" \\"]
    for title, rows in made.groups:
        lines += [r"\midrule", f"\\multicolumn{{{len(spec)}}}{{l}}{{\\textit{{{export.tex(title)}}}}} \\\\"]
        lines += [_line(row, made.heads) for row in rows]
    copy = f"{NAMES[UNTRAINED].lower()}: a copy of the model with a random head"
    said = f"{export.escaped(shortened(model, NAME_LENGTH))}: per cent, mean $\\pm$ standard error, bootstrapped over texts. "
    said += f"{copy[0].upper()}{copy[1:]}."
    if made.columns:
        said += f" Published: {export.tex(_titles(made.columns))}."
    return export.framed(spec, lines, said)


def _line(row: Row, heads: Sequence[Head]) -> str:
    cells = [export.run_name(row.name, row.detail)]
    for cell, head in zip(row.cells, heads, strict=True):
        se = f" {{\\scriptsize $\\pm$ {cell.se}}}" if cell.se and cell.se != NONE else ""
        cells.append((cell.mean if cell.mean != NONE else "--") + se)
        cells += [cell.published or "--"] if head.published else []
    return " & ".join(cells) + r" \\"
