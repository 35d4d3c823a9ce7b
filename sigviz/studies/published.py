"""What the papers report, ready to be set beside one's own numbers: sigviz/data/published.csv, read once.

Every number is one cell of a table of Enguehard 2023 (SIG) or of Zafar et al. 2021 (robustness), under the papers' own names
of methods, data sets and models.  A Column is one model of one table, the least that a number can be compared with.  The
bundled models are in no paper: whatever is set beside them belongs to another model, and has to say so (`Column.title`).
"""

from csv import DictReader
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from sigviz.models.catalogue import PRESETS

SIG_PAPER, ROBUSTNESS_PAPER = "enguehard-2023", "zafar-2021"
PAPERS = {SIG_PAPER: "Enguehard 2023, arXiv:2305.15853", ROBUSTNESS_PAPER: "Zafar et al. 2021, arXiv:2106.04631"}
NAMES = {  # our id -> the papers' name; exact SIG is what their SIG tends to with more steps
    "grad-input": "Grad*Inp",
    "deeplift": "DeepLift",
    "gradient-shap": "GradientShap",
    "ig": "IG",
    "dig": "DIG",
    "sig": "SIG",
    "sig-exact": "SIG",
    "saliency": "Saliency",
    "smoothgrad": "SmoothGrad",
    "kernel-shap": "KernelSHAP",
    "random": "Random",
}
_STEPS = {"IG": "50", "SIG": "50", "DIG": "30"}  # of all tables of the SIG paper but the fourth (section 3.1)
_UNSTEPPED = {"sig-exact"}  # has no steps of its own, and is set beside the published SIG of 50
_DATASETS = {"SST-2": "SST2"}  # where the zoo writes it otherwise
_CONDITIONS = {  # what sets a table apart from others with the same metric
    (ROBUSTNESS_PAPER, 2): "L2 reduction",
    (ROBUSTNESS_PAPER, 3): "two random starts",
    (ROBUSTNESS_PAPER, 4): "against the untrained model",
    (ROBUSTNESS_PAPER, 6): "two random starts",
    (ROBUSTNESS_PAPER, 8): "input × gradient reduction",
    (ROBUSTNESS_PAPER, 9): "untrained model, L2 reduction",
}


class Published(NamedTuple):
    """One cell.  value: in the unit of its metric (Zafar: per cent).  steps: "50", "10*N" (N words), "" where it has none."""

    value: float
    steps: str


@dataclass(frozen=True, slots=True)
class Column:
    """The published numbers of one model in one table.

    paper: a key of PAPERS.  dataset, model: as the paper writes them.  baseline: "mask", "pad" or "unk".  condition: what sets
    the table apart, or "".  cells: (paper's method, steps, our metric's id, value).
    """

    paper: str
    table: int
    dataset: str
    model: str
    baseline: str
    condition: str
    cells: tuple[tuple[str, str, str, float], ...] = field(repr=False)

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metrics that it has numbers for, in the paper's order."""
        return tuple(dict.fromkeys(metric for _, _, metric, _ in self.cells))

    @property
    def model_and_data(self) -> tuple[str, str]:
        """Which of the papers' models it is, whatever was measured: its architecture and what it was trained on."""
        return self.model, self.dataset

    @property
    def title(self) -> str:
        """Where the numbers stand, in one line: for headings and lists of choices."""
        condition = f", {self.condition}" if self.condition else ""
        return f"{PAPERS[self.paper]}, Table {self.table}: {self.model} on {self.dataset}, baseline {self.baseline}{condition}"

    def cell(self, method: str, metric: str, steps: int | str | None = None) -> Published | None:
        """The published number for our method `method` (an id of METHODS), or None where the paper has none.

        steps: of one's own run.  Where the paper has several numbers of steps (Table 4), only the same ones count; elsewhere
        its single number is given whatever `steps` is, and says with how many steps it was found.
        """
        name = NAMES.get(method)
        found = {taken: value for who, taken, what, value in self.cells if (who, what) == (name, metric)}
        if len(found) > 1:
            wanted = "50" if method in _UNSTEPPED else str(steps)
            found = {wanted: found[wanted]} if wanted in found else {}
        return next((Published(value, taken) for taken, value in found.items()), None)


@cache
def columns() -> tuple[Column, ...]:
    """Every column of both papers, table by table, in the papers' order."""
    made: dict[tuple[str, int, str, str, str], list[tuple[str, str, str, float]]] = {}
    with files("sigviz").joinpath("data/published.csv").open(encoding="utf-8") as lines:
        for row in DictReader(lines):
            key = (row["paper"], int(row["table"]), row["dataset"], row["model"], row["baseline"])
            steps = row["steps"] or (_STEPS.get(row["method"], "") if row["paper"] == SIG_PAPER else "")
            made.setdefault(key, []).append((row["method"], steps, row["metric"], float(row["value"])))
    return tuple(Column(*key, _CONDITIONS.get(key[:2], ""), tuple(cells)) for key, cells in made.items())


def find(table: int | str, model: str, baseline: str | None = None, paper: str = SIG_PAPER) -> Column | None:
    """The column of a table (its number, or the name of its data set), or None.

    A data set comes in several tables: then the first with this baseline is meant ("SST2" and "mask": Table 1, not 4).
    """
    for column in columns():
        same = (column.paper, column.model) == (paper, model) and baseline in (None, column.baseline)
        if same and table in (column.table, column.dataset):
            return column
    return None


def sibling(column: Column, baseline: str) -> Column | None:
    """The column that belongs beside results with this baseline: the same paper, model and data set (Table 6 for Table 1).

    The robustness paper has one baseline (unk) and stays beside any; None where the SIG paper has no such column.
    """
    if column.paper == ROBUSTNESS_PAPER or column.baseline == baseline:
        return column
    return find(column.dataset, column.model, baseline, column.paper)


def cell(
    table: int | str, model: str, baseline: str, method: str, metric: str, steps: int | str | None = None
) -> float | None:
    """One number of the SIG paper: cell("SST2", "BERT", "mask", "sig", "log_odds") is -1.19; None where it has none."""
    column = find(table, model, baseline)
    found = column.cell(method, metric, steps) if column else None
    return found.value if found else None


def for_model(name: str, baseline: str = "mask") -> Column | None:
    """The SIG paper's column for one of its own nine checkpoints (PRESETS of the zoo); None for other models and baselines."""
    if name not in PRESETS:
        return None
    architecture, _, dataset = PRESETS[name].title.partition(", ")
    return find(_DATASETS.get(dataset, dataset), architecture, baseline)
