"""Explanations as data: CSV with one row a unit and run, JSON as the command line prints it."""

import json
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from sigviz.attribution import Attribution, document
from sigviz.methods.runs import RunChoice
from sigviz.views import reproduce

MOST_REPEATED = 5_000_000  # characters of the column text, which stands in every row


def csv(found: Sequence[Attribution], *, revision: str = "") -> str:
    """One row a unit, run by run in the order given; numbers with all their digits, empty where there is none.

    The columns are those of `rows`.  In CSV no text can start a formula: what looks like one has an apostrophe in front.
    revision: TextClassifier.revision of their one model.  Raises InvalidSettings where there is nothing, or more than one
    model while a revision is given.
    """
    import pandas as pd  # slow to import, and `import sigviz` leads here

    from sigviz.views import export

    return export.csv(pd.DataFrame(rows(found, revision=revision), dtype=object))


def rows(found: Sequence[Attribution], *, revision: str = "") -> list[dict[str, Any]]:
    """One dict a unit and run.

    run: from 1, the place of the run in `found`.  settings: what differs from the method's defaults, as a line that
    `--method` takes.  within: characters START:END outside of which nothing moved, empty for the whole text.  target: the
    class' number; label, probability: of that class.  output_x, output_baseline: F(x) and F(x̄).  unit_index: from 1, in the
    order of the text; unit_text stands in the text at [start, end), characters.  raw: signed, in the unit of F; score: raw /
    ||raw||; spread: standard deviation of raw over the seeds; expected: F(x) - F(x̄ⁱ); delta: raw - expected.  truncated:
    tokens that were left out; windows: in how many the text was read.  seconds, forward, backward: of the whole run, in each
    of its rows.  Where the texts would take more than MOST_REPEATED characters, there is no column for them.  revision,
    Raises: as for `csv`.
    """
    reproduce.one_model(found, revision)
    with_text = sum(len(one.text) * len(one.units) for one in found) <= MOST_REPEATED
    made = []
    for run, one in enumerate(found, start=1):
        before, behind = _of_run(one, run, revision, with_text), _of_cost(one)
        none = [None] * len(one.units)
        optional = [none if values is None else values.tolist() for values in (one.spread, one.expected, one.delta)]
        scored = zip(one.units, one.raw.tolist(), one.scores.tolist(), *optional, strict=True)
        for index, (unit, raw, score, spread, expected, delta) in enumerate(scored, start=1):
            place = {"unit_index": index, "unit_text": unit.text, "start": unit.start, "end": unit.end}
            numbers = {"raw": raw, "score": score, "spread": spread, "expected": expected, "delta": delta}
            made.append({**before, **place, **numbers, **behind})
    return made


def to_json(found: Sequence[Attribution], *, revision: str = "") -> str:
    """What `explain --json` prints (sigviz.attribution.document), with `revision` and `versions` besides.

    Where texts, models or targets differ: {"versions", "explanations": [such an object for each]}, runs that follow one
    another and share them together.  revision, Raises: as for `csv`.
    """
    reproduce.one_model(found, revision)
    made = [{**document(list(group)), "revision": revision or None} for _, group in groupby(found, key=_shared)]
    versions = reproduce.versions(found)
    whole: Mapping[str, Any] = (
        {**made[0], "versions": versions} if len(made) == 1 else {"versions": versions, "explanations": made}
    )
    return json.dumps(whole, ensure_ascii=False, indent=1) + "\n"


def _shared(one: Attribution) -> tuple[object, ...]:
    """What one object of the JSON says once for all of its runs depends on these."""
    return one.text, one.model, one.target, one.cost.device, one.cost.dtype, one.settings.window


def _of_run(one: Attribution, run: int, revision: str, with_text: bool) -> dict[str, Any]:
    """What all rows of a run begin with."""
    asked = one.settings
    return {
        "run": run,
        **({"text": one.text} if with_text else {}),
        "model": one.model,
        "revision": revision or None,
        "method": asked.method,
        "settings": str(RunChoice(asked.method, asked.baseline, dict(asked.options))),
        "baseline": asked.baseline,
        "unit": asked.unit,
        "window": asked.window,
        "within": None if asked.within is None else "{}:{}".format(*asked.within),
        "seed": asked.seed,
        "target": one.target,
        "label": one.label,
        "probability": float(one.probabilities[one.target]),
        "output": asked.output,
        "contrast": None if asked.contrast is None else str(asked.contrast),
        "output_x": one.output,
        "output_baseline": one.baseline_output,
    }


def _of_cost(one: Attribution) -> dict[str, Any]:
    """What they end with."""
    cost = one.cost
    return {
        "total_delta": one.total_delta,
        "truncated": one.truncated,
        "windows": one.windows,
        "seconds": cost.seconds,
        "forward": cost.forward,
        "backward": cost.backward,
        "device": cost.device,
        "dtype": cost.dtype,
        "notes": " ".join(one.notes),
    }
