"""The tables of ranks: every number is there, hostile words stay words, and the sentence says what the numbers say."""

import re
from dataclasses import replace

import numpy as np
import pytest

from sigviz.attribution import Attribution, Unit
from sigviz.explain import explain
from sigviz.methods import METHODS
from sigviz.teaching import ranks
from sigviz.teaching.ranks import Ranking
from sigviz.views import ranks as views
from sigviz.views.palette import THEMES
from tests import tiny

HOSTILE = '<img src=x onerror=alert(1)>"-->'


def _found(*rows: list[float], methods: tuple[str, ...] = ("sig-exact", "saliency", "random"), n: int = 0) -> Ranking:
    one = explain(tiny.bert(), tiny.TEXT, "sig-exact")
    units = tuple(Unit(f"w{place}", place, place + 1, (place,)) for place in range(n or len(rows[0])))
    made: list[Attribution] = [
        replace(one, units=units, raw=np.array(row, float), expected=None, settings=METHODS[method].settings())
        for row, method in zip(rows, methods, strict=False)
    ]
    return ranks.ranking(made)


FOUND = _found([3, 2, 1, 0], [0, 3, 2, 1], [1, 1, 0, 0])


def _cells(html: str) -> list[list[str]]:
    """The body's rows as plain text, without colours."""
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", html.split("<tbody>")[1])
    return [[re.sub(r"<[^>]*>", "", cell) for cell in re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row)] for row in rows]


@pytest.mark.parametrize("theme", THEMES)
def test_the_matrix_has_every_rank_in_the_order_asked_for(theme: str) -> None:
    rows = _cells(views.matrix(FOUND, FOUND.texts_order, theme))  # type: ignore[arg-type]
    assert rows == [
        ["w0 1", "1.50", "1 to 4", "1", "4", "1.5"],
        ["w1 2", "0.50", "1 to 2", "2", "1", "1.5"],
        ["w2 3", "0.50", "2 to 3", "3", "2", "3.5"],
        ["w3 4", "0.50", "3 to 4", "4", "3", "3.5"],
    ]
    disputed = _cells(views.matrix(FOUND, FOUND.disputed[::-1], theme))  # type: ignore[arg-type]
    assert [row[0] for row in disputed] == ["w3 4", "w2 3", "w1 2", "w0 1"]


def test_colour_follows_the_rank_and_never_stands_alone() -> None:
    html = views.matrix(FOUND, [0, 3], "light")
    first, last = (re.search(rf"background-color:(#\w+)[^>]*>{rank}</td>", html) for rank in ("1", "4"))
    assert first and last and first[1] != last[1]
    assert all(re.fullmatch(r"[\d.]+", cell) for row in _cells(html) for cell in row[3:])


def test_the_selected_word_is_marked_in_words_too() -> None:
    assert "aria-current" not in views.matrix(FOUND, FOUND.disputed, "light")
    html = views.matrix(FOUND, FOUND.disputed, "light", selected=2)
    assert html.count("aria-current") == 1 and [row[0] for row in _cells(html) if "▸" in row[0]] == ["▸ w2 3"]


def test_of_a_long_text_the_first_rows_are_drawn_and_it_says_so() -> None:
    n = views.MOST_ROWS + 5
    found = _found([*range(n)], [*range(n)][::-1], n=n)
    html = views.matrix(found, found.texts_order, "light")
    assert len(_cells(html)) == views.MOST_ROWS and f"of {n} tokens are shown" in html
    assert "are shown" not in views.matrix(FOUND, FOUND.texts_order, "light")


def test_pairs_stand_above_and_below_the_diagonal() -> None:
    html = views.pair_matrix(FOUND, ranks.pairs(FOUND, 25), 25, "light")
    assert _cells(html) == [
        ["SIG exact", "·", "0.00", "0.82"],
        ["Saliency", "0 %", "·", "0.00"],
        ["Random(control)", "100 %", "0 %", "·"],
    ]
    assert "1 token)" in html and "<small>(control)</small>" in html


def test_negative_agreement_is_dashed() -> None:
    found = _found([3, 2, 1, 0], [0, 1, 2, 3])
    html = views.pair_matrix(found, ranks.pairs(found, 50), 50, "dark")
    assert "−1.00" in html and html.count("repeating-linear-gradient") == 1


def test_one_word_is_shown_by_every_method() -> None:
    rows = _cells(views.word(FOUND, 0, "light"))
    assert [row[0] for row in rows] == ["SIG exact", "Saliency", "Random(control)"]
    assert [row[1] for row in rows] == ["1", "4", "1.5"] and rows[0][2] == "3.00 logits" and rows[1][3] == "0.00"


def test_the_sentence_says_what_the_numbers_say() -> None:
    found = _found([3, 2, 1, 0], [3, 2, 0, 1], [0, 1, 2, 3], methods=("ig", "sig-exact", "saliency"))
    said = views.in_words(found, ranks.pairs(found, 25))
    assert "Of these 3 methods, IG and SIG exact agree most (τ = 0.67, 100\u00a0% of their top words in common)" in said
    assert "IG and Saliency least (τ = −1.00, 0\u00a0% of their top words in common)" in said
    assert "“w0”: rank 1 of 4 by IG, rank 4 by Saliency (spread 1.41 places)" in said


def test_two_methods_and_full_agreement_have_sentences_of_their_own() -> None:
    said = views.in_words(FOUND, ranks.pairs(FOUND, 25))
    assert said.startswith("SIG exact and Saliency agree with a Kendall’s τ of 0.00") and "Random" not in said
    same = _found([3, 2, 1], [3, 2, 1])
    assert "every token at the same rank" in views.in_words(same, ranks.pairs(same, 25))


def test_what_must_be_known_of_a_method_is_said_where_it_is_there() -> None:
    said = views.caveats(FOUND)
    assert len(said) == 2 and "no sign" in said[0] and "Random is the control" in said[1]
    assert views.caveats(_found([1, 2], [2, 1], methods=("ig", "dig"))) == []


def test_hostile_words_and_labels_stay_text() -> None:
    units = tuple(replace(unit, text=HOSTILE) for unit in FOUND.units)
    made = [replace(one, units=units, label=HOSTILE) for one in FOUND.attributions]
    found = ranks.ranking(made)
    pairs = ranks.pairs(found, 25)
    for html in (
        views.matrix(found, [0, 1, 2, 3], "light"),
        views.pair_matrix(found, pairs, 25, "light"),
        views.word(found, 0, "light"),
    ):
        assert "<img" not in html and "-->" not in html
    assert "&lt;img" in views.word(found, 0, "light")


@pytest.mark.parametrize("theme", THEMES)
def test_the_style_sheet_is_one_block(theme: str) -> None:
    html = views.style(theme)  # type: ignore[arg-type]
    assert html.startswith("<style>") and html.endswith("</style>") and html.count("<") == 2
