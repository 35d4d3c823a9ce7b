"""The same study on a Ray cluster: Ray Data hands each unit of work to an actor, one actor per GPU, or per core without GPUs.

Ray is an optional requirement (requirements-ray.txt).  An actor that dies is started again and its unit done again by Ray; the
journal keeps each unit once, so the rows that come out are the same as without Ray.
"""

import logging
import os
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sigviz.attribution import quoted
from sigviz.errors import EngineError, InvalidSettings, SigvizError
from sigviz.models import zoo
from sigviz.studies import faithfulness, plan, results, robustness, robustness_plan
from sigviz.studies.plan import Task
from sigviz.studies.results import Unit
from sigviz.studies.study import AnyPlan, Bench, Workers

LOCAL = "local"
PACKAGE = Path(__file__).parents[1]
BENCHES: dict[str, Callable[[dict[str, Any]], Bench]] = {  # by kind of study: what does its work, from the plan as JSON
    results.FAITHFULNESS: lambda given: faithfulness.Bench(plan.Plan.from_dict(given)),
    results.ROBUSTNESS: lambda given: robustness.Bench(robustness_plan.RobustnessPlan.from_dict(given)),
}
MOST_BLOCKS = 5000  # pieces that Ray Data hands out; each is done again as a whole when its actor dies


def workers(address: str, actors: int | None = None) -> Workers:
    """Who does a study's work: a Ray cluster at `address`, or "local": one that is started here and stopped at the end.

    actors: how many at once; None: one per GPU, or per core.  Raises InvalidSettings where Ray is missing or not reached.
    """
    try:
        import ray
    except ImportError as error:
        raise InvalidSettings("--ray needs Ray: pip install -r requirements-ray.txt, or leave --ray out.") from error

    def work(plan: AnyPlan, todo: list[Task], cancel: threading.Event) -> Iterator[Unit]:
        _refuse_unreachable(address)
        _fetched(plan)
        _connect(ray, address, actors)
        try:
            yield from _units(ray, plan, todo, cancel, actors)
        finally:
            ray.shutdown()

    return work


class Examiner:
    """What an actor is: a Bench that reads tasks from Ray's batches and writes units as lines of JSON."""

    def __init__(self, study: str, plan: dict[str, Any]) -> None:
        self._bench = BENCHES[study](plan)
        self._columns = results.columns({"study": study})

    def __call__(self, batch: dict[str, Any]) -> dict[str, list[str]]:
        """One line a task; what ends a whole study comes back as such a line, too, since Ray would try it again."""
        names = ("model", "control", "text_id", "text")
        lines = []
        for model, control, text_id, text in zip(*(batch[name] for name in names), strict=True):
            try:
                unit = self._bench.examine(Task(str(model), str(control), int(text_id), str(text)))
                lines.append(results.to_line(unit, self._columns))
            except SigvizError as error:
                lines.append(results.to_line(Unit((str(model), str(control), int(text_id)), error=f"{_FATAL}{error}")))
        return {"unit": lines}


_FATAL = "\0fatal: "


def _units(ray: Any, plan: AnyPlan, todo: list[Task], cancel: threading.Event, actors: int | None) -> Iterator[Unit]:
    gpus = int(ray.cluster_resources().get("GPU", 0))
    count = actors or gpus or int(ray.cluster_resources().get("CPU", 1))
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    logging.getLogger("ray.data").setLevel(logging.ERROR)  # how it plans is no news for those who wait for a study
    items = [{name: getattr(task, name) for name in ("model", "control", "text_id", "text")} for task in todo]
    data = ray.data.from_items(items, override_num_blocks=min(len(items), MOST_BLOCKS)).map_batches(
        Examiner,
        fn_constructor_args=(plan.study, plan.to_dict()),
        batch_size=1,
        compute=ray.data.ActorPoolStrategy(size=min(count, len(items))),
        **({"num_gpus": 1} if gpus else {"num_cpus": 1}),
    )
    columns = results.columns({"study": plan.study})
    try:
        for row in data.iter_rows():
            unit = results.from_line(row["unit"], columns)
            if unit.error and unit.error.startswith(_FATAL):
                raise EngineError(unit.error.removeprefix(_FATAL))
            yield unit
            if cancel.is_set():
                return
    except ray.exceptions.RayError as error:
        raise EngineError(
            f"The Ray cluster failed ({type(error).__name__}). The same command goes on from what is done."
        ) from error


def _fetched(plan: AnyPlan) -> None:
    """Have every model's files here before the actors ask for them, all at once; what cannot be had is said now."""
    for name in plan.models:
        zoo.load(name, device="cpu")


def _refuse_unreachable(address: str) -> None:
    """Ray itself tries for minutes before it says so.  Raises InvalidSettings."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if address in (LOCAL, "auto") or not port.isdecimal():
        return  # Ray's own business: it starts or finds a cluster of this machine, or has its own words for the address
    try:
        socket.create_connection((host, int(port)), timeout=5).close()
    except (OSError, OverflowError) as error:
        raise InvalidSettings(_NO_CLUSTER.format(address=quoted(address))) from error


_NO_CLUSTER = "No Ray cluster answers at {address}. Give a running one's address, such as ray://host:10001, or local."


def _connect(ray: Any, address: str, actors: int | None) -> None:
    quiet = {"log_to_driver": False, "logging_level": "ERROR"}
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_worker_niceness", "0")  # else whatever else runs here comes first, and actors take minutes
    # an actor on one core computes in one thread, and none reports what it does to anybody
    variables = {"GOMP_SPINCOUNT": "1000"}
    try:
        if address == LOCAL:
            path = os.pathsep.join([str(PACKAGE.parent), os.environ.get("PYTHONPATH", "")])
            environment = {"env_vars": {**variables, "PYTHONPATH": path}}
            ray.init(address="local", num_cpus=actors, include_dashboard=False, runtime_env=environment, **quiet)
        else:
            ray.init(address=address, runtime_env={"env_vars": variables, "py_modules": [str(PACKAGE)]}, **quiet)
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise InvalidSettings(_NO_CLUSTER.format(address=quoted(address))) from error
