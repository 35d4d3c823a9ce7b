"""The first look at a text: how the model reads it, in how many windows, and F at x and x̄ in each.

It fixes the target, once, and makes the problems that a method is then given, one a window.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
import torch
from torch import Tensor

from sigviz.attribution import Settings, Span, Unit, quoted
from sigviz.engine.engine import Run
from sigviz.errors import InvalidSettings
from sigviz.methods import registry
from sigviz.methods.problem import Problem
from sigviz.models import text as texts
from sigviz.models.classifier import Baseline, Objective, TextClassifier
from sigviz.models.text import Encoding
from sigviz.models.windows import Windows
from sigviz.paths.path import Path, Points, chained
from sigviz.windows import Window


@dataclass(frozen=True, eq=False)
class Read:
    """A text as the model reads it, its units, and what replaces their words."""

    windows: Windows
    units: tuple[Unit, ...]
    baseline: Baseline

    @property
    def encoding(self) -> Encoding:
        """All of the text that is read, as if it were one input."""
        return self.windows.whole

    @cached_property
    def moving(self) -> list[int]:
        """Positions of the tokens that units have, ascending: all content tokens, or those that lie within."""
        return sorted(token for unit in self.units for token in unit.tokens)

    @cached_property
    def standing(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Of each window: the numbers of the units that stand in it, [m], and their tokens there, bool [m, T]."""
        members = np.zeros((len(self.units), len(self.encoding.ids)), dtype=bool)
        for row, unit in zip(members, self.units, strict=True):
            row[list(unit.tokens)] = True
        cut = [members[:, places] for places in self.windows.places]
        return [(np.flatnonzero(own.any(1)), own[own.any(1)]) for own in cut]


@dataclass(frozen=True, slots=True, eq=False)
class Looked:
    """The problems, one a window, with what one look at each x and x̄ told.

    output, baseline_output: F(x) and F(x̄), the means of the windows'.  probabilities: [classes], of the mean of the windows'
    logits at x, and the target they fixed.
    """

    windows: tuple[Window, ...]
    output: float
    baseline_output: float
    probabilities: np.ndarray
    target: int

    @property
    def problem(self) -> Problem:
        """The first window's; the only one where the text is cut."""
        return self.windows[0].problem


def read_text(classifier: TextClassifier, text: str, settings: Settings) -> Read:
    """The text, divided as the settings say.  Raises InvalidText, InvalidSettings (also where nothing lies within)."""
    windows = classifier.windows(text, settings.window)
    units = texts.units(windows.whole, settings.unit, settings.within)
    if settings.within is not None and not units:
        start, end = settings.within
        raise InvalidSettings(
            f"No token that the model reads lies within characters {start} to {end} of the text, which has {len(text)}. Give "
            "a longer part."
        )
    return Read(windows, units, classifier.baseline(settings.baseline))


def sentences(classifier: TextClassifier, text: str, window: str = "cut") -> tuple[Unit, ...]:
    """The sentences of the text, as far as the model reads it; `within` takes (start, end) of each.  Raises InvalidText."""
    return texts.units(classifier.windows(text, window).whole, "sentence")


def sentence(classifier: TextClassifier, text: str, number: int, window: str = "cut") -> Span:
    """Where the sentence of that number stands, counted from 1.  Raises InvalidSettings where there is none."""
    found = sentences(classifier, text, window)
    if not 1 <= number <= len(found):
        raise InvalidSettings(f"There is no sentence {quoted(number)}: the model reads {len(found)} of this text.")
    return found[number - 1].start, found[number - 1].end


def look(
    classifier: TextClassifier, read: Read, settings: Settings, run: Run, foresee: registry.Foresee | None = None
) -> Looked:
    """One look at x and x̄ of every window, and in the same batch at what the method foresees.

    A batch of two texts costs a third of one of twenty: it is the weights that have to be fetched.
    """
    x = classifier.embed(read.encoding.ids)  # [T, D]
    moving = torch.zeros(len(x), dtype=torch.bool, device=x.device)  # [T]
    moving[read.moving] = True
    baseline = torch.where(moving[:, None], read.baseline.vector, x)  # [T, D]
    places = [torch.from_numpy(own).to(x.device) for own in read.windows.places]
    ends = torch.stack([end[own] for own in places for end in (x, baseline)])  # [2 W, T of a window, D]
    standing = [torch.from_numpy(members).to(x.device) for _, members in read.standing]
    wanted: list[Points] = []
    if foresee is not None and read.units:
        wanted = [foresee(ends[2 * w], ends[2 * w + 1], members, settings) for w, members in enumerate(standing)]
    fix = partial(_target, classifier, settings)
    logits, foreseen = _looked(Points(len(ends), lambda k: ends[k]), wanted, run, lambda answers: fix(answers)[1])
    mean, (target, run.objective) = logits[::2].double().mean(0), fix(logits)
    values = run.objective(logits).cpu().reshape(-1, 2)  # [W, 2]
    ids = torch.as_tensor(read.encoding.ids, device=x.device)
    problems = (
        Problem(
            x=ends[2 * w],
            baseline=ends[2 * w + 1],
            members=members,
            ids=ids[places[w]],
            baseline_vector=read.baseline.vector,
            baseline_token=read.baseline.token,
            output=float(values[w, 0]),
            baseline_output=float(values[w, 1]),
            embeddings=classifier.vocabulary,
            walked=classifier.walked,
            foreseen=foreseen[w] if foreseen else None,
        )
        for w, members in enumerate(standing)
    )
    windows = (
        Window(problem, own, units)
        for problem, own, (units, _) in zip(problems, read.windows.places, read.standing, strict=True)
    )
    output, baseline_output = values.mean(0).tolist()
    return Looked(tuple(windows), output, baseline_output, classifier.probabilities(mean[None])[0].cpu().numpy(), target)


def _looked(
    ends: Points, wanted: Sequence[Points], run: Run, fix: Callable[[Tensor], Objective]
) -> tuple[Tensor, list[Tensor]]:
    """The answers at the ends, [2 W, classes], and what is wanted besides: F at the points of each window, or an integral.

    fix: F, told by the answers at the ends.  Of several windows' paths none is looked at, nor one too long for a chunk.
    """
    if any(isinstance(part, Path) for part in wanted):
        at_once = run.at_once(ends, wanted[0], fix) if len(wanted) == 1 and isinstance(wanted[0], Path) else None
        return (run.logits(ends), []) if at_once is None else (at_once[0], [at_once[1]])
    parts = [ends, *wanted]
    logits, *others = run.logits(chained(parts)).split([part.count for part in parts])
    objective = fix(logits)
    return logits, [objective(other) for other in others]


def _target(classifier: TextClassifier, settings: Settings, logits: Tensor) -> tuple[int, Objective]:
    """The class and F, told by the answers at the ends, x and x̄ of each window in turn: [2 W, classes].

    They are fixed here, once: along a path another class may win, and a mixture of both would be explained.
    """
    mean = logits[::2].double().mean(0)
    target = int(mean.argmax()) if settings.target is None else classifier.class_index(settings.target)
    return target, _objective(classifier, settings, target)


def _objective(classifier: TextClassifier, settings: Settings, target: int) -> Objective:
    contrast = None if settings.contrast is None else classifier.class_index(settings.contrast)
    if contrast == target:
        raise InvalidSettings(
            f"contrast is {settings.contrast!r}, the class that is explained: their margin is always 0. Choose another class."
        )
    return classifier.objective(settings.output, target, contrast)
