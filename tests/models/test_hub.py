"""Fetching from a Hub: what is asked for, what is never asked for, and what is said when it fails."""

import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from huggingface_hub import constants, hf_hub_download

from sigviz.errors import Cancelled, ModelUnavailable, ModelUnsupported, SigvizError
from sigviz.models import hub
from tests.models.hub_server import Hub, Pull, Repository, running, save_tiny

NAME = "lab/tiny"
TOKEN = "hf_aSecretThatNoMessageMayHold"
UNSAFE = ("pytorch_model.bin", "modeling_tiny.py", "training_args.bin", "README.md", "tf_model.h5")
SAFE = {"config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("whole") / "tiny")


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("sharded") / "tiny", shard="20KB")


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A Hub with nothing on it, and a token to keep secret."""
    with running(tmp_path / "home", monkeypatch) as found:
        monkeypatch.setenv("HF_TOKEN", TOKEN)
        yield found


def said(kind: type[SigvizError], call: Callable[[], object]) -> str:
    """The message with which the call fails, once it is seen to be fit for a page: what happened, and what to do."""
    with pytest.raises(kind) as caught:
        call()
    assert type(caught.value) is kind
    message = str(caught.value)
    assert not re.search(
        r"127\.0\.0\.1|https?:|(?<!\w)/(?:home|root|tmp|usr|var)\b|\.cache|Traceback|\{|\}|[\x00-\x1f]", message
    ), message
    assert TOKEN not in message
    assert re.search(r"[^.]\. [A-Z].*\.$", message), f"not two sentences: {message}"
    assert len(message) < 500
    return message


@pytest.mark.parametrize(
    "message",
    [
        "It broke.",
        f"It broke. The token was {TOKEN}.",
        "It broke. See https://hub.example/x.",
        "It broke. Look into /home/me/x.",
        "It broke.\nTry again.",
        "{name} broke. Try again.",
        "It broke. Try again." + "again" * 100 + ".",
    ],
)
def test_a_message_unfit_for_a_page_is_caught(message: str) -> None:
    def fails() -> None:
        raise ModelUnavailable(message)

    with pytest.raises(AssertionError):
        said(ModelUnavailable, fails)


def rename(repository: Repository, old: str, new: str) -> None:
    files = repository.branches["main"]
    files[new] = files.pop(old)


def without_network(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{unused.getsockname()[1]}")


# What is fetched


def test_only_safe_files_are_fetched(server: Hub, folder: Path) -> None:
    repository = server.add(NAME, folder, *UNSAFE)
    found = hub.fetch_model(NAME)
    assert {file.name for file in found.folder.iterdir()} == SAFE == set(server.fetched())
    assert (found.folder / "model.safetensors").read_bytes() == (folder / "model.safetensors").read_bytes()
    assert (found.revision, found.notes) == (repository.commit("main"), ())


def test_what_is_here_is_not_fetched_again(server: Hub, folder: Path) -> None:
    server.add(NAME, folder)
    first = hub.fetch_model(NAME)
    server.requests.clear()
    told: list[tuple[int, int]] = []
    assert hub.fetch_model(NAME, progress=lambda *step: told.append(step)) == first
    assert server.fetched() == []
    assert told[-1][0] == told[-1][1]


def test_a_new_commit_is_fetched(server: Hub, folder: Path) -> None:
    repository = server.add(NAME, folder)
    first = hub.fetch_model(NAME)
    repository.branches["main"]["config.json"] += b"\n"
    second = hub.fetch_model(NAME)
    assert second.revision == repository.commit("main") != first.revision
    assert (second.folder / "config.json").read_bytes() == (folder / "config.json").read_bytes() + b"\n"


def test_a_revision_is_taken_at_its_word(server: Hub, folder: Path) -> None:
    repository = server.add(NAME, folder)
    repository.branches["v1"] = repository.branches["main"] | {"config.json": b'{"old": true}'}
    assert hub.fetch_model(NAME, "v1").revision == repository.commit("v1") != repository.commit("main")
    assert (hub.fetch_model(NAME, repository.commit("v1")).folder / "config.json").read_text() == '{"old": true}'


def test_shards_come_with_their_index(server: Hub, shards: Path) -> None:
    server.add(NAME, shards, *UNSAFE, "model-00001-of-00002.bin", "other.safetensors")
    assert {file.name for file in hub.fetch_model(NAME).folder.iterdir()} == {file.name for file in shards.iterdir()}
    assert "other.safetensors" not in server.fetched()


def test_nothing_is_printed(server: Hub, folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    server.add(NAME, folder)
    hub.fetch_model(NAME)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("kind", ["whole", "sharded"])
def test_progress_grows_to_the_total(server: Hub, folder: Path, shards: Path, kind: str) -> None:
    source = folder if kind == "whole" else shards
    server.add(NAME, source, *UNSAFE)
    told: list[tuple[int, int]] = []
    hub.fetch_model(NAME, progress=lambda *step: told.append(step))
    done, totals = zip(*told, strict=True)
    assert set(totals) == {sum(file.stat().st_size for file in source.iterdir())}
    assert list(done) == sorted(set(done))
    assert done[-1] == totals[0]
    if kind == "whole":
        small = sum(file.stat().st_size for file in source.glob("*.json"))
        assert {small + chunk * constants.DOWNLOAD_CHUNK_SIZE for chunk in range(10)} < set(done)


def test_a_check_can_save_the_weights_download(server: Hub, folder: Path) -> None:
    server.add(NAME, folder)

    def check(found: Path) -> None:
        assert {file.name for file in found.iterdir()} == SAFE - {"model.safetensors"}
        raise ModelUnsupported("Not this one. Choose another.")

    assert said(ModelUnsupported, lambda: hub.fetch_model(NAME, check=check)).startswith("Not this one.")
    assert "model.safetensors" not in server.fetched()


# Cancelling


def test_cancelling_ends_within_a_chunk_and_leaves_nothing_half_done(server: Hub, folder: Path, tmp_path: Path) -> None:
    server.add(NAME, folder)
    cancel, told = threading.Event(), list[int]()

    def progress(done: int, total: int) -> None:
        told.append(done)
        if done > 20_000:  # in the midst of the weights
            cancel.set()

    with pytest.raises(Cancelled):
        hub.fetch_model(NAME, progress=progress, cancel=cancel)
    assert told[-1] <= 20_000 + constants.DOWNLOAD_CHUNK_SIZE
    assert not list(tmp_path.rglob("*.incomplete"))
    assert not list(tmp_path.rglob("model.safetensors"))
    assert (hub.fetch_model(NAME).folder / "model.safetensors").read_bytes() == (folder / "model.safetensors").read_bytes()


def test_a_job_cancelled_beforehand_fetches_no_weights(server: Hub, folder: Path) -> None:
    server.add(NAME, folder)
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        hub.fetch_model(NAME, cancel=cancel)
    assert "model.safetensors" not in server.fetched()


# Weights that the Hub's converter proposed


def converted(server: Hub, folder: Path, *pulls: Pull, **options: object) -> Repository:
    """A repository with a pickle on main, and pull requests that each add safetensors."""
    repository = server.add(NAME, folder, *UNSAFE, pulls=list(pulls), **options)
    safe = repository.branches["main"].pop("model.safetensors")
    for pull in pulls:
        repository.branches[f"refs/pr/{pull.number}"] = repository.branches["main"] | {"model.safetensors": safe}
    return repository


@pytest.mark.parametrize("status", ["open", "merged"])
def test_the_converters_weights_stand_in_with_a_note(server: Hub, folder: Path, status: str) -> None:
    repository = converted(server, folder, Pull(3, status=status))
    found = hub.fetch_model(NAME)
    assert found.revision == repository.commit("refs/pr/3")
    assert set(server.fetched()) == SAFE
    assert len(found.notes) == 1 and "SFconvertbot" in found.notes[0] and "pull request 3" in found.notes[0]


@pytest.mark.parametrize("obey_author", [True, False])
@pytest.mark.parametrize("pull", [Pull(3, author="sfconvertbot"), Pull(4, author="mallory"), Pull(5, status="closed")])
def test_nobody_elses_weights_are_taken(server: Hub, folder: Path, pull: Pull, obey_author: bool) -> None:
    converted(server, folder, pull, obey_author=obey_author)
    assert "safetensors" in said(ModelUnavailable, lambda: hub.fetch_model(NAME))
    assert server.fetched() == []


def test_the_converter_is_found_among_others(server: Hub, folder: Path) -> None:
    repository = converted(server, folder, Pull(2, author="mallory"), Pull(3), obey_author=False)
    repository.pulls.insert(0, Pull(1))  # the converter's as well, but its branch is gone
    assert "pull request 3" in hub.fetch_model(NAME).notes[0]


def test_main_goes_before_the_converter(server: Hub, folder: Path) -> None:
    repository = server.add(NAME, folder, pulls=[Pull(3)])
    repository.branches["refs/pr/3"] = repository.branches["main"] | {"more": b""}
    assert hub.fetch_model(NAME).revision == repository.commit("main")
    assert not [line for line in server.requests if "discussions" in line]


def test_a_revision_that_was_asked_for_is_not_exchanged(server: Hub, folder: Path) -> None:
    converted(server, folder, Pull(3))
    assert "no safe weights" in said(ModelUnavailable, lambda: hub.fetch_model(NAME, "main"))


def test_discussions_that_are_switched_off_hold_no_weights(server: Hub, folder: Path) -> None:
    repository = converted(server, folder, Pull(3))
    repository.answers["discussions"] = (403, {}, b"")
    assert "no safe weights" in said(ModelUnavailable, lambda: hub.fetch_model(NAME))


# Without a network


@pytest.mark.parametrize("how", ["no network", "offline mode", "server error"])
@pytest.mark.parametrize("by", [None, "main", "commit"])
def test_an_earlier_download_serves_without_the_hub(
    server: Hub, folder: Path, monkeypatch: pytest.MonkeyPatch, how: str, by: str | None
) -> None:
    repository = server.add(NAME, folder)
    first = hub.fetch_model(NAME)
    disconnect(how, repository, monkeypatch)
    again = hub.fetch_model(NAME, first.revision if by == "commit" else by)
    assert (again.folder, again.revision) == (first.folder, first.revision)
    assert len(again.notes) == 1 and "earlier download" in again.notes[0]


def disconnect(how: str, repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    if how == "no network":
        without_network(monkeypatch)
    elif how == "offline mode":
        monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    else:
        repository.answers["info"] = (503, {}, b"")


def test_converted_weights_serve_without_the_hub_and_keep_their_note(
    server: Hub, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    converted(server, folder, Pull(3))
    first = hub.fetch_model(NAME)
    without_network(monkeypatch)
    again = hub.fetch_model(NAME)
    assert again.folder == first.folder
    assert "earlier download" in again.notes[0] and "SFconvertbot" in again.notes[1]


def test_half_of_an_earlier_download_does_not_serve(server: Hub, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server.add(NAME, folder)
    cancel = threading.Event()
    with pytest.raises(Cancelled):
        hub.fetch_model(NAME, progress=lambda done, total: cancel.set() if done > 20_000 else None, cancel=cancel)
    without_network(monkeypatch)
    assert "cannot be reached" in said(ModelUnavailable, lambda: hub.fetch_model(NAME))


def test_what_another_tool_fetched_in_part_does_not_serve(
    server: Hub, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.add(NAME, folder)
    hf_hub_download(NAME, "config.json", cache_dir=tmp_path / "home" / "hub", endpoint=server.url)
    without_network(monkeypatch)
    assert "cannot be reached" in said(ModelUnavailable, lambda: hub.fetch_model(NAME))


def test_a_model_gone_from_the_hub_is_not_served_from_the_cache(server: Hub, folder: Path) -> None:
    server.add(NAME, folder)
    hub.fetch_model(NAME)
    server.repositories.clear()
    assert "no model" in said(ModelUnavailable, lambda: hub.fetch_model(NAME))


def test_no_network_is_said_at_once(server: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    without_network(monkeypatch)
    start = time.monotonic()
    message = said(ModelUnavailable, lambda: hub.fetch_model(NAME))
    assert "cannot be reached" in message and "bundled" in message
    assert time.monotonic() - start < 5  # the library would go on trying for 20 seconds


def test_offline_mode_is_named(server: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert "HF_HUB_OFFLINE" in said(ModelUnavailable, lambda: hub.fetch_model(NAME))
    assert server.requests == []


# What else fails

PAGE = (200, {"Content-Type": "text/html"}, b"<html>Log in to the Wi-Fi</html>")


@pytest.mark.parametrize(
    ("request_kind", "answer", "words"),
    [
        ("info", (401, {"X-Error-Code": "RepoNotFound"}, b""), "no model 'lab/tiny'"),
        ("info", (404, {"X-Error-Code": "RepoNotFound"}, b""), "no model 'lab/tiny'"),
        ("info", (404, {}, b""), "no model 'lab/tiny'"),
        ("info", (403, {"X-Error-Code": "GatedRepo"}, b""), "gated"),
        ("resolve", (403, {"X-Error-Code": "GatedRepo"}, b""), "Accept its terms on the Hub and set HF_TOKEN"),
        ("resolve", (401, {"X-Error-Code": "GatedRepo"}, b""), "Accept its terms on the Hub and set HF_TOKEN"),
        (
            "info",
            (401, {"X-Error-Message": "Invalid credentials in Authorization header"}, b""),
            "does not accept the access token",
        ),
        ("info", (403, {}, b""), "refuses access"),
        ("info", (403, {"X-Error-Message": "Access to this resource is disabled."}, b""), "refuses access"),
        ("info", (429, {}, b""), "too often"),
        ("info", (500, {}, b""), "HTTP 500"),
        ("info", (503, {}, b""), "HTTP 503"),
        ("info", (418, {}, b""), "HTTP 418"),
        ("info", PAGE, "HF_ENDPOINT"),
        ("info", (200, {}, b"[]"), "HF_ENDPOINT"),
        ("info", (200, {}, b"{}"), "HF_ENDPOINT"),
        ("resolve", PAGE, "HF_ENDPOINT"),
        ("resolve", (404, {"X-Error-Code": "EntryNotFound"}, b""), "does not hold a file"),
        ("resolve", (503, {}, b""), "HTTP 503"),
    ],
)
def test_every_answer_of_a_hub_has_its_words(
    server: Hub,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    request_kind: str,
    answer: tuple[int, dict[str, str], bytes],
    words: str,
) -> None:
    monkeypatch.setattr(time, "sleep", lambda _: None)  # the library's pauses between its attempts
    server.add(NAME, folder).answers[request_kind] = answer
    assert words in said(ModelUnavailable, lambda: hub.fetch_model(NAME))


def test_an_unknown_model_and_an_unknown_revision_are_told_apart(server: Hub, folder: Path) -> None:
    server.add(NAME, folder)
    assert "no model 'lab/tyni'" in said(ModelUnavailable, lambda: hub.fetch_model("lab/tyni"))
    assert "no such revision" in said(ModelUnavailable, lambda: hub.fetch_model(NAME, "v9"))


@pytest.mark.parametrize("endpoint", ["not an address", "http://", "http://[", "ftp://127.0.0.1"])
def test_an_endpoint_that_is_no_address_is_said(server: Hub, monkeypatch: pytest.MonkeyPatch, endpoint: str) -> None:
    monkeypatch.setenv("HF_ENDPOINT", endpoint)
    said(ModelUnavailable, lambda: hub.fetch_model(NAME))


@pytest.mark.parametrize(
    "name",
    [
        *("", " ", "a b", "a/b/c", "/", "/etc/passwd", "../secret", "a/../b", "..", "a--b", "x.git", "-x", "ü/x"),
        *("https://example.org/lab/tiny", "hf.co/lab/tiny", "lab/tiny\n", "lab/ti\0ny", "lab\\tiny", "lab/tiny?x=1"),
        *("x" * 201, "x/" * 300, "lab/" + "x" * 97, "\u202etxt/evil", "<script>", "lab/tiny\x1b[31m", "{name}"),
    ],
)
def test_a_malformed_id_never_reaches_the_hub(server: Hub, name: str) -> None:
    with pytest.raises(ModelUnavailable) as caught:
        hub.fetch_model(name)
    message = str(caught.value)
    assert "is not a model's id" in message and message.isprintable() and len(message) < 300
    assert server.requests == []


@pytest.mark.parametrize("revision", ["", "../../x", "a b", "x" * 201, "-x", "/x", "a\nb"])
def test_a_malformed_revision_never_reaches_hub_or_cache(server: Hub, tmp_path: Path, revision: str) -> None:
    assert "is not a revision" in said(ModelUnavailable, lambda: hub.fetch_model(NAME, revision))
    assert server.requests == [] and not (tmp_path / "home").exists()


def test_a_file_shorter_than_announced_is_refused(server: Hub, folder: Path, tmp_path: Path) -> None:
    server.add(NAME, folder).announced["model.safetensors"] = 2 * (folder / "model.safetensors").stat().st_size
    assert "broke off halfway" in said(ModelUnavailable, lambda: hub.fetch_model(NAME))
    assert not list(tmp_path.rglob("model.safetensors")) and not list(tmp_path.rglob("*.incomplete"))


def test_a_connection_that_breaks_is_said(server: Hub, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda _: None)  # the library tries five times, a second apart
    server.add(NAME, folder).cut["model.safetensors"] = 30_000
    told: list[int] = []
    assert "broke off halfway" in said(ModelUnavailable, lambda: hub.fetch_model(NAME, progress=lambda n, _: told.append(n)))
    assert 20_000 < told[-1] < 40_000
    assert not list(tmp_path.rglob("model.safetensors")) and not list(tmp_path.rglob("*.incomplete"))
    server.repositories[NAME].cut.clear()
    assert (hub.fetch_model(NAME).folder / "model.safetensors").stat().st_size > 30_000


@pytest.mark.parametrize(
    ("old", "new", "kind", "words"),
    [
        ("config.json", "other.json", ModelUnavailable, "no config.json"),
        ("config.json", "adapter_config.json", ModelUnsupported, "adapter"),
        ("tokenizer.json", "other.json", ModelUnavailable, "no tokenizer"),
        ("model.safetensors", "pytorch_model.bin", ModelUnavailable, "no safe weights"),
        ("model.safetensors", "model.safetensors.index.json", ModelUnavailable, "no safe weights"),
        ("model.safetensors", "onnx/model.safetensors", ModelUnavailable, "no safe weights"),
    ],
)
def test_an_incomplete_repository_is_refused_before_anything_is_fetched(
    server: Hub, folder: Path, old: str, new: str, kind: type[SigvizError], words: str
) -> None:
    rename(server.add(NAME, folder), old, new)
    assert words in said(kind, lambda: hub.fetch_model(NAME))
    assert server.fetched() == []


def test_a_cache_that_cannot_be_written_to_is_said(server: Hub, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", "/home/someone/.cache")

    server.add(NAME, folder)
    monkeypatch.setattr("huggingface_hub.file_download.os.makedirs", refuse)
    assert "HF_HOME" in said(ModelUnavailable, lambda: hub.fetch_model(NAME))


def test_a_full_disk_is_said(server: Hub, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device", "/home/someone/.cache")

    server.add(NAME, folder)
    monkeypatch.setattr("huggingface_hub.file_download._chmod_and_move", full)
    assert "disk is full" in said(ModelUnavailable, lambda: hub.fetch_model(NAME))


def test_a_callers_own_fault_is_not_blamed_on_the_hub(server: Hub, folder: Path) -> None:
    server.add(NAME, folder)
    with pytest.raises(ZeroDivisionError):
        hub.fetch_model(NAME, progress=lambda done, total: 1 // 0)


# One file


def test_one_file_is_fetched_once_and_kept(server: Hub, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server.add(NAME, folder)
    path = hub.fetch_file(NAME, "tokenizer.json")
    assert path.read_bytes() == (folder / "tokenizer.json").read_bytes()
    assert server.fetched() == ["tokenizer.json"]
    without_network(monkeypatch)
    assert hub.fetch_file(NAME, "tokenizer.json") == path


def test_one_file_tells_how_far_it_is_and_can_be_cancelled(server: Hub, folder: Path) -> None:
    server.add(NAME, folder)
    size, told = (folder / "model.safetensors").stat().st_size, list[tuple[int, int]]()
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        hub.fetch_file(NAME, "model.safetensors", "do this", None, cancel)
    hub.fetch_file(NAME, "model.safetensors", progress=lambda done, total: told.append((done, total)))
    assert {total for _, total in told} == {size} and told[-1] == (size, size) and len(told) > 2


def test_a_missing_file_says_what_to_do_instead(server: Hub, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server.add(NAME, folder)
    hint = "pip install the-package==1.0"
    for name in ("lab/nothing", NAME):
        with pytest.raises(ModelUnavailable) as caught:
            hub.fetch_file(name, "none.json", hint=hint)
        assert str(caught.value).endswith(hint)
    without_network(monkeypatch)
    with pytest.raises(ModelUnavailable) as caught:
        hub.fetch_file(NAME, "tokenizer.json", hint)
    assert "cannot be reached" in str(caught.value) and str(caught.value).endswith(hint)
    assert said(ModelUnavailable, lambda: hub.fetch_file(NAME, "tokenizer.json"))
