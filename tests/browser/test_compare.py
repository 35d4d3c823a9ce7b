"""The Compare page in a real Chromium, used as a person would."""

import re
from urllib.parse import parse_qs, urlparse

import pytest
import torch
from playwright.sync_api import Page, expect

from sigviz.models import zoo
from tests.browser.conftest import PATIENCE, Opener, settle

pytestmark = pytest.mark.browser
expect.set_options(timeout=PATIENCE)

SHORT = "this is junk food cinema at its greasiest ."
QUICK = {"model": "bundled/distil-movie", "text": SHORT}  # the smallest model and a short text, where speed is not the point


def _cards(page: Page):  # type: ignore[no-untyped-def]
    return page.locator('[class*="st-key-card"]')


def _setting(page: Page, name: str) -> str | None:
    return parse_qs(urlparse(page.url).query).get(name, [None])[0]


def _pick(page: Page, key: str, option: str) -> None:
    """Choose in a selectbox, by typing, as one does in a long list."""
    box = page.locator(f".st-key-{key} input")
    box.click()
    box.fill(option)
    page.get_by_role("option").filter(has_text=option).first.click()
    settle(page)


def _tokens(page: Page, row: int = 0) -> list[str]:
    return page.locator(".sigviz-row").nth(row).locator("[tabindex]").all_inner_texts()


def _facts(page: Page, card: int = 0) -> str:
    return " ".join(_cards(page).nth(card).locator("[data-testid=stCaptionContainer]").all_inner_texts())


def test_the_page_opens_on_an_explained_sentence_of_the_paper(open_page: Opener) -> None:
    page = open_page()
    expect(_cards(page)).to_have_count(3)
    expect(page.locator(".sigviz-row")).to_have_count(4)  # IG, exact SIG and SIG, DIG
    assert "lovely" in _tokens(page)
    for card, method in enumerate(("IG", "SIG", "DIG")):
        facts = _facts(page, card)
        for fact in ("target", "F(x)", "F(x̄)", "steps", "passes", "time", f"{method} says that"):
            assert fact in facts, (method, fact)
    expect(page.get_by_text("Completeness ledger")).to_be_visible()
    assert page.locator("[data-testid=stException], [data-testid=stAlert]").count() == 0
    assert "runs" not in page.url, "defaults do not belong in the link"


def test_the_probabilities_are_those_of_a_plain_forward_pass(open_page: Opener) -> None:
    page = open_page(runs="sig-exact", **QUICK)
    model = zoo.load(QUICK["model"])
    with torch.no_grad():
        plain = model.model(**model.tokenizer(SHORT, return_tensors="pt")).logits.softmax(-1)[0]
    shown = page.get_by_text(re.compile("with a probability of")).inner_text()
    percent = float(re.search(r"([\d.]+)\s*%", shown)[1])  # type: ignore[index]
    assert model.labels[int(plain.argmax())] in shown
    assert percent == pytest.approx(100 * float(plain.max()), abs=0.06)


def _overflow(page: Page) -> int:
    """By how many pixels the page is wider than its window.  stMain scrolls; the document itself never grows."""
    return page.locator("[data-testid=stMain]").evaluate("main => main.scrollWidth - main.clientWidth")


def _enter(page: Page, key: str, value: str) -> None:
    """Type into a field, and Enter."""
    field = page.locator(f".st-key-{key} input")
    field.fill(value)
    field.press("Enter")
    settle(page)


def _choose(page: Page, key: str, choice: str) -> None:
    """Click on one of a row of choices."""
    page.locator(f".st-key-{key}").get_by_text(choice, exact=True).click()
    settle(page)


def _colours(page: Page) -> list[str]:
    return page.locator(".sigviz-row [tabindex]").evaluate_all("all => all.map(e => getComputedStyle(e).backgroundColor)")


def test_every_shared_control_changes_what_is_shown_and_stands_in_the_link(open_page: Opener) -> None:
    page = open_page(runs="sig-exact", **QUICK)
    before = _facts(page)
    _pick(page, "output", "probability")
    assert "probability" in _facts(page) and _facts(page) != before and _setting(page, "output") == "probability"
    _pick(page, "target", "1: positive")
    assert "target positive" in _facts(page) and _setting(page, "target") == "1: positive"
    _choose(page, "unit", "word")
    assert "greasiest" in _tokens(page) and _setting(page, "unit") == "word"
    _choose(page, "unit", "sentence")
    assert len(_tokens(page)) == 1
    _pick(page, "model", "bundled/minilm-movie-2")
    assert _setting(page, "model") == "bundled/minilm-movie-2"
    _pick(page, "example", "not bad at all")
    assert "not bad at all" in (_setting(page, "text") or "") and "bad" in " ".join(_tokens(page))
    page.locator(".st-key-text textarea").fill("a plain film")
    page.locator(".st-key-text textarea").press("Control+Enter")
    settle(page)
    assert _setting(page, "text") == "a plain film" and "plain" in " ".join(_tokens(page))


def test_every_control_of_a_run_changes_it_and_stands_in_the_link(open_page: Opener) -> None:
    page = open_page(runs="ig(steps=8)", **QUICK)
    _enter(page, "steps0", "12")
    assert "steps 12" in _facts(page) and _setting(page, "runs") == "ig(steps=12)"
    _pick(page, "baseline0", "pad")
    assert "baseline pad" in _facts(page) and _setting(page, "runs") == "ig(baseline=pad,steps=12)"
    box = page.locator(".st-key-baseline0 input")
    box.click()
    box.fill("film")
    box.press("Enter")
    settle(page)
    assert "baseline film" in _facts(page)
    _pick(page, "method0", "SIG, exact")
    assert _setting(page, "runs") == "sig-exact(baseline=film)" and "steps 12" not in _facts(page)
    page.locator(".st-key-options0 button").first.click()
    _pick(page, "context0", "causal")
    assert "context causal" in _facts(page)


def test_the_contrast_class_is_asked_for_with_the_margin(open_page: Opener) -> None:
    page = open_page(runs="sig-exact", target="1: positive", **QUICK)
    assert page.locator(".st-key-contrast").count() == 0
    _pick(page, "output", "margin")
    assert "contrast: " not in _facts(page)
    _pick(page, "contrast", "0: negative")
    assert "contrast: 0" in _facts(page) and _setting(page, "contrast") == "0: negative"


def test_the_options_of_a_run_change_it_and_stand_in_the_link(open_page: Opener) -> None:
    page = open_page(runs="sig(steps=2) dig(steps=2,neighbours=50)", **QUICK)
    page.locator(".st-key-options0 button").first.click()
    _pick(page, "quadrature0", "riemann-middle")
    assert "rule riemann-middle" in _facts(page)
    _enter(page, "tolerance0", "0.05")
    page.keyboard.press("Escape")
    start = page.locator(".st-key-go0 button").filter(has_text="Run")
    if start.is_visible():  # how many steps that takes is not known before: at worst, many
        start.click()
    expect(_cards(page).first).to_contain_text("tolerance 0.05")
    assert (_setting(page, "runs") or "").split()[0] == "sig(steps=2,quadrature=riemann-middle,tolerance=0.05)"
    settle(page)
    before = _facts(page, 1)
    page.locator(".st-key-options1 button").first.click()
    _pick(page, "strategy1", "maxcount")
    _enter(page, "factor1", "1")
    _enter(page, "neighbours1", "20")
    for fact in ("strategy maxcount", "factor 1", "neighbours 20"):
        assert fact in _facts(page, 1) and fact not in before, fact
    link = (_setting(page, "runs") or "").split()[1]
    assert all(word in link for word in ("strategy=maxcount", "factor=1", "neighbours=20")), link


def test_the_runs_can_be_edited_as_text(open_page: Opener) -> None:
    page = open_page(runs="sig-exact", **QUICK)
    page.locator(".st-key-as_text button").first.click()
    _enter(page, "runs", "sig-exact ig(steps=3)")
    expect(_cards(page)).to_have_count(2)
    assert "steps 3" in _facts(page, 1) and _setting(page, "runs") == "sig-exact ig(steps=3)"


def test_the_colour_scale_changes_the_colours(open_page: Opener) -> None:
    page = open_page(runs="sig-exact ig(steps=4)", **QUICK)
    row = _colours(page)
    _choose(page, "scale", "shared")
    shared = _colours(page)
    assert _setting(page, "scale") == "shared" and shared != row
    half = len(row) // 2
    assert (shared[:half] == row[:half]) != (shared[half:] == row[half:]), "the row of the largest score keeps its colours"
    _choose(page, "scale", "fixed")
    assert _setting(page, "scale") == "fixed" and _colours(page) not in (row, shared)


def test_the_grid_and_the_ledger_are_tables_too(open_page: Opener) -> None:
    page = open_page(runs="sig-exact ig(steps=4)", **QUICK)
    assert page.locator(".sigviz-grid").count() == 0, "a closed grid is not made"
    page.locator(".st-key-grid summary").click()
    grid, agreement = page.locator(".sigviz-grid").first, page.locator(".sigviz-grid").last
    expect(grid.locator("tbody tr")).to_have_count(2)
    assert grid.locator("tbody tr").first.locator("td").count() == len(_tokens(page))
    expect(agreement).to_contain_text("How far the runs agree")
    for tab, words in (("2. IG", "The scores add up to"), ("1. SIG exact", "Every token's score")):
        page.get_by_role("tab", name=tab).click()
        panel = page.get_by_role("tabpanel").filter(has_text=words)
        expect(panel).to_be_visible()
        panel.locator("summary").click()
        expect(panel.locator("[data-testid=stDataFrame] canvas").first).to_be_visible()


def test_runs_are_added_duplicated_removed_and_reset(open_page: Opener) -> None:
    page = open_page(runs="sig-exact ig(steps=5)", **QUICK)
    page.locator(".st-key-copy0 button").click()
    expect(_cards(page)).to_have_count(3)
    settle(page)
    assert _setting(page, "runs") == "sig-exact sig-exact ig(steps=5)"
    page.locator(".st-key-add button").click()
    expect(_cards(page)).to_have_count(4)
    settle(page)
    page.locator(".st-key-remove0 button").click()
    expect(_cards(page)).to_have_count(3)
    settle(page)
    assert _setting(page, "runs") == "sig-exact ig(steps=5) ig(steps=5)"
    page.locator(".st-key-reset button").click()
    settle(page)
    expect(_cards(page)).to_have_count(3)
    assert "steps 30" in _facts(page, 2)


def test_a_pasted_link_restores_everything(open_page: Opener) -> None:
    runs = "sig(baseline=pad,steps=7) dig(steps=4,strategy=maxcount)"
    page = open_page(runs=runs, unit="word", output="margin", target="0: negative", **QUICK)
    expect(_cards(page)).to_have_count(2)
    assert page.locator(".st-key-text textarea").input_value() == SHORT
    sig, dig = _facts(page, 0), _facts(page, 1)
    for fact in ("baseline pad", "steps 7", "target negative", "word ("):
        assert fact in sig, fact
    assert "steps 4" in dig and "maxcount" in dig and "contrast class" in dig
    again = page.url
    page.goto(again)
    settle(page)
    first = [line for line in _facts(page, 0).split(" · ") if line.startswith("F(x)")]
    assert first and first[0] in sig


@pytest.mark.parametrize("wrong", [{"runs": "sig(steps=0)"}, {"runs": "nonsense"}, {"runs": "sig " * 20}])
def test_a_wrong_link_says_what_is_wrong(open_page: Opener, wrong: dict[str, str]) -> None:
    page = open_page(**{**QUICK, **wrong})
    expect(page.locator("[data-testid=stAlert]").first).to_be_visible()
    assert page.locator("[data-testid=stException]").count() == 0
    page.locator(".st-key-reset button").click()
    settle(page)
    expect(_cards(page)).to_have_count(3)


def test_a_hostile_sentence_is_only_text(open_page: Opener) -> None:
    text = "<img src=x onerror=alert(1)> **bold** [link](javascript:alert(2)) <script>alert(3)</script> :smile: $x^2$"
    page = open_page(runs="sig-exact ig(steps=4)", text=text, model=QUICK["model"])
    row = page.locator(".sigviz-row").first
    assert row.locator("img, script, a").count() == 0
    assert "<img" in row.inner_text().replace(" ", "") and "**bold**" in row.inner_text().replace("\n", "")
    assert page.locator("main img[src='x'], section img[src='x']").count() == 0
    assert _links(page) == []


def _links(page: Page) -> list[str]:
    """Where the page's links lead; those of its own headlines to themselves, and to its own pages, are left out."""
    links = page.locator("[data-testid=stMain] a:not([href^='#']):not([data-testid=stPageLink-NavLink])")
    return links.evaluate_all("all => all.map(a => a.outerHTML)")


def test_an_address_in_a_sentence_is_no_link(open_page: Opener) -> None:
    addresses = ("https://evil.example/x", "www.evil.example", "a@evil.example")
    wrong = "ig(baseline=https%3A%2F%2Fevil.example%2Fx)"  # refused in words that hold the address
    page = open_page(runs=f"sig-exact {wrong}", text="a film", unit="sentence", model=QUICK["model"])
    for address in addresses:
        page.locator(".st-key-text textarea").fill(address)
        page.locator(".st-key-text textarea").press("Control+Enter")
        settle(page)
        assert address in _facts(page).replace("\u2060", ""), "the sentence under the map names its strongest words"
        assert _links(page) == []
    expect(page.locator("[data-testid=stAlert]")).to_contain_text("evil.example")
    expect(page.get_by_text("Completeness ledger")).to_be_visible()
    assert _links(page) == []
    page.locator("[data-testid=stCaptionContainer] p").last.evaluate("p => p.innerHTML = '<a href=//evil.example>x</a>'")
    assert len(_links(page)) == 1, "a link would have been seen"


def test_a_hostile_model_name_is_refused_in_words(open_page: Opener) -> None:
    page = open_page(settled=False, model="../../etc/<b>passwd</b>", text=SHORT)
    alert = page.locator("[data-testid=stAlert]").first
    expect(alert).to_be_visible()
    assert alert.locator("b").count() == 0 and "Traceback" not in alert.inner_text()


def test_a_model_out_of_reach_is_said_and_the_page_goes_on_with_another(open_page: Opener) -> None:
    page = open_page(settled=False, model="textattack/bert-base-uncased-SST-2", text=SHORT, runs="sig-exact")
    expect(page.locator("[data-testid=stAlert]").first).to_contain_text("Hub")
    _pick(page, "model", "bundled/distil-movie")
    expect(page.locator(".sigviz-row").first).to_be_visible()


def test_six_hundred_words_are_cut_visibly_and_dear_runs_wait_for_a_click(open_page: Opener) -> None:
    text = " ".join(["a film that moves slowly and says little , yet it stays with you ."] * 45)  # 630 words
    page = open_page(model=QUICK["model"], text=text, unit="token", runs="ig(steps=2) sig(steps=200)")
    expect(page.get_by_text(re.compile("tokens of it were left out"))).to_be_visible()
    assert len(_tokens(page)) == 510, "what the model reads, less its two special tokens"
    expect(page.get_by_text(re.compile("This would take about"))).to_be_visible()
    expect(page.locator(".st-key-go1 button").filter(has_text="Run")).to_be_visible()
    room = page.locator(".sigviz-row").first.evaluate("row => row.parentElement.getBoundingClientRect().right")
    ends = (
        page.locator(".sigviz-row")
        .first.locator("[tabindex]")
        .evaluate_all("all => all.map(e => e.getBoundingClientRect().right)")
    )
    assert max(ends) <= room <= 1280 and _overflow(page) == 0


def test_a_long_run_shows_progress_and_stops_when_asked(open_page: Opener) -> None:
    page = open_page(settled=False, runs="sig(steps=1024)")
    start, stop = (page.locator(".st-key-go0 button").filter(has_text=name) for name in ("Run", "Stop"))
    expect(start.or_(stop)).to_be_visible()
    if start.is_visible():  # what would take long here waits for a click
        start.click()
    expect(page.locator("[data-testid=stProgress]").first).to_be_visible()
    stop.click()
    expect(page.get_by_text("Stopped.")).to_be_visible()
    settle(page)
    expect(start).to_be_visible()


def _contrast(page: Page, selector: str) -> float:
    """The smallest WCAG contrast of text and background among the elements, of which there is one at least."""
    found = page.locator(selector).evaluate_all(
        """all => {
        const channel = v => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4
        const light = c => {
            const [r, g, b] = c.match(/[\\d.]+/g).map(Number)
            return .2126 * channel(r) + .7152 * channel(g) + .0722 * channel(b)
        }
        return all.map(e => {
            const s = getComputedStyle(e), [a, b] = [light(s.color), light(s.backgroundColor)].sort((x, y) => y - x)
            return (a + .05) / (b + .05) })
        }"""
    )
    return min(found)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_words_can_be_read_in_both_themes(open_page: Opener, theme: str) -> None:
    page = open_page(theme=theme, runs="sig-exact ig(steps=4)", **QUICK)
    background = page.evaluate("getComputedStyle(document.querySelector('.stApp')).backgroundColor")
    brightness = sum(map(int, re.findall(r"\d+", background)[:3]))
    assert brightness > 600 if theme == "light" else brightness < 200
    page.mouse.move(0, 0)
    assert _contrast(page, ".sigviz-row [tabindex]") >= 4.5
    first = page.locator(".sigviz-row [tabindex]").nth(3)
    colour = first.evaluate("e => getComputedStyle(e).color")
    assert (sum(map(int, re.findall(r"\d+", colour)[:3])) < 300) == (theme == "light")


def test_nothing_is_clipped_at_390_pixels(open_page: Opener) -> None:
    page = open_page(width=390, runs="sig-exact ig(steps=4)", **QUICK)
    assert _overflow(page) == 0
    for box in [element.bounding_box() for element in page.locator(".sigviz-row [tabindex]").all()]:
        assert box and box["x"] >= 0 and box["x"] + box["width"] <= 390
    page.locator(".sigviz-row [tabindex]").last.hover()
    assert _overflow(page) == 0, "the tooltip must not widen the page"
    page.locator(".st-key-grid summary").click()
    expect(page.locator(".sigviz-grid").first).to_be_visible()
    assert _overflow(page) == 0, "the grid scrolls in itself"
    page.locator("[data-testid=stMainBlockContainer]").evaluate(
        "main => main.insertAdjacentHTML('beforeend', '<div style=\"width: 2000px; height: 1px\"></div>')"
    )
    assert _overflow(page) > 1000, "what is too wide would have been seen"


def test_a_word_shows_its_value_on_focus_by_keyboard(open_page: Opener) -> None:
    page = open_page(runs="sig-exact", **QUICK)
    words = page.locator(".sigviz-row [tabindex]")
    words.first.focus()
    page.keyboard.press("ArrowRight")
    focused = page.evaluate("document.activeElement.shadowRoot.activeElement.getAttribute('aria-label')")
    assert focused and focused == words.nth(1).get_attribute("aria-label")
    shown = words.nth(1).evaluate("word => getComputedStyle(word, '::after').content")
    assert re.search(r"\d", shown), shown


def test_the_page_can_be_used_by_keyboard_alone(open_page: Opener) -> None:
    page = open_page(runs="sig-exact", **QUICK)
    for _ in range(40):  # the pages of the app come first
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('.st-key-output input')"):
            break
    else:
        raise AssertionError("the output control can't be reached by Tab")
    page.keyboard.type("log-odds")
    page.keyboard.press("Enter")
    settle(page)
    assert "log p/(1−p)" in _facts(page).replace("-", "−") and _setting(page, "output") == "log-odds"
