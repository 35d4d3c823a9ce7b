"""The runs of a page: asked for cheap ones first, shown as they come, dear ones only on request."""

import time
from collections.abc import Hashable

import streamlit as st

from sigviz.attribution import Attribution
from sigviz.errors import SigvizError
from sigviz.models.classifier import TextClassifier
from sigviz.ui import cards, messages, run_controls
from sigviz.ui.cards import Card, Look, Manner
from sigviz.ui.controls import Shared
from sigviz.ui.jobs import Status, desk, question, watcher
from sigviz.views import heatmap, wording

QUICK = 1.0  # seconds: what is estimated to take less goes first, so that something stands there at once
UNASKED = 30.0  # seconds: what is estimated to take longer waits for a click
_LOOK_EVERY = (0.05, 0.3)  # seconds between looks: while quick ones are under way; afterwards, to leave the cores to the work


def styles(label: str) -> None:
    """The heatmaps' style sheet and their legend, once a page.  label: the class that is explained."""
    st.html(heatmap.style(cards.theme()))
    st.html(heatmap.legend(cards.theme(), label))


def draw_cards(classifier: TextClassifier, text: str, shared: Shared, manner: Manner) -> list[Card]:
    """A card for each run of the page; those that work."""
    with messages.shown():
        runs = run_controls.chosen()
        drawn = []
        for i, run in enumerate(runs):
            with st.container(border=True, key=f"card{i}"):
                run_controls.draw(i, run, len(runs) == 1)
                drawn.append(cards.draw(i, run, classifier, text, shared, manner))
        return [one for one in drawn if one]
    return []


def stream(drawn: list[Card], classifier: TextClassifier, text: str) -> list[Attribution]:
    """Ask for every card's explanation, show each as it comes, and return those that came, in the cards' order.

    Quick ones are asked for first.  What this session no longer looks for is dropped at the desk.
    """
    allowed = [one for one in drawn if _may_run(one, question(classifier, text, one.run.question.settings))]
    runs = {id(one.run): one for one in allowed}
    wanted = [one.preview for one in drawn if one.preview and (one in allowed or one.preview.question.seconds <= UNASKED)]
    wanted += [one.run for one in allowed]
    quick = [look for look in wanted if look.question.seconds < QUICK]
    waiting = [look for look in wanted if look.question.seconds >= QUICK]
    while quick or waiting or any(look.open for one in drawn for look in one.looks):
        if quick or not any(look.open for one in drawn for look in one.looks):
            batch, quick, waiting = (quick, [], waiting) if quick else (waiting, [], [])
            for look in batch:
                _ask(look, classifier, text, runs.get(id(look)))
            _watch(drawn)
        for one in drawn:
            _update(one)
        time.sleep(_LOOK_EVERY[0] if waiting else _LOOK_EVERY[1])
    _watch(drawn)
    return [one.run.status.answer for one in drawn if one.run.status.answer]


def rescale(drawn: list[Card]) -> None:
    """Draw the maps on the shared scale, once all are there: only then is the largest score of all known."""
    done = [one.run.status.answer for one in drawn if one.run.status.answer]
    for one in drawn:
        if one.run.status.answer and one.manner.scale == "shared":
            cards.show_map(one, heatmap.shared_max(done))


def _may_run(one: Card, asked: Hashable) -> bool:
    """Whether to run a card now; otherwise it shows why not, and a button that concerns this question alone.

    Run and Stop have one key: Streamlit keeps a button that has the focus on the page when it is no longer drawn, until the
    next click, which then misses what moves up.
    """
    started: set[Hashable] = st.session_state.setdefault("_started", set())
    stopped: set[Hashable] = st.session_state.setdefault("_stopped", set())
    seconds = one.run.question.seconds
    why = "Stopped." if asked in stopped else ""
    if not why and seconds > UNASKED and asked not in started:
        why = f"This would take about {wording.duration(seconds)}."
    if why:
        one.state_slot.info(f"{why} {cards.passes(one.run.question.cost)}", icon=":material/hourglass_empty:")
        one.button_slot.button("Run", icon=":material/play_arrow:", key=f"go{one.place}", on_click=_start, args=(asked,))
    return not why


def _start(asked: Hashable) -> None:
    st.session_state["_started"].add(asked)
    st.session_state["_stopped"].discard(asked)


def _stop(asked: Hashable) -> None:
    st.session_state["_stopped"].add(asked)
    desk().leave(watcher(), asked)  # now, and not when the page has come as far as this run again: it needs the device, too


def _ask(look: Look, classifier: TextClassifier, text: str, card: Card | None) -> None:
    """Ask the desk; a run that is not there yet gets a button that stops it."""
    settings = look.question.settings
    try:
        look.key = desk().ask(watcher(), classifier, text, settings)
    except SigvizError as error:
        look.status = Status(error=error)
        if card:
            cards.show_error(card, error)
        return
    if card and not desk().look(look.key).finished:
        cards.show_progress(card)
        card.button_slot.button("Stop", icon=":material/stop:", key=f"go{card.place}", on_click=_stop, args=(look.key,))


def _update(one: Card) -> None:
    """Look at a card's explanations and show what is new."""
    if one.preview and one.preview.open:
        one.preview.status = desk().look(one.preview.key)
        if one.preview.status.answer:
            cards.show_preview(one, one.preview.status.answer)
    if one.run.open:
        one.run.status = desk().look(one.run.key)
        if one.run.status.answer:
            cards.show_map(one)
        elif one.run.status.error:
            cards.show_error(one, one.run.status.error)
        else:
            cards.show_progress(one)


def _watch(drawn: list[Card]) -> None:
    desk().watch_only(watcher(), {look.key for one in drawn for look in one.looks if look.key is not None})
