"""The Paths page: which word is followed, with how many steps, the theatre itself (theatre.js), and what stands under it."""

import threading
from math import isfinite
from pathlib import Path
from typing import Any

import streamlit as st

from sigviz.engine.engine import Progress
from sigviz.methods import METHODS
from sigviz.studies import batch
from sigviz.teaching import theatre as science
from sigviz.teaching.theatre_result import SHOWN, Theatre
from sigviz.ui import downloads, lesson, messages, strip
from sigviz.ui.cards import theme
from sigviz.ui.jobs import desk
from sigviz.ui.lesson import Asked
from sigviz.ui.messages import plain
from sigviz.views import strip as strips
from sigviz.views import theatre as views
from sigviz.views import theatre_charts as pictures
from sigviz.views import wording

_HERE = Path(__file__).parent
_theatre = st.components.v2.component(
    "sigviz.theatre", css=(_HERE / "theatre.css").read_text("utf-8"), js=(_HERE / "theatre.js").read_text("utf-8")
)
_KEY = "theatre"
_FIRST_ALPHA = 0.5  # where most is to be seen: IG's sentence is no sentence there
_STEPS, _HOPS = (5, 10, 20, 50, 100), (1, 2, 5, 10, 20, 30, 60)
_FIRST_STEPS, _FIRST_HOPS = "20", "10"


def word(asked: Asked) -> int | None:
    """The text coloured by exact SIG, to choose the followed word from; the underlined word where none is chosen."""
    (found,) = lesson.explained(asked, [asked.settings("sig-exact")], key="paths_first")
    if found is None:
        return None
    strip.show([strips.row(found, theme=theme())], key="paths_strip", units=found.units)
    strongest = int(found.raw.argmax())
    chosen = lesson.word(found.units, default=strongest)
    return strongest if chosen is None else chosen


def settings(asked: Asked) -> science.Wanted:
    """The page's own controls, in one row that wraps.  Ends the page, with a message, where they do not go together."""
    walk = {option.name: option for option in METHODS["dig"].options}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        steps = _number(
            "Steps of IG and SIG",
            _STEPS,
            _FIRST_STEPS,
            "paths_steps",
            "At how many points of their ways the gradient is taken.",
        )
        stops = _number("Steps of DIG", _HOPS, _FIRST_HOPS, "paths_hops", walk["steps"].help)
        strategy = st.selectbox(
            "DIG's strategy",
            walk["strategy"].choices,
            key="paths_strategy",
            bind="query-params",
            width=190,
            help=walk["strategy"].help,
        )
    with messages.shown():
        ig, sig, dig = SHOWN
        walk_settings = asked.settings(dig, steps=stops, strategy=strategy)
        return asked.settings(ig, steps=steps), asked.settings(sig, steps=steps), walk_settings
    st.stop()


def _number(label: str, choices: tuple[int, ...], first: str, key: str, words: str) -> int:
    shown = [str(choice) for choice in choices]
    chosen = st.selectbox(label, shown, index=shown.index(first), key=key, bind="query-params", width=170, help=words)
    return int(chosen)


def seen(asked: Asked, wanted: science.Wanted, chosen: int) -> Theatre | None:
    """The theatre of the chosen word, computed once for all sessions."""

    def work(progress: Progress, cancel: threading.Event) -> Theatre:
        return science.theatre(asked.classifier, asked.text, wanted, chosen, progress=progress, cancel=cancel)

    with messages.shown():
        cost = science.estimate(asked.classifier, asked.text, wanted)
        seconds = desk().pace(asked.classifier) * batch.work(cost)
        return lesson.computed(asked, ("theatre", wanted, chosen), work, key="paths_work", seconds=seconds)
    return None


def show(theatre: Theatre, wanted: science.Wanted) -> None:
    """The theatre and its figures; moving alpha runs these again and nothing else."""
    cut = f"The text is longer than the model can read: {theatre.truncated:,} tokens of it were left out."
    for words in (*([cut] if theatre.truncated else []), *theatre.limited, *theatre.notes):
        st.caption(f":material/info: {plain(words)}")
    _stage(theatre)
    downloads.table(pictures.way_rows(theatre), "the way of every word", key="paths_way")
    st.header("DIG's walk, step by step")
    st.markdown(plain(pictures.walk_in_words(theatre)))
    rows = pictures.hop_rows(theatre, wanted[2].option("strategy"))
    st.dataframe(rows, hide_index=True, key="paths_hops_table", alt="The steps of DIG's walk")
    st.caption(
        "Each step starts at the anchor before it, weighs its nearest words (the candidates) and takes the best; the next "
        "best stand beside it with what they would have cost. Dimensions changed: how many of the anchor's would have turned "
        "back on the way. Moved by: the distance from the anchor to the stop that was made of it. The vocabulary holds more "
        "than words: pieces of words, single signs, and in some models places that training left empty (“unused”). A walk may "
        "well lead over them."
    )
    downloads.table(rows, "walk of DIG", key="paths_walk")


@st.fragment
def _stage(theatre: Theatre) -> None:
    alpha = _alpha()
    place = views.closest(theatre, alpha)
    _theatre(key=_KEY, data={**views.scenes(theatre, theme()), "alpha": alpha}, on_alpha_change=_keep)
    unit = plain(views.chosen_word(theatre))
    st.header(f"The score of “{unit}” is an area")
    st.markdown(
        f"The curve is the **slope of F through “{unit}”**, dF/dα: how fast F changes by the movement of this word alone. A "
        "method looks at it at its nodes (dots) and adds up bars as wide as the nodes' weights. **Orange** area speaks for "
        "the class, **blue** against it. The diamond is where alpha is now. Each chart has its own scale; a slope is in the "
        "unit of F per whole way."
    )
    for column, act in zip(st.columns(len(theatre.acts)), theatre.acts, strict=True):
        with column:
            st.markdown(f"**{METHODS[act.method].label}**")
            words = pictures.area(theatre, act)
            figure = pictures.integrand(theatre, act, place, theme())
            title = f"Integrand of {METHODS[act.method].label}"
            downloads.plotly(figure, title, key=f"paths_integrand_{act.method}", alt=words)
            st.caption(plain(words))
    st.header(f"The way of “{plain(wording.shortened(theatre.walker, 24))}” in two dimensions")
    st.markdown(plain(pictures.plane_in_words(theatre)))
    figure = pictures.plane(theatre, place, theme())
    downloads.plotly(figure, "The way in two dimensions", key="paths_plane", alt=pictures.plane_in_words(theatre))


def _alpha() -> float:
    """Where alpha stands: where it was last left, or as the link says."""
    given = _between(st.query_params.get("alpha"))
    if given is None and "alpha" in st.query_params:
        st.caption(f"The link's alpha is not a number from 0 to 1: it starts at {_FIRST_ALPHA:g}.")
    return _FIRST_ALPHA if given is None else given


def _keep() -> None:
    """Into the link, which a component cannot be bound to.  What came from the browser is checked like any input."""
    alpha = _between(st.session_state[_KEY].alpha)
    if alpha is not None:
        st.query_params["alpha"] = f"{alpha:.4g}"


def _between(value: Any) -> float | None:
    """A number from 0 to 1, from a link or from the browser; None for anything else."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if isfinite(number) and 0 <= number <= 1 and not isinstance(value, bool) else None
