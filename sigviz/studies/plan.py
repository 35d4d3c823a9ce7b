"""What a faithfulness study is asked to do: methods x baselines x models x texts.  Checked here, before anything is loaded."""

import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from sigviz.attribution import OUTPUTS, quoted
from sigviz.errors import InvalidSettings
from sigviz.methods import runs
from sigviz.methods.registry import get
from sigviz.methods.runs import RunChoice
from sigviz.models import catalogue
from sigviz.models.untrained import UNTRAINED
from sigviz.studies.corpora import Corpus
from sigviz.studies.metrics import METRICS, PROTOCOLS
from sigviz.studies.results import FAITHFULNESS, Key

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
    models: tuple[str, ...] = (catalogue.DEFAULT,)
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
            allowed(name, getattr(self, name), tuple(known))
        allowed("output", (self.output,), tuple(OUTPUTS))
        allowed("parity", (self.parity,), ("", PAPERS_CODE))
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
        chosen = lines(self.runs)
        object.__setattr__(self, "runs", chosen)
        if len(chosen) * len(self.baselines) > MOST_RUNS:
            raise InvalidSettings(f"{len(chosen)} methods and {len(self.baselines)} baselines are more than {MOST_RUNS} runs.")
        for choice in self.choices():
            choice.settings(output=self.output, seed=self.seed)  # raises what cannot be, before anything is loaded

    @property
    def study(self) -> str:
        """What is asked: how faithful the methods are."""
        return FAITHFULNESS

    def choices(self) -> list[RunChoice]:
        """Every run with every baseline."""
        parsed = [runs.parse(line)[0] for line in self.runs]
        return [RunChoice(run.method, baseline, run.options) for baseline in self.baselines for run in parsed]

    def tasks(self, corpus: Corpus) -> list["Task"]:
        """All units of work, model by model, in the order of `shuffled`; the control is measured on the first texts of it."""
        return [
            Task(model, control, text_id, text)
            for model in self.models
            for place, (text_id, text) in enumerate(shuffled(corpus, self.seed))
            for control in (("", UNTRAINED) if place < self.control else ("",))
        ]

    def to_dict(self) -> dict[str, Any]:
        """For the results' metadata."""
        return written(asdict(self))

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> "Plan":
        """The other way round."""
        return cls(**read(given, {field.name for field in fields(cls)}))


@dataclass(frozen=True, slots=True)
class Task:
    """One unit of work: a text, and the model or its control that is to read it."""

    model: str
    control: str
    text_id: int
    text: str

    @property
    def key(self) -> Key:
        """What tells it from all others of its study."""
        return (self.model, self.control, self.text_id)


def shuffled(corpus: Corpus, seed: int) -> list[tuple[int, str]]:
    """Ids and texts in a seeded random order.

    Corpora are sorted, by label for one: so a study that is not finished yet is a random sample, and so are its controls.
    """
    order = random.Random(seed).sample(range(len(corpus)), len(corpus))
    return [(corpus.ids[at], corpus.texts[at]) for at in order]


def written(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a plan as JSON takes them."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in fields.items()}


def read(given: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    """What `written` wrote, as the fields of a plan, by their names; what another version may have had besides is left out."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in given.items() if name in names}


def lines(given: Sequence[str]) -> tuple[str, ...]:
    """Runs as one spells them, each once, the random control among them.  Raises InvalidSettings."""
    return tuple(dict.fromkeys(str(_single(line)) for line in (*given, CHANCE)))


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


def allowed(name: str, given: tuple[str, ...], known: tuple[str, ...]) -> None:
    """Raises InvalidSettings for a value that is not known."""
    for value in given:
        if value not in known:
            raise InvalidSettings(f"{name}: {quoted(value)} is not one of: {', '.join(known)}.")
