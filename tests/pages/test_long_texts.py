"""Long texts on the Compare page, without a browser: sentences first, the words of one of them, and windows."""

import re

from streamlit.testing.v1 import AppTest

from sigviz.explain import explain
from sigviz.looking import sentences
from sigviz.ui.long_texts import LONG
from sigviz.ui.models import shelf
from tests.pages.strips import texts

MODEL = "bundled/distil-movie"
PATIENCE = 120  # seconds; the first run loads a model
REVIEW = (
    "I went in without hopes . The first half hour is slow , talky and badly lit . Then the old man opens the letter "
    ", and all at once the film is alive . The actors are a joy , the music is restrained , and the camera never "
    "shows off . A silly subplot about a stolen car nearly ruins it . The ending is honest , quiet and quite moving . "
    "I left the cinema happy , and I would see it again . My friend fell asleep twice and wants her money back . Both "
    "of us are right , which says it all . It is a flawed film with a big heart , and it deserves to be seen . Bring "
    "a scarf , since the hall was cold ."
)
ENDLESS = "a slow film . " * 160  # 640 tokens; the model reads 510 and two special ones


def _page(**settings: str) -> AppTest:
    app = AppTest.from_file("../../app.py", default_timeout=PATIENCE)
    for name, value in {"model": MODEL, "text": REVIEW, "runs": "ig(steps=2)", **settings}.items():
        app.query_params[name] = value
    return _clean(app.run())


def _clean(app: AppTest) -> AppTest:
    assert [one.message for one in app.exception] == [] and [one.value for one in app.error] == []
    return app


def _said(app: AppTest) -> str:
    return re.sub(r"\\(.)", r"\1", " ".join(one.value for kind in (app.info, app.markdown, app.caption) for one in kind))


def _parts() -> list:
    return list(sentences(shelf().ask(MODEL).result(), REVIEW))


def test_a_long_text_starts_with_sentences_says_so_and_is_one_click_away_from_words() -> None:
    app = _page()
    assert app.segmented_control(key="unit").value == "sentence" and f"more than {LONG} start with a score for each" in _said(
        app
    )
    whole, inside = texts(app)
    assert whole == REVIEW and inside in [one.text for one in _parts()]
    app = _clean(app.button(key="every_word").click().run())
    assert app.segmented_control(key="unit").value == "word" and len(texts(app)) == 1
    assert "Inside a sentence" not in [one.value for one in app.header]
    app = _clean(app.button(key="sentences_first").click().run())
    assert app.segmented_control(key="unit").value == "sentence" and len(texts(app)) == 2


def test_what_a_link_asks_for_is_shown_and_a_short_text_starts_with_tokens() -> None:
    assert _page(unit="token", runs="random(seeds=1)").segmented_control(key="unit").value == "token"
    app = _page(text="a dull film .")
    assert app.segmented_control(key="unit").value == "token" and "start with a score" not in _said(app)
    app.text_area(key="text").set_value(REVIEW)
    app = _clean(app.run())
    assert app.segmented_control(key="unit").value == "sentence", "the text has become long"
    app.text_area(key="text").set_value("a dull film .")
    app = _clean(app.run())
    assert app.segmented_control(key="unit").value == "token", "and short again"


def test_inside_stands_the_sentence_with_the_largest_score_of_the_first_run_or_the_selected_one() -> None:
    classifier, parts = shelf().ask(MODEL).result(), _parts()
    first = int(explain(classifier, REVIEW, "ig", steps=2, unit="sentence").raw.argmax())
    app = _page(runs="ig(steps=2) sig-exact")
    assert texts(app)[2:] == [parts[first].text] * 2
    assert f"Sentence {first + 1} of {len(parts)}**, the one with the largest score by IG" in _said(app)
    app = _page(word=f"3: {parts[2].text[:39]}…", runs="ig(steps=2) sig-exact")
    assert texts(app)[2:] == [parts[2].text] * 2 and "**Sentence 3 of 11**, the selected one" in _said(app)
    exact = explain(classifier, REVIEW, "sig-exact", unit="sentence").raw[2]
    (table,) = [one.proto.body for one in app.get("html") if "The sentence and its words" in one.proto.body]
    assert table.count("<tr>") == 3 and f"{abs(exact):.3g}"[:4] in table
    app = _clean(app.button(key="inside_next").click().run())
    assert texts(app)[2:] == [parts[3].text] * 2


def test_a_text_past_the_limit_is_read_in_windows_on_request_and_the_link_says_so() -> None:
    cut = _page(text=ENDLESS, unit="token", runs="random(seeds=1)")
    assert "130 tokens" in cut.warning[0].value and cut.segmented_control(key="window").value == "cut"
    slid = _page(text=ENDLESS, unit="token", runs="random(seeds=1)", window="slide")
    assert not slid.warning and slid.segmented_control(key="window").value == "slide"
    assert "read in 2 windows" in _said(slid) and "Read in 2 windows of 512 tokens" in _said(slid)
    fits = _page(window="slide", runs="random(seeds=1)")
    assert "window" not in [one.key for one in fits.segmented_control]
