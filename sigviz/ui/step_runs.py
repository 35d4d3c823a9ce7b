"""The runs of the Steps page: what is to be run for a text, what it will take, and running it one after the other."""

import time
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from sigviz.attribution import Attribution, Settings
from sigviz.errors import Cancelled, SigvizError
from sigviz.explain import Estimate, estimate
from sigviz.studies import batch
from sigviz.teaching import convergence
from sigviz.teaching.convergence import Plan, Quality
from sigviz.ui import messages
from sigviz.ui.jobs import desk, identity, question, watcher
from sigviz.ui.lesson import Asked
from sigviz.ui.messages import plain
from sigviz.ui.results import UNASKED
from sigviz.views import convergence as views

_LOOK_EVERY, _DRAW_EVERY = 0.1, 2.0  # seconds
_GO, _HALT = "_steps_go", "_steps_halt"  # questions that the reader started; those that were stopped, or failed


@dataclass(frozen=True, slots=True)
class Choice:
    """What the page shows.  most: the largest number of steps; rules: of RULES; axis: of views.AXES."""

    most: int
    rules: tuple[str, ...]
    axis: str


@dataclass(slots=True)
class Lab:
    """The runs of one text and what is there of them.

    slot: where the page says what is still to be run.  over: whether a run has failed or was stopped: the others would, too.
    """

    asked: Asked
    choice: Choice
    plan: Plan
    slot: DeltaGenerator
    found: dict[Settings, Attribution] = field(default_factory=dict)
    over: bool = False

    @property
    def about(self) -> Hashable:
        """What tells this question from another: what was allowed for one model is not for a larger one."""
        return (*identity(self.asked.classifier), self.asked.text, self.plan.all)

    @property
    def qualities(self) -> dict[Settings, Quality]:
        return convergence.qualities(self.found, self.plan)


def lab(asked: Asked, choice: Choice) -> Lab:
    """The plan for this text, with what the server knows of it already.  Ends the page, with a message, for a wrong text."""
    with messages.shown():
        made = convergence.plan(asked.settings, _read(asked).units, choice.most, choice.rules)
        started = Lab(asked, choice, made, st.empty())
        for settings in made.all:
            answer = desk().look(_key(asked, settings)).answer
            if answer is not None:
                started.found[settings] = answer
        return started
    st.stop()


def _read(asked: Asked) -> Estimate:
    return estimate(asked.classifier, asked.text, asked.settings("sig-exact"))


def _key(asked: Asked, settings: Settings) -> Hashable:
    return question(asked.classifier, asked.text, settings)


def permitted(lab: Lab) -> bool:
    """Say what is still to be run and what it takes; whether to run it now.  What takes long waits for a click."""
    missing = [settings for settings in lab.plan.all if settings not in lab.found]
    if not missing:
        return True
    read, about = _read(lab.asked), lab.about
    passes = sum(sum(convergence.passes(settings, read.units, lab.choice.most)) for settings in missing)
    seconds = desk().pace(lab.asked.classifier) * batch.work(Estimate(read.units, read.tokens, passes, 0))
    words = plain(views.cost(len(missing), passes, seconds))
    halted = about in st.session_state.setdefault(_HALT, set())
    allowed = not halted and (seconds <= UNASKED or about in st.session_state.setdefault(_GO, set()))
    with lab.slot.container(horizontal=True, vertical_alignment="center"):
        # the button first: beside it the other one stays for a moment, and what a reader aims at must not move
        if allowed:
            st.button("Stop", icon=":material/stop:", key="steps_go", on_click=_halt, args=(about,))
            st.caption(words, width="stretch")
        else:
            st.button("Run", icon=":material/play_arrow:", key="steps_go", on_click=_go, args=(about,))
            st.info(f"{'Stopped' if halted else 'Not run yet'}: {words}", icon=":material/hourglass_empty:", width="stretch")
    return allowed


def _go(about: Hashable) -> None:
    st.session_state.setdefault(_GO, set()).add(about)
    st.session_state[_HALT].discard(about)


def _halt(about: Hashable) -> None:
    st.session_state[_HALT].add(about)
    desk().watch_only(watcher(), set())


def run(lab: Lab, wanted: Sequence[Settings], draw: Callable[[], None]) -> None:
    """Run what is missing of `wanted`, and draw every now and then.

    One after the other, not two at once: the seconds of a run are to be its own.
    """
    missing = [] if lab.over else [settings for settings in dict.fromkeys(wanted) if settings not in lab.found]
    slot, drawn = st.empty(), time.monotonic()
    try:
        for place, settings in enumerate(missing):
            lab.found[settings] = _awaited(lab.asked, settings, slot, place, len(missing))
            if time.monotonic() - drawn > _DRAW_EVERY:
                draw()
                drawn = time.monotonic()
    except Cancelled:
        lab.over = True
        st.info("Stopped.", icon=":material/stop_circle:")
    except SigvizError as error:
        lab.over = True
        st.session_state[_HALT].add(lab.about)  # or it would fail again at whatever is clicked next
        messages.error_box(error)
        lab.slot.empty()
        st.button("Run", icon=":material/play_arrow:", key="steps_again", on_click=_go, args=(lab.about,))
    slot.empty()


def _awaited(asked: Asked, settings: Settings, slot: DeltaGenerator, place: int, of: int) -> Attribution:
    """One run, its progress shown as the part of all that is to be run.  Raises what ended it."""
    key = desk().ask(watcher(), asked.classifier, asked.text, settings)
    desk().watch_only(watcher(), {key})
    while not (look := desk().look(key)).finished:
        share = min(1.0, look.done / look.total) if look.total else 0.0
        slot.progress((place + share) / of, text=f"Run {place + 1:,} of {of:,}")
        time.sleep(_LOOK_EVERY)
    if look.error is not None:
        raise look.error
    answer: Attribution = look.answer
    return answer
