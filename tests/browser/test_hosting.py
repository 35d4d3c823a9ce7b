"""What a running server refuses from outside its own pages, and what it never says of its host."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Browser, expect
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.browser.conftest import PATIENCE, settle
from tests.browser.server import ROOT, running_app

pytestmark = pytest.mark.browser
expect.set_options(timeout=PATIENCE)

TOKEN = "hf_thisIsTheTokenOfTheHostAndNobodysElse"
SECRET = "/srv/where-the-host-keeps-things"
FAULT = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
if "streamlit" in " ".join(sys.orig_argv):
    from sigviz.models import zoo
    load = zoo.load
    def failing(name, **given):
        if name == "a-fault/of-the-program":
            raise RuntimeError("{SECRET} {TOKEN}")
        if name == "a-fault/of-the-disk":
            raise PermissionError(13, "Permission denied {TOKEN}", "{SECRET}")
        return load(name, **given)
    zoo.load = failing
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The app on a host with a token, in which loading some models fails in ways that nobody foresaw."""
    folder = tmp_path_factory.mktemp("fault")
    (folder / "sitecustomize.py").write_text(FAULT)  # Python imports it before anything else
    secrets = {"HF_TOKEN": TOKEN, "HF_HOME": f"{SECRET}/hub", "HF_ENDPOINT": "http://127.0.0.1:9"}
    with running_app(PYTHONPATH=str(folder), SIGVIZ_MAX_UPLOAD_MB="1", **secrets) as address:
        yield address


def _ask(method: str, address: str, body: bytes | None = None, **headers: str) -> tuple[int, str, dict[str, str]]:
    """Status, text and headers of one request."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        with urlopen(Request(address, body, named, method=method), timeout=60) as answer:
            return answer.status, answer.read().decode("utf-8", "replace"), dict(answer.headers)
    except HTTPError as error:
        return error.code, error.read().decode("utf-8", "replace"), dict(error.headers)


def _upload(address: str, session: str, size: int, **headers: str) -> tuple[int, str]:
    body = b'--b\r\nContent-Disposition: form-data; name="f"; filename="a.csv"\r\n\r\n' + b"x" * size + b"\r\n--b--\r\n"
    place = f"{address}/_stcore/upload_file/{session}/one"
    return _ask("PUT", place, body, Content_Type="multipart/form-data; boundary=b", **headers)[:2]


def _xsrf(address: str) -> str:
    """What the server's own pages send back as cookie and as header."""
    cookie = _ask("GET", f"{address}/_stcore/health")[2]["set-cookie"]
    assert "SameSite=Lax" in cookie or "samesite=lax" in cookie.lower()
    return cookie.partition("=")[2].partition(";")[0]


def _socket(address: str, origin: str | None) -> ClientConnection:
    place = address.replace("http:", "ws:") + "/_stcore/stream"
    return connect(place, origin=origin, open_timeout=60, max_size=None)  # type: ignore[arg-type]


def _session(socket: ClientConnection) -> str:
    """The number of the session behind a WebSocket, as a page is told it."""
    asked = BackMsg()
    asked.rerun_script.query_string = "model=bundled/distil-movie"
    socket.send(asked.SerializeToString())
    while True:
        said = ForwardMsg()
        said.ParseFromString(bytes(socket.recv(timeout=60)))  # type: ignore[arg-type]
        if said.WhichOneof("type") == "new_session":
            return str(said.new_session.initialize.session_id)


def test_an_upload_without_the_page_s_own_token_is_refused(server: str) -> None:
    right, wrong = _xsrf(server), "2|00000000|" + "0" * 32 + "|1700000000"
    with _socket(server, server) as socket:
        session = _session(socket)
        assert _upload(server, session, 10)[0] == 403
        assert _upload(server, session, 10, Cookie=f"_streamlit_xsrf={right}")[0] == 403, "as another site's form would"
        assert _upload(server, session, 10, X_Xsrftoken=right)[0] == 403
        assert _upload(server, session, 10, Cookie=f"_streamlit_xsrf={right}", X_Xsrftoken=wrong)[0] == 403
        own = {"Cookie": f"_streamlit_xsrf={right}", "X_Xsrftoken": right}
        assert _upload(server, session, 10, **own)[0] == 204
        assert _upload(server, session, 3 * 2**19, **own)[0] == 413, "1 MB is what this server takes"
        assert _upload(server, "another", 10, **own)[0] == 400


def test_a_websocket_from_another_site_is_refused(server: str) -> None:
    for origin in ("https://evil.example", "http://127.0.0.1.evil.example", "null"):
        with pytest.raises(InvalidStatus) as refused:
            _socket(server, origin)
        assert refused.value.response.status_code == 403
    with _socket(server, server) as socket:
        assert _session(socket)


def test_a_message_that_is_too_large_ends_the_connection(server: str) -> None:
    with _socket(server, server) as socket:
        _session(socket)
        socket.send(b"x" * 3_000_000)
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                socket.recv(timeout=60)
        assert closed.value.rcvd is not None and closed.value.rcvd.code == 1009


def test_no_other_site_may_read_answers(server: str) -> None:
    for path in ("/_stcore/health", "/_stcore/host-config", "/_stcore/upload_file/a/b"):
        for method in ("GET", "OPTIONS"):
            allowed = _ask(method, server + path, Origin="https://evil.example")[2].get("access-control-allow-origin")
            assert allowed not in ("*", "https://evil.example")


def test_nobody_drives_the_app_but_through_its_pages(server: str) -> None:
    status, said, _ = _ask("POST", f"{server}/_stcore/agent/interact", b"{}", Content_Type="application/json")
    assert status >= 400 and "session" not in said.lower()


@pytest.mark.parametrize(
    "model",
    [
        "a-fault/of-the-program",
        "a-fault/of-the-disk",
        "owner/name",  # the Hub cannot be reached, and its cache cannot be written to
        f"{SECRET}/model",
    ],
)
def test_a_page_says_nothing_of_its_host_whatever_fails(server: str, browser: Browser, model: str) -> None:
    context = browser.new_context()
    try:
        page, heard = context.new_page(), list[Any]()
        page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: heard.append(frame)))
        page.goto(f"{server}/?model={model}")
        page.wait_for_selector("[data-testid=stAlert], [data-testid=stException]")
        settle(page)
        everything = page.content().encode() + b"".join(one if isinstance(one, bytes) else one.encode() for one in heard)
    finally:
        context.close()
    named = model.encode()  # what the visitor wrote himself comes back to him
    for secret in (TOKEN, SECRET, str(ROOT), str(Path.home()), "Traceback", "site-packages"):
        assert secret.encode() not in everything.replace(named, b""), secret


def test_a_server_with_a_wrong_variable_does_not_start_and_says_why_in_one_line() -> None:
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port=0", "--server.address=127.0.0.1"]
    environment = {**os.environ, "SIGVIZ_MAX_TOKEN": "9"}
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=90, check=False)
    assert ended.returncode != 0 and "Traceback" not in ended.stderr
    (line,) = [line for line in ended.stderr.splitlines() if "sigviz:" in line]
    assert line.startswith("sigviz: There is no variable 'SIGVIZ_MAX_TOKEN'. Unset it, or use one of: SIGVIZ_PUBLIC,")
