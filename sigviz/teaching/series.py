"""Several explanations in a row, under one bar."""

import threading
from collections.abc import Iterator, Sequence
from functools import partial

from sigviz.attribution import Attribution, Settings
from sigviz.engine.engine import Progress
from sigviz.explain import estimate, explain_with
from sigviz.models.classifier import TextClassifier


def one_by_one(
    classifier: TextClassifier, text: str, wanted: Sequence[Settings], progress: Progress, cancel: threading.Event
) -> Iterator[Attribution]:
    """The explanations in the order of `wanted`, each made when it is asked for; progress counts the passes of all.

    Raises: as `explain`.
    """
    costs = [estimate(classifier, text, settings) for settings in wanted]
    total, done = sum(cost.forward + cost.backward for cost in costs), 0
    for settings in wanted:
        found = explain_with(classifier, text, settings, progress=partial(_told, progress, done, total), cancel=cancel)
        done += found.cost.forward + found.cost.backward
        yield found


def _told(progress: Progress, before: int, total: int, done: int, _: int) -> None:
    progress(before + done, total)
