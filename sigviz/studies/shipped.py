"""Studies whose results are shipped with sigviz: sigviz/data/studies/*.parquet, without their texts (corpora are not ours)."""

import shlex
from functools import cache
from importlib.resources import files
from pathlib import Path

from sigviz.errors import InvalidResults
from sigviz.methods import METHODS
from sigviz.studies import results
from sigviz.studies.metrics import METRICS
from sigviz.studies.plan import CHANCE, Plan
from sigviz.studies.results import Results

TABLE_1 = [id for id in METHODS if id in {"grad-input", "deeplift", "gradient-shap", "ig", "dig", "sig-exact"}]


@cache
def known() -> dict[str, str]:
    """The shipped studies: name -> title, the ones with the most methods first."""
    said = {file.stem: results.about(file) for file in _folder().glob("*.parquet")}
    plans = {name: Plan.from_dict(one["plan"]) for name, one in said.items() if one.get("complete", True)}
    texts = {name: said[name]["corpus"]["texts"] for name in plans}
    order = sorted(plans, key=lambda name: (-len(_methods(plans[name])), name))
    return {name: _title(plans[name], texts[name]) for name in order}


def _title(plan: Plan, texts: int) -> str:
    methods, runs = _methods(plan), len(plan.runs)
    what = f"{len(methods)} methods" if runs == len(methods) else f"{len(methods)} methods with different steps"
    output = "" if plan.output == "logit" else f" of the output {plan.output}"
    return f"{', '.join(plan.models)}: {what}{output}, baseline {' and '.join(plan.baselines)}, {texts} texts of {plan.corpus}"


def _methods(plan: Plan) -> set[str]:
    return {run.partition("(")[0] for run in plan.runs}


def load(name: str) -> Results:
    """A shipped study by its name.  Raises InvalidResults where there is none of that name."""
    if name not in known():
        raise InvalidResults(f"No study {name[:60]!r} is shipped. There are: {', '.join(known()) or 'none'}.")
    return results.load(_folder() / f"{name}.parquet")


def command(found: Results) -> str:
    """The command that makes these results, the name of its output left to the reader."""
    plan = Plan.from_dict(found.about["plan"])
    pairs = [("corpus", plan.corpus), ("split", plan.split)]
    pairs += [("model", model) for model in plan.models]
    pairs += [("method", run) for run in plan.runs if run.partition("(")[0] != CHANCE]
    pairs += [("baseline", baseline) for baseline in plan.baselines]
    pairs += [("protocol", protocol) for protocol in plan.protocols]
    pairs += [("metric", metric) for metric in plan.metrics] if plan.metrics != tuple(METRICS) else []
    pairs += [("limit", str(plan.limit))] if plan.limit is not None else []
    pairs += [("k", f"{plan.k:g}")] if plan.k != 20 else []
    pairs += [("dtype", plan.dtype)] if plan.dtype != "float32" else []
    pairs += [("seed", str(plan.seed)), ("control", str(plan.control))]
    pairs += [("parity", plan.parity)] if plan.parity else [("output", plan.output)] if plan.output != "logit" else []
    flags = " ".join(f"--{name} {shlex.quote(value)}" for name, value in pairs)
    return f"python -m sigviz evaluate {flags} --out results.parquet"


def _folder() -> Path:
    return Path(str(files("sigviz"))) / "data" / "studies"
