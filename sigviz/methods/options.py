"""Options that several methods share, and how many passes they cost."""

from sigviz.attribution import Settings
from sigviz.methods.registry import Option
from sigviz.paths.discretized import STRATEGIES
from sigviz.paths.quadrature import RULES, Rule

MAX_STEPS = 1024

STEPS = Option(
    "steps",
    "Steps",
    "At how many points of the way the gradient is taken. More steps: a better integral, and more time.",
    default=50,
    minimum=1,
    maximum=MAX_STEPS,
)
QUADRATURE = Option(
    "quadrature",
    "Rule",
    "Where on the way the steps lie and how much each counts. Gauss-Legendre needs the fewest steps.",
    default="gauss-legendre",
    choices=tuple(RULES),
)
CONTEXT = Option(
    "context",
    "Context",
    "full: all other words stay. causal: the words behind the one in question are replaced too, as for models that read "
    "from left to right.",
    default="full",
    choices=("full", "causal"),
)
TOLERANCE = Option(
    "tolerance",
    "Tolerance",
    "Instead of fixed steps: take steps until every word's delta is within this share of the largest word (0.01 = 1 %).",
    default=None,
    optional=True,
    whole=False,
    minimum=1e-6,
    maximum=1.0,
)
WALK = (
    Option(
        "steps",
        "Steps",
        "How many words the walk passes between the word and the baseline.",
        default=30,
        minimum=1,
        maximum=256,
    ),
    Option(
        "strategy",
        "Strategy",
        "Which neighbour comes next: greedy (bends least), maxcount (most features already on the way), non-monotonic "
        "(nearest to the baseline).",
        default="greedy",
        choices=STRATEGIES,
    ),
    Option("factor", "Factor", "How often the middle of every step is added to the path.", default=0, minimum=0, maximum=8),
    Option(
        "neighbours",
        "Neighbours",
        "Among how many nearest words the walk chooses its next one.",
        default=500,
        minimum=1,
        maximum=2000,
    ),
)


def rule(settings: Settings) -> Rule:
    """Where `steps` and `quadrature` say that gradients are taken.  Raises InvalidSettings where they do not fit."""
    return RULES[settings.option("quadrature")](settings.option("steps"))


def replaced_once(settings: Settings, n: int) -> int:
    """Forward passes for F(x), F(x̄) and every unit's own start; the causal ones include x̄ itself."""
    return n + 2 if settings.option("context") != "causal" else n + 1
