"""What makes a comparison of one sentence's explanations again: a Python script that prints every overlap.

The text and the names are whatever somebody typed or sent in a link: in the script they stand as `repr` writes them.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sigviz.attribution import Attribution
from sigviz.studies.reductions import SUM
from sigviz.views import reproduce

_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """One model of the comparison.  revision: the loaded model's.  control: of robustness_plan.CONTROLS, "" for none."""

    title: str
    revision: str
    answer: Attribution
    control: str = ""


def python(asked: Sequence[Asked], reduction: str, k: float, seed: int) -> str:
    """The script.  asked: the model first.  reduction: as `reduced` names it.  k: per cent.  seed: of the controls."""
    first = asked[0].answer
    versions = ", ".join(f"{name} {version}" for name, version in reproduce.versions([first]).items())
    lines = [
        f"# {versions}",
        "import sigviz",
        "from sigviz.methods.runs import RunChoice",
        "from sigviz.studies import pairs, robustness",
        "from sigviz.studies.reductions import reduced",
        "",
        f"text = {first.text!r}",
        "",
        "",
        "def explained(classifier, target=None, **own):",
        f"    choice = RunChoice({first.settings.method!r}, {first.settings.baseline!r}, own)",
        f"    shared = dict(unit={first.settings.unit!r}, output={first.settings.output!r}, target=target)",
        f"    return reduced(classifier, text, choice, {[reduction or SUM]!r}, **shared)[{reduction!r}]",
        "",
        "",
        f"model = {_loaded(asked[0])}",
        f"mine = explained(model{_classes(asked[0].answer)})",
    ]
    for one in asked[1:]:
        made = f"robustness.control(model, {one.control!r}, {seed})" if one.control else _loaded(one)
        lines += [
            f"theirs = explained({made}{_classes(one.answer)})",
            f'print({one.title!r}, f"{{100 * pairs.overlap(mine, theirs, {k:g}).value:.0f}} %")',
        ]
    return "\n".join(lines) + "\n"


def _loaded(one: Asked) -> str:
    """The call that loads the model; a folder's name is the reader's to complete."""
    cost = one.answer.cost
    revision = f", revision={one.revision!r}" if _COMMIT.fullmatch(one.revision) else ""
    return f"sigviz.load({one.answer.model!r}{revision}, device={cost.device!r}, dtype={cost.dtype!r})"


def _classes(answer: Attribution) -> str:
    """The classes that were asked for, by the model's own numbers: not the predicted one, not the best other."""
    target = "" if answer.settings.target is None else f", target={answer.target}"
    return target + ("" if answer.settings.contrast is None else f", contrast={answer.settings.contrast!r}")
