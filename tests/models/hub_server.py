"""A Hub on the loopback: as much of the Hugging Face Hub's protocol as downloads use, and its failures on demand.

Also the model that it serves: a BERT classifier of a few thousand random weights, with a tokenizer of a few dozen words.
"""

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
import torch
from huggingface_hub import constants
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

WORDS = "a an the film movie is was not very good bad great awful fun dull and but , . ! plot ##s ##ly ##ing act one of"
UNSAFE = (".bin", ".py", ".h5", ".pt", ".pkl")
Answer = tuple[int, dict[str, str], bytes]


@dataclass
class Pull:
    """A pull request.  Its files lie in the repository's branch refs/pr/<number>."""

    number: int
    author: str = "SFconvertbot"
    status: str = "open"


@dataclass
class Repository:
    """branches: name -> file -> content.  answers: instead of the right one, for "info", "resolve" or "discussions".

    announced: sizes that are told in place of the true ones.  cut: after how many bytes a file's connection breaks.
    """

    branches: dict[str, dict[str, bytes]]
    pulls: list[Pull] = field(default_factory=list)
    answers: dict[str, Answer] = field(default_factory=dict)
    announced: dict[str, int] = field(default_factory=dict)
    cut: dict[str, int] = field(default_factory=dict)
    obey_author: bool = True  # the Hub filters discussions by author; a mirror may not

    def commit(self, branch: str) -> str:
        content = repr(sorted((name, hashlib.sha1(data).hexdigest()) for name, data in self.branches[branch].items()))
        return hashlib.sha1(content.encode()).hexdigest()

    def files(self, revision: str) -> tuple[str, dict[str, bytes]] | None:
        for branch, files in self.branches.items():
            if revision in (branch, self.commit(branch)):
                return self.commit(branch), files
        return None


class Hub:
    """repositories: id -> Repository.  requests: "METHOD path" of everything that was asked for."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.repositories: dict[str, Repository] = {}
        self.requests: list[str] = []

    def add(self, name: str, folder: Path, *more: str, **options: object) -> Repository:
        """Publish a folder's files on the main branch, along with files (named in `more`) that nobody should ask for."""
        files = {file.name: file.read_bytes() for file in folder.iterdir()} | {name: b"never to be read" for name in more}
        self.repositories[name] = Repository({"main": files}, **options)  # type: ignore[arg-type]
        return self.repositories[name]

    def fetched(self) -> list[str]:
        """Names of the files whose content was asked for, in that order."""
        return [line.rpartition("/")[2] for line in self.requests if line.startswith("GET") and "/resolve/" in line]


@contextmanager
def running(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A Hub that this process takes for the real one until the block ends, with an empty cache below `home`.

    Whatever the test is about, it fails if a file was asked for that can carry code.
    """
    for name in ("HF_HUB_OFFLINE", "HF_HUB_CACHE", "HF_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_HOME", str(home))
    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", 8192)  # a tiny model would be a single chunk
    monkeypatch.setattr("huggingface_hub.utils._detect_agent._registry", {})  # once a day it asks the real Hub for this

    class Handler(_Handler):
        pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    Handler.hub = Hub(f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("HF_ENDPOINT", Handler.hub.url)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield Handler.hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert not [line for line in Handler.hub.requests if line.endswith(UNSAFE)]


class _Handler(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or every answer waits 40 ms for an acknowledgement

    def do_GET(self) -> None:
        self.hub.requests.append(f"{self.command} {unquote(self.path)}")
        parts = [unquote(part) for part in urlsplit(self.path).path.strip("/").split("/")]
        if parts[:2] == ["api", "models"]:
            self._api(parts[2:])
        elif "resolve" in parts:
            at = parts.index("resolve")
            self._resolve("/".join(parts[:at]), parts[at + 1], "/".join(parts[at + 2 :]))
        else:
            self._send(404, {}, b"")

    do_HEAD = do_GET

    def log_message(self, format: str, *args: object) -> None:
        pass

    def _api(self, parts: list[str]) -> None:
        kind = "discussions" if parts[-1] == "discussions" else "info"
        revision = parts[-1] if "revision" in parts else "main"
        end = parts.index("revision") if "revision" in parts else len(parts) - (kind == "discussions")
        repository = self._repository("/".join(parts[:end]), kind)
        if repository is None:
            return
        if kind == "discussions":
            return self._json(self._discussions(repository, parse_qs(urlsplit(self.path).query)))
        found = repository.files(revision)
        if found is None:
            return self._send(404, {"X-Error-Code": "RevisionNotFound"}, b"")
        commit, files = found
        siblings = [{"rfilename": name, "size": repository.announced.get(name, len(data))} for name, data in files.items()]
        self._json({"id": "/".join(parts[:end]), "sha": commit, "private": False, "siblings": siblings})

    def _repository(self, name: str, kind: str) -> Repository | None:
        repository = self.hub.repositories.get(name)
        if repository is None:  # what the Hub says to strangers
            self._send(401, {"X-Error-Code": "RepoNotFound"}, b'{"error": "Invalid username or password."}')
        elif kind in repository.answers:
            self._send(*repository.answers[kind])
        else:
            return repository
        return None

    def _discussions(self, repository: Repository, query: dict[str, list[str]]) -> dict[str, object]:
        pulls = [p for p in repository.pulls if not repository.obey_author or p.author in query.get("author", [p.author])]
        listed = [
            {
                "title": "Adding `safetensors` variant of this model",
                "num": pull.number,
                "author": {"name": pull.author},
                "createdAt": "2024-05-01T10:00:00.000Z",
                "status": pull.status,
                "repo": {"name": "any", "type": "model"},
                "isPullRequest": True,
            }
            for pull in pulls
        ]
        return {"discussions": listed, "count": len(listed), "start": 0}

    def _resolve(self, name: str, revision: str, file: str) -> None:
        repository = self._repository(name, "resolve")
        if repository is None:
            return
        found = repository.files(revision)
        if found is None or file not in found[1]:
            return self._send(404, {"X-Error-Code": "RevisionNotFound" if found is None else "EntryNotFound"}, b"")
        commit, data = found[0], found[1][file]
        size = repository.announced.get(file, len(data))
        headers = {
            "X-Repo-Commit": commit,
            "ETag": f'"{hashlib.sha1(data).hexdigest()}"',
            "X-Linked-Size": str(size),
            "X-Xet-Hash": hashlib.sha256(data).hexdigest(),  # the Hub's other way of downloading, which is not to be taken
            "X-Xet-Refresh-Route": f"{self.hub.url}/xet",
        }
        start = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").rstrip("-"))
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
        self._send(206 if start else 200, headers, data[start:], cut=max(0, repository.cut.get(file, len(data)) - start))

    def _json(self, content: object) -> None:
        self._send(200, {"Content-Type": "application/json"}, json.dumps(content).encode())

    def _send(self, status: int, headers: dict[str, str], body: bytes, cut: int | None = None) -> None:
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(body))} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            with suppress(ConnectionError):  # the client hung up: it was cancelled
                self.wfile.write(body[:cut])
            self.close_connection = self.close_connection or (cut is not None and cut < len(body))


def tiny_config(**options: object) -> BertConfig:
    """BERT of two layers of 32 features."""
    sizes = dict(hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64, max_position_embeddings=64)
    return BertConfig(vocab_size=5 + len(WORDS.split()), **{**sizes, **options})


def tiny_tokenizer() -> PreTrainedTokenizerFast:
    """WordPiece over WORDS, in the manner of BERT."""
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    vocabulary = {word: i for i, word in enumerate([*special, *WORDS.split()])}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    names = {f"{word[1:-1].lower()}_token": word for word in special}
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_max_length=64, **names)


def save_tiny(folder: Path, shard: str | None = None, **options: object) -> Path:
    """Write a tiny classifier and its tokenizer as save_pretrained does.  shard: the size of a shard at most ("20KB")."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        model = BertForSequenceClassification(tiny_config(**options))
    model.save_pretrained(folder, **({"max_shard_size": shard} if shard else {}))
    tiny_tokenizer().save_pretrained(folder)
    return folder
