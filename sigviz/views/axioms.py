"""Checks of axioms as HTML tables, and the map of a function of two words.

A verdict is an icon and words, never a colour alone.  The tables are grids with the roles of a table, so that on a narrow
screen each row folds into a block in which every number keeps its name.  Foreign text (words of the text, model names) is
escaped here.  Give `style(theme)` to a page once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import plotly.graph_objects as go

from sigviz.teaching.axioms import Completeness
from sigviz.teaching.checks import F_UNIT, Check
from sigviz.teaching.symmetry import TwoWords
from sigviz.views.markup import attribute, escaped
from sigviz.views.palette import Theme, inks
from sigviz.views.wording import amount, number, shortened, visible

HOLDS, FAILS = ("✓", "holds"), ("✗", "does not hold")
_STYLE = """<style>
.axioms {{ color: {text}; font-size: .875rem; container-type: inline-size; }}
.axioms [role=row] {{ display: grid; grid-template-columns: var(--columns); gap: .15rem 1rem; padding: .45rem 0;
  border-top: 1px solid {line}; align-items: baseline; }}
.axioms [role=row]:first-child {{ border-top: 0; }}
.axioms [role=columnheader] {{ color: {muted}; }}
.axioms [role=rowheader] {{ font-weight: 600; overflow-wrap: anywhere; }}
.axioms [role=cell] {{ overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }}
.axioms .how {{ color: {muted}; display: block; }}
.axioms .verdict {{ display: inline-block; white-space: nowrap; padding: 0 .5em; border-radius: .3em; line-height: 1.6;
  border: 1px solid {neutral}; }}
.axioms .holds {{ background: {chip}; }}
.axioms .fails {{ background: {text}; color: {page}; border-color: {text}; font-weight: 600; }}
.axioms .name {{ display: none; }}
.axioms a {{ color: inherit; }}
@container (max-width: 38rem) {{
  .axioms:not(.small) [role=row] {{ display: flex; flex-wrap: wrap; gap: .1rem .8rem; }}
  .axioms:not(.small) [role=rowheader], .axioms .wide {{ flex-basis: 100%; }}
  .axioms:not(.small) .head {{ position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
    padding: 0; }}
  .axioms:not(.small) .name {{ display: inline; color: {muted}; }}
}}
</style>"""
# columns that need no name where a row is folded
_SPEAK_FOR_THEMSELVES = ("Verdict", "How it comes about", "Checked just now, of what is promised")
_SAME = 1e-9  # scores that differ by no more come out the same: quadrature and float64 round
_SIZE = 400  # pixels, of the map of F
_FONT = '"Source Sans", system-ui, sans-serif'  # Streamlit's; "inherit" would inherit Plotly's own


def style(theme: Theme) -> str:
    """The <style> block of this module's tables, once a page."""
    return _STYLE.format(**asdict(inks(theme)))


def verdict(check: Check) -> str:
    """What the number decides, in words; in a box where somebody promises it, plain where nobody does."""
    icon, words = HOLDS if check.holds else FAILS
    if check.promised:
        return _chip(check.holds)
    return f'<span aria-hidden="true">{icon}</span> {words}, not promised'


def _chip(holds: bool) -> str:
    icon, words = HOLDS if holds else FAILS
    return f'<span class="verdict {"holds" if holds else "fails"}"><span aria-hidden="true">{icon}</span> {words}</span>'


def measured(value: float, unit: str, output: str = "") -> str:
    """A check's number with its unit.  output: what F is, a key of OUTPUTS; "" for a function that has no unit."""
    if unit != F_UNIT:
        return f"{number(round(value))} {unit}"
    return amount(value, output, 2) if output else number(value, 2)


def checks(found: Sequence[Check], names: Mapping[str, str], *, caption: str, output: str = "", who: str = "Method") -> str:
    """One row a check.  names: of what the checks are about, by id.  caption: what the table is, for those who hear it."""
    rows = [
        _Row(
            names.get(check.about, check.about),
            (
                f"<b>{escaped(measured(check.measured, check.unit, output))}</b>",
                escaped(measured(check.bound, check.unit, output)),
                verdict(check),
                f'<span class="how">{escaped(_told(check))}</span>',
            ),
        )
        for check in found
    ]
    head = (who, "Measured", "May be at most", *_SPEAK_FOR_THEMSELVES[:2])
    return _table(head, rows, "6.5rem 7.5rem 7.5rem 12.5rem minmax(0, 1fr)", caption)


def completeness(found: Sequence[Completeness], names: Mapping[str, str], promises: Mapping[str, str], output: str) -> str:
    """One row a method: what it promises, and both forms of the axiom.  promises: in words, by method id."""
    rows = [
        _Row(names[one.method], (escaped(promises[one.method]), _judged(one.total, output), _judged(one.per_unit, output)))
        for one in found
    ]
    together, alone = "All scores together: |sum − (F(x) − F(x̄))|", "One by one: the largest |score − (F(x) − F(x̄ⁱ))|"
    head = ("Method", "It promises", together, alone)
    return _table(head, rows, "6.5rem 1fr 1.5fr 1.5fr", "Completeness of every method")


def _judged(check: Check | None, output: str) -> str:
    if check is None:
        return "waiting for exact SIG"
    said = f"<b>{escaped(measured(check.measured, check.unit, output))}</b> {verdict(check)}"
    bound = escaped(measured(check.bound, check.unit, output))
    return f'{said}<span class="how">at most {bound}; {escaped(_told(check))}</span>'


def two_words(found: TwoWords, names: Mapping[str, str]) -> str:
    """The scores of both words by each method, their difference and sum; last what F itself does."""
    rows = []
    for method, scores in found.scores.items():
        first, second = scores.raw.tolist()
        cells = (first, second, first - second, first + second)
        rows.append(_Row(names[method], tuple(escaped(_value(cell)) for cell in cells)))
    both, without_1, without_2, neither = found.corners
    own = (both - without_1, both - without_2, without_2 - without_1, both - neither)  # the drop of each word, and of both
    rows.append(_Row("Change of F", tuple(escaped(_value(cell)) for cell in own)))
    head = ("", "Word 1", "Word 2", "Difference", "Sum")
    return _table(head, rows, "minmax(5rem, 1.4fr) repeat(4, minmax(0, 1fr))", "Scores of the two words", small=True)


def reading(found: TwoWords) -> str:
    """What the table of the two words says about the axiom and the appendix, in plain text."""
    if not found.applies:
        return (
            "The two words, or their baselines, are not equal, so symmetry says nothing here. Make x₁ = x₂ and m₁ = m₂ to see "
            f"the appendix's case. {_shared(found)}"
        )
    if not found.f.symmetric:
        return (
            "A control: this F is not symmetric, so equal words need not get equal scores, and the check below must be able "
            f"to fail. {_shared(found)}"
        )
    if found.x == found.baseline:
        return "Both words are the baseline: nothing moves, and every score is 0. Choose another x to see something."
    _, without_1, without_2, _ = found.corners
    same = all(check.holds for check in found.checks)
    outcome = "all methods give the two equal words equal scores" if same else "not all methods give equal words equal scores"
    return (
        f"What comes out: {outcome}. Appendix A expects of SIG that they be equal only if both words were the baseline, "
        "because its two lines start from different sentences. The sentences do differ, but F cannot tell them apart: "
        f"F(m, x) = {_value(without_1)} and F(x, m) = {_value(without_2)}. {_shared(found)}"
    )


def _shared(found: TwoWords) -> str:
    """How IG and SIG share what two words do together."""
    ig, sig = found.scores["ig"].raw, found.scores["sig"].raw
    if float(abs(ig - sig).max()) < _SAME:
        return "Between these four corners the two words do nothing together, and IG and SIG agree."
    if abs(found.interaction) < 5e-13:  # on the way they may do much together: it only cancels at the corners
        return (
            "Between these four corners nothing is left over, so the scores of IG and those of SIG both add up to "
            "F(x) − F(x̄), but IG and SIG share it differently."
        )
    return (
        f"What the two words do together, and neither alone, is worth {_value(found.interaction)}. The scores of IG hold it "
        "once: they add up to F(x) − F(x̄). Those of SIG hold it twice, once for each word: that is where the two differ."
    )


def _value(value: float) -> str:
    """Four digits; whole numbers in full; what is only the rounding of float64 is 0."""
    return number(value if isinstance(value, int) else 0.0 if abs(value) < 5e-13 else value, 4)


@dataclass(frozen=True, slots=True)
class Axiom:
    """A line of the summary.  anchor: of its section.  checks: None while they are not known.

    beside: whether those that nobody promises are worth a word, too.
    """

    name: str
    anchor: str
    checks: Sequence[Check] | None = None
    beside: bool = False


def summary(found: Sequence[Axiom], names: Mapping[str, str]) -> str:
    """One row an axiom: how many of the checks that somebody promises hold now, and who does not keep it."""
    rows = []
    for axiom in found:
        promised = [check for check in axiom.checks or () if check.promised]
        broken = [names.get(check.about, check.about) for check in promised if not check.holds]
        if axiom.checks is None:
            said = "not measured yet"
        elif not promised:
            said = "nothing is promised here"
        elif broken:
            kept = len(promised) - len(broken)
            who = escaped(", ".join(dict.fromkeys(broken)))
            said = f"{_chip(False)} for {who}; {kept} of {len(promised)} checks hold"
        else:
            said = f"{_chip(True)} in {len(promised)} of {len(promised)} checks"
        others = [check for check in axiom.checks or () if axiom.beside and not check.promised]
        said += "".join(f"; {escaped(names.get(one.about, one.about))}: {verdict(one)}" for one in others)
        rows.append(_Row(axiom.name, (said,), axiom.anchor))
    return _table(("Axiom", _SPEAK_FOR_THEMSELVES[2]), rows, "16rem 1fr", "Summary of all checks")


def _told(check: Check) -> str:
    """How it was measured, with its numbers as this app writes them; not yet escaped."""
    return "".join(visible(part) if isinstance(part, str) else _value(part) for part in check.how)


@dataclass(frozen=True, slots=True)
class _Row:
    """name: not yet escaped.  cells: HTML.  anchor: of the section that the name leads to."""

    name: str
    cells: tuple[str, ...]
    anchor: str = ""


def _table(head: Sequence[str], rows: Sequence[_Row], columns: str, caption: str, small: bool = False) -> str:
    """small: its cells are short, so that it stays a table on a narrow screen, too."""
    top = "".join(f'<span role="columnheader">{escaped(name)}</span>' for name in head)
    body = "".join(_row(row, head[1:]) for row in rows)
    return (
        f'<div class="axioms{" small" if small else ""}" role="table" aria-label="{attribute(caption)}" '
        f'style="--columns:{columns}">'
        f'<div role="row" class="head">{top}</div>{body}</div>'
    )


def _row(row: _Row, names: Sequence[str]) -> str:
    name = escaped(shortened(row.name, 60))
    title = f'<a href="#{attribute(row.anchor)}">{name}</a>' if row.anchor else name
    cells = "".join(_cell(label, cell) for label, cell in zip(names, row.cells, strict=True))
    return f'<div role="row"><span role="rowheader">{title}</span>{cells}</div>'


def _cell(label: str, cell: str) -> str:
    """With its column's name, which is shown where the row is folded.  Long ones take a line of their own there."""
    wide = ' class="wide"' if 'class="how"' in cell else ""
    name = "" if label in _SPEAK_FOR_THEMSELVES else f'<span class="name" aria-hidden="true">{escaped(label)}: </span>'
    return f'<span role="cell"{wide}>{name}{cell}</span>'


def plane(found: TwoWords, theme: Theme) -> go.Figure:
    """F over the two words as contour lines, with the ways that IG (solid) and SIG (dashed, dotted) take to the text."""
    ink = inks(theme)
    (x1, x2), (m1, m2) = found.x, found.baseline
    figure = go.Figure(
        go.Contour(
            x=found.axis,
            y=found.axis,
            z=found.surface,
            ncontours=14,
            contours={"coloring": "none", "showlabels": True, "labelfont": {"size": 10, "color": ink.muted}},
            line={"color": ink.line, "width": 1},
            hovertemplate="word 1: %{x:.3g}<br>word 2: %{y:.3g}<br>F: %{z:.4g}<extra></extra>",
            showlegend=False,
        )
    )
    ways = (
        ("IG, both words", (m1, m2), "solid", "circle"),
        ("SIG, word 1", (m1, x2), "dash", "square"),
        ("SIG, word 2", (x1, m2), "dot", "diamond"),
    )
    for name, (start_1, start_2), dash, symbol in ways:
        figure.add_scatter(
            x=[start_1, x1],
            y=[start_2, x2],
            mode="lines+markers",
            name=name,
            line={"color": ink.text, "width": 2.5, "dash": dash},
            marker={"symbol": [symbol, "star"], "size": [9, 13], "color": ink.text},
            hovertemplate="word 1: %{x:.3g}<br>word 2: %{y:.3g}<extra>" + name + "</extra>",
        )
    _plain(figure, theme)
    return figure


def _plain(figure: go.Figure, theme: Theme) -> None:
    ink = inks(theme)
    figure.update_layout(
        template="none",
        height=_SIZE,
        margin={"l": 44, "r": 8, "t": 8, "b": 44},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": _FONT, "size": 13, "color": ink.text},
        hoverlabel={"bgcolor": ink.text, "font": {"color": ink.page, "family": _FONT}, "align": "left"},
        legend={"orientation": "h", "x": 0, "xanchor": "left", "y": 1, "yanchor": "bottom"},
        dragmode=False,
    )
    axis = {
        "fixedrange": True,
        "showgrid": False,
        "zeroline": False,
        "tickfont": {"color": ink.muted, "size": 11},
        "nticks": 6,
    }
    figure.update_xaxes(title={"text": "number of word 1", "font": {"size": 12, "color": ink.muted}}, **axis)
    figure.update_yaxes(title={"text": "number of word 2", "font": {"size": 12, "color": ink.muted}}, **axis)
