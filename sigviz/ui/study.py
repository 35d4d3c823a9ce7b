"""The faithfulness page's choice of results, and the controls of a study that is run there."""

from typing import Any

import streamlit as st

from sigviz.errors import InvalidSettings
from sigviz.methods import METHODS
from sigviz.studies import faithfulness, results, shipped
from sigviz.studies.metrics import PROTOCOLS
from sigviz.studies.parity import EXPLANATION
from sigviz.studies.plan import CONTROL_TEXTS, PAPERS_CODE, Plan
from sigviz.studies.results import Results
from sigviz.ui import controls, messages, study_parts, study_source
from sigviz.ui.run_controls import BASELINE_HELP, BASELINES
from sigviz.ui.study_source import MOST_TEXTS, MOST_WORK, Kind

KEY = "study"  # of the work, and the beginning of every widget's key here


def source() -> Results | None:
    """The results to show; None where there are none yet, or where they are wrong, which is then said."""
    return study_source.show(Kind(results.FAITHFULNESS, KEY, _plan, faithfulness.evaluate, "sigviz evaluate"))


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
    return {"models": (model.strip(),), **study_parts.sample(KEY, 50)}


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
