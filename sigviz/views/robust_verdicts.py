"""What a robustness study says, in sentences: which methods pass the test, and whether SIG passes where IG failed.

Takes what studies.robustness_summary computes and gives HTML for `st.html`: every foreign name escaped and bounded.  All
numbers are per cent or points, with their 95 % intervals.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from sigviz.models.untrained import REDRAWN, UNTRAINED
from sigviz.studies.robustness import SAME
from sigviz.studies.robustness_summary import LEAST, NAMES, SURE, Test, Verdict
from sigviz.views.markup import escaped
from sigviz.views.palette import Theme, inks
from sigviz.views.study_layout import NAME_LENGTH, named
from sigviz.views.wording import number, shortened

IG, SIGS = "ig", ("sig", "sig-exact")  # what the robustness paper asked about, and what it could not
QUESTION = "Does SIG pass where IG failed?"
MOST = 40  # methods that are spoken of
_COPIES = {UNTRAINED: "its copy with an untrained head", REDRAWN: "a copy in which nothing is trained"}
_MARKS = {Verdict.PASSES: "✓", Verdict.FAILS: "✗", Verdict.WORSE: "✗", Verdict.OPEN: "?"}
_CALLED = {
    Verdict.PASSES: "passes",
    Verdict.FAILS: "fails",
    Verdict.WORSE: "fails the other way round",
    Verdict.OPEN: "cannot be told",
}
_SEVERAL = {**_CALLED, Verdict.PASSES: "pass", Verdict.FAILS: "fail", Verdict.WORSE: "fail the other way round"}


@dataclass(frozen=True, slots=True)
class Said:
    """One method's test in words.  name: of the method; text: sentences.  Not escaped."""

    name: str
    verdict: Verdict
    text: str


def said(test: Test) -> Said:
    """The verdict of a test and the numbers that it rests on."""
    name = _name(test)
    copy = _COPIES.get(test.control, shortened(test.control, NAME_LENGTH))
    shares = (
        f"The two models share {_per_cent(test.same)} of their top {test.k} % words, the model and {copy} "
        f"{_per_cent(test.with_control)}"
    )
    if test.verdict is Verdict.OPEN:
        fewest = min(test.n_same, test.n_control)
        if not fewest:
            what = "the other model" if not test.n_same else copy
            return Said(name, test.verdict, f"On no text do the model and {what} predict the same class.")
        few = f"That rests on {number(fewest)} texts; a verdict takes {LEAST}" if fewest < LEAST else "There is no interval"
        return Said(name, test.verdict, f"{shares}. {few}.")
    what = {
        Verdict.PASSES: "more than chance explains",
        Verdict.FAILS: "may be chance",
        Verdict.WORSE: "more than chance explains, but the wrong way round: the untrained copy has more words in common",
    }[test.verdict]
    return Said(name, test.verdict, f"{shares}: the difference of {difference(test)} {_is(test.verdict)}{what}.")


def difference(test: Test) -> str:
    """ "+4.0 points (95 % interval −1.2 to +9.1)"."""
    low, high = _points(test.low), _points(test.high)
    return f"{_points(test.difference)} points ({SURE:g} % interval {low} to {high})"


def count(tests: Sequence[Test]) -> str:
    """How many methods pass, by name, in one sentence; "" without any tests."""
    if not tests:
        return ""
    parts = [f"{len(tests)} {'methods were' if len(tests) > 1 else 'method was'} tested"]
    for verdict in Verdict:
        names = [_name(test) for test in tests if test.verdict is verdict]
        if names:
            verb = _CALLED[verdict] if len(names) == 1 else _SEVERAL[verdict]
            many = f"Of {len(names)} it" if verdict is Verdict.OPEN else f"{len(names)}"
            parts.append(f"{many} {verb}: {_listed(names)}")
    return _unbroken(f"{'. '.join(parts)}.")


def answer(tests: Sequence[Test]) -> str:
    """The answer to QUESTION from these tests, of one control, K and reduction, with its numbers."""
    of_ig = [test for test in tests if test.run["method"] == IG]
    of_sig = [test for test in tests if test.run["method"] in SIGS]
    if not of_ig or not of_sig:
        lacking = " and ".join(name for name, there in (("IG", of_ig), ("SIG", of_sig)) if not there)
        return f"This study cannot tell: it has no test of {lacking}."
    numbers = "; ".join(f"{_name(test)}: {_CALLED[test.verdict]}, {_difference(test)}" for test in (*of_ig[:8], *of_sig[:8]))
    caution = (
        "Whether SIG and IG differ from each other is another question, which a pass and a fail do not answer: compare the "
        "intervals."
    )
    decided = Verdict.OPEN not in {test.verdict for test in (*of_ig, *of_sig)}
    return _unbroken(f"{_in_short(of_ig, of_sig)} {numbers}. {caution if decided else ''}".strip())


def _in_short(of_ig: Sequence[Test], of_sig: Sequence[Test]) -> str:
    ig, sig = {test.verdict for test in of_ig}, {test.verdict for test in of_sig}
    if Verdict.OPEN in ig | sig:
        return f"It cannot be told from so few texts (at least {LEAST} are needed on either side)."
    if ig == {Verdict.PASSES}:
        also = "so does SIG" if sig == {Verdict.PASSES} else "SIG does not" if Verdict.PASSES not in sig else "SIG in part"
        return f"Here IG passes, and {also}." if also != "SIG does not" else "Here IG passes, but SIG does not."
    if Verdict.PASSES in ig:
        return "Here IG passes in part, depending on its settings."
    if sig == {Verdict.PASSES}:
        return "Yes: IG fails here, and SIG passes."
    return "In part: IG fails here, and of SIG's forms some pass." if Verdict.PASSES in sig else "No: both fail here."


def agreement(means: pd.DataFrame, other: str) -> str:
    """On how many texts the model and `other` predict the same class; "" where that was not measured."""
    rows = means[(means["metric"] == SAME) & (means["other"] == other)]
    if not len(rows) or not int(rows["n"].iloc[0]):
        return ""
    row = rows.iloc[0]
    error = f" (standard error {row['se']:.1f})" if math.isfinite(row["se"]) else ""
    return f"{row['mean']:.1f} %{error} of the {number(int(row['n']))} text{'' if row['n'] == 1 else 's'}"


def html(tests: Sequence[Test], further: Sequence[Test], theme: Theme) -> str:
    """A list, an entry a method: its verdict, and why.  further: the same beside a copy in which nothing is trained."""
    ink = inks(theme)
    harder = {_run(test): test for test in further}
    rows = []
    for test in tests[:MOST]:
        one, more = said(test), harder.get(_run(test))
        mark = f'<span aria-hidden="true">{_MARKS[one.verdict]}</span>'
        verdict = f"<b>{mark} {escaped(one.name)}{':' if one.verdict is Verdict.OPEN else ''} {_CALLED[one.verdict]}.</b>"
        tail = ""
        if more is not None:
            tail = f' <span style="color:{ink.muted}">{escaped(_unbroken(_harder(more)))}</span>'
        rows.append(f'<li style="margin:.35rem 0">{verdict} {escaped(_unbroken(one.text))}{tail}</li>')
    if len(tests) > MOST:
        rows.append(f"<li>And {number(len(tests) - MOST)} more, which the table has.</li>")
    return f'<ul style="color:{ink.text};padding:0;margin:0;list-style:none">{"".join(rows)}</ul>' if rows else ""


def _harder(test: Test) -> str:
    called = NAMES[REDRAWN].lower()
    if test.verdict is Verdict.OPEN:
        return f"Beside a copy with {called}: {_CALLED[test.verdict]} ({number(min(test.n_same, test.n_control))} texts)."
    shared = f"{_per_cent(test.with_control)} shared, {difference(test)}"
    return f"Beside a copy with {called}: {shared}, {_CALLED[test.verdict]}."


def _run(test: Test) -> tuple[object, ...]:
    return tuple(test.run.values())


def _name(test: Test) -> str:
    label, detail = named(str(test.run["method"]), str(test.run["settings"]))
    return shortened(f"{label} ({detail})" if detail else label, NAME_LENGTH)


def _difference(test: Test) -> str:
    return difference(test) if test.verdict is not Verdict.OPEN else f"{min(test.n_same, test.n_control):,} texts"


def _unbroken(text: str) -> str:
    """No line ends between a number and its per cent sign."""
    return text.replace(" %", "\u00a0%")


def _listed(names: Sequence[str]) -> str:
    shown = "; ".join(names[:12])  # a name may hold a comma
    return shown + (f" and {len(names) - 12} more" if len(names) > 12 else "")


def _is(verdict: Verdict) -> str:
    return "" if verdict is Verdict.FAILS else "is "


def _per_cent(value: float) -> str:
    return f"{value:.1f} %" if math.isfinite(value) else "an unknown share"


def _points(value: float) -> str:
    """Signed, one decimal, but never rounded to the 0 that a verdict hangs on."""
    text = f"{value:+.1f}" if value == 0 or abs(value) >= 0.05 else f"{value:+.1g}"
    return "0" if value == 0 else text.replace("-", "−")
