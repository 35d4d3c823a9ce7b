"""The real app on a free port of this machine, for browser tests and pictures."""

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

ROOT = Path(__file__).parent.parent.parent
QUIET = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync")
STARTED = 60  # seconds until the server must answer


@contextmanager
def running_app(**environment: str) -> Iterator[str]:
    """The address of the app, as long as the block runs.  environment: variables to set for it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={port}", "--server.address=127.0.0.1"]
    app = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **environment})
    try:
        _wait_until_healthy(app, address)
        yield address
    finally:
        app.terminate()
        app.wait(timeout=30)


def _wait_until_healthy(app: "subprocess.Popen[bytes]", address: str) -> None:
    end = time.monotonic() + STARTED
    while app.poll() is None and time.monotonic() < end:
        try:
            with urlopen(f"{address}/_stcore/health", timeout=2):
                return
        except (URLError, TimeoutError):  # not listening yet, or still warming up
            time.sleep(0.2)
    raise RuntimeError(f"The app did not answer within {STARTED} seconds.")
