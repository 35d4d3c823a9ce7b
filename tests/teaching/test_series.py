"""Explanations in a row: in order, made when asked for, under one bar."""

import threading

import numpy as np
import pytest

from sigviz.errors import Cancelled
from sigviz.explain import explain_with
from sigviz.methods import METHODS
from sigviz.teaching.series import one_by_one
from tests import tiny

WANTED = [METHODS["ig"].settings(steps=3), METHODS["sig-exact"].settings(), METHODS["sig"].settings(steps=2)]


def test_they_come_in_order_and_are_those_of_explain() -> None:
    found = list(one_by_one(tiny.bert(), tiny.TEXT, WANTED, lambda *done: None, threading.Event()))
    assert [one.settings for one in found] == WANTED
    for one, settings in zip(found, WANTED, strict=True):
        assert np.array_equal(one.raw, explain_with(tiny.bert(), tiny.TEXT, settings).raw)


def test_progress_grows_over_all_of_them_to_the_total() -> None:
    seen: list[tuple[int, int]] = []
    list(one_by_one(tiny.bert(), tiny.TEXT, WANTED, lambda *done: seen.append(done), threading.Event()))
    assert seen == sorted(seen) and len({total for _, total in seen}) == 1 and seen[-1][0] == seen[-1][1]


def test_a_stop_ends_it_between_two() -> None:
    cancel = threading.Event()
    row = one_by_one(tiny.bert(), tiny.TEXT, WANTED, lambda *done: None, cancel)
    next(row)
    cancel.set()
    with pytest.raises(Cancelled):
        next(row)
