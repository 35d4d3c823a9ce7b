"""What a robustness study is asked to do: a model beside another and beside its untrained copies.  Checked here, at once."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from sigviz.attribution import OUTPUTS, UNITS, quoted
from sigviz.errors import InvalidSettings
from sigviz.methods import runs
from sigviz.methods.runs import RunChoice
from sigviz.models import catalogue
from sigviz.models.untrained import REDRAWN, UNTRAINED
from sigviz.studies import plan, reductions
from sigviz.studies.corpora import Corpus
from sigviz.studies.plan import MOST_RUNS, Task
from sigviz.studies.results import ROBUSTNESS

CONTROLS = (UNTRAINED, REDRAWN)
# of Zafar et al., and of the SIG paper: what the robustness paper could not ask
METHODS = ("saliency", "smoothgrad", "ig", "sig", "sig-exact", "dig", "kernel-shap")


@dataclass(frozen=True, slots=True)
class RobustnessPlan:
    """A study.  Raises InvalidSettings for what cannot be done.

    corpus, split: as corpora.load takes them.  limit: how many texts, by a seeded random sample; None for all.
    model: what is explained.  other: the model beside it, of the same classes; "" for none.  runs: methods as lines, such as
    "ig" or "sig(steps=20)".  reductions: how features become one score (reductions.REDUCTIONS).  baseline: what replaces
    words; unk, as in the paper.  controls: of CONTROLS, the untrained copies of `model`, drawn by `seed`.
    """

    corpus: str
    runs: tuple[str, ...]
    model: str
    other: str = ""
    reductions: tuple[str, ...] = reductions.REDUCTIONS
    baseline: str = "unk"
    controls: tuple[str, ...] = CONTROLS
    unit: str = "token"
    output: str = "logit"
    split: str = "test"
    limit: int | None = None
    seed: int = 0
    device: str = "auto"
    dtype: str = "float32"

    def __post_init__(self) -> None:
        plan.allowed("controls", self.controls, CONTROLS)
        plan.allowed("unit", (self.unit,), UNITS)
        plan.allowed("output", (self.output,), tuple(OUTPUTS))
        reductions.check(self.reductions)
        if not self.runs:
            raise InvalidSettings("The study has no methods: name one at least.")
        if not self.model:
            raise InvalidSettings("The study has no model: name one.")
        if self.other in CONTROLS:
            raise InvalidSettings(
                f"{quoted(self.other)} is how a control is called. Give the other model's folder another name."
            )
        if _whole(self.model) == _whole(self.other):
            raise InvalidSettings(
                f"model and other are both {quoted(self.model)}: a model always agrees with itself. Choose another, or leave "
                "it out and compare with the untrained copies alone."
            )
        if not self.other and not self.controls:
            raise InvalidSettings("There is nothing to compare with: name another model, or an untrained control.")
        if self.limit is not None and self.limit < 1:
            raise InvalidSettings(f"limit is {self.limit}; it must be at least 1. Leave it out to take every text.")
        object.__setattr__(self, "runs", plan.lines(self.runs))
        if len(self.runs) > MOST_RUNS:
            raise InvalidSettings(f"{len(self.runs)} methods are more than {MOST_RUNS}.")
        for choice in self.choices():
            if "reduction" in choice.options:
                raise InvalidSettings(f"{quoted(str(choice))} names a reduction; reductions are given apart, for all methods.")
            choice.settings(output=self.output, unit=self.unit, seed=self.seed)  # raises what cannot be, before any loading

    @property
    def study(self) -> str:
        """What is asked: how robust the methods are."""
        return ROBUSTNESS

    @property
    def models(self) -> tuple[str, ...]:
        """Everything that has to be loaded."""
        return (self.model, self.other) if self.other else (self.model,)

    @property
    def others(self) -> tuple[str, ...]:
        """What the model is set beside, by the names that results give them."""
        return (*self.models[1:], *self.controls)

    def choices(self) -> list[RunChoice]:
        """Every run, with the baseline."""
        return [RunChoice(run.method, self.baseline, run.options) for line in self.runs for run in runs.parse(line)]

    def tasks(self, corpus: Corpus) -> list[Task]:
        """All units of work: a text each, read by all models, in the order of plan.shuffled."""
        return [Task(self.model, "", text_id, text) for text_id, text in plan.shuffled(corpus, self.seed)]

    def to_dict(self) -> dict[str, Any]:
        """For the results' metadata."""
        return plan.written(asdict(self))

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> "RobustnessPlan":
        """The other way round."""
        return cls(**plan.read(given, {field.name for field in fields(cls)}))


def _whole(model: str) -> str:
    """A model's name as the Hub writes it: two names of one model would be compared as two models."""
    return catalogue.ALIASES.get(model, model)
