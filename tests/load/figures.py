"""What `make soak` measured: each figure by name, in .test-output/soak.json, and all of them as a table.

python -m tests.load.figures    prints the table
"""

import json
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tests.load.size import SOAK

PLACE = Path(__file__).parent.parent.parent / ".test-output" / "soak.json"


def note(name: str, value: float, unit: str) -> None:
    """Keep a figure, under `make soak` alone: the small sizes measure nothing."""
    if SOAK:
        _write(PLACE, {**read(PLACE), name: {"value": round(float(value), 6), "unit": unit}})


def note_latencies(name: str, seconds: Sequence[float]) -> None:
    """Keep the median and the 95th percentile."""
    for percentile in (50, 95):
        note(f"{name}, p{percentile}", float(np.percentile(seconds, percentile)), "s")


def read(place: Path) -> dict[str, dict[str, object]]:
    """The figures so far, by name."""
    return dict(json.loads(place.read_text("utf-8"))) if place.exists() else {}


def table(found: dict[str, dict[str, object]]) -> str:
    """One line a figure: its name, value and unit."""
    wide = max(map(len, found), default=0)
    return "\n".join(f"{name:{wide}}  {one['value']:>14,.6g} {one['unit']}" for name, one in found.items())


def _write(place: Path, found: dict[str, dict[str, object]]) -> None:
    place.parent.mkdir(exist_ok=True)
    fresh = place.with_name(f"{place.name}.new")
    fresh.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    os.replace(fresh, place)


if __name__ == "__main__":
    print(table(read(PLACE)))
