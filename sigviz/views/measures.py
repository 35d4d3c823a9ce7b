"""What faithfulness metrics say of one explanation of one text, in words."""

from collections.abc import Mapping

from sigviz.studies.metrics import METRICS
from sigviz.views.wording import number, shortened

_ARROWS = {"lower": "↓", "higher": "↑"}


def in_words(values: Mapping[str, float], label: str, unit: str) -> str:
    """One line for a run.  values: by metric id.  label: of the predicted class.  unit: what got the scores."""
    said = []
    name = shortened(label, 40)
    if "comprehensiveness" in values:
        lost = values["comprehensiveness"]
        said.append(
            f"Without its top 20 % of {unit}s, the probability of {name} {_change(lost)} ({_named('comprehensiveness')})"
        )
    if "sufficiency" in values:
        said.append(f"with them alone it {_change(values['sufficiency'])} ({_named('sufficiency')})")
    if "log_odds" in values:
        said.append(f"with them replaced its logarithm changes by {number(values['log_odds'], 2)} ({_named('log_odds')})")
    if "infidelity" in values:
        share = values["infidelity"]
        when = "never flips" if share >= 100 else f"flips once {share:.0f} % are replaced by the unknown token"
        said.append(f"the prediction {when} ({_named('infidelity')})")
    return f"{'; '.join(said)}." if said else ""


def _change(lost: float) -> str:
    """A loss of probability in words; a gain is a negative loss."""
    return f"{'falls' if lost >= 0 else 'rises'} by {number(abs(lost), 2)}"


def _named(metric: str) -> str:
    return f"{METRICS[metric].label.lower()} {_ARROWS[METRICS[metric].better]}"
