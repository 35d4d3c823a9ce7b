"""The robustness study: do explanations say anything about what a model has learnt?  (Zafar et al. 2021, arXiv:2106.04631)

Each text is read by a model (Init#1), by another of the same classes (Init#2), and by untrained copies of the first.  Where
two of them predict the same class, the top words of their explanations are compared (Jaccard@K): two models that do the same
should be explained by the same words, and a trained and an untrained one should not.  And of the model and of its copy with
an untrained head it is measured how many words must be replaced until the prediction changes (infidelity).

`assess` runs a RobustnessPlan (see study.run).  `examine` is one unit of work: one text, all models, all methods.
"""

import random
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from sigviz.attribution import MAX_SEED, Attribution
from sigviz.errors import InvalidSettings, InvalidText, NotANumber
from sigviz.explain import predict
from sigviz.methods.runs import RunChoice
from sigviz.models import zoo
from sigviz.models.classifier import TextClassifier
from sigviz.models.untrained import REDRAWN, UNTRAINED, redrawn, untrained
from sigviz.studies import pairs, study
from sigviz.studies.metrics import measure
from sigviz.studies.pairs import Match
from sigviz.studies.plan import CHANCE, Task
from sigviz.studies.reductions import reduced
from sigviz.studies.results import Results, Row, Unit
from sigviz.studies.robustness_plan import RobustnessPlan
from sigviz.studies.study import Report, Workers

LEVELS = (25, 10)  # per cent: the K of Jaccard@K
SAME = "same_prediction"  # 1 where both predict the same class, 0 where not
INFIDELITY = "infidelity"


def jaccard_id(k: int) -> str:
    """The metric's id."""
    return f"jaccard@{k}"


def assess(
    plan: RobustnessPlan,
    out: Path,
    *,
    progress: Report | None = None,
    cancel: threading.Event | None = None,
    workers: Workers | None = None,
    local: bool = True,
) -> Results:
    """Run the study and write `out`; a unit of work is a text.  Arguments and errors as study.run has them.

    Classes of the two models that have no partner are told in the results' metadata, as `notes`.  Raises InvalidSettings
    where the two have none in common.
    """
    bench = Bench(plan)

    def told() -> dict[str, Any]:
        note = pairs.match(*(loaded.labels for loaded in bench.load(cancel))).note if plan.other else ""
        return {"notes": [note]} if note else {}

    shared: dict[str, Any] = {"progress": progress, "cancel": cancel, "workers": workers, "local": local}
    return study.run(plan, out, lambda: bench, told=told, **shared)


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """The models that read a text.  others: by the name that results give them; matches: their classes beside its own."""

    subject: TextClassifier
    others: Mapping[str, TextClassifier]
    matches: Mapping[str, Match] = field(init=False)

    def __post_init__(self) -> None:
        found = {name: pairs.match(self.subject.labels, other.labels) for name, other in self.others.items()}
        object.__setattr__(self, "matches", found)


def panel(subject: TextClassifier, other: TextClassifier | None, plan: RobustnessPlan) -> Panel:
    """The subject, the other model and the controls that the plan names, drawn by its seed.

    Raises InvalidSettings where the two models have no class in common, ModelUnsupported where there can be no control.
    """
    if other is not None and _same_words(subject, other):
        other.walked = subject.walked  # where a word's walk leads depends on the embeddings alone
    others = {} if other is None else {plan.other: other}
    return Panel(subject, others | {name: control(subject, name, plan.seed) for name in plan.controls})


def control(subject: TextClassifier, name: str, seed: int) -> TextClassifier:
    """One of robustness_plan.CONTROLS, drawn by the seed."""
    make = {UNTRAINED: lambda: untrained(subject, seed, he=True), REDRAWN: lambda: redrawn(subject, seed)}
    return make[name]()


class Bench:
    """Does units of work, its models loaded once."""

    def __init__(self, plan: RobustnessPlan) -> None:
        self._plan = plan
        self._loaded: list[TextClassifier] = []
        self._panel: Panel | None = None

    def load(self, cancel: threading.Event | None = None) -> list[TextClassifier]:
        """The plan's models, in its order, loaded once.  Raises what loading raises."""
        if not self._loaded:
            plan = self._plan
            self._loaded = [zoo.load(name, device=plan.device, dtype=plan.dtype, cancel=cancel) for name in plan.models]
        return self._loaded

    def examine(self, task: Task, cancel: threading.Event | None = None) -> Unit:
        """One unit of work; what its text makes impossible is said in the unit, and is not the end of the study."""
        if self._panel is None:
            loaded = self.load(cancel)
            self._panel = panel(loaded[0], loaded[1] if len(loaded) > 1 else None, self._plan)
        try:
            return Unit(task.key, tuple(examine(self._panel, task, self._plan, cancel)))
        except (InvalidText, NotANumber) as error:
            return Unit(task.key, error=str(error))


def examine(panel: Panel, task: Task, plan: RobustnessPlan, cancel: threading.Event | None = None) -> list[Row]:
    """All rows of one text.  Raises SigvizError.

    For each of `panel.others` a row `same_prediction`, and for each method and reduction a row for each Jaccard@K, its value
    None where the two predict different classes.  For the subject and its copy with an untrained head a row `infidelity` for
    each method and reduction, which `control` tells apart; in these `other` is "".
    """
    predicted = predict(panel.subject, task.text).target
    same = {
        name: panel.matches[name].agree(predicted, predict(other, task.text).target) for name, other in panel.others.items()
    }
    rows = [_row(task, plan, other=name, metric=SAME, value=float(agree)) for name, agree in same.items()]
    own = _explained(panel.subject, "", task, plan, cancel)
    read: dict[str, Explained] = {}
    for name, other in panel.others.items():
        if same[name] or name == UNTRAINED:  # one that differs is in no figure, but for the control whose infidelity is
            read[name] = _explained(other, name, task, plan, cancel)
    for name in panel.others:
        for key, mine in own.items():
            found = _overlaps(mine.attribution, read[name][key].attribution) if same[name] else dict.fromkeys(LEVELS)
            rows += [mine.row(task, plan, other=name, metric=jaccard_id(k), value=value) for k, value in found.items()]
    rows += _infidelities(panel.subject, "", own, task, plan, cancel)
    if UNTRAINED in read:
        rows += _infidelities(panel.others[UNTRAINED], UNTRAINED, read[UNTRAINED], task, plan, cancel)
    return rows


def _infidelities(
    classifier: TextClassifier,
    control: str,
    explained: "Explained",
    task: Task,
    plan: RobustnessPlan,
    cancel: threading.Event | None,
) -> list[Row]:
    every = [one.attribution for one in explained.values()]
    measured = measure(classifier, every, metrics={INFIDELITY}, cancel=cancel)
    return [
        one.row(task, plan, control=control, metric=INFIDELITY, value=found.values.get(INFIDELITY))
        for one, found in zip(explained.values(), measured, strict=True)
    ]


@dataclass(frozen=True, slots=True, eq=False)
class _One:
    """One explanation: which run and reduction it is of."""

    choice: RunChoice
    reduction: str
    attribution: Attribution

    def row(self, task: Task, plan: RobustnessPlan, **given: Any) -> Row:
        choice, attribution = self.choice, self.attribution
        about = {
            "method": choice.method,
            "settings": str(RunChoice(choice.method, options=choice.options)),
            "steps": attribution.settings.option("steps"),
            "reduction": self.reduction,
            "seconds": attribution.cost.seconds,
        }
        return _row(task, plan, **about, **given)


Explained = dict[tuple[str, str], _One]  # by run and reduction, in the plan's order


def _explained(
    classifier: TextClassifier, reader: str, task: Task, plan: RobustnessPlan, cancel: threading.Event | None
) -> Explained:
    found: Explained = {}
    for choice in plan.choices():
        # the same noise and coalitions for all models, so that what differs is the model; but random scores must be random
        seed = chance(plan.seed, task.text_id, reader) if choice.method == CHANCE else plan.seed
        ways = reduced(
            classifier,
            task.text,
            choice,
            plan.reductions,
            unit=plan.unit,
            output=plan.output,
            seed=seed,
            cancel=cancel,
        )
        found |= {(str(choice), way): _One(choice, way, attribution) for way, attribution in ways.items()}
    return found


def chance(seed: int, text_id: int, reader: str) -> int:
    """A seed of its own for the random scores of each text and reader: with one for all they would all be the same."""
    return random.Random(f"{seed}/{text_id}/{reader}").randrange(MAX_SEED)


def _overlaps(mine: Attribution, theirs: Attribution) -> dict[int, float | None]:
    try:
        return {k: pairs.overlap(mine, theirs, k).value for k in LEVELS}
    except InvalidSettings:  # the limits of the two models leave no common piece
        return dict.fromkeys(LEVELS)


def _row(task: Task, plan: RobustnessPlan, **given: Any) -> Row:
    empty = {"control": "", "other": "", "method": "", "settings": "", "steps": None, "reduction": "", "seconds": None}
    base = {"text_id": task.text_id, "text": task.text, "model": plan.model, "baseline": plan.baseline, "seed": plan.seed}
    return {**base, **empty, **given}


def _same_words(first: TextClassifier, second: TextClassifier) -> bool:
    one, other = first.vocabulary(), second.vocabulary()
    return one.shape == other.shape and one.device == other.device and bool(torch.equal(one, other))
