"""From one number a feature to one number a word, in the two ways that the robustness paper compares.

Gradient methods score every feature of a word's embedding.  `sum` adds the features up (for saliency and SmoothGrad: of input
times gradient; Ding et al. 2019, arXiv:1906.10282), `l2` takes their length (Arras et al. 2016, arXiv:1606.07298), which
has no sign.  Methods that score whole words, by replacing them, have nothing to reduce: WHOLE.
"""

import threading
from collections.abc import Collection
from dataclasses import replace

import numpy as np

from sigviz.attribution import Attribution, Floats, quoted
from sigviz.engine.engine import Progress
from sigviz.errors import InvalidSettings
from sigviz.explain import NO_FEATURES, explain_with
from sigviz.methods.registry import get
from sigviz.methods.runs import RunChoice
from sigviz.models.classifier import TextClassifier

L2, SUM = REDUCTIONS = ("l2", "sum")
WHOLE = ""  # the reduction of a method that has none
LABELS = {
    L2: "Length (l2): the length of a word's vector of feature scores, without a sign",
    SUM: "Sum: a word's feature scores added up, with their sign (for saliency and SmoothGrad: of input × gradient)",
}
_SUMMED = {"saliency": "grad-input"}  # lengths of gradients -> the same gradients times the input, added up


def reduced(
    classifier: TextClassifier,
    text: str,
    choice: RunChoice,
    reductions: Collection[str] = REDUCTIONS,
    *,
    unit: str = "token",
    output: str = "logit",
    target: int | str | None = None,
    seed: int = 0,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
) -> dict[str, Attribution]:
    """The explanation of a text in each of the reductions; of a method that has nothing to reduce, by WHOLE alone.

    Where both come from the same feature scores, they are computed once.  An l2 explanation promises nothing: it has no
    `expected` and no `spread`.  Raises as `explain`; InvalidSettings for an unknown reduction.
    """
    check(reductions)
    shared = {"unit": unit, "output": output, "target": target, "seed": seed}

    def explained(run: RunChoice) -> Attribution:
        settings = run.settings(**shared)
        made = explain_with(classifier, text, settings, progress=progress, cancel=cancel, features=True)
        return replace(made, notes=tuple(note for note in made.notes if note != NO_FEATURES))

    method = get(choice.method)
    if any(option.name == "reduction" for option in method.options):
        return {way: explained(replace(choice, options={**choice.options, "reduction": way})) for way in reductions}
    if choice.method in _SUMMED:
        twin = RunChoice(_SUMMED[choice.method], choice.baseline, choice.options)
        return {way: explained(choice if way == L2 else twin) for way in reductions}
    found = explained(choice)
    if found.features is None:
        return {WHOLE: found}
    # the spread over seeds is that of the sums
    return {way: found if way == SUM else replace(found, raw=lengths(found), expected=None, spread=None) for way in reductions}


def lengths(attribution: Attribution) -> Floats:
    """float64 [n]: the L2 norms of the tokens' feature scores, summed by unit."""
    assert attribution.features is not None
    tokens = np.linalg.norm(attribution.features.astype(np.float64), axis=1)  # [content tokens], in the text's order
    positions = sorted(position for unit in attribution.units for position in unit.tokens)
    place = {position: row for row, position in enumerate(positions)}
    return np.array([sum(tokens[place[position]] for position in unit.tokens) for unit in attribution.units])


def check(reductions: Collection[str]) -> None:
    """Raises InvalidSettings for what is no reduction, or for none at all."""
    if not reductions:
        raise InvalidSettings(f"No reduction is given. Name one at least: {', '.join(REDUCTIONS)}.")
    for way in reductions:
        if way not in REDUCTIONS:
            raise InvalidSettings(f"reduction is {quoted(way)}; choose one of: {', '.join(REDUCTIONS)}.")
