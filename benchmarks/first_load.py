"""How long a person waits for the first comparison:  python benchmarks/first_load.py [TIMES]

Starts the app anew each time, opens it in Chromium (CHROMIUM names the browser), and prints the seconds from the page's first
request until the first map, until IG and exact SIG, and until all of the default runs are there.
"""

import os
import statistics
import sys
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).parent.parent))
from tests.browser.server import QUIET, running_app

PATIENCE = 120_000  # ms
MARKS = {"first map": 1, "IG and exact SIG": 2, "all default runs": 4}  # maps on the page


def main(times: int) -> None:
    found: dict[str, list[float]] = {mark: [] for mark in MARKS}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=os.environ.get("CHROMIUM") or None, args=list(QUIET))
        for _ in range(times):
            with running_app() as address:
                page = browser.new_page(viewport={"width": 1280, "height": 900})
                started = time.perf_counter()
                page.goto(address, timeout=PATIENCE)
                for mark, maps in MARKS.items():
                    page.wait_for_function(f"document.querySelectorAll('.sigviz-row').length >= {maps}", timeout=PATIENCE)
                    found[mark].append(time.perf_counter() - started)
                page.close()
        browser.close()
    print(f"seconds from the page's first request, median of {times} fresh starts (all of them)")
    for mark, seconds in found.items():
        print(f"{mark:20} {statistics.median(seconds):6.1f}   ({', '.join(f'{one:.1f}' for one in seconds)})")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
