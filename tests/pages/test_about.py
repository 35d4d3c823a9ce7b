"""The About page without a browser: every section and method, with anchors, and no model loaded for it."""

import re

import pytest
from streamlit.testing.v1 import AppTest

from sigviz.methods import METHODS
from sigviz.ui import about, models
from sigviz.views.about_words import CANNOT, GLOSSARY

PATIENCE = 60  # seconds


@pytest.fixture
def page() -> AppTest:
    app = AppTest.from_file("../../app.py", default_timeout=PATIENCE)
    app.switch_page("pages/about.py")
    app.run()
    assert [one.message for one in app.exception] == []
    return app


def _said(app: AppTest) -> str:
    return re.sub(r"\\(.)", r"\1", " ".join(one.value for one in [*app.markdown, *app.caption]))


def test_every_section_and_method_has_a_heading_that_the_contents_lead_to(page: AppTest) -> None:
    anchors = [one.anchor for one in [*page.header, *page.subheader]]
    assert {*about.SECTIONS, *METHODS} <= set(anchors) and len(set(anchors)) == len(anchors)
    for anchor in (*about.SECTIONS, *METHODS):
        assert f"](#{anchor})" in _said(page)


def test_every_method_is_there_with_formula_promise_cost_and_source(page: AppTest) -> None:
    assert [one.value.strip("$\n") for one in page.get("latex")][1:] == [spec.formula for spec in METHODS.values()]
    said = _said(page)
    for spec in METHODS.values():
        assert spec.summary in said and f"Its id is `{spec.id}`" in said
    assert said.count("**Promise.**") == said.count("**Cost.**") == len(METHODS)


def test_claims_findings_limits_and_citation_are_there(page: AppTest) -> None:
    said = _said(page)
    for words in (
        *CANNOT,
        *(term for term, _ in GLOSSARY),
        "Appendix A's counterexample",
        "Enguehard 2023",
        "Zafar et al. 2021",
    ):
        assert words in said, words
    assert "500 test sentences" in said and "of 1,011 test sentences right" in said
    assert any("Largest logit at every point" in one.proto.body for one in page.get("html"))
    assert "@software{sigviz" in page.code[0].value
    assert not page.error and not page.warning


def test_no_model_is_loaded_to_read(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(name: str) -> None:
        raise AssertionError(f"{name} was asked for")

    monkeypatch.setattr(models, "classifier", never)
    app = AppTest.from_file("../../app.py", default_timeout=PATIENCE)
    app.switch_page("pages/about.py")
    assert not app.run().exception
