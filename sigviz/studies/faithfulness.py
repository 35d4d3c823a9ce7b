"""The faithfulness study: which method's top words does the model really need?  (arXiv:2305.15853, Tables 1-4 and 6-8)

`evaluate` runs a Plan (see study.run).  `examine` is one unit of work: all methods of one text, measured
together.
"""

import threading
from pathlib import Path

import numpy as np

from sigviz.attribution import Attribution, Floats
from sigviz.errors import InvalidText, NotANumber
from sigviz.explain import explain_tokens
from sigviz.methods.runs import RunChoice
from sigviz.models import zoo
from sigviz.models.classifier import TextClassifier
from sigviz.models.untrained import untrained
from sigviz.studies import parity, study
from sigviz.studies.metrics import LEVELS, Measured, measure
from sigviz.studies.plan import Plan, Task
from sigviz.studies.results import Results, Row, Unit
from sigviz.studies.study import Report, Workers

PROTOCOLLED = {"log_odds", "comprehensiveness", "sufficiency"}  # metrics whose value depends on the protocol


def evaluate(
    plan: Plan,
    out: Path,
    *,
    progress: Report | None = None,
    cancel: threading.Event | None = None,
    workers: Workers | None = None,
    local: bool = True,
) -> Results:
    """Run the study and write `out`; a unit of work is a text and a model.  Arguments and errors as study.run has them."""
    return study.run(plan, out, lambda: Bench(plan), progress=progress, cancel=cancel, workers=workers, local=local)


class Bench:
    """Does units of work, keeping the model that it used last, and its untrained copy."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._loaded: dict[str, TextClassifier] = {}

    def examine(self, task: Task, cancel: threading.Event | None = None) -> Unit:
        """One unit of work; what its text makes impossible is said in the unit, and is not the end of the study.

        Everything else (a model or a baseline that cannot be had, memory) is: it would be so for every text.
        """
        classifier = self._classifier(task.model, task.control, cancel)
        try:
            return Unit(task.key, tuple(examine(classifier, task, self._plan, cancel)))
        except (InvalidText, NotANumber) as error:
            return Unit(task.key, error=str(error))

    def _classifier(self, name: str, control: str, cancel: threading.Event | None) -> TextClassifier:
        if name not in self._loaded:
            self._loaded = {}  # before the next one is loaded: two may not fit
            loaded = zoo.load(name, device=self._plan.device, dtype=self._plan.dtype, cancel=cancel)
            self._loaded = {name: parity.twice_embedded(loaded) if self._plan.parity else loaded}
        if control and name + control not in self._loaded:
            twin = untrained(self._loaded[name], self._plan.seed)
            self._loaded[name + control] = parity.twice_embedded(twin) if self._plan.parity else twin
        return self._loaded[name + control]


def examine(classifier: TextClassifier, task: Task, plan: Plan, cancel: threading.Event | None = None) -> list[Row]:
    """All methods of one text, explained and measured: one row a method, baseline and metric.  Raises SigvizError."""
    choices = plan.choices()
    found: list[Attribution] = []
    whole: list[Floats] = []  # scores of all tokens, special ones too
    for choice in choices:
        settings = choice.settings(output=plan.output, seed=plan.seed)
        attribution, tokens = explain_tokens(classifier, task.text, settings, cancel=cancel)
        found.append(attribution)
        whole.append(tokens)
    values: list[dict[tuple[str, str], float]] = [_completeness(attribution) for attribution in found]
    for place, protocol in enumerate(plan.protocols):
        wanted = set(plan.metrics) if place == 0 else set(plan.metrics) & PROTOCOLLED
        given = whole if plan.parity else None
        measured = measure(classifier, found, protocol=protocol, k=plan.k, metrics=wanted, scores=given, cancel=cancel)
        for known, one in zip(values, measured, strict=True):
            known |= _values(one, protocol)
    rows: list[Row] = []
    for choice, attribution, known in zip(choices, found, values, strict=True):
        base = {
            "text_id": task.text_id,
            "text": task.text,
            "model": task.model,
            "control": task.control,
            "method": choice.method,
            "settings": str(RunChoice(choice.method, options=choice.options)),
            "baseline": choice.baseline,
            "steps": attribution.settings.option("steps"),
            "seed": plan.seed,
            "seconds": attribution.cost.seconds,
        }
        rows += [{**base, "protocol": protocol, "metric": metric, "value": v} for (metric, protocol), v in known.items()]
    return rows


def _values(measured: Measured, protocol: str) -> dict[tuple[str, str], float]:
    """By metric and protocol; the points of curves under names such as deletion@20."""
    found = {(name, protocol if name in PROTOCOLLED else ""): float(value) for name, value in measured.values.items()}
    for name in ("deletion", "insertion"):
        points = getattr(measured, name)
        if points is not None:
            found |= {(f"{name}@{level}", ""): float(p) for level, p in zip((0, *LEVELS, 100), points, strict=True)}
    return found


def _completeness(attribution: Attribution) -> dict[tuple[str, str], float]:
    """How far the scores are from adding up, in the unit of F: in total (the paper's Table 4), and the worst unit."""
    found = {("total_delta", ""): attribution.total_delta}
    if attribution.delta is not None:
        found["worst_delta", ""] = float(np.abs(attribution.delta).max())
    return found
