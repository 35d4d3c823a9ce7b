"""Any text, label and name through everything that is drawn or exported: well formed, and foreign text is text everywhere."""

import csv
import io
import time
from dataclasses import replace
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import sigviz
from sigviz.attribution import Attribution
from sigviz.errors import InvalidText
from sigviz.views import heatmap, picture, strip, wording
from sigviz.views.palette import THEMES
from tests import tiny
from tests.fuzz.checking import assert_harmless_latex, csv_rows, elements, json_value, svg_elements
from tests.fuzz.strings import FRAGMENTS, HUGE, WORST, sendable, texts
from tests.load.figures import note
from tests.load.size import size

SAME = settings(
    max_examples=size(25, 1_500), derandomize=True, database=None, suppress_health_check=[*HealthCheck], deadline=None
)
names = texts(3)


def explained(text: str, method: str = "ig") -> Attribution | None:
    try:
        given_steps = {"steps": 1} if method == "ig" else {}
        return sigviz.explain(tiny.bert(), text, method, **given_steps)
    except InvalidText:
        return None


@cache
def plain() -> dict[str, set[tuple[str, str]]]:
    """The elements and attributes that are made of texts in which nothing is odd: what else there is, a text injected."""
    found: dict[str, set[tuple[str, str]]] = {}
    for text in (
        "a good film",
        "good\nfilm\tnot \x07 bad \u200b",
        "film " * 100,
        "a \u202e film",
        "שלום film مرحبا",
        "e\u0301 \u0301 👩\u200d👧",
    ):
        one = explained(text)
        assert one is not None
        for place, made in drawn([one, replace(one, settings=replace(one.settings, seed=1))]).items():
            found.setdefault(place, set()).update(made)
    return found


def drawn(found: list[Attribution]) -> dict[str, set[tuple[str, str]]]:
    """Elements of all HTML and SVG that is made of explanations; fails where one is not well formed."""
    one = found[0]
    return {
        "row": elements(heatmap.html(one, theme="light", special=("[CLS]", "[SEP]"))),
        "grid": elements(heatmap.grid(found, theme="dark")),
        "column": elements(heatmap.column(found, 0)),
        "legend": elements(heatmap.legend("light", one.label)),
        "file": elements(sigviz.render(found, "html")),
        "svg": svg_elements(sigviz.render(found, "svg")),
    }


def check(found: list[Attribution]) -> None:
    """Everything that is made of these explanations, of one text."""
    for place, made in drawn(found).items():
        assert made <= plain()[place], f"{place}: {made - plain()[place]}"
    rows = csv_rows(sigviz.render(found, "csv"))
    assert len(rows) == sum(len(one.units) for one in found)
    assert [int(row["start"]) for row in rows[: len(found[0].units)]] == [unit.start for unit in found[0].units]
    for colours in (False, True):
        assert_harmless_latex(sigviz.render(found, "latex", colours=colours))
    said = json_value(sigviz.render(found, "json"))
    assert said["text"] == found[0].text and said["label"] == found[0].label
    for one in found:
        for theme in THEMES:
            row = strip.row(one, theme=theme)
            shown = "".join(part for piece in row["pieces"] for part, mark in piece["parts"] if not mark)
            assert shown.replace("\n", "") in wording.visible(one.text).replace("\n", "") or one.truncated
            assert not any(0xD800 <= ord(character) < 0xE000 for character in repr_text(row)), "it cannot be sent"
        assert "\n" not in wording.read_out(one).strip()


def repr_text(value: object) -> str:
    """All strings in plain data, one after the other."""
    if isinstance(value, dict):
        return "".join(map(repr_text, [*value.keys(), *value.values()]))
    if isinstance(value, list | tuple):
        return "".join(map(repr_text, value))
    return value if isinstance(value, str) else ""


@SAME
@given(texts())
def test_any_text_is_drawn_and_exported_as_text(text: str) -> None:
    one = explained(text)
    if one is not None:
        check([one, replace(one, settings=replace(one.settings, seed=1))])


@SAME
@given(names, names, texts(3))
def test_any_label_and_model_name_is_drawn_and_exported_as_text(label: str, model: str, baseline: str) -> None:
    one = explained("a good film")
    assert one is not None
    asked = replace(one.settings, baseline=baseline or "mask")
    labels = (label, f"{label} (1)", f"{label} (2)")
    check([replace(one, label=label, labels=labels, target=0, model=model, settings=asked)])


@pytest.mark.parametrize("text", size(WORST[::3], (*WORST, *FRAGMENTS)), ids=ascii)
def test_the_worst_texts_are_drawn_and_exported_as_text(text: str) -> None:
    one = explained(f"film {text}", "sig-exact")
    assert one is not None
    check([one])


LONG = size(50_000, 1_000_000)  # characters


@pytest.mark.parametrize("name", size(["tags", "accents"], [*HUGE]))
def test_a_megabyte_of_anything_is_drawn_and_exported(name: str) -> None:
    one = explained(f"film {HUGE[name][:LONG]}")
    assert one is not None
    begun = time.perf_counter()
    check([one])
    note(f"fuzz: a megabyte of {name} drawn and exported", time.perf_counter() - begun, "s")


@pytest.mark.parametrize("text", ["a" * 20_000, "\u202ea" * 10_000])
def test_a_picture_of_one_endless_word_is_not_much_longer_than_it(text: str) -> None:
    one = explained(text, "sig-exact")
    assert one is not None
    assert len(picture.svg([one])) < 120 * len(text)


@pytest.mark.parametrize("text", ["a" * 20_000, "e" + "\u0301" * 20_000, "电" * 20_000, "a " * 10_000, "🇩🇪" * 10_000])
def test_a_picture_looks_at_each_character_a_few_times_only(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted: with each looked at once for every other one on its line, a pasted file held up the server for minutes."""
    looked, bodiless = [0], picture._bodiless

    def counted(character: str) -> bool:
        looked[0] += 1
        return bodiless(character)

    one = explained(f"film {text}")
    assert one is not None
    monkeypatch.setattr(picture, "_bodiless", counted)
    sigviz.render(one, "svg")
    assert 0 < looked[0] < 8 * len(text)


@SAME
@given(st.lists(texts(2), min_size=1, max_size=3))
def test_any_text_comes_back_out_of_the_csv(found: list[str]) -> None:
    text = " ".join(["film", *found])
    one = explained(text)
    assert one is not None
    rows = list(csv.DictReader(io.StringIO(sendable(sigviz.render(one, "csv")), newline="")))
    for row, unit in zip(rows, one.units, strict=True):
        expected = sendable(unit.text).replace("\x00", "").replace("\r\n", "\n").replace("\r", "\n")
        assert row["unit_text"] in (expected, f"'{expected}")
