"""The Batch page without a browser: texts in, a table out, every way to be wrong, and no exception."""

import re
import runpy
import time
from pathlib import Path

import pytest
from streamlit.runtime.pages_manager import PagesManager
from streamlit.testing.v1 import AppTest

from sigviz.explain import explain
from sigviz.methods import METHODS
from sigviz.methods import runs as runs_text
from sigviz.studies import batch as batches
from sigviz.ui import batch, batch_result
from sigviz.ui.models import shelf

MODEL = "bundled/distil-movie"
PATIENCE = 120  # seconds; the first run loads a model
APP = Path(__file__).parents[2] / "app.py"
CSV = b'id,text\n1,a dull film\n2,""\n3,"=1+1, <script>alert(1)</script> **film**"\n'


def _page(**settings: str) -> AppTest:
    app = AppTest.from_file(APP, default_timeout=PATIENCE)
    for name, value in {"model": MODEL, "unit": "word", **settings}.items():
        app.query_params[name] = value
    app.switch_page("pages/batch.py")
    return _clean(app.run())


def _clean(app: AppTest) -> AppTest:
    assert [one.message for one in app.exception] == []
    return app


def _pasted(*lines: str, runs: str = "sig-exact", **settings: str) -> AppTest:
    app = _page(**settings)
    app.button_group(key="batch_source").set_value("pasted lines")
    app.toggle(key="batch_as_text").set_value(True)
    _clean(app.run())
    app.text_area(key="batch_pasted").set_value("\n".join(lines))
    app.text_input(key="batch_runs").set_value(runs)
    return _clean(app.run())


def _filed(content: bytes = CSV, name: str = "texts.csv") -> AppTest:
    app = _page()
    app.file_uploader(key="batch_file").set_value((name, content, "text/csv"))
    app.multiselect(key="batch_methods").set_value(["ig", "sig-exact"])
    app.number_input(key="batch_steps").set_value(2)
    return _clean(app.run())


def _run(app: AppTest) -> AppTest:
    app.button(key="batch_run").click()
    _clean(app.run())
    return _ended(app)


def _ended(app: AppTest) -> AppTest:
    end = time.monotonic() + PATIENCE
    while not app.session_state["_work_batch"].finished:
        assert time.monotonic() < end
        time.sleep(0.05)
    return _clean(app.run())


def _said(elements: object) -> str:
    return re.sub(r"\\(.)", r"\1", " ".join(one.value for one in elements))  # type: ignore[attr-defined]


def test_without_texts_there_is_nothing_to_run() -> None:
    app = _page()
    assert app.button(key="batch_run").disabled and not app.error and "At most 2,000 texts" in _said(app.caption)


def test_the_methods_shown_first_are_picked_in_their_cheap_form() -> None:
    picked = _page().multiselect(key="batch_methods").value
    assert picked == [spec.preview or spec.id for spec in METHODS.values() if spec.shown_first]


def test_a_file_becomes_a_table() -> None:
    app = _filed()
    assert "3 texts, 1 of them empty." in _said(app.caption) and "passes through the model" in _said(app.caption)
    app = _run(app)
    outcome = app.session_state["_work_batch"].result
    rows = outcome.batch.rows
    assert [row.text_id for row in rows if row.error] == [1, 1]
    expected = explain(shelf().ask(MODEL).result(), "a dull film", "ig", steps=2, unit="word")
    found = [row for row in rows if (row.text_id, row.method) == (0, "ig")]
    assert [row.unit_text for row in found] == ["a", "dull", "film"] and found[0].settings == "ig(steps=2)"
    assert [row.raw for row in found] == pytest.approx(expected.raw.tolist(), rel=1e-4)
    assert f"**3** of 3 texts, **1** with an error, which stands in its row; **{len(rows)}** rows." in _said(app.markdown)
    assert len(app.dataframe[0].value) == len(rows) and not app.warning
    assert {"batch_download.csv", "batch_download.jsonl", "batch_download.parquet"} <= {
        one.key for one in app.get("download_button")
    }
    maps = [one.proto.body for one in app.get("html") if 'class="sigviz-row"' in one.proto.body]
    assert len(maps) == 4 and "<script" not in "".join(
        maps
    )  # two methods, of the two texts of the first three that have words


def test_pasted_lines_become_a_table_and_blank_ones_are_left_out() -> None:
    app = _run(_pasted("a dull film", "", "a good film", runs="sig-exact ig(steps=1)"))
    rows = app.session_state["_work_batch"].result.batch.rows
    assert {row.text_id for row in rows} == {0, 2} and {row.settings for row in rows} == {"sig-exact", "ig(steps=1)"}
    assert {row.unit for row in rows} == {"word"} and {row.model for row in rows} == {MODEL}


def test_stopping_keeps_what_is_done_and_says_that_it_is_incomplete(monkeypatch: pytest.MonkeyPatch) -> None:
    real = batches.explain_with

    def slow(*given: object, **named: object) -> object:
        time.sleep(0.2)
        return real(*given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(batches, "explain_with", slow)
    app = _pasted(*["a dull film"] * 200)
    app.button(key="batch_run").click()
    _clean(app.run())
    assert app.button(key="batch_run").disabled
    end = time.monotonic() + PATIENCE
    while app.session_state["_work_batch"].text[:6] != "Text 3":
        assert time.monotonic() < end
        time.sleep(0.01)
    app.button(key="batch_stop").click()
    _clean(app.run())
    app = _ended(app)
    found = app.session_state["_work_batch"].result.batch
    assert 2 <= found.done < 200 and {row.text_id for row in found.rows} == set(range(found.done))
    assert "Incomplete: It was stopped." in _said(app.warning) and app.get("download_button")
    assert not app.button(key="batch_run").disabled


def test_the_result_stays_when_the_texts_are_changed_and_on_another_page() -> None:
    app = _run(_pasted("a dull film"))
    app.text_area(key="batch_pasted").set_value("")
    assert "**1** of 1 texts" in _said(_clean(app.run()).markdown)
    app.query_params["runs"] = "sig-exact"
    app.switch_page("pages/compare.py")
    _clean(app.run())
    app.switch_page("pages/batch.py")
    assert "**1** of 1 texts" in _said(_clean(app.run()).markdown)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("texts.csv", b"words\nfilm\n", "column text"),
        ("texts.csv", b"text\n\xff\xfe\n", "UTF-8"),
        ("<b>x</b>.csv", b"", "column"),
        ("texts.parquet", b"PAR1", "Parquet"),
        ("texts.jsonl", b"[" * 100_000, "Line 1"),
        ("texts.csv", b"text\n" + b"film\n" * 2_001, "2,000"),
        ("texts.csv", b"text\n" + b"a" * 20_001, "20,000"),
        ("texts.csv", b"text\n" + b"film " * (2**20 + 1), "5 MB"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(name: str, content: bytes, said: str) -> None:
    app = _filed(content, name)
    words = _said(app.error)
    assert said in words and "Traceback" not in words and app.button(key="batch_run").disabled


@pytest.mark.parametrize(
    ("lines", "runs", "said"),
    [
        (("film",) * 2_001, "sig-exact", "2,000 are the most"),
        (("film", "a" * 20_001), "sig-exact", "Line 2 has 20,001 characters"),
        (("film",), "sog", "no method 'sog'"),
        (("film",), "", "0 entries"),
        (("film",), "ig(steps=5000)", "from 1 to 1024"),
        (("film",), "sig-exact(baseline=two%20words)", "not one token"),
    ],
)
def test_what_is_wrong_with_lines_and_runs_is_said(lines: tuple[str, ...], runs: str, said: str) -> None:
    app = _pasted(*lines, runs=runs)
    words = _said(app.error)
    assert said in words and "Traceback" not in words and app.button(key="batch_run").disabled


def test_a_wrong_model_is_said() -> None:
    app = _page(model="bundled/nope")
    assert "bundled/minilm-movie" in _said(app.error)


def test_a_table_that_would_be_too_large_is_not_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "MOST_ROWS", 2)
    app = _pasted("a dull film")
    assert "more than the 2 rows" in _said(app.warning) and app.button(key="batch_run").disabled


def test_every_column_is_explained() -> None:
    named = set(re.findall(r"`([a-z_]+)`", batch_result.COLUMNS_HELP))
    assert set(batches.Row.__slots__) <= named


def test_runs_as_text_begin_with_the_methods_shown_first() -> None:
    app = _page()
    app.toggle(key="batch_as_text").set_value(True)
    assert _clean(app.run()).text_input(key="batch_runs").value == runs_text.default()


def test_a_link_to_a_page_works_before_anybody_has_opened_the_start_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PagesManager, "uses_pages_directory", None)
    runpy.run_path(str(APP))  # as the server imports it
    PagesManager(str(APP))
    assert PagesManager.uses_pages_directory is False
