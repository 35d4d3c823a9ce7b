"""The controls that pages share.  Each has a key that is also its name in the link; values are checked on the server.

What a control shows is what the link holds (no format_func on bound widgets): Streamlit writes the shown words into it.
"""

from dataclasses import dataclass
from typing import get_args
from urllib.parse import quote_plus

import streamlit as st

from sigviz.attribution import OUTPUTS, UNITS
from sigviz.hosting import hosting
from sigviz.models.classifier import TextClassifier
from sigviz.ui import kept, limits, models
from sigviz.ui.examples import EXAMPLES, FIRST
from sigviz.ui.messages import plain
from sigviz.views.heatmap import Scale

PREDICTED = "predicted class"
MAX_CHARACTERS = limits.MAX_CHARACTERS
MAX_LINK = 60_000  # bytes of a link that servers take; the text is most of it
BEST_OTHER = "best other class"


@dataclass(frozen=True, slots=True)
class Shared:
    """What all runs of a page have in common, in the words of Settings."""

    unit: str
    target: int | None
    output: str
    contrast: int | None = None
    window: str = "cut"


def sentence() -> str:
    """The text to explain, and a list of examples that fill it in."""
    st.selectbox(
        "Examples",
        [*EXAMPLES],
        index=None,
        format_func=lambda text: f"{text} ({EXAMPLES[text]})",
        placeholder="Pick a sentence, or write your own below",
        key="example",
        on_change=_take_example,
    )
    kept.restore("text")
    text = st.text_area(
        "Text",
        default("text", FIRST),
        max_chars=MAX_CHARACTERS,
        height=92,
        key="text",
        bind="query-params",
        help="Any text. What is longer than the model can read is cut, and the page says by how much.",
    )
    kept.note("text", text)
    if len(quote_plus(text)) > MAX_LINK:
        st.caption("This text is too long for a link: the address of this page will not open it again.")
    return text


def default(key: str, value: str) -> str:
    """A widget's start value, unless the page itself has set one: Streamlit takes only one of the two."""
    return "" if key in st.session_state else value


def _take_example() -> None:
    if st.session_state["example"]:
        st.session_state["text"] = st.session_state["example"]


def model() -> str:
    """The name of the model: one that this server offers, or, where it takes any, whatever was typed."""
    known = {entry.name: entry for entry in models.offered()}
    any_other = not hosting().models
    kept.restore("model")
    chosen = st.selectbox(
        "Model",
        [*known],
        accept_new_options=True,  # also where there is a list: what a link names must be refused, not silently another
        key="model",
        bind="query-params",
        help="A bundled model, one of the SIG paper's nine (fetched from the Hugging Face Hub), or type the Hub id or "
        "the folder of any other text classifier."
        if any_other
        else "The models that this server offers.",
    )
    kept.note("model", chosen)
    if chosen in known:
        st.caption(plain(f"{known[chosen].title}: {known[chosen].description}"))
    return chosen or hosting().first_model


def shared(labels: tuple[str, ...], unit_first: str = UNITS[0]) -> Shared:
    """Target class, output and unit, in one row that wraps on small screens.  unit_first: where nobody has chosen one."""
    classes = [PREDICTED, *(f"{i}: {label}" for i, label in enumerate(labels))]
    for key in ("target", "output", "unit", "contrast"):
        kept.restore(key)
    if st.session_state.get("target", PREDICTED) not in classes:  # chosen for another model
        st.session_state["target"] = PREDICTED
    with st.container(horizontal=True, vertical_alignment="bottom"):
        target = st.selectbox(
            "Target class",
            classes,
            key="target",
            bind="query-params",
            width=190,
            help="The class whose score is explained. It stays the same at every point of a path.",
        )
        output = st.selectbox(
            "Explained output F",
            [*OUTPUTS],
            key="output",
            bind="query-params",
            width=190,
            help="F, the number that is explained. "
            + " ".join(f"{name}: {words}." for name, words in OUTPUTS.items())
            + " The SIG paper's own code used max-logit.",
        )
        unit = st.segmented_control(
            "Unit",
            UNITS,
            default=kept.first("unit", unit_first),
            key="unit",
            bind="query-params",
            help="What gets one score: the pieces that the model reads, whole words, or sentences. The pieces of a word move "
            "together in SIG and are added up in the other methods.",
        )
        others = [BEST_OTHER, *classes[1:]]
        contrast = BEST_OTHER
        if output == "margin":
            contrast = st.selectbox(
                "Contrast class",
                others,
                key="contrast",
                bind="query-params",
                width=190,
                help="The class whose logit is subtracted from the target's.",
            )
    for key, value in (("target", target), ("output", output), ("unit", unit), ("contrast", contrast)):
        if key in st.session_state:
            kept.note(key, value)
    return Shared(unit or unit_first, _class(classes, target), output, _class(others, contrast))


def _class(choices: list[str], chosen: str) -> int | None:
    """The number of the chosen class; None for the first choice, which is no class, and for what is not offered."""
    return choices.index(chosen) - 1 if chosen in choices[1:] else None


def scale() -> Scale:
    """What counts as full colour."""
    scales: tuple[Scale, ...] = get_args(Scale)
    chosen = st.segmented_control(
        "Colour scale",
        scales,
        default="row",
        key="scale",
        bind="query-params",
        help="row: the strongest word of each row has full colour. shared: the strongest word of all rows has, so rows can be "
        "compared. fixed: full colour is a score that makes up the whole length of its row's scores.",
    )
    return chosen if chosen in scales else "row"


def special(classifier: TextClassifier, text: str) -> tuple[str, str] | None:
    """A switch for the special tokens in the maps: those before and behind the text, or None where they are not shown."""
    shown = st.toggle(
        "Special tokens",
        key="special",
        bind="query-params",
        help="Show what the tokenizer puts around the text, such as [CLS] and [SEP]. The model reads it, but it is no part of "
        "the text: it stays as it is on every path and gets no score.",
    )
    return classifier.around(text) if shown else None
