"""The Paths page without a browser: its live default, its links, long and hostile texts, every way to be wrong."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from sigviz.teaching import theatre as science
from tests.pages import strips

MODEL = "bundled/distil-movie"
TEXT = "this is junk food cinema ."
QUICK = {"model": MODEL, "text": TEXT, "paths_steps": "5", "paths_hops": "2"}
PATIENCE = 180  # seconds; the first page loads a model
APP = Path(__file__).parents[2] / "app.py"


def _page(**link: str) -> AppTest:
    app = AppTest.from_file(APP, default_timeout=PATIENCE)
    for name, value in {**QUICK, **link}.items():
        app.query_params[name] = value
    app.switch_page("pages/paths.py")
    return _clean(app.run())


def _clean(app: AppTest) -> AppTest:
    assert [one.message for one in app.exception] == []
    return app


def _played(app: AppTest) -> dict[str, Any]:
    """What the theatre was given to play."""
    (proto,) = [one.proto for one in app.get("bidi_component") if one.proto.component_name == "sigviz.theatre"]
    found: dict[str, Any] = json.loads(proto.json)
    return found


def _said(app: AppTest) -> str:
    written = [*app.markdown, *app.caption, *app.info, *app.header]
    return re.sub(r"\\(.)", r"\1", " ".join(one.value for one in written))


def test_the_page_plays_at_once_all_three_methods_of_the_underlined_word() -> None:
    app = _page()
    played = _played(app)
    assert [row["name"] for row in played["rows"]] == ["IG", "SIG", "DIG"]
    assert [len(row["moving"]) for row in played["rows"]] == [6, 1, 6]
    (row,) = strips.strips(app)[0]
    first = next(strips.shown({"pieces": [piece]}) for piece in row["pieces"] if piece.get("first"))
    assert app.selectbox(key="word").value.endswith(f": {first}") and f"The score of “{first}” is an area" in _said(app)
    assert len(app.get("plotly_chart")) == 4 and len(app.dataframe) == 1
    assert not app.error and not app.warning


def test_the_settings_come_from_the_link_and_go_to_the_methods() -> None:
    app = _page(paths_strategy="maxcount", word="3: junk", alpha="0.25", unit="word")
    played = _played(app)
    assert app.selectbox(key="paths_steps").value == "5" and played["alpha"] == 0.25
    assert [played["words"][played["tokens"][number]] for number in played["own"]] == ["junk"]
    assert "dimensions on the way, most wins" in app.dataframe[0].value.columns and len(app.dataframe[0].value) == 2
    assert "from 5 nodes" in _said(app) and "from 3 nodes" in _said(app)


@pytest.mark.parametrize("alpha", ["nan", "2", "-0.1", "<b>", "", "inf", "0.5.5"])
def test_an_alpha_that_is_none_is_said_and_the_page_starts_in_the_middle(alpha: str) -> None:
    app = _page(alpha=alpha)
    assert _played(app)["alpha"] == 0.5 and "link's alpha is not a number from 0 to 1" in _said(app)


def test_another_word_is_followed_when_it_is_chosen() -> None:
    app = _page()
    app.selectbox(key="word").set_value("5: cinema")
    played = _played(_clean(app.run()))
    assert [played["words"][played["tokens"][number]] for number in played["own"]] == ["cinema"]


def test_hostile_text_is_only_text() -> None:
    text = "<script>alert(1)</script> **bold** $x$ [a](http://evil.example) \u202e"
    app = _page(text=text, word="1: <")
    assert not app.error
    assert all("<script" not in one.value for one in [*app.markdown, *app.caption, *app.header])
    assert "\u202e" not in json.dumps(_played(app), ensure_ascii=False)


@pytest.mark.parametrize("baseline", ["zero", "mean", "pad", "film"])
def test_every_baseline_is_named_at_the_slider_s_end(baseline: str) -> None:
    played = _played(_page(baseline=baseline))
    named = {"zero": "zero vector", "mean": "mean vector", "pad": "[PAD]"}.get(baseline, baseline)
    assert played["ends"][0] == f"0: {named}"


def test_an_empty_text_and_a_wrong_baseline_are_said_and_nothing_is_played() -> None:
    for link in ({"text": " "}, {"baseline": "no such token"}):
        app = _page(**link)
        assert app.error and not [one for one in app.get("bidi_component") if one.proto.component_name == "sigviz.theatre"]


def test_a_long_text_is_played_around_the_chosen_word_and_the_page_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(science, "MOST_TOKENS", 3)
    monkeypatch.setattr(science, "LONG", 5)
    app = _page(word="4: food", text=f"{TEXT} ")  # a text of its own: what was computed is remembered by its text
    played = _played(app)
    assert len(played["tokens"]) == 3 and played["before"] == "… 2 more" and played["behind"] == "… 1 more"
    assert "nearest words are shown for the 3" in _said(app) and "fewer places" in _said(app)
