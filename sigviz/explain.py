"""The pipeline, on one screen: text -> Encoding -> windows -> method -> Path -> engine -> Attribution."""

import threading
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from sigviz.attribution import Attribution, Cost, Floats, Prediction, Settings, Span
from sigviz.engine.engine import Progress, Run
from sigviz.looking import Read, look, read_text
from sigviz.methods import registry
from sigviz.methods.problem import Scores
from sigviz.models import windows
from sigviz.models.classifier import TextClassifier
from sigviz.paths.path import Points
from sigviz.windows import Whole, merged

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
    window: str = "cut",
    within: Span | None = None,
    seed: int = 0,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
    features: bool = False,
    **options: Any,
) -> Attribution:
    """Which parts of `text` made `classifier` answer as it did, by one of METHODS.

    baseline: what replaces a word: mask, pad, unk, zero, mean, or a token.  steps, quadrature: None for the method's own
    (50 and gauss-legendre for IG and SIG, 30 steps for DIG).  unit: token, word or sentence.  target: class index or name,
    None for the predicted class.  output: what F is, a key of OUTPUTS.  window: a text longer than the model reads is "cut",
    or read in windows that "slide" over it, F being the mean of theirs.  within: characters [start, end); only words inside
    move and get a score, all others stay.  progress(done, total): in passes, after every chunk.  cancel: set it to stop
    within one chunk.  features: also keep per-feature scores.  options: the method's own, e.g. context="causal",
    tolerance=0.01, strategy="maxcount", factor=2; and contrast=CLASS for output="margin".

    Raises: InvalidSettings, InvalidText, Cancelled, OutOfMemory, NotANumber.
    """
    given = {name: value for name, value in (("steps", steps), ("quadrature", quadrature)) if value is not None}
    settings = registry.get(method).settings(
        baseline=baseline, unit=unit, target=target, output=output, window=window, within=within, seed=seed, **given, **options
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

    A method with scores of units alone gives special tokens 0, and each token of a unit an equal part of its score.  Where
    there are several windows, that is so in each, and T counts the text as if it were one input.
    """
    started = time.perf_counter()
    spec = registry.get(settings.method)
    run = Run(classifier, progress=progress, cancel=cancel)
    read = read_text(classifier, text, settings)
    run.total = sum(_passes(read, settings))
    looked = look(classifier, read, settings, run, spec.foresee)
    found = [spec.compute(one.problem, run, settings) if len(one.units) else Scores() for one in looked.windows]
    run.finish()
    whole = merged(looked.windows, found, len(read.units), len(read.encoding.ids))
    attribution = Attribution(
        model=classifier.name,
        text=text,
        units=read.units,
        raw=whole.raw.cpu().numpy(),
        expected=None if whole.expected is None else whole.expected.cpu().numpy(),
        output=looked.output,
        baseline_output=looked.baseline_output,
        target=looked.target,
        label=classifier.labels[looked.target],
        labels=classifier.labels,
        probabilities=looked.probabilities,
        cost=_cost(classifier, run, time.perf_counter() - started, read),
        settings=settings,
        features=_features(whole, read) if features else None,
        spread=None if whole.spread is None else whole.spread.cpu().numpy(),
        truncated=read.encoding.truncated,
        notes=_notes(classifier, read, whole, features),
        windows=len(read.windows.places),
    )
    return attribution, whole.tokens.cpu().numpy()


def predict(classifier: TextClassifier, text: str, target: int | str | None = None, window: str = "cut") -> Prediction:
    """What the model says of the text, by one forward pass, or one a window: then by the mean of the windows' logits.

    window: a key of WINDOWS.  Raises InvalidText, InvalidSettings (no such target).
    """
    read = classifier.windows(text, window)
    x = classifier.embed(read.whole.ids)  # [T, D]
    inputs = torch.stack([x[torch.from_numpy(places).to(x.device)] for places in read.places])  # [W, T of a window, D]
    logits = Run(classifier).logits(Points(len(inputs), lambda k: inputs[k])).double().mean(0)  # [classes]
    chosen = int(logits.argmax()) if target is None else classifier.class_index(target)
    probabilities = classifier.probabilities(logits[None])[0].cpu().numpy()
    return Prediction(classifier.labels, probabilities, chosen, read.whole.truncated, len(inputs))


@dataclass(frozen=True, slots=True)
class Estimate:
    """What an explanation will take.  units: scores; tokens: of a sequence; forward, backward: sequences, at most.

    weighed: words that a search weighs besides.  windows: in how many the text is read.
    """

    units: int
    tokens: int
    forward: int
    backward: int
    weighed: int = 0
    windows: int = 1


def estimate(classifier: TextClassifier, text: str, settings: Settings) -> Estimate:
    """The cost of an explanation, counted before it is run.  Raises InvalidText, InvalidSettings."""
    read = read_text(classifier, text, settings)
    still = 0 if settings.within is None else int(read.encoding.content.sum()) - len(read.moving)
    weighed = registry.get(settings.method).weighed(settings, len(read.encoding.ids) - still)
    return Estimate(
        len(read.units), read.windows.tokens, *_passes(read, settings), weighed=weighed, windows=len(read.windows.places)
    )


def _passes(read: Read, settings: Settings) -> tuple[int, int]:
    """Sequences forward and backward, at most; a window in which no unit stands is only looked at."""
    spec = registry.get(settings.method)
    own = [len(numbers) for numbers, _ in read.standing]
    passes = [spec.passes(settings, n) if n else (2, 0) for n in own]
    return sum(forward for forward, _ in passes), sum(backward for _, backward in passes)


def _features(whole: Whole, read: Read) -> np.ndarray | None:
    return None if whole.features is None else whole.features[read.moving].float().cpu().numpy()


def _notes(classifier: TextClassifier, read: Read, whole: Whole, features: bool) -> tuple[str, ...]:
    own = [read.baseline.note] if read.baseline.note else []
    count = len(read.windows.places)
    if count > 1:
        own.append(
            f"Read in {count} windows of {read.windows.tokens} tokens that overlap by half, the last perhaps by more: F is "
            "the mean of the windows' F, and the probabilities are those of the mean of the windows' logits."
        )
    if count > 1 and read.encoding.truncated:
        own.append(f"{read.encoding.truncated:,} tokens of the text are in none of them: {windows.MOST} windows are the most.")
    if features and whole.features is None:
        own.append(NO_FEATURES)
    return (*classifier.notes, *own, *whole.notes)


def _cost(classifier: TextClassifier, run: Run, seconds: float, read: Read) -> Cost:
    dtype = str(classifier.dtype).removeprefix("torch.")
    return Cost(seconds, run.forward, run.backward, str(classifier.device), dtype, read.windows.tokens)
