"""The first section of the Robustness page: one sentence by a model, by another, and by untrained copies of the first."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from sigviz.attribution import Attribution
from sigviz.engine.engine import Progress
from sigviz.errors import InvalidSettings, InvalidText, ModelUnsupported, NotANumber
from sigviz.explain import estimate
from sigviz.models.classifier import TextClassifier
from sigviz.models.untrained import REDRAWN, UNTRAINED
from sigviz.studies import agreement, batch, pairs
from sigviz.studies.pairs import Match
from sigviz.studies.reductions import L2
from sigviz.teaching import robust_sentence as teaching
from sigviz.teaching.robust_sentence import Question
from sigviz.ui import downloads, lesson, messages, models, robust_choice, selection, strip
from sigviz.ui.cards import theme
from sigviz.ui.jobs import desk, identity
from sigviz.ui.lesson import Asked
from sigviz.ui.messages import plain
from sigviz.ui.robust_choice import Choice
from sigviz.views import heatmap, robust_code
from sigviz.views import robust_sentence as views
from sigviz.views.robust_sentence import Reader
from sigviz.views.wording import shortened

CARD = """
Each row shows the same sentence, explained by the same method for another model.

- **The other model** was trained in the same way, on the same texts; only the random numbers that its training started from
  were others. The two mostly predict the same, so people who ask them about one sentence expect the same words.
- **The copy with an untrained head** is the model with random numbers in its last layers, which turn what was read into a
  class. **The copy with nothing trained** has random numbers everywhere. Neither has learnt to decide, so their top words
  should have little more in common with the model's than blind draws. Where they have much, the explanation shows something
  of the sentence, or of how the model reads, but not how it learnt to decide.

What is measured:

- **Top words**: the K % of the words with the largest scores, rounded up; K is 25 or 10.
- **Overlap** (Jaccard@K): how many words are on top for both, divided by how many are on top for either. 100 % means the same
  words, 0 % none in common. With 4 top words each and 3 in common, it is 3 of 5: 60 %.
- **Blind draws**: the mean overlap of two sets of that size, drawn without a look at the text. In the second formula, m of n
  words are on top, and i of them for both.

One sentence proves nothing: it shows what is compared. Only many texts tell how often it turns out so.
"""
FORMULA = r"""\begin{aligned}
\mathrm{Jaccard@}K &= \frac{|A \cap B|}{|A \cup B|} \\
\text{blind} &= \sum_{i=0}^{m} \frac{\binom{m}{i}\binom{n-m}{m-i}}{\binom{n}{m}}\,\frac{i}{2m-i}
\end{aligned}"""
SOURCE = (
    "Zafar et al. 2021, On the Lack of Robust Interpretability of Neural Text Classifiers, arXiv:2106.04631, sections 2.1 to "
    "2.3 and Appendix D"
)
MODEL, OTHER = "The model", "The other model"
COPIES = {UNTRAINED: "The copy with an untrained head", REDRAWN: "The copy with nothing trained"}
COPIES_KEPT = 4  # untrained copies in memory; one with nothing trained is as large as its model
Work = Callable[[Progress, threading.Event], Attribution | str]
_SAME = "The model and the other model are the same, and a model always agrees with itself. Choose another."
_LASTING = (InvalidSettings, InvalidText, ModelUnsupported, NotANumber)  # what would come out again: no use to try


@dataclass(frozen=True, slots=True)
class _Place:
    """One model's place on the page.

    classifier: what is loaded.  question: what it is asked.  match: the model's classes beside its own.  control: which of
    COPIES is drawn from the classifier and asked instead of it, "" for none.
    """

    title: str
    classifier: TextClassifier
    question: Question
    match: Match
    control: str = ""


def show(asked: Asked) -> None:
    """The whole section, below the sentence and the model."""
    choice = robust_choice.controls(asked)
    st.html(heatmap.style(theme()))
    st.html(views.style(theme()))
    places = _places(asked, choice)
    said = st.container()
    st.html(views.legend(theme(), choice.reduction == L2, choice.k))
    with messages.shown():
        slots, below = [st.container() for _ in places], st.container()
        found = _readers(asked, choice, places, slots, below)
        if not found:
            return
        with said:
            st.markdown(plain(views.in_words(found)))
            if verdict := views.verdict(found):
                st.markdown(f":material/lightbulb: {plain(verdict)}")
        with below:
            selected = selection.selected(found[0].answer.units)
            if selected is not None:
                st.html(views.word(found, selected))
            downloads.table(views.table(found), "robustness-sentence", key="robust_sentence")
            _reproduce(found, places, choice)


def _places(asked: Asked, choice: Choice) -> list[_Place]:
    """The models in the order of the page.  What keeps the other one away is said on the page."""
    subject, question = asked.classifier, choice.question(asked)
    same = pairs.match(subject.labels, subject.labels)
    found = [_Place(MODEL, subject, question, same)]
    with messages.shown():
        if not choice.other:
            st.info(
                f"{plain(shortened(subject.name, views.NAME))} has no twin: choose another model above. Until then, it is "
                "compared with untrained copies of itself alone.",
                icon=":material/group_add:",
            )
        elif choice.other == subject.name:
            raise InvalidSettings(_SAME)
        else:
            other = models.classifier(choice.other)
            if identity(other) == identity(subject):  # by another of its names
                raise InvalidSettings(_SAME)
            match = pairs.match(subject.labels, other.labels)
            found.append(_Place(OTHER, other, question.of(match), match))
    copies = COPIES if choice.redrawn else [UNTRAINED]
    return [*found, *(_Place(COPIES[name], subject, question, same, name) for name in copies)]


def _readers(
    asked: Asked, choice: Choice, places: list[_Place], slots: list[DeltaGenerator], below: DeltaGenerator
) -> list[Reader]:
    """All explanations, each drawn into its slot as it comes; [] where the model's own is not there.

    below: where the word is chosen; before any row is drawn, so that all of them mark it.
    """
    found: list[Reader] = []
    for i, (place, answer) in enumerate(_answers(asked, choice, places, slots)):
        with slots[i]:
            if isinstance(answer, str):
                st.markdown(f"**{place.title}**")
                st.error(plain(answer), icon=":material/error:")
                if i == 0:
                    return []
            else:
                if not found:
                    with below:
                        lesson.word(answer.units, required=False)
                found.append(_reader(place, answer, choice, found[0] if found else None))
                _draw(found[-1], found[0], place, i, choice.k)
    return found


def _answers(
    asked: Asked, choice: Choice, places: list[_Place], slots: list[DeltaGenerator]
) -> Iterator[tuple[_Place, Attribution | str]]:
    """Each model's explanation, or why it has none, in the order of the page; ends where the reader has stopped it.

    What would take long waits for a click, once for all.
    """
    seconds = {}
    for i, place in enumerate(places):
        if desk().look(_key(asked, place, choice)).answer is None:
            settings = place.question.choice.settings(unit=place.question.unit, output=place.question.output)
            work = batch.work(estimate(asked.classifier, asked.text, settings))
            seconds[i] = desk().pace(asked.classifier) * work
    for i, place in enumerate(places):
        with slots[i]:
            waits = st.empty()
            if i in seconds:
                waits.caption(f"Explanation of {place.title[:1].lower()}{place.title[1:]}")
            answer = lesson.computed(
                replace(asked, classifier=place.classifier),
                _name(place, choice),
                _work(asked.text, place, choice.seed),
                key=f"robust_{i}",
                seconds=sum(seconds.values()) if seconds and i == min(seconds) else 0.0,
            )
        if answer is None:
            return
        waits.empty()
        yield place, answer


def _name(place: _Place, choice: Choice) -> tuple[str, ...]:
    """With model and text, all that an explanation depends on."""
    question = place.question
    own = [question.choice, question.reduction, question.unit, question.output, question.target, question.contrast]
    return ("robustness", place.control, str(choice.seed if place.control else 0), *map(str, own))


def _key(asked: Asked, place: _Place, choice: Choice) -> tuple[object, ...]:
    """Where the desk keeps the answer, as lesson.computed asks for it: a look ahead at what is there already."""
    return (*identity(place.classifier), asked.text, _name(place, choice))


def _work(text: str, place: _Place, seed: int) -> Work:
    def work(progress: Progress, cancel: threading.Event) -> Attribution | str:
        classifier = place.classifier
        try:
            if place.control:
                classifier = _copy(classifier, identity(classifier), place.control, seed, cancel)
            return teaching.explained(classifier, text, place.question, progress, cancel)
        except _LASTING as error:
            return str(error)

    return work


@st.cache_resource(max_entries=COPIES_KEPT, show_spinner=False)
def _copy(
    _classifier: TextClassifier, model: tuple[str, ...], control: str, seed: int, _cancel: threading.Event
) -> TextClassifier:
    """An untrained copy.  model: the classifier's identity, which the cache goes by."""
    return teaching.control(_classifier, control, seed, _cancel)


def _reader(place: _Place, answer: Attribution, choice: Choice, first: Reader | None) -> Reader:
    """The explanation beside the first model's."""
    drawn = f", seed {choice.seed}" if place.control else ""
    name = f"{shortened(place.classifier.name, views.NAME)}{drawn}"
    own = agreement.top(answer.raw, choice.k)
    reader = Reader(place.title, name, place.control, answer, own)
    if first is None:
        return reader
    differs = "" if place.match.agree(first.predicted, reader.predicted) else views.differs(first, reader)
    try:
        comparison = teaching.compare(first.answer, answer, choice.k)
    except InvalidSettings as error:  # the limits of the two models leave no common piece
        return replace(reader, differs=str(error))
    return replace(reader, top=comparison.overlap.second, comparison=comparison, differs=differs)


def _draw(reader: Reader, first: Reader, place: _Place, number: int, k: int) -> None:
    """One model's row: what it predicts, the text with its top words, and what these have in common with the model's."""
    st.markdown(f"**{reader.title}** ({plain(reader.name)}) {plain(views.prediction(reader))}")
    same_units = reader.comparison is None or reader.comparison.same_cut
    strip.show(
        [views.row(reader, k, theme())], key=f"robust_strip_{number}", units=reader.answer.units if same_units else None
    )
    if reader.differs:
        st.caption(f":material/warning: {plain(reader.differs)}")
    if place.match.note:
        st.caption(f":material/info: {plain(place.match.note)}")
    if reader.comparison is not None:
        st.markdown(plain(views.overlap(reader.comparison, reader.answer.settings.unit)))
        if not reader.comparison.same_cut:
            st.caption(f":material/info: {plain(views.OTHER_CUT)}")
        st.html(views.sets(reader, first))
    for note in reader.answer.notes if not reader.control else ():
        st.caption(f":material/info: {plain(note)}")


def _reproduce(found: list[Reader], places: list[_Place], choice: Choice) -> None:
    """What gives the same overlaps again."""
    revisions = {place.title: place.classifier.revision for place in places}
    asked = [robust_code.Asked(one.title, revisions[one.title], one.answer, one.control) for one in found]
    with st.expander("Reproduce", icon=":material/replay:", key="robust_reproduce", on_change="rerun") as section:
        if section.open:  # without highlighting, whose colours are too pale to be read
            st.code(robust_code.python(asked, choice.reduction, choice.k, choice.seed), language=None, wrap_lines=True)
