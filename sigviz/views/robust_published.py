"""What the robustness paper reports beside a study's numbers: one of its models on one data set, over all its tables.

Zafar et al. 2021 (arXiv:2106.04631) have Jaccard@25 by the l2 reduction (Tables 3 and 4), infidelity by l2 (2), by input times
gradient (8) and of the untrained model (9), and the share of common predictions (6); nothing for Jaccard@10 or for a model in
which nothing is trained.  None of its models is one of the bundled ones.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sigviz.models.untrained import REDRAWN, UNTRAINED
from sigviz.studies import published
from sigviz.studies.published import ROBUSTNESS_PAPER, Column
from sigviz.studies.reductions import L2, SUM, WHOLE
from sigviz.studies.robustness import INFIDELITY, LEVELS, SAME, jaccard_id

_STARTS, _UNTRAINED, _COMMON = 3, 4, 6  # numbers of tables
_INFIDELITY = {("", L2): 2, ("", WHOLE): 2, ("", SUM): 8, (UNTRAINED, L2): 9, (UNTRAINED, WHOLE): 9}  # control, reduction


@dataclass(frozen=True, slots=True)
class Beside:
    """One model on one data set.  columns: by the number of their table."""

    model: str
    dataset: str
    columns: Mapping[int, Column] = field(repr=False)

    @property
    def title(self) -> str:
        """In a few words, for lists of choices and legends."""
        return f"{self.model} on {self.dataset}"

    def table(self, metric: str, *, other: str = "", control: str = "", reduction: str = L2) -> Column | None:
        """The column in which a number of this kind stands; None where the paper has none.

        metric: a study's own.  other: what the model is set beside, of Jaccard and common predictions; any trained model
        counts as the paper's second.  control: whose infidelity.
        """
        number: int | None = None
        if metric == SAME:
            number = None if other in (UNTRAINED, REDRAWN) else _COMMON
        elif metric == jaccard_id(LEVELS[0]) and reduction in (L2, WHOLE):
            number = {UNTRAINED: _UNTRAINED, REDRAWN: None}.get(other, _STARTS)
        elif metric == INFIDELITY:
            number = _INFIDELITY.get((control, reduction))
        return None if number is None else self.columns.get(number)

    def value(self, metric: str, method: str = "", *, other: str = "", control: str = "", reduction: str = L2) -> float | None:
        """The published number, per cent; None where the paper has none.  method: an id of METHODS, none for SAME."""
        column = self.table(metric, other=other, control=control, reduction=reduction)
        if column is None:
            return None
        if metric == SAME:  # of all methods together
            return next((value for _, _, name, value in column.cells if name == SAME), None)
        found = column.cell(method, metric)
        return None if found is None else found.value


def choices() -> dict[str, Beside]:
    """Everything that can stand beside a study, by title, in the paper's order."""
    made: dict[tuple[str, str], dict[int, Column]] = {}
    for column in published.columns():
        if column.paper == ROBUSTNESS_PAPER:
            made.setdefault(column.model_and_data, {})[column.table] = column
    found = [Beside(*key, tables) for key, tables in made.items()]
    return {beside.title: beside for beside in found}
