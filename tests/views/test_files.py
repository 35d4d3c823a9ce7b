"""One way into every format, by name or by suffix, for one explanation or many."""

import csv
import io
import json
import xml.etree.ElementTree as ET

import pytest

import sigviz
from sigviz.errors import InvalidSettings
from sigviz.views import files


def test_every_format_is_made_and_says_the_words(attribution) -> None:
    for format in files.FORMATS:
        made = sigviz.render(attribution(), format)
        assert "hideous" in made and made.endswith("\n"), format
    assert json.loads(sigviz.render(attribution(), "json"))["label"] == "negative"
    assert ET.fromstring(sigviz.render(attribution(), "svg")).tag.endswith("svg")


@pytest.mark.parametrize("suffix", [*files.SUFFIXES, ".SVG"])
def test_a_file_is_what_its_suffix_says(attribution, tmp_path, suffix) -> None:
    found = [attribution(), attribution(settings={"method": "ig"})]
    path = sigviz.save(found, tmp_path / f"rows{suffix}")
    assert path.read_bytes() == files.encoded(sigviz.render(found, files.SUFFIXES[suffix.lower()]))
    sigviz.save(attribution("other words"), str(path))
    assert b"hideous" not in path.read_bytes(), "written over"


def test_what_is_asked_of_a_format_arrives(attribution) -> None:
    one = attribution()
    assert sigviz.render(one, "svg", theme="dark") != sigviz.render(one, "svg") == sigviz.render(one, "svg", theme="light")
    assert "prefers-color-scheme" not in sigviz.render(one, "html", theme="dark")
    assert sigviz.render(one, "svg", scale="fixed") != sigviz.render(one, "svg")
    assert "colorbox" in sigviz.render(one, "latex", colours=True)
    for format in ("html", "csv", "json", "latex"):
        assert "0123456789ab" in sigviz.render(one, format, revision="0123456789ab" * 3 + "0123"), format


def test_half_a_surrogate_pair_can_be_written(attribution, tmp_path) -> None:
    one = attribution("half \ud800 pair")
    for suffix in files.SUFFIXES:
        sigviz.save(one, tmp_path / f"x{suffix}").read_bytes().decode()
    assert json.loads((tmp_path / "x.json").read_bytes())["text"] == "half \ud800 pair"
    assert next(csv.DictReader(io.StringIO((tmp_path / "x.csv").read_text())))["unit_text"] == "half"


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"format": "pdf"}, "choose one of: svg, html"),
        ({"format": "png"}, "in the browser"),
        ({"format": None}, "choose one of"),
    ],
)
def test_a_format_that_is_not_there_is_refused(attribution, asked, said) -> None:
    with pytest.raises(InvalidSettings, match=said):
        sigviz.render(attribution(), **asked)


@pytest.mark.parametrize(
    ("name", "said"), [("rows", "says no format"), ("rows.pdf", "'.pdf'"), ("rows.png", "in the browser")]
)
def test_a_name_that_says_no_format_is_refused_and_nothing_is_written(attribution, tmp_path, name, said) -> None:
    with pytest.raises(InvalidSettings, match=said):
        sigviz.save(attribution(), tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_nothing_is_refused(tmp_path) -> None:
    for format in files.FORMATS:
        with pytest.raises(InvalidSettings, match="at least"):
            sigviz.render([], format)
