"""A model's files go away, or are cut short, under the running app: what is loaded goes on, the rest says what to do."""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sigviz.errors import ModelUnavailable, SigvizError
from sigviz.explain import explain
from sigviz.models import zoo
from sigviz.ui.models import Shelf
from tests.models.hub_server import Hub, running, save_tiny

NAME, TEXT = "lab/tiny", "a very good film , but not fun"


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("original") / "my-model")


@pytest.fixture
def folder(original: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(original, tmp_path / "my-model"))


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    monkeypatch.setattr(time, "sleep", lambda seconds, real=time.sleep: real(min(seconds, 0.01)))  # the library waits long
    with running(tmp_path / "home", monkeypatch) as found:
        yield found


def _message(shelf: Shelf, name: str) -> str:
    """What the page says of a model that cannot be had: what happened and what to do, and no path of this machine."""
    with pytest.raises(SigvizError) as caught:
        shelf.ask(name).result(60)
    said = str(caught.value)
    assert "Traceback" not in said and "/tmp" not in said.replace(name, "") and said.count(". ") >= 1, said
    return said


def _scores(shelf: Shelf, name: str) -> list[float]:
    return list(explain(shelf.ask(name).result(60), TEXT, "sig-exact").raw)


def test_a_loaded_model_outlives_its_folder(folder: Path) -> None:
    shelf = Shelf()
    before = _scores(shelf, str(folder))
    shutil.rmtree(folder)
    assert _scores(shelf, str(folder)) == before


def test_a_model_that_is_gone_when_it_is_loaded_again_is_said_and_found_when_it_is_back(folder: Path, original: Path) -> None:
    before = _scores(Shelf(), str(folder))
    shutil.rmtree(folder)
    shelf = Shelf()  # as after a restart, or when the shelf had to let go of it
    assert "existing folder" in _message(shelf, str(folder))
    shutil.copytree(original, folder)
    assert _scores(shelf, str(folder)) == before


@pytest.mark.parametrize("file", ["config.json", "tokenizer.json", "model.safetensors"])
def test_a_file_that_vanishes_while_the_folder_is_read_is_said(
    folder: Path, file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse = zoo.hub.refuse_incomplete

    def then_delete(name: str, files: list[str]) -> None:
        refuse(name, files)
        (folder / file).unlink()

    monkeypatch.setattr(zoo.hub, "refuse_incomplete", then_delete)
    assert "'my-model'" in _message(Shelf(), str(folder))


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.99])
def test_weights_that_are_cut_off_are_said_and_read_once_they_are_whole(folder: Path, share: float) -> None:
    shelf, weights = Shelf(), folder / "model.safetensors"
    content = weights.read_bytes()
    weights.write_bytes(content[: int(share * len(content))])
    assert "is cut off or damaged. Fetch or save the model again." in _message(shelf, str(folder))
    weights.write_bytes(content)
    assert len(_scores(shelf, str(folder))) == 8


# the Hub


@pytest.mark.parametrize("kind", ["cut", "info", "resolve"])
def test_a_download_that_fails_is_said_and_the_next_one_gives_the_right_model(kind: str, server: Hub, original: Path) -> None:
    """Cut half way, or HTTP 500 to a question or to a file; then the Hub is well again."""
    repository, shelf = server.add(NAME, original), Shelf()
    if kind == "cut":
        repository.cut["model.safetensors"] = 30_000
    else:
        repository.answers[kind] = (500, {}, b"")
    said = _message(shelf, NAME)
    assert "Try again" in said and NAME in said
    small = {file for file in server.fetched() if file != "model.safetensors"}
    repository.cut.clear()
    repository.answers.clear()
    server.requests.clear()
    found = shelf.ask(NAME).result(60)
    assert not small & set(server.fetched()) or kind != "cut", "what was whole is fetched again"
    alone = explain(zoo.load(str(original)), TEXT, "sig-exact")
    assert list(explain(found, TEXT, "sig-exact").raw) == list(alone.raw)


def test_a_hub_that_goes_down_leaves_the_models_that_are_here(server: Hub, original: Path) -> None:
    repository = server.add(NAME, original)
    before = _scores(Shelf(), NAME)
    repository.answers["info"] = (503, {}, b"")
    found = Shelf().ask(NAME).result(60)  # as after a restart of the app
    assert list(explain(found, TEXT, "sig-exact").raw) == before
    assert any("could not be reached" in note for note in found.notes)
    with pytest.raises(ModelUnavailable, match="no model"):
        Shelf().ask("lab/other").result(60)
