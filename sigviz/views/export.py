"""A study's tables as files: CSV for a spreadsheet, LaTeX (booktabs) for a paper.

Names come from results files, which anybody can write.  In CSV no text can start a formula, while numbers stay numbers with
all their digits; in LaTeX no text can be a command.
"""

import math
from collections.abc import Iterable, Sequence
from csv import writer
from io import StringIO
from typing import Any

import pandas as pd

from sigviz.studies.published import Column
from sigviz.views.study_layout import (
    NAME_LENGTH,
    NONE,
    Cell,
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

_FORMULA = tuple("=+-@＝＋－＠\t\r\n|")  # what makes a spreadsheet calculate, or split the cell
_TEX = {
    **{character: f"\\{character}" for character in "&%$#_{}"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "−": "$-$",
    "×": r"$\times$",
    "±": r"$\pm$",
    "–": "--",
    "↓": r"$\downarrow$",
    "↑": r"$\uparrow$",
    "̄": r"\={}",
    **{digit: f"$^{{{plain}}}$" for digit, plain in zip("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789", strict=True)},
}
_TEX_TABLE = str.maketrans(_TEX)


def csv(table: pd.DataFrame) -> str:
    """A summary (studies.summary.summarise) or paired differences (studies.summary.paired) as CSV, one line a row.

    Numbers with all their digits, nothing where there is none; texts that a spreadsheet could calculate begin with '.
    """
    out = StringIO()
    lines = writer(out, lineterminator="\n")
    lines.writerow([_cell(str(name)) for name in table.columns])
    lines.writerows([_cell(item) for item in row] for row in table.itertuples(index=False, name=None))
    return out.getvalue()


def latex(
    summary: pd.DataFrame,
    *,
    protocol: str = "content",
    published: Column | None = None,
    metrics: Sequence[str] | None = None,
) -> str:
    """A booktabs table for each model and baseline, as Table 1 of the SIG paper: the best bold, standard errors small.

    published: set beside the rows as its own columns.  For any LaTeX with the package booktabs.  Empty without results.
    """
    found = layouts(summary, protocol=protocol, published=published, metrics=metrics)
    return "\n".join(_table(layout) for layout in found)


def paired_latex(paired: pd.DataFrame, *, protocol: str = "content", metrics: Sequence[str] | None = None) -> str:
    """A booktabs table for each model and baseline: mean difference from IG, its standard error, and p."""
    shown = paired[(paired["control"] == "").astype(bool) & paired["protocol"].isin([protocol, ""]).astype(bool)]
    groups = shown.groupby(["model", "baseline"], sort=False, observed=True)
    return "\n".join(_paired(str(model), str(baseline), part, metrics) for (model, baseline), part in groups)


def escaped(text: str) -> str:
    """Foreign text as LaTeX shows it, bounded and on one line."""
    return tex(shortened(text, NAME_LENGTH))


def tex(text: str) -> str:
    """Our own text as LaTeX shows it, in full."""
    return text.translate(_TEX_TABLE)


def _cell(item: Any) -> Any:
    """One value as it stands in a CSV file."""
    if isinstance(item, str):
        text = item.replace("\x00", "").replace("\r\n", "\n").replace("\r", "\n")  # a lone \r would end the line unquoted
        return f"'{text}" if text.lstrip(" '\u00a0\ufeff").startswith(_FORMULA) else text
    if item is None or item is pd.NA or (isinstance(item, float) and math.isnan(item)):
        return ""
    return item


def _table(layout: Layout) -> str:
    columns = "l" + "".join("rr" if one.published else "r" for one in layout.heads) + "r"
    top = ["Method", *(_spanned(one) for one in layout.heads), "$n$"]
    lines = [" & ".join(top) + r" \\"]
    if layout.published is not None and any(one.published for one in layout.heads):
        paper = f"Table~{layout.published.table}"
        below = ["", *(f"here & {paper}" if one.published else "" for one in layout.heads), ""]
        lines.append(" & ".join(below) + r" \\")
    width = len(columns)
    for group in layout.groups:
        lines.append(r"\midrule")
        if group.title:
            lines.append(f"\\multicolumn{{{width}}}{{l}}{{\\textit{{{escaped(group.title)}}}}} \\\\")
        lines += [_row(row, layout.heads) for row in group.rows]
    said = f"{escaped(layout.model)}, baseline {escaped(layout.baseline)}, protocol {escaped(layout.protocol)}: "
    said += r"mean $\pm$ standard error; $n$ texts. The best methods are bold; controls do not compete."
    if layout.published is not None:
        said += f" Beside them: {layout.published.title.translate(_TEX_TABLE)} (as published)."
    return framed(columns, lines, said)


def _spanned(one: Head) -> str:
    label = _label(one)
    return f"\\multicolumn{{2}}{{c}}{{{label}}}" if one.published else label


def _label(one: Head) -> str:
    return escaped(one.label) + (f" {one.arrow.translate(_TEX_TABLE)}" if one.arrow else "")


def _row(row: Row, heads: Iterable[Head]) -> str:
    cells = [run_name(row.name, row.detail)]
    for cell, one in zip(row.cells, heads, strict=True):
        cells.append(_number(cell))
        if one.published:
            note = f" ({cell.note})" if cell.note else ""
            cells.append(((cell.published or NONE) + note).translate(_TEX_TABLE))
    return " & ".join([*cells, row.n]) + r" \\"


def run_name(label: str, detail: str) -> str:
    """A run's label and, small, what differs from its defaults."""
    return escaped(label) + (f" {{\\scriptsize {escaped(detail)}}}" if detail else "")


def _number(cell: Cell) -> str:
    mean = cell.mean.translate(_TEX_TABLE)
    se = f" {{\\scriptsize $\\pm$ {cell.se.translate(_TEX_TABLE)}}}" if cell.se else ""
    return (f"\\textbf{{\\boldmath {mean}}}" if cell.best else mean) + se


def _paired(model: str, baseline: str, part: pd.DataFrame, metrics: Sequence[str] | None) -> str:
    heads = [head(metric) for metric in chosen_metrics(part, metrics)]
    lines = [" & ".join(["Method", *map(_label, heads)]) + r" \\", r"\midrule"]
    for (method, settings, _), own in part.groupby(["method", "settings", "steps"], sort=False, dropna=False, observed=True):
        numbers = {row["metric"]: row for row in own.to_dict("records")}
        cells = [_difference(numbers.get(one.metric)) for one in heads]
        lines.append(" & ".join([run_name(*named(str(method), str(settings))), *cells]) + r" \\")
    reference, steps = str(part["reference"].iloc[0]), part["reference_steps"].iloc[0]
    label = escaped(named(reference.partition("(")[0], reference)[0])
    with_steps = "" if pd.isna(steps) else f" with {number(int(steps))} steps"
    said = f"{escaped(model)}, baseline {escaped(baseline)}: mean difference from {label}{with_steps} on the same texts "
    said += r"$\pm$ standard error; $p$ by a two-sided paired permutation test, uncorrected."
    return framed("l" + "r" * len(heads), lines, said)


def _difference(row: dict[str, Any] | None) -> str:
    if row is None or not row["n"]:
        return NONE.translate(_TEX_TABLE)
    mean, se = (value(row[name], row["metric"]).translate(_TEX_TABLE) for name in ("difference", "se"))
    p = p_value(row["p"]).replace("p", "$p$", 1).replace("<", "$<$").replace("=", "$=$")
    return f"{mean} {{\\scriptsize $\\pm$ {se}, {p}}}"


def framed(columns: str, lines: Sequence[str], caption: str) -> str:
    """A table around its lines.  columns: as tabular takes them; caption: LaTeX."""
    inside = "\n".join(lines)
    return (
        "\\begin{table}[t]\n\\centering\n"
        f"\\begin{{tabular}}{{{columns}}}\n\\toprule\n{inside}\n\\bottomrule\n\\end{{tabular}}\n"
        f"\\caption{{{caption}}}\n\\end{{table}}\n"
    )
