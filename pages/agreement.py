"""Agreement: one sentence ranked by many methods, and how far they agree."""

import streamlit as st

from sigviz.ui import lesson, ranks

lesson.opening(
    "Do the methods agree?",
    "Many methods claim to say which words decided. Here each of them ranks the words of one sentence, and you see where they "
    "agree and which words they quarrel about.",
)
lesson.card(ranks.CARD, ranks.FORMULA, ranks.SOURCE)
asked = lesson.asked()
choice = ranks.controls()
ranks.styles()

st.header("Words × methods: ranks")
said, matrix = st.container(), st.empty()
found = ranks.compute(asked, choice, matrix)
if found is None:
    st.stop()
with said:
    ranks.summary(found, choice)

st.header("Methods × methods")
ranks.pairs(found, choice)
ranks.downloads(found, choice)

st.header("One word")
st.caption("Click a word in any row, or go there with the Tab and arrow keys and press Enter.")
ranks.word(found, choice, matrix)
lesson.take_along(asked, found.attributions, key="agreement")
