"""The list of runs on a page as one line of text, so that it fits into a link and can be typed by hand.

    ig sig(steps=20) sig(baseline=%5BPAD%5D,tolerance=0.01)

One word a run: the method's id, and in brackets what differs from its defaults; odd characters are percent-encoded.
"""

import re
from dataclasses import dataclass, field
from urllib.parse import quote, unquote

from sigviz.attribution import Settings, Value
from sigviz.errors import InvalidSettings
from sigviz.methods import METHODS
from sigviz.methods.registry import get

MAX_RUNS = 8
_RUN = re.compile(r"([\w-]+)(?:\(([^()\s]*)\))?")


@dataclass(frozen=True, slots=True)
class RunChoice:
    """One run as chosen on the page: a method, its baseline, and its own options where they differ from the defaults."""

    method: str
    baseline: str = "mask"
    options: dict[str, Value] = field(default_factory=dict)

    def settings(self, **shared: Value) -> Settings:
        """Checked settings; `shared` are those of the page (unit, target, output, seed).  Raises InvalidSettings."""
        return get(self.method).settings(baseline=self.baseline, **self.options, **shared)

    def __str__(self) -> str:
        defaults = {option.name: option.default for option in get(self.method).options}
        given = {"baseline": self.baseline, **self.options}
        differing = {name: value for name, value in given.items() if value != {**defaults, "baseline": "mask"}.get(name)}
        inside = ",".join(f"{name}={quote(str(value), safe='', errors='replace')}" for name, value in differing.items())
        return f"{self.method}({inside})" if inside else self.method


def default() -> str:
    """The methods that a page shows first, each with its own defaults."""
    return " ".join(method.id for method in METHODS.values() if method.shown_first)


def parse(line: str) -> list[RunChoice]:
    """The runs that a line names.  Raises InvalidSettings that says which word is wrong."""
    words = line.split()
    if not 1 <= len(words) <= MAX_RUNS:
        raise InvalidSettings(f"The list of runs has {len(words)} entries; it may have 1 to {MAX_RUNS}.")
    return [_one(word) for word in words]


def line(runs: list[RunChoice]) -> str:
    """The other way round: parse(line(runs)) == runs."""
    return " ".join(map(str, runs))


def changed(run: RunChoice, name: str, value: Value) -> RunChoice:
    """The run with one choice changed; a new method keeps what it has in common with the old one."""
    if name == "method":
        own = {option.name for option in get(str(value)).options}
        shared = {option.name for option in get(run.method).options} & own
        return RunChoice(str(value), run.baseline, {name: value for name, value in run.options.items() if name in shared})
    if name == "baseline":
        return RunChoice(run.method, str(value or "mask"), run.options)
    return RunChoice(run.method, run.baseline, {**run.options, name: value})


def _one(word: str) -> RunChoice:
    match = _RUN.fullmatch(word)
    if not match:
        raise InvalidSettings(f"{word[:60]!r} is not a run. Write a method's id, such as sig, or sig(steps=20,baseline=pad).")
    method = get(match[1])
    given = dict(_pair(pair) for pair in match[2].split(",") if pair) if match[2] else {}
    baseline = given.pop("baseline", "mask")
    return RunChoice(method.id, baseline, {name: _typed(method.id, name, value) for name, value in given.items()})


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise InvalidSettings(f"{text[:60]!r} is not a setting. Write name=value, such as steps=20.")
    return name, unquote(value)


def _typed(method: str, name: str, value: str) -> Value:
    """The value in its option's own type, checked."""
    option = {option.name: option for option in get(method).options}.get(name)
    if option is None:
        raise InvalidSettings(f"{method} has no setting {name[:40]!r}.")
    return option.checked(None if value == "None" else value)
