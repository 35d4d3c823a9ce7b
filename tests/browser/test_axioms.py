"""The Axioms page in a real Chromium: verdicts in words, links to sections, keyboard, narrow and dark."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PATIENCE, Opener, settle

pytestmark = pytest.mark.browser
expect.set_options(timeout=PATIENCE)

QUICK = {"model": "bundled/distil-movie", "text": "a dull film", "check_steps": "32"}


def _table(page: Page, name: str):  # type: ignore[no-untyped-def]
    return page.get_by_role("table", name=name)


def _measured(page: Page) -> None:
    """Wait until every axiom has its number."""
    expect(_table(page, "Summary of all checks")).not_to_contain_text("not measured yet")
    settle(page)


def _overflow(page: Page) -> int:
    return page.locator("[data-testid=stMain]").evaluate("main => main.scrollWidth - main.clientWidth")


def test_the_page_opens_with_every_axiom_measured(open_page: Opener) -> None:
    page = open_page("axioms", **QUICK)
    _measured(page)
    summary = _table(page, "Summary of all checks")
    expect(summary.get_by_role("row")).to_have_count(7)
    expect(_table(page, "Completeness of every method").get_by_role("row")).to_have_count(14)
    assert page.locator("[data-testid=stException], [data-testid=stAlert]").count() == 0
    words = summary.locator(".verdict").all_inner_texts()
    assert words and all(re.fullmatch(r"(✓ holds|✗ does not hold)", one.strip()) for one in words)


def test_what_takes_no_time_is_there_before_the_model_has_answered_everything(open_page: Opener) -> None:
    page = open_page("axioms", settled=False)
    expect(_table(page, "Difference between the scores of two equal words").get_by_role("row")).to_have_count(4)
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    expect(_table(page, "Completeness of every method")).to_contain_text("SIG, exact")


def test_the_summary_leads_to_the_sections(open_page: Opener) -> None:
    page = open_page("axioms", **QUICK)
    _measured(page)
    link = _table(page, "Summary of all checks").get_by_role("link", name="Symmetry across words")
    link.focus()
    page.keyboard.press("Enter")
    heading = page.get_by_role("heading", name="Features of two different words")
    expect(heading).to_be_in_viewport()
    assert page.locator("h1").count() and "axioms" in page.url, "still on the page"


def test_the_two_words_follow_the_fields_and_stand_in_the_link(open_page: Opener) -> None:
    page = open_page("axioms", **QUICK)
    scores = _table(page, "Scores of the two words")
    expect(scores.get_by_role("row").nth(2)).to_contain_text("1.000")
    field = page.locator(".st-key-x1 input")
    field.fill("2")
    field.press("Enter")
    settle(page)
    expect(page.get_by_text("symmetry says nothing here")).to_be_visible()
    assert "x1=2" in page.url
    expect(scores.get_by_role("row").nth(1)).to_contain_text("1.000")
    expect(page.locator(".st-key-plane .js-plotly-plot")).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_is_wider_than_the_window_and_words_stand_out(open_page: Opener, theme: str, width: int) -> None:
    page = open_page("axioms", width=width, theme=theme, **QUICK)
    _measured(page)
    assert _overflow(page) <= 0
    wider = page.locator(".axioms").evaluate_all("all => all.filter(e => e.scrollWidth > e.clientWidth + 1).length")
    assert wider == 0
    assert page.locator(".axioms .name").first.is_visible() == (width == 390), "a folded row names its numbers"
    contrast = page.locator(".axioms .verdict").evaluate_all(CONTRAST)
    assert contrast and min(contrast) >= 4.5


CONTRAST = """all => all.map(e => {
    const light = colour => {
        const [r, g, b] = colour.match(/[\\d.]+/g).slice(0, 3).map(v => v / 255)
            .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const style = getComputedStyle(e);
    const [one, other] = [light(style.color), light(style.backgroundColor)];
    return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
})"""
