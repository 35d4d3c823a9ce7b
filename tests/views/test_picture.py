"""The SVG: well-formed whatever the text is, every character in its place, every piece within its box."""

import re
import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sigviz.attribution import Unit
from sigviz.views import picture
from sigviz.views.palette import THEMES, colour, inks
from sigviz.views.wording import visible

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "<script>alert('&')</script> ]]> \x1b[31m \ufffe \u202e x\n\n  y"


def units_of(root: ET.Element) -> list[ET.Element]:
    return [group for group in root.iter(f"{SVG}g") if group.find(f"{SVG}title") is not None]


def said(element: ET.Element) -> str:
    return "".join(text.text or "" for text in element.iter(f"{SVG}text"))


def test_every_word_stands_on_its_colour_with_its_value(attribution) -> None:
    one = attribution()
    root = ET.fromstring(picture.svg([one]))
    groups = units_of(root)
    assert [said(group) for group in groups] == ["a", "hideous", ",", "confusing", "spectacle"]
    largest = float(abs(one.raw).max())
    for group, raw in zip(groups, one.raw, strict=True):
        assert group.find(f"{SVG}rect").get("fill") == colour(float(raw) / largest, "light")[0]
    assert groups[1].find(f"{SVG}title").text.startswith("hideous: 2.314 (the target's logit), rank 1 of 5")


def test_the_top_words_are_bold_and_the_first_is_underlined(attribution) -> None:
    words = " ".join(f"w{i}" for i in range(10))
    groups = units_of(ET.fromstring(picture.svg([attribution(words, raw=[0, 3, 0, 5, *[0] * 6])])))
    bold = [said(group) for group in groups if group.find(f"{SVG}text").get("font-weight") == "700"]
    underlined = [said(group) for group in groups if len(group.findall(f"{SVG}rect")) == 2]
    assert (bold, underlined) == (["w1", "w3"], ["w3"])


@pytest.mark.parametrize("theme", THEMES)
def test_it_is_read_out_and_named_in_both_themes(attribution, theme) -> None:
    root = ET.fromstring(picture.svg([attribution(), attribution(settings={"method": "ig"})], theme=theme))
    assert root.get("role") == "img" and "hideous" in root.find(f"{SVG}title").text
    assert "SIG says that" in root.find(f"{SVG}desc").text and "IG says that" in root.find(f"{SVG}desc").text
    assert root.find(f"{SVG}rect").get("fill") == inks(theme).page
    whole = " ".join(text.text for text in root.iter(f"{SVG}text"))
    for fact in ("target negative", "F(x) 4.610", "steps 50", "against negative", "towards negative", "top 20 %"):
        assert fact in whole


def test_rows_can_share_a_scale(attribution) -> None:
    weak, strong = attribution(raw=(0.1, 0.2)), attribution(raw=(1.0, 2.0), settings={"method": "ig"})
    own, shared = (units_of(ET.fromstring(picture.svg([weak, strong], scale=scale))) for scale in ("row", "shared"))
    fills = [[group.find(f"{SVG}rect").get("fill") for group in groups] for groups in (own, shared)]
    assert fills[0][:5] == fills[0][5:] and fills[1][:5] != fills[1][5:] and fills[1][5:] == fills[0][5:]


def boxes(root: ET.Element) -> list[tuple[float, float]]:
    """Left and right end of everything that is placed."""
    found = []
    for rect in root.iter(f"{SVG}rect"):
        left = float(rect.get("x", 0))
        found.append((left, left + float(rect.get("width"))))
    for text in root.iter(f"{SVG}text"):
        length, x = float(text.get("textLength")), float(text.get("x"))
        left = x - length / 2 if text.get("text-anchor") == "middle" else x
        found.append((left, left + length))
    return found


@given(st.text(min_size=1, max_size=300), st.randoms(use_true_random=False))
def test_any_text_is_well_formed_whole_and_within_the_picture(attribution, text, random) -> None:
    cuts = sorted({0, len(text), *(random.randrange(len(text) + 1) for _ in range(6))})
    units = [Unit(text[a:b], a, b, (i,)) for i, (a, b) in enumerate(pairwise(cuts))]
    written = picture.svg([attribution(text, units=units)])
    root = ET.fromstring(written.encode())
    assert written.encode().decode() == written
    width = float(root.get("width"))
    assert all(0 <= left <= right <= width + 0.01 for left, right in boxes(root))
    # every character that is not white space is there, once and in order, but for the marks put besides
    row = [text for text in root.iter(f"{SVG}text") if text.get("text-anchor") == "middle" and not text.get("font-size")]
    shown = "".join(sorted("".join(item.text for item in row)))
    wanted = "".join(
        sorted(re.sub(r"[^\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\ufffd", re.sub(r"\s", "", visible(text))))
    )
    assert shown == wanted


def test_hostile_text_is_text(attribution) -> None:
    root = ET.fromstring(picture.svg([attribution(HOSTILE, model=HOSTILE, label=HOSTILE, labels=(HOSTILE, "b"))]))
    assert {element.tag.removeprefix(SVG) for element in root.iter()} == {"svg", "title", "desc", "rect", "g", "text"}


def test_long_texts_wrap_and_long_words_too(attribution) -> None:
    root = ET.fromstring(picture.svg([attribution("word " * 60 + "x" * 300)]))
    lines = {text.get("y") for group in units_of(root) for text in group.iter(f"{SVG}text")}
    assert len(lines) >= 4 + 4
    assert float(root.get("height")) > max(float(y) for y in lines)


def left_to_right(root: ET.Element) -> list[str]:
    placed = [text for group in units_of(root) for text in group.iter(f"{SVG}text")]
    return [text.text for text in sorted(placed, key=lambda text: float(text.get("x")))]


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("one two three", ["one", "two", "three"]),
        ("שלום עולם", ["עולם", "שלום"]),
        ("שלום the film עולם", ["עולם", "the", "film", "שלום"]),
        ("the שלום עולם film", ["the", "עולם", "שלום", "film"]),
        ("1 2", ["1", "2"]),
    ],
)
def test_words_stand_in_the_order_in_which_they_are_read(attribution, text, order) -> None:
    root = ET.fromstring(picture.svg([attribution(text)]))
    assert left_to_right(root) == order
    right_to_left = {text.text for text in root.iter(f"{SVG}text") if text.get("direction") == "rtl"}
    assert right_to_left == {word for word in order if word[0] > "\u0590"}


@pytest.mark.parametrize(
    ("text", "cells", "clusters"),
    [
        ("ab", 2, 2),
        ("电影", 4, 2),
        ("e\u0301", 1, 1),
        ("😀", 2, 1),
        ("👨\u200d👩\u200d👧", 2, 1),
        ("🇩🇪", 2, 1),
        ("👍🏽", 2, 1),
        ("❤\ufe0f", 2, 1),
    ],
)
def test_wide_characters_take_two_cells_and_marks_none(text, cells, clusters) -> None:
    assert (picture.cells(text), len(picture.clusters(text))) == (cells, clusters)


def test_nothing_gives_the_legend_alone() -> None:
    assert not units_of(ET.fromstring(picture.svg([])))
