"""How any study runs: text by text, with a journal, so that it can be stopped or killed and goes on from there.

A study is a plan (what is asked), tasks (its units of work) and a bench (what does one of them).  `run` is the same for all
of them; what is measured stands in faithfulness.py and robustness.py.
"""

import platform
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

import torch
import transformers

from sigviz.errors import Cancelled, InvalidResults, InvalidSettings
from sigviz.studies import corpora, results
from sigviz.studies.corpora import Corpus
from sigviz.studies.plan import Task
from sigviz.studies.results import Results, Unit
from sigviz.version import VERSION

Report = Callable[[int, int, str], None]


class AnyPlan(Protocol):
    """What is asked of a study, checked when it is made.  study: a kind of results (results.FAITHFULNESS, ...)."""

    @property
    def study(self) -> str: ...
    @property
    def corpus(self) -> str: ...
    @property
    def split(self) -> str: ...
    @property
    def limit(self) -> int | None: ...
    @property
    def seed(self) -> int: ...
    @property
    def models(self) -> tuple[str, ...]: ...
    def to_dict(self) -> dict[str, Any]: ...
    def tasks(self, corpus: Corpus) -> list[Task]: ...


class Bench(Protocol):
    """Does units of work in one process, keeping the models that it used last."""

    def examine(self, task: Task, cancel: threading.Event | None = None) -> Unit: ...


Workers = Callable[[AnyPlan, list[Task], threading.Event], Iterable[Unit]]


def run(
    plan: AnyPlan,
    out: Path,
    bench: Callable[[], Bench],
    *,
    told: Callable[[], Mapping[str, Any]] = dict,
    progress: Report | None = None,
    cancel: threading.Event | None = None,
    workers: Workers | None = None,
    local: bool = True,
) -> Results:
    """Run a study and write `out`, going on from where an earlier run of the same plan was stopped.

    bench: makes what does the work, where this process is to do it.  told: what else the metadata says, asked for once the
    plan is known to be feasible.  progress(done, total, what): in units of work.  workers: who does the work; None: this
    process.  local: False where the plan comes from a page, whose visitors must not read this machine's files.
    Raises: SigvizError for what a user can cause; Cancelled leaves the journal behind, from which the next run goes on.
    """
    corpus = corpora.load(plan.corpus, plan.split, limit=plan.limit, seed=plan.seed, local=local)
    cancel = cancel or threading.Event()
    about = _about(plan, corpus)
    if out.suffix == ".journal":
        raise InvalidSettings(f"{out.name} is how journals are called. Give --out another ending, such as .parquet.")
    every = plan.tasks(corpus)
    if out.exists():
        return _finished(out, about)
    about |= told()
    with results.opened(out, about) as journal:
        if out.exists():  # finished by another process, just before this one held the journal
            results.journal_of(out).unlink(missing_ok=True)
            return _finished(out, about)
        todo = [task for task in every if task.key not in journal.done]
        _report(progress, len(every) - len(todo), len(every), "")
        try:
            for unit in (workers(plan, todo, cancel) if workers else _here(bench(), todo, cancel)) if todo else ():
                journal.add(unit)
                _report(progress, len(journal.done), len(every), unit.key[0])
                if cancel.is_set():
                    raise Cancelled
            if cancel.is_set() and len(journal.done) < len(every):
                raise Cancelled
        except Cancelled:
            raise Cancelled("The study was stopped. What is done is kept: the same settings go on from there.") from None
        return results.finish(out, about, journal.done)


def _here(bench: Bench, todo: Sequence[Task], cancel: threading.Event) -> Iterator[Unit]:
    for task in todo:
        yield bench.examine(task, cancel)


def _about(plan: AnyPlan, corpus: Corpus) -> dict[str, Any]:
    """What the results are of: kept in their metadata, and compared before a study goes on."""
    kind = {} if plan.study == results.FAITHFULNESS else {"study": plan.study}
    return {
        **kind,
        "plan": plan.to_dict(),
        "corpus": {"name": corpus.name, "split": corpus.split, "texts": len(corpus), "sha256": corpus.sha256},
        "versions": versions(),
    }


def versions() -> dict[str, str]:
    """What the numbers depend on besides the plan."""
    torches = {"torch": torch.__version__, "transformers": transformers.__version__}
    return {"sigviz": VERSION, **torches, "captum": version("captum"), "python": platform.python_version()}


def _finished(out: Path, about: Mapping[str, Any]) -> Results:
    """The results that are there already, if they are of this very study."""
    there = results.load(out, study=results.kind(about))
    differing = ", ".join(name for name in ("plan", "corpus", "versions") if there.about.get(name) != about[name])
    if differing:
        raise InvalidResults(
            f"{out.name} holds the results of another study (it differs in: {differing}). Give another --out, or move it away."
        )
    return there


def _report(progress: Report | None, done: int, total: int, what: str) -> None:
    if progress is not None:
        progress(done, total, what)
