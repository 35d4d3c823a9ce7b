"""The figures of a soak are kept by name and printed with their units."""

from pathlib import Path

import pytest

from tests.load import figures
from tests.load.memory import slope, steady


def test_figures_are_kept_under_soak_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "PLACE", tmp_path / "out" / "soak.json")
    monkeypatch.setattr(figures, "SOAK", False)
    figures.note("a", 1.0, "s")
    assert not list(tmp_path.iterdir()) and figures.table(figures.read(figures.PLACE)) == ""
    monkeypatch.setattr(figures, "SOAK", True)
    figures.note("a", 1.0, "s")
    figures.note_latencies("wait", [1.0, 2.0, 3.0])
    assert figures.read(figures.PLACE)["wait, p50"] == {"value": 2.0, "unit": "s"}
    assert [line.split()[-1] for line in figures.table(figures.read(figures.PLACE)).splitlines()] == ["s"] * 3


def test_a_slope_is_found_in_noise() -> None:
    assert slope([0, 1, 2, 3], [5.0, 7.0, 9.0, 11.0]) == pytest.approx(2.0)
    assert abs(slope([0, 1, 2, 3], [5.0, 5.1, 5.0, 5.1])) < 0.05


def test_what_happens_once_is_no_steady_growth_and_what_goes_on_is() -> None:
    assert abs(steady([0, 10, 20, 30, 40], [5.0, 5.1, 905.0, 905.1, 905.0])) < 0.05
    assert steady([0, 10, 20, 30, 40], [5.0, 25.0, 45.0, -855.0, -835.0]) == pytest.approx(2.0)
