"""Thirty sessions at once: no error, no wrong answer, whatever they ask, and some of them stop midway.

Scores are compared with those of the same question asked alone.  With chunks of the same size they are equal bit for bit, and
so they were in every soak; but a chunk has as many sequences as fit into the memory that is free just then, and a product of
matrices of another height is rounded differently: so 1e-10 is allowed in float64, and in float32 1e-5 of the largest score.
"""

import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from sigviz.attribution import Attribution, Settings
from sigviz.engine.scheduler import Scheduler
from sigviz.errors import Cancelled
from sigviz.explain import explain_with
from sigviz.methods import METHODS
from sigviz.models import zoo
from sigviz.models.classifier import TextClassifier
from sigviz.ui.jobs import Desk
from tests import tiny
from tests.load.figures import note, note_latencies
from tests.load.size import size
from tests.load.watching import LONG, finished
from tests.methods.cases import small

SESSIONS = 30
MODELS = size(("tiny",), ("tiny", "bundled/distil-movie"))
QUESTIONS = size(2, 6)  # that each session asks, one after the other
WITHIN = {"tiny": 1e-10, "bundled/distil-movie": 1e-5}
TEXTS = (tiny.TEXT, tiny.MIXED, "not a bad film , but very long", "moving and funny", "dull . boring . unwatchable !")
Question = tuple[str, Settings]


def _model(name: str) -> TextClassifier:
    return tiny.bert() if name == "tiny" else zoo.load(name, device="cpu")


def _questions() -> list[Question]:
    """Every method, on several texts, in several units, with several baselines and outputs."""
    units, outputs, baselines = ("token", "word", "sentence"), ("logit", "probability", "log-odds"), ("mask", "pad", "zero")
    return [
        (
            TEXTS[i % len(TEXTS)],
            spec.settings(unit=units[i % 3], output=outputs[i // 2 % 3], baseline=baselines[i // 3 % 3], **small(spec)),
        )
        for i, spec in enumerate([*METHODS.values()] * 2)
    ]


def _of(number: int, questions: list[Question]) -> Iterator[Question]:
    """What one session asks: some of it nobody else asks, some of it several do at the same time."""
    for turn in range(QUESTIONS):
        yield questions[(number // 2 + 7 * turn) % len(questions)]


def _apart(found: Attribution, alone: Attribution) -> float:
    """How far two explanations are from each other, relative to the largest score where that is above 1."""
    assert (found.units, found.target, found.label, found.settings) == (alone.units, alone.target, alone.label, alone.settings)
    assert (found.cost.forward, found.cost.backward) == (alone.cost.forward, alone.cost.backward)
    numbers = [(found.raw, alone.raw), (found.probabilities, alone.probabilities), (found.output, alone.output)]
    if alone.expected is not None:
        numbers.append((found.expected, alone.expected))
    largest = max(1.0, float(np.abs(alone.raw).max()))
    return max(float(np.abs(np.subtract(one, other)).max()) for one, other in numbers) / largest


class _Session(threading.Thread):
    """One visitor: asks, waits as a page does, and notes what came and how long it took."""

    def __init__(self, number: int, desk: Desk, classifier: TextClassifier, questions: list[Question]) -> None:
        super().__init__(daemon=True)
        self.number, self.me = number, f"session-{number}"
        self.desk, self.classifier = desk, classifier
        self.asked = list(_of(number, questions))
        self.answers: list[Attribution] = []
        self.seconds: list[float] = []
        self.fault: BaseException | None = None

    def run(self) -> None:
        try:
            if self.number % 3 == 0:
                self._change_my_mind()
            for text, settings in self.asked:
                begun = time.perf_counter()
                key = self.desk.ask(self.me, self.classifier, text, settings)
                self.desk.watch_only(self.me, {key})
                status = finished(self.desk, key)
                self.seconds.append(time.perf_counter() - begun)
                assert status.answer is not None, status.error
                self.answers.append(status.answer)
        except BaseException as fault:  # a thread has nobody to raise it to
            self.fault = fault

    def _change_my_mind(self) -> None:
        """Ask for something long and stop it midway: by the button, or by asking for something else."""
        key = self.desk.ask(self.me, self.classifier, TEXTS[self.number % 5], METHODS["sig"].settings(steps=400))
        while not (status := self.desk.look(key)).finished and not status.done:
            time.sleep(0.002)
        if self.number % 2:
            self.desk.leave(self.me, key)
            left = finished(self.desk, key)  # others may wait for it, too: then it goes on
            assert left.answer is not None or isinstance(left.error, Cancelled), left.error


@pytest.mark.parametrize("name", MODELS)
def test_thirty_sessions_get_the_answers_that_each_would_get_alone(name: str) -> None:
    classifier, questions = _model(name), _questions()
    alone = {question: explain_with(classifier, *question) for question in questions}
    desk = Desk(Scheduler())
    sessions = [_Session(number, desk, classifier, questions) for number in range(SESSIONS)]
    for session in sessions:
        session.start()
    for session in sessions:
        session.join(10 * LONG)
    assert [session.fault for session in sessions if session.fault] == []
    assert all(len(session.answers) == QUESTIONS for session in sessions)
    pairs: list[Any] = [pair for session in sessions for pair in zip(session.answers, session.asked, strict=True)]
    worst = max(_apart(found, alone[question]) for found, question in pairs)
    assert worst <= WITHIN[name]
    seconds = [each for session in sessions for each in session.seconds]
    note_latencies(f"30 sessions on {name}, {len(seconds)} questions: latency", seconds)
    note(f"30 sessions on {name}: furthest from the answer alone", worst, "relative")


def test_thirty_threads_without_a_desk_get_the_same(name: str = "tiny") -> None:
    """The Python API alone: nothing but the engine keeps them apart."""
    classifier, questions = _model(name), _questions()
    found: dict[int, Attribution] = {}

    def ask(number: int) -> None:
        found[number] = explain_with(classifier, *questions[number % len(questions)])

    threads = [threading.Thread(target=ask, args=(number,), daemon=True) for number in range(SESSIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LONG)
    assert sorted(found) == [*range(SESSIONS)]
    alone = [explain_with(classifier, *question) for question in questions]
    assert max(_apart(one, alone[number % len(questions)]) for number, one in found.items()) <= WITHIN[name]


def test_another_answer_is_told_from_the_right_one() -> None:
    """The checker checked."""
    one, other = (explain_with(tiny.bert(), tiny.TEXT, METHODS["ig"].settings(steps=steps)) for steps in (4, 4))
    assert _apart(one, other) <= 1e-10
    object.__setattr__(other, "raw", other.raw + 1e-6)
    assert _apart(one, other) > 1e-10
