"""Downloads and Reproduce on a page: there when they are asked for, with the page's own numbers."""

import csv
import io
import json

import pytest
from streamlit.testing.v1 import AppTest

from sigviz.ui import downloads


def page() -> None:
    """A page of its own, so that these tests know no other page's layout."""
    import streamlit as st

    from sigviz.explain import explain
    from sigviz.ui import downloads
    from sigviz.views import charts
    from tests import tiny

    classifier = tiny.bert()
    text = st.text_input("Text", "a dull film", key="text")
    found = [explain(classifier, text, method) for method in ("sig-exact", "grad-input")] if text else []
    downloads.results(found, classifier, key="runs")
    downloads.reproduce(found, classifier, key="runs")
    if found:
        figure = charts.ledger(found[0], "light")
        st.plotly_chart(figure, theme=None, config=charts.CONFIG, key="ledger 1")
        downloads.chart(figure, "Ledger <of> SIG", key="ledger 1")
        downloads.table(charts.ledger_rows(found[0]), "ledger: SIG", key="rows")


@pytest.fixture
def app() -> AppTest:
    return AppTest.from_function(page, default_timeout=60).run()


def opened(app: AppTest, *names: str) -> AppTest:
    for name in names:
        app.session_state[f"runs_{name}"] = True
    return app.run()


def labels(app: AppTest) -> list[str]:
    return [one.label for one in app.get("download_button")]


def test_nothing_is_made_before_it_is_asked_for(app: AppTest) -> None:
    assert not app.exception and [one.label for one in app.expander] == ["Downloads: picture, page, tables", "Reproduce"]
    assert labels(app) == ["HTML", "CSV", "JSON", "Table, CSV"], "the chart's and the table's, made when clicked"
    assert not app.code


def test_every_format_is_offered_once_it_is_open(app: AppTest) -> None:
    opened(app, "downloads")
    assert not app.exception
    assert labels(app)[:5] == ["SVG", "HTML", "CSV", "JSON", "LaTeX"]


def test_what_gives_the_numbers_again_is_shown_as_code(app: AppTest) -> None:
    opened(app, "reproduce")
    assert len(app.code) == 3
    python, command, settings = (one.value for one in app.code)
    assert "import sigviz" in python and "python -m sigviz explain" in command
    assert json.loads(settings)["explanations"][0]["text"] == "a dull film"


def test_without_runs_there_is_nothing(app: AppTest) -> None:
    app.text_input(key="text").set_value("").run()
    assert not app.exception and not app.expander and not labels(app)


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("bundled/minilm-movie", "bundled-minilm-movie"),
        ("../../etc/passwd\x00", "etc-passwd"),
        ("电影", "sigviz"),
        ("", "sigviz"),
        ("x" * 300, "x" * downloads.NAME_LENGTH),
        ("a" * 39 + "/b", "a" * 39),
    ],
)
def test_names_of_files_are_short_and_plain(name: str, slug: str) -> None:
    assert downloads.slug(name) == slug


def test_a_table_that_holds_formulas_is_made_harmless(monkeypatch: pytest.MonkeyPatch) -> None:
    made = {}
    monkeypatch.setattr(downloads, "_button", lambda label, content, *rest: made.update({rest[0]: content()}))
    downloads.table([{"unit": "=1+1", "score": -0.5, "none": None}], "Table 1", key="x")
    ((name, content),) = made.items()
    assert name == "sigviz-table-1.csv"
    assert list(csv.DictReader(io.StringIO(content))) == [{"unit": "'=1+1", "score": "-0.5", "none": ""}]
