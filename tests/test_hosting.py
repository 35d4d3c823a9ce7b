"""What the SIGVIZ_ variables set, that a wrong one stops the server, and that every bound holds on the server."""

import re
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from sigviz import hosting as module
from sigviz.cli import main
from sigviz.engine.scheduler import Scheduler
from sigviz.errors import InvalidSettings, InvalidText, ModelUnavailable, SigvizError
from sigviz.explain import explain
from sigviz.hosting import BOUNDS, Bound, Hosting, hosting, read, table
from sigviz.methods import METHODS, runs
from sigviz.models import bundled, catalogue, release, zoo
from sigviz.ui import batch, limits, models, startup, study_source
from sigviz.ui.jobs import Desk, desk
from sigviz.ui.models import shelf
from tests.models.hub_server import save_tiny

ROOT = Path(__file__).parent.parent
MODEL = "bundled/distil-movie"
TEXT = "this is junk food cinema at its greasiest ."
PATIENCE = 120  # seconds; the first run loads a model
Host = Callable[..., Hosting]


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    """host(PUBLIC="1", ...): from now on, the server is set up like this."""

    def set_up(**variables: str) -> Hosting:
        for name, value in variables.items():
            monkeypatch.setenv(f"SIGVIZ_{name}", value)
        hosting.cache_clear()
        return hosting()

    yield set_up
    hosting.cache_clear()


def _page(name: str = "", **settings: str) -> AppTest:
    app = AppTest.from_file(ROOT / "app.py", default_timeout=PATIENCE)
    for key, value in {"model": MODEL, "text": TEXT, "runs": "sig-exact", **settings}.items():
        app.query_params[key] = value
    if name:
        app.switch_page(f"pages/{name}.py")
    app.run()
    assert [one.message for one in app.exception] == []
    return app


def _said(app: AppTest) -> str:
    return re.sub(r"\\(.)", r"\1", " ".join(one.value for one in (*app.error, *app.warning)))


# What the variables set.


def test_without_variables_nothing_is_public_and_any_model_may_be_picked() -> None:
    assert read({"PATH": "/bin", "HOME": "/root"}) == Hosting() == Hosting(**{one.field: one.default for one in BOUNDS})
    assert Hosting().offers("any/thing") and Hosting().first_model == catalogue.DEFAULT


def test_public_mode_bounds_everything_and_offers_the_bundled_models_alone() -> None:
    public = read({"SIGVIZ_PUBLIC": "1"})
    assert public.public and public.models == tuple(catalogue.BUNDLED)
    assert {one.field: getattr(public, one.field) for one in BOUNDS} == {one.field: one.public for one in BOUNDS}
    assert all(one.default is None or one.public <= one.default for one in BOUNDS), "public mode is never the laxer one"
    assert not public.offers("textattack/roberta-base-SST-2")


@pytest.mark.parametrize("mode", ["0", "1"])
@pytest.mark.parametrize("bound", BOUNDS, ids=lambda bound: bound.variable)
def test_each_number_can_be_set_up_to_its_bounds_and_no_further(bound: Bound, mode: str) -> None:
    for value in (bound.minimum, bound.maximum):
        assert getattr(read({"SIGVIZ_PUBLIC": mode, bound.variable: f" {value} "}), bound.field) == value
    for wrong in (bound.minimum - 1, bound.maximum + 1, "1.5", "many", "1e3", "-1", "٣", "9" * 5_000, "1 2"):
        with pytest.raises(InvalidSettings, match=bound.variable) as error:
            read({"SIGVIZ_PUBLIC": mode, bound.variable: str(wrong)})
        assert f"from {bound.minimum} to {bound.maximum}" in str(error.value) and len(str(error.value)) < 300


@pytest.mark.parametrize("name", ["SIGVIZ_MAX_TOKEN", "SIGVIZ_public", "SIGVIZ_", "SIGVIZ_MODEL"])
def test_a_name_that_nobody_reads_is_refused(name: str) -> None:
    with pytest.raises(InvalidSettings, match=f"There is no variable '{name}'.*SIGVIZ_PUBLIC"):
        read({name: "5"})


def test_an_empty_variable_is_one_that_is_not_set() -> None:
    assert read({"SIGVIZ_MAX_TOKENS": " ", "SIGVIZ_PUBLIC": "", "SIGVIZ_MODELS": "", "SIGVIZ_TYPO": ""}) == Hosting()


def test_the_cache_s_place_may_be_named_beside_them() -> None:
    assert read({"SIGVIZ_CACHE": "/var/cache/sigviz"}) == Hosting()


@pytest.mark.parametrize("value", ["yes", "true", "2", "01"])
def test_the_switch_is_0_or_1(value: str) -> None:
    with pytest.raises(InvalidSettings, match=r"SIGVIZ_PUBLIC is .* must be 0 or 1"):
        read({"SIGVIZ_PUBLIC": value})


def test_a_list_of_models_is_read_with_its_aliases_and_begins_with_the_first() -> None:
    alias, whole = next(iter(catalogue.ALIASES.items()))
    found = read({"SIGVIZ_MODELS": f" {alias} , owner/name,{whole},"})
    assert found.models == (whole, "owner/name") and found.first_model == whole
    assert found.offers(alias) and found.offers("owner/name") and not found.offers(catalogue.DEFAULT)


@pytest.mark.parametrize("given", [",", "bundled/nothing", "a" * 201, "a\nb", ",".join(f"o/{i}" for i in range(101))])
@pytest.mark.parametrize("mode", ["0", "1"])
def test_a_wrong_list_of_models_is_refused(given: str, mode: str) -> None:
    with pytest.raises(InvalidSettings, match="SIGVIZ_MODELS"):
        read({"SIGVIZ_MODELS": given, "SIGVIZ_PUBLIC": mode})


@pytest.mark.parametrize("folder", ["/srv/model", "./model", "~/model", "\\\\host\\share"])
def test_a_public_server_lists_no_folder(folder: str) -> None:
    with pytest.raises(InvalidSettings, match="opens no folder"):
        read({"SIGVIZ_MODELS": folder, "SIGVIZ_PUBLIC": "1"})


def test_the_environment_is_read_once(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    assert host(MAX_TOKENS="99").max_tokens == 99
    monkeypatch.setenv("SIGVIZ_MAX_TOKENS", "50")
    assert hosting().max_tokens == 99


def test_a_server_with_a_wrong_variable_ends_with_one_line(host: Host) -> None:
    with pytest.raises(InvalidSettings):
        host(MAX_TOKEN="9")
    with pytest.raises(SystemExit) as ended:
        startup.set_up()
    assert str(ended.value).startswith("sigviz: There is no variable 'SIGVIZ_MAX_TOKEN'") and "\n" not in str(ended.value)


def test_streamlit_itself_takes_no_larger_upload(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    said: dict[str, Any] = {"server.maxUploadSize": 5}
    monkeypatch.setattr(startup, "_hide_place", lambda: None)
    monkeypatch.setattr(startup.config, "get_option", said.__getitem__)
    monkeypatch.setattr(startup.config, "set_option", said.__setitem__)
    for given, taken in (("50", 5), ("2", 2)):
        host(MAX_UPLOAD_MB=given)
        startup.set_up()
        assert said["server.maxUploadSize"] == taken


def test_the_readme_s_table_is_the_program_s() -> None:
    assert table() in (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_bound_is_asked_for_somewhere() -> None:
    program = "".join(path.read_text("utf-8") for path in (ROOT / "sigviz" / "ui").glob("*.py"))
    assert not [one.field for one in BOUNDS if f"hosting().{one.field}" not in program]


def test_the_python_api_is_not_limited(host: Host) -> None:
    host(PUBLIC="1", MAX_PASSES="100", MAX_TOKENS="16")
    assert explain(shelf().ask(MODEL).result(), TEXT * 3, "sig", steps=4).cost.forward > 100


# What a visitor meets.


def test_a_forged_link_that_asks_for_too_much_is_refused_with_the_bound_and_the_remedy(host: Host) -> None:
    host(PUBLIC="1", MAX_PASSES="500")
    app = _page(runs="sig(steps=1000) sig-exact")
    assert re.search(r"SIG would take 2\d,\d{3} passes .* spends 500 on one explanation\. Use fewer steps", _said(app))
    assert len(app.error) == 1, "what is cheap is explained beside it"


def test_a_method_that_may_end_early_is_stopped_at_the_bound(host: Host) -> None:
    host(PUBLIC="1", MAX_PASSES="100")
    asked = Desk(Scheduler())
    key = asked.ask("me", shelf().ask(MODEL).result(), TEXT, METHODS["sig"].settings(tolerance=1e-6))
    end = time.monotonic() + PATIENCE
    while not asked.look(key).finished and time.monotonic() < end:
        time.sleep(0.01)
    error = asked.look(key).error
    assert isinstance(error, InvalidSettings) and "this server spends 100 on one explanation" in str(error)


@pytest.mark.parametrize("page", ["", "edit", "paths", "steps", "baselines", "axioms", "agreement", "robustness"])
def test_a_text_that_is_too_long_is_refused_on_every_page(host: Host, page: str) -> None:
    host(PUBLIC="1", MAX_TOKENS="16")
    app = _page(page, text="word " * 20)
    assert re.search(r"The text has 22 tokens; this server takes 16\. Shorten it\.", _said(app))
    assert len(app.error) == 1


def test_an_edited_text_that_is_too_long_is_refused(host: Host) -> None:
    host(PUBLIC="1", MAX_TOKENS="16")
    assert "22 tokens" in _said(_page("edit", edited="word " * 20))


@pytest.mark.parametrize(
    "name", ["owner/name", " owner/name", "bundled/minilm-movie-2", str(bundled.ADAPTERS / "distil-movie")]
)
def test_a_model_that_is_not_on_the_list_is_refused_and_not_fetched(
    host: Host, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    host(PUBLIC="1", MODELS=f"{MODEL},bundled/minilm-movie")
    monkeypatch.setattr(shelf(), "ask", lambda name: pytest.fail(f"{name} was asked for"))
    app = _page(model=name)
    folder = name.startswith("/")
    assert ("A folder can be opened only" if folder else "This server does not offer") in _said(app)
    assert len(app.error) == 1 and (folder or f"Choose one of: {MODEL}, bundled/minilm-movie." in _said(app))


def test_no_folder_is_opened_in_public_mode_even_on_the_host_s_own_address(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models.st, "get_option", lambda name: "127.0.0.1")
    models.refuse_folder("/tmp")
    host(PUBLIC="1")
    for name in ("/tmp", ".", "~", " /tmp", "tests"):
        with pytest.raises(ModelUnavailable, match="A folder can be opened only"):
            models.refuse_folder(name)


def test_the_list_of_models_is_what_the_server_offers(host: Host) -> None:
    host(PUBLIC="1", MODELS=f"owner/name,{MODEL}")
    assert [entry.name for entry in models.offered()] == ["owner/name", MODEL]
    assert _page().selectbox(key="model").options == ["owner/name", MODEL]


def test_a_list_without_the_usual_model_starts_with_its_own_first(host: Host) -> None:
    host(MODELS=MODEL)
    app = AppTest.from_file(ROOT / "app.py", default_timeout=PATIENCE)
    app.query_params["runs"] = "sig-exact"
    app.run()
    assert app.selectbox(key="model").value == MODEL and not app.error and not app.exception


SLOW = [pytest.param(page, marks=pytest.mark.soak) for page in ("steps", "axioms", "agreement", "edit", "paths")]


@pytest.mark.parametrize("page", ["", "baselines", "robustness", "guess", *SLOW])
def test_every_page_works_unasked_in_public_mode(host: Host, page: str) -> None:
    host(PUBLIC="1")
    usual = {} if page else {"runs": runs.default()}
    assert not _said(_page(page, **usual))


def _pasted(lines: str, runs: str) -> AppTest:
    app = _page("batch")
    app.button_group(key="batch_source").set_value("pasted lines")
    app.toggle(key="batch_as_text").set_value(True)
    app.run()
    app.text_area(key="batch_pasted").set_value(lines)
    app.text_input(key="batch_runs").set_value(runs)
    return app.run()


def test_a_batch_of_too_many_texts_is_refused(host: Host) -> None:
    host(MAX_TEXTS="2")
    assert "There are 3 lines; 2 are the most." in _said(_pasted("a\nb\nc", "sig-exact"))
    with pytest.raises(InvalidSettings, match="There are 3 texts; this server takes 2"):
        batch.check(shelf().ask(MODEL).result(), [(i, "a") for i in range(3)], [], threading.Event())


def test_a_batch_with_a_text_or_method_that_is_too_much_is_refused_and_says_which(host: Host) -> None:
    host(PUBLIC="1", MAX_PASSES="200", MAX_TOKENS="16")
    classifier, event = shelf().ask(MODEL).result(), threading.Event()
    given = [(0, "a film"), (1, ""), (2, "word " * 15)]
    with pytest.raises(InvalidText, match="Text 3: The text has 17 tokens"):
        batch.check(classifier, given, [METHODS["sig-exact"].settings()], event)
    with pytest.raises(InvalidSettings, match="Text 1: SIG would take"):
        batch.check(classifier, given, [METHODS["sig"].settings(steps=200)], event)
    batch.check(classifier, given[:2], [METHODS["sig"].settings(steps=10)], event)


def test_a_file_that_is_too_large_is_refused(host: Host) -> None:
    host(MAX_UPLOAD_MB="1")
    app = _page("batch")
    app.file_uploader(key="batch_file").set_value(("a.csv", b"text\n" + b"a film\n" * 200_000, "text/csv"))
    app.run()
    assert "'a.csv' has more than 1 MB, which is what this server takes" in _said(app)


class Plan:
    """As much of a study's plan as is weighed before it is run."""

    def __init__(self, models: tuple[str, ...] = (MODEL,), corpus: str = "movie", limit: int = 10, **options: Any) -> None:
        self.models, self.corpus, self.limit, self._options = models, corpus, limit, options

    def choices(self) -> list[Any]:
        return [type("Choice", (), {"settings": lambda _: METHODS["sig"].settings(**self._options)})()]


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        (Plan(models=(MODEL, "owner/name")), "does not offer 'owner/name'"),
        (Plan(models=("/tmp",)), "A folder can be opened only"),
        (Plan(corpus="owner/data"), "does not fetch the data set 'owner/data'"),
        (Plan(limit=201), "There are 201 texts; this server takes 200"),
        (Plan(steps=1000), "SIG would take 128,066 passes"),
    ],
)
def test_a_study_that_is_too_much_is_refused(host: Host, plan: Any, said: str) -> None:
    study_source.check(Plan())  # type: ignore[arg-type]
    host(PUBLIC="1")
    study_source.check(Plan())  # type: ignore[arg-type]
    with pytest.raises((InvalidSettings, ModelUnavailable), match=re.escape(said)):
        study_source.check(plan)


def test_a_study_is_checked_by_its_page(host: Host) -> None:
    host(PUBLIC="1")
    app = _page("faithfulness", study_source="Run a study", study_limit="500")
    assert "There are 500 texts; this server takes 200" in _said(app) and not [b for b in app.button if b.key == "study_run"]


# What goes away.


def test_no_page_keeps_a_model_that_was_let_go(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    given_back = threading.Event()
    monkeypatch.setattr(release, "give_back", given_back.set)
    monkeypatch.setattr(models, "_shelf", models.Shelf(room=1))
    sessions = [_page(), _page("paths"), _page("robustness"), _page("edit")]
    gone = weakref.ref(shelf().ask(MODEL).result())
    assert gone() is not None and all(not _said(app) for app in sessions)
    shelf().ask("bundled/minilm-nyt").result(PATIENCE)
    shelf().tidy()
    assert given_back.wait(60) and gone() is None


def test_an_answer_cannot_be_changed_by_who_shares_it() -> None:
    answer = explain(shelf().ask(MODEL).result(), TEXT, "ig", steps=2, features=True)
    for array in (answer.raw, answer.probabilities, answer.features):
        assert array is not None
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
    exact = explain(shelf().ask(MODEL).result(), TEXT, "sig-exact")
    assert exact.expected is not None
    with pytest.raises(ValueError, match="read-only"):
        exact.expected[0] = 0


def test_the_desk_is_set_up_like_the_server(host: Host) -> None:
    host(CACHE_MB="7", QUEUE="3")
    made = desk.__wrapped__()
    assert made._answers._room == 7 * 2**20 and made._scheduler._limit == 3


def test_the_checks_need_no_bound_where_there_is_none() -> None:
    assert limits.check_texts(2_000) is None and limits.check_passes(10**12) is None
    assert module.hosting() == Hosting()


# What is never said.


TOKEN = "hf_thisIsTheTokenOfTheHostAndNobodysElse"
BROKEN = (  # configuration, tokenizer, weights, the look at them before, the first sentence; and the folder itself
    *(f"zoo.{auto}.from_pretrained" for auto in ("AutoConfig", "AutoTokenizer", "AutoModelForSequenceClassification")),
    "zoo.safe_open",
    "zoo.TextClassifier",
    "zoo._fingerprint",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole model of a few thousand weights."""
    return save_tiny(tmp_path_factory.mktemp("home-of-the-host") / "my-model")


@pytest.mark.parametrize("kind", [OSError, PermissionError, RuntimeError, ValueError, MemoryError])
@pytest.mark.parametrize("place", BROKEN)
def test_whatever_breaks_while_a_model_is_loaded_neither_path_nor_token_is_said(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], place: str, kind: type[Exception]
) -> None:
    if place == "zoo._fingerprint" and not issubclass(kind, OSError):
        kind = OSError  # nothing else can happen there
    monkeypatch.setenv("HF_TOKEN", TOKEN)

    def broken(*_: object, **__: object) -> None:
        raise kind(f"{folder}/model.safetensors: Authorization: Bearer {TOKEN}")

    monkeypatch.setattr(f"sigviz.models.{place}", broken)
    with pytest.raises(SigvizError) as error:
        zoo.load(str(folder))
    assert main(["explain", "a film", "--model", str(folder)]) == 2
    printed = capsys.readouterr()
    assert printed.out == "" and len(printed.err.splitlines()) == 1
    for said in (str(error.value), printed.err):
        assert "my-model" in said and TOKEN not in said and str(folder.parent) not in said and "Traceback" not in said


def test_every_error_of_a_page_goes_through_the_same_place() -> None:
    paths = [*(ROOT / "sigviz/ui").glob("*.py"), *(ROOT / "pages").glob("*.py")]
    program = {path.name: path.read_text("utf-8") for path in paths}
    assert len(program) > 40
    assert not [name for name, text in program.items() if re.search(r"st\.exception|traceback\.|format_exc", text)]
    escaped = {name: re.findall(r"st\.error\((.*)", text) for name, text in program.items()}
    assert not [call for calls in escaped.values() for call in calls if "plain(" not in call]
