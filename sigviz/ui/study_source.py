"""Where a study's results come from, whatever it asks: shipped with sigviz, run here, or a results file.

`show` draws the choice and what belongs to it.  A study that is run here lies in a folder of the server, the same for
everybody who asks for the same: it is computed once, goes on from where it was stopped, and is let go of when nobody has
looked lately.
"""

import hashlib
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Protocol

import streamlit as st

from sigviz.errors import InUse, QueueFull
from sigviz.hosting import hosting
from sigviz.methods.runs import RunChoice
from sigviz.models import release
from sigviz.studies import corpora, results, shipped
from sigviz.studies.results import Results
from sigviz.studies.study import AnyPlan, versions
from sigviz.ui import limits, messages, models, work
from sigviz.ui.work import Report

SHIPPED, RUN, OPEN = SOURCES = ("Shipped results", "Run a study", "Open a file")
MOST_TEXTS = 2_000  # that a widget takes; what this server takes is checked when a study is asked for
MOST_WORK = 20_000  # explanations of a study on a page: its rows are held in memory
FORGOTTEN = 24 * 3600.0  # seconds after which a study may be let go
KEPT = 20  # studies of visitors that stay on the server's disk, to go on from or to be looked at again


class PagePlan(AnyPlan, Protocol):
    """A study whose methods can be weighed before it is run."""

    def choices(self) -> list[RunChoice]: ...


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of study as a page has it.

    study: of results (results.FAITHFULNESS, ...).  key: of its work, and the beginning of its widgets' keys.  plan: draws the
    controls of a study that is to be run; None where they do not fit together, which is then said.  run: runs a plan, as
    faithfulness.evaluate does.  command: of the command line, which writes such results.
    """

    study: str
    key: str
    plan: Callable[[], PagePlan | None]
    run: Callable[..., Results]
    command: str


def show(kind: Kind) -> Results | None:
    """The results to show; None where there are none yet, or where they are wrong, which is then said."""
    chosen = st.segmented_control("Results", SOURCES, default=SHIPPED, key=f"{kind.key}_source", bind="query-params")
    with messages.shown():
        return {RUN: _run, OPEN: _open}.get(chosen or SHIPPED, _shipped)(kind)
    return None


def _shipped(kind: Kind) -> Results | None:
    known = shipped.known(kind.study)
    if not known:
        st.info("No results are shipped with this version.", icon=":material/info:")
        return None
    name = st.selectbox("Study", [*known], format_func=lambda name: known.get(name, str(name)), key=f"{kind.key}_shipped")
    found = _kept(name or next(iter(known)), kind.study)
    st.caption("Measured once, and shipped with sigviz. The command that made it:")
    st.code(shipped.command(found), language=None, wrap_lines=True)  # highlighting would be too pale
    return found


@st.cache_resource(max_entries=8, show_spinner="Opening the results")
def _kept(name: str, study: str) -> Results:
    return shipped.load(name, study)


def _open(kind: Kind) -> Results | None:
    given = st.file_uploader(
        "A results file",
        type=["parquet"],
        key=f"{kind.key}_file",
        max_upload_size=hosting().max_upload_mb,
        help=f"A Parquet file that `{kind.command}` wrote, or that this page offered as a download.",
    )
    if given is None:
        st.caption(f"At most {hosting().max_upload_mb} MB.")
        return None
    limits.check_upload(given.name, given.size)
    return results.load(given, given.name, study=kind.study, bounded=True)


def _run(kind: Kind) -> Results | None:
    """Controls, Run, progress; then what came out, or what there is after a stop."""
    plan, asked_for = kind.plan(), f"_{kind.key}_asked"  # the plan of the work under way, or of the last
    if plan is not None:
        check(plan)
    going = work.current(kind.key)
    if plan is not None and (going is None or going.finished):
        out = _place(plan)
        there = results.journal_of(out).exists()
        label = "Go on" if there else "Run"
        if st.button(label, icon=":material/play_arrow:", type="primary", key=f"{kind.key}_run"):
            st.session_state[asked_for] = plan
            work.start(kind.key, lambda report, cancel: _do(kind, plan, out, report, cancel))
            st.rerun()
    shown = work.show(kind.key)
    if shown is None or not shown.finished:
        return None
    asked: AnyPlan = st.session_state[asked_for]
    if plan is not None and asked != plan:
        st.warning("Below are the results of the last run, not of the settings chosen above.", icon=":material/info:")
    if shown.error is None:
        found: Results | None = shown.result
        return found
    if not shown.stopped:
        messages.error_box(shown.error)
        return None
    st.info("Stopped. Press **Go on** to continue; below is what is done.", icon=":material/stop_circle:")
    done = results.load(_place(asked), study=kind.study)
    return done if len(done.rows) else None


def check(plan: PagePlan) -> None:
    """Raises SigvizError for a study that is more than this server does for its visitors."""
    for name in plan.models:
        models.refuse(name)
    limits.check_corpus(plan.corpus)
    limits.check_texts(plan.limit or MOST_TEXTS)
    limits.check_runs(choice.settings() for choice in plan.choices())


def _do(kind: Kind, plan: AnyPlan, out: Path, report: Report, cancel: Event) -> Results:
    _make_room(out)
    try:
        found = kind.run(plan, out, progress=report, cancel=cancel, local=False)
    except InUse as error:
        raise QueueFull(
            "Somebody else is running this very study. Try again when it is done: it will be here at once."
        ) from error
    finally:
        release.give_back()  # a study loads models of its own, which are gone by now
    os.utime(out)  # looked at: the last to be let go
    return found


def _place(plan: AnyPlan) -> Path:
    """Where this plan's results lie on the server: the same for everybody who asks for the same."""
    asked = {"study": plan.study, **plan.to_dict(), "versions": versions()}
    name = hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:24]
    return _folder() / f"{name}.parquet"


def _folder() -> Path:
    return corpora.cache_folder() / "studies"


def _make_room(out: Path) -> None:
    """Let go of the studies that were looked at longest ago, but not of what is being done or was stopped lately."""
    old = time.time() - FORGOTTEN
    for kept, pattern in ((KEPT, "*.parquet"), (KEPT, "*.journal")):
        files = sorted(((_time(file), file) for file in out.parent.glob(pattern)), reverse=True)
        for when, file in files[kept:]:
            if when < old and file not in (out, results.journal_of(out)):
                file.unlink(missing_ok=True)


def _time(file: Path) -> float:
    """When it was last written or looked at; 0 where somebody else has just let go of it."""
    try:
        return file.stat().st_mtime
    except OSError:
        return 0.0
