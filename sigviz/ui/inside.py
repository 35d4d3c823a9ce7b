"""Inside a sentence: where sentences have the scores, the words of one of them are explained by the runs of the page.

Only that sentence's words move, all others stay as they are (settings.within), so it costs what a sentence costs.
"""

from dataclasses import replace

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from sigviz.attribution import Attribution
from sigviz.looking import sentences
from sigviz.methods import METHODS
from sigviz.models.classifier import TextClassifier
from sigviz.ui import cards, downloads, selection
from sigviz.ui.cards import Card, Manner
from sigviz.ui.controls import Shared
from sigviz.ui.long_texts import SENTENCE, WORD
from sigviz.ui.messages import plain
from sigviz.ui.results import pending
from sigviz.views import excerpt, wording

WHY = (
    "The words of one sentence, while the rest of the text stays as it is. Replacing the whole sentence changes F by a "
    "number: its exact SIG score. IG's words share just that number between them. SIG asks for each word what replacing it "
    "alone changes, so its words need not add up to it."
)
UNASKED = 90.0  # seconds: the reader has come to see this sentence's words, and a busy machine estimates too much


class Section:
    """The section of a page whose runs are `drawn`; drawn into `slot` as soon as it is known which sentence.

    It is one thing to call: the section's cards, once they can be drawn, None before (see results.stream).
    """

    def __init__(self, slot: DeltaGenerator, drawn: list[Card], classifier: TextClassifier, text: str, shared: Shared) -> None:
        self._slot, self._drawn, self._classifier, self._text = slot, drawn, classifier, text
        self._cards: list[Card] = []
        self._units = sentences(classifier, text, shared.window)
        self._place: int | None = None

    def __call__(self) -> list[Card] | None:
        chosen = selection.selected(self._units)
        leading = None if chosen is not None else _leading(self._drawn)
        place = wording.order(leading.raw)[0] if leading is not None else chosen
        if place is None:
            return None
        self._place = place
        with self._slot:
            st.header("Inside a sentence")
            st.markdown(plain(WHY))
            self._heading(place, leading)
            unit = self._units[place]
            st.html(excerpt.context(self._text, unit.start, unit.end, cards.theme()))
            for i, outer in enumerate(self._drawn):
                settings = replace(outer.run.question.settings, unit=WORD, within=(unit.start, unit.end))
                with st.container(border=True, key=f"inside{i}"):
                    st.markdown(f"**{plain(METHODS[settings.method].label)}**, words of sentence {place + 1}")
                    card = cards.draw_run(f"inside{i}", settings, self._classifier, self._text, Manner(unasked=UNASKED))
                    self._cards += [card] if card else []
        return self._cards

    def _heading(self, place: int, leading: Attribution | None) -> None:
        """Which sentence it is and why, and the way to its neighbours."""
        why = "the selected one" if leading is None else f"the one with the largest score by {wording.name(leading)}"
        st.markdown(f"**Sentence {place + 1} of {len(self._units)}**, {plain(why)}. Click another one in a map above, or:")
        with st.container(horizontal=True):
            for name, step, icon in (("Previous sentence", -1, "arrow_back"), ("Next sentence", 1, "arrow_forward")):
                to = place + step
                st.button(
                    name,
                    icon=f":material/{icon}:",
                    key=f"inside_{'next' if step > 0 else 'previous'}",
                    on_click=selection.select,
                    args=(self._units, to),
                    disabled=not 0 <= to < len(self._units),
                )

    def end(self) -> None:
        """Once all is there: the sentence's scores beside the sums of its words', and what gives these numbers again."""
        found = [*dict.fromkeys(filter(None, (_answer(one) for one in self._cards)))]
        if not found or self._place is None:
            return
        outer = {look.question.settings: look.status.answer for one in self._drawn for look in one.looks}
        scores = []
        for one in found:
            whole = outer.get(replace(one.settings, unit=SENTENCE, within=None))
            scores.append(None if whole is None else float(whole.raw[self._place]))
        with self._slot:
            st.html(excerpt.shares(found, scores))
            downloads.reproduce(found, self._classifier, key="inside")


def section(slot: DeltaGenerator, drawn: list[Card], classifier: TextClassifier, text: str, shared: Shared) -> Section | None:
    """The section, where sentences have the scores and there are several."""
    if shared.unit != SENTENCE or not drawn:
        return None
    made = Section(slot, drawn, classifier, text, shared)
    return made if len(made._units) > 1 else None


def _answer(one: Card) -> Attribution | None:
    """The run's, or that of the preview that stands in for it."""
    for look in reversed(one.looks):
        if look.status.answer is not None:
            return look.status.answer  # type: ignore[no-any-return]
    return None


def _leading(drawn: list[Card]) -> Attribution | None:
    """The answer of the first run, or of the preview that stands in for it; of the next one, where it has neither."""
    for one in drawn:
        for look in (one.run, one.preview):
            if look is not None and look.status.answer is not None:
                return look.status.answer  # type: ignore[no-any-return]
            if look is not None and pending(one, look):
                return None
    return None
