"""Rows of the token strip: the whole text once, the heatmap's colours and words, nothing hostile left."""

import json
import re
from html import unescape

import pytest

from sigviz.attribution import Unit
from sigviz.views import heatmap, strip
from tests.views.conftest import _attribution

HOSTILE = ["<script>alert(1)</script> film", "a\u202eb film", "a\x00b\x07 film", "שלום עולם", "😀 film", "a  b\n\nc"]


def _shown(row: strip.Row) -> str:
    return "".join(part for piece in row["pieces"] for part, mark in piece["parts"] if not mark)


def _units(row: strip.Row) -> list[dict]:
    return [piece for piece in row["pieces"] if piece["kind"] == "unit"]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_row_holds_the_whole_text_once_with_hidden_characters_made_visible(text: str) -> None:
    row = strip.row(_attribution(text), theme="light")
    assert json.loads(json.dumps(row)) == row, "plain data"
    assert _shown(row) == heatmap.wording.visible(text)
    assert "\u202e" not in json.dumps(row, ensure_ascii=False) and "\x07" not in json.dumps(row)


@pytest.mark.parametrize("scale", ["row", "fixed"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_row_has_the_colours_and_the_emphasis_of_the_heatmap(theme: str, scale: str) -> None:
    attribution = _attribution()
    markup = heatmap.html(attribution, theme=theme, scale=scale)
    spans = re.findall(r'class="(sigviz-unit[^"]*)" style="background-color:([^;]+);', markup)
    found = _units(strip.row(attribution, theme=theme, scale=scale))
    assert [(one["background"], one["top"], one["first"]) for one in found] == [
        (colour, "sigviz-top" in classes, "sigviz-first" in classes) for classes, colour in spans
    ]
    assert [one["said"] for one in found] == [unescape(one) for one in re.findall(r'aria-label="([^"]*)" data-tip', markup)]


def test_what_the_limit_cut_off_is_said() -> None:
    row = strip.row(_attribution("seen unseen", units=(Unit("seen", 0, 4, (1,)),), truncated=1), theme="light")
    (cut,) = [piece for piece in row["pieces"] if piece["kind"] == "cut"]
    assert cut["parts"] == [["unseen", False]] and "1 token beyond its limit" in cut["title"]


def test_special_tokens_stand_around_the_text_where_they_are_given() -> None:
    row = strip.row(_attribution(), theme="light", special=("[CLS]", "[SEP]"))
    assert [piece["kind"] for piece in (row["pieces"][0], row["pieces"][-1])] == ["special", "special"]
    none_behind = strip.row(_attribution(), theme="light", special=("<s>", ""))
    assert [piece["kind"] for piece in none_behind["pieces"]].count("special") == 1


def test_rows_of_one_text_in_the_same_units_are_one_group() -> None:
    one, same, other = (strip.row(_attribution(text), theme="light") for text in ("a b", "a b", "a c"))
    assert one["group"] == same["group"] != other["group"]
    words = _attribution("a b", units=(Unit("a b", 0, 3, (1, 2)),))
    assert strip.row(words, theme="light")["group"] != one["group"]


def test_a_plain_row_needs_no_explanation() -> None:
    units = (Unit("a", 0, 1, (1,)), Unit("b", 2, 3, (2,)))
    row = strip.plain_row("a b", units, theme="light", colours=[None, 1.0], labels=["", "moved"], title="the word moved")
    first, second = _units(row)
    assert (first["background"], first["said"], first["tip"]) == ("", "a", "")
    assert second["background"] and (second["said"], second["tip"]) == ("b: moved", "moved")
    assert row["title"] == "the word moved"


def test_a_row_is_read_out_in_one_sentence() -> None:
    attribution = _attribution()
    assert strip.row(attribution, theme="light")["read_out"] == heatmap.wording.read_out(attribution)
