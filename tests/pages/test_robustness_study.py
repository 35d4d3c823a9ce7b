"""The section "Many texts" without a browser: shipped results, a study run and stopped, a file opened, ways to be wrong."""

import io
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from sigviz.models import catalogue
from sigviz.studies import corpora, results, shipped
from sigviz.studies.results import ROBUSTNESS, Results
from sigviz.ui import study_parts
from tests.studies.study_rows import rows as faithful
from tests.views.robust_rows import ABOUT, CHANCE, MODEL, OTHER, SHARES, rows

FAST = "bundled/distil-movie"
PATIENCE = 240  # seconds; a study loads its models


@pytest.fixture(autouse=True)
def _own_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A study of another test must not be found finished; the corpus stays where it is."""
    monkeypatch.setattr("sigviz.ui.study_source._folder", lambda: tmp_path)


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of shipped studies with one in it."""
    folder = tmp_path / "shipped"
    folder.mkdir()
    results.write(folder / "made.parquet", Results(rows(SHARES), ABOUT))
    monkeypatch.setattr("sigviz.studies.shipped._folder", lambda study: folder)
    shipped.known.cache_clear()
    yield folder
    shipped.known.cache_clear()


def _section() -> None:
    from sigviz.ui import robust_study

    robust_study.show()


def _page(source: str = "Shipped results", **given: str) -> AppTest:
    app = AppTest.from_function(_section, default_timeout=PATIENCE)
    for name, value in given.items():
        app.query_params[name] = value
    app = _clean(app.run())
    app.button_group(key="many_source").set_value(source)
    return _clean(app.run())


def _clean(app: AppTest) -> AppTest:
    assert [one.message for one in app.exception] == []
    return app


def _said(elements: object) -> str:
    found = " ".join(one.value for one in elements)  # type: ignore[attr-defined]
    return re.sub(r"\\(.)", r"\1", found).replace("\u00a0", " ")


def _html(app: AppTest) -> str:
    return " ".join(one.proto.body for one in app.get("html")).replace("\u00a0", " ")


def _opened(made: pd.DataFrame, tmp_path: Path, **changed: object) -> AppTest:
    path = tmp_path / "r.parquet"
    results.write(path, Results(made, {**ABOUT, **changed}, complete=bool(changed.get("complete", True))))
    app = _page("Open a file")
    app.file_uploader(key="many_file").set_value(("r.parquet", path.read_bytes(), "application/octet-stream"))
    return _clean(app.run())


def _small(app: AppTest, texts: int = 2) -> AppTest:
    app.multiselect(key="many_methods").set_value(["sig-exact"])
    app.number_input(key="many_limit").set_value(texts)
    app.selectbox(key="many_model").set_value(FAST)
    app.selectbox(key="many_other").set_value("none")
    app.multiselect(key="many_controls").set_value(["untrained"])
    return _clean(app.run())


def _ended(app: AppTest) -> AppTest:
    end = time.monotonic() + PATIENCE
    while not app.session_state["_work_many"].finished:
        assert time.monotonic() < end
        time.sleep(0.05)
    return _clean(app.run())


def test_shipped_results_are_there_at_once_with_their_command(shelf: Path) -> None:
    app = _page()
    assert not app.error and "python -m sigviz robustness --corpus movie" in app.code[0].value
    assert "**60 texts** of movie (test), a random sample by seed 0." in _said(app.markdown)
    assert f"{MODEL} and {OTHER} predict the same class on **90.0 %" in _said(app.markdown)


def test_without_shipped_results_that_is_said(shelf: Path) -> None:
    (shelf / "made.parquet").unlink()
    shipped.known.cache_clear()
    assert "No results are shipped" in _said(_page().info)


def test_verdicts_come_in_words_before_charts_and_numbers(shelf: Path) -> None:
    app = _page()
    assert "4 methods were tested. 2 pass: SIG; SIG, exact. 1 fails: IG. 1 fails the other way round: Saliency." in _said(
        app.markdown
    )
    assert "**Does SIG pass where IG failed?** Yes: IG fails here, and SIG passes." in _said(app.markdown)
    assert "IG fails." in _html(app) and "interval" in _html(app)
    assert [one.value for one in app.subheader] == [
        "What came out",
        "Top 25 % words that are shared",
        "How many words must go until the prediction changes",
        "All numbers",
    ]
    assert len(app.get("plotly_chart")) == 2 and app.header[0].value == "Many texts"


def test_it_is_said_on_how_many_texts_each_comparison_rests(shelf: Path) -> None:
    assert f"{OTHER}: 54; untrained head: 60; nothing trained: 60." in _said(_page().caption)


def test_the_share_of_top_words_and_the_reduction_change_words_and_charts(shelf: Path) -> None:
    app = _page()
    app.button_group(key="many_k").set_value("10 %")
    app = _clean(app.run())
    assert "top 10 % words" in _html(app) and "Top 10 % words that are shared" in [one.value for one in app.subheader]
    app.button_group(key="many_reduction").set_value("sum")
    app = _clean(app.run())
    assert "4 methods were tested" in _said(app.markdown)


def test_published_numbers_stand_beside_ours_and_can_be_left_out(shelf: Path) -> None:
    app = _page()
    assert len(app.selectbox(key="many_published").options) == 17 and "Zafar et al. 2021" in _html(app)
    assert "(published for two seeds of BERT on SST2: 94 %)" in _said(app.markdown)
    app.selectbox(key="many_published").set_value("nothing")
    app = _clean(app.run())
    assert "Zafar et al. 2021" not in _html(app) and "published for" not in _said(app.markdown)


def test_everything_can_be_taken_along(shelf: Path) -> None:
    labels = {one.label for one in _page().get("download_button")}
    assert labels >= {"Summary, CSV", "Table, LaTeX", "Verdicts, CSV", "Every text, CSV", "Results file"}


def test_a_study_without_another_model_has_numbers_but_no_verdict(tmp_path: Path) -> None:
    app = _opened(rows({}, texts=4, others=("untrained",)), tmp_path)
    assert "there is no verdict" in _said(app.info) and len(app.get("plotly_chart")) == 2


def test_models_that_hardly_agree_are_pointed_at(tmp_path: Path) -> None:
    app = _opened(rows({}, texts=10, differing=8), tmp_path)
    assert "agree on few texts (20 %)" in _said(app.warning)


def test_an_unfinished_study_and_texts_left_out_are_said(tmp_path: Path) -> None:
    app = _opened(rows({}, texts=3, differing=0), tmp_path, complete=False, failed={"m//1": "It is <b>empty</b>."})
    assert "Unfinished" in _said(app.warning) and "1 times a text could not be explained" in _said(app.caption)
    assert "It is <b>empty</b>." in _said(app.caption)


def test_a_file_with_several_models_lets_one_be_chosen(tmp_path: Path) -> None:
    app = _opened(pd.concat([rows({}, texts=3), rows({}, texts=5).assign(model="another")]), tmp_path)
    assert "**3 texts**" in _said(app.markdown)
    app.selectbox(key="many_shown_model").set_value("another")
    assert "**5 texts**" in _said(_clean(app.run()).markdown)


def test_names_in_a_file_are_text_and_nothing_else(tmp_path: Path) -> None:
    odd = "<img src=x onerror=y> **x** [a](javascript:b)"
    made = rows({}, texts=30, others=(odd, "untrained"), runs=((odd, "l2"), CHANCE)).assign(model=odd, baseline=odd)
    app = _opened(made, tmp_path, corpus={"name": odd, "split": odd}, plan={"output": odd})
    assert "<img" not in _html(app) and not [one for one in app.markdown if re.search(r"(?<!\\)<img", one.value)]


def test_more_measurements_than_can_be_drawn_anew_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sigviz.ui.robust_result.MOST_COLUMNS", 20)
    assert "too many to be shown" in _said(_opened(rows({}, texts=2), tmp_path).error)


def test_results_of_the_other_kind_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "f.parquet"
    results.write(path, Results(faithful({("ig", "log_odds"): [1.0]}), {"plan": {}, "corpus": {}}))
    app = _page("Open a file")
    app.file_uploader(key="many_file").set_value(("f.parquet", path.read_bytes(), "application/octet-stream"))
    assert "faithfulness study, and a robustness study is wanted here" in _said(_clean(app.run()).error)


@pytest.mark.parametrize("content", [b"", b"text\nhello\n", b"PAR1" + b"\0" * 100])
def test_a_file_of_something_else_is_refused_by_name(content: bytes) -> None:
    app = _page("Open a file")
    app.file_uploader(key="many_file").set_value(("odd.parquet", content, "application/octet-stream"))
    assert "odd.parquet" in _said(_clean(app.run()).error)


def test_a_study_is_run_and_shown() -> None:
    app = _small(_page("Run a study"))
    app.button(key="many_run").click()
    app = _ended(_clean(app.run()))
    assert not app.error and "**2 texts** of movie (test)" in _said(app.markdown)
    assert "SIG, exact" in _html(app) and "Untrained head" in _html(app)
    assert "there is no verdict" in _said(app.info)


def test_a_study_that_was_stopped_can_go_on() -> None:
    app = _small(_page("Run a study"), texts=60)
    app.button(key="many_run").click()
    app = _clean(app.run())
    end = time.monotonic() + PATIENCE
    while app.session_state["_work_many"].done < 1:
        assert time.monotonic() < end
        time.sleep(0.05)
    app.session_state["_work_many"].stop()
    app = _ended(app)
    assert "Stopped" in _said(app.info) and "Unfinished" in _said(app.warning) and app.button(key="many_run").label == "Go on"


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("many_other", "its other seed", "does not come with another seed"),
        ("many_other", FAST, "both"),
        ("many_methods", [], "no methods"),
        ("many_reductions", [], "No reduction"),
        ("many_controls", [], "nothing to compare with"),
        ("many_limit", 2000, "take fewer of one"),
    ],
)
def test_what_does_not_fit_together_is_said_and_cannot_be_run(key: str, value: object, said: str) -> None:
    app = _small(_page("Run a study"))
    if key == "many_limit":
        app.multiselect(key="many_methods").set_value(["ig", "sig", "saliency", "dig"])
    if key in ("many_methods", "many_controls", "many_reductions"):
        app.multiselect(key=key).set_value(value)
    elif key == "many_limit":
        app.number_input(key=key).set_value(value)
    else:
        app.selectbox(key=key).set_value(value)
    app = _clean(app.run())
    assert said in _said(app.error) and "many_run" not in [button.key for button in app.button]


@pytest.mark.parametrize(
    ("key", "value"), [("many_corpus", "/etc/passwd.csv"), ("many_model", "/etc"), ("many_other", "/etc")]
)
def test_this_machines_files_are_not_read(key: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sigviz.ui.models._ALONE", ())
    texts, model = corpora.known()[0], catalogue.models()  # AppTest's lists take only what they offer
    if key == "many_corpus":
        monkeypatch.setattr("sigviz.ui.study_parts.corpora.known", lambda: [replace(texts, name=value)])
    else:
        odd = replace(model[0], name=value)
        monkeypatch.setattr("sigviz.ui.robust_study.catalogue.models", lambda: [odd, *model])
    app = _page("Run a study")
    app.multiselect(key="many_methods").set_value(["sig-exact"])
    app.number_input(key="many_limit").set_value(2)
    app.selectbox(key="many_model").set_value(value if key == "many_model" else FAST)
    app.selectbox(key="many_other").set_value(value if key == "many_other" else "none")
    app = _clean(app.run())
    if not app.error:
        app.button(key="many_run").click()
        app = _ended(_clean(app.run()))
    assert re.search("folder|no data set's id", _said(app.error))


def test_the_results_file_that_is_given_away_opens_again_and_holds_no_texts() -> None:
    made = study_parts.parquet(Results(rows({}, texts=2).assign(text="secret"), ABOUT))
    found = results.load(io.BytesIO(made), "r.parquet", study=ROBUSTNESS, bounded=True)
    assert b"secret" not in made and len(found.rows) == len(rows({}, texts=2))
