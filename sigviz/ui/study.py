"""Where the faithfulness page's results come from: shipped with sigviz, a study run here, or a results file."""

import hashlib
import json
import os
import time
from pathlib import Path
from threading import Event
from typing import Any

import streamlit as st

from sigviz.attribution import MAX_SEED
from sigviz.errors import InUse, InvalidResults, InvalidSettings, QueueFull
from sigviz.methods import METHODS
from sigviz.studies import corpora, faithfulness, results, shipped
from sigviz.studies.metrics import PROTOCOLS
from sigviz.studies.parity import EXPLANATION
from sigviz.studies.plan import CONTROL_TEXTS, PAPERS_CODE, Plan
from sigviz.studies.results import Results
from sigviz.studies.study import versions
from sigviz.ui import controls, messages, models, work
from sigviz.ui.messages import plain
from sigviz.ui.run_controls import BASELINE_HELP, BASELINES
from sigviz.ui.work import Report

_ASKED = "_study_asked"  # the plan of the work under way, or of the last
KEY = "study"  # of the work, and the beginning of every widget's key here
SHIPPED, RUN, OPEN = SOURCES = ("Shipped results", "Run a study", "Open a file")
MOST_TEXTS = 2_000
MOST_BYTES = 5 * 2**20  # of an uploaded file; .streamlit/config.toml tells browsers the same
MOST_WORK = 20_000  # texts times runs of a study on a page: its rows are held in memory
FORGOTTEN = 24 * 3600.0  # seconds after which a study may be let go
KEPT = 20  # studies of visitors that stay on the server's disk, to go on from or to be looked at again


def source() -> Results | None:
    """The results to show; None where there are none yet, or where they are wrong, which is then said."""
    chosen = st.segmented_control("Results", SOURCES, default=SHIPPED, key=f"{KEY}_source", bind="query-params")
    with messages.shown():
        return {RUN: _run, OPEN: _open}.get(chosen or SHIPPED, _shipped)()
    return None


def _shipped() -> Results | None:
    known = shipped.known()
    if not known:
        st.info("No results are shipped with this version.", icon=":material/info:")
        return None
    name = st.selectbox("Study", [*known], format_func=lambda name: known.get(name, str(name)), key=f"{KEY}_shipped")
    found = _kept(name or next(iter(known)))
    st.caption("Measured once, and shipped with sigviz. The command that made it:")
    st.code(shipped.command(found), language=None, wrap_lines=True)  # highlighting would be too pale
    return found


@st.cache_resource(max_entries=8, show_spinner="Opening the results")
def _kept(name: str) -> Results:
    return shipped.load(name)


def _open() -> Results | None:
    given = st.file_uploader(
        "A results file",
        type=["parquet"],
        key=f"{KEY}_file",
        max_upload_size=MOST_BYTES // 2**20,
        help="A Parquet file that `sigviz evaluate` wrote, or that this page offered as a download.",
    )
    if given is None:
        st.caption(f"At most {MOST_BYTES // 2**20} MB.")
        return None
    if given.size > MOST_BYTES:
        raise InvalidResults(f"{given.name[:100]} has more than {MOST_BYTES // 2**20} MB. Show fewer texts or methods.")
    return results.load(given, given.name, bounded=True)


def _run() -> Results | None:
    """Controls, Run, progress; then what came out, or what there is after a stop."""
    plan = _plan()
    for name in plan.models if plan is not None else ():
        models.refuse_folder(name)
    going = work.current(KEY)
    if plan is not None and (going is None or going.finished):
        out = _place(plan)
        there = results.journal_of(out).exists()
        label = "Go on" if there else "Run"
        if st.button(label, icon=":material/play_arrow:", type="primary", key=f"{KEY}_run"):
            st.session_state[_ASKED] = plan
            work.start(KEY, lambda report, cancel: _evaluate(plan, out, report, cancel))
            st.rerun()
    shown = work.show(KEY)
    if shown is None or not shown.finished:
        return None
    asked: Plan = st.session_state[_ASKED]
    if plan is not None and asked != plan:
        st.warning("Below are the results of the last run, not of the settings chosen above.", icon=":material/info:")
    if shown.error is None:
        found: Results | None = shown.result
        return found
    if not shown.stopped:
        messages.error_box(shown.error)
        return None
    st.info("Stopped. Press **Go on** to continue; below is what is done.", icon=":material/stop_circle:")
    done = results.load(_place(asked))
    return done if len(done.rows) else None


def _evaluate(plan: Plan, out: Path, report: Report, cancel: Event) -> Results:
    _make_room(out)
    try:
        found = faithfulness.evaluate(plan, out, progress=report, cancel=cancel, local=False)
    except InUse as error:
        raise QueueFull(
            "Somebody else is running this very study. Try again when it is done: it will be here at once."
        ) from error
    os.utime(out)  # looked at: the last to be let go
    return found


def _place(plan: Plan) -> Path:
    """Where this plan's results lie on the server: the same for everybody who asks for the same."""
    asked = {**plan.to_dict(), "versions": versions()}
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


def _plan() -> Plan | None:
    """What is to be studied; None where it does not fit together, which is then said."""
    left, right = st.columns(2, gap="large")
    with left:
        given = _pick_texts()
    with right:
        given |= _pick_methods()
    with messages.shown():
        plan = Plan(**given)
        if (plan.limit or 0) * len(plan.choices()) > MOST_WORK:
            raise InvalidSettings(f"Texts times methods times baselines are more than {MOST_WORK:,}: take fewer of one.")
        return plan
    return None


def _pick_texts() -> dict[str, Any]:
    """Model, corpus and sample, in the words of Plan."""
    model = controls.model()
    entries = {entry.name: entry for entry in corpora.known()}
    corpus = st.selectbox(
        "Texts",
        [*entries],
        accept_new_options=True,
        key=f"{KEY}_corpus",
        bind="query-params",
        help="A corpus by name, or type the id of a data set of the Hugging Face Hub that has a column of texts.",
    )
    if corpus in entries:
        st.caption(plain(f"{entries[corpus].title}: {entries[corpus].description}"))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        split = st.text_input("Split", "test", max_chars=60, key=f"{KEY}_split", bind="query-params", width=130)
        limit = st.number_input(
            "Number of texts",
            1,
            MOST_TEXTS,
            50,
            key=f"{KEY}_limit",
            bind="query-params",
            width=150,
            help="A random sample by the seed: many corpora are sorted, so the first ones would be no sample.",
        )
        seed = st.number_input("Seed", 0, MAX_SEED, 0, key=f"{KEY}_seed", bind="query-params", width=120)
    return {
        "models": (model.strip(),),
        "corpus": corpus or "",
        "split": split.strip(),
        "limit": int(limit),
        "seed": int(seed),
    }


def _pick_methods() -> dict[str, Any]:
    """Methods, baselines, the control and parity mode, in the words of Plan."""
    parity = st.toggle("Parity with the papers' code", key=f"{KEY}_parity", bind="query-params", help=EXPLANATION)
    methods = st.multiselect(
        "Methods",
        [*METHODS],
        default=shipped.TABLE_1,
        format_func=lambda id: METHODS[id].label if id in METHODS else str(id),
        key=f"{KEY}_methods",
        persist_state="session",
        help="The random control is always added.",
    )
    baselines = st.multiselect(
        "Baselines",
        [*BASELINES],
        default=["mask"],
        accept_new_options=True,
        key=f"{KEY}_baselines",
        persist_state="session",
        help=BASELINE_HELP,
    )
    control = st.number_input(
        "Texts for the untrained control",
        0,
        MOST_TEXTS,
        min(CONTROL_TEXTS, 20),
        key=f"{KEY}_control",
        bind="query-params",
        width=230,
        help="For so many of the texts the same is measured on a copy of the model whose classification head is random. "
        "A metric that looks as good there says little about what the model has learnt (Zafar et al. 2021).",
    )
    return {
        "runs": tuple(methods),
        "baselines": tuple(baselines),
        "control": int(control),
        "output": "max-logit" if parity else "logit",
        "protocols": ("paper",) if parity else PROTOCOLS,
        "parity": PAPERS_CODE if parity else "",
    }
