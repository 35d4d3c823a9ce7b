"""How faithful an explanation is: change the words that it calls important, and see whether the prediction follows.

p is the probability of the class predicted at x, whatever F and the target of the explanation were.  "Top" are the largest
signed scores, ties by position.  All forms of a text, for all of its explanations, go through the engine together.

Protocol "content": special tokens stay and are never selected; ceil(k % of the content units) are.  Protocol "paper", as the
code of the SIG and DIG papers counts: all T tokens take part, special ones too, with score 0; int(T * k/100) are selected
among them, so it can be none; what is removed is really gone, [CLS] as well.  Where a unit has several tokens, each has
an equal part of its score there.  The protocol concerns log-odds, comprehensiveness and sufficiency; infidelity and the
curves always go over the content units.  A unit's tokens move together.
"""

import threading
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from sigviz.attribution import Attribution, Floats, quoted
from sigviz.engine.engine import Progress, Run
from sigviz.engine.memory import rows_that_fit
from sigviz.errors import InvalidSettings
from sigviz.models.classifier import TextClassifier
from sigviz.studies.perturbations import Form, Forms
from sigviz.studies.ranking import checked_share
from sigviz.studies.selection import Selection, select

PROTOCOLS = ("content", "paper")
LEVELS = (10, 20, 30, 50, 70)  # per cent, the inner points of the curves; 0 and 100 are the ends
_WAY = (0, *LEVELS, 100)


@dataclass(frozen=True, slots=True)
class Metric:
    """A number that says how faithful scores are.

    better: "lower" or "higher".  unit: of the number.  summary: one plain sentence.  source: where it is from.
    """

    id: str
    label: str
    better: str
    unit: str
    summary: str
    source: str


METRICS: Mapping[str, Metric] = {
    metric.id: metric
    for metric in (
        Metric(
            "log_odds",
            "Log-odds",
            "lower",
            "log p",
            "How much the logarithm of the prediction's probability changes when the top words are replaced by the baseline.",
            "Shrikumar et al. 2017, arXiv:1704.02685",
        ),
        Metric(
            "comprehensiveness",
            "Comprehensiveness",
            "higher",
            "probability",
            "How much of the prediction's probability is lost when the top words are taken out.",
            "DeYoung et al. 2020, arXiv:1911.03429",
        ),
        Metric(
            "sufficiency",
            "Sufficiency",
            "lower",
            "probability",
            "How much of the prediction's probability is lost when only the top words are left.",
            "DeYoung et al. 2020, arXiv:1911.03429",
        ),
        Metric(
            "infidelity",
            "Infidelity",
            "lower",
            "% of the words",
            "How many words, the highest scores first, must be replaced by the unknown token until the prediction changes.",
            "Zafar et al. 2021, arXiv:2106.04631; Arras et al. 2016, arXiv:1606.07298",
        ),
        Metric(
            "deletion_area",
            "Deletion area",
            "lower",
            "probability",
            "The prediction's mean probability while words are replaced by the baseline, the highest scores first.",
            "Petsiuk et al. 2018, arXiv:1806.07421",
        ),
        Metric(
            "insertion_area",
            "Insertion area",
            "higher",
            "probability",
            "The prediction's mean probability while words are put into a text of baselines, the highest scores first.",
            "Petsiuk et al. 2018, arXiv:1806.07421",
        ),
    )
}


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """What the metrics say of one explanation.

    values: by metric id; a metric that this text cannot have is left out, and `notes` says why.  deletion, insertion:
    float64 [len(LEVELS) + 2], p with the top L % replaced, or with all but those, at L = 0, LEVELS..., 100; None where the
    area was not asked for.  forward: sequences put through the model for all the explanations measured together.
    """

    values: Mapping[str, float]
    deletion: Floats | None
    insertion: Floats | None
    forward: int
    notes: tuple[str, ...] = ()


def measure(
    classifier: TextClassifier,
    attributions: Sequence[Attribution],
    *,
    protocol: str = "content",
    k: float = 20,
    metrics: Collection[str] | None = None,
    scores: Sequence[ArrayLike] | None = None,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
) -> list[Measured]:
    """The metrics of each of one text's explanations, in the order given.

    attributions: of the same text by the same model; method, settings, unit and target may differ.  Log-odds and the curves
    replace words by each explanation's own baseline.  k: per cent of the words that are on top.  metrics: ids of METRICS,
    None for all.  scores: for protocol "paper", one row an explanation with the scores of all T tokens, where special tokens
    have scores of their own.  progress(done, total): in passes, after every chunk.  cancel: set it to stop within one chunk.

    Infidelity replaces words by the unknown token; a model without one gets the explanation's own baseline, with a note.
    At k = 100 (comprehensiveness) or 0 (sufficiency) nothing may be left of a text: InvalidSettings.  Where rounding up does
    that at another k, to one word of a model without special tokens, the metric is left out, with a note.
    Raises: InvalidSettings, Cancelled, OutOfMemory, NotANumber.
    """
    asked = _checked(classifier, attributions, protocol, k, metrics)
    if scores is not None and (protocol != "paper" or len(scores) != len(attributions)):
        raise InvalidSettings("scores are for protocol 'paper' alone: one row for each of the explanations.")
    if not attributions:
        return []
    encoding = classifier.encode(attributions[0].text)
    run = Run(classifier, progress=progress, cancel=cancel)
    forms = Forms(classifier, encoding, run)
    selections = [
        select(one, forms, classifier, encoding, paper=protocol == "paper", k=k, row=None if scores is None else scores[i])
        for i, one in enumerate(attributions)
    ]
    needed = [selection.needed(asked, _WAY) for selection in selections]
    planned = forms.unseen([forms.whole, *(form for one in needed for made in one.values() for form in made)])
    run.total = len(planned) + ("infidelity" in asked) * sum(len(selection.ranked) for selection in selections)
    forms.look(planned)
    predicted = int(forms.predictions([forms.whole])[0])
    rows = rows_that_fit(classifier, forms.tokens, backward=False)
    infidelities = _infidelities(selections, predicted, rows) if "infidelity" in asked else []
    run.finish()
    found = []
    for i, (selection, made) in enumerate(zip(selections, needed, strict=True)):
        values, deletion, insertion = _values(forms, made, predicted)
        if infidelities:
            values["infidelity"] = infidelities[i]
        ordered = {name: values[name] for name in METRICS if name in values}
        found.append(Measured(ordered, deletion, insertion, run.forward, selection.notes(asked, ordered)))
    return found


def _values(
    forms: Forms, made: Mapping[str, list[Form]], predicted: int
) -> tuple[dict[str, float], Floats | None, Floats | None]:
    """Of the forms that have been looked at: their metrics, and the curves of deletion and insertion."""
    p = {name: forms.probabilities(of, predicted) for name, of in made.items()}
    p_x = float(forms.probabilities([forms.whole], predicted)[0])
    values: dict[str, float] = {}
    for name in {"comprehensiveness", "sufficiency"} & set(made):
        values[name] = p_x - float(p[name][0])
    for name in {"deletion_area", "insertion_area"} & set(made):
        values[name] = float(np.trapezoid(p[name], np.array(_WAY) / 100))
    if "log_odds" in made:
        before, after = forms.log_probabilities([forms.whole, *made["log_odds"]], predicted).tolist()
        values["log_odds"] = after - before
    return values, p.get("deletion_area"), p.get("insertion_area")


def _infidelities(selections: Sequence[Selection], predicted: int, rows: int) -> list[float]:
    """Per cent of each selection's units that must be replaced until the class is another one; 100 where it never is.

    In lock step: those that are still at it share a chunk of the device, of `rows` sequences, so that what a look
    does past the change costs next to nothing.
    """
    found = [100.0] * len(selections)
    forms, going, reached = selections[0].forms, list(range(len(selections))), 0
    while going:
        until = reached + max(1, rows // len(going))
        prefixes = {i: selections[i].prefixes(reached, until) for i in going}
        forms.look(form for made in prefixes.values() for form in made)
        going = []
        for i, made in prefixes.items():
            changed = np.flatnonzero(forms.predictions(made) != predicted)
            units = len(selections[i].ranked)
            if len(changed):
                found[i] = 100 * (reached + 1 + int(changed[0])) / units
            elif until < units:
                going.append(i)
        reached = until
    return found


def _checked(
    classifier: TextClassifier,
    attributions: Sequence[Attribution],
    protocol: str,
    k: float,
    metrics: Collection[str] | None,
) -> set[str]:
    """The ids of the metrics asked for.  Raises InvalidSettings."""
    if protocol not in PROTOCOLS:
        raise InvalidSettings(f"protocol is {quoted(protocol)}; choose one of: {', '.join(PROTOCOLS)}.")
    asked = set(METRICS) if metrics is None else {metrics} if isinstance(metrics, str) else set(metrics)
    if unknown := sorted(asked - set(METRICS), key=str):
        raise InvalidSettings(f"There is no metric {quoted(unknown[0])}. Choose from: {', '.join(METRICS)}.")
    checked_share(k)
    if len({one.text for one in attributions}) > 1:
        raise InvalidSettings("The explanations are of different texts. Measure those of one text at a time.")
    if any(one.windows > 1 for one in attributions):
        raise InvalidSettings(
            "An explanation is of a text in several windows, and the metrics read it at once: use window='cut'."
        )
    if any(one.settings.within is not None for one in attributions):
        raise InvalidSettings(
            "An explanation is of a part of the text, and the metrics rank all of its words: leave within out."
        )
    if others := {one.model for one in attributions} - {classifier.name}:
        raise InvalidSettings(
            f"An explanation is of the model {quoted(others.pop())}, not of {quoted(classifier.name)}. Use its own."
        )
    return asked
