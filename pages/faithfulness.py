"""Faithfulness: which method's top words does the model really need?"""

import streamlit as st

from sigviz.ui import messages, study, study_result

st.title("Which method is right about the model?")
st.markdown(
    "An explanation names the words that decided. If it is right, the model must change its mind when exactly these words are "
    "taken away, and keep it when only they are left. That can be measured, over many texts, for every method: this page does "
    "so, and sets the numbers beside those of the SIG paper."
)

found = study.source()
if found is not None:
    with messages.shown():
        study_result.show(found)
