"""Attributions of many texts: every text by every run, one row a unit.

A run is a method with its settings.  Texts come in the outer loop, so what is there when somebody stops is whole texts.  A
text that can't be explained gets one row that says why, and the rest goes on.
"""

import logging
import random
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from sigviz.attribution import Attribution, Settings
from sigviz.errors import Cancelled, InvalidSettings, InvalidText, SigvizError
from sigviz.explain import Estimate, estimate, explain_with
from sigviz.methods import registry
from sigviz.methods.runs import RunChoice
from sigviz.models.classifier import TextClassifier

Progress = Callable[[int, int, str], None]  # done, total (see `work`), and what is being done, in words
Numbered = Sequence[tuple[int, str]]  # texts, each with the number that its rows carry
MOST_ROWS = 200_000
SAMPLE = 50  # texts of which the cost of all is estimated
_WEIGHED = 40  # neighbouring words weighed in the time that one token takes on one pass


@dataclass(frozen=True, slots=True)
class Row:
    """One unit's score, or, where error is not empty, why there are none for this text and run.

    settings: what differs from the method's defaults, as a line (see methods.runs).  unit: token, word or sentence.
    output: what F is, a key of OUTPUTS.  window: how a text longer than the model reads is read, a key of WINDOWS.  label,
    probability: of the class that is explained.  unit_index: from 0, in the order of the text.  unit_text: as it stands in
    the text at [start, end), characters.  raw: signed, in the unit of F.  score: raw / ||raw||_2 over the text's units.
    expected: F(x) - F(x̄ⁱ), delta: raw - expected, both None for methods without it.  truncated: tokens of the text that
    the model's limit cut off.  seconds: of the whole explanation, the same in all its rows.  notes: what a reader must
    know, in sentences.
    """

    text_id: int
    text: str
    model: str
    method: str
    settings: str
    baseline: str
    unit: str
    output: str
    window: str
    label: str | None = None
    probability: float | None = None
    unit_index: int | None = None
    unit_text: str | None = None
    start: int | None = None
    end: int | None = None
    raw: float | None = None
    score: float | None = None
    expected: float | None = None
    delta: float | None = None
    truncated: int | None = None
    seconds: float | None = None
    notes: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """One text by one run: an attribution, or else why there is none."""

    text_id: int
    text: str
    model: str
    settings: Settings
    attribution: Attribution | None = None
    error: str = ""

    def rows(self) -> Iterator[Row]:
        """One a unit; just one where there is an error."""
        settings, found = self.settings, self.attribution
        line = str(RunChoice(settings.method, settings.baseline, dict(settings.options)))
        shared = (settings.baseline, settings.unit, settings.output, settings.window)
        asked = (self.text_id, self.text, self.model, settings.method, line, *shared)
        if found is None:
            yield Row(*asked, error=self.error)
            return
        nothing = [None] * len(found.units)
        columns = (
            found.raw.tolist(),
            found.scores.tolist(),
            nothing if found.expected is None else found.expected.tolist(),
            nothing if found.delta is None else found.delta.tolist(),
        )
        share, notes = float(found.probabilities[found.target]), " ".join(found.notes)
        for index, (unit, raw, score, expected, delta) in enumerate(zip(found.units, *columns, strict=True)):
            scored = (index, unit.text, unit.start, unit.end, raw, score, expected, delta)
            yield Row(*asked, found.label, share, *scored, found.truncated, found.cost.seconds, notes)


@dataclass(slots=True)
class Batch:
    """What came of a batch.  texts: how many were asked for; done: of how many all runs are there; failed: how many of these
    have a run that failed.  first: the attributions of the first texts.  incomplete: why it ended early, "" if it did not.
    """

    texts: int
    done: int = 0
    failed: int = 0
    rows: list[Row] = field(default_factory=list)
    first: list[Attribution] = field(default_factory=list)
    incomplete: str = ""


def explain_all(
    classifier: TextClassifier,
    texts: Iterable[str],
    runs: Sequence[Settings],
    *,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
) -> Iterator[Row]:
    """The rows of every text by every run, as they are found; text_id is the text's place, from 0.

    Raises: InvalidSettings, before anything is explained, for a run that this classifier does not take; Cancelled.
    """
    for answer in answers(classifier, list(enumerate(texts)), runs, progress=progress, cancel=cancel):
        yield from answer.rows()


def answers(
    classifier: TextClassifier,
    texts: Numbered,
    runs: Sequence[Settings],
    *,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
) -> Iterator[Answer]:
    """As explain_all, one answer a text and run."""
    check(classifier, runs)
    amounts = [[_amount(classifier, text, run, cancel) for run in runs] for _, text in texts]
    total, done = sum(map(sum, amounts)), 0
    for place, (number, text) in enumerate(texts):
        for run, amount in zip(runs, amounts[place], strict=True):
            what = f"Text {place + 1:,} of {len(texts):,}, {registry.get(run.method).label}"
            report = _report(progress, done, total, amount, what)
            yield _answer(classifier, number, text, run, report, cancel)
            done += amount


def collect(
    classifier: TextClassifier,
    texts: Numbered,
    runs: Sequence[Settings],
    *,
    most: int = MOST_ROWS,
    shown: int = 0,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
) -> Batch:
    """All rows, or those that are there when `cancel` is set, or when there would be more than `most`.

    shown: of how many texts the attributions themselves are kept.  Raises InvalidSettings as explain_all does.
    """
    batch = Batch(len(texts))
    found: list[Answer] = []  # of the text at hand
    try:
        for answer in answers(classifier, texts, runs, progress=progress, cancel=cancel):
            found.append(answer)
            if len(found) < len(runs):
                continue
            rows = [row for one in found for row in one.rows()]
            if len(batch.rows) + len(rows) > most:
                batch.incomplete = f"The table is full: it may have {most:,} rows."
                break
            batch.rows += rows
            batch.first += [one.attribution for one in found if one.attribution and batch.done < shown]
            batch.done += 1
            batch.failed += any(one.error for one in found)
            found = []
    except Cancelled:
        batch.incomplete = "It was stopped."
    return batch


def check(classifier: TextClassifier, runs: Sequence[Settings]) -> None:
    """Raises InvalidSettings for a run that this classifier does not take, whatever the text."""
    if not runs:
        raise InvalidSettings("There is nothing to do: choose at least one method.")
    for run in runs:
        classifier.baseline(run.baseline)
        for named in (run.target, run.contrast):
            if named is not None:
                classifier.class_index(named)


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a batch will take.  rows; passes: sequences through the model, both ways; work: see `work`.

    sampled: whether it was reckoned from a sample of the texts.
    """

    rows: int
    passes: int
    work: float
    sampled: bool


def outlook(classifier: TextClassifier, texts: Sequence[str], runs: Sequence[Settings], seed: int = 0) -> Outlook:
    """What the batch will take, reckoned from at most SAMPLE of its texts.  Raises InvalidSettings as explain_all does."""
    check(classifier, runs)
    sample = list(texts) if len(texts) <= SAMPLE else random.Random(seed).sample(list(texts), SAMPLE)
    times = len(texts) / max(1, len(sample))
    rows, passes, amount = 0, 0, 0.0
    for text in sample:
        for run in runs:
            try:
                cost = estimate(classifier, text, run)
            except InvalidText:
                rows += 1
                continue
            rows += cost.units
            passes += cost.forward + cost.backward
            amount += work(cost)
    return Outlook(round(times * rows), round(times * passes), times * amount, len(sample) < len(texts))


def work(cost: Estimate) -> float:
    """How much there is to do, in tokens put once through the model: what the time it takes is in proportion to."""
    return cost.tokens * (cost.forward + cost.backward) + cost.weighed / _WEIGHED


def _amount(classifier: TextClassifier, text: str, run: Settings, cancel: threading.Event | None) -> int:
    if cancel is not None and cancel.is_set():
        raise Cancelled("The batch was cancelled.")
    try:
        return round(work(estimate(classifier, text, run)))
    except SigvizError:  # found again, and said, when it is this text's turn
        return 0


def _report(progress: Progress | None, done: int, total: int, amount: int, what: str) -> Callable[[int, int], None]:
    """Progress of one explanation (its passes) made progress of the batch."""

    def report(passes: int, of: int) -> None:
        if progress is not None:
            progress(done + (amount * min(passes, of) // of if of else 0), total, what)

    report(0, 0)
    return report


def _answer(
    classifier: TextClassifier,
    number: int,
    text: str,
    run: Settings,
    report: Callable[[int, int], None],
    cancel: threading.Event | None,
) -> Answer:
    found, error = None, ""
    try:
        found = explain_with(classifier, text, run, progress=report, cancel=cancel)
    except Cancelled:
        raise
    except SigvizError as caught:
        error = str(caught)
    except Exception as caught:  # a fault of the program: hours of work on the other texts must not go with it
        logging.getLogger(__name__).exception("Text %d of a batch failed.", number)
        error = f"A fault of the program ({type(caught).__name__}), not of the text. The log has the details."
    return Answer(number, text, classifier.name, run, found, error)
