"""The command that measures how faithful methods are on a corpus, evaluate, and what it shares with `robustness`."""

import argparse
import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sigviz.attribution import OUTPUTS
from sigviz.errors import InvalidSettings
from sigviz.methods import METHODS
from sigviz.models import catalogue
from sigviz.terminal import Remaining, plain

if TYPE_CHECKING:
    from sigviz.studies.results import Results

WIDE = 22  # characters of a column
STARRED = 0.05
_RUN = ["model", "control", "baseline", "method", "settings", "steps"]


def add_evaluate(parser: argparse.ArgumentParser) -> None:
    """The flags of `evaluate`."""
    parser.set_defaults(run=_evaluate)
    parser.add_argument("--model", action="append", help=f"one or more models (default: {catalogue.DEFAULT})")
    parser.add_argument(
        "--method",
        action="append",
        required=True,
        metavar="RUN",
        help=f"one or more: a method, or one with settings, such as 'sig(steps=20)'; of {', '.join(METHODS)}, or all",
    )
    parser.add_argument(
        "--baseline", action="append", help="one or more: mask, pad, unk, zero, mean or any token (default: mask)"
    )
    parser.add_argument("--protocol", action="append", help="paper, content, or both (default: both)")
    parser.add_argument("--metric", action="append", help="one or more (default: all)")
    parser.add_argument("--k", type=float, default=20, help="per cent of the words that are the top (default: %(default)g)")
    parser.add_argument(
        "--control", type=int, help="texts on which the untrained copy of the model is measured, too (default: 25; 0: none)"
    )
    parser.add_argument("--parity", default="", help="papers-code: compute what the papers' own code does, see the README")
    add_shared(parser)


def add_shared(parser: argparse.ArgumentParser) -> None:
    """The flags of every study."""
    parser.add_argument("--corpus", required=True, help="a name, a Hub data set id, or a CSV, TSV, JSONL or Parquet file")
    parser.add_argument("--split", default="test")
    parser.add_argument("--limit", type=int, help="how many texts, a seeded random sample (default: all)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", choices=OUTPUTS, help="what F is (default: logit)")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or mps")
    parser.add_argument("--dtype", default="float32", help="float32, bfloat16 or float64")
    parser.add_argument("--out", required=True, type=Path, metavar="FILE", help="the Parquet file to write")
    parser.add_argument("--ray", metavar="ADDRESS", help="do the work on a Ray cluster: its address, or local")


def _evaluate(given: argparse.Namespace) -> None:
    from sigviz.studies import faithfulness  # slow to import, and only this command needs them
    from sigviz.studies.plan import CONTROL_TEXTS, PAPERS_CODE, Plan

    parity = given.parity == PAPERS_CODE
    named: dict[str, Any] = {
        "models": distinct(given.model),
        "baselines": distinct(given.baseline),
        "protocols": distinct(given.protocol) or (("paper",) if parity else None),
        "metrics": distinct(given.metric),
        "output": given.output or ("max-logit" if parity else None),
    }
    plan = Plan(
        corpus=given.corpus,
        runs=tuple(METHODS) if given.method == ["all"] else tuple(given.method),
        split=given.split,
        limit=given.limit,
        seed=given.seed,
        k=given.k,
        control=CONTROL_TEXTS if given.control is None else given.control,
        parity=given.parity,
        device=given.device,
        dtype=given.dtype,
        **{name: value for name, value in named.items() if value is not None},
    )
    print("\n".join(map(plain, _summary(done(faithfulness.evaluate, plan, given)))))


def done(study: Callable[..., "Results"], plan: Any, given: argparse.Namespace) -> "Results":
    """Run a study as --out and --ray say, with its progress on the terminal."""
    if given.out.is_dir():
        raise InvalidSettings(f"{given.out} is a folder. Give --out the name of a file, such as results.parquet.")
    workers = None
    if given.ray is not None:
        from sigviz.studies import cluster

        workers = cluster.workers(given.ray)
    remaining = Remaining()
    with _stopped_by_signals() as cancel:
        try:
            return study(plan, given.out, progress=remaining, cancel=cancel, workers=workers)
        finally:
            remaining.close()


def distinct(given: list[str] | None) -> tuple[str, ...] | None:
    """Each value of a flag that may be given again, once; None where it was not given."""
    return None if given is None else tuple(dict.fromkeys(given))


def _summary(found: "Results") -> Iterator[str]:
    """A block for each model, baseline and protocol: methods down, mean (standard error) across, and n.

    A star marks a paired difference to IG with p < 0.05, which `studies.summary.paired` explains.
    """
    from sigviz.studies.summary import MEASURES, decimals, is_point, paired, summarise

    means, tests = summarise(found.rows), paired(found.rows)
    star = {(*row[:8],) for row in tests[tests["p"] < STARRED][[*_RUN, "protocol", "metric"]].itertuples(index=False)}
    means = means[~means["metric"].map(is_point).astype(bool)]
    for (model, control, baseline, protocol), block in means.groupby(["model", "control", "baseline", "protocol"], sort=False):
        metrics = list(dict.fromkeys(block["metric"]))
        counted = f", protocol {protocol}" if protocol else ""
        yield f"{model}{f' ({control} control)' if control else ''}, baseline {baseline}{counted}, n = {block['n'].max():,}"
        yield "".ljust(WIDE) + "".join(f"{MEASURES[metric].label:>{WIDE}}" for metric in metrics)
        for line, rows in block.groupby("settings", sort=False):
            cells = {row.metric: row for row in rows.itertuples(index=False)}
            written = [_cell(cells.get(metric), decimals(metric), star) for metric in metrics]
            yield f"{str(line)[: WIDE - 1]:{WIDE}}" + "".join(f"{cell:>{WIDE}}" for cell in written)
        yield ""
    arrows = {name: {"lower": "lower is better", "higher": "higher is better"}.get(MEASURES[name].better) for name in MEASURES}
    yield "; ".join(f"{MEASURES[name].label}: {arrow}" for name, arrow in arrows.items() if arrow)
    yield f"mean (standard error); *: differs from IG on the same texts, p < {STARRED} by a paired sign-flip test, uncorrected"
    yield from left_out(found)


def left_out(found: "Results") -> Iterator[str]:
    """The texts that could not be explained, and why; ten of them."""
    failed = dict(found.about.get("failed") or {})
    yield from (f"left out: {key}: {error}" for key, error in [*failed.items()][:10])
    if len(failed) > 10:
        yield f"left out: {len(failed) - 10:,} more, which the file's metadata names"


def _cell(row: Any, places: int | None, star: set[tuple[Any, ...]]) -> str:
    if row is None or row.n == 0:
        return "-"
    error = "" if row.se != row.se else f" ({row.se:.{places}f})" if places is not None else f" ({row.se:.2g})"
    mean = f"{row.mean:.{places}f}" if places is not None else f"{row.mean:.3g}"
    starred = "*" if (*(getattr(row, name) for name in _RUN), row.protocol, row.metric) in star else " "
    return f"{mean}{error}{starred}"


@contextlib.contextmanager
def _stopped_by_signals() -> Iterator[threading.Event]:
    """SIGTERM, as clusters and service managers send it, ends the study as Ctrl-C does: after what is under way."""
    cancel = threading.Event()
    before = signal.signal(signal.SIGTERM, lambda *_: cancel.set())
    try:
        yield cancel
    finally:
        signal.signal(signal.SIGTERM, before)
