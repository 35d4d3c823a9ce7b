"""What the reader chooses for one sentence on the Robustness page: the other model, the copies, the method, what is on top."""

from dataclasses import dataclass

import streamlit as st

from sigviz.attribution import MAX_SEED
from sigviz.methods import METHODS
from sigviz.methods.runs import RunChoice
from sigviz.models import catalogue
from sigviz.studies import robustness
from sigviz.studies.plan import CHANCE
from sigviz.studies.reductions import L2, LABELS, REDUCTIONS, WHOLE
from sigviz.teaching.baselines import REGARDLESS
from sigviz.teaching.robust_sentence import WHOLE_WORDS, Question
from sigviz.ui import models
from sigviz.ui.lesson import Asked
from sigviz.ui.messages import plain
from sigviz.views.wording import shortened

TWIN = "its twin"  # the other model, unless the reader chooses one: stays right when the model changes
_FIRST = "ig"


@dataclass(frozen=True, slots=True)
class Choice:
    """What the reader chose.  other: a model's name, "" for none.  k: per cent.  redrawn: also show REDRAWN."""

    other: str
    method: str
    reduction: str
    k: int
    seed: int
    redrawn: bool

    def question(self, asked: Asked) -> Question:
        """What the model is asked."""
        shared = asked.shared
        choice = RunChoice(self.method, asked.baseline)
        return Question(choice, self.reduction, shared.unit, shared.output, shared.target, shared.contrast)


def controls(asked: Asked) -> Choice:
    """Which other model, which method, and how it is looked at; rows that wrap."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        other = _other(asked.classifier.name)
        seed = st.number_input(
            "Untrained copies: seed",
            0,
            MAX_SEED,
            0,
            key="copies_seed",
            bind="query-params",
            width=190,
            help="Draws the weights of the untrained copies: another number, another copy.",
        )
        redrawn = st.toggle(
            "A copy with nothing trained, too",
            key="nothing_trained",
            bind="query-params",
            help="A copy in which every weight is random, the word embeddings and the encoder, too.",
        )
    methods = [id for id in METHODS if id != CHANCE]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        method = st.selectbox(
            "Explained by",
            methods,
            index=methods.index(_FIRST),
            key="explained_by",
            bind="query-params",
            width=170,
            help="One method for all models. " + " ".join(f"{id}: {plain(METHODS[id].label)}." for id in methods),
        )
        reduction = st.segmented_control(
            "A word's score",
            REDUCTIONS,
            default=L2,
            key="word_score",
            bind="query-params",
            disabled=method in WHOLE_WORDS,
            help="How the scores of a word's features, the numbers that stand for it, become one. "
            + " ".join(f"{way}: {plain(LABELS[way])}." for way in REDUCTIONS)
            + " The paper uses l2.",
        )
        k = st.segmented_control(
            "On top, in %",
            robustness.LEVELS,
            default=robustness.LEVELS[0],
            key="top_words",
            bind="query-params",
            help="How many of the words count as top ones, rounded up.",
        )
    method = method or _FIRST
    whole = method in WHOLE_WORDS
    st.caption(plain(_explain_controls(asked, method, whole)))
    return Choice(
        other, method, WHOLE if whole else reduction or L2, int(k or robustness.LEVELS[0]), int(seed or 0), bool(redrawn)
    )


def _explain_controls(asked: Asked, method: str, whole: bool) -> str:
    """What must be known of the choice, plain text."""
    label = METHODS[method].label
    said = [f"{label} gives every word one score, so there is nothing to reduce: l2 and sum are the same."] if whole else []
    if method not in REGARDLESS:
        baseline = shortened(asked.baseline, 40)
        same = "as in" if baseline == "unk" else "unlike unk in"
        said.append(f"A word is replaced by the baseline chosen above, here {baseline}, {same} the paper and the study below.")
    said.append("What a method draws at random is the same for all models.")
    return " ".join(said)


def _other(model: str) -> str:
    """The name of the other model; "" where there is none."""
    known = {entry.name: entry for entry in models.offered() if entry.name != model}
    chosen = st.selectbox(
        "The other model",
        [TWIN, *known],
        accept_new_options=True,
        key="other",
        bind="query-params",
        width=330,
        help=f"{TWIN}: the model that was trained in the same way from another random start. Or any other model of the same "
        "classes: a bundled one, one of the SIG paper's (fetched from the Hugging Face Hub), or the Hub id or the folder of "
        "any text classifier.",
    )
    return (catalogue.twin(model) or "") if chosen in (TWIN, None) else chosen.strip()
