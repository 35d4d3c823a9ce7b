"""The bars of class probabilities."""

import re

import numpy as np
import pytest

from sigviz.attribution import Prediction
from sigviz.views import classes


def _prediction(probabilities: list[float], target: int, labels: tuple[str, ...] | None = None) -> Prediction:
    names = labels or tuple(f"class {i}" for i in range(len(probabilities)))
    return Prediction(names, np.asarray(probabilities), target)


def _rows(html: str) -> list[str]:
    return re.findall(r'<div role="listitem".*?</div>', html)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_classes_are_ranked_and_the_target_is_marked(theme: str) -> None:
    rows = _rows(classes.html(_prediction([0.2, 0.7, 0.1], target=0), theme))
    assert ["class 1" in rows[0], "class 0" in rows[1], "class 2" in rows[2]] == [True] * 3
    assert ["▸" in row for row in rows] == [False, True, False]
    assert "width:70.00%" in rows[0] and "70" in rows[0].rsplit("<span>", 1)[1]


def test_many_classes_are_bounded_and_the_target_is_always_among_them() -> None:
    probabilities = [1 / 50] * 50
    rows = _rows(classes.html(_prediction(probabilities, target=49), "light"))
    assert len(rows) == classes.MOST_CLASSES + 1
    assert any("▸ <b>" in row and "class 49" in row for row in rows)
    assert "30 others" in rows[-1] and "width:60.00%" in rows[-1]


def test_labels_are_only_text() -> None:
    html = classes.html(_prediction([0.5, 0.5], 0, ("<img src=x onerror=alert(1)>", 'a"b')), "light")
    assert "<img" not in html and "&lt;img" in html
