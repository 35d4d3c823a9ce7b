"""Faithfulness of the runs on a page, for their one sentence: measured together, once all maps are there."""

import threading
import time
from collections import OrderedDict
from collections.abc import Hashable

from sigviz.attribution import Attribution
from sigviz.engine.scheduler import Job
from sigviz.errors import SigvizError
from sigviz.models.classifier import TextClassifier
from sigviz.studies.metrics import Measured, measure
from sigviz.ui import messages
from sigviz.ui.cards import Card
from sigviz.ui.messages import plain
from sigviz.views import measures

KEPT = 256  # sentences with their metrics
LONGEST = 200  # units beyond which a sentence is not measured unasked: every unit may cost a forward pass for each run
_METRICS = ("log_odds", "comprehensiveness", "sufficiency", "infidelity")
_LOOK_EVERY = 0.1  # seconds
_known: OrderedDict[Hashable, list[Measured]] = OrderedDict()
_lock = threading.Lock()


def show(drawn: list[Card], classifier: TextClassifier) -> None:
    """A line under each map; while it is being measured, that is said there."""
    done = [one for one in drawn if one.run.status.answer is not None]
    answers = [one.run.status.answer for one in done if one.run.status.answer is not None]
    if not done:
        return
    if any(answer.windows > 1 for answer in answers):
        done[0].measures_slot.caption("A text in several windows is not measured: the metrics read it at once.")
        return
    if max(len(answer.units) for answer in answers) > LONGEST:
        done[0].measures_slot.caption(f"Texts of more than {LONGEST} units are not measured here; `sigviz evaluate` does.")
        return
    try:
        found = _measured(done, answers, classifier)
    except SigvizError as error:
        with done[0].measures_slot:
            messages.error_box(error)
        return
    for one, answer, values in zip(done, answers, found, strict=True):
        label = answer.labels[int(answer.probabilities.argmax())]
        words = measures.in_words(values.values, label, answer.settings.unit)
        if answer.target != int(answer.probabilities.argmax()):
            words = f"Measured on {label}, which the model predicts, and not on the class explained here. {words}"
        notes = "".join(f" {note}" for note in values.notes)
        one.measures_slot.caption(f":material/fact_check: {plain(words)}{plain(notes)}")


def _measured(done: list[Card], answers: list[Attribution], classifier: TextClassifier) -> list[Measured]:
    key = tuple(one.run.key for one in done)
    with _lock:
        if key in _known:
            _known.move_to_end(key)
            return _known[key]
    job: Job[list[Measured]] = Job.started(
        lambda job: measure(classifier, answers, metrics=_METRICS, progress=job.progress, cancel=job.cancelled)
    )
    try:
        while not job.finished:
            for one in done:  # a call to Streamlit is where a page that is run again lets go of this run
                one.measures_slot.caption(f"Measuring how faithful it is: {job.done:,} passes done.")
            time.sleep(_LOOK_EVERY)
        found = job.result()
    finally:
        job.cancel()
    with _lock:
        _known[key] = found
        while len(_known) > KEPT:
            _known.popitem(last=False)
    return found
