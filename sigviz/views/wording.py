"""The words about an attribution, as plain text: whoever puts them into HTML or Markdown escapes them."""

import math
from collections.abc import Sequence
from decimal import ROUND_CEILING, Context
from unicodedata import bidirectional

import numpy as np

from sigviz.attribution import OUTPUTS, Attribution, Floats

PROMISES = ("PER_UNIT", "TOTAL", "NOTHING")
_IN_WORDS = {  # the unit of F after a number, where the name of F would not make a sentence
    "logit": "logits",
    "probability": "of probability",
    "log-odds": "of log-odds",
    "margin": "logits of margin",
    "max-logit": "logits",
}
_INITIALS = {"ig", "sig", "dig", "sdig", "lime"}
_NAMES = {  # of methods whose papers write them in a way of their own
    "grad-input": "Grad×Input",
    "smoothgrad": "SmoothGrad",
    "gradient-shap": "GradientShap",
    "deeplift": "DeepLift",
    "kernel-shap": "KernelSHAP",
}
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
# Characters that change how the text around them is shown while being invisible themselves: bidi embeddings, overrides
# and isolates (one of them turns the rest of a page around), zero-width spaces, line and paragraph separators, tags.
# Joiners (U+200C, U+200D), direction marks and variation selectors stay: Persian, Indic scripts and emoji need them.
_HIDDEN = [0x00AD, 0x180E, 0x200B, 0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0xFEFF]
_HIDDEN += [*range(0xFFF9, 0xFFFC), *range(0xE0000, 0xE0080), *range(0x80, 0xA0)]
_SHOWN = {code: f"‹U+{code:04X}›" for code in _HIDDEN}
_SHOWN |= {code: chr(0x2400 + code) for code in range(0x20) if chr(code) not in "\t\n"}
_SHOWN |= {0x7F: "␡"} | {code: "\ufffd" for code in range(0xD800, 0xE000)}  # half a surrogate pair cannot be sent at all


def visible(text: str) -> str:
    """The text with control characters, bidi overrides and other hidden ones made visible; newline and tab stay.

    Works character by character: visible(a + b) == visible(a) + visible(b).
    """
    return text.translate(_SHOWN)


def shortened(text: str, limit: int) -> str:
    """visible(text) on one line, at most `limit` characters of it and an ellipsis for the rest."""
    line = visible(" ".join(text[: 4 * limit].split()) if text.strip() else text.replace("\n", "↵").replace("\t", "⇥"))
    return line if len(line) <= limit else line[: limit - 1] + "…"


def number(value: float, digits: int = 3) -> str:
    """The value to so many significant digits, whole numbers in full; a real minus sign, and zero without a sign."""
    if isinstance(value, int | np.integer):
        return f"{value:,}".replace("-", "−")
    if math.isnan(value):
        return "undefined"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if value == 0:
        return "0"
    mantissa, power = f"{value:.{digits - 1}e}".split("e")
    exponent = int(power)  # after rounding: 9.996 has the exponent 1 when three digits are asked for
    if -6 <= exponent < 6:
        return f"{float(f'{mantissa}e{exponent}'):,.{max(0, digits - 1 - exponent)}f}".replace("-", "−")
    return f"{mantissa} × 10{str(exponent).translate(_SUPERSCRIPTS)}".replace("-", "−")


def two_decimals(value: float) -> str:
    """For columns: "0.71", "−0.08", and "0.00" whichever side of zero it was rounded from."""
    text = f"{value:.2f}" if math.isfinite(value) else number(value)
    return "0.00" if text == "-0.00" else text.replace("-", "−")


def percent(share: float) -> str:
    """A share (0 to 1) in per cent; never rounded to 0 % or 100 % when it is neither."""
    if 0 < share < 0.0001:
        return "below 0.01 %"
    if 0.9999 < share < 1:
        return "above 99.99 %"
    digits = 1 if share < 0.001 else 2 if share < 0.1 else 3 if share <= 0.99 else 4
    return f"{number(100 * share, digits)} %" if share != 1 else "100 %"


def amount(value: float, output: str, digits: int = 3) -> str:
    """A number in the unit of F: "0.0003 logits".  output: a key of OUTPUTS."""
    return f"{number(value, digits)} {_IN_WORDS[output]}"


def order(raw: Floats) -> list[int]:
    """The units from the most important one down: largest signed score first, of equal ones the earlier.  raw: [n]."""
    return [int(place) for place in np.argsort(-np.nan_to_num(raw, nan=-np.inf), kind="stable")]


def top_count(n: int) -> int:
    """How many of n units are the top 20 %: ceil(n / 5), in whole numbers, since 0.2 * n may round up."""
    return -(-n // 5)


def emphasised(raw: Floats) -> list[int]:
    """The top 20 % of the units, the most important first; none where no score differs from zero.  raw: [n]."""
    return order(raw)[: top_count(len(raw))] if np.any(raw) else []


def name(attribution: Attribution) -> str:
    """The method as it stands in a sentence, from its id: "SIG exact", "SmoothGrad"."""
    if attribution.settings.method in _NAMES:
        return _NAMES[attribution.settings.method]
    parts = [part.upper() if part in _INITIALS else part for part in attribution.settings.method.split("-")]
    return " ".join([parts[0][:1].upper() + parts[0][1:], *parts[1:]])


def names(attributions: Sequence[Attribution]) -> list[str]:
    """A name for each; where a method occurs more than once, with the settings (or the model) in which its rows differ."""
    found = []
    for attribution in attributions:
        same = [other for other in attributions if other.settings.method == attribution.settings.method]
        described = [{"model": other.model, **other.settings.to_dict()} for other in same]
        mine = {"model": attribution.model, **attribution.settings.to_dict()}
        differing = [key for key in mine if any(other.get(key) != mine[key] for other in described)]
        details = [f"{key} {mine[key]}" for key in differing]
        found.append(", ".join([name(attribution), *details]))
    return found


def facts(attribution: Attribution) -> list[tuple[str, str]]:
    """What stands under a map, as (name, value) in reading order: target, F and its two ends, settings, cost."""
    settings, cost, output = attribution.settings, attribution.cost, attribution.settings.output
    share = float(attribution.probabilities[attribution.target])
    own = dict(settings.options)
    found = [
        ("target", f"{visible(attribution.label)} ({percent(share)})"),
        ("F", OUTPUTS[output] + (f"; contrast: {settings.contrast}" if settings.contrast is not None else "")),
        ("F(x)", number(attribution.output, 4)),
        ("F(x̄)", number(attribution.baseline_output, 4)),
        ("baseline", visible(settings.baseline)),
        ("steps", _setting(own.pop("steps", None))),
        ("rule", _setting(own.pop("quadrature", None))),
        *((key.replace("_", " "), _setting(value)) for key, value in own.items()),
        ("seed", _setting(settings.seed) if "seeds" in own else ""),
        ("varies by", spread_in_words(attribution)),
        ("unit", f"{settings.unit} ({len(attribution.units)} {'in this text' if settings.within is None else 'inside'})"),
        ("within", "" if settings.within is None else "characters {:,} to {:,}; the rest stays".format(*settings.within)),
        ("windows", number(attribution.windows) if attribution.windows > 1 else ""),
        ("passes", f"{number(cost.forward)} forward + {number(cost.backward)} backward"),
        ("time", f"{number(cost.seconds, 2)} s"),
        ("device", f"{cost.device}, {cost.dtype}"),
        ("cut off", _tokens_left_out(attribution.truncated, attribution.windows)),
    ]
    return [(key, value) for key, value in found if value]


def _setting(value: str | int | float | None) -> str:
    """One option's value; empty where it is not set, so that no line is shown for it."""
    return "" if value is None else visible(value) if isinstance(value, str) else number(value)


def spread_in_words(attribution: Attribution) -> str:
    """By how much the scores depend on the seed: "0.02 logits at the median token over 3 seeds (standard deviation)".

    Empty where they do not, or where only one seed was tried.
    """
    if attribution.spread is None:
        return ""
    middle = amount(float(np.median(attribution.spread)), attribution.settings.output, 2)
    seeds = number(attribution.settings.option("seeds"))
    return f"{middle} at the median {attribution.settings.unit} over {seeds} seeds (standard deviation)"


def _tokens_left_out(count: int, windows: int) -> str:
    limit = "the last window" if windows > 1 else "the model's limit"
    return f"{number(count)} {'token' if count == 1 else 'tokens'} beyond {limit} left out" if count else ""


def delta_in_words(attribution: Attribution, promise: str) -> str:
    """How well the scores keep what the method promises: information, not an alarm.

    promise: "PER_UNIT" (each score is its own F(x) - F(x̄ⁱ)), "TOTAL" (the scores add up to F(x) - F(x̄)) or "NOTHING".
    """
    if promise not in PROMISES:
        raise ValueError(f"promise is {promise!r}; choose one of: {', '.join(PROMISES)}.")
    output = attribution.settings.output
    total, change = float(attribution.raw.sum()), attribution.output - attribution.baseline_output
    if promise == "PER_UNIT" and attribution.expected is not None:
        return f"{_per_unit(attribution, attribution.expected)} {_no_total(attribution)}"
    if promise == "TOTAL":
        gap = abs(attribution.total_delta)
        share = f" ({percent(gap / abs(change))} of it)" if change else ""
        apart = f"{amount(gap, output, 2)} apart{share}" if gap else "the same"
        return f"The scores add up to {number(total)}, and F(x) − F(x̄) is {number(change)}: {apart}."
    sums = f"They add up to {number(total)}, and F(x) − F(x̄) is {number(change)}"
    return f"{name(attribution)} promises nothing about what its scores add up to. {sums}."


def share_in_words(attribution: Attribution, promise: str) -> str:
    """What the scores inside a part of a text (settings.within) have to do with that part's own score.

    promise: as for `delta_in_words`.
    """
    output, unit = attribution.settings.output, attribution.settings.unit
    change, total = attribution.output - attribution.baseline_output, float(attribution.raw.sum())
    moved = f"{'lowers' if change > 0 else 'raises'} F by {amount(abs(change), output)}"
    whole = f"Replacing all of this part, the rest of the text kept, {moved}: its exact SIG score is {number(change)}."
    gap = abs(attribution.total_delta)
    sums = f"add up to {number(total)}, {amount(gap, output, 2)} apart from it" if gap else "add up to just that"
    if promise == "PER_UNIT" and attribution.expected is not None:
        why = "read from left to right, they share it" if is_causal(attribution) else f"each {unit} is replaced alone"
        return f"{whole} The {unit}s' scores {sums}: {why}. {_per_unit(attribution, attribution.expected)}"
    if promise == "TOTAL":
        return f"{whole} {name(attribution)}'s {unit}s share it: their scores {sums}."
    return f"{whole} The {unit}s' scores {sums}; {name(attribution)} promises nothing about their sum."


def _per_unit(attribution: Attribution, expected: Floats) -> str:
    """The first sentence for a method that is complete unit by unit.  expected: [n]."""
    worst = float(np.max(np.abs(attribution.raw - expected), initial=0.0))
    largest = float(np.max(np.abs(expected), initial=0.0))
    subject = f"Every {attribution.settings.unit}'s score"
    drop = "share of F, as the text grows from left to right" if is_causal(attribution) else "drop F(x) − F(x̄ⁱ)"
    if worst == 0:
        return f"{subject} is exactly its own {drop}."
    share = f" ({percent(_rounded_up(worst / largest))} of the largest)" if largest else ""
    return f"{subject} is within {amount(_rounded_up(worst), attribution.settings.output, 1)}{share} of its own {drop}."


def _rounded_up(value: float) -> float:
    """To one digit and never down, since "within" must stay true; six digits are taken as they are, the rest is noise."""
    return float(Context(prec=1, rounding=ROUND_CEILING).create_decimal(f"{value:.5e}"))


def _no_total(attribution: Attribution) -> str:
    """The second sentence: what the same scores add up to."""
    away = abs(attribution.total_delta)
    distance = f"{number(away, 2)} away from F(x) − F(x̄)" if away else "F(x) − F(x̄)"
    if is_causal(attribution):
        return f"Their sum is {distance}: read from left to right the drops add up, so only the deltas are left."
    return f"Their sum is {distance}: {name(attribution)} makes no promise about that sum."


def is_causal(attribution: Attribution) -> bool:
    """Whether each unit was attributed with the units before it in place and the ones after it masked."""
    return bool(attribution.settings.option("context") == "causal")


def read_out(attribution: Attribution) -> str:
    """One sentence for those who do not see the map: the first three words towards the target, the first against it."""
    ranked = order(attribution.raw)
    towards = [place for place in ranked if attribution.raw[place] > 0][:3]
    against = [place for place in order(-attribution.raw) if attribution.raw[place] < 0][:1]
    who, label, unit = name(attribution), shortened(attribution.label, 40), attribution.settings.unit
    if not towards and not against:
        return f"{who} gives every {unit} a score of 0."

    def said(place: int) -> str:
        return f"{_quoted(attribution.units[place].text)} ({number(float(attribution.raw[place]))})"

    first = f"{said(towards[0])} spoke most for {label}" if towards else f"no {unit} spoke for {label}"
    then = f", then {' and '.join(map(said, towards[1:]))}" if towards[1:] else ""
    last = f"{said(against[0])} spoke most against" if against else f"no {unit} spoke against"
    return f"{who} says that {first}{then}; {last} it."


def _quoted(text: str) -> str:
    """A unit's text in quotes; where it runs from right to left, isolated, so that it cannot pull the sentence around."""
    shown = shortened(text, 40) or "∅"
    turns = any(bidirectional(character) in ("R", "AL", "AN") for character in shown)
    return f"“\u2068{shown}\u2069”" if turns else f"“{shown}”"


def in_line(ahead: int, seconds: float | None) -> str:
    """What a job waits for, as a sentence; "" where nobody is before it.  seconds: about how long; None: not known."""
    if not ahead:
        return ""
    before = "1 other computation is" if ahead == 1 else f"{ahead} other computations are"
    about = "" if seconds is None else f", about {duration(seconds)}"
    return f"{before} before it on this server{about}."


def duration(seconds: float) -> str:
    """About how long, to be read by people: "40 s", "12 min", "3.5 h"."""
    if seconds < 90:
        return f"{max(seconds, 1):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
