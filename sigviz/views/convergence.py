"""The pictures of the Steps page: how far the words of IG and SIG are from their limits, by steps, passes or seconds.

A rule has the same colour and the same symbol in all of them.  0 has no place on a logarithmic axis: what is 0 stands at
the lower edge, as an open triangle that points down.  Show them as charts.py says (`theme=None`, its CONFIG).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10
from typing import Any

import plotly.graph_objects as go

from sigviz.studies.metrics import METRICS
from sigviz.studies.published import Column
from sigviz.teaching.convergence import FAITHFULNESS, Quality
from sigviz.views.figure import finish
from sigviz.views.palette import Theme, inks
from sigviz.views.wording import amount, duration, number

AXES = ("steps", "passes", "seconds")
MEASURES = ("words", "order", "total")
NAMES = {"ig": "IG", "sig": "SIG", "sig-exact": "exact SIG"}
_AXIS_TITLES = {
    "steps": "number of steps",
    "passes": "passes through the model, forward and backward",
    "seconds": "seconds that the run took",
}
_LOOKS = {  # rule -> symbol, colour on a light and on a dark page: at least 4.5 to 1 on it
    "gauss-legendre": ("circle", "#0b5fa5", "#6cb6ff"),
    "riemann-left": ("diamond", "#b04a08", "#ff9f45"),
    "riemann-right": ("square", "#6b3fa0", "#c6a2ff"),
    "riemann-middle": ("triangle-up", "#00695f", "#4fd1c0"),
    "trapezoid": ("x", "#9c1f5c", "#ff8fb8"),
    "clenshaw-curtis": ("hexagram", "#5c5f00", "#d3d65a"),
}
_PAPERS_HEADS = {"log_odds": "LO ↓", "comprehensiveness": "Comp ↑", "sufficiency": "Suff ↓", "total_delta": "Delta"}
_FIELDS = {"words": ("worst", "median"), "order": ("tau",), "total": ("total_delta",)}
_ROOM = 3.0  # factor on a logarithmic axis, between the outermost value and the edge
_HEIGHT, _LEGEND_LINE = 370, 14  # pixels


def chart(
    runs: Sequence[Quality],
    theme: Theme,
    *,
    method: str,
    measure: str,
    axis: str = "steps",
    output: str = "logit",
    within: Sequence[float] = (),
    levels: Sequence[tuple[str, float]] = (),
) -> go.Figure:
    """One measure of one method's runs, a line a rule; runs with a tolerance are stars.

    runs: of both methods, so that two charts beside each other get the same axis.  measure: "words" (worst and median word's
    distance from the limit, logarithmic), "order" (Kendall's tau against the limit) or "total" (|total delta|, logarithmic).
    axis: of AXES.  output: what F is.  within: values that the vertical axis must hold besides.  levels: (name, value) of
    lines across; those that a logarithmic axis does not hold are left out.
    """
    for given, choices in ((measure, MEASURES), (axis, AXES)):
        if given not in choices:
            raise ValueError(f"There is no {given!r}; choose one of: {', '.join(choices)}.")
    figure, mine = go.Figure(), [run for run in runs if run.method == method]
    low, high = _reach(runs, measure, within)
    scene = _Scene(figure, theme, axis, output, low)
    for field in _FIELDS[measure]:
        for rule, (symbol, light, dark) in _LOOKS.items():
            own = sorted((run for run in mine if run.rule == rule), key=lambda run: run.steps or 0)
            scene.add(own, field, rule, symbol, light if theme == "light" else dark, "dot" if field == "median" else "solid")
        scene.add([run for run in mine if run.tolerance is not None], field, "with a tolerance", "star", inks(theme).text)
    span = [x for run in runs if (x := _x(run, axis)) is not None]
    for (name, value), dash in zip(levels if span else (), ("dash", "dashdot"), strict=False):
        scene.level(name, value, (min(span), max(span)), dash)
    _finish(figure, theme, f"{_title(measure, method, output)}, by the {_AXIS_TITLES[axis]}")
    _axes(figure, measure, axis, [run.steps for run in runs if run.tolerance is None and run.steps], span)
    figure.update_yaxes(range=[low, high] if measure == "order" else [log10(low), log10(high)])
    return figure


def _title(measure: str, method: str, output: str) -> str:
    limit = "exact SIG" if method == "sig" else "IG with many steps"
    if measure == "order":
        return f"Kendall's tau of the words' order, against {limit} (1: the same order, 0: unrelated)"
    what = _unit(output)
    if measure == "total":
        return f"|sum of all scores − (F(x) − F(x̄))|{what}"
    return f"Distance of a word's score from {limit}{what}; solid: the worst word, dotted: the median word"


def _unit(output: str) -> str:
    """ ", in logits" for a chart's title, after the unit of F."""
    return f", in {amount(1.0, output).partition(' ')[2].removeprefix('of ')}"


def _reach(runs: Sequence[Quality], measure: str, within: Sequence[float]) -> tuple[float, float]:
    """The lower and upper end of the vertical axis, from the values of both methods."""
    values = [*within, *(value for run in runs for one in _FIELDS[measure] if (value := getattr(run, one)) is not None)]
    if measure == "order":
        return min([0.0, *values]) - 0.06, 1.06
    positive = [value for value in values if value > 0]
    return (min(positive) / _ROOM, max(positive) * _ROOM) if positive else (0.1, 10.0)


def _x(run: Quality, axis: str) -> float | None:
    if axis == "steps":
        return run.steps
    return max(run.seconds, 1e-4) if axis == "seconds" else float(run.passes)


@dataclass(frozen=True, slots=True)
class _Scene:
    """What all traces of a chart share.  low: the lower edge of a logarithmic axis."""

    figure: go.Figure
    theme: Theme
    axis: str
    output: str
    low: float

    def add(self, runs: Sequence[Quality], field: str, name: str, symbol: str, colour: str, dash: str = "") -> None:
        """A trace of the runs that have this number.  The median word's is thinner, with open symbols."""
        points = [(run, x, y) for run in runs if None not in (x := _x(run, self.axis), y := getattr(run, field))]
        if not points:
            return
        second, zeros = field == "median", [field != "tau" and y == 0 for _, _, y in points]
        self.figure.add_scatter(
            x=[x for _, x, _ in points],
            y=[1.3 * self.low if zero else y for zero, (_, _, y) in zip(zeros, points, strict=True)],
            name=name,
            mode="lines+markers" if dash else "markers",
            line={"color": colour, "width": 1.5 if second else 2.5, "dash": dash or "solid"},
            marker={
                "symbol": ["triangle-down-open" if zero else f"{symbol}-open" if second else symbol for zero in zeros],
                "size": 8 if dash else 12,
                "color": colour,
            },
            legendgroup=name,
            showlegend=False if second else None,  # None: yes, and figure.finish makes room for a legend
            hovertext=[_hover(run, field, y, self.output) for run, _, y in points],
            hovertemplate="%{hovertext}<extra></extra>",
        )

    def level(self, name: str, value: float, span: tuple[float, float], dash: str) -> None:
        """A level line; none for 0 on a logarithmic axis."""
        if value < self.low:
            return
        self.figure.add_scatter(
            x=list(span),
            y=[value, value],
            name=name,
            mode="lines",
            line={"color": inks(self.theme).muted, "width": 1.5, "dash": dash},
            hovertext=[f"{name}: {number(value, 3)}"] * 2,
            hovertemplate="%{hovertext}<extra></extra>",
        )


def _hover(run: Quality, field: str, value: float, output: str) -> str:
    what = {"worst": "worst word", "median": "median word", "total_delta": "|total delta|", "tau": "Kendall's tau"}[field]
    shown = number(value, 3) if field == "tau" else amount(value, output)
    zero = " (no place on this axis: drawn at the edge)" if field != "tau" and value == 0 else ""
    return "<br>".join(
        [f"<b>{named(run)}</b>", f"{what}: {shown}{zero}", f"{number(run.passes)} passes, {number(run.seconds, 2)} s"]
    )


def named(run: Quality, rule: bool = True) -> str:
    """A run in words: "SIG, 8 steps, gauss-legendre"; "SIG, tolerance 1 %"; "exact SIG".  rule: whether to name it."""
    parts = [NAMES[run.method]]
    if run.tolerance is not None:
        parts.append(f"tolerance {number(100 * run.tolerance, 1)} %")
    elif run.steps is not None:
        parts.append(_steps(run))
    return ", ".join([*parts, run.rule] if rule and run.rule else parts)


def rows(runs: Sequence[Quality], output: str) -> list[dict[str, Any]]:
    """The same as a table, a row a run, keyed by the words for the table's head; distances and deltas in the unit of F."""
    unit = _unit(output).removeprefix(", in ")
    return [
        {
            "method": NAMES[run.method],
            "rule": run.rule,
            "steps": run.steps,
            "tolerance": run.tolerance,
            "forward passes": run.forward,
            "backward passes": run.backward,
            "seconds": run.seconds,
            f"worst word ({unit})": run.worst,
            f"median word ({unit})": run.median,
            f"|total delta| ({unit})": run.total_delta,
            "tau against its limit": run.tau,
            "tau against exact SIG": run.tau_exact,
        }
        for run in runs
    ]


def cost(count: int, passes: int, seconds: float) -> str:
    """What is still to be run, before it is: plain text."""
    runs = "run" if count == 1 else "runs"
    return f"{number(count)} {runs}, about {number(passes)} passes and {duration(seconds)} on this machine."


def question_table(runs: Sequence[Quality], values: Sequence[Mapping[str, float]], output: str) -> dict[str, dict[str, str]]:
    """This text's part of Table 4: run -> what is measured -> the number.  values: metrics by id, a mapping a run."""
    return {
        named(run, rule=False): {
            "passes": number(run.passes),
            "seconds": number(run.seconds, 2),
            "worst word, from its limit": "" if run.worst is None else amount(run.worst, output, 2),
            "|total delta|": amount(run.total_delta, output, 2),
            "τ against exact SIG": "" if run.tau_exact is None else number(run.tau_exact),
            **{_head(metric): number(measured[metric]) for metric in FAITHFULNESS if metric in measured},
        }
        for run, measured in zip(runs, values, strict=True)
    }


def published_table(column: Column) -> dict[str, dict[str, str]]:
    """The paper's own Table 4, in its order and with its heads: run -> what is measured -> the number as printed there."""
    made: dict[str, dict[str, str]] = {}
    for method, steps, metric, value in column.cells:
        head = _PAPERS_HEADS[metric]
        made.setdefault(f"{method}, {steps.replace('*', ' × ')} steps", {})[head] = f"{value:g}".replace("-", "−")
    return made


def verdict(
    sig: Quality, ig: Quality, finest: Quality, values: tuple[Mapping[str, float], Mapping[str, float]], output: str
) -> str:
    """What the paper's question comes to on this text, from the numbers alone: plain text.  values: of sig, of ig."""
    a_word, in_all = f"SIG with {_steps(sig)} a word", f"IG with {_steps(ig)}"
    said = [f"{a_word} took {number(sig.passes)} passes, {in_all} {number(ig.passes)}: {_ratio(sig, ig)}."]
    both = [metric for metric in FAITHFULNESS if all(metric in one for one in values)]
    if both:
        said.append(f"On this text {_winners(both, *values)}.")
    if sig.worst is not None:
        said.append(
            f"SIG's worst word is {amount(sig.worst, output, 2)} from its limit; IG's scores miss what they must add up to by "
            f"{amount(ig.total_delta, output, 2)}."
        )
    if finest.tau_exact is not None and sig.tau_exact is not None and ig.tau_exact is not None:
        more = "" if finest == ig else f", with {_steps(finest)} {number(finest.tau_exact)}"
        apart = "different orders" if finest.tau_exact < 1 else "the same order"
        said.append(
            f"Against exact SIG the order of SIG's words has τ = {number(sig.tau_exact)}, that of IG's "
            f"{number(ig.tau_exact)}{more}: with ever more steps the two methods tend to {apart}."
        )
    return " ".join(said)


def _steps(run: Quality) -> str:
    count = round(run.steps or 0)
    return f"{number(count)} {'step' if count == 1 else 'steps'}"


def _ratio(sig: Quality, ig: Quality) -> str:
    if sig.backward == ig.backward:
        return "the same number of gradients"
    return f"{number(sig.backward / ig.backward)} times as many gradients for SIG"


def _winners(metrics: Sequence[str], sig: Mapping[str, float], ig: Mapping[str, float]) -> str:
    """Who is better in which metric, as far as three decimals tell, which is what the paper prints."""
    found: dict[str, list[str]] = {"SIG is better": [], "IG is better": [], "they are as good as each other": []}
    for metric in metrics:
        less = round(sig[metric], 3) - round(ig[metric], 3)
        lower = METRICS[metric].better == "lower"
        who = "they are as good as each other" if less == 0 else "SIG is better" if (less < 0) == lower else "IG is better"
        found[who].append(METRICS[metric].label.lower())
    return "; ".join(f"{who} in {_listed(labels)}" for who, labels in found.items() if labels)


def _listed(words: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _head(metric: str) -> str:
    return f"{METRICS[metric].label} {'↓' if METRICS[metric].better == 'lower' else '↑'}"


def _finish(figure: go.Figure, theme: Theme, title: str) -> None:
    """The page's conventions, with plain axes instead of rows, and room for a legend that wraps on a phone."""
    ink = inks(theme)
    finish(figure, [], theme, title)
    lines = sum(trace.showlegend is None for trace in figure.data)
    figure.update_layout(height=_HEIGHT + _LEGEND_LINE * lines, showlegend=True, hovermode="closest")
    figure.update_yaxes(
        tickvals=None,
        ticktext=None,
        range=None,
        showgrid=True,
        gridcolor=ink.line,
        tickfont={"color": ink.muted, "size": 11},
        nticks=6,
    )


def _axes(figure: go.Figure, measure: str, axis: str, steps: Sequence[float], span: Sequence[float]) -> None:
    """Logarithmic, but for the order; the horizontal one the same for both methods."""
    figure.update_xaxes(type="log")
    if span:
        low, high = min(span) / 1.25, max(span) * 1.25
        ticks = sorted({float(round(count)) for count in steps}) if axis == "steps" else _ticks(low, high)
        figure.update_xaxes(range=[log10(low), log10(high)], tickvals=ticks, ticktext=[f"{tick:,g}" for tick in ticks])
    if measure != "order":
        figure.update_yaxes(type="log", exponentformat="power", dtick=1, minor={"showgrid": False})


def _ticks(low: float, high: float) -> list[float]:
    """1, 2 and 5 of every power of ten between the ends, or the powers alone where that would be more than 8."""
    decades = range(floor(log10(low)), ceil(log10(high)) + 1)
    powers = [10.0**decade for decade in decades if low <= 10.0**decade <= high]
    fine = [part * 10.0**decade for decade in decades for part in (1, 2, 5) if low <= part * 10.0**decade <= high]
    return fine if len(fine) <= 8 else powers
