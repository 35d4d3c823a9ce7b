"""The shelf: one loading for all who ask, failures tried again, a bounded number of models, and no strangers' folders."""

import threading
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sigviz.engine.scheduler import Scheduler
from sigviz.errors import Cancelled, ModelUnavailable
from sigviz.models import release, zoo
from sigviz.ui import models
from sigviz.ui.jobs import Desk
from sigviz.ui.models import Shelf

WAIT = 10.0  # seconds; only a failure waits so long


class Model(SimpleNamespace):
    """A loaded model, as far as the shelf looks at it: a name, and something to hold on to."""

    def __init__(self, name: str) -> None:
        super().__init__(name=name)


class Loader:
    """Stands in for zoo.load: each call is noted and waits until the test lets models of that name go on."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.started: dict[str, threading.Event] = {}
        self.go_on: dict[str, threading.Event] = {}
        self.progress: dict[str, Callable[[int, int], None]] = {}
        self.fails: set[str] = set()
        self.ended = False

    def __call__(self, name: str, *, progress: Callable[[int, int], None], cancel: threading.Event) -> Any:
        self.calls.append(name)
        self.progress[name] = progress
        self.begun(name).set()
        while not self.gate(name).wait(0.01) and not self.ended:
            if cancel.is_set():
                raise Cancelled("The download was cancelled.")
        if name in self.fails:
            raise ModelUnavailable(f"{name} is out of reach.")
        return Model(name)

    def begun(self, name: str) -> threading.Event:
        return self.started.setdefault(name, threading.Event())

    def gate(self, name: str) -> threading.Event:
        return self.go_on.setdefault(name, threading.Event())


@pytest.fixture
def loader(monkeypatch: pytest.MonkeyPatch) -> Iterator[Loader]:
    loader = Loader()
    monkeypatch.setattr(zoo, "load", loader)
    monkeypatch.setattr(release, "gc", SimpleNamespace(collect=lambda: 0))  # half a second each, and there are no circles
    yield loader
    loader.ended = True


def _loaded(shelf: Shelf, loader: Loader, *names: str) -> None:
    for name in names:
        loader.gate(name).set()
        shelf.ask(name).result(WAIT)


def test_two_who_ask_share_one_loading_and_the_model(loader: Loader) -> None:
    shelf = Shelf()
    one, two = shelf.ask("m"), shelf.ask("m")
    loader.gate("m").set()
    assert one.result(WAIT) is two.result(WAIT) is shelf.ask("m").result(WAIT)
    assert loader.calls == ["m"]


def test_a_model_that_failed_is_tried_again(loader: Loader) -> None:
    shelf = Shelf()
    loader.fails.add("m")
    loader.gate("m").set()
    with pytest.raises(ModelUnavailable, match="out of reach"):
        shelf.ask("m").result(WAIT)
    loader.fails.clear()
    assert shelf.ask("m").result(WAIT).name == "m" and loader.calls == ["m", "m"]


def test_the_model_longest_not_asked_for_is_let_go(loader: Loader) -> None:
    shelf = Shelf(room=2)
    _loaded(shelf, loader, "a", "b", "a", "c")
    assert loader.calls == ["a", "b", "c"]
    _loaded(shelf, loader, "c", "a")
    assert loader.calls == ["a", "b", "c"], "both are still there"
    _loaded(shelf, loader, "b")
    assert loader.calls == ["a", "b", "c", "b"], "b had been let go"


def test_what_is_still_loading_is_never_let_go(loader: Loader) -> None:
    shelf = Shelf(room=2)
    _loaded(shelf, loader, "ready")
    loading = {name: shelf.ask(name) for name in "abc"}
    for name in "abc":
        assert loader.begun(name).wait(WAIT)
        assert shelf.ask(name) is loading[name] and not loading[name].cancelled.is_set()
    assert list(shelf._jobs) == ["a", "b", "c"], "the one that was ready made room"
    for name in "abc":
        loader.gate(name).set()
        loading[name].result(WAIT)
    shelf.ask("c")
    assert list(shelf._jobs) == ["b", "c"]


def test_the_model_in_use_stays_while_others_load(loader: Loader) -> None:
    shelf = Shelf(room=2)
    for name in "ab":
        shelf.ask(name)
    _loaded(shelf, loader, "mine", "mine", "mine")
    assert loader.calls.count("mine") == 1


def test_a_loading_that_nobody_waits_for_is_cancelled(loader: Loader, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SimpleNamespace(now=0.0)
    monkeypatch.setattr(models, "time", SimpleNamespace(monotonic=lambda: clock.now))
    shelf = Shelf()
    job = shelf.ask("m")
    assert loader.begun("m").wait(WAIT)
    for clock.now in (0.9 * models.PATIENCE, 1.8 * models.PATIENCE):
        loader.progress["m"](1, 2)
        assert not job.cancelled.is_set(), "somebody has looked since"
        shelf.touch("m")
    clock.now = 2.9 * models.PATIENCE
    loader.progress["m"](1, 2)
    with pytest.raises(Cancelled):
        job.result(WAIT)
    again = shelf.ask("m")
    loader.gate("m").set()
    assert again is not job and again.result(WAIT).name == "m"


def test_a_model_that_was_let_go_is_gone_and_its_memory_is_given_back(loader: Loader, monkeypatch: pytest.MonkeyPatch) -> None:
    given_back = threading.Event()
    monkeypatch.setattr(release, "give_back", given_back.set)
    shelf = Shelf(room=1)
    _loaded(shelf, loader, "a")
    loader.progress.clear()  # it knows the job, and the job its result
    gone = weakref.ref(shelf.ask("a").result())
    loader.gate("b").set()
    shelf.ask("b").result(WAIT)
    assert given_back.wait(WAIT)
    assert gone() is None


def test_a_model_that_a_job_uses_is_let_go_only_when_the_job_is_done(loader: Loader, monkeypatch: pytest.MonkeyPatch) -> None:
    given_back, go_on, seen = threading.Event(), threading.Event(), list[str]()
    monkeypatch.setattr(release, "give_back", given_back.set)
    shelf, desk = Shelf(room=1), Desk(Scheduler(), room=2**20)
    _loaded(shelf, loader, "a")

    def explained(classifier: Any) -> Callable[..., str]:
        def work(progress: Any, cancel: threading.Event) -> str:
            go_on.wait(WAIT)
            seen.append(classifier.name)
            return "answer"

        return work

    loader.progress.clear()
    key = desk.compute("me", "key", explained(shelf.ask("a").result()))
    _loaded(shelf, loader, "b")
    assert list(shelf._jobs) == ["b"] and not given_back.wait(0.1), "the job needs it"
    go_on.set()
    assert given_back.wait(WAIT) and seen == ["a"]
    assert desk.look(key).answer == "answer"


def test_models_that_loaded_together_make_room_when_they_are_there(loader: Loader) -> None:
    shelf = Shelf(room=2)
    loading = [shelf.ask(name) for name in "abcd"]
    for name, job in zip("abcd", loading, strict=True):
        loader.gate(name).set()
        job.result(WAIT)
    shelf.tidy()
    assert list(shelf._jobs) == ["c", "d"]


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch) -> Callable[[str | None], None]:
    """address(what): the app serves there."""
    options = models.st.get_option

    def serve(at: str | None) -> None:
        monkeypatch.setattr(models.st, "get_option", lambda name: at if name == "server.address" else options(name))

    return serve


@pytest.mark.parametrize("at", ["0.0.0.0", "", None, "192.0.2.1"])
@pytest.mark.parametrize("name", ["/tmp", "../x", ".", "~/x", "\\\\host\\x", "here", " /tmp", "\there"])
def test_a_folder_is_refused_where_others_can_reach_the_app(
    loader: Loader, address: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, at: str | None
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path)
    address(at)
    with pytest.raises(ModelUnavailable, match="A folder can be opened only"):
        models.classifier(name)
    assert not loader.calls


@pytest.mark.parametrize("at", ["127.0.0.1", "localhost", "::1"])
def test_a_folder_is_opened_where_the_app_serves_its_own_machine_alone(
    loader: Loader, address: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, at: str
) -> None:
    monkeypatch.setattr(models, "_shelf", Shelf())
    address(at)
    loader.gate(str(tmp_path)).set()
    assert models.classifier(str(tmp_path)).name == str(tmp_path)
