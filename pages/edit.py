"""Edit and compare: a sentence, the same sentence with words changed, and what the scores had predicted."""

import streamlit as st

from sigviz.ui import edits, lesson

lesson.opening(
    "What if a word were another?",
    "Change words of a sentence: the old and the new text stand side by side, each with its scores. A score says what a word "
    "contributes, so it should predict what happens when the word is changed, and here you see whether it does.",
)
lesson.card(edits.CARD, edits.FORMULA, edits.SOURCE)
asked = lesson.asked()
before = lesson.prediction(asked)
if before is None:
    st.stop()
new = edits.edited(asked, before)
methods = edits.methods()
edits.styles()
found = edits.compare(asked, new, before, methods)
if found is None:
    st.stop()

st.header("What the edit did")
edits.outcome(found)
st.header("Word by word")
edits.words(found)
st.header("Predicted and true change")
edits.predictions(found)
old_tab, new_tab = st.tabs(["Take the old text along", "Take the new text along"])
with old_tab:
    lesson.take_along(asked, found.old, key="edit_old_files")
with new_tab:
    lesson.take_along(new, found.new, key="edit_new_files")
