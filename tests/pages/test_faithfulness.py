"""The Faithfulness page without a browser: shipped results, a study run and stopped, a file opened, every way to be wrong."""

import re
import time
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from sigviz.models import catalogue
from sigviz.studies import corpora, results, shipped
from sigviz.studies.metrics import METRICS
from sigviz.studies.results import Results
from tests.load.size import size
from tests.studies.study_rows import rows

MODEL = "bundled/distil-movie"
PATIENCE = 180  # seconds; a study loads its model
APP = Path(__file__).parents[2] / "app.py"
VIEWS = ("Table", "Against IG", "Curves", "Steps", "Baselines")


@pytest.fixture(autouse=True)
def _own_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A study of another test must not be found finished; the corpus stays where it is."""
    monkeypatch.setattr("sigviz.ui.study_source._folder", lambda: tmp_path)


def _page(source: str = "Shipped results", model: str = MODEL) -> AppTest:
    app = AppTest.from_file(APP, default_timeout=PATIENCE)
    if model:
        app.query_params["model"] = model
    app.switch_page("pages/faithfulness.py")
    app = _clean(app.run())
    app.button_group(key="study_source").set_value(source)
    return _clean(app.run())


def _clean(app: AppTest) -> AppTest:
    assert [one.message for one in app.exception] == []
    return app


def _said(elements: object) -> str:
    return re.sub(r"\\(.)", r"\1", " ".join(one.value for one in elements))  # type: ignore[attr-defined]


def _small(app: AppTest, texts: int = 2) -> AppTest:
    app.multiselect(key="study_methods").set_value(["ig", "sig-exact"])
    app.number_input(key="study_limit").set_value(texts)
    app.number_input(key="study_control").set_value(1)
    return _clean(app.run())


def _ended(app: AppTest) -> AppTest:
    end = time.monotonic() + PATIENCE
    while not app.session_state["_work_study"].finished:
        assert time.monotonic() < end
        time.sleep(0.05)
    return _clean(app.run())


def test_the_shipped_results_are_there_at_once_with_their_command() -> None:
    app = _page()
    assert not app.error and "python -m sigviz evaluate" in app.code[0].value
    assert re.search(r"\*\*\d{3,} texts\*\*", _said(app.markdown))


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_of_every_shipped_study_is_drawn(view: str) -> None:
    for name in [*shipped.known()][: size(1, 99)]:
        app = _page()
        app.selectbox(key="study_shipped").set_value(name)
        app.button_group(key="study_view").set_value(view)
        app = _clean(app.run())
        assert not app.error


def test_published_numbers_stand_beside_ours_and_are_named() -> None:
    app = _page()
    choices = app.selectbox(key="study_published").options
    assert len(choices) == 1 + 3 * 3 * 2 + 1  # nothing; three models, data sets, baselines; Table 4
    app.selectbox(key="study_published").set_value(choices[1])
    app = _clean(app.run())
    assert any("Enguehard 2023" in one.proto.body for one in app.get("html"))


def test_a_study_is_run_and_shown() -> None:
    app = _small(_page("Run a study"))
    app.button(key="study_run").click()
    app = _ended(_clean(app.run()))
    assert not app.error and "**2 texts** of movie (test)" in _said(app.markdown)
    assert "untrained control on 1" in _said(app.markdown)
    assert {one.label for one in app.get("download_button")} >= {"Summary, CSV", "Table, LaTeX", "Every text, CSV"}


def test_a_study_that_was_stopped_can_go_on() -> None:
    app = _small(_page("Run a study"), texts=40)
    app.button(key="study_run").click()
    app = _clean(app.run())
    end = time.monotonic() + PATIENCE
    while app.session_state["_work_study"].done < 1:
        assert time.monotonic() < end
        time.sleep(0.05)
    app.session_state["_work_study"].stop()
    app = _ended(app)
    assert "Stopped" in _said(app.info) and "Unfinished" in _said(app.warning) and app.button(key="study_run").label == "Go on"


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("study_corpus", "/etc/passwd.csv", "is no data set's id"),
        ("study_corpus", "nonsense", "no corpus"),
        ("study_split", "nonsense", "no split"),
        ("model", "no-such/model-here", "no-such/model-here"),
        ("model", "/etc", "folder"),
    ],
)
def test_what_cannot_be_had_is_said_where_it_was_asked(
    key: str, value: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr("sigviz.ui.models._ALONE", ())
    texts, model = corpora.known()[0], catalogue.models()[0]  # AppTest's lists take only what they offer
    if key == "study_corpus":
        monkeypatch.setattr("sigviz.ui.study_parts.corpora.known", lambda: [replace(texts, name=value)])
    if key == "model":
        monkeypatch.setattr("sigviz.ui.models.offered", lambda: [replace(model, name=value)])
    app = _page("Run a study", "" if key == "model" else MODEL)
    app.number_input(key="study_limit").set_value(2)
    if key == "study_split":
        app.text_input(key=key).set_value(value)
    app = _clean(app.run())
    if not app.error:
        app.button(key="study_run").click()
        app = _ended(_clean(app.run()))
    assert said in _said(app.error)


def test_no_methods_are_no_study() -> None:
    app = _page("Run a study")
    app.multiselect(key="study_baselines").set_value([])
    app = _clean(app.run())
    assert "no baselines" in _said(app.error) and "study_run" not in [button.key for button in app.button]


def test_a_results_file_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "r.parquet"
    made = rows({(run, name): [-1.0, -2.0, 0.5] for run in ("ig", "sig-exact", "random(seeds=1)") for name in METRICS})
    results.write(path, Results(made, {"plan": {"seed": 7, "limit": 3}, "corpus": {"name": "<b>mine</b>", "split": "x"}}))
    app = _page("Open a file")
    app.file_uploader(key="study_file").set_value(("r.parquet", path.read_bytes(), "application/octet-stream"))
    app = _clean(app.run())
    assert not app.error and "<b>mine</b>" in _said(app.markdown) and "seed 7" in _said(app.markdown)
    for view in VIEWS:
        app.button_group(key="study_view").set_value(view)
        app = _clean(app.run())


@pytest.mark.parametrize("content", [b"", b"text\nhello\n", b"PAR1" + b"\0" * 100])
def test_a_file_of_something_else_is_refused_by_name(content: bytes) -> None:
    app = _page("Open a file")
    app.file_uploader(key="study_file").set_value(("odd.parquet", content, "application/octet-stream"))
    app = _clean(app.run())
    assert "odd.parquet" in _said(app.error)
