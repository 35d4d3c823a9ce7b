"""The pieces of the page Edit and compare: a new text, both texts explained, and what the attributions had predicted."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

import pandas as pd
import streamlit as st

from sigviz.attribution import Attribution, Prediction, Settings
from sigviz.errors import InvalidText
from sigviz.explain import estimate
from sigviz.methods import METHODS
from sigviz.studies import batch
from sigviz.studies.plan import CHANCE
from sigviz.teaching import edits, proposals, ranks
from sigviz.teaching.edits import Change, Pair
from sigviz.teaching.proposals import Edit
from sigviz.ui import controls, downloads, lesson, messages
from sigviz.ui.cards import theme
from sigviz.ui.jobs import desk
from sigviz.ui.lesson import Asked
from sigviz.ui.messages import plain
from sigviz.views import edits as views
from sigviz.views import export, heatmap, wording

EXACT = "sig-exact"  # shown first: the only one that promises a prediction without a limit
_KEY = "edited"
_PROPOSED = "_proposed"  # what the page itself last put into the box, as long as the reader has not changed it
CARD = """
A score says what a word contributes to F, the number that is explained. If that is so, it should **predict**: take a word out
and F should lose its score, put one in and F should gain its score. This page makes the wager and looks at the outcome.

- **Predicted change**: the new words' scores in the new text, minus the old words' scores in the old text. Words that were
  kept do not count.
- **True change**: F(new text) − F(old text), two plain forward passes.
- **All words**: by how much the scores of all words changed together, kept ones too. A kept word's score can change although
  nobody touched the word: its neighbours are others now.

When must a prediction be right? Only where **one** word stands in the place of one other with as many tokens, and only for
methods whose every score is F(x) − F(x̄ⁱ): both words are then measured against the same text z with the baseline in that
place, and F(z) cancels. That is so for any baseline. For anything else (a word taken out, two words at once, a word of more
pieces) a prediction is a wager: words close up, move, or work together. IG and DIG promise something else: where both texts
have as many tokens, the scores of **all** words together must change by the true change.

The class that the model chose for the old text is explained in both texts, whatever the model says of the new one.
"""
FORMULA = r"""\begin{aligned}
P &= \textstyle\sum_{j\ \mathrm{new}} a'_j - \sum_{i\ \mathrm{old}} a_i \\
\text{true} &= F(\mathbf x') - F(\mathbf x) \\[1ex]
P_{\text{SIG, 1:1}} &= F(\mathbf x') - F(\mathbf z) \\
&\quad - \big(F(\mathbf x) - F(\mathbf z)\big) \\
&= F(\mathbf x') - F(\mathbf x)
\end{aligned}"""
SOURCE = "completeness of SIG: Enguehard 2023, arXiv:2305.15853, section 2; of IG: Sundararajan et al. 2017, arXiv:1703.01365"


@dataclass(frozen=True, slots=True)
class Compared:
    """Both texts explained.  old, new: one explanation a method, in the same order."""

    pairs: tuple[Pair, ...]
    old: tuple[Attribution, ...]
    new: tuple[Attribution, ...]
    before: Prediction
    after: Prediction

    @property
    def changes(self) -> list[Change]:
        return [edits.change(self.pairs, one, other) for one, other in zip(self.old, self.new, strict=True)]

    @property
    def names(self) -> list[str]:
        """Of the methods, the control marked as such."""
        control = [" (control)" if one.settings.method == CHANCE else "" for one in self.old]
        return [name + mark for name, mark in zip(wording.names(self.old), control, strict=True)]


def styles() -> None:
    """The style sheets, once a page."""
    st.html(heatmap.style(theme()))
    st.html(views.style(theme()))


def edited(asked: Asked, before: Prediction) -> Asked:
    """Draw the new text and edits to start from; the question about the new text, with the old one's class fixed."""
    offered = _proposals(asked)
    first = offered[0].text if offered else asked.text
    if st.session_state.get(_KEY) not in (None, first) and st.session_state[_KEY] == st.session_state.get(_PROPOSED):
        st.session_state[_KEY] = first  # the old text is another now, and the reader has not written a new one of his own
    new = st.text_area(
        "New text",
        controls.default(_KEY, first),
        max_chars=controls.MAX_CHARACTERS,
        height=92,
        key=_KEY,
        bind="query-params",
        help="Change words, take some out, put others in. The page starts with an edit of its own, and says which.",
    )
    st.session_state[_PROPOSED] = first if new == first else None
    _buttons(asked, offered)
    for edit in offered:
        if edit.text == new:
            st.caption(f":material/edit: {plain(edit.label)}. {plain(edit.why)}")
            break
    return replace(asked, text=new, shared=replace(asked.shared, target=before.target))


def _proposals(asked: Asked) -> Sequence[Edit]:
    """Edits to start from; none where they would take long or failed, as is then said."""
    with messages.shown():
        shared = {name: value for name, value in asdict(asked.shared).items() if name != "unit"}
        wanted = proposals.settings(baseline=asked.baseline, **shared)
        cost = batch.work(estimate(asked.classifier, asked.text, wanted))  # the search behind it is short for any text
        return (
            lesson.computed(
                asked,
                ("edits", wanted),
                lambda progress, cancel: proposals.propose(
                    asked.classifier, asked.text, wanted, progress=progress, cancel=cancel
                ),
                key="edits",
                seconds=desk().pace(asked.classifier) * cost,
            )
            or ()
        )
    return ()


def _buttons(asked: Asked, offered: Sequence[Edit]) -> None:
    with st.container(horizontal=True, gap="small"):
        for place, edit in enumerate(offered):
            st.button(plain(edit.label), key=f"edit{place}", on_click=_take, args=(edit.text,), help=plain(edit.why))
        st.button("Same as the old text", icon=":material/restart_alt:", key="edit_same", on_click=_take, args=(asked.text,))


def _take(text: str) -> None:
    st.session_state[_KEY] = text


def methods() -> tuple[str, ...]:
    """The methods whose predictions are compared: ids, in the order of METHODS."""
    chosen = st.multiselect(
        "Methods",
        [*METHODS],
        default=[*edits.FIRST],
        key="predicting",
        bind="query-params",
        help="Each explains both texts. " + " ".join(f"{spec.id}: {plain(spec.label)}." for spec in METHODS.values()),
    )
    return tuple(id for id in METHODS if id in chosen)


def compare(asked: Asked, new: Asked, before: Prediction, chosen: Sequence[str]) -> Compared | None:
    """Both texts explained by every method, and their units beside each other; None where it cannot be had, as is said."""
    after = lesson.prediction(new)
    if after is None:
        return None
    if not chosen:
        st.info("Choose a method at least: its scores are what predicts.", icon=":material/info:")
        return None
    for name, said in (("old", before), ("new", after)):
        if said.truncated:
            st.warning(
                f"The {name} text is longer than the model can read: {said.truncated:,} tokens of it were left out, and an "
                "edit there changes nothing.",
                icon=":material/content_cut:",
            )
    with messages.shown():
        wanted = [(asked.settings(id, **ranks.options(id)), new.settings(id, **ranks.options(id))) for id in chosen]
        return _explained(asked, new, wanted, before, after)
    return None


def _explained(
    asked: Asked, new: Asked, wanted: Sequence[tuple[Settings, Settings]], before: Prediction, after: Prediction
) -> Compared | None:
    answers = (
        lesson.explained(asked, [one for one, _ in wanted], key="edit_old"),
        lesson.explained(new, [other for _, other in wanted], key="edit_new"),
    )
    both = [(one, other) for one, other in zip(*answers, strict=True) if one is not None and other is not None]
    if not both:
        return None
    try:
        pairs = edits.beside(asked.classifier, *both[0])
    except InvalidText as same:  # not a fault: the reader is about to write
        st.info(plain(str(same)), icon=":material/info:")
        return None
    return Compared(pairs, tuple(one for one, _ in both), tuple(other for _, other in both), before, after)


def outcome(found: Compared) -> None:
    """What the edit did to the model."""
    st.markdown(plain(views.verdict(found.before, found.after, found.changes[0], found.old[0].settings.output)))
    st.html(views.classes(found.before, found.after))


def predictions(found: Compared) -> None:
    """Predicted and true change, method by method, as a picture and as numbers; what was promised."""
    changes, names, settings = found.changes, found.names, found.old[0].settings
    st.markdown(plain(views.promises(found.pairs, changes, names, settings.unit)))
    downloads.plotly(
        views.figure(changes, names, settings.output, theme()),
        "Predicted and true change of F",
        key="edit_chart",
        alt="Predicted and true change of F, the same numbers as in the table below",
    )
    st.html(views.predictions(changes, names, settings.output))


def words(found: Compared) -> None:
    """Both texts word over word by one method, and the same as a table and a file."""
    ids = [one.settings.method for one in found.old]
    seen = st.segmented_control(
        "Scores by",
        ids,
        default=EXACT if EXACT in ids else ids[0],
        key="seen",
        bind="query-params",
        help="Whose scores stand on the words. " + " ".join(f"{id}: {plain(METHODS[id].label)}." for id in ids),
    )
    place = ids.index(seen) if seen in ids else 0
    old, new = found.old[place], found.new[place]
    st.html(views.key(old.label, theme(), old.settings.output))
    st.html(views.beside(found.pairs, old, new, theme()))
    rows = edits.rows(found.pairs, old, new)
    with st.expander("The same as a table", key="edit_table", on_change="rerun") as section:
        if section.open:
            st.dataframe(rows, hide_index=True, alt="Old and new scores word by word")
    with st.container(horizontal=True):
        st.download_button(
            "Words (CSV)",
            lambda: export.csv(pd.DataFrame(rows)),
            "sigviz-edit-words.csv",
            "text/csv",
            key="words_csv",
            on_click="ignore",
            icon=":material/download:",
        )
        st.download_button(
            "Predictions (CSV)",
            lambda: export.csv(pd.DataFrame(edits.change_rows(found.changes))),
            "sigviz-edit-predictions.csv",
            "text/csv",
            key="predictions_csv",
            on_click="ignore",
            icon=":material/download:",
        )
