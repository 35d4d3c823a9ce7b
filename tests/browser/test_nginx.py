"""sigviz in public mode under a path of a site, behind the real nginx with TLS and a login, in a real Chromium."""

import re
import ssl
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlencode, urlparse
from urllib.request import HTTPRedirectHandler, HTTPSHandler, Request, build_opener

import pytest
from playwright.sync_api import Browser, Page, Response, expect

from tests.browser.conftest import PATIENCE, settle
from tests.browser.proxy import BASE, PASSWORD, USER, Site, running_site

pytestmark = pytest.mark.browser
expect.set_options(timeout=PATIENCE)

TEXT = "this is junk food cinema at its greasiest ."
MODEL = "bundled/distil-movie"
QUICK = {"model": MODEL, "text": TEXT, "runs": "ig(steps=5) sig-exact"}
LOGIN = "Basic " + b64encode(f"{USER}:{PASSWORD}".encode()).decode()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("nginx")
    with running_site(folder, HF_ENDPOINT="http://127.0.0.1:9", SIGVIZ_PUBLIC="1", SIGVIZ_MODELS=MODEL) as site:
        yield site


Visitor = Callable[..., Page]


@pytest.fixture
def visit(site: Site, browser: Browser) -> Iterator[Visitor]:
    """visit(at="", **settings): a page of the site, logged in.  Whatever is asked for elsewhere, or fails, fails the test."""
    faults: list[str] = []
    contexts = []

    def visited(at: str = "", width: int = 1280, theme: str = "light", **settings: str) -> Page:
        login = {"username": USER, "password": PASSWORD}
        context = browser.new_context(
            ignore_https_errors=True,
            http_credentials=login,  # type: ignore[arg-type]
            viewport={"width": width, "height": 900},
            color_scheme=theme,  # type: ignore[arg-type]
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: faults.append(f"script error: {error}"))
        page.on("request", lambda request: _outside(request.url, site) and faults.append(f"asked for {request.url}"))
        page.on("response", lambda answer: _failed(answer) and faults.append(f"{answer.status} {answer.url}"))
        page.goto(f"{site.address}{at}?{urlencode(settings)}" if settings else f"{site.address}{at}")
        page.wait_for_selector("h1" if at else ".sigviz-row, [data-testid=stAlert]")
        settle(page)
        return page

    yield visited
    for context in contexts:
        context.close()
    assert not faults, faults


def _failed(answer: Response) -> bool:
    """Streamlit finds out where it lives by trying: under a page's own path it is not."""
    tried = answer.status == 404 and answer.url.endswith(("/_stcore/health", "/_stcore/host-config"))
    return answer.status >= 400 and not tried


def _outside(url: str, site: Site) -> bool:
    secure = site.address.removeprefix("https://")
    return url.startswith(("http:", "https:", "ws:", "wss:")) and url.split("://")[1][: len(secure)] != secure


class _Stay(HTTPRedirectHandler):
    """Shows redirections in place of following them."""

    def redirect_request(self, *_: object) -> None:
        return None


def _ask(address: str, **headers: str) -> tuple[int, dict[str, str]]:
    """Status and headers of one request."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with build_opener(_Stay, HTTPSHandler(context=context)).open(Request(address, headers=headers), timeout=30) as answer:
            return answer.status, dict(answer.headers)
    except HTTPError as error:
        return error.code, dict(error.headers)


def test_nobody_gets_in_without_the_login(site: Site) -> None:
    for path in ("", "_stcore/health", "batch", "static/index.html"):
        assert _ask(site.address + path)[0] == 401
        assert _ask(site.address + path, Authorization="Basic " + b64encode(b"teacher:wrong").decode())[0] == 401
    assert _ask(site.address + "_stcore/health", Authorization=LOGIN)[0] == 200


def test_the_port_without_tls_only_leads_to_the_one_with_it(site: Site) -> None:
    status, headers = _ask(f"{site.plain}paths?text=a")
    assert status == 301 and headers["Location"] == f"{site.address}paths?text=a"


def test_the_path_without_its_slash_leads_to_the_page_with_its_question(site: Site) -> None:
    status, headers = _ask(f"{site.address.rstrip('/')}?text=a", Authorization=LOGIN)
    assert status == 301 and headers["Location"].endswith(f"/{BASE}/?text=a")


def test_answers_say_what_browsers_must_not_do(site: Site) -> None:
    _, headers = _ask(site.address, Authorization=LOGIN)
    assert headers["Strict-Transport-Security"] and headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "SAMEORIGIN" and headers["Referrer-Policy"] == "same-origin"
    assert headers["Server"] == "nginx", "without its version"


def test_the_compare_page_stands_and_its_link_opens_the_same_state_for_somebody_else(visit: Visitor) -> None:
    page = visit(**QUICK)
    expect(page.locator(".sigviz-row:visible")).to_have_count(2)
    page.locator(".sigviz-row").first.get_by_text("cinema", exact=True).click()  # the strip is a component of our own
    expect(page.locator(".sigviz-chosen")).to_have_text(["cinema", "cinema"])
    settle(page)
    link = urlparse(page.url)
    query = {name: values[0] for name, values in parse_qs(link.query).items()}
    assert link.path == f"/{BASE}/" and query["word"] == "5: cinema"
    other = visit(**query)
    expect(other.locator(".st-key-word input")).to_have_value("5: cinema")
    assert other.locator(".sigviz-row").all_inner_texts() == page.locator(".sigviz-row").all_inner_texts()


def test_other_pages_are_reached_and_bring_the_text_along(visit: Visitor) -> None:
    page = visit(**QUICK)
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Paths").click()
    expect(page.get_by_role("heading", name="Which way do the words come?")).to_be_visible()
    settle(page)
    assert urlparse(page.url).path == f"/{BASE}/paths"
    expect(page.get_by_label("Text", exact=True)).to_have_value(TEXT)
    expect(page.locator(".sigviz-row").first).to_contain_text("junk")
    page.reload()
    expect(page.get_by_role("heading", name="Which way do the words come?")).to_be_visible()


def test_a_download_and_an_upload_go_through(visit: Visitor, tmp_path: Path) -> None:
    page = visit(**QUICK)
    section = page.locator(".st-key-runs_downloads")
    section.locator("summary").click()
    settle(page)
    with page.expect_download() as started:
        page.locator(".st-key-runs_csv_file button").click()
    assert "junk" in Path(started.value.path()).read_text("utf-8")
    batch = visit("batch", model=MODEL)
    batch.locator('input[type="file"]').set_input_files(
        {"name": "texts.csv", "mimeType": "text/csv", "buffer": b"text\na dull film\na fine film\n"}
    )
    expect(batch.get_by_text("2 texts.")).to_be_visible()


def test_a_forged_link_is_refused_in_words(visit: Visitor) -> None:
    page = visit(model=MODEL, text=TEXT, runs="sig(steps=1024)")
    alert = page.get_by_role("alert").filter(has_text="this server spends 20,000 on one explanation")
    expect(alert).to_contain_text(re.compile(r"SIG would take 2\d,\d{3} passes .* Use fewer steps"))


def test_a_model_that_is_not_offered_is_refused_in_words(visit: Visitor) -> None:
    page = visit(model="owner/name", text=TEXT)
    expect(page.get_by_role("alert").first).to_contain_text(
        f"This server does not offer 'owner/name'. Choose one of: {MODEL}."
    )
