"""Downloads of the Compare page in a real Chromium: each is made, saved, and opens as what it says it is."""

import csv
import io
import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import PATIENCE, Opener, settle

pytestmark = pytest.mark.browser
expect.set_options(timeout=PATIENCE)

TEXT = 'it\'s <b>"dull"</b> , not good'
ASKED = {"model": "bundled/distil-movie", "text": TEXT, "runs": "ig sig-exact"}
SVG = "{http://www.w3.org/2000/svg}"


def unfold(page: Page, name: str) -> Locator:
    section = page.locator(f".st-key-runs_{name}")
    section.locator("summary").click()
    settle(page)
    return section


def saved(page: Page, button: Locator, ending: str) -> Path:
    """What a click on the button saves."""
    with page.expect_download() as started:
        button.click()
    assert started.value.suggested_filename == f"sigviz-bundled-distil-movie-ig-sig-exact{ending}"
    return Path(started.value.path())


def opens(page: Page, file: Path, name: str, folder: Path) -> Page:
    """The file in a window of its own, from the disk."""
    own = folder / name
    own.write_bytes(file.read_bytes())
    window = page.context.new_page()
    asked: list[str] = []
    window.on("request", lambda request: asked.append(request.url))
    window.on("dialog", lambda dialog: pytest.fail(dialog.message))
    window.goto(own.as_uri())
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    return window


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (390, "dark")])
def test_every_file_opens_as_what_it_says_it_is(open_page: Opener, tmp_path: Path, width: int, theme: str) -> None:
    page = open_page(width=width, theme=theme, **ASKED)
    section = unfold(page, "downloads")
    files = {
        format: saved(page, page.locator(f".st-key-runs_{format}_file button"), ending)
        for format, ending in (("svg", ".svg"), ("html", ".html"), ("csv", ".csv"), ("json", ".json"), ("latex", ".tex"))
    }
    root = ET.fromstring(files["svg"].read_bytes())
    assert "dull" in "".join(text.text or "" for text in root.iter(f"{SVG}text"))
    rows = list(csv.DictReader(io.StringIO(files["csv"].read_text("utf-8"))))
    given = json.loads(files["json"].read_bytes())
    for run, one in enumerate(given["attributions"], start=1):
        assert [float(row["raw"]) for row in rows if row["run"] == str(run)] == one["raw"]
    assert given["text"] == TEXT and "sigviz" in given["versions"]
    assert "\\begin{table}" in files["latex"].read_text("utf-8")
    picture = saved(page, section.get_by_role("button", name="PNG"), ".png")
    with Image.open(picture) as image:
        assert image.format == "PNG" and image.size == (2 * int(root.get("width")), 2 * int(root.get("height")))
        corner = image.convert("RGB").getpixel((3, 3))
        assert (min(corner) > 200) == (theme == "light")
        assert len(image.convert("RGB").getcolors(maxcolors=1 << 24)) > 20, "words on their colours, not a blank"
    window = opens(page, files["html"], "rows.html", tmp_path)
    expect(window.locator(".sigviz-row:visible")).to_have_count(2)
    assert window.locator(".sigviz-row:visible").first.inner_text() == TEXT
    assert not window.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    assert not page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")


def test_the_background_can_be_chosen_and_latex_can_have_colours(open_page: Opener) -> None:
    page = open_page(**ASKED)
    section = unfold(page, "downloads")
    section.get_by_text("dark", exact=True).click()
    section.get_by_text("LaTeX with colours").click()
    settle(page)
    svg = saved(page, page.locator(".st-key-runs_svg_file button"), ".svg").read_text("utf-8")
    assert 'fill="#0e1117"' in svg
    assert "\\colorbox" in saved(page, page.locator(".st-key-runs_latex_file button"), ".tex").read_text("utf-8")


def test_the_keyboard_reaches_the_picture(open_page: Opener) -> None:
    page = open_page(**ASKED)
    section = unfold(page, "downloads")
    section.get_by_text("LaTeX with colours").click()
    settle(page)
    button = section.get_by_role("button", name="PNG")
    for _ in range(12):
        page.keyboard.press("Tab")
        if button.evaluate("element => element.matches(':focus')"):
            break
    expect(button).to_be_focused()
    with page.expect_download() as started:
        page.keyboard.press("Enter")
    assert started.value.suggested_filename.endswith(".png")


def test_what_gives_the_numbers_again_is_there_to_be_copied(open_page: Opener) -> None:
    page = open_page(**ASKED)
    section = unfold(page, "reproduce")
    expect(section.locator("code").first).to_contain_text("sigviz.load('bundled/distil-movie'")
    assert section.locator("b").count() == 0, "the text's own mark-up stays text"
    for tab, said in (("Command line", "python -m sigviz explain"), ("JSON", '"versions"')):
        section.get_by_role("tab", name=tab).click()
        expect(section.locator("code:visible").first).to_contain_text(said)
