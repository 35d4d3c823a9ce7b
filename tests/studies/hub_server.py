"""A Hub of data sets on the loopback: as much of the Hugging Face Hub's protocol as `datasets` uses."""

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import yaml


class Hub:
    """repositories: id -> file -> content.

    refused: id -> (status, error code).  announced: sizes that are told in place of the true ones.  requests: "METHOD path"
    of everything that was asked for.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.repositories: dict[str, dict[str, bytes]] = {}
        self.refused: dict[str, tuple[int, str]] = {}
        self.announced: dict[str, int] = {}
        self.requests: list[str] = []

    def commit(self, name: str) -> str:
        return hashlib.sha1(repr(sorted(self.repositories[name].items())).encode()).hexdigest()

    def card(self, name: str) -> dict[str, Any]:
        parts = self.repositories[name].get("README.md", b"").decode().split("---\n")
        return yaml.safe_load(parts[1]) if len(parts) > 2 else {}


@contextmanager
def running() -> Iterator[Hub]:
    """A Hub that answers until the block ends."""

    class Handler(_Handler):
        pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    Handler.hub = Hub(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield Handler.hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        self.hub.requests.append(f"{self.command} {unquote(self.path)}")
        parts = [unquote(part) for part in urlsplit(self.path).path.strip("/").split("/")]
        api = parts[:1] == ["api"]
        parts = parts[1:] if api else parts
        name, rest = "/".join(parts[1:3]), parts[3:]
        if parts[0] != "datasets" or (name not in self.hub.repositories and name not in self.hub.refused):
            return self._send(401, {"X-Error-Code": "RepoNotFound"}, b'{"error": "Invalid username or password."}')
        if name in self.hub.refused:
            status, code = self.hub.refused[name]
            return self._send(status, {"X-Error-Code": code}, b"{}")
        files = self.hub.repositories[name]
        if not api:
            return self._file(name, "/".join(rest[2:]))
        if not rest or rest[0] == "revision":
            sizes = [{"rfilename": file, "size": self.hub.announced.get(file, len(data))} for file, data in files.items()]
            about = {"id": name, "sha": self.hub.commit(name), "private": False, "siblings": sizes}
            return self._json(about | {"cardData": self.hub.card(name), "tags": [], "downloads": 0, "likes": 0})
        if rest[0] == "tree":
            return self._tree(files, "/".join(rest[2:]))
        if rest[0] == "paths-info":
            asked = parse_qs(body.decode()).get("paths") or (json.loads(body or b"{}") if body[:1] == b"{" else {}).get(
                "paths", []
            )
            return self._json([entry for entry in _entries(files) if entry["path"] in asked])
        self._send(404, {}, b"")

    do_HEAD = do_POST = do_GET

    def log_message(self, format: str, *args: object) -> None:
        pass

    def _tree(self, files: dict[str, bytes], folder: str) -> None:
        inside = [entry for entry in _entries(files) if not folder or entry["path"].startswith(folder + "/")]
        if folder and not inside:
            return self._send(404, {"X-Error-Code": "EntryNotFound"}, b"{}")
        if "recursive=true" not in self.path.lower():
            depth = folder.count("/") + 1 if folder else 0
            inside = [entry for entry in inside if entry["path"].count("/") == depth]
        self._json(inside)

    def _file(self, name: str, file: str) -> None:
        data = self.hub.repositories[name].get(file)
        commit = self.hub.commit(name)
        if data is None:
            return self._send(404, {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": commit}, b"")
        self._send(200, {"X-Repo-Commit": commit, "ETag": f'"{hashlib.sha1(data).hexdigest()}"'}, data)

    def _json(self, content: object) -> None:
        self._send(200, {"Content-Type": "application/json"}, json.dumps(content).encode())

    def _send(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(body))} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def _entries(files: dict[str, bytes]) -> list[dict[str, Any]]:
    folders = {"/".join(name.split("/")[:depth]) for name in files for depth in range(1, name.count("/") + 1)}
    listed = [{"type": "directory", "oid": "0" * 40, "size": 0, "path": folder} for folder in sorted(folders)]
    return listed + [
        {"type": "file", "oid": hashlib.sha1(data).hexdigest(), "size": len(data), "path": name}
        for name, data in files.items()
    ]
