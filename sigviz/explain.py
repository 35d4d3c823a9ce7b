"""The pipeline, on one screen: text -> Encoding -> method -> Path -> engine -> Attribution."""

import threading
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from sigviz.attribution import Attribution, Cost, Floats, Prediction, Settings, Unit
from sigviz.engine.engine import Progress, Run
from sigviz.errors import InvalidSettings
from sigviz.methods import registry
from sigviz.methods.problem import Problem, Scores
from sigviz.models import text as texts
from sigviz.models.classifier import Baseline, Objective, TextClassifier
from sigviz.models.text import Encoding
from sigviz.paths.path import Points

NO_FEATURES = "This method has no per-feature scores, only one score for each unit."  # a note


def explain(
    classifier: TextClassifier,
    text: str,
    method: str = "sig",
    *,
    baseline: str = "mask",
    steps: int | None = None,
    quadrature: str | None = None,
    unit: str = "token",
    target: int | str | None = None,
    output: str = "logit",
    seed: int = 0,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
    features: bool = False,
    **options: Any,
) -> Attribution:
    """Which parts of `text` made `classifier` answer as it did, by one of METHODS.

    baseline: what replaces a word: mask, pad, unk, zero, mean, or a token.  steps, quadrature: None for the method's own
    (50 and gauss-legendre for IG and SIG, 30 steps for DIG).  unit: token, word or sentence.  target: class index or name,
    None for the predicted class.  output: what F is, a key of OUTPUTS.  progress(done, total): in passes, after every
    chunk.  cancel: set it to stop within one chunk.  features: also keep per-feature scores.  options: the method's own,
    e.g. context="causal", tolerance=0.01, strategy="maxcount", factor=2; and contrast=CLASS for output="margin".

    Raises: InvalidSettings, InvalidText, Cancelled, OutOfMemory, NotANumber.
    """
    given = {name: value for name, value in (("steps", steps), ("quadrature", quadrature)) if value is not None}
    settings = registry.get(method).settings(
        baseline=baseline, unit=unit, target=target, output=output, seed=seed, **given, **options
    )
    return explain_with(classifier, text, settings, progress=progress, cancel=cancel, features=features)


def explain_with(
    classifier: TextClassifier,
    text: str,
    settings: Settings,
    *,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
    features: bool = False,
) -> Attribution:
    """`explain` with settings already checked; the same result, errors and arguments."""
    return explain_tokens(classifier, text, settings, progress=progress, cancel=cancel, features=features)[0]


def explain_tokens(
    classifier: TextClassifier,
    text: str,
    settings: Settings,
    *,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
    features: bool = False,
) -> tuple[Attribution, Floats]:
    """The explanation, and a score for every token of the input, special ones included: float64 [T].

    A method with scores of units alone gives special tokens 0, and each token of a unit an equal part of its score.
    """
    started = time.perf_counter()
    spec = registry.get(settings.method)
    run = Run(classifier, progress=progress, cancel=cancel)
    read = read_text(classifier, text, settings)
    run.total = sum(spec.passes(settings, len(read.units)))
    looked = look(classifier, read, settings, run)
    found = spec.compute(looked.problem, run, settings)
    run.finish()
    raw, tokens = _scored(found, looked.problem)
    attribution = Attribution(
        model=classifier.name,
        text=text,
        units=read.units,
        raw=raw.cpu().numpy(),
        expected=None if found.expected is None else found.expected.cpu().numpy(),
        output=looked.problem.output,
        baseline_output=looked.problem.baseline_output,
        target=looked.target,
        label=classifier.labels[looked.target],
        labels=classifier.labels,
        probabilities=looked.probabilities,
        cost=_cost(classifier, run, time.perf_counter() - started),
        settings=settings,
        features=_features(found, looked.problem) if features else None,
        spread=None if found.spread is None else found.spread.cpu().numpy(),
        truncated=read.encoding.truncated,
        notes=_notes(classifier, read, found, features),
    )
    return attribution, tokens.cpu().numpy()


def _scored(found: Scores, problem: Problem) -> tuple[torch.Tensor, torch.Tensor]:
    """Scores of the units [n] and of all tokens [T], float64."""
    if found.raw is None:
        assert found.features is not None
        tokens = found.features.sum(-1)
        return problem.per_unit(tokens), tokens
    members = problem.members.to(found.raw)
    return found.raw, (found.raw / members.sum(1)) @ members


def predict(classifier: TextClassifier, text: str, target: int | str | None = None) -> Prediction:
    """What the model says of the text, by one forward pass.  Raises InvalidText, InvalidSettings (no such target)."""
    encoding = classifier.encode(text)
    x = classifier.embed(encoding.ids)[None]  # [1, T, D]
    logits = Run(classifier).logits(Points(1, lambda k: x[k]))  # [1, classes]
    chosen = int(logits[0].argmax()) if target is None else classifier.class_index(target)
    return Prediction(classifier.labels, classifier.probabilities(logits)[0].cpu().numpy(), chosen, encoding.truncated)


@dataclass(frozen=True, slots=True)
class Estimate:
    """What an explanation will take.  units: scores; tokens: of the input; forward, backward: sequences, at most.

    weighed: words that a search weighs besides.
    """

    units: int
    tokens: int
    forward: int
    backward: int
    weighed: int = 0


def estimate(classifier: TextClassifier, text: str, settings: Settings) -> Estimate:
    """The cost of an explanation, counted before it is run.  Raises InvalidText, InvalidSettings."""
    read = read_text(classifier, text, settings)
    spec, tokens = registry.get(settings.method), len(read.encoding.ids)
    return Estimate(len(read.units), tokens, *spec.passes(settings, len(read.units)), spec.weighed(settings, tokens))


@dataclass(frozen=True, slots=True, eq=False)
class Read:
    """A text as the model reads it, and what replaces its words."""

    encoding: Encoding
    units: tuple[Unit, ...]
    baseline: Baseline


@dataclass(frozen=True, slots=True, eq=False)
class Looked:
    """The problem with what one look at x and x̄ told: probabilities [classes] at x and the target they fixed."""

    problem: Problem
    probabilities: np.ndarray
    target: int


def read_text(classifier: TextClassifier, text: str, settings: Settings) -> Read:
    encoding = classifier.encode(text)
    return Read(encoding, texts.units(encoding, settings.unit), classifier.baseline(settings.baseline))


def look(classifier: TextClassifier, read: Read, settings: Settings, run: Run) -> Looked:
    x = classifier.embed(read.encoding.ids)  # [T, D]
    content = torch.as_tensor(read.encoding.content, device=x.device)  # [T]
    baseline = torch.where(content[:, None], read.baseline.vector, x)  # [T, D]
    ends = torch.stack([x, baseline])
    logits = run.logits(Points(2, lambda k: ends[k]))  # [2, classes]
    # the target is fixed here, once: along a path another class may win, and a mixture of both would be explained
    target = int(logits[0].argmax()) if settings.target is None else classifier.class_index(settings.target)
    run.objective = _objective(classifier, settings, target)
    output, baseline_output = run.objective(logits).tolist()
    problem = Problem(
        x=x,
        baseline=baseline,
        members=_members(read.units, x),
        ids=torch.as_tensor(read.encoding.ids, device=x.device),
        baseline_vector=read.baseline.vector,
        baseline_token=read.baseline.token,
        output=output,
        baseline_output=baseline_output,
        embeddings=classifier.vocabulary,
        walked=classifier.walked,
    )
    return Looked(problem, classifier.probabilities(logits[:1])[0].cpu().numpy(), target)


def _objective(classifier: TextClassifier, settings: Settings, target: int) -> Objective:
    contrast = None if settings.contrast is None else classifier.class_index(settings.contrast)
    if contrast == target:
        raise InvalidSettings(
            f"contrast is {settings.contrast!r}, the class that is explained: their margin is always 0. Choose another class."
        )
    return classifier.objective(settings.output, target, contrast)


def _members(units: tuple[Unit, ...], x: torch.Tensor) -> torch.Tensor:
    members = torch.zeros(len(units), len(x), dtype=torch.bool, device=x.device)
    for row, unit in enumerate(units):
        members[row, list(unit.tokens)] = True
    return members


def _features(found: Scores, problem: Problem) -> np.ndarray | None:
    return None if found.features is None else found.features[problem.content.cpu()].float().cpu().numpy()


def _notes(classifier: TextClassifier, read: Read, found: Scores, features: bool) -> tuple[str, ...]:
    own = [read.baseline.note] if read.baseline.note else []
    if features and found.features is None:
        own.append(NO_FEATURES)
    return (*classifier.notes, *own, *found.notes)


def _cost(classifier: TextClassifier, run: Run, seconds: float) -> Cost:
    dtype = str(classifier.dtype).removeprefix("torch.")
    return Cost(seconds, run.forward, run.backward, str(classifier.device), dtype)
