"""The Paths page in a real Chromium: alpha moves without the server, by keyboard and by Play, and its link brings it back."""

from urllib.parse import parse_qs, urlparse

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import PATIENCE, Opener, settle

pytestmark = pytest.mark.browser
expect.set_options(timeout=PATIENCE)

QUICK = {"model": "bundled/distil-movie", "text": "this is junk food cinema .", "paths_steps": "5", "paths_hops": "2"}
IG, SIG, DIG = range(3)


def _opened(open_page: Opener, **given) -> Page:  # type: ignore[no-untyped-def]
    page = open_page("paths", **{**QUICK, **given})
    expect(page.locator(".theatre .row")).to_have_count(3)
    settle(page)
    return page


def _words(page: Page, row: int) -> list[str]:
    """The sentence of a row as it is shown, word by word, without what stands under the words."""
    return page.locator(".theatre .row").nth(row).locator(".word:not(.held), .held.word .shown").all_inner_texts()


def _alpha(page: Page) -> str:
    return page.locator(".where").inner_text()


def _in_link(page: Page) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlparse(page.url).query).items()}


def _slider(page: Page) -> Locator:
    return page.get_by_role("slider", name="alpha, the position on the way from the baseline to the text")


def test_the_ends_are_the_baseline_and_the_text_and_sig_keeps_all_words_but_one(open_page: Opener) -> None:
    page = _opened(open_page, word="3: junk")
    _slider(page).focus()
    page.keyboard.press("Home")
    text = QUICK["text"].split()
    masks = ["[MASK]"] * 6
    assert [_words(page, row) for row in (IG, SIG, DIG)] == [masks, ["this", "is", "[MASK]", *text[3:]], masks]
    page.keyboard.press("End")
    assert [_words(page, row) for row in (IG, SIG, DIG)] == [text] * 3
    assert _alpha(page) == "α = 1.00"


def test_moving_needs_no_server_and_resting_puts_alpha_into_the_link_beside_the_rest(open_page: Opener) -> None:
    page = _opened(open_page, word="3: junk")
    before = _in_link(page)
    slider = _slider(page)
    slider.evaluate("range => { range.value = 0; range.dispatchEvent(new Event('input')) }")
    settle(page)
    assert _alpha(page) == "α = 0.00" and _in_link(page) == before, "it still moves"
    slider.focus()
    page.keyboard.press("ArrowRight")
    settle(page)
    expect(page.locator(".theatre [aria-live] p")).to_have_count(3)
    alpha = _in_link(page)["alpha"]
    assert float(alpha) == pytest.approx(1 / 48, abs=1e-3) and _in_link(page) == before | {"alpha": alpha}
    page.reload()
    expect(page.locator(".where")).to_have_text("α = 0.02")


def test_the_figures_below_follow_once_alpha_rests(open_page: Opener) -> None:
    page = _opened(open_page, alpha="0.5")
    expect(page.locator(".js-plotly-plot")).to_have_count(4)
    expect(page.locator(".js-plotly-plot").last).to_contain_text("at alpha 0.50")
    _slider(page).focus()
    page.keyboard.press("End")
    expect(page.locator(".js-plotly-plot").last).to_contain_text("at alpha 1.00")


def test_play_plays_to_the_end_and_pause_stays(open_page: Opener) -> None:
    page = _opened(open_page, alpha="0")
    button = page.locator(".theatre .play")
    button.focus()
    page.keyboard.press("Enter")
    expect(button).to_have_text("Pause")
    expect(page.locator(".where")).not_to_have_text("α = 0.00")
    button.click()
    expect(button).to_have_text("Play")
    paused = _alpha(page)
    page.wait_for_timeout(600)
    assert _alpha(page) == paused
    settle(page)
    assert f"{float(_in_link(page)['alpha']):.2f}" == paused.removeprefix("α = ")
    button.click()
    expect(page.locator(".where")).to_have_text("α = 1.00")
    expect(button).to_have_text("Play")


def test_who_wants_no_motion_goes_from_stop_to_stop(open_page: Opener) -> None:
    page = _opened(open_page, alpha="0")
    page.emulate_media(reduced_motion="reduce")
    page.reload()
    button = page.locator(".theatre .play")
    expect(button).to_have_text("Next stop")
    for alpha in ("0.33", "0.67", "1.00", "0.33"):
        button.click()
        expect(page.locator(".where")).to_have_text(f"α = {alpha}")


def test_nothing_moves_but_what_is_said_to_move(open_page: Opener) -> None:
    page = _opened(open_page, alpha="0")
    boxes = "() => [...document.querySelectorAll('*')].map(e => e.shadowRoot?.querySelector('.theatre')).filter(Boolean)"
    boxes += ".flatMap(e => [...e.querySelectorAll('.cell, .curve')]).map(e => JSON.stringify(e.getBoundingClientRect()))"
    _slider(page).focus()
    page.keyboard.press("Home")
    first = page.evaluate(boxes)
    assert len(first) == 3 * (6 + 2)
    for _ in range(6):
        for _ in range(8):
            page.keyboard.press("ArrowRight")
        assert page.evaluate(boxes) == first
    assert _alpha(page) == "α = 1.00"


def test_a_click_on_a_word_follows_that_word_from_where_alpha_is(open_page: Opener) -> None:
    page = _opened(open_page, alpha="0.25")
    page.locator(".sigviz-unit").nth(4).click()
    expect(page.get_by_role("heading", name="The score of “cinema” is an area")).to_be_visible()
    settle(page)
    assert _alpha(page) == "α = 0.25" and _in_link(page)["word"] == "5: cinema"


def test_each_row_has_a_sentence_for_those_who_do_not_see_it(open_page: Opener) -> None:
    page = _opened(open_page, word="3: junk", alpha="0.5")
    said = page.locator(".theatre .sentence").evaluate_all("all => all.map(e => e.getAttribute('aria-label'))")
    assert [sentence.split(" at alpha 0.50: ")[0] for sentence in said] == ["IG", "SIG", "DIG"]
    assert all("“junk”" in sentence and "logits" in sentence for sentence in said)


@pytest.mark.parametrize(("width", "theme"), [(1280, "dark"), (390, "light")])
def test_everything_fits_and_the_slider_stays_in_sight(open_page: Opener, width: int, theme: str) -> None:
    page = _opened(open_page, width=width, theme=theme)
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(wide) == 0
    for cell in page.locator(".theatre .cell, .theatre .curve").all():
        box = cell.bounding_box()
        assert box and box["x"] >= 0 and box["x"] + box["width"] <= width
    page.locator(".theatre .row").last.evaluate("row => row.scrollIntoView({ block: 'end' })")
    expect(_slider(page)).to_be_in_viewport()


def test_hostile_words_stay_words(open_page: Opener) -> None:
    page = _opened(open_page, text="<img src=x onerror=alert(1)> <b>x</b>", word="2: im")
    assert page.locator(".theatre img, .theatre b:not(.value)").count() == 0
    _slider(page).focus()
    page.keyboard.press("End")
    assert _words(page, IG)[:2] == ["<", "im"]
