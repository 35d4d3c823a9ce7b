"""The section "Many texts" of the Robustness page: its results, and the controls of a study that is run there."""

from typing import Any

import streamlit as st

from sigviz.errors import InvalidSettings
from sigviz.hosting import hosting
from sigviz.methods import METHODS
from sigviz.models import catalogue
from sigviz.models.untrained import REDRAWN, UNTRAINED
from sigviz.studies import reductions, results, robustness
from sigviz.studies.results import Results
from sigviz.studies.robustness_plan import CONTROLS, RobustnessPlan
from sigviz.studies.robustness_summary import NAMES
from sigviz.ui import messages, models, robust_result, study_parts, study_source
from sigviz.ui.messages import plain
from sigviz.ui.robust_result import KEY
from sigviz.ui.run_controls import BASELINE_HELP, BASELINES
from sigviz.ui.study_source import MOST_WORK, Kind

TWIN, NO_OTHER = "its other seed", "none"
TEXTS = 30  # at first: a verdict takes 20 on which two models agree
QUICK = [id for id in METHODS if id in {"saliency", "ig", "sig-exact"}]
CONTROL_HELP = (
    f"{NAMES[UNTRAINED]}: the same encoder, under a classification head of random weights (He et al. 2015), as in the paper. "
    f"{NAMES[REDRAWN]}: every weight is random, the word embeddings, too. Neither has learnt the task: an explanation that "
    "tells what a model has learnt must look different on them."
)


def show() -> None:
    """Everything of the section, its header included."""
    st.header("Many texts")
    st.markdown(
        "One sentence may be an accident. Over many texts it can be tested (Zafar et al. 2021): two models that were trained "
        "alike and predict the same should be explained by the same words, and a model beside its own untrained copy should "
        "not. A method whose words are as much alike with the untrained copy **fails**: they say little about what the model "
        "has learnt."
    )
    found = source()
    if found is not None:
        with messages.shown():
            robust_result.show(found)


def source() -> Results | None:
    """The results to show; None where there are none yet, or where they are wrong, which is then said."""
    return study_source.show(Kind(results.ROBUSTNESS, KEY, _plan, robustness.assess, "sigviz robustness"))


def _plan() -> RobustnessPlan | None:
    """What is to be studied; None where it does not fit together, which is then said."""
    left, right = st.columns(2, gap="large")
    with left:
        model, other = _pick_models()
        given = study_parts.sample(KEY, TEXTS)
    with right:
        given |= _pick_methods()
    with messages.shown():
        if other == TWIN:
            raise InvalidSettings(f"{model[:100]} does not come with another seed. Choose another model, or {NO_OTHER}.")
        plan = RobustnessPlan(model=model, other=other, **given)
        ways = len(plan.reductions)
        if (plan.limit or 0) * len(plan.choices()) * ways * (1 + len(plan.others)) > MOST_WORK:
            raise InvalidSettings(
                f"Texts times methods times reductions times models are more than {MOST_WORK:,}: take fewer of one."
            )
        return plan
    return None


def _pick_models() -> tuple[str, str]:
    """The model and the one beside it, "" for none; TWIN where that is wanted of a model that has none."""
    known = {entry.name: entry for entry in models.offered()}
    model = st.selectbox(
        "Model to test",
        [*known],
        accept_new_options=True,
        key=f"{KEY}_model",
        bind="query-params",
        help="A bundled model, one of the SIG paper's nine, or the Hub id of any other text classifier.",
    )
    model = (model or hosting().first_model).strip()
    if model in known:
        st.caption(plain(f"{known[model].title}: {known[model].description}"))
    chosen = st.selectbox(
        "Other model",
        [TWIN, NO_OTHER, *known],
        accept_new_options=True,
        key=f"{KEY}_other",
        bind="query-params",
        help=f"{TWIN}: the bundled model that differs by its random start alone. Or any model of the same classes, which are "
        f"matched by name. {NO_OTHER}: the untrained copies alone, without a verdict.",
    )
    other = "" if chosen == NO_OTHER else (chosen or TWIN).strip()
    twin = catalogue.twin(model)
    if other == TWIN and twin is not None:
        st.caption(plain(twin))
        other = twin
    return model, other


def _pick_methods() -> dict[str, Any]:
    """Methods, reductions, baseline and controls, in the words of RobustnessPlan."""
    methods = st.multiselect(
        "Methods",
        [*METHODS],
        default=QUICK,
        format_func=lambda id: METHODS[id].label if id in METHODS else str(id),
        key=f"{KEY}_methods",
        persist_state="session",
        help="Random scores are always added: what is shared by chance.",
    )
    ways = st.multiselect(
        "Reductions",
        reductions.REDUCTIONS,
        default=reductions.REDUCTIONS,
        key=f"{KEY}_reductions",
        persist_state="session",
        help=f"How the scores of a word's features become one number. {'. '.join(reductions.LABELS.values())}.",
    )
    controls = st.multiselect(
        "Untrained copies",
        CONTROLS,
        default=CONTROLS,
        format_func=lambda name: NAMES.get(name, str(name)),
        key=f"{KEY}_controls",
        persist_state="session",
        help=CONTROL_HELP,
    )
    baseline = st.selectbox(
        "Baseline",
        [*BASELINES],
        index=[*BASELINES].index("unk"),
        accept_new_options=True,
        key=f"{KEY}_baseline",
        bind="query-params",
        width=150,
        help=f"{BASELINE_HELP} The paper has unk.",
    )
    return {
        "runs": tuple(methods),
        "reductions": tuple(ways),
        "controls": tuple(controls),
        "baseline": baseline or "unk",
    }
