"""Studies whose results are shipped with sigviz: Parquet files without their texts (corpora are not ours).

Each kind of study (results.FAITHFULNESS, results.ROBUSTNESS) has a folder of its own in sigviz/data.
"""

import shlex
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from sigviz.errors import InvalidResults
from sigviz.methods import METHODS
from sigviz.models import catalogue
from sigviz.studies import reductions, results
from sigviz.studies.metrics import METRICS
from sigviz.studies.plan import CHANCE, Plan
from sigviz.studies.results import FAITHFULNESS, ROBUSTNESS, Results
from sigviz.studies.robustness_plan import CONTROLS, RobustnessPlan

TABLE_1 = [id for id in METHODS if id in {"grad-input", "deeplift", "gradient-shap", "ig", "dig", "sig-exact"}]
NONE = "none"  # what the command line calls no other model, and no control
_FOLDERS = {FAITHFULNESS: "studies", ROBUSTNESS: "robustness"}
Flags = list[tuple[str, str]]


@cache
def known(study: str = FAITHFULNESS) -> dict[str, str]:
    """The shipped studies of a kind: name -> title, the ones with the most methods first, of these the default model's."""
    said = {file.stem: results.about(file) for file in sorted(_folder(study).glob("*.parquet"))}
    plans = {name: plan_of(one) for name, one in said.items() if one.get("complete", True)}
    texts = {name: said[name]["corpus"]["texts"] for name in plans}
    order = sorted(plans, key=lambda name: (-len(_methods(plans[name])), catalogue.DEFAULT not in plans[name].models, name))
    return {name: _title(plans[name], texts[name]) for name in order}


def plan_of(about: Any) -> Plan | RobustnessPlan:
    """The plan of results, from what they say of themselves."""
    kinds: dict[str, Callable[[Any], Plan | RobustnessPlan]] = {
        FAITHFULNESS: Plan.from_dict,
        ROBUSTNESS: RobustnessPlan.from_dict,
    }
    return kinds[results.kind(about)](about["plan"])


def _title(plan: Plan | RobustnessPlan, texts: int) -> str:
    methods, runs = _methods(plan), len(plan.runs)
    what = f"{len(methods)} methods" if runs == len(methods) else f"{len(methods)} methods with different steps"
    output = "" if plan.output == "logit" else f" of the output {plan.output}"
    baselines = (plan.baseline,) if isinstance(plan, RobustnessPlan) else plan.baselines
    beside = " beside " if isinstance(plan, RobustnessPlan) else ", "
    return f"{beside.join(plan.models)}: {what}{output}, baseline {' and '.join(baselines)}, {texts} texts of {plan.corpus}"


def _methods(plan: Plan | RobustnessPlan) -> set[str]:
    return {run.partition("(")[0] for run in plan.runs}


def load(name: str, study: str = FAITHFULNESS) -> Results:
    """A shipped study of a kind by its name.  Raises InvalidResults where there is none of that name."""
    if name not in known(study):
        raise InvalidResults(f"No study {name[:60]!r} is shipped. There are: {', '.join(known(study)) or 'none'}.")
    return results.load(_folder(study) / f"{name}.parquet", study=study)


def command(found: Results) -> str:
    """The command that makes these results, the name of its output left to the reader."""
    plan = plan_of(found.about)
    verb, own = ("robustness", _robustness(plan)) if isinstance(plan, RobustnessPlan) else ("evaluate", _faithfulness(plan))
    pairs: Flags = [("corpus", plan.corpus), ("split", plan.split), *own]
    pairs += [("method", run) for run in plan.runs if run.partition("(")[0] != CHANCE]
    pairs += [("limit", str(plan.limit))] if plan.limit is not None else []
    pairs += [("dtype", plan.dtype)] if plan.dtype != "float32" else []
    pairs += [("seed", str(plan.seed))]
    flags = " ".join(f"--{name} {shlex.quote(value)}" for name, value in pairs)
    return f"python -m sigviz {verb} {flags} --out results.parquet"


def _faithfulness(plan: Plan) -> Flags:
    pairs = [("model", model) for model in plan.models]
    pairs += [("baseline", baseline) for baseline in plan.baselines]
    pairs += [("protocol", protocol) for protocol in plan.protocols]
    pairs += [("metric", metric) for metric in plan.metrics] if plan.metrics != tuple(METRICS) else []
    pairs += [("k", f"{plan.k:g}")] if plan.k != 20 else []
    pairs += [("parity", plan.parity)] if plan.parity else [("output", plan.output)] if plan.output != "logit" else []
    return [*pairs, ("control", str(plan.control))]


def _robustness(plan: RobustnessPlan) -> Flags:
    pairs = [("model", plan.model), ("other", plan.other or NONE), ("baseline", plan.baseline)]
    pairs += [("reduction", way) for way in plan.reductions] if plan.reductions != reductions.REDUCTIONS else []
    pairs += [("control", name) for name in plan.controls or (NONE,)] if plan.controls != CONTROLS else []
    pairs += [("unit", plan.unit)] if plan.unit != "token" else []
    return pairs + ([("output", plan.output)] if plan.output != "logit" else [])


def _folder(study: str) -> Path:
    return Path(str(files("sigviz"))) / "data" / _FOLDERS[study]
