"""The table of agreement: numbers by hand, and hostile names."""

import re

import pytest

from sigviz.errors import InvalidSettings
from sigviz.explain import explain
from sigviz.views import agreement, wording
from sigviz.views.markup import escaped
from tests import tiny


def _numbers(html: str) -> list[str]:
    return re.findall(r"<td>(.*?)</td>", html)


def test_order_stands_above_the_diagonal_and_top_words_below() -> None:
    same = explain(tiny.bert(), tiny.TEXT, "sig-exact")
    again = explain(tiny.bert(), tiny.TEXT, "sig-exact", seed=1)
    assert _numbers(agreement.html([same, again])) == ["·", "1.00", "100 %", "·"]


def test_what_differs_is_told() -> None:
    runs = [explain(tiny.bert(), tiny.MIXED, method, seed=3) for method in ("sig-exact", "random", "saliency")]
    html = agreement.html(runs)
    assert len(_numbers(html)) == 9 and html.count("·") == 3 and html.count(" %</td>") == 3
    assert all(html.count(escaped(name)) == 2 for name in wording.names(runs))


def test_one_run_agrees_with_nobody() -> None:
    with pytest.raises(ValueError, match="two runs"):
        agreement.html([explain(tiny.bert(), tiny.TEXT, "ig", steps=2)])


def test_runs_of_different_units_cannot_be_compared() -> None:
    runs = [explain(tiny.bert(), tiny.MIXED, "sig-exact", unit=unit) for unit in ("token", "word")]
    with pytest.raises(InvalidSettings):
        agreement.html(runs)
