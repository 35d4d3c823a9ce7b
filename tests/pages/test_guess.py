"""The Guess first page without a browser: nothing is told before Reveal, the score is right, and every way to be wrong."""

import json
import re
from typing import Any
from urllib.parse import parse_qs, urlparse

import pytest
from streamlit.testing.v1 import AppTest

import sigviz
from sigviz.methods import METHODS
from sigviz.models import text as texts
from sigviz.teaching import guess as game
from sigviz.ui.jobs import desk, question
from sigviz.ui.models import shelf
from tests.pages.strips import strips
from tests.pages.strips import texts as shown

MODEL = "bundled/distil-movie"
PATIENCE = 120  # seconds; the first run loads a model


def _page(**settings: Any) -> AppTest:
    app = AppTest.from_file("../../app.py", default_timeout=PATIENCE)
    for name, value in {"model": MODEL, **settings}.items():
        app.query_params[name] = str(value)
    app.switch_page("pages/guess.py")
    return _clean(app.run())


def _clean(app: AppTest) -> AppTest:
    assert [one.message for one in app.exception] == []
    return app


def _words(app: AppTest) -> dict[str, Any]:
    """What the component that words are marked in was given."""
    [found] = [one.proto for one in app.get("bidi_component") if one.proto.component_name == "sigviz.guess"]
    data: dict[str, Any] = json.loads(found.json)
    return data


def _sentence(app: AppTest) -> str:
    return "".join(part for piece in _words(app)["pieces"] for part, _ in piece["parts"])


def _said(elements: Any) -> str:
    return re.sub(r"\\(.)", r"\1", " ".join(one.value for one in elements))


def _tables(app: AppTest) -> str:
    return " ".join(one.proto.body for one in app.get("html") if "<table" in one.proto.body)


def _click(app: AppTest, key: str) -> AppTest:
    app.button(key=key).click()
    return _clean(app.run())


def _guess(text: str) -> tuple[str, int]:
    """A guess at the text's tokens, as a link holds it, and how many tokens there are."""
    n = len(texts.units(shelf().ask(MODEL).result().encode(text), "token"))
    return ",".join(map(str, range(game.wanted(n)))), n


def test_a_sentence_to_guess_about_is_there_without_a_click() -> None:
    app = _page()
    assert _sentence(app) == game.drawn(1)[0]
    assert "The model says" in _said(app.markdown) and "spoke most for" in _said(app.markdown)
    assert app.button(key="reveal").disabled and not app.error and not app.warning


def test_before_reveal_nothing_is_computed_or_shown() -> None:
    seed = 4321  # of no other test
    app = _page(seed=seed)
    text = _sentence(app)
    classifier = shelf().ask(MODEL).result()
    for id in METHODS:
        assert desk().look(question(classifier, text, METHODS[id].settings())).answer is None
    assert not strips(app) and "<table" not in _tables(app) and "irony" not in _said(app.caption)
    assert set(_words(app)) == {"question", "pieces", "kind", "wanted", "marked", "locked", "inks"}
    assert all(set(piece) == {"kind", "parts", "title", "unit", "said"} for piece in _words(app)["pieces"])


def test_reveal_shows_the_maps_and_the_score_of_the_marks() -> None:
    text = game.drawn(7)[3]
    marks, n = _guess(text)
    app = _page(seed=7, round=4, marks=marks)
    assert not strips(app) and not app.button(key="reveal").disabled
    app = _click(app, "reveal")
    assert shown(app) == [text] * 3 and _words(app)["locked"]
    assert [row["title"] for row in strips(app)[0]] == ["SIG, exact", "IG", "DIG"]
    classifier = sigviz.load(MODEL)
    raws = {METHODS[id].label: sigviz.explain(classifier, text, method=id).raw for id in ("sig-exact", "ig", "dig")}
    outcome = game.score(tuple(map(int, marks.split(","))), raws)
    for one in outcome.against:
        assert f"<td>{one.hits} of {outcome.k}</td>" in _tables(app)
        assert f"**{one.name}**: **{one.hits}** of its {outcome.k}" in _said(app.markdown)
    assert f"{outcome.k} of the {n} tokens, picked blindly" in _said(app.markdown)
    assert "What this sentence is made of" in _said(app.caption)


def test_the_tally_counts_the_sentences_of_the_round() -> None:
    app = _page(seed=11, marks=_guess(game.drawn(11)[0])[0], against="ig")
    app = _click(app, "reveal")
    assert "This round: 1 of 10 sentences" in [one.value for one in app.header]
    app = _click(app, "next")
    assert _sentence(app) == game.drawn(11)[1] and _words(app)["marked"] == [] and not strips(app)
    assert "marks" not in app.query_params
    app.number_input(key="round").set_value(1)
    app = _clean(app.run())
    assert _words(app)["locked"], "what was revealed stays revealed"
    assert "This round: 1 of 10 sentences" in [one.value for one in app.header], "and counts once"


def test_another_model_asks_the_question_again_and_the_marks_stay() -> None:
    marks, _ = _guess(game.drawn(1)[0])
    app = _click(_page(marks=marks), "reveal")
    app.selectbox(key="model").set_value("bundled/minilm-movie")
    app = _clean(app.run())
    assert "The model says **positive**" in _said(app.markdown), "the same class, or it would be another question"
    assert not strips(app) and not app.button(key="reveal").disabled
    assert _words(app)["locked"] and _words(app)["marked"] == [*map(int, marks.split(","))]
    app = _click(app, "reveal")
    assert strips(app)


def test_another_class_is_another_question() -> None:
    app = _click(_page(marks=_guess(game.drawn(1)[0])[0]), "reveal")
    app.selectbox(key="target").set_value("0: negative")
    app = _clean(app.run())
    assert "Explained is **negative**" in _said(app.markdown)
    assert not strips(app) and not _words(app)["locked"] and _words(app)["marked"] == []


def test_other_methods_can_be_asked() -> None:
    app = _page(marks=_guess(game.drawn(1)[0])[0])
    app.multiselect(key="against").set_value(["random"])
    app = _click(_clean(app.run()), "reveal")
    assert [row["title"] for row in strips(app)[0]] == ["SIG, exact", "Random"]
    app.multiselect(key="against").set_value([])
    assert [row["title"] for row in strips(_clean(app.run()))[0]] == ["SIG, exact"]


@pytest.mark.parametrize("marks", ["99", "0,0", "1,2,3,4,5,6", "<script>", "-1", "9" * 4000])
def test_marks_that_do_not_fit_are_refused_in_words_and_the_page_goes_on(marks: str) -> None:
    app = _page(marks=marks)
    assert "The marks in the link" in _said(app.error) and _words(app)["marked"] == []
    assert "marks" not in app.query_params


def test_the_link_for_the_class_gives_the_same_sentences_and_no_answer() -> None:
    app = _page(seed=23, round=5, unit="word", marks="0")
    link = parse_qs(urlparse(app.code[0].value).query)
    assert link == {"seed": ["23"], "model": [MODEL], "unit": ["word"]}
    again = _page(**{name: value for name, [value] in link.items()})
    assert _sentence(again) == game.drawn(23)[0] and _words(again)["marked"] == []


def test_a_new_seed_starts_a_new_round() -> None:
    app = _click(_page(seed=23, round=5), "new_seed")
    assert app.number_input(key="round").value == 1
    assert _sentence(app) == game.drawn(app.number_input(key="seed").value)[0]


def test_the_last_sentence_has_no_next_one() -> None:
    assert _page(round=10).button(key="next").disabled


@pytest.mark.parametrize(
    "text",
    [
        "dull",
        "<script>alert(1)</script> a fine film",
        "\u202egnorw si siht \U0001f600",
        "this is junk food cinema at its greasiest .",
    ],
)
def test_a_sentence_of_ones_own_is_guessed_about_in_the_same_way(text: str) -> None:
    marks, _ = _guess(text)
    app = _page(own="true", text=text, marks=marks, against="ig")
    assert not app.error and not app.code, "a class link is for drawn sentences"
    app = _click(app, "reveal")
    assert not app.error and len(strips(app)[0]) == 2
    assert "<script" not in _tables(app) and "This round" not in " ".join(one.value for one in app.header)


def test_an_empty_text_of_ones_own_is_said_where_the_sentence_would_be() -> None:
    app = _page(own="true", text="  ")
    assert "no words to explain" in _said(app.error)


def test_a_model_that_cannot_be_had_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    app = _page(model="no-such/model-here")
    assert "no-such/model-here" in _said(app.error)
