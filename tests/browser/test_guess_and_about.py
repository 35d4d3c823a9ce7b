"""Guess first and About in a real Chromium: marked by mouse and keyboard, kept in the link, revealed, read on a phone."""

from urllib.parse import parse_qs, urlparse

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from sigviz.methods import METHODS
from sigviz.teaching import guess as game
from tests.browser.conftest import PATIENCE, Opener, settle

pytestmark = pytest.mark.browser
expect.set_options(timeout=PATIENCE)

QUICK = {"model": "bundled/distil-movie", "against": "ig"}


def _words(page: Page) -> Locator:
    return page.locator(".guess-word")


def _marked(page: Page) -> list[str]:
    return page.locator('.guess-word[aria-pressed="true"]').all_inner_texts()


def _setting(page: Page, name: str) -> str | None:
    return parse_qs(urlparse(page.url).query).get(name, [None])[0]


def _wait_for(page: Page, name: str, value: str | None) -> None:
    """Until the link says so: each click is answered by itself, so the page may rest between two answers."""
    page.wait_for_function(
        "([name, value]) => new URLSearchParams(location.search).get(name) === value", arg=[name, value], timeout=PATIENCE
    )
    settle(page)


def _overflow(page: Page) -> int:
    """By how many pixels the page is wider than its window."""
    return page.locator("[data-testid=stMain]").evaluate("main => main.scrollWidth - main.clientWidth")


def _reveal(page: Page) -> None:
    button = page.get_by_role("button", name="Reveal")
    expect(button).to_be_enabled()
    button.click()
    expect(page.get_by_role("heading", name="Your score")).to_be_visible()
    settle(page)


def test_words_are_marked_kept_in_the_link_revealed_and_counted(open_page: Opener) -> None:
    page = open_page("guess", **QUICK)
    expect(page.get_by_role("status")).to_have_text("0 of 3 marked.")
    assert page.locator(".sigviz-row, .sigviz-strip, .sigviz-grid").count() == 0
    for number in (1, 4, 7):
        _words(page).nth(number).click()  # one after the other, faster than the server answers
    expect(page.get_by_role("status")).to_have_text("3 of 3 marked.")
    _words(page).nth(8).click()
    expect(page.get_by_role("status")).to_have_text("3 of 3 marked. Take one away first.")
    _wait_for(page, "marks", "1,4,7")
    assert _marked(page) == ["masterpiece", "doubt", "everyone"]
    assert page.locator(".sigviz-row, .sigviz-strip, .sigviz-grid").count() == 0, "no answer before Reveal"
    _reveal(page)
    expect(page.locator(".sigviz-row")).to_have_count(2)
    expect(_words(page).first).to_be_disabled()
    expect(page.get_by_role("region", name="Your score against each method")).to_contain_text("of 3")
    expect(page.get_by_role("heading", name="This round: 1 of 10 sentences")).to_be_visible()
    page.get_by_role("button", name="Next sentence").click()
    expect(page.get_by_role("heading", name="Sentence 2 of 10")).to_be_visible()
    expect(page.locator(".sigviz-row")).to_have_count(0)
    _wait_for(page, "marks", None)
    assert _marked(page) == [] and _setting(page, "round") == "2"


def test_a_mark_is_taken_away_by_a_second_click(open_page: Opener) -> None:
    page = open_page("guess", **QUICK)
    _words(page).nth(2).click()
    _words(page).nth(2).click()
    _words(page).nth(3).click()
    _wait_for(page, "marks", "3")
    assert _marked(page) == ["no"]


def test_a_link_opens_the_marks_it_was_copied_from_and_nothing_revealed(open_page: Opener) -> None:
    page = open_page("guess", seed="77", round="3", marks="0,2", **QUICK)
    expect(page.locator('.guess-word[aria-pressed="true"]')).to_have_count(2)
    words = _words(page).all_inner_texts()
    _wait_for(page, "marks", "0,2")
    assert _marked(page) == [words[0], words[2]]
    expect(page.locator(".guess-line")).to_have_text([game.drawn(77)[2]])
    assert page.locator(".sigviz-row").count() == 0


def test_the_whole_game_can_be_played_by_keyboard(open_page: Opener) -> None:
    page = open_page("guess", **QUICK)
    focused = "document.activeElement.shadowRoot.activeElement.dataset.unit"
    _words(page).first.focus()
    page.keyboard.press("Space")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    _wait_for(page, "marks", "0,1")
    assert page.evaluate(focused) == "1", "the keyboard stays where it was when the server has answered"
    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Space")
    _wait_for(page, "marks", "0,1,13")
    reveal = page.get_by_role("button", name="Reveal")
    reveal.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Your score")).to_be_visible()


def test_marks_outlive_a_visit_to_another_page(open_page: Opener) -> None:
    page = open_page("guess", marks="1", **QUICK)
    _words(page).nth(2).click()
    _wait_for(page, "marks", "1,2")
    page.get_by_role("link", name="About", exact=True).click()
    page.wait_for_selector("#cite")
    _wait_for(page, "marks", None)
    page.get_by_role("link", name="Guess first", exact=True).click()
    expect(page.locator('.guess-word[aria-pressed="true"]')).to_have_count(2)


def test_a_new_seed_is_in_the_link_and_asks_something_new(open_page: Opener) -> None:
    page = open_page("guess", marks="0", **QUICK)
    page.get_by_role("button", name="New seed").click()
    page.wait_for_url("**seed=*")
    settle(page)
    seed = int(_setting(page, "seed") or 0)
    expect(page.locator(".guess-line")).to_have_text([game.drawn(seed)[0]])
    assert f"seed={seed}" in page.locator("[data-testid=stCode]").inner_text() and _setting(page, "model") == QUICK["model"]


def test_hostile_text_to_guess_about_is_only_text(open_page: Opener) -> None:
    page = open_page("guess", own="true", text='<img src=x onerror=alert(1)> "fine" \u202e film', marks="0,1", **QUICK)
    line = page.locator(".guess-line")
    assert line.locator("img, script").count() == 0
    assert "<img src=x" in line.inner_text() and "‹U+202E›" in line.inner_text()


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (390, "dark")])
def test_the_revealed_page_fits_and_can_be_used_by_everyone(open_page: Opener, width: int, theme: str) -> None:
    page = open_page("guess", width=width, theme=theme, marks="1,4,7", **QUICK)
    assert _overflow(page) == 0
    box = _words(page).nth(2).bounding_box()
    _words(page).nth(1).click()
    assert _words(page).nth(2).bounding_box() == box, "a mark moves no word"
    _words(page).nth(1).click()
    _wait_for(page, "marks", "1,4,7")
    _reveal(page)
    assert _overflow(page) == 0
    found = Axe().run(page).response["violations"]
    assert not [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in ("serious", "critical")]


@pytest.mark.parametrize(("width", "theme"), [(1280, "dark"), (390, "light")])
def test_about_is_read_by_its_contents_on_every_screen(open_page: Opener, width: int, theme: str) -> None:
    page = open_page("about", width=width, theme=theme)
    page.wait_for_selector("#cite")
    settle(page)
    assert _overflow(page) == 0
    for name, anchor in (("How to cite", "cite"), ("DIG", "dig")):
        page.get_by_role("link", name=name, exact=True).first.click()
        page.wait_for_url(f"**#{anchor}")
        expect(page.locator(f"#{anchor}")).to_be_in_viewport()
    table = page.get_by_role("region", name="All methods")
    expect(table.locator("tbody tr")).to_have_count(len(METHODS))
    table.get_by_role("link", name="LIME").click()
    expect(page.locator("#lime")).to_be_in_viewport()
    assert page.locator(".katex-error, [data-testid=stException]").count() == 0
    page.get_by_role("link", name="Axioms: try the promises").click()
    page.wait_for_url("**/axioms*")
