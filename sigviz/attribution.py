"""What an explanation is asked for and what comes back: Settings in, Attribution out.  Plain NumPy, frozen.

Notation (arXiv:2305.15853): x is the text's word embeddings; F the scalar that is explained; x̄ the text with every
content token replaced by the baseline, x̄ⁱ with unit i alone replaced.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sigviz.errors import InvalidSettings

UNITS = ("token", "word", "sentence")
WINDOWS = {  # what is done with a text that is longer than the model reads -> in words
    "cut": "the text is cut at the model's limit",
    "slide": "the text is read in overlapping windows of the model's limit, and F is the mean of the windows' F",
}
OUTPUTS = {  # what F may be -> the unit of F in words
    "logit": "the target's logit",
    "probability": "the target's probability (0 to 1)",
    "log-odds": "log p/(1-p) of the target",
    "margin": "the target's logit minus the contrast class's (or the best other's)",
    "max-logit": "the largest logit at every point (it may change class on the way)",
}
MAX_SEED = 2**31 - 1
Value = str | int | float | None
Span = tuple[int, int]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Unit:
    """A piece of the text that gets one score.

    text: as it stands in the given text at [start, end) (characters); where a tokenizer made a token out of nothing,
    the token's own string and an empty span.  tokens: positions of its tokens in the model's input, special tokens counted.
    """

    text: str
    start: int
    end: int
    tokens: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Settings:
    """What was asked for, checked.

    method: an id of METHODS.  baseline: "mask", "pad", "unk", "zero", "mean" or a token of the vocabulary.  target: class
    index or name; None for the predicted one.  output: a key of OUTPUTS.  contrast: the class that `margin` subtracts
    (None: the best other).  options: the method's own settings (steps, quadrature, ...), sorted by name.

    window: a key of WINDOWS.  within: characters [start, end) of the text; only tokens that lie inside move, so x̄ is the text
    with these alone replaced, and only their units get a score.  None: all of the text.
    """

    method: str
    baseline: str = "mask"
    unit: str = "token"
    target: int | str | None = None
    output: str = "logit"
    contrast: int | str | None = None
    seed: int = 0
    options: tuple[tuple[str, Value], ...] = ()
    window: str = "cut"
    within: Span | None = None

    def __post_init__(self) -> None:
        _one_of("unit", self.unit, UNITS)
        _one_of("window", self.window, tuple(WINDOWS))
        if self.within is not None:  # JSON knows no tuples
            object.__setattr__(self, "within", _span(self.within))
        _one_of("output", self.output, tuple(OUTPUTS))
        if not isinstance(self.baseline, str) or not self.baseline:
            raise InvalidSettings("baseline is empty: give mask, pad, unk, zero, mean, or a token of the vocabulary.")
        if isinstance(self.seed, bool) or not isinstance(self.seed, int) or not 0 <= self.seed <= MAX_SEED:
            raise InvalidSettings(f"seed is {quoted(self.seed)}; it must be a whole number from 0 to {MAX_SEED}.")
        if self.contrast is not None and self.output != "margin":
            raise InvalidSettings(f"contrast is only used with output='margin', not with {self.output!r}.")

    def option(self, name: str) -> Any:
        """The value of one of the method's own options, None where the method has no such option."""
        return dict(self.options).get(name)

    def to_dict(self) -> dict[str, Value | list[int]]:
        """One flat mapping of everything, for JSON and for `explain(..., **settings)`."""
        named = ("method", "baseline", "unit", "target", "output", "contrast", "seed", "window")
        within = None if self.within is None else [*self.within]
        return {**{name: getattr(self, name) for name in named}, "within": within, **dict(self.options)}


@dataclass(frozen=True, slots=True)
class Cost:
    """What an explanation took.

    seconds: wall time.  forward, backward: sequences (texts of this length) put through the model in each direction.
    tokens: of one such sequence, special ones counted; 0 where that is not known.
    """

    seconds: float
    forward: int
    backward: int
    device: str
    dtype: str
    tokens: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """What a model says of a text.  probabilities: float64 [classes], a plain forward pass.  target: the explained class.

    windows: in how many the text was read; where there are several, probabilities are those of the windows' mean logits.
    truncated: tokens of the text that were left out, beyond the model's limit or the largest number of windows.
    """

    labels: tuple[str, ...]
    probabilities: Floats
    target: int
    truncated: int = 0
    windows: int = 1

    @property
    def label(self) -> str:
        return self.labels[self.target]


@dataclass(frozen=True, slots=True, eq=False)
class Attribution:
    """One method's scores for one text.

    raw: float64 [n], one per unit, in the unit of F, signed (positive: towards the target), never normalised.
    expected: float64 [n] or None: F(x) - F(x̄ⁱ), what raw_i must be for a method that is complete per unit.
    output, baseline_output: F(x) and F(x̄), every content token replaced (with settings.within: every one inside).
    probabilities: float64 [classes], a plain forward pass.  features: float32 [content tokens, D] or None (those of units).
    spread: float64 [n] or None: the standard deviation of raw over the seeds; None where nothing is sampled, or with one seed.
    truncated: tokens of the text that were left out.  notes: what a reader must know, in sentences.
    windows: in how many the text was read.  Where there are several, F is the mean of the windows' F, each score the sum of
    the unit's scores in the windows divided by their number, probabilities those of the windows' mean logits; and the
    tokens of a unit are numbered as if all of the text were one input.
    """

    model: str
    text: str
    units: tuple[Unit, ...]
    raw: Floats
    expected: Floats | None
    output: float
    baseline_output: float
    target: int
    label: str
    labels: tuple[str, ...]
    probabilities: Floats
    cost: Cost
    settings: Settings
    features: NDArray[np.float32] | None = None
    truncated: int = 0
    notes: tuple[str, ...] = ()
    spread: Floats | None = None
    windows: int = 1

    def __post_init__(self) -> None:
        _frozen(self.raw, self.expected, self.probabilities, self.features, self.spread)

    @property
    def scores(self) -> Floats:
        """raw / ||raw||_2, as the SIG paper normalises; zeros where raw is all zero.  float64 [n]."""
        largest = float(np.abs(self.raw).max(initial=0.0))
        if largest == 0:
            return np.zeros_like(self.raw)
        scaled = self.raw / largest  # squares of numbers as small as 1e-170, a saturated probability's, would vanish
        return scaled / np.linalg.norm(scaled)

    @property
    def delta(self) -> Floats | None:
        """raw - expected: how far each unit is from its own completeness; None for methods without it.  float64 [n]."""
        return None if self.expected is None else self.raw - self.expected

    @property
    def total_delta(self) -> float:
        """sum of raw - (F(x) - F(x̄)): the paper's Table 4 Delta.  For SIG it need not vanish: that is not its axiom."""
        return float(self.raw.sum() - (self.output - self.baseline_output))

    def to_dict(self) -> dict[str, Any]:
        """One entry of `attributions` in the command line's JSON; numbers in full precision."""
        return {
            "method": self.settings.method,
            "settings": self.settings.to_dict(),
            "units": [{"text": unit.text, "start": unit.start, "end": unit.end} for unit in self.units],
            "raw": self.raw.tolist(),
            "scores": self.scores.tolist(),
            "spread": _listed(self.spread),
            "expected": _listed(self.expected),
            "delta": _listed(self.delta),
            "total_delta": self.total_delta,
            "output": self.output,
            "baseline_output": self.baseline_output,
            "cost": {name: getattr(self.cost, name) for name in ("seconds", "forward", "backward", "device", "dtype")},
            "notes": list(self.notes),
        }


def _frozen(*arrays: NDArray[Any] | None) -> None:
    """Make the arrays themselves read-only: a result is shared, by the sessions of a server for one."""
    for array in arrays:
        if array is not None:
            array.flags.writeable = False


def _one_of(name: str, value: object, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise InvalidSettings(f"{name} is {quoted(value)}; choose one of: {', '.join(choices)}.")


def _span(given: object) -> Span:
    """[start, end) as a tuple of two whole numbers.  Raises InvalidSettings."""
    whole = isinstance(given, tuple | list) and all(isinstance(at, int) and not isinstance(at, bool) for at in given)
    if not whole or len(given) != 2 or not 0 <= given[0] < given[1]:  # type: ignore[arg-type, index]
        raise InvalidSettings(
            f"within is {quoted(given)}; give two places in the text, counted in characters from 0, the first before the "
            "second, such as (0, 80)."
        )
    return given[0], given[1]  # type: ignore[index]


def quoted(value: object) -> str:
    """A value as an error message may hold it: as Python writes it, on one line, at most 100 characters."""
    try:
        written = repr(value)
    except ValueError:  # Python does not write numbers of more than 4,300 digits
        written = "a number of thousands of digits"
    return written if len(written) <= 100 else f"{written[:99]}…"


def _listed(values: Floats | None) -> list[float] | None:
    return None if values is None else values.tolist()


def document(attributions: list[Attribution]) -> Mapping[str, Any]:
    """The command line's JSON object for one text: what the methods share, then one entry a method."""
    first = attributions[0]
    return {
        "model": first.model,
        "text": first.text,
        "target": first.target,
        "label": first.label,
        "probabilities": dict(zip(first.labels, first.probabilities.tolist(), strict=True)),
        "truncated": first.truncated,
        "windows": first.windows,
        "attributions": [attribution.to_dict() for attribution in attributions],
    }
