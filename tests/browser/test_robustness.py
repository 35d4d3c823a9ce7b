"""One sentence on the Robustness page in a real Chromium: its link, its words, its file, and how wide it is."""

import csv
from pathlib import Path
from urllib.parse import parse_qs, urlparse

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PATIENCE, Opener, settle

pytestmark = pytest.mark.browser
expect.set_options(timeout=PATIENCE)

TEXT = "a well-made and often lovely film"
QUICK = {"model": "bundled/distil-movie", "other": "bundled/minilm-movie", "text": TEXT, "explained_by": "saliency"}
WORD = '[aria-label="The selected word in every model"]'


def _setting(page: Page, name: str) -> str | None:
    return parse_qs(urlparse(page.url).query).get(name, [None])[0]


def _row(page: Page, number: int) -> str:
    """Where the words of a model's row are."""
    return f".st-key-robust_strip_{number} .sigviz-unit"


def test_a_click_in_any_row_selects_the_word_for_all_models_and_the_link(open_page: Opener) -> None:
    page = open_page("robustness", **QUICK)
    word = page.locator(_row(page, 2)).nth(6)
    expect(word).to_have_text("lovely")
    word.click()
    settle(page)
    assert _setting(page, "word") == "7: lovely"
    for number in range(3):
        expect(page.locator(_row(page, number)).nth(6)).to_have_attribute("aria-pressed", "true")
    expect(page.locator(f"{WORD} caption")).to_contain_text("lovely")
    expect(page.locator(f"{WORD} tbody tr")).to_have_count(3)


def test_the_word_in_the_link_is_marked_in_every_row(open_page: Opener) -> None:
    page = open_page("robustness", word="7: lovely", **QUICK)
    for number in range(3):
        expect(page.locator(_row(page, number)).nth(6)).to_have_attribute("aria-pressed", "true")


def test_the_script_for_the_same_numbers_is_shown(open_page: Opener) -> None:
    page = open_page("robustness", **QUICK)
    page.locator(".st-key-robust_reproduce summary").click()
    settle(page)
    expect(page.locator(".st-key-robust_reproduce code")).to_contain_text("robustness.control(model, 'untrained', 0)")


def test_pointing_at_a_word_lights_it_in_every_row(open_page: Opener) -> None:
    page = open_page("robustness", **QUICK)
    page.locator(_row(page, 0)).nth(6).hover()
    for number in range(3):
        expect(page.locator(f"{_row(page, number)}.sigviz-lit")).to_have_text("lovely")


def test_the_link_restores_what_was_chosen(open_page: Opener) -> None:
    page = open_page("robustness", **QUICK)
    page.locator(".st-key-word_score").get_by_text("sum", exact=True).click()
    settle(page)
    page.locator(".st-key-top_words").get_by_text("10", exact=True).click()
    settle(page)
    page.locator(".st-key-nothing_trained label").first.click()
    settle(page)
    expect(page.locator(_row(page, 3)).first).to_be_visible()
    tops = [page.locator(f"{_row(page, number)}.sigviz-top").all_inner_texts() for number in range(4)]
    assert [len(top) for top in tops] == [1] * 4
    again = open_page("robustness", settled=False)
    again.goto(page.url)
    again.wait_for_selector(_row(again, 3))
    settle(again)
    assert [again.locator(f"{_row(again, number)}.sigviz-top").all_inner_texts() for number in range(4)] == tops
    expect(again.locator(".st-key-other input")).to_have_value(QUICK["other"])


def test_the_twin_follows_the_model(open_page: Opener) -> None:
    page = open_page("robustness", **{**QUICK, "model": "bundled/minilm-movie-2", "other": "its twin"})
    expect(page.get_by_text("(bundled/minilm-movie) predicts")).to_be_visible()


def test_the_table_is_saved_as_a_file(open_page: Opener) -> None:
    page = open_page("robustness", **QUICK)
    with page.expect_download() as waiting:
        page.locator(".st-key-robust_sentence_csv_file button").click()
    with Path(waiting.value.path()).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["unit"] for row in rows[:8]] == ["a", "well", "'-", "made", "and", "often", "lovely", "film"]
    assert len(rows) == 24 and sum(row["on_top"] == "True" for row in rows[:8]) == 2


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_is_wider_than_a_phone(open_page: Opener, theme: str) -> None:
    page = open_page("robustness", width=390, theme=theme, nothing_trained="true", word="7: lovely", **QUICK)
    page.wait_for_selector(WORD)
    main = page.locator("[data-testid=stMain]")
    assert main.evaluate("main => main.scrollWidth - main.clientWidth") == 0
