"""The selected word: one for all pages, forgotten with its text."""

from streamlit.testing.v1 import AppTest

SCRIPT = """
import streamlit as st
from sigviz.attribution import Unit
from sigviz.ui import selection

text = st.text_input("Text", "one two one", key="text")
units, at = [], 0
for place, piece in enumerate(text.split()):
    at = text.index(piece, at)
    units.append(Unit(piece, at, at + len(piece), (place,)))
    at += len(piece)
st.button("Third", key="third", on_click=selection.select, args=(units, 2))
st.button("Far", key="far", on_click=selection.select, args=(units, 99))
st.write(f"chosen: {selection.word(units, required=REQUIRED, default=1)}")
st.write(f"selected: {selection.selected(units)}")
"""


def _page(required: bool, word: str | None = None) -> AppTest:
    app = AppTest.from_string(SCRIPT.replace("REQUIRED", str(required)))
    if word is not None:
        app.query_params["word"] = word
    app.run()
    assert not app.exception
    return app


def _said(app: AppTest) -> list[str]:
    assert not app.exception
    return [one.value.split(": ")[1] for one in app.markdown]


def test_nothing_is_selected_until_a_word_is_clicked_and_a_second_click_lets_go() -> None:
    app = _page(required=False)
    assert _said(app) == ["None", "None"]
    assert _said(app.button(key="third").click().run()) == ["2", "2"], "the word's third place, not its first"
    assert _said(app.button(key="third").click().run()) == ["None", "None"]


def test_where_a_word_is_needed_there_is_one() -> None:
    app = _page(required=True)
    assert _said(app)[0] == "1"
    assert _said(app.button(key="third").click().run())[0] == "2"


def test_the_link_selects() -> None:
    assert _said(_page(required=False, word="3: one")) == ["2", "2"]
    assert _said(_page(required=False, word="7: nothing")) == ["None", "None"]
    assert _said(_page(required=True, word="7: nothing"))[0] == "1"


def test_another_text_forgets_the_word() -> None:
    for required, left in ((False, "None"), (True, "1")):
        app = _page(required, word="3: one")
        assert _said(app.text_input(key="text").set_value("some other words").run())[0] == left


def test_a_click_beyond_the_text_selects_nothing() -> None:
    app = _page(required=False)
    assert _said(app.button(key="far").click().run()) == ["None", "None"]
