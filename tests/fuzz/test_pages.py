"""Any link to any page, without a browser: text, model, runs and every other control, and never an exception to be seen."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from tests.fuzz.strings import WORST, links, sendable, texts
from tests.load.size import size
from tests.pages.strips import texts as shown_texts

ROOT = Path(__file__).parent.parent.parent
MODEL, TEXT = "bundled/distil-movie", "not a bad film"
PATIENCE = 90  # seconds
PAGES = sorted(path.name for path in (ROOT / "pages").glob("*.py"))
KEPT_SMALL = {"steps_most": "2", "rank_steps": "2", "rank_samples": "2", "check_steps": "8", "check_factor": "1"}
QUICK = {"model": MODEL, "text": TEXT, "runs": "sig-exact", **KEPT_SMALL}  # a link may ask for minutes of work; these do not
SHORT = 20  # characters of a text on pages that explain it many times over
SAME = settings(
    max_examples=size(1, 6),
    derandomize=True,
    database=None,
    phases=[Phase.generate],  # looking for a smaller example would take minutes a page
    suppress_health_check=[*HealthCheck],
    deadline=None,
)


def opened(page: str, link: dict[str, str]) -> AppTest:
    """The page behind a link, run once; fails where a user would see an exception."""
    app = AppTest.from_file("../../app.py", default_timeout=PATIENCE)
    for key, value in link.items():
        app.query_params[key] = sendable(value)
    if page != "compare.py":
        app.switch_page(f"pages/{page}")
    app.run()
    assert [one.message for one in app.exception] == [], (page, link)
    for one in app.error:
        assert "Traceback" not in one.value and len(one.value) < 3000, one.value[:500]
    return app


def keys(elements: Iterable[Any]) -> set[str]:
    """The names of all widgets among a page's elements: those that are bound are its names in the link."""
    return {key for one in elements if (key := getattr(one, "key", None)) and re.fullmatch(r"[a-z]\w*", key)}


def in_link(page: str) -> list[str]:
    """What a link to this page may hold; what is not bound is ignored, and is no harm either."""
    app = opened(page, QUICK)
    return sorted((keys(app.main) | keys(app.sidebar) | {*QUICK}) - {*KEPT_SMALL})


@pytest.mark.parametrize("page", size(["compare.py", "batch.py", "guess.py"], PAGES))
def test_any_link_to_a_page_opens_it(page: str) -> None:
    """All values at once, one that is right here and there."""
    names = in_link(page)

    @SAME
    @given(st.fixed_dictionaries({name: links() for name in names}), st.sets(st.sampled_from([*QUICK])))
    def check_one(link: dict[str, str], right: set[str]) -> None:
        short = {"text": link["text"] if page == "compare.py" else link["text"][:SHORT]}
        opened(page, {**QUICK, **link, **short, **{name: QUICK[name] for name in right}})

    check_one()


@settings(SAME, max_examples=size(3, 40))
@given(st.sampled_from(["model", "runs", "target", "word", "output", "unit", "scale", "special", "contrast"]), links())
def test_any_one_value_in_a_link_to_the_compare_page_opens_it(name: str, value: str) -> None:
    opened("compare.py", {**QUICK, name: value})


@settings(SAME, max_examples=size(3, 40))
@given(texts())
def test_any_text_is_shown_or_refused_on_the_page(text: str) -> None:
    app = opened("compare.py", {**QUICK, "text": text})
    assert shown_texts(app) or app.error, "neither an explanation nor a word about why not"
    assert not any("<script" in one.proto.body or "onerror=alert" in one.proto.body for one in app.get("html") if _tags(one))


def _tags(one: Any) -> bool:
    """Whether a hostile tag stands in HTML unescaped."""
    return bool(re.search(r"<(script|img|svg|a)\b", one.proto.body))


@pytest.mark.parametrize("text", size(WORST[:2], WORST), ids=lambda text: ascii(text)[:40])
def test_the_worst_texts_are_shown_on_the_page(text: str) -> None:
    app = opened("compare.py", {**QUICK, "text": text})
    assert shown_texts(app) and not app.error
