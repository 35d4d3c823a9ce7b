"""What more steps buy: IG and SIG with few and with many steps, by every rule, and how far each run still is from its limit.

The limit of SIG is known without any step (exact SIG), so the error of a word is its own delta.  IG has one budget for all
words together: its total delta says whether that is kept, but not which word is wrong, so the error of a word is taken
against a finer run of IG.  (Enguehard 2023, arXiv:2305.15853, section 3.2 and Table 4.)
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from threading import Event

import numpy as np

from sigviz.attribution import Attribution, Floats, Settings
from sigviz.engine.engine import Progress
from sigviz.methods.options import MAX_STEPS
from sigviz.methods.registry import METHODS
from sigviz.methods.sequential import ROUNDS
from sigviz.models.classifier import TextClassifier
from sigviz.studies.agreement import kendall_tau
from sigviz.studies.metrics import measure

STEPS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
FIRST = 16  # the largest number of steps that a page shows unasked: SIG takes so many for each word
FIRST_RULES = ("gauss-legendre", "riemann-left")  # the best and the plainest
TOLERANCES = (0.1, 0.01, 0.001)
FINEST = "gauss-legendre"
QUESTION = 10  # the paper's: SIG with so many steps against IG with so many times the number of words
FAITHFULNESS = ("log_odds", "comprehensiveness", "sufficiency")  # the metrics of Table 4
_YARDSTICK = 64  # the fewest steps of the run that IG's others are measured against
_FEWEST = {"trapezoid": 2, "clenshaw-curtis": 2}  # steps that a rule needs; 1 for the others
_FROM = {0.001: 64}  # a tolerance that takes as many gradients as that many steps is not asked for where fewer are shown
_EPSILON = {"float64": 2.0**-52, "float32": 2.0**-23, "float16": 2.0**-10, "bfloat16": 2.0**-7}
Make = Callable[..., Settings]  # make(method, **options): settings that share everything else


@dataclass(frozen=True, slots=True)
class Plan:
    """What is run.  exact: the limit of SIG; runs: all that are shown, the cheapest first.

    sig, ig: the paper's question, the same number of gradients either way, unless IG would need more than MAX_STEPS.  finest:
    IG with four times the largest number of steps shown, or `ig` where that has more; the yardstick of the other runs of IG.
    """

    exact: Settings
    finest: Settings
    runs: tuple[Settings, ...]
    sig: Settings
    ig: Settings

    @property
    def all(self) -> tuple[Settings, ...]:
        """Everything once, in the order in which it is run."""
        return tuple(dict.fromkeys((self.exact, self.sig, self.ig, self.finest, *self.runs)))


@dataclass(frozen=True, slots=True)
class Quality:
    """One run: what it cost, and how far it still is from its limit.

    rule: "" where the method has none or chooses it itself.  steps: gradients a word for SIG (a mean, with a tolerance, whose
    words take different numbers), gradients for IG, None for none.  tolerance: None where the steps were given.
    forward, backward: sequences through the model.  total_delta: |sum of scores - (F(x) - F(x̄))|.  worst, median: of the
    words' |score - limit|, None where the limit is not known yet; all in the unit of F.  tau: Kendall's tau of the order
    against the limit, tau_exact: against exact SIG; None where these are not known yet, and for a text of one word.
    """

    method: str
    rule: str
    steps: float | None
    tolerance: float | None
    forward: int
    backward: int
    seconds: float
    total_delta: float
    worst: float | None
    median: float | None
    tau: float | None
    tau_exact: float | None

    @property
    def passes(self) -> int:
        return self.forward + self.backward


def plan(make: Make, units: int, most: int = FIRST, rules: Sequence[str] = FIRST_RULES) -> Plan:
    """What to run for a text of so many units.  most: of STEPS; rules: of quadrature.RULES.  Raises what `make` raises."""
    steps = [count for count in STEPS if count <= most]
    fixed = [
        make(method, steps=count, quadrature=rule)
        for rule in rules
        for count in steps
        if count >= _FEWEST.get(rule, 1)
        for method in ("ig", "sig")
    ]
    bounds = [make("sig", tolerance=tolerance) for tolerance in TOLERANCES if most >= _FROM.get(tolerance, 1)]
    tenfold = min(MAX_STEPS, QUESTION * max(1, units))
    return Plan(
        exact=make("sig-exact"),
        finest=make("ig", steps=min(MAX_STEPS, max(_YARDSTICK, tenfold, 4 * most)), quadrature=FINEST),
        runs=tuple(sorted([*fixed, *bounds], key=lambda settings: sum(passes(settings, units, most)))),
        sig=make("sig", steps=QUESTION, quadrature=FINEST),
        ig=make("ig", steps=tenfold, quadrature=FINEST),
    )


def passes(settings: Settings, units: int, most: int) -> tuple[int, int]:
    """About how many sequences forward and backward a run takes.

    With a tolerance nobody knows before: it is taken to go on for as many rounds as reach the largest number of steps shown.
    """
    forward, backward = METHODS[settings.method].passes(settings, units)
    if settings.option("tolerance") is None:
        return forward, backward
    rounds = ROUNDS[: 1 + sum(nodes < most for nodes in ROUNDS)]
    return forward - backward + units * rounds[-1], units * rounds[-1]


def qualities(found: Mapping[Settings, Attribution], plan: Plan) -> dict[Settings, Quality]:
    """Of the runs that are there, in the plan's order; exact SIG and the finest run of IG are among them."""
    exact, finest = found.get(plan.exact), found.get(plan.finest)
    return {settings: _quality(found[settings], exact, finest) for settings in plan.all if settings in found}


def faithfulness(
    classifier: TextClassifier, runs: Sequence[Attribution], progress: Progress, cancel: Event
) -> tuple[Mapping[str, float], ...]:
    """Table 4's metrics of each run, by metric id, protocol "content"; those that this text cannot have are left out."""
    found = measure(classifier, runs, metrics=FAITHFULNESS, progress=progress, cancel=cancel)
    return tuple(dict(one.values) for one in found)


def rounding(exact: Attribution) -> float:
    """The size of the differences in F that are nothing but rounding: the arithmetic's precision times F, the larger end."""
    return _EPSILON[exact.cost.dtype] * max(abs(exact.output), abs(exact.baseline_output))


def _quality(run: Attribution, exact: Attribution | None, finest: Attribution | None) -> Quality:
    settings, n = run.settings, len(run.units)
    limit = run.expected if run.expected is not None else finest.raw if finest is not None else None
    tolerance = settings.option("tolerance")
    errors = None if limit is None or run is finest else np.abs(run.raw - limit)  # [n]; a run is no yardstick of its own
    steps = run.cost.backward / n if run.expected is not None else float(run.cost.backward)
    return Quality(
        method=settings.method,
        rule=settings.option("quadrature") or "" if tolerance is None else "",
        steps=steps if run.cost.backward else None,
        tolerance=tolerance,
        forward=run.cost.forward,
        backward=run.cost.backward,
        seconds=run.cost.seconds,
        total_delta=abs(run.total_delta),
        worst=None if errors is None else float(errors.max()),
        median=None if errors is None else float(np.median(errors)),
        tau=None if run is finest else _tau(run, limit),
        tau_exact=None if exact is None else _tau(run, exact.raw),
    )


def _tau(run: Attribution, limit: Floats | None) -> float | None:
    return None if limit is None or len(limit) < 2 else kendall_tau(run.raw, limit)  # one word has no order
