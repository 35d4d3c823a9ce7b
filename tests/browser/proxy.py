"""sigviz behind the real nginx, as deploy/nginx.conf has it: TLS, login, a path of its own; for browser tests."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from tests.browser.server import ROOT, STARTED

BASE = "tools/sigviz"
USER, PASSWORD = "teacher", "a pass word: ü"


@dataclass(frozen=True)
class Site:
    """address: of sigviz behind nginx, with a slash at its end; plain: the same without TLS; inside: of the app itself."""

    address: str
    plain: str
    inside: str


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on: all are held until the last is found."""
    held = [socket.socket() for _ in range(count)]
    for one in held:
        one.bind(("127.0.0.1", 0))
    ports = [int(one.getsockname()[1]) for one in held]
    for one in held:
        one.close()
    return ports


def replaced(text: str, old: str, new: str) -> str:
    """`new` for every `old`; there must be one, or the file is no longer what is tested."""
    assert old in text, f"deploy/nginx.conf has no {old!r}"
    return text.replace(old, new)


def configuration(folder: Path, app: int, secure: int, plain: int) -> str:
    """deploy/nginx.conf with the ports and places of this test, in what nginx needs around it."""
    site = (ROOT / "deploy" / "nginx.conf").read_text("utf-8")
    for old, new in (
        ("listen 80;", f"listen 127.0.0.1:{plain};"),
        ("listen 443 ", f"listen 127.0.0.1:{secure} "),
        ("server 127.0.0.1:8501;", f"server 127.0.0.1:{app};"),
        ("sigviz.example.org;", "localhost;"),
        ("/etc/ssl/sigviz.example.org/fullchain.pem", f"{folder}/certificate.pem"),
        ("/etc/ssl/sigviz.example.org/privkey.pem", f"{folder}/key.pem"),
        ("/etc/nginx/sigviz.users", f"{folder}/users"),
        ("return 301 https://$host$request_uri;", f"return 301 https://$host:{secure}$request_uri;"),
    ):
        site = replaced(site, old, new)
    places = "".join(
        f"    {kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root;\n" if os.geteuid() == 0 else ""  # who could not read what this test has written
    return (
        f"{user}daemon off;\npid {folder}/pid;\nerror_log stderr warn;\nevents {{}}\n"
        f"http {{\n    access_log {folder}/access.log;\n{places}{site}\n}}\n"
    )


def keys(folder: Path) -> None:
    """A certificate for localhost that nobody has signed, and the file of users."""
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    make += ["-addext", "subjectAltName=DNS:localhost", "-keyout", "key.pem", "-out", "certificate.pem"]
    subprocess.run(make, cwd=folder, check=True, capture_output=True)
    hashing = ["openssl", "passwd", "-apr1", "-stdin"]
    hashed = subprocess.run(hashing, input=PASSWORD, capture_output=True, text=True, check=True).stdout.strip()
    (folder / "users").write_text(f"{USER}:{hashed}\n")


@contextmanager
def running_site(folder: Path, **environment: str) -> Iterator[Site]:
    """The app and nginx before it, as long as the block runs.  environment: variables to set for the app."""
    app, secure, plain = free_ports(3)
    keys(folder)
    (folder / "nginx.conf").write_text(configuration(folder, app, secure, plain), "utf-8")
    streamlit = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.address=127.0.0.1"]
    streamlit += [f"--server.port={app}", f"--server.baseUrlPath={BASE}"]
    server = os.environ.get("NGINX_PROGRAM") or shutil.which("nginx") or "/usr/sbin/nginx"
    started = [
        subprocess.Popen(streamlit, cwd=ROOT, env={**os.environ, **environment}),
        subprocess.Popen([server, "-p", str(folder), "-c", str(folder / "nginx.conf")]),
    ]
    try:
        inside = f"http://127.0.0.1:{app}/{BASE}/"
        _until_healthy(started, f"{inside}_stcore/health")
        yield Site(f"https://localhost:{secure}/{BASE}/", f"http://localhost:{plain}/{BASE}/", inside)
    finally:
        for process in reversed(started):
            process.terminate()
            process.wait(timeout=30)


def _until_healthy(processes: "list[subprocess.Popen[bytes]]", address: str) -> None:
    end = time.monotonic() + STARTED
    while time.monotonic() < end and all(process.poll() is None for process in processes):
        try:
            with urlopen(address, timeout=2):
                return
        except (URLError, TimeoutError):  # not listening yet, or still warming up
            time.sleep(0.2)
    raise RuntimeError(f"sigviz or nginx did not start within {STARTED} seconds.")
