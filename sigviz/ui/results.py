"""The runs of a page: asked for cheap ones first, shown as they come, dear ones only on request."""

import time
from collections.abc import Callable, Hashable

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
SOON = 6.0  # seconds: what is estimated to take less than this goes next, and the rest last
Then = Callable[[], list[Card] | None]
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


def stream(drawn: list[Card], classifier: TextClassifier, text: str, then: Then | None = None) -> list[Attribution]:
    """Ask for every card's explanation, show each as it comes, and return those that came, in the cards' order.

    Quick ones are asked for first.  What this session no longer looks for is dropped at the desk.  then: asked again and
    again until it gives more cards, which it has drawn by what was there already; their answers are shown, not returned.
    """
    cards_there, more = list(drawn), list(drawn)
    runs: dict[int, Card] = {}
    waiting: list[Look] = []
    while more or waiting or _open(cards_there):
        waiting += _wanted(more, classifier, text, runs)
        more = []
        sooner = min((_haste(look) for look in [*waiting, *_open(cards_there)]), default=0)
        batch = [look for look in waiting if _haste(look) == sooner]
        waiting = [look for look in waiting if _haste(look) != sooner]
        for look in batch:
            _ask(look, classifier, text, runs.get(id(look)))
        if batch:
            _watch(cards_there)
        for one in cards_there:
            _update(one)
        if then is not None and (found := then()) is not None:
            then, more = None, found
            cards_there += found
            continue
        time.sleep(_LOOK_EVERY[0] if waiting else _LOOK_EVERY[1])
    _watch(cards_there)
    return [one.run.status.answer for one in drawn if one.run.status.answer]


def _open(drawn: list[Card]) -> list[Look]:
    return [look for one in drawn for look in one.looks if look.open]


def _haste(look: Look) -> int:
    """Which ones go first: 0 before 1 before 2.  A preview is there to be seen before the others."""
    return sum(look.question.seconds >= bound for bound in ((SOON,) if look.first else (QUICK, SOON)))


def _wanted(drawn: list[Card], classifier: TextClassifier, text: str, runs: dict[int, Card]) -> list[Look]:
    """What to ask for: previews first; runs by the id of their look goes into `runs`."""
    for one in drawn:
        one.allowed = _may_run(one, question(classifier, text, one.run.question.settings))
    allowed = [one for one in drawn if one.allowed]
    runs.update({id(one.run): one for one in allowed})
    previews = [one.preview for one in drawn if one.preview and _is_asked(one, one.preview)]
    return [*previews, *(one.run for one in allowed)]


def _is_asked(one: Card, look: Look) -> bool:
    """Whether a card's look is asked for; a quick preview is also where its run waits for a click."""
    return one.allowed or (look is one.preview and look.question.seconds <= _unasked(one))


def _unasked(one: Card) -> float:
    return UNASKED if one.manner.unasked is None else one.manner.unasked


def pending(one: Card, look: Look) -> bool:
    """Whether a card's look is asked for, or will be, and has not come."""
    return _is_asked(one, look) and not look.status.finished


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
    if not why and seconds > _unasked(one) and asked not in started:
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
