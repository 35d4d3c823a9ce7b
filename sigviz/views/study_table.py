"""The tables of a study as HTML: means as in Table 1 of the SIG paper (arXiv:2305.15853), and paired differences from IG.

Made for `st.html`: no script, every foreign name escaped and bounded.  The tables use the classes of `markup.style(theme)`,
which a page gives once.  A table scrolls inside its own frame, so a phone's page does not.
"""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from sigviz.studies.published import SIG_PAPER, Column, for_model
from sigviz.studies.summary import CHANCE, DRAWS, measure
from sigviz.views.markup import attribute, escaped
from sigviz.views.palette import Inks, Theme, inks
from sigviz.views.study_layout import (
    CONTROL,
    NAME_LENGTH,
    NONE,
    Cell,
    Group,
    Head,
    Layout,
    Row,
    chosen_metrics,
    head,
    layouts,
    named,
    p_value,
    value,
)
from sigviz.views.wording import number, shortened

EMPTY = "There are no results to show yet."
SIGNIFICANT = 0.05
_NUMBER = "text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums"
_SMALL = "font-size:.8em"


def html(
    summary: pd.DataFrame,
    *,
    theme: Theme,
    protocol: str = "content",
    published: Column | None = None,
    metrics: Sequence[str] | None = None,
) -> str:
    """One table for each model and baseline: methods down, metrics across, mean ± standard error, the best bold.

    summary: what studies.summary.summarise returns.  published: the paper's column to set beside it, muted; its title is in
    the caption, which says when it belongs to another model.  The random control and untrained models stand apart, below.
    """
    found = layouts(summary, protocol=protocol, published=published, metrics=metrics)
    if not found:
        return f'<p style="color:{inks(theme).muted}">{EMPTY}</p>'
    return "".join(_table(layout, inks(theme)) for layout in found)


def paired_html(paired: pd.DataFrame, *, theme: Theme, protocol: str = "content", metrics: Sequence[str] | None = None) -> str:
    """A table for each model and baseline: how far each method is from IG on the same texts, with a p for every cell.

    paired: what studies.summary.paired returns.  Untrained models are left out: their IG is no reference for anything.
    """
    ink = inks(theme)
    shown = paired[(paired["control"] == "").astype(bool) & paired["protocol"].isin([protocol, ""]).astype(bool)]
    if not len(shown):
        return f'<p style="color:{ink.muted}">There is nothing to compare: a comparison needs IG and another method.</p>'
    groups = shown.groupby(["model", "baseline"], sort=False, observed=True)
    return "".join(_paired_table(str(model), str(baseline), part, metrics, ink) for (model, baseline), part in groups)


def _table(layout: Layout, ink: Inks) -> str:
    heads = "".join(map(_head, layout.heads)) + f'<th scope="col" rowspan="2" style="{_NUMBER}">n</th>'
    second = "".join(_subheads(one, layout.published) for one in layout.heads)
    columns = 2 + sum(2 if one.published else 1 for one in layout.heads)
    body = "".join(_group(group, layout.heads, columns, ink) for group in layout.groups)
    top = f'<thead><tr><th scope="col" rowspan="2">Method</th>{heads}</tr><tr>{second}</tr></thead>'
    name, baseline, protocol = (shortened(text, NAME_LENGTH) for text in (layout.model, layout.baseline, layout.protocol))
    caption = f"<b>{escaped(name)}</b>, baseline {escaped(baseline)}: mean ± standard error, protocol {escaped(protocol)}"
    return _framed(caption, f"{top}{body}", f"Results of {name}, baseline {baseline}") + _notes(layout, ink)


def _notes(layout: Layout, ink: Inks) -> str:
    """What must be known to read the table, below it, where it cannot be scrolled away."""
    said = ["Bold: the best of its column, ties included; controls do not compete."]
    if layout.published is not None:
        same = for_model(layout.model, layout.published.baseline)
        whose = "the same checkpoint" if same and same.model_and_data == layout.published.model_and_data else "another model"
        said.append(f"Muted: {escaped(layout.published.title)}. That is {whose}, on the paper's texts and with its code.")
        if layout.protocol != "paper" and layout.published.paper == SIG_PAPER:
            said.append("The paper's code counts as protocol paper does.")
    if any(group.control for group in layout.groups):
        said.append(CONTROL)
    said.append("n: texts with a value.")
    return f'<p style="color:{ink.muted};font-size:.875rem;margin:.25rem 0 1.5rem">{" ".join(said)}</p>'


def _framed(caption: str, inside: str, label: str) -> str:
    table = f"<table><caption><span>{caption}</span></caption>{inside}</table>"
    return f'<div class="sigviz-grid" tabindex="0" role="region" aria-label="{attribute(label)}">{table}</div>'


def _head(one: Head) -> str:
    span = 'scope="colgroup" colspan="2"' if one.published else 'scope="col"'
    return f'<th {span} style="text-align:center" title="{attribute(measure(one.metric).summary)}">{_labelled(one)}</th>'


def _labelled(one: Head) -> str:
    arrow = f' <span role="img" aria-label="({one.direction})">{one.arrow}</span>' if one.arrow else ""
    return escaped(shortened(one.label, NAME_LENGTH)) + arrow


def _subheads(one: Head, published: Column | None) -> str:
    style = f"{_NUMBER};{_SMALL};font-weight:400;position:static;background:none;min-width:0"  # the first is no row's head
    below = "here" if one.published else escaped(shortened(measure(one.metric).unit, 24))
    here = f'<th scope="col" style="{style}">{below}</th>'
    if not one.published or published is None:
        return here
    return f'{here}<th scope="col" style="{style}">Table {published.table}</th>'


def _group(group: Group, heads: Sequence[Head], columns: int, ink: Inks) -> str:
    title = ""
    if group.title:
        style = f"text-align:left;max-width:none;color:{ink.muted};border-top:1px solid {ink.neutral};background:none"
        sticky = f'<span style="position:sticky;left:.5rem">{escaped(shortened(group.title, NAME_LENGTH))}</span>'
        title = f'<tr><th scope="rowgroup" colspan="{columns}" style="{style}">{sticky}</th></tr>'
    rows = "".join(_row(row, heads, group.control, ink) for row in group.rows)
    return f"<tbody>{title}{rows}</tbody>"


def _row(row: Row, heads: Sequence[Head], control: bool, ink: Inks) -> str:
    cells = "".join(_cells(cell, one, ink) for cell, one in zip(row.cells, heads, strict=True))
    name = _name(row.name, row.detail, ink)
    return f'<tr{_control(control, ink)}><th scope="row">{name}</th>{cells}<td style="{_NUMBER}">{row.n}</td></tr>'


def _name(label: str, detail: str, ink: Inks) -> str:
    small = f'<br><span style="{_SMALL};font-weight:400;color:{ink.muted}">{escaped(shortened(detail, NAME_LENGTH))}</span>'
    return escaped(shortened(label, NAME_LENGTH)) + (small if detail else "")


def _cells(cell: Cell, one: Head, ink: Inks) -> str:
    mean = f"<b>{cell.mean}</b>" if cell.best else cell.mean
    se = f' <span style="{_SMALL};color:{ink.muted}">± {cell.se}</span>' if cell.se else ""
    here = f'<td style="{_NUMBER}">{mean}{se}</td>'
    note = f' <span style="{_SMALL}">({cell.note})</span>' if cell.note else ""
    return here + (f'<td style="{_NUMBER};color:{ink.muted}">{cell.published or NONE}{note}</td>' if one.published else "")


def _paired_table(model: str, baseline: str, part: pd.DataFrame, metrics: Sequence[str] | None, ink: Inks) -> str:
    heads = [head(metric) for metric in chosen_metrics(part, metrics)]
    reference, steps = part["reference"].iloc[0], part["reference_steps"].iloc[0]
    against = _reference(str(reference), steps)
    names = "".join(f'<th scope="col" style="text-align:center">{_labelled(one)}</th>' for one in heads)
    n = int(part["n"].mode().iloc[0])
    chance = part["method"] == CHANCE
    body = "".join(f"<tbody>{_differences(rows, heads, n, ink)}</tbody>" for rows in (part[~chance], part[chance]))
    caption = (
        f"<b>{escaped(shortened(model, NAME_LENGTH))}</b>, baseline {escaped(shortened(baseline, 24))}: "
        f"method minus {escaped(against)}, on the same {number(n)} texts"
    )
    top = f'<thead><tr><th scope="col">Method</th>{names}</tr></thead>'
    note = (
        f"Mean difference ± its standard error. p: two-sided paired permutation test (the sign of each text's difference is "
        f"flipped at random, {number(DRAWS)} draws), not corrected for the number of cells: of 20 cells without any "
        f"difference one has p < 0.05. Better or worse is said where p < {SIGNIFICANT}."
    )
    label = f"Differences of {shortened(model, NAME_LENGTH)} from {against}"
    framed = _framed(caption, top + body, label)
    return f'{framed}<p style="color:{ink.muted};font-size:.875rem;margin:.25rem 0 1.5rem">{note}</p>'


def _differences(part: pd.DataFrame, heads: Sequence[Head], n: int, ink: Inks) -> str:
    """The rows of a paired table.  n: how many texts a cell has without saying so."""
    rows = []
    for (method, settings, _), own in part.groupby(["method", "settings", "steps"], sort=False, dropna=False, observed=True):
        numbers = {row["metric"]: row for row in own.to_dict("records")}
        cells = "".join(_difference(numbers.get(one.metric), n, ink) for one in heads)
        style = _control(method == CHANCE, ink)
        rows.append(f'<tr{style}><th scope="row">{_name(*named(str(method), str(settings)), ink)}</th>{cells}</tr>')
    return "".join(rows)


def _control(control: bool, ink: Inks) -> str:
    return f' style="font-style:italic;background:{ink.chip}"' if control else ""


def _reference(settings: str, steps: Any) -> str:
    """The run that others are compared with, in words: "IG, 50 steps"."""
    label, _ = named(settings.partition("(")[0], settings)
    return shortened(label, NAME_LENGTH) + ("" if pd.isna(steps) else f", {number(int(steps))} steps")


def _difference(row: dict[str, Any] | None, n: int, ink: Inks) -> str:
    if row is None or not row["n"]:
        return f'<td style="{_NUMBER}">{NONE}</td>'
    mean, se = value(row["difference"], row["metric"]), value(row["se"], row["metric"])
    sign = "+" if row["difference"] > 0 and mean.strip("0.−") else ""
    said = ""
    if row["p"] < SIGNIFICANT and row["better"] is not None:
        said = " · <b>better</b>" if row["better"] else " · worse"
    small = f"{_SMALL};color:{ink.muted}"
    fewer = f", n = {number(int(row['n']))}" if row["n"] != n else ""
    test = f'<span style="{small}">{p_value(row["p"])}{said}{fewer}</span>'
    return f'<td style="{_NUMBER}">{sign}{mean} <span style="{small}">± {se}</span><br>{test}</td>'
