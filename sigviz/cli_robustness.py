"""The command that asks how robust explanations are: robustness."""

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from sigviz import cli_studies
from sigviz.attribution import UNITS
from sigviz.methods import METHODS
from sigviz.models import catalogue
from sigviz.terminal import plain

if TYPE_CHECKING:
    import pandas as pd

    from sigviz.studies.results import Results

NONE = "none"
_NAME, _WIDE = 34, 18  # characters of the first column and of the others


def add_robustness(parser: argparse.ArgumentParser) -> None:
    """The flags of `robustness`."""
    parser.set_defaults(run=_robustness)
    parser.add_argument(
        "--model", default=catalogue.DEFAULT, help="what is explained: a bundled name, Hub id or folder (default: %(default)s)"
    )
    parser.add_argument(
        "--other",
        help="the model beside it, of the same classes; none: only the controls (default: a bundled model's other seed)",
    )
    parser.add_argument(
        "--method",
        action="append",
        metavar="RUN",
        help="one or more: a method, or one with settings, such as 'sig(steps=20)' (default: those of the papers); of "
        f"{', '.join(METHODS)}",
    )
    parser.add_argument("--reduction", action="append", help="how features become one score: l2, sum, or both (default: both)")
    parser.add_argument("--baseline", default="unk", help="mask, pad, unk, zero, mean or any token (default: unk)")
    parser.add_argument("--unit", default="token", choices=UNITS)
    parser.add_argument(
        "--control",
        action="append",
        help="untrained (a random head), untrained-all (all weights random), or none (default: the first two)",
    )
    cli_studies.add_shared(parser)


def _robustness(given: argparse.Namespace) -> None:
    from sigviz.studies import robustness  # slow to import, and only this command needs them
    from sigviz.studies.robustness_plan import METHODS as DEFAULTS
    from sigviz.studies.robustness_plan import RobustnessPlan

    other = given.other if given.other is not None else catalogue.twin(given.model) or NONE
    controls = cli_studies.distinct(given.control)
    named: dict[str, Any] = {
        "reductions": cli_studies.distinct(given.reduction),
        "controls": () if controls == (NONE,) else controls,
        "output": given.output,
    }
    plan = RobustnessPlan(
        corpus=given.corpus,
        runs=tuple(given.method or DEFAULTS),
        model=given.model,
        other="" if other == NONE else other,
        baseline=given.baseline,
        unit=given.unit,
        split=given.split,
        limit=given.limit,
        seed=given.seed,
        device=given.device,
        dtype=given.dtype,
        **{name: value for name, value in named.items() if value is not None},
    )
    print("\n".join(map(plain, _summary(cli_studies.done(robustness.assess, plan, given)))))


def _summary(found: "Results") -> Iterator[str]:
    """A block for each reduction: methods down, what the model is set beside across; then the verdicts."""
    from sigviz.studies import robustness_summary as summary
    from sigviz.studies.robustness import SAME

    means = summary.summarise(found.rows)
    for row in means[means["metric"] == SAME].itertuples(index=False):
        both = f"{row.model} and {summary.name(row.other)}"
        yield f"{both} predict the same class on {row.mean:.1f} ({row.se:.1f}) %, n = {row.n:,}"
    for reduction in dict.fromkeys(means.loc[means["method"] != "", "reduction"]):
        yield from _block(means[(means["reduction"] == reduction) & (means["method"] != "")], reduction)
    yield ""
    yield from _verdicts(found.rows)
    yield from found.about.get("notes") or ()
    yield "mean (standard error, bootstrapped over texts), per cent; [n] where texts on which the two differ are left out"
    yield from cli_studies.left_out(found)


def _block(means: "pd.DataFrame", reduction: str) -> Iterator[str]:
    from sigviz.studies import robustness_summary as summary
    from sigviz.studies.reductions import LABELS, WHOLE

    columns = list(dict.fromkeys(zip(means["metric"], means["control"], means["other"], strict=True)))
    heads = [summary.name(control or other) or "the model" for _, control, other in columns]
    yield ""
    yield LABELS[reduction] if reduction != WHOLE else "Methods that score whole words: nothing to reduce"
    yield "".ljust(_NAME) + "".join(f"{metric:>{_WIDE}}" for metric, _, _ in columns)
    yield "".ljust(_NAME) + "".join(f"{head[-_WIDE + 2 :]:>{_WIDE}}" for head in heads)
    for line, rows in means.groupby("settings", sort=False):
        cells = {(row.metric, row.control, row.other): row for row in rows.itertuples(index=False)}
        yield f"{str(line)[: _NAME - 1]:{_NAME}}" + "".join(f"{_cell(cells.get(column)):>{_WIDE}}" for column in columns)


def _verdicts(rows: "pd.DataFrame") -> Iterator[str]:
    from sigviz.studies import robustness_summary as summary

    for control, called in summary.NAMES.items():
        for test in summary.tests(rows, control):
            reduction = f", {test.run['reduction']}" if test.run["reduction"] else ""
            yield (
                f"{test.run['settings']}{reduction}: {test.verdict} ({called}: {test.difference:+.1f} points, "
                f"{summary.SURE:g} % from {test.low:+.1f} to {test.high:+.1f})"
            )


def _cell(row: Any) -> str:
    if row is None or row.n == 0:
        return "-"
    error = "" if row.se != row.se else f" ({row.se:.1f})"
    return f"{row.mean:.1f}{error}" + (f" [{row.n:,}]" if row.missing else "")
