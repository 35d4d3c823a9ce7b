"""A long review on the Compare page, in a real Chromium: sentences first, a click on one, its words, and a phone."""

from urllib.parse import parse_qs, urlparse

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PATIENCE, Opener, settle
from tests.pages.test_long_texts import ENDLESS, MODEL, REVIEW

pytestmark = pytest.mark.browser
expect.set_options(timeout=PATIENCE)


def test_a_click_on_a_sentence_shows_its_words_and_the_link_restores_them(open_page: Opener) -> None:
    page = open_page(model=MODEL, text=REVIEW, runs="ig(steps=2)", width=390)
    whole, words = page.locator('[class*="st-key-card0"] .sigviz-row'), page.locator('[class*="st-key-inside0"] .sigviz-row')
    expect(whole.locator("[tabindex]")).to_have_count(11)
    third = whole.locator("[tabindex]").nth(2)
    said = third.inner_text()
    third.click()
    expect(words).to_have_text(said)
    settle(page)
    expect(page.get_by_text("the selected one")).to_be_visible()
    assert words.locator("[tabindex]").count() == len(said.split())
    wide = page.locator("[data-testid=stMain]").evaluate("main => main.scrollWidth - main.clientWidth")
    assert wide <= 0, "nothing is wider than a phone"
    address = parse_qs(urlparse(page.url).query)
    again = open_page(**{name: value[0] for name, value in address.items()})
    expect(again.locator('[class*="st-key-inside0"] .sigviz-row')).to_have_text(said)


def test_windows_are_chosen_where_the_text_is_too_long_and_stand_in_the_link(open_page: Opener) -> None:
    page = open_page(model=MODEL, text=ENDLESS, runs="random(seeds=1)", unit="token")
    expect(page.get_by_text("130 tokens of it were left out")).to_be_visible()
    page.locator(".st-key-window").get_by_text("slide", exact=True).click()
    expect(page.get_by_text("read in 2 windows")).to_be_visible()
    settle(page)
    assert parse_qs(urlparse(page.url).query)["window"] == ["slide"]
    assert page.locator(".sigviz-cut").count() == 0
