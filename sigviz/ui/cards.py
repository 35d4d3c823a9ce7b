"""One run's place on a page: its controls, the slots below them, and what is shown in them as the run goes on."""

from collections.abc import Hashable
from dataclasses import asdict, dataclass, field

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from sigviz.attribution import Attribution, Settings, Unit
from sigviz.errors import Cancelled, SigvizError
from sigviz.explain import Estimate, estimate
from sigviz.methods import METHODS
from sigviz.methods.registry import SHARED
from sigviz.methods.runs import RunChoice
from sigviz.models.classifier import TextClassifier
from sigviz.studies import batch
from sigviz.ui import limits, messages, strip
from sigviz.ui.controls import Shared
from sigviz.ui.jobs import Status, desk
from sigviz.ui.messages import plain
from sigviz.views import heatmap, wording
from sigviz.views import strip as rows
from sigviz.views.excerpt import excerpt
from sigviz.views.heatmap import Scale
from sigviz.views.palette import Theme


@dataclass(frozen=True, slots=True)
class Question:
    """Something to ask the desk.  cost: in passes; seconds: about how long they will take here."""

    settings: Settings
    cost: Estimate
    seconds: float


@dataclass(slots=True)
class Look:
    """What is known of a question: the key it was asked by (None: not asked) and how far it is.

    first: a preview, which is asked for before others.
    """

    question: Question
    first: bool = False
    key: Hashable | None = None
    status: Status = field(default_factory=Status)

    @property
    def open(self) -> bool:
        return self.key is not None and not self.status.finished


@dataclass(frozen=True, slots=True)
class Manner:
    """How maps are drawn.  special: the special tokens before and after the text, where they are shown.

    unasked: seconds; what is estimated to take longer waits for a click; None: as on all pages.
    """

    scale: Scale = "row"
    special: tuple[str, str] | None = None
    unasked: float | None = None


@dataclass(slots=True)
class Card:
    """A run and the slots under its controls.  preview: the method that already gives this one's limit, where there is one.

    allowed: whether the run is asked for; False where it waits for a click.
    """

    place: int | str
    manner: Manner
    run: Look
    preview: Look | None
    preview_slot: DeltaGenerator
    state_slot: DeltaGenerator
    button_slot: DeltaGenerator
    map_slot: DeltaGenerator
    measures_slot: DeltaGenerator
    allowed: bool = True

    @property
    def looks(self) -> list[Look]:
        return [self.run] if self.preview is None else [self.preview, self.run]


def theme() -> Theme:
    """light or dark, as the reader's browser shows the app."""
    return "dark" if st.context.theme.type == "dark" else "light"


def draw(i: int, choice: RunChoice, classifier: TextClassifier, text: str, shared: Shared, manner: Manner) -> Card | None:
    """A run's slots and its cost, below its controls; None where its settings do not work, which is then said instead."""
    with messages.shown():
        return draw_run(i, choice.settings(**asdict(shared)), classifier, text, manner)
    return None


def draw_run(place: int | str, settings: Settings, classifier: TextClassifier, text: str, manner: Manner) -> Card | None:
    """As `draw`, of settings already checked.  place: tells the card from others of the page."""
    with st.container():
        preview_slot, state_slot, button_slot, map_slot, measures_slot = (st.empty() for _ in range(5))
        with messages.shown():
            limit = _limit_of(settings)
            preview = None if limit is None else Look(_question(classifier, text, limit), first=True)
            run = Look(_question(classifier, text, settings))
            state_slot.caption(f"Waiting. {passes(run.question.cost)}")
            return Card(place, manner, run, preview, preview_slot, state_slot, button_slot, map_slot, measures_slot)
    return None


def _question(classifier: TextClassifier, text: str, settings: Settings) -> Question:
    limits.check_explanation(classifier, text, settings)
    cost = estimate(classifier, text, settings)
    return Question(settings, cost, desk().pace(classifier) * batch.work(cost))


def _limit_of(settings: Settings) -> Settings | None:
    """The same question to the method that already gives this one's limit."""
    other = METHODS[settings.method].preview
    if other is None:
        return None
    takes = {option.name for option in METHODS[other].options} | set(SHARED)
    return METHODS[other].settings(**{name: value for name, value in settings.to_dict().items() if name in takes})


def show_preview(card: Card, answer: Attribution) -> None:
    """The limit's map, above the place where the run's own will be."""
    method, limit = METHODS[card.run.question.settings.method].label, METHODS[answer.settings.method].label
    cost = f"{answer.cost.forward:,} forward passes and {wording.number(answer.cost.seconds, 2)} s"
    with card.preview_slot.container():
        st.caption(f"**{plain(limit)}**: what {plain(method)} tends to with ever more steps, in {plain(cost)}")
        strip.show(
            [rows.row(excerpt(answer), theme=theme(), special=card.manner.special)],
            key=f"strip{card.place}_preview",
            units=_selectable(answer),
        )


def show_progress(card: Card) -> None:
    """How far the run is, under a bar."""
    status = card.run.status
    share = min(1.0, status.done / status.total) if status.total else 0.0
    done = f"{passes(card.run.question.cost)} {status.done:,} of {status.total:,} done."
    card.state_slot.progress(share, text=f"{done} {status.line}".rstrip())


def show_map(card: Card, largest: float | None = None) -> None:
    """The map of the run's answer; under it what was asked, what came out, what it took, and how complete it is, in words.

    largest: for the scale "shared", once it is known; before that a still picture on the row's own scale stands there.
    """
    answer = card.run.status.answer
    assert answer is not None
    method = METHODS[answer.settings.method]
    card.state_slot.empty()
    card.button_slot.empty()
    with card.map_slot.container():
        if card.preview is not None:
            st.caption(f"**{plain(method.label)}**, computed:{_agreement(card, answer)}")
        scale, special = card.manner.scale, card.manner.special
        if scale == "shared" and largest is None:
            st.html(heatmap.html(excerpt(answer), theme=theme(), special=special))
        else:
            row = rows.row(excerpt(answer), theme=theme(), scale=scale, shared_max=largest, special=special)
            strip.show([row], key=f"strip{card.place}", units=_selectable(answer))
        complete = plain(wording.delta_in_words(answer, method.promises.name))
        if answer.settings.within is not None:  # says it in other words, with the part's own score
            st.markdown(plain(wording.share_in_words(answer, method.promises.name)))
            complete = ""
        facts = " · ".join(f"{plain(name)} **{plain(value)}**" for name, value in wording.facts(answer))
        st.caption(f"{facts}  \n{complete}")
        st.caption(plain(wording.read_out(answer)))
        for note in answer.notes:
            st.caption(f":material/info: {plain(note)}")


def _selectable(answer: Attribution) -> tuple[Unit, ...] | None:
    """The units that a click selects for all pages; none where only a part of the text is shown."""
    return answer.units if answer.settings.within is None else None


def _agreement(card: Card, answer: Attribution) -> str:
    """Whether the strongest words are those of the limit."""
    limit = card.preview.status.answer if card.preview is not None else None
    if limit is None:
        return ""
    mine, theirs = (wording.emphasised(one.raw) for one in (answer, limit))
    common = len(set(mine) & set(theirs))
    return f" {common} of its {len(mine)} bold {answer.settings.unit}s are bold above, too"


def show_error(card: Card, error: SigvizError) -> None:
    """Why there is no answer."""
    card.button_slot.empty()
    with card.state_slot.container():
        if isinstance(error, Cancelled):
            st.info("Stopped.", icon=":material/stop_circle:")
        else:
            messages.error_box(error)


def passes(cost: Estimate) -> str:
    """The estimated passes in words."""
    backward = f" and {cost.backward:,} backward" if cost.backward else ""
    windows = f" in {cost.windows} windows" if cost.windows > 1 else ""
    return f"{cost.units:,} units{windows}, {cost.forward:,} forward{backward} passes of {cost.tokens:,} tokens."
