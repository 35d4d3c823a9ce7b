"""The pages Agreement, and Edit and compare, in a real Chromium: what is clicked, typed, linked, and how wide they are."""

import csv
from pathlib import Path
from urllib.parse import parse_qs, urlparse

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PATIENCE, Opener, settle

pytestmark = pytest.mark.browser
expect.set_options(timeout=PATIENCE)

TEXT = "a well-made and often lovely film"
QUICK = {"model": "bundled/distil-movie", "text": TEXT}
RANKS = '[aria-label="Ranks of the words by the methods"]'


def _setting(page: Page, name: str) -> str | None:
    return parse_qs(urlparse(page.url).query).get(name, [None])[0]


def _overflow(page: Page) -> int:
    """By how many pixels the page is wider than its window."""
    return page.locator("[data-testid=stMain]").evaluate("main => main.scrollWidth - main.clientWidth")


def _words(page: Page) -> list[str]:
    """The words of the matrix of ranks, from the first row to the last, without mark and position."""
    return page.locator(f"{RANKS} tbody th bdi").all_inner_texts()


def _type(page: Page, key: str, text: str) -> None:
    box = page.locator(f".st-key-{key} textarea")
    box.fill(text)
    box.press("Control+Enter")
    settle(page)


def _saved(page: Page, key: str) -> list[list[str]]:
    with page.expect_download() as waiting:
        page.locator(f".st-key-{key} button").click()
    with Path(waiting.value.path()).open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_a_click_on_a_word_selects_it_in_the_ranks_and_the_link(open_page: Opener) -> None:
    page = open_page("agreement", **QUICK)
    assert "word" not in page.url or _setting(page, "word") is not None
    word = page.locator(".sigviz-strip [data-row='0'][data-unit='6']")
    expect(word).to_have_text("lovely")
    word.click()
    settle(page)
    assert _setting(page, "word") == "7: lovely"
    marked = page.locator(f"{RANKS} tr[aria-current]")
    expect(marked).to_have_count(1)
    expect(marked).to_contain_text("lovely")
    expect(page.locator('[aria-label="The selected word by every method"] caption')).to_contain_text("lovely")


def test_the_link_restores_order_methods_and_top(open_page: Opener) -> None:
    page = open_page("agreement", **QUICK)
    assert _words(page) != ["a", "well", "-", "made", "and", "often", "lovely", "film"]
    page.locator(".st-key-order").get_by_text("text", exact=True).click()
    settle(page)
    assert _words(page) == ["a", "well", "-", "made", "and", "often", "lovely", "film"] and _setting(page, "order") == "text"
    page.locator(".st-key-ranked").get_by_role("button", name="Remove smoothgrad").or_(
        page.locator('.st-key-ranked [data-baseweb="tag"]', has_text="smoothgrad").locator("[role=presentation]")
    ).first.click()
    settle(page)
    heads = page.locator(f"{RANKS} thead th").all_inner_texts()
    assert not any("SmoothGrad" in head for head in heads)
    again = open_page("agreement", settled=False)
    again.goto(page.url)
    again.wait_for_selector(RANKS)
    settle(again)
    assert _words(again) == _words(page) and again.locator(f"{RANKS} thead th").all_inner_texts() == heads


def test_ranks_and_pairs_are_saved_as_files(open_page: Opener) -> None:
    page = open_page("agreement", **QUICK)
    ranks, pairs = _saved(page, "ranks_csv"), _saved(page, "pairs_csv")
    assert [row[1] for row in ranks[1:]] == ["a", "well", "'-", "made", "and", "often", "lovely", "film"]
    assert len(pairs) == 1 + 8 * 7 // 2 and pairs[0][2] == "Kendall tau-b"


@pytest.mark.parametrize(("width", "theme"), [(390, "dark"), (390, "light"), (1280, "dark")])
@pytest.mark.parametrize("at", ["agreement", "edit"])
def test_no_page_is_wider_than_its_window(open_page: Opener, at: str, width: int, theme: str) -> None:
    page = open_page(at, width=width, theme=theme, **QUICK)
    expect(page.locator(".sigviz-grid").first).to_be_visible()
    assert _overflow(page) == 0
    assert page.locator("[data-testid=stException], [data-testid=stAlert]").count() == 0


def test_the_edit_page_opens_with_an_edit_and_takes_another(open_page: Opener) -> None:
    page = open_page("edit", **QUICK)
    changed = page.locator(".sigviz-beside .changed")
    expect(changed).to_have_count(1)
    expect(changed).to_contain_text("⇄ replaced")
    page.locator(".st-key-edit1 button:visible").click()  # there is a second one for phones, hidden here
    settle(page)
    expect(changed).to_contain_text("− removed")
    assert _setting(page, "edited") == page.locator(".st-key-edited textarea").input_value()
    assert len(_setting(page, "edited") or "") < len(TEXT)


def test_a_text_of_ones_own_is_compared_and_restored_by_the_link(open_page: Opener) -> None:
    page = open_page("edit", **QUICK)
    _type(page, "edited", "a badly made and often dull film")
    expect(page.locator(".sigviz-beside .changed")).to_have_count(3)
    again = open_page("edit", settled=False)
    again.goto(page.url)
    expect(again.locator(".st-key-edited textarea")).to_have_value("a badly made and often dull film")
    expect(again.locator(".sigviz-beside .changed")).to_have_count(3)


def test_the_same_text_is_nothing_to_compare_and_nothing_is_lost(open_page: Opener) -> None:
    page = open_page("edit", **QUICK)
    page.locator(".st-key-edit_same button").click()
    settle(page)
    expect(page.get_by_text("The model reads the same in both texts")).to_be_visible()
    _type(page, "edited", "a well-made and often lovely film !")
    expect(page.locator(".sigviz-beside .changed")).to_contain_text("+ inserted")


def test_a_changed_word_is_reached_by_keyboard_and_says_what_happened(open_page: Opener) -> None:
    page = open_page("edit", **QUICK)
    changed = page.locator(".sigviz-beside .changed")
    expect(changed).to_be_visible()  # before the key is pressed: it goes to what is there by then
    page.locator(".st-key-seen button").last.focus()
    page.keyboard.press("Tab")
    expect(changed).to_be_focused()
    label = changed.get_attribute("aria-label") or ""
    assert "replaced by" in label and "change" in label and "logits" in label


def test_words_and_predictions_are_saved_as_files(open_page: Opener) -> None:
    page = open_page("edit", edited='=cmd|"/c calc" well-made and often lovely film', **QUICK)
    words, predictions = _saved(page, "words_csv"), _saved(page, "predictions_csv")
    assert {row[1] for row in words[1:]} <= {"kept", "replaced", "removed", "inserted"}
    assert not any(cell.startswith("=") for row in words for cell in row), "a spreadsheet would run it"
    assert [row[0] for row in predictions[1:]] == ["ig", "sig-exact", "dig"]


def test_hostile_texts_stay_texts(open_page: Opener) -> None:
    hostile = "<img src=x onerror=alert(1)> <script>alert(2)</script> film"
    page = open_page("edit", **{**QUICK, "text": hostile, "edited": f"{hostile} **bold**"})
    expect(page.locator(".sigviz-beside .changed").first).to_be_visible()
    page = open_page("agreement", **{**QUICK, "text": hostile})
    expect(page.locator(RANKS)).to_be_visible()
