"""Take pictures of the app in a real Chromium:  python .ci/screenshot.py FOLDER [PAGE ...]

Starts the app on a free port, opens each PAGE (a path such as compare; the start page unless given) in the light and in
the dark theme, and writes FOLDER/PAGE-light.png and FOLDER/PAGE-dark.png.  CHROMIUM names the browser.
"""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).parent.parent
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
WIDTH, TALLEST = 1280, 6000  # pixels
STARTED, DRAWN = 60, 120  # seconds until the server answers, until a page has stopped computing


@contextmanager
def running_app() -> Iterator[str]:
    """The address of the app, as long as the block runs."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={port}", "--server.address=127.0.0.1"]
    app = subprocess.Popen(command, cwd=ROOT)
    try:
        _wait_until_healthy(app, address)
        yield address
    finally:
        app.terminate()
        app.wait(timeout=30)


def _wait_until_healthy(app: subprocess.Popen[bytes], address: str) -> None:
    end = time.monotonic() + STARTED
    while app.poll() is None and time.monotonic() < end:
        try:
            with urlopen(f"{address}/_stcore/health", timeout=2):
                return
        except URLError:
            time.sleep(0.2)
    raise SystemExit(f"The app did not answer within {STARTED} seconds.")


def _wait_until_drawn(view: Page) -> None:
    """Until the script has ended and no placeholder is left; then make the window as high as the page."""
    view.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]', timeout=DRAWN * 1000)
    view.wait_for_function("!document.querySelector('[data-testid=stSkeleton]')", timeout=DRAWN * 1000)
    height = view.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")
    view.set_viewport_size({"width": WIDTH, "height": min(height, TALLEST)})
    view.wait_for_timeout(500)  # charts that follow the window redraw


def main(folder: Path, pages: list[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with running_app() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=os.environ.get("CHROMIUM") or None, args=QUIET)
        for name in pages or [""]:
            for theme in ("light", "dark"):
                view = browser.new_page(viewport={"width": WIDTH, "height": 1000}, color_scheme=theme)
                view.goto(f"{address}/{name}")
                _wait_until_drawn(view)
                picture = folder / f"{name or 'start'}-{theme}.png"
                view.screenshot(path=picture)
                view.close()
                print(picture)
        browser.close()


if __name__ == "__main__":
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    main(Path(sys.argv[1]), sys.argv[2:])
