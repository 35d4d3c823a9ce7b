"""Long texts: sentences first, and windows where a text is longer than the model reads.

A score for every word of n tokens takes n passes of n tokens at least, so the time grows with the square of the length and
more.  Sentences are few, and the words of one sentence are few, too.
"""

from dataclasses import replace

import streamlit as st

from sigviz.attribution import UNITS, WINDOWS
from sigviz.errors import SigvizError
from sigviz.explain import estimate
from sigviz.looking import sentences
from sigviz.methods import METHODS
from sigviz.models.classifier import TextClassifier
from sigviz.studies import batch
from sigviz.ui import kept
from sigviz.ui.controls import Shared
from sigviz.ui.jobs import desk
from sigviz.views import wording

LONG = 128  # tokens: so many words' exact SIG takes about 3 s on two cores; 400 words' take half a minute
SENTENCE, WORD = UNITS[2], UNITS[1]
_WAS, _OURS = "_was_long", "_proposed_sentences"


def tokens(classifier: TextClassifier, text: str) -> int:
    """How many the text has, special ones included, read or not; 0 where there is nothing to read."""
    try:
        return len(classifier.windows(text, "slide").whole.ids)
    except SigvizError:  # said where the model is asked
        return 0


def first_unit(classifier: TextClassifier, text: str) -> str:
    """What the page starts with: sentences where the text is long and has several, else tokens.  Before the unit's control.

    Where a text becomes long or short while the page is open, the unit follows, unless the reader has chosen another since.
    """
    long = tokens(classifier, text) > LONG and len(sentences(classifier, text)) > 1
    state = st.session_state
    was, chosen = state.get(_WAS), state.get("unit")
    if long and not was:
        state[_OURS] = "unit" not in st.query_params or was is False
        if state[_OURS] and (was is False or kept.known("unit")):
            state["unit"] = SENTENCE
            kept.note("unit", SENTENCE)
    elif state.get(_OURS) and chosen not in (None, SENTENCE):
        state[_OURS] = False
    elif not long and was and state.get(_OURS):
        state["unit"], state[_OURS] = UNITS[0], False
    state[_WAS] = long
    return SENTENCE if long else UNITS[0]


def window(classifier: TextClassifier, text: str) -> str:
    """The choice between cutting the text and sliding windows over it, drawn only where it does not fit; a key of WINDOWS."""
    try:
        fits = not classifier.encode(text).truncated
    except SigvizError:
        fits = True
    return next(iter(WINDOWS)) if fits else any_window()


def any_window() -> str:
    """The same choice for texts that nobody has looked at yet."""
    kept.restore("window")
    chosen = st.segmented_control(
        "A text longer than the model reads",
        [*WINDOWS],
        default=kept.first("window", next(iter(WINDOWS))),
        key="window",
        bind="query-params",
        help=" ".join(f"{name}: {words}." for name, words in WINDOWS.items()),
    )
    kept.note("window", chosen)
    return chosen if chosen in WINDOWS else next(iter(WINDOWS))


def notice(classifier: TextClassifier, text: str, shared: Shared) -> None:
    """Above the runs of a long text: what has a score here, why, and one click to the other way."""
    count = tokens(classifier, text)
    if count <= LONG:
        return
    parts = len(sentences(classifier, text, shared.window))
    if parts < 2:
        return
    if shared.unit == SENTENCE:
        st.info(
            f"This text has {count:,} tokens. Texts of more than {LONG} start with a score for each sentence, here {parts}; "
            "below the runs, the words of one sentence are explained. A score for every word of the whole text is one click "
            f"away; exact SIG alone would take about {_every_word(classifier, text, shared)} here.",
            icon=":material/short_text:",
        )
        st.button("Explain every word", icon=":material/abc:", key="every_word", on_click=_choose, args=(WORD,))
    else:
        st.info(
            f"This text has {count:,} tokens in {parts} sentences. A score for each sentence, and for the words inside one of "
            "them, takes much less time.",
            icon=":material/short_text:",
        )
        st.button("Sentences first", icon=":material/short_text:", key="sentences_first", on_click=_choose, args=(SENTENCE,))


def _every_word(classifier: TextClassifier, text: str, shared: Shared) -> str:
    exact = next(
        spec for spec in METHODS.values() if spec.preview is None and any(m.preview == spec.id for m in METHODS.values())
    )
    settings = exact.settings(unit=WORD, window=shared.window)
    return wording.duration(desk().pace(classifier) * batch.work(estimate(classifier, text, settings)))


def _choose(unit: str) -> None:
    st.session_state["unit"] = unit


def with_window(shared: Shared, window: str) -> Shared:
    """What all runs have in common, with the way in which the text is read."""
    return replace(shared, window=window)
