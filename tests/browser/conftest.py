"""One app and one browser for all browser tests, a fresh window for each."""

import os
from collections.abc import Callable, Iterator
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.server import QUIET, running_app

PATIENCE = 90_000  # ms: the machines that run these tests may be busy


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    """Where the app is.  The Hub is out of reach: a port of this machine where nobody listens."""
    with running_app(HF_ENDPOINT="http://127.0.0.1:9") as address:
        yield address


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=os.environ.get("CHROMIUM") or None, args=list(QUIET))
        yield browser
        browser.close()


Opener = Callable[..., Page]


@pytest.fixture
def open_page(address: str, browser: Browser) -> Iterator[Opener]:
    """open_page(at="", width=1280, theme="light", settled=True, **settings): a page with these settings in its link.

    at: the page's path; "" for the Compare page.

    Whatever goes wrong in the page's own script, asks for a host outside, or opens a dialog fails the test.
    """
    faults: list[str] = []
    contexts = []

    def opened(at: str = "", width: int = 1280, theme: str = "light", settled: bool = True, **settings: str) -> Page:
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=theme)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: faults.append(f"script error: {error}"))
        page.on("dialog", lambda dialog: (faults.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.on("request", lambda request: _outside(request.url, address) and faults.append(f"asked for {request.url}"))
        page.goto(f"{address}/{at}?{urlencode(settings)}" if settings else f"{address}/{at}")
        page.wait_for_selector("h1" if at else ".sigviz-row, [data-testid=stAlert]")
        if settled:
            settle(page)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not faults, faults


def settle(page: Page) -> None:
    """Wait until what was asked for is there to be seen: the script has ended, and the page has drawn its last part."""
    page.wait_for_timeout(300)  # until a change has reached the server
    page.evaluate(_DRAWN)


# The script's end and the drawing of its last widgets are two things: the page loads a widget's code when it first needs
# it, a placeholder stands there meanwhile, and on a busy machine a fifth of a second and more lay between them.
_DRAWN = """() => new Promise((resolve, reject) => {
    const ended = () => document.querySelector('[data-testid="stApp"][data-test-script-state="notRunning"]')
        && ![...document.querySelectorAll('[data-testid="stSkeleton"]')].some(one => one.checkVisibility());
    const since = performance.now();
    let changed = since - 150;  // ms: what was drawn before this is waited for by the caller
    const watcher = new MutationObserver(() => { changed = performance.now(); });
    watcher.observe(document.documentElement, {childList: true, subtree: true, attributeFilter: ["data-test-script-state"]});
    const look = setInterval(() => {
        const now = performance.now();
        const drawn = now - changed >= 250 && ended();
        if (drawn || now - since > PATIENCE) {
            clearInterval(look);
            watcher.disconnect();
            drawn ? resolve() : reject(new Error("the page did not come to rest"));
        }
    }, 50);
})""".replace("PATIENCE", str(PATIENCE))


def _outside(url: str, address: str) -> bool:
    return url.startswith(("http:", "https:", "ws:", "wss:")) and url.split("//")[1].split("/")[0] != address.split("//")[1]
