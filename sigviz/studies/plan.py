"""What a faithfulness study is asked to do: methods x baselines x models x texts.  Checked here, before anything is loaded."""

import random
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from sigviz.attribution import OUTPUTS, quoted
from sigviz.errors import InvalidSettings
from sigviz.methods import runs
from sigviz.methods.registry import get
from sigviz.methods.runs import RunChoice
from sigviz.models import zoo
from sigviz.models.untrained import UNTRAINED
from sigviz.studies.corpora import Corpus
from sigviz.studies.metrics import METRICS, PROTOCOLS

PAPERS_CODE = "papers-code"
CHANCE = "random"  # the method that every study has, as a control
MOST_RUNS = 64  # methods times baselines
CONTROL_TEXTS = 25


@dataclass(frozen=True, slots=True)
class Plan:
    """A study.  Raises InvalidSettings for what cannot be done.

    corpus, split: as corpora.load takes them.  limit: how many texts, by a seeded random sample; None for all.
    runs: methods as lines, such as "ig" or "sig(steps=20)".  protocols: how a metric counts (PROTOCOLS).  k: per cent of the
    words that are "top".  control: for how many of the texts the untrained copy of each model is measured, too.
    parity: "papers-code" repeats what the papers' own code computes (see sigviz.studies.parity), "" what they define.
    """

    corpus: str
    runs: tuple[str, ...]
    models: tuple[str, ...] = (zoo.DEFAULT,)
    baselines: tuple[str, ...] = ("mask",)
    protocols: tuple[str, ...] = ("paper", "content")
    split: str = "test"
    limit: int | None = None
    seed: int = 0
    k: float = 20
    output: str = "logit"
    control: int = CONTROL_TEXTS
    metrics: tuple[str, ...] = tuple(METRICS)
    parity: str = ""
    device: str = "auto"
    dtype: str = "float32"

    def __post_init__(self) -> None:
        for name, known in (("protocols", PROTOCOLS), ("metrics", METRICS)):
            _known(name, getattr(self, name), tuple(known))
        _known("output", (self.output,), tuple(OUTPUTS))
        _known("parity", (self.parity,), ("", PAPERS_CODE))
        for name in ("models", "baselines", "runs"):
            if not getattr(self, name):
                raise InvalidSettings(f"The study has no {name}: name one at least.")
        if self.limit is not None and self.limit < 1:
            raise InvalidSettings(f"limit is {self.limit}; it must be at least 1. Leave it out to take every text.")
        if self.control < 0:
            raise InvalidSettings(f"control is {self.control}; it must be 0 (no untrained control) or more.")
        if not 0 < self.k < 100:
            raise InvalidSettings(f"k is {self.k:g}; it must be more than 0 and less than 100 per cent.")
        if self.parity and (self.output != "max-logit" or self.protocols != ("paper",)):
            raise InvalidSettings("parity papers-code goes with output max-logit and protocol paper: so their code counts.")
        chosen = tuple(dict.fromkeys(str(_single(line)) for line in (*self.runs, CHANCE)))
        object.__setattr__(self, "runs", chosen)
        if len(chosen) * len(self.baselines) > MOST_RUNS:
            raise InvalidSettings(f"{len(chosen)} methods and {len(self.baselines)} baselines are more than {MOST_RUNS} runs.")
        for choice in self.choices():
            choice.settings(output=self.output, seed=self.seed)  # raises what cannot be, before anything is loaded

    def choices(self) -> list[RunChoice]:
        """Every run with every baseline."""
        parsed = [runs.parse(line)[0] for line in self.runs]
        return [RunChoice(run.method, baseline, run.options) for baseline in self.baselines for run in parsed]

    def to_dict(self) -> dict[str, Any]:
        """For the results' metadata."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> "Plan":
        """The other way round."""
        names = {field.name for field in fields(cls)}  # another version may have had others
        values: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in given.items() if name in names}
        return cls(**values)


@dataclass(frozen=True, slots=True)
class Task:
    """One unit of work: a text, and the model or its control that is to read it."""

    model: str
    control: str
    text_id: int
    text: str


def tasks(plan: Plan, corpus: Corpus) -> list[Task]:
    """All units of work, model by model, in a seeded random order; the control is measured on the first texts of it.

    Corpora are sorted, by label for one: so a study that is not finished yet is a random sample, and so are its controls.
    """
    order = random.Random(plan.seed).sample(range(len(corpus)), len(corpus))
    return [
        Task(model, control, corpus.ids[at], corpus.texts[at])
        for model in plan.models
        for place, at in enumerate(order)
        for control in (("", UNTRAINED) if place < plan.control else ("",))
    ]


def _single(line: str) -> RunChoice:
    """A run as a line names it; where the method would run with several seeds to show their spread, one is enough here."""
    chosen = runs.parse(line)
    if len(chosen) != 1:
        raise InvalidSettings(f"{quoted(line)} names {len(chosen)} methods; give one at a time.")
    (run,) = chosen
    if run.baseline != "mask":
        raise InvalidSettings(f"{quoted(line)} names a baseline; baselines are given apart, for all methods together.")
    several = any(option.name == "seeds" for option in get(run.method).options)
    run = RunChoice(run.method, options={"seeds": 1, **run.options}) if several else run
    run.settings()  # raises what does not fit, before anything is loaded
    return run


def _known(name: str, given: tuple[str, ...], known: tuple[str, ...]) -> None:
    for value in given:
        if value not in known:
            raise InvalidSettings(f"{name}: {quoted(value)} is not one of: {', '.join(known)}.")
