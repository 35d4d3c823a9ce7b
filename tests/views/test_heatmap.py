"""Heatmaps as a browser's parser sees them: nothing hostile gets out, no character is lost, and what is said is right."""

import re
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sigviz.attribution import Unit
from sigviz.views import heatmap
from sigviz.views.palette import THEMES, colour
from sigviz.views.wording import visible

TAGS = {"div", "span", "s", "bdi", "table", "caption", "thead", "tbody", "tr", "th", "td"}
ATTRIBUTES = {"class", "style", "dir", "role", "tabindex", "title", "scope", "data-tip"} | {
    f"aria-{name}" for name in ("label", "roledescription")
}
STYLES = re.compile(r"background-color:#[0-9a-f]{6};color:#[0-9a-f]{6}|background:linear-gradient\(to right(,#[0-9a-f]{6})+\)")
CLASSES = re.compile(r"(sigviz-[a-z]+( sigviz-[a-z]+)*)?")
# What the sanitiser behind st.html (DOMPurify, SAFE_FOR_XML) refuses in an attribute: it would drop the whole attribute.
REFUSED = re.compile(r"((--!?|])>)|</(style|script|title|xmp|textarea|noscript|iframe|noembed|noframes)", re.IGNORECASE)
HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "</style><script>alert(1)</script>",
    "a --> b ]]> c --!> </TITLE>",
    "\" onmouseover=alert(1) x='",
    "&lt;b&gt; &amp; &#60;",
    "one\u202etwo\u202c\u2066three\u2069 \x00\x1b\x7f\x85 \u200b \ud800",
    "first\n\n  second\tthird\r\n",
    "هذا رائع but boring",
    "I 😀 love 👩‍👩‍👧 it e\u0301",
    "w" * 5000,
]


class Page(HTMLParser):
    """Reads sigviz's HTML, refuses what is not on the white list, and keeps the text, the units and the marks."""

    def __init__(self, source):
        super().__init__()
        self.open, self.text, self.units, self.cells, self.marks, self.cut, self.cut_title = [], "", [], [], [], "", None
        self.feed(source)
        self.close()
        assert not self.open, f"left open: {self.open}"

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        assert tag in TAGS, tag
        assert set(given) <= ATTRIBUTES, given
        assert STYLES.fullmatch(given.get("style", "")) or "style" not in given, given["style"]
        assert CLASSES.fullmatch(given.get("class", "")), given["class"]
        assert not any(REFUSED.search(value) for value in given.values()), given
        self.open.append((tag, given))
        if "sigviz-unit" in self._classes():
            self.units.append({**given, "text": ""})
        if tag in ("td", "th"):
            self.cells.append({**given, "tag": tag, "text": ""})
        if tag == "s":
            self.cut_title = given["title"]

    def _classes(self):
        return self.open[-1][1].get("class", "").split()

    def handle_endtag(self, tag):
        assert self.open and self.open[-1][0] == tag, f"</{tag}> closes nothing"
        self.open.pop()

    def handle_data(self, data):
        if "sigviz-mark" in self._classes():
            self.marks.append(data)
            return
        self.text += data
        if any("sigviz-unit" in given.get("class", "") for _, given in self.open):
            self.units[-1]["text"] += data
        if any(tag == "s" for tag, _ in self.open):
            self.cut += data
        if self.cells and any(tag in ("td", "th") for tag, _ in self.open):
            self.cells[-1]["text"] += data

    def handle_comment(self, data):
        raise AssertionError(f"a comment: {data}")

    handle_decl = handle_pi = unknown_decl = handle_comment


@pytest.mark.parametrize(
    "source",
    [
        "<img src=x>",
        "<span onclick='x'>a</span>",
        "<div style='position:fixed'></div>",
        "<span class='stApp'></span>",
        "<span title='</style>'></span>",
        "<!-- a -->",
        "<span>",
        "</span>",
    ],
)
def test_the_checker_refuses_what_is_not_on_the_white_list(source):
    with pytest.raises(AssertionError):
        Page(source)


@st.composite
def texts_with_units(draw):
    """A text of any characters, and units as tokenizers make them: in order or not, overlapping, empty, beyond the end."""
    text = draw(st.one_of(st.sampled_from(HOSTILE), st.text(st.characters(), max_size=40)))
    spans = draw(st.lists(st.tuples(st.integers(0, len(text) + 2), st.integers(0, 6)), min_size=1, max_size=12))
    spans = sorted(spans) if draw(st.booleans()) else spans
    units = [Unit(text[start : start + length] or "Ġ<x>", start, start + length, (1,)) for start, length in spans]
    return text, units, draw(st.lists(st.floats(-5, 5), min_size=len(units), max_size=len(units)))


@given(case=texts_with_units(), theme=st.sampled_from(THEMES), truncated=st.integers(0, 3))
def test_any_text_comes_out_whole_and_harmless(attribution, case, theme, truncated):
    text, units, raw = case
    page = Page(heatmap.html(attribution(text, raw, units, truncated=truncated), theme=theme))
    assert page.text == visible(text)
    assert len(page.units) == len(units)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_word_is_text_in_the_map_its_label_the_grid_and_the_legend(attribution, text):
    explained = attribution(text, [1.0], [Unit(text, 0, len(text), (1,))], label=text, settings={"method": text[:20]})
    page = Page(heatmap.html(explained, theme="light", special=(text, text)))
    assert page.text == visible(text)
    assert page.units[0]["aria-label"].replace("\u2060", "").startswith(visible(text))
    assert page.marks.count(visible(text)) == 2
    assert visible(text) in Page(heatmap.grid([explained], theme="dark")).text
    assert visible(" ".join(text.split())[:8]) in Page(heatmap.legend("light", text)).text


@given(st.text(st.characters(), max_size=60))
@example("\u202e\u2066\x00\x9f\r\u2028\ud9ff\U000e0041")
def test_nothing_invisible_leaves(attribution, text):
    out = heatmap.html(attribution(text, [1.0], [Unit(text, 0, len(text), (1,))]), theme="light")
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u200b\ud800-\udfff]", out)
    out.encode("utf-8")


def test_the_top_fifth_is_bold_and_the_most_important_underlined(attribution):
    raw = [0.1, -9.0, 3.0, 2.0, 3.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    page = Page(heatmap.html(attribution("a b c d e f g h i j k", raw), theme="light"))
    bold = [unit["text"] for unit in page.units if "sigviz-top" in unit["class"]]
    underlined = [unit["text"] for unit in page.units if "sigviz-first" in unit["class"]]
    assert bold == ["c", "d", "e"], "ceil(11 / 5) = 3, the largest signed scores: −9 is not important, it speaks against"
    assert underlined == ["c"], "of equal scores the earlier"


def test_nothing_is_important_where_every_score_is_zero(attribution):
    page = Page(heatmap.html(attribution(raw=[0.0]), theme="light"))
    assert {unit["class"] for unit in page.units} == {"sigviz-unit"}
    assert {unit["style"][17:24] for unit in page.units} == {colour(0, "light")[0]}


def test_a_unit_says_its_value_its_meaning_and_its_rank(attribution):
    page = Page(heatmap.html(attribution(), theme="light"))
    hideous, minus = page.units[1], page.units[2]
    assert hideous["data-tip"] == "2.314 logits · rank 1 of 5"
    assert hideous["aria-label"] == "hideous: 2.314 (the target's logit), rank 1 of 5, most important"
    assert (hideous["tabindex"], hideous["role"], hideous["aria-roledescription"]) == ("0", "img", "token")
    assert minus["data-tip"] == "−0.2000 logits · rank 5 of 5"
    assert "important" not in minus["aria-label"]


@pytest.mark.parametrize("theme", THEMES)
def test_scales(attribution, theme):
    explained = attribution(raw=[1.0, 2.0, -4.0, 0.0, 0.0])

    def backgrounds(**chosen):
        return [unit["style"][17:24] for unit in Page(heatmap.html(explained, theme=theme, **chosen)).units]

    def expected(values):
        return [colour(value, theme)[0] for value in values]

    assert backgrounds() == expected([0.25, 0.5, -1, 0, 0])
    assert backgrounds(scale="shared", shared_max=8.0) == expected([0.125, 0.25, -0.5, 0, 0])
    assert backgrounds(scale="fixed") == expected(explained.raw / np.sqrt(21))
    assert heatmap.shared_max([explained, attribution(raw=[3.0, -7.0])]) == 7


@pytest.mark.parametrize(
    "chosen", [{"scale": "shared"}, {"scale": "shared", "shared_max": float("nan")}, {"scale": "log"}, {"theme": "sepia"}]
)
def test_a_scale_or_theme_that_makes_no_sense_is_refused(attribution, chosen):
    with pytest.raises(ValueError):
        heatmap.html(attribution(), **({"theme": "light"} | chosen))


def test_the_text_keeps_its_spaces_and_line_breaks(attribution):
    page = Page(heatmap.html(attribution("  one\n\n\ttwo  ", [1, 2]), theme="light"))
    assert page.text == "  one\n\n\ttwo  "
    assert [unit["text"] for unit in page.units] == ["one", "two"]


def test_white_space_at_a_units_edge_is_not_coloured_and_a_unit_of_white_space_can_be_seen(attribution):
    units = [Unit(" one", 0, 4, (1,)), Unit("\n", 4, 5, (2,)), Unit("  ", 5, 7, (3,)), Unit("two ", 7, 11, (4,))]
    page = Page(heatmap.html(attribution(" one\n  two ", [1, 2, 3, 4], units), theme="light"))
    assert [unit["text"] for unit in page.units] == ["one", "\n", "  ", "two"]
    assert page.marks == ["↵", "␣"]
    assert page.text == " one\n  two "


def test_bytes_of_one_character_share_it_and_tokens_made_of_nothing_show_their_own_string(attribution):
    units = [
        Unit("😀", 0, 1, (1,)),
        Unit("😀", 0, 1, (2,)),
        Unit("😀", 0, 1, (3,)),
        Unit("▁", 1, 1, (4,)),
        Unit("ok", 2, 4, (5,)),
    ]
    page = Page(heatmap.html(attribution("😀 ok", [1, 2, 3, 4, 5], units), theme="light"))
    assert [unit["text"] for unit in page.units] == ["😀", "", "", "", "ok"]
    assert page.marks == ["2", "3", "▁"]
    assert page.text == "😀 ok"


def test_a_joiner_on_its_own_can_be_seen_and_pointed_at(attribution):
    text = "👩\u200d👧"
    units = [Unit(character, place, place + 1, (place,)) for place, character in enumerate(text)]
    page = Page(heatmap.html(attribution(text, [1, 2, 3], units), theme="light"))
    assert page.marks == ["◌"]
    assert page.text == text


def test_what_the_model_did_not_read_is_struck_through_and_says_so(attribution):
    units = [Unit("read", 0, 4, (1,))]
    page = Page(heatmap.html(attribution("read not read", [1], units, truncated=2), theme="light"))
    assert page.cut == "not read"
    assert page.cut_title == "Not read by the model: 2 tokens beyond its limit"
    assert Page(heatmap.html(attribution("read not read", [1], units), theme="light")).cut == ""


def test_a_beginning_that_was_cut_off_is_struck_through_too(attribution):
    units = [Unit("read", 9, 13, (1,))]
    page = Page(heatmap.html(attribution("not read read ", [1], units, truncated=1), theme="light"))
    assert page.cut == "not read"
    assert page.cut_title == "Not read by the model: 1 token beyond its limit"
    assert page.text == "not read read "


def test_special_tokens_are_boxes_without_a_score_and_hidden_unless_asked_for(attribution):
    shown = Page(heatmap.html(attribution(), theme="light", special=("[CLS]", "[SEP]")))
    assert shown.marks == ["[CLS]", "[SEP]"]
    assert len(shown.units) == 5
    assert Page(heatmap.html(attribution(), theme="light")).marks == []


def test_the_direction_is_the_texts_own(attribution):
    out = heatmap.html(attribution("هذا رائع", [1, 2]), theme="light")
    assert re.match(r'<div class="sigviz-row" dir="auto"', out)
    assert "unicode-bidi: plaintext" in heatmap.style("light")


@pytest.mark.parametrize("theme", THEMES)
def test_the_style_sheet_touches_sigvizs_own_classes_only(theme):
    sheet = heatmap.style(theme)
    assert sheet.startswith("<style>") and sheet.endswith("</style>") and sheet.count("<") == 2
    selectors = re.findall(r"(?:^|[}])\s*([^{}@]+?)\s*\{", sheet.removeprefix("<style>"))
    assert len(selectors) > 10
    for selector in ",".join(selectors).split(","):
        assert selector.strip().startswith(".sigviz-"), selector
    for state in (":hover::after", ":focus-visible::after"):
        assert f".sigviz-unit{state}" in sheet
    used = set(re.findall(r"sigviz-[a-z]+", heatmap.legend(theme))) | {
        "sigviz-row",
        "sigviz-unit",
        "sigviz-mark",
        "sigviz-cut",
    }
    assert used <= set(re.findall(r"\.(sigviz-[a-z]+)", sheet))


def test_the_legend_names_both_ends():
    text = Page(heatmap.legend("light", "negative")).text
    assert text.index("against negative") < text.index("towards negative")


def test_the_grid_is_a_table_with_headings_and_two_decimals(attribution):
    sig, ig = attribution(), attribution(raw=[-0.001, 1, 0, 0, -1], settings={"method": "ig"})
    page = Page(heatmap.grid([sig, ig], theme="dark"))
    columns = [cell["text"] for cell in page.cells if cell.get("scope") == "col"]
    rows = [cell["text"] for cell in page.cells if cell.get("scope") == "row"]
    cells = [cell for cell in page.cells if cell["tag"] == "td"]
    assert columns == ["Method", "a", "hideous", ",", "confusing", "spectacle"]
    assert rows == ["SIG", "IG"]
    assert [cell["text"] for cell in cells[5:]] == ["0.00", "0.71", "0.00", "0.00", "−0.71"]
    largest = np.max(np.abs([sig.scores, ig.scores]))
    assert [cell["style"][17:24] for cell in cells] == [
        colour(float(score) / largest, "dark")[0] for score in [*sig.scores, *ig.scores]
    ]
    assert [place for place, cell in enumerate(cells) if "sigviz-first" in cell["class"]] == [1, 6]


def test_the_grid_tells_two_rows_of_one_method_apart(attribution):
    page = Page(heatmap.grid([attribution(), attribution(settings={"method": "sig", "baseline": "pad"})], theme="light"))
    assert [cell["text"] for cell in page.cells if cell.get("scope") == "row"] == ["SIG, baseline mask", "SIG, baseline pad"]


def test_a_grid_of_different_units_is_refused(attribution):
    with pytest.raises(ValueError, match="same units"):
        heatmap.grid([attribution(), attribution("a hideous spectacle")], theme="light")
    with pytest.raises(ValueError, match="at least one"):
        heatmap.grid([], theme="light")


def test_a_unit_says_by_how_much_its_score_varies_over_the_seeds(attribution):
    spread = np.array([0.1, 0.0234, 0.0, 0.3, 0.01])
    units = Page(heatmap.html(attribution(spread=spread), theme="light")).units
    assert units[1]["data-tip"].startswith("2.314 logits ± 0.023 · rank 1")
    assert ": 2.314 ± 0.023 (the target's logit), rank 1" in units[1]["aria-label"]
    assert units[2]["data-tip"].startswith("−0.2000 logits ± 0 · rank")
    assert "±" not in Page(heatmap.html(attribution(), theme="light")).units[1]["data-tip"]
