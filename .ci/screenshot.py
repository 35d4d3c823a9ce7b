"""Take pictures of the app in a real Chromium:  python .ci/screenshot.py FOLDER [PAGE ...]

Starts the app on a free port, opens each PAGE (a path such as compare; the start page unless given) in the light and in
the dark theme, and writes FOLDER/PAGE-light.png and FOLDER/PAGE-dark.png.  CHROMIUM names the browser.
"""

import os
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

sys.path.insert(0, str(Path(__file__).parent.parent))
from tests.browser.server import QUIET, running_app

WIDTH, TALLEST = 1280, 6000  # pixels
DRAWN = 120  # seconds until a page must have stopped computing


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
        browser = playwright.chromium.launch(executable_path=os.environ.get("CHROMIUM") or None, args=list(QUIET))
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
