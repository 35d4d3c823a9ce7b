"""Runs on the page: a card for each, filled as its explanation comes in; cheap ones first, dear ones on request."""

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from sigviz.attribution import Attribution, Settings
from sigviz.errors import Cancelled, SigvizError
from sigviz.explain import Estimate, estimate
from sigviz.methods import METHODS
from sigviz.methods.registry import SHARED
from sigviz.models.classifier import TextClassifier
from sigviz.ui import controls, messages
from sigviz.ui.controls import Shared
from sigviz.ui.jobs import Status, desk, weighted
from sigviz.ui.runs import RunChoice
from sigviz.views import heatmap, wording

QUICK = 1.0  # seconds: what is estimated to take less goes first, so that something stands there at once
UNASKED = 30.0  # seconds: what is estimated to take longer waits for a click
_LOOK_EVERY = 0.1  # seconds between looks at what is under way


@dataclass(slots=True)
class Card:
    """One run's place on the page: its settings, what they will cost, and slots to fill.

    key: of the run's own explanation at the desk; preview_key: of the one that shows its limit at once.  None: not asked for.
    """

    place: int
    settings: Settings
    cost: Estimate
    seconds: float
    preview: Settings | None
    preview_slot: DeltaGenerator
    state_slot: DeltaGenerator
    button_slot: DeltaGenerator
    map_slot: DeltaGenerator
    key: Hashable | None = None
    preview_key: Hashable | None = None
    status: Status = field(default_factory=Status)
    preview_status: Status = field(default_factory=Status)


def watcher() -> str:
    """Who this browser session is at the desk."""
    return str(st.session_state.setdefault("_watcher", f"session-{time.monotonic_ns()}"))


def styles() -> None:
    """The heatmaps' style sheet and their legend, once a page."""
    st.html(heatmap.style(theme()))
    st.html(heatmap.legend(theme()))


def cards(classifier: TextClassifier, text: str, shared: Shared) -> list[Card]:
    """A card for each run of the page, those that work."""
    with messages.shown():
        runs = controls.chosen_runs()
        drawn = [card(i, run, len(runs) == 1, classifier, text, shared) for i, run in enumerate(runs)]
        return [one for one in drawn if one]
    return []


def rescale(cards: list[Card], scale: str) -> None:
    """Draw the maps again with one scale for all, once all are there: only then is the largest score known."""
    done = [one.status.answer for one in cards if one.status.answer]
    if scale != "row":
        for one in cards:
            if one.status.answer:
                show_map(one, theme(), scale, heatmap.shared_max(done))


def card(i: int, choice: RunChoice, alone: bool, classifier: TextClassifier, text: str, shared: Shared) -> Card | None:
    """Draw a run's controls and slots; None where its settings or the text do not work, which is then said in its place."""
    with st.container(border=True, key=f"card{i}"):
        controls.run(i, choice, alone)
        slots = [st.empty() for _ in range(4)]
        with messages.shown():
            settings = choice.settings(unit=shared.unit, target=shared.target, output=shared.output)
            cost = estimate(classifier, text, settings)
            passes = weighted(cost.forward, cost.backward)
            seconds = desk().pace(classifier) * cost.tokens * passes
            return Card(i, settings, cost, seconds, _preview(settings), *slots)
    return None


def _preview(settings: Settings) -> Settings | None:
    """The settings of the method that already gives this one's limit, where there is one."""
    other = METHODS[settings.method].preview
    if other is None:
        return None
    own = {option.name for option in METHODS[other].options}
    kept = {name: value for name, value in settings.to_dict().items() if name in own | set(SHARED)}
    return METHODS[other].settings(**kept)


def stream(
    cards: list[Card], classifier: TextClassifier, text: str, first: Callable[[Attribution], None]
) -> list[Attribution]:
    """Ask for every card's explanation, show each as it comes, and return those that came, in the cards' order.

    Quick ones are asked for first.  What nobody looks for any more is dropped at the desk.  first(attribution) is called
    once, with whatever came first: what all runs have in common can be shown then.
    """
    asked = _asked_for(cards)
    _ask([one for one in asked if one.seconds < QUICK], classifier, text)
    _ask_previews(cards, classifier, text)
    waiting = [one for one in asked if one.seconds >= QUICK]
    _watch(cards)
    told = False
    while True:
        for one in cards:
            _update(one)
        if not told and (answers := _answers(cards)):
            first(answers[0])
            told = True
        if not any(_open(one.key, one.status) or _open(one.preview_key, one.preview_status) for one in cards):
            if not waiting:
                return [one.status.answer for one in cards if one.status.answer]
            _ask(waiting, classifier, text)
            waiting = []
            _watch(cards)
        time.sleep(_LOOK_EVERY)


def _answers(cards: list[Card]) -> list[Attribution]:
    return [status.answer for one in cards for status in (one.preview_status, one.status) if status.answer]


def _open(key: Hashable | None, status: Status) -> bool:
    return key is not None and not status.finished


def _watch(cards: list[Card]) -> None:
    desk().watch_only(watcher(), {key for one in cards for key in (one.key, one.preview_key) if key is not None})


def _asked_for(cards: list[Card]) -> list[Card]:
    """The cards to run now; the others show why not, and a button."""
    started: set[Settings] = st.session_state.setdefault("_started", set())
    stopped: set[Settings] = st.session_state.setdefault("_stopped", set())
    now = []
    for one in cards:
        if one.settings in stopped:
            _offer(one, "Stopped.")
        elif one.seconds > UNASKED and one.settings not in started:
            _offer(one, f"This would take about {_duration(one.seconds)}.")
        else:
            now.append(one)
    return now


def _offer(one: Card, why: str) -> None:
    one.state_slot.info(f"{why} {_passes(one.cost)}", icon=":material/hourglass_empty:")
    one.button_slot.button("Run", icon=":material/play_arrow:", key=f"start{one.place}", on_click=_start, args=(one.settings,))


def _start(settings: Settings) -> None:
    st.session_state["_started"].add(settings)
    st.session_state["_stopped"].discard(settings)


def _stop(settings: Settings) -> None:
    st.session_state["_stopped"].add(settings)


def _ask(cards: list[Card], classifier: TextClassifier, text: str) -> None:
    for one in cards:
        try:
            one.key = desk().ask(watcher(), classifier, text, one.settings)
        except SigvizError as error:
            one.status = Status(error=error)
            _show_error(one, error)
            continue
        if not desk().look(one.key).finished:
            one.button_slot.button("Stop", icon=":material/stop:", key=f"stop{one.place}", on_click=_stop, args=(one.settings,))


def _ask_previews(cards: list[Card], classifier: TextClassifier, text: str) -> None:
    for one in cards:
        if one.preview is not None:
            with messages.shown():
                one.preview_key = desk().ask(watcher(), classifier, text, one.preview)


def _update(one: Card) -> None:
    """Look at a card's explanations and show what is new."""
    if _open(one.preview_key, one.preview_status):
        one.preview_status = desk().look(one.preview_key)
        if one.preview_status.answer:
            _show_preview(one, one.preview_status.answer)
    if not _open(one.key, one.status):
        return
    one.status = desk().look(one.key)
    if one.status.answer:
        one.state_slot.empty()
        one.button_slot.empty()
        show_map(one, theme())
    elif one.status.error:
        _show_error(one, one.status.error)
    else:
        share = one.status.done / one.status.total if one.status.total else 0.0
        one.state_slot.progress(min(share, 1.0), text=f"{_passes(one.cost)} {one.status.done:,} done.")


def _show_error(one: Card, error: SigvizError) -> None:
    one.button_slot.empty()
    one.state_slot.empty()
    with one.state_slot.container():
        if isinstance(error, Cancelled):
            st.info("Stopped.", icon=":material/stop_circle:")
        else:
            messages.error_box(error)


def _show_preview(one: Card, answer: Attribution) -> None:
    label = METHODS[answer.settings.method].label
    with one.preview_slot.container():
        st.caption(
            f"{messages.plain(label)}: what {messages.plain(METHODS[one.settings.method].label)} tends to with ever more steps, "
            f"in {answer.cost.forward:,} forward passes and {wording.number(answer.cost.seconds, 2)} s"
        )
        st.html(heatmap.html(answer, theme=theme()))


def show_map(one: Card, theme: str, scale: str = "row", largest: float | None = None) -> None:
    """The heatmap of a card's answer, and under it what it says in words, what was asked, and what it took."""
    answer = one.status.answer
    assert answer is not None
    method = METHODS[answer.settings.method]
    with one.map_slot.container():
        if one.preview is not None:
            st.caption(f"{messages.plain(method.label)}, computed:")
        st.html(heatmap.html(answer, theme=theme, scale=scale, shared_max=largest))
        facts = " · ".join(f"{name} **{messages.plain(value)}**" for name, value in wording.facts(answer))
        st.caption(f"{facts}  \n{messages.plain(wording.delta_in_words(answer, method.promises.name))}")
        st.caption(messages.plain(wording.read_out(answer)))
        for note in answer.notes:
            st.caption(f":material/info: {messages.plain(note)}")


def _passes(cost: Estimate) -> str:
    """The estimated passes in words."""
    backward = f" and {cost.backward:,} backward" if cost.backward else ""
    return f"{cost.units:,} units, {cost.forward:,} forward{backward} passes of {cost.tokens:,} tokens."


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def theme() -> str:
    """light or dark, as the reader's browser shows the app."""
    return "dark" if st.context.theme.type == "dark" else "light"
