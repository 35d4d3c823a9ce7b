"""What teaching pages share: how they open, what they ask the reader for, and how they wait for what the engine computes.

What is asked for goes through the server's desk, so a class that opens one link has it computed once.
"""

import threading
import time
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

import streamlit as st

from sigviz.attribution import Attribution, Prediction, Settings
from sigviz.engine.engine import Progress
from sigviz.errors import Cancelled, SigvizError
from sigviz.explain import estimate
from sigviz.explain import predict as ask_model
from sigviz.methods import METHODS
from sigviz.models.classifier import TextClassifier
from sigviz.studies import batch
from sigviz.ui import controls, downloads, messages, models, run_controls
from sigviz.ui.controls import Shared
from sigviz.ui.jobs import Status, desk, identity, question, watcher
from sigviz.ui.messages import plain
from sigviz.ui.results import UNASKED
from sigviz.ui.selection import word
from sigviz.views import wording

__all__ = ["Asked", "asked", "card", "computed", "explained", "opening", "prediction", "take_along", "word"]

T = TypeVar("T")
AT_ONCE = 2  # explanations of one page under way together: the next is ready when the device is free
_LOOK_EVERY = 0.1  # seconds


@dataclass(frozen=True, slots=True)
class Asked:
    """What a page is asked about.  text is "" on pages that choose their own."""

    classifier: TextClassifier
    text: str
    shared: Shared
    baseline: str

    def settings(self, method: str, **options: Any) -> Settings:
        """Settings of a method for this question; `options` may also override what is shared.  Raises InvalidSettings."""
        return METHODS[method].settings(**{"baseline": self.baseline, **asdict(self.shared), **options})


def opening(title: str, words: str) -> None:
    """A page's title, and what it is for.  words: Markdown, two plain sentences."""
    st.title(title)
    st.markdown(words)


def card(words: str, formula: str = "", source: str = "") -> None:
    """What the page shows, for a reader who has not read the papers.  words: Markdown; formula: LaTeX; source: plain text."""
    with st.expander("What am I looking at?", icon=":material/help:", key="card"):
        st.markdown(words)
        if formula:
            st.latex(formula)
        if source:
            st.caption(f"Source: {plain(source)}")


def asked(*, text: bool = True, baseline: bool = True) -> Asked:
    """Draw the sentence, the model, and what is explained, as chosen here or on another page.

    Where the model cannot be had, the page says why and ends.
    """
    chosen = "mask"
    left, right = st.columns([3, 2], gap="large") if text else (None, st.container())
    sentence = ""
    if left is not None:
        with left:
            sentence = controls.sentence()
    with right:
        name = controls.model()
        if baseline:
            chosen = run_controls.baseline()
    classifier = None
    with messages.shown():
        classifier = models.classifier(name)
    if classifier is None:
        st.stop()
    return Asked(classifier, sentence, controls.shared(classifier.labels), chosen)


def take_along(asked: Asked, answers: Sequence[Attribution | None], *, key: str) -> None:
    """What the page's explanations can be saved as, and what gives them again.  All of one text."""
    found = [one for one in answers if one is not None]
    downloads.results(found, asked.classifier, key=key)
    downloads.reproduce(found, asked.classifier, key=key)


def prediction(asked: Asked) -> Prediction | None:
    """What the model says of the text; None where it cannot be asked, which is then said on the page."""
    with messages.shown():
        return ask_model(asked.classifier, asked.text, asked.shared.target)
    return None


def explained(
    asked: Asked,
    wanted: Sequence[Settings],
    *,
    key: str,
    each: Callable[[list[Attribution | None]], None] | None = None,
) -> list[Attribution | None]:
    """The explanations of the text, in the order of `wanted`; None for those that failed or were stopped, as the page says.

    each: called with the list so far whenever something new is in it.  What would take long waits for a click.
    """
    keys = [question(asked.classifier, asked.text, settings) for settings in wanted]
    answers: list[Attribution | None] = [desk().look(key).answer for key in keys]
    if each and any(answers):
        each(answers)
    seconds, failed = _outlook(asked, {i: wanted[i] for i, answer in enumerate(answers) if answer is None})
    quick = _within(seconds, UNASKED)  # at once; only the rest waits for a click
    for part, place in ((quick, f"{key}_quick" if len(quick) < len(seconds) else key), (seconds.keys() - quick, key)):
        if part:
            about = tuple(keys[i] for i in sorted(part))
            with messages.shown(), _Wait(place, about, sum(seconds[i] for i in part)) as wait:
                if wait.allowed:
                    for i, answer in _answers(asked, {i: wanted[i] for i in sorted(part)}, failed, wait):
                        answers[i] = answer
                        if each:
                            each(answers)
    for i, error in failed.items():
        st.error(f"{plain(METHODS[wanted[i].method].label)}: {plain(str(error))}", icon=":material/error:")
    return answers


def _outlook(asked: Asked, wanted: Mapping[int, Settings]) -> tuple[dict[int, float], dict[int, SigvizError]]:
    """About how many seconds each takes, and why some cannot be had at all."""
    seconds: dict[int, float] = {}
    failed: dict[int, SigvizError] = {}
    pace = desk().pace(asked.classifier)
    for i, settings in wanted.items():
        try:
            seconds[i] = pace * batch.work(estimate(asked.classifier, asked.text, settings))
        except SigvizError as error:
            failed[i] = error
    return seconds, failed


def _within(seconds: Mapping[int, float], bound: float) -> set[int]:
    """The cheapest ones that together take no longer than `bound`."""
    found: set[int] = set()
    for i in sorted(seconds, key=seconds.__getitem__):
        if sum(seconds[j] for j in found) + seconds[i] > bound:
            break
        found.add(i)
    return found


def _answers(
    asked: Asked, wanted: Mapping[int, Settings], failed: dict[int, SigvizError], wait: "_Wait"
) -> Iterator[tuple[int, Attribution]]:
    """Ask for all, a few at once, and yield each answer as it comes; what goes wrong is put into `failed`."""
    todo, going = list(wanted), dict[int, Hashable]()
    while todo or going:
        while todo and len(going) < AT_ONCE:
            i = todo.pop(0)
            going[i] = desk().ask(watcher(), asked.classifier, asked.text, wanted[i])
        desk().watch_only(watcher(), set(going.values()))
        looks = {i: desk().look(key) for i, key in going.items()}
        done = len(wanted) - len(todo) - len(going)
        line = next((look.line for look in looks.values() if look.line), "")
        share = (done + sum(map(_share, looks.values()))) / len(wanted)
        wait.show(share, f"{done:,} of {len(wanted):,} explanations are there. {line}".rstrip())
        for i, look in looks.items():
            if look.finished:
                del going[i]
            if look.error is not None:
                failed[i] = look.error
            elif look.answer is not None:
                yield i, look.answer
        if going:
            time.sleep(_LOOK_EVERY)


def computed(
    asked: Asked,
    name: Hashable,
    work: Callable[[Progress, threading.Event], T],
    *,
    key: str,
    seconds: float = 0.0,
) -> T | None:
    """What work(progress, cancel) returns, computed once for all sessions; None where it failed or was stopped, as is said.

    name: with the model and the text, all that the result depends on.  The result is shared: nobody may change it.
    seconds: about how long it takes, where that is known; what takes long waits for a click.
    """
    place = (*identity(asked.classifier), asked.text, name)
    look = desk().look(place)
    if look.answer is not None:
        found: T = look.answer
        return found
    with messages.shown(), _Wait(key, place, seconds) as wait:
        if wait.allowed:
            desk().compute(watcher(), place, work)
            desk().watch_only(watcher(), {place})
            while not (look := desk().look(place)).finished:
                wait.show(_share(look), f"{_done(look)} {look.line}".rstrip())
                time.sleep(_LOOK_EVERY)
            if look.error is not None:
                raise look.error
            found = look.answer
            return found
    return None


class _Wait:
    """A bar and a Stop button while something is computed; what takes long, or was stopped, waits for a click on Run."""

    def __init__(self, key: str, about: Hashable, seconds: float) -> None:
        self._key, self._about = key, about
        started: set[Hashable] = st.session_state.setdefault("_started", set())
        stopped: set[Hashable] = st.session_state.setdefault("_stopped", set())
        self._why = "Stopped." if about in stopped else ""
        if not self._why and seconds > UNASKED and about not in started:
            self._why = f"This would take about {wording.duration(seconds)}."
        self.allowed = not self._why
        self._slot = st.empty()

    def __enter__(self) -> "_Wait":
        with self._slot.container(horizontal=True, vertical_alignment="center"):
            # the button first: what stands before it changes its width, and a click on a button that moves is lost
            if self.allowed:
                st.button("Stop", icon=":material/stop:", key=f"{self._key}_go", on_click=_stop, args=(self._about,))
                self._bar = st.progress(0.0, text="Starting", width="stretch")
            else:
                st.button("Run", icon=":material/play_arrow:", key=f"{self._key}_go", on_click=_start, args=(self._about,))
                st.info(self._why, icon=":material/hourglass_empty:", width="stretch")
        return self

    def show(self, share: float, words: str) -> None:
        """share: 0 to 1."""
        self._bar.progress(max(0.0, min(1.0, share)), text=words)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> bool:
        if self.allowed and (error is None or isinstance(error, SigvizError)):
            self._slot.empty()
        if isinstance(error, Cancelled):
            st.info("Stopped.", icon=":material/stop_circle:")
            return True
        return False


def _start(about: Hashable) -> None:
    st.session_state["_started"].add(about)
    st.session_state["_stopped"].discard(about)


def _stop(about: Hashable) -> None:
    st.session_state["_stopped"].add(about)
    desk().watch_only(watcher(), set())


def _done(look: Status) -> str:
    return f"{look.done:,} of {look.total:,} passes." if look.total else "Starting."


def _share(look: Status) -> float:
    return min(1.0, look.done / look.total) if look.total else 0.0
