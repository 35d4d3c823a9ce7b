"""Guess first: sentences by seed, words to mark (guess.js, guess.css), and after Reveal the maps and the score.

Before Reveal the page asks for no explanation, so nothing of the answer can be in it.  Marks belong to one text in one cut
into units, and to one class; they are kept for the session and stand in the link as `marks`.  What was revealed is remembered
for the session alone: a link always opens a question.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from sigviz.attribution import Attribution, Prediction, Settings, Unit
from sigviz.errors import InvalidSettings
from sigviz.methods import METHODS
from sigviz.models import text as texts
from sigviz.teaching import guess as game
from sigviz.teaching.sentences import KIND_OF
from sigviz.ui import controls, lesson, messages, results, strip
from sigviz.ui.cards import theme
from sigviz.ui.lesson import Asked
from sigviz.ui.messages import plain
from sigviz.views import guess as view
from sigviz.views import strip as rows
from sigviz.views import wording

EXACT = "sig-exact"
FIRST = ["ig", "dig"]  # the others that a guess is scored against unless the reader chooses
_HERE = Path(__file__).parent
_words = st.components.v2.component(
    "sigviz.guess", css=(_HERE / "guess.css").read_text("utf-8"), js=(_HERE / "guess.js").read_text("utf-8")
)
_LINKED = ("model", "target", "output", "contrast", "unit", "baseline")  # what a class needs besides the seed, where it is set


@dataclass(frozen=True, slots=True)
class Source:
    """Where the sentence comes from.  number: 1 to ROUND, None for the reader's own; kind: what makes it hard to guess."""

    text: str
    seed: int
    number: int | None
    kind: str = ""


def source() -> Source:
    """Draw the seed, the number of the sentence, and the switch to the reader's own sentence."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        own = st.toggle(
            "My own sentence",
            key="own",
            bind="query-params",
            help="Guess about a sentence of your own instead of those that the seed gives.",
        )
        seed = st.number_input(
            "Seed",
            game.FIRST_SEED,
            game.LAST_SEED,
            step=1,
            key="seed",
            bind="query-params",
            width=150,
            disabled=own,
            help=f"Whoever has the same seed gets the same {game.ROUND} sentences in the same order.",
        )
        number = st.number_input(
            "Sentence",
            1,
            game.ROUND,
            step=1,
            key="round",
            bind="query-params",
            width=150,
            disabled=own,
            help=f"A round has {game.ROUND} sentences.",
        )
        st.button("New seed", icon=":material/casino:", key="new_seed", on_click=_go, args=(None, 1), disabled=own)
    if own:
        return Source(controls.sentence(), seed, None)
    text = game.drawn(seed)[number - 1]
    return Source(text, seed, number, KIND_OF[text])


def _go(seed: int | None, number: int) -> None:
    """To another sentence.  seed: None for a new one at random."""
    if seed is None:
        seed = random.randint(game.FIRST_SEED, game.LAST_SEED)
    st.session_state["seed"], st.session_state["round"] = seed, number


def play(asked: Asked, given: Source, against: list[str]) -> None:
    """The sentence, what the model made of it, the words to mark, and after Reveal the answer."""
    asked = replace(asked, text=given.text)
    with messages.shown():
        encoding = asked.classifier.encode(asked.text)
        said = lesson.prediction(asked)
        if said is not None:
            units = texts.units(encoding, asked.shared.unit)
            _play(asked, given, said, units, against)


def _play(asked: Asked, given: Source, said: Prediction, units: tuple[Unit, ...], against: list[str]) -> None:
    question = view.question(asked.text, units, said.label)
    revealed: dict[str, set[str]] = st.session_state.setdefault("_guess_revealed", {})  # question -> models
    marked, wanted = _marked(question, len(units)), game.wanted(len(units))
    known = asked.classifier.name in revealed.get(question, ())
    _ask(asked, given, said, len(units))
    drawn = view.words(
        asked.text,
        units,
        label=said.label,
        kind=asked.shared.unit,
        wanted=wanted,
        marked=marked,
        locked=question in revealed,
        truncated=said.truncated,
        theme=theme(),
    )
    _words(key="guess_words", data=drawn, on_marked_change=lambda: _keep(question, len(units)))
    with st.container(horizontal=True, vertical_alignment="center"):
        ready = len(marked) == wanted and not known
        st.button(
            "Reveal",
            icon=":material/visibility:",
            key="reveal",
            type="primary",
            disabled=not ready,
            on_click=_reveal,
            args=(question, asked.classifier.name, wanted),
        )
        if given.number is not None:
            following = given.number + 1
            st.button(
                "Next sentence",
                icon=":material/arrow_forward:",
                key="next",
                on_click=_go,
                args=(given.seed, min(following, game.ROUND)),
                disabled=following > game.ROUND,
            )
        if not known and not ready:
            st.caption(f"Mark {view.k_words(wanted, asked.shared.unit)} to reveal the answer.")
    _into_link(marked)
    if known:
        _answer(asked, given, said, units, marked, against)


def _reveal(question: str, model: str, wanted: int) -> None:
    """Show this model's answer and close the guess, unless a mark was taken away in the same moment."""
    if len(st.session_state["_guess_marks"].get(question, ())) == wanted:
        st.session_state["_guess_revealed"].setdefault(question, set()).add(model)


def _ask(asked: Asked, given: Source, said: Prediction, n: int) -> None:
    """The question in words: what the model chose, and what to mark."""
    if given.number is not None:
        st.header(f"Sentence {given.number} of {game.ROUND}", anchor=False)
    k, unit = game.wanted(n), asked.shared.unit
    winner, explained = int(said.probabilities.argmax()), plain(said.label)
    share = wording.percent(float(said.probabilities.max()))
    other = "" if winner == said.target else f" Explained is **{explained}**."
    st.markdown(
        f"The model says **{plain(said.labels[winner])}** with a probability of {share}.{other} Which "
        f"**{view.k_words(k, unit)}** of the {n} spoke most for **{explained}**? (A fifth of them, rounded up; signs count.)"
    )


def _marked(question: str, n: int) -> tuple[int, ...]:
    """What is marked in this question; the first one of a session takes what its link says."""
    kept: dict[str, tuple[int, ...]] = st.session_state.setdefault("_guess_marks", {})
    if not st.session_state.get("_guess_link_read"):
        st.session_state["_guess_link_read"] = True
        with messages.shown():
            kept[question] = game.marks(st.query_params.get("marks", ""), n)
    return kept.get(question, ())


def _keep(question: str, n: int) -> None:
    """What the browser says is marked: kept where it belongs to this question and fits it."""
    sent = st.session_state["guess_words"].marked
    places = sent.get("places") if isinstance(sent, dict) and sent.get("question") == question else None
    if isinstance(places, list) and question not in st.session_state["_guess_revealed"]:
        try:
            st.session_state["_guess_marks"][question] = game.marks(",".join(map(str, places)), n)
        except InvalidSettings:  # no click of the page's own can send that
            return


def _into_link(marked: Sequence[int]) -> None:
    """The marks in the link.  A component cannot be bound to it, so it is written here, once the bound ones are drawn."""
    line = ",".join(map(str, marked))
    if line and st.query_params.get("marks") != line:
        st.query_params["marks"] = line
    if not line and "marks" in st.query_params:
        del st.query_params["marks"]


def opponents() -> list[str]:
    """The methods that a guess is scored against: exact SIG, and what the reader chooses besides."""
    others = st.multiselect(
        "Score against exact SIG and",
        [id for id in METHODS if id != EXACT],
        default=None if "against" in st.session_state else FIRST,
        key="against",
        bind="query-params",
        help="Each method's own top words are compared with yours. "
        + " ".join(f"{spec.id}: {spec.label}." for spec in METHODS.values() if spec.id != EXACT),
    )
    return [EXACT, *others]


def _answer(
    asked: Asked, given: Source, said: Prediction, units: tuple[Unit, ...], marked: tuple[int, ...], against: list[str]
) -> None:
    """The heatmaps, the score, and the tally of the round."""
    results.styles(said.label)
    slot = st.empty()
    before = -1

    def draw(found: Sequence[Attribution | None]) -> None:
        nonlocal before
        there = [one for one in found if one is not None]
        if len(there) == before:  # one has failed: nothing new to draw, and a key may be used once
            return
        before = len(there)
        with slot.container():
            drawn = [rows.row(one, theme=theme(), title=METHODS[one.settings.method].label) for one in there]
            strip.show(drawn, key=f"guess_rows_{len(there)}", units=units)

    wanted: list[Settings] = [asked.settings(id) for id in against]
    found = lesson.explained(asked, wanted, key="guess", each=draw)
    raws = {METHODS[one.settings.method].label: one.raw for one in found if one is not None}
    if not raws:
        return
    outcome = game.score(marked, raws)
    st.header("Your score", anchor=False)
    st.markdown(view.verdict(outcome, asked.shared.unit))
    st.html(view.table(outcome, units, asked.shared.unit))
    if given.kind:
        st.caption(f"What this sentence is made of: {given.kind}.")
    if given.number is not None and len(raws) == len(wanted):
        _tally(asked, given, said, outcome)
    lesson.take_along(asked, found, key="guess_files")


def _tally(asked: Asked, given: Source, said: Prediction, outcome: game.Outcome) -> None:
    """All sentences of this round that were revealed with the same model and settings."""
    rounds: dict[Any, dict[int, game.Outcome]] = st.session_state.setdefault("_guess_rounds", {})
    played = rounds.setdefault((asked.classifier.name, given.seed, asked.shared, asked.baseline), {})
    played[given.number or 0] = outcome
    st.header(f"This round: {len(played)} of {game.ROUND} sentences", anchor=False)
    st.html(view.tally(game.tally([played[number] for number in sorted(played)])))


def invitation(asked: Asked, given: Source) -> None:
    """The link that gives a class the same sentences: seed, model and settings, no marks and no sentence number."""
    if given.number is None:
        return
    state = {name: st.session_state.get(name) for name in _LINKED}
    wanted = {"seed": given.seed, **{name: value for name, value in state.items() if _is_set(name, value)}}
    wanted["model"] = asked.classifier.name
    against = st.session_state.get("against", FIRST)
    if [*against] != FIRST:
        wanted["against"] = against
    st.markdown("**Link for the class**: the same sentences, model and settings, nothing marked.")
    st.code(f"{(st.context.url or '').rstrip('/')}?{urlencode(wanted, doseq=True)}", language=None, wrap_lines=True)


def _is_set(name: str, value: object) -> bool:
    """Whether a setting differs from what the page starts with."""
    starts = {"target": controls.PREDICTED, "output": "logit", "contrast": controls.BEST_OTHER, "unit": "token"}
    return value is not None and value != {**starts, "baseline": "mask"}.get(name)
