"""The token strip in a real Chromium: lighting, selecting, keyboard, and other pages that know the selected word."""

from urllib.parse import parse_qs, urlparse

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PATIENCE, Opener, settle

pytestmark = pytest.mark.browser
expect.set_options(timeout=PATIENCE)

TEXT = "this is junk food cinema at its greasiest ."
QUICK = {"model": "bundled/distil-movie", "text": TEXT, "runs": "ig(steps=5) sig-exact"}


def _word(page: Page, text: str, row: int = 0):  # type: ignore[no-untyped-def]
    return page.locator(".sigviz-row").nth(row).get_by_text(text, exact=True)


def _in_link(page: Page) -> str | None:
    return parse_qs(urlparse(page.url).query).get("word", [None])[0]


def test_pointing_at_a_word_lights_it_in_every_row(open_page: Opener) -> None:
    page = open_page(**QUICK)
    _word(page, "cinema").hover()
    expect(page.locator(".sigviz-lit")).to_have_text(["cinema", "cinema"])
    page.get_by_role("heading", name="Which words decided?").hover()
    expect(page.locator(".sigviz-lit")).to_have_count(0)


def test_a_click_selects_a_word_for_the_table_the_ledger_and_the_link(open_page: Opener) -> None:
    page = open_page(**QUICK)
    _word(page, "junk", row=1).click()
    expect(page.locator(".sigviz-chosen")).to_have_text(["junk", "junk"])
    expect(page.get_by_role("region", name="The selected word in every run")).to_contain_text("“junk” in every run")
    expect(page.locator(".js-plotly-plot:visible").filter(has_text="▸ junk")).to_be_visible()
    settle(page)
    assert _in_link(page) == "3: junk"
    _word(page, "junk").click()
    expect(page.locator(".sigviz-chosen")).to_have_count(0)
    settle(page)
    assert _in_link(page) is None


def test_one_row_is_one_stop_of_the_tab_key_and_arrows_move_inside(open_page: Opener) -> None:
    page = open_page(**QUICK)
    first = page.locator(".sigviz-row").first
    expect(first.locator('[tabindex="0"]')).to_have_count(1)
    first.locator('[tabindex="0"]').focus()
    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")
    focused = "document.activeElement.shadowRoot?.activeElement?.textContent ?? document.activeElement.textContent"
    words = first.locator(".sigviz-unit").all_inner_texts()
    assert page.evaluate(focused) == words[-2]
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    assert page.evaluate(focused) == words[1]
    page.keyboard.press("Enter")
    settle(page)
    assert _in_link(page) == f"2: {words[1]}"
    assert page.evaluate(focused) == words[1], "the keyboard stays where it was"


def test_hostile_text_in_a_strip_is_only_text(open_page: Opener) -> None:
    page = open_page(**{**QUICK, "text": '<img src=x onerror=alert(1)> "film" \u202e</span><script>alert(2)</script>'})
    row = page.locator(".sigviz-row").first
    assert row.locator("img, script").count() == 0
    assert "<img src=x onerror=alert(1)>" in row.inner_text() and "‹U+202E›" in row.inner_text()


def test_the_selected_word_and_the_sentence_go_along_to_the_paths_page(open_page: Opener) -> None:
    page = open_page(**QUICK)
    _word(page, "junk").click()
    settle(page)
    page.get_by_role("link", name="Its path, step by step").click()
    page.wait_for_url("**/paths*")
    expect(page.get_by_role("combobox", name="Word")).to_have_value("3: junk")
    expect(page.get_by_role("textbox", name="Text")).to_have_value(TEXT)


def test_a_link_that_nobody_has_touched_goes_along_to_another_page(open_page: Opener) -> None:
    page = open_page(unit="word", **QUICK)
    page.get_by_role("link", name="Agreement", exact=True).click()
    page.wait_for_url("**/agreement*")
    expect(page.get_by_role("textbox", name="Text")).to_have_value(TEXT)
    expect(page.get_by_role("combobox", name="Model")).to_have_value(QUICK["model"])
