"""Robustness: would another model, or an untrained one, be explained by the same words?"""

import streamlit as st

from sigviz.ui import lesson, robust_sentence, robust_study

lesson.opening(
    "Would another model be explained by the same words?",
    "A model that was trained in the same way, from another random start, mostly predicts the same. If an explanation shows "
    "why, it should name the same words for both, and other words for a copy that has learnt nothing.",
)
lesson.card(robust_sentence.CARD, robust_sentence.FORMULA, robust_sentence.SOURCE)
asked = lesson.asked()

st.header("One sentence")
robust_sentence.show(asked)

robust_study.show()
