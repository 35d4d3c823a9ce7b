"""Many visitors at once in real windows of one Chromium: each sees the heatmap of its own sentence and nothing of another's.

And the worst texts that there are, on a real page; and a tab that is closed in the middle of a long run.
"""

import math
import os
import re
import time
from urllib.parse import urlencode

import psutil
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from sigviz.explain import explain
from sigviz.models import zoo
from tests.browser.conftest import PATIENCE, Opener, settle
from tests.browser.server import running_app
from tests.fuzz.strings import WORST
from tests.load.figures import note, note_latencies
from tests.load.size import size

pytestmark = pytest.mark.browser
MODEL = "bundled/distil-movie"
VISITORS = size(4, 8)
SENTENCES = (
    *("this is junk food cinema at its greasiest .", "a hideous , confusing spectacle", "not a bad film , but a long one"),
    *("moving , funny and never dull", "the plot is thin and the acting worse", "one of the best stories of the year"),
    *("i wanted to like it and could not", "a bright idea , lost in a slow second half"),
)
STEPS = 6
_ROWS = ".sigviz-row"
_INJECTED = '[onerror], [onload], a[href^="javascript:"], img[src*="h.example"], [data-testid=stMain] script'
# the words of a row, each with what its tooltip says: rounded score, rank
_WORDS = """rows => rows.map(row =>
    [...row.querySelectorAll('.sigviz-unit')].map(one => [one.textContent, one.getAttribute('aria-label') ?? '']))"""


def _rows(page: Page) -> list[list[list[str]]]:
    return page.locator(_ROWS).evaluate_all(_WORDS)


def _expected(sentence: str) -> list[list[tuple[str, str]]]:
    """What the rows must show, by the Python API: each token and its raw score as the page rounds it."""
    classifier = zoo.load(MODEL)
    found = [explain(classifier, sentence, "ig", steps=STEPS), explain(classifier, sentence, "sig-exact")]
    return [[(unit.text, float(raw)) for unit, raw in zip(one.units, one.raw, strict=True)] for one in found]


def _has_score(label: str, text: str, raw: float) -> bool:
    """Whether a word's label says its score, rounded; another process adds up in another order (1e-6 of a logit)."""
    said = re.match(rf"{re.escape(text)}: (−?\d+\.?(\d*)) ", label)
    rounding = said and 0.5 * 10 ** -len(said[2])
    return said is not None and math.isclose(float(said[1].replace("−", "-")), raw, rel_tol=0, abs_tol=rounding + 5e-6)


def test_visitors_at_once_each_see_their_own_sentence(address: str, browser: Browser) -> None:
    faults: list[str] = []
    visits: list[tuple[BrowserContext, Page, float]] = []
    for sentence in SENTENCES[:VISITORS]:
        context = browser.new_context()
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda line: line.type == "error" and faults.append(line.text))
        link = urlencode({"model": MODEL, "text": sentence, "runs": f"ig(steps={STEPS}) sig-exact"})
        begun = time.perf_counter()
        page.goto(f"{address}/?{link}", wait_until="commit")  # the others are not waited for
        visits.append((context, page, begun))
    seconds = []
    for (_, page, begun), sentence in zip(visits, SENTENCES, strict=False):
        expect(page.locator(_ROWS)).to_have_count(2, timeout=PATIENCE)
        seconds.append(time.perf_counter() - begun)
        settle(page)
        shown, expected = _rows(page), _expected(sentence)
        assert [[text for text, _ in row] for row in shown] == [[text for text, _ in row] for row in expected]
        for row, scored in zip(shown, expected, strict=True):
            for (text, label), (_, score) in zip(row, scored, strict=True):
                assert _has_score(label, text, score), (label, score)
        assert page.locator("[data-testid=stException], [data-testid=stAlert]").count() == 0
    for context, _, _ in visits:
        context.close()
    assert not faults, faults
    note_latencies(f"{VISITORS} browsers at once: from the link to both maps", seconds)


def test_another_score_is_told_from_the_right_one() -> None:
    """The checker checked."""
    assert _has_score("junk: −0.5081 (the target's logit), rank 2 of 9", "junk", -0.50808)
    assert not _has_score("junk: −0.5081 (the target's logit), rank 2 of 9", "junk", -0.5082)
    assert not _has_score("junk: −0.5081 (the target's logit), rank 2 of 9", "trash", -0.5081)


def test_the_worst_texts_do_nothing_in_a_real_browser(open_page: Opener) -> None:
    """No dialog, no script error and no request elsewhere (open_page watches for them), no element of theirs, no exception."""
    errors: list[str] = []
    for text in size(WORST[:2], WORST):
        page = open_page(model=MODEL, runs="sig-exact", text=text)
        page.on("console", lambda line: line.type == "error" and errors.append(line.text))
        assert page.locator("[data-testid=stException]").count() == 0, text
        assert page.locator(_ROWS).count() == 1, text
        injected = page.locator(_INJECTED).count()  # also in the strip's shadow tree
        assert injected == 0, text
        page.context.close()
    assert not errors, errors


# a tab that is closed


def _app_of(address: str) -> psutil.Process:
    """The process of ours that serves an address."""
    port = address.rpartition(":")[2]
    (found,) = [one for one in psutil.Process().children(recursive=True) if f"--server.port={port}" in one.cmdline()]
    return found


def _busy(app: psutil.Process, seconds: float) -> float:
    """Share of the time in which the process computes: of one core."""

    def used() -> float:
        times = app.cpu_times()
        return times.user + times.system

    before, begun = used(), time.perf_counter()
    time.sleep(seconds)
    return (used() - before) / (time.perf_counter() - begun)


@pytest.mark.soak
def test_a_run_of_a_tab_that_was_closed_is_stopped(browser: Browser) -> None:
    """Told by the server's processor time: the run would take many minutes, and the server is idle long before."""
    with running_app(HF_ENDPOINT="http://127.0.0.1:9", OMP_NUM_THREADS=os.environ.get("OMP_NUM_THREADS", "2")) as address:
        context = browser.new_context()
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        text = "it is a very long film , not bad but slow . " * 36
        page.goto(f"{address}/?{urlencode({'model': 'bundled/minilm-movie', 'text': text, 'runs': 'sig(steps=1000)'})}")
        page.get_by_role("button", name=re.compile("^(play_arrow)?Run$")).first.click()
        page.get_by_role("button", name=re.compile("Stop")).first.wait_for()
        app, begun = _app_of(address), time.perf_counter()
        assert _busy(app, 5) > 0.1, "it does not compute"
        context.close()
        while (share := _busy(app, 3)) > 0.05:
            assert time.perf_counter() - begun < 90, f"the server is still busy ({share:.0%} of a core)"
        note("a closed tab: until the server is idle", time.perf_counter() - begun, "s")
