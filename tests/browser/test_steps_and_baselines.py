"""The Steps and the Baselines page in a real browser: charts, links, both widths, and selecting a word."""

import re

import pytest
from playwright.sync_api import Page, expect

from sigviz.ui.examples import FIRST
from tests.browser.conftest import PATIENCE, Opener, settle

pytestmark = pytest.mark.browser
expect.set_options(timeout=PATIENCE)

MODEL = "bundled/distil-movie"
FEW = {"model": MODEL, "text": "this is junk food cinema", "steps_most": "2"}
NO_OVERFLOW = "(m => m.scrollWidth <= m.clientWidth)(document.querySelector('[data-testid=stMain]'))"


def _charts(page: Page, count: int) -> None:
    """Charts load as they come into view: scroll through all of them."""
    plots = page.get_by_test_id("stPlotlyChart")
    expect(plots).to_have_count(count)
    for place in range(count):
        plots.nth(place).scroll_into_view_if_needed()
        expect(plots.nth(place).locator(".main-svg").first).to_be_visible()


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (390, "dark")])
def test_the_steps_page_shows_its_charts_and_fits(open_page: Opener, width: int, theme: str) -> None:
    page = open_page("steps", width=width, theme=theme, **FEW)
    expect(page.get_by_role("heading", name="How many steps are enough?")).to_be_visible()
    expect(page.get_by_text("the same number of gradients")).to_be_visible()
    _charts(page, 6)
    assert page.evaluate(NO_OVERFLOW)
    expect(page.get_by_role("alert")).to_have_count(0)


def test_the_steps_page_keeps_its_settings_in_the_link(open_page: Opener) -> None:
    page = open_page("steps", **FEW)
    page.get_by_role("radio", name="passes").click()
    page.get_by_role("button", name="trapezoid").click()
    settle(page)
    page.wait_for_url("**axis=passes**")
    assert "steps_most=2" in page.url and page.url.count("rules=") >= 1 and "trapezoid" in page.url
    page.reload()
    settle(page)
    expect(page.get_by_role("radio", name="passes")).to_be_checked()
    expect(page.get_by_test_id("stPlotlyChart").first).to_contain_text("trapezoid")


def test_the_steps_page_can_be_stopped_and_goes_on(open_page: Opener) -> None:
    page = open_page("steps", settled=False, model=MODEL, text=f"{FIRST} stop", steps_most="64")
    run, stop = (page.locator(".st-key-steps_go button").filter(has_text=name) for name in ("Run", "Stop"))
    run.or_(stop).first.wait_for()
    if run.is_visible():  # a slow machine asks first
        run.click()
    page.get_by_text(re.compile(r"^Run [2-9] of")).wait_for()  # the page no longer settles: a click meets what it aims at
    stop.click()
    expect(run).to_be_visible()
    expect(page.get_by_text("Stopped:")).to_be_visible()


@pytest.mark.parametrize(("width", "theme"), [(1280, "dark"), (390, "light")])
def test_the_baselines_page_shows_its_rows_and_fits(open_page: Opener, width: int, theme: str) -> None:
    page = open_page("baselines", width=width, theme=theme, model=MODEL, text="this is junk food cinema")
    for name in ("mask", "pad", "unk", "zero", "mean", "the"):
        expect(page.get_by_text(f"{name} · F(x̄) =").first).to_be_visible()
    assert page.get_by_text("(random) · F(x̄)").count() == 3
    _charts(page, 1)
    assert page.evaluate(NO_OVERFLOW)
    expect(page.get_by_role("alert")).to_have_count(0)


def test_a_word_clicked_under_one_baseline_is_compared_under_all(open_page: Opener) -> None:
    page = open_page("baselines", model=MODEL, text="this is junk food cinema", random_words="0")
    page.get_by_role("button", name="junk").nth(1).click()
    settle(page)
    table = page.get_by_role("region", name="The selected word in every run")
    expect(table).to_contain_text("baseline pad")
    page.wait_for_url("**word=**junk**")


def test_the_baselines_page_keeps_its_settings_in_the_link(open_page: Opener) -> None:
    page = open_page("baselines", model=MODEL, text="junk food", random_words="0")
    typed = page.get_by_role("textbox", name="A word of your own")
    typed.fill("two words")
    typed.press("Enter")
    settle(page)
    page.wait_for_url("**stand_in=two**")
    page.reload()
    settle(page)
    expect(page.get_by_text("is not one token of this model")).to_be_visible()
