"""The section "Many texts" of the Robustness page in a real Chromium, used as a person would."""

from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import Page, expect

from sigviz.models.untrained import UNTRAINED
from sigviz.studies import results
from sigviz.studies.results import Results
from tests.browser.conftest import PATIENCE, Opener, settle
from tests.views.robust_rows import ABOUT, SHARES, rows

pytestmark = pytest.mark.browser
expect.set_options(timeout=PATIENCE)

FAST = "bundled/distil-movie"
TABLE = "[aria-label='All numbers of the study']"


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A results file, as the command line writes it."""
    path = tmp_path_factory.mktemp("study") / "made.parquet"
    results.write(path, Results(rows(SHARES), ABOUT))
    return path


def _opened(page: Page, file: Path) -> Page:
    page.locator(".st-key-many_file input[type=file]").set_input_files(file)
    page.locator(TABLE).wait_for()
    settle(page)
    return page


def _pick(page: Page, key: str, words: str) -> None:
    page.locator(f".st-key-{key}").get_by_text(words, exact=True).first.click()
    settle(page)


def _wide(page: Page) -> bool:
    """Whether the page itself has to be scrolled sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (390, "dark")])
def test_a_results_file_is_shown_in_words_charts_and_numbers_and_fits(
    open_page: Opener, file: Path, width: int, theme: str
) -> None:
    page = _opened(open_page("robustness", width=width, theme=theme, model=FAST, many_source="Open a file"), file)
    expect(page.get_by_text("Yes: IG fails here, and SIG passes.")).to_be_visible()
    expect(page.locator("li").filter(has_text="SIG, exact passes.")).to_be_visible()
    for chart in ("overlaps", "infidelity"):
        expect(page.locator(f".st-key-many_chart_{chart} .js-plotly-plot").first).to_be_visible()
    expect(page.locator(TABLE)).to_contain_text("Nothing trained")
    assert not _wide(page) and page.locator("[data-testid=stException]").count() == 0


def test_the_bars_of_the_controls_are_hatched_and_stay_so_in_the_dark(open_page: Opener, file: Path) -> None:
    page = _opened(open_page("robustness", theme="dark", model=FAST, many_source="Open a file"), file)
    bars = page.locator(".st-key-many_chart_overlaps .js-plotly-plot .trace.bars")
    fills = [bars.nth(place).locator("path").first.evaluate("path => getComputedStyle(path).fill") for place in range(3)]
    assert not fills[0].startswith("url") and fills[1].startswith("url") and fills[2].startswith("url"), fills


def test_what_is_chosen_stands_in_the_link_and_changes_words_and_charts_without_a_jump(open_page: Opener, file: Path) -> None:
    page = _opened(open_page("robustness", model=FAST, many_source="Open a file"), file)
    heights = "() => document.querySelector('.st-key-many_chart_overlaps').getBoundingClientRect().height"
    before = page.evaluate(heights)
    _pick(page, "many_k", "10 %")
    expect(page.get_by_role("heading", name="Top 10 % words that are shared")).to_be_visible()
    _pick(page, "many_reduction", "sum")
    assert "many_k=10" in page.url and "many_reduction=sum" in page.url
    assert abs(page.evaluate(heights) - before) < 60  # published numbers, and their line in the legend, are gone


def test_a_study_is_run_watched_and_downloaded(open_page: Opener) -> None:
    page = open_page(
        "robustness",
        model=FAST,
        many_source="Run a study",
        many_model=FAST,
        many_other="bundled/minilm-movie",
        many_limit="2",
        many_seed="9",
    )
    page.locator(".st-key-many_run").get_by_role("button").first.click()
    expect(page.locator(TABLE)).to_contain_text("SIG, exact")
    expect(page.get_by_text("2 texts", exact=False).first).to_be_visible()
    expect(page.get_by_text("cannot be told", exact=False).first).to_be_visible()
    with page.expect_download() as started:
        page.get_by_role("button", name="Summary, CSV").click()
    table = pd.read_csv(started.value.path())
    assert {"jaccard@25", "infidelity", "same_prediction"} <= set(table["metric"]) and UNTRAINED in set(table["other"])
    with page.expect_download() as started:
        page.get_by_role("button", name="Results file").click()
    page.locator(".st-key-many_source").get_by_text("Open a file", exact=True).click()
    settle(page)
    copy = Path(started.value.path()).rename(Path(started.value.path()).with_suffix(".parquet"))
    page.locator(".st-key-many_file input[type=file]").set_input_files(copy)
    expect(page.locator(TABLE)).to_contain_text("SIG, exact")
