"""The HTML file: whole, readable in both themes, asking nobody for anything, and hostile text is text."""

import re
from html.parser import HTMLParser

import pytest

from sigviz.errors import InvalidSettings
from sigviz.views import figure_files, reproduce, standalone
from sigviz.views.charts import budget
from sigviz.views.palette import THEMES, inks

HOSTILE = '</pre></title><script>alert(1)</script><img src=x onerror=alert(1)> "quoted" \'\x1b\u202e-->'
VOID = {"meta", "br", "img", "link", "input", "hr"}


class Read(HTMLParser):
    """Elements with their attributes, whether they close in order, and the words between them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(html)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag, attributes) -> None:
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data) -> None:
        if not {"style", "script"} & set(self.open):
            self.words.append(data)

    def named(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())


def test_the_file_holds_the_rows_their_facts_and_what_makes_them_again(attribution) -> None:
    found = [attribution(), attribution(settings={"method": "ig"})]
    read = Read(standalone.html(found))
    for said in (
        "Which words decided: a hideous , confusing spectacle",
        "SIG says that “hideous” (2.31) spoke most for negative",
        "target negative (97.3 %)",
        "Every token's score is within",
        "against negative",
    ):
        assert said in read.text, said
    assert sum("sigviz-row" in each.get("class", "") for each in read.named("div")) == 4, "two rows in two themes"
    assert [text in "".join(read.words) for text in (reproduce.python(found), reproduce.command(found))] == [True, True]


def test_the_table_names_every_unit_and_run(attribution) -> None:
    html = standalone.html([attribution(), attribution(settings={"method": "ig"})])
    (table,) = re.findall(r'<table class="scores">.*?</table>', html, flags=re.DOTALL)
    read = Read(table)
    assert [each["scope"] for each in read.named("th")] == ["col"] * 4 + ["row"] * 5
    assert "Raw score of every token, signed, in the target's logit" in read.text
    assert "hideous" in read.text and read.text.count("2.314") == 2


def test_units_that_differ_have_tables_of_their_own(attribution) -> None:
    html = standalone.html([attribution(), attribution("another text"), attribution(settings={"output": "probability"})])
    assert html.count('<table class="scores">') == 3


@pytest.mark.parametrize("theme", [None, *THEMES])
def test_the_theme_is_the_readers_unless_one_is_chosen(attribution, theme) -> None:
    html = standalone.html([attribution()], theme=theme)
    assert ("prefers-color-scheme" in html) == (theme is None)
    for each in THEMES:
        shown = theme in (None, each)
        assert (f'<div class="theme-{each}"' in html) == shown
        assert (f"body {{ background: {inks(each).page}" in html) == shown


@pytest.mark.parametrize("made", ["rows", "figure"])
def test_nothing_can_be_asked_of_anybody(attribution, made) -> None:
    one = attribution(HOSTILE)
    html = standalone.html([one]) if made == "rows" else figure_files.html(budget(one, "dark"), theme="dark", title=HOSTILE)
    read = Read(html) if made == "rows" else None
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="(.*?)"', html)
    assert policy.startswith("default-src &#x27;none&#x27;") and "http" not in policy and "*" not in policy
    if read is not None:
        assert not read.named("script") and not read.named("link") and not read.named("img") and not read.named("iframe")
        assert not [
            name for _, attributes in read.elements for name in attributes if name.startswith("on") or name in ("src", "href")
        ]


def test_hostile_text_is_text(attribution) -> None:
    hostile = {"model": HOSTILE, "label": HOSTILE, "labels": (HOSTILE, "b"), "notes": (HOSTILE,)}
    read = Read(standalone.html([attribution(HOSTILE, **hostile, settings={"baseline": HOSTILE, "method": "ig"})]))
    assert not read.named("script") and not read.named("img")
    assert read.text.count("<script>alert(1)</script>") > 5
    assert not re.search(r"[\x00-\x08\x0b-\x1f\u202e]", "".join(read.words))


def test_a_figure_is_a_file_with_its_program_and_its_title(attribution) -> None:
    html = figure_files.html(budget(attribution(), "light"), theme="light", title="Budget <b>")
    assert "<h1>Budget &lt;b&gt;</h1>" in html and "Plotly.newPlot" in html and len(html) > 1e6
    assert not re.findall(r"<(?:script|link|img)[^>]* (?:src|href)=", html)


def test_the_points_of_a_figure_are_a_table(attribution) -> None:
    lines = figure_files.csv(budget(attribution("=one two", raw=(1.0, -2.0)), "light")).splitlines()
    assert lines[0] == "trace,x,y,z,text"
    assert any(line.split(",")[1:3] == ["1.0", "'="] for line in lines), "a unit's name in the place of its number, no formula"
    assert any(",F(x)," in line for line in lines)


def test_nothing_is_refused() -> None:
    with pytest.raises(InvalidSettings, match="at least"):
        standalone.html([])


# The checker checked.


@pytest.mark.parametrize("html", ["<p><b>x</p></b>", "<div>"])
def test_a_reader_of_broken_html_fails(html) -> None:
    with pytest.raises((AssertionError, IndexError)):
        Read(html)
