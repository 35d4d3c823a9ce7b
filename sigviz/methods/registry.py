"""METHODS: every attribution method by its id, with what it needs, costs and promises.

Pages, command line and tests loop over this registry and name no method; a new method is one decorated function.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from torch import Tensor

from sigviz.attribution import Settings, Value, quoted
from sigviz.errors import InvalidSettings
from sigviz.methods.problem import Problem, Runner, Scores
from sigviz.paths.path import Points


class Promise(StrEnum):
    """What the scores of a method must add up to."""

    PER_UNIT = "each word's score is F(x) - F(x with that word replaced)"
    TOTAL = "the scores add up to F(x) - F(x̄)"
    NOTHING = "nothing: the scores need not add up to anything"


@dataclass(frozen=True, slots=True)
class Option:
    """A setting of a method, from which pages draw a control and the command line a flag.

    choices: for words.  minimum, maximum: for numbers; whole ones where the default is an int.  optional: None is allowed.
    """

    name: str
    label: str
    help: str
    default: Value
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    optional: bool = False
    whole: bool = True

    def checked(self, value: Value) -> Value:
        """The value in the option's own type; raises InvalidSettings when it is outside what the option takes."""
        if value is None and self.optional:
            return None
        if self.choices:
            if value not in self.choices:
                raise InvalidSettings(f"{self.name} is {quoted(value)}; choose one of: {', '.join(self.choices)}.")
            return value
        try:
            number = float(value)  # type: ignore[arg-type]
        except (TypeError, ValueError, OverflowError):
            number = float("nan")
        assert self.minimum is not None and self.maximum is not None
        fits = self.minimum <= number <= self.maximum and not isinstance(value, bool)
        if not fits or (self.whole and number != int(number)):
            kind = "a whole number" if self.whole else "a number"
            reach = f"from {self.minimum:g} to {self.maximum:g}"
            raise InvalidSettings(f"{self.name} is {quoted(value)}; it must be {kind} {reach}.")
        return int(number) if self.whole else number


Compute = Callable[[Problem, Runner, Settings], Scores]
Passes = Callable[[Settings, int], tuple[int, int]]
Foresee = Callable[[Tensor, Tensor, Tensor, Settings], Points]


@dataclass(frozen=True, slots=True)
class Method:
    """One entry of METHODS.

    formula: LaTeX.  source: where it was published.  promises: see Promise.  limit: the option that must grow for the
    promise to be kept ever better; None where it is kept as it stands.  preview: the method that already gives this one's
    limit, quickly.  passes(settings, n): sequences forward and backward for n units, F(x) and F(x̄) included; at most
    so many, where the method may stop early.  foresee(x, baseline, members, settings): points, known before F is, whose F
    the method wants as `problem.foreseen`, or the one Path that it integrates: they are looked at with x and x̄, in one
    batch.  check(settings): raises
    InvalidSettings where options that are fine alone do not go together.
    """

    id: str
    label: str
    summary: str
    formula: str
    source: str
    promises: Promise
    options: tuple[Option, ...]
    compute: Compute
    passes: Passes
    weighed: Callable[[Settings, int], int] = lambda settings, n: 0
    limit: str | None = None
    preview: str | None = None
    shown_first: bool = False
    foresee: Foresee | None = None
    check: Callable[[Settings], object] | None = None

    def settings(self, **given: Any) -> Settings:
        """Checked settings: shared ones by name, the method's own ones into `options`, defaults filled in.

        Raises: InvalidSettings for an unknown name, a value out of range, or values that do not go together.
        """
        shared = {name: given.pop(name) for name in list(given) if name in SHARED}
        own = {option.name: option for option in self.options}
        unknown = sorted(set(given) - set(own))
        if unknown:
            takes = ", ".join(sorted(own)) or "none of its own"
            raise InvalidSettings(f"{self.id} has no setting {', '.join(map(quoted, unknown))}. Its settings: {takes}.")
        values = {name: option.checked(given.get(name, option.default)) for name, option in own.items()}
        settings = Settings(method=self.id, options=tuple(sorted(values.items())), **shared)
        if self.check is not None:
            self.check(settings)
        return settings


# the settings that every method has
SHARED = ("baseline", "unit", "target", "output", "contrast", "seed", "window", "within")
_methods: dict[str, Method] = {}
METHODS: Mapping[str, Method] = _methods


def method(id: str, **described: Any) -> Callable[[Compute], Compute]:
    """Register the decorated function under `id`; the keywords are Method's fields."""

    def register(compute: Compute) -> Compute:
        assert id not in _methods, f"two methods are called {id}"
        _methods[id] = Method(id=id, compute=compute, **described)
        return compute

    return register


def get(id: str) -> Method:
    """METHODS[id], or InvalidSettings that lists what there is."""
    if not isinstance(id, str) or id not in METHODS:
        raise InvalidSettings(f"There is no method {quoted(id)}. Choose one of: {', '.join(METHODS)}.")
    return METHODS[id]
