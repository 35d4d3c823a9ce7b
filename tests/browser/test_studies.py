"""The Faithfulness and Batch pages in a real Chromium, used as a person would."""

import io
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PATIENCE, Opener, settle

pytestmark = pytest.mark.browser
expect.set_options(timeout=PATIENCE)

MODEL = "bundled/distil-movie"
VIEWS = ("Table", "Against IG", "Curves", "Steps", "Baselines")


def _click(page: Page, words: str) -> None:
    page.locator("[data-testid=stMain]").get_by_text(words, exact=True).first.click()  # some pages have the same names
    settle(page)


def _wide(page: Page) -> bool:
    """Whether the page itself has to be scrolled sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (390, "dark")])
def test_the_shipped_results_are_drawn_in_every_view_and_fit(open_page: Opener, width: int, theme: str) -> None:
    page = open_page("faithfulness", width=width, theme=theme)
    expect(page.locator("table").first).to_contain_text("SIG, exact")
    expect(page.locator("table").first).to_contain_text("untrained")
    for view in VIEWS:
        _click(page, view)
        assert not _wide(page), view
        assert page.locator("[data-testid=stException]").count() == 0, view
    _click(page, "Curves")
    expect(page.locator(".js-plotly-plot").first).to_be_visible()
    assert "study_view=Curves" in page.url


def test_a_link_opens_the_view_it_was_copied_from(open_page: Opener) -> None:
    page = open_page("faithfulness", study_view="Baselines")
    expect(page.get_by_text("A short line: the method hardly depends")).to_be_visible()


def test_a_study_is_run_watched_downloaded_and_opened_again(open_page: Opener) -> None:
    page = open_page(
        "faithfulness", study_source="Run a study", model=MODEL, study_limit="3", study_control="1", study_seed="9"
    )
    page.get_by_role("button", name="Run", exact=False).last.click()
    expect(page.locator("table").first).to_contain_text("SIG, exact")
    expect(page.get_by_text("3 texts", exact=False).first).to_be_visible()
    with page.expect_download() as started:
        page.get_by_role("button", name="Summary, CSV").click()
    table = pd.read_csv(started.value.path())
    assert {"log_odds", "comprehensiveness"} <= set(table["metric"]) and set(table["n"]) <= {1, 3}


def test_a_file_of_texts_becomes_a_table_of_scores(open_page: Opener) -> None:
    page = open_page("batch", model=MODEL)
    texts = b'text\na dull film\n"<script>alert(1)</script>, great"\n'
    page.locator("input[type=file]").set_input_files({"name": "texts.csv", "mimeType": "text/csv", "buffer": texts})
    expect(page.get_by_text("2 texts")).to_be_visible()
    page.locator(".st-key-batch_run").get_by_role("button").filter(has_text="Run").first.click()
    expect(page.get_by_text("Result", exact=True)).to_be_visible()
    with page.expect_download() as started:
        page.get_by_role("button", name="Parquet").click()
    content = Path(started.value.path()).read_bytes()
    rows = pd.read_parquet(io.BytesIO(content))
    assert set(rows["text_id"]) == {0, 1} and rows["raw"].notna().all()
    assert rows["error"].fillna("").eq("").all()
