"""Baselines: what stands in for a word that is taken away, and what a difference that makes."""

import streamlit as st

from sigviz.ui import baselines, lesson

lesson.opening(
    "What stands in for a missing word?",
    "To see what a word does, these methods take it away and put something else in its place: the **baseline**. Below, the "
    "same text is explained with several baselines, and you see how much of the answer depends on that choice.",
)
lesson.card(
    "A model needs a word in every place, so a word can only be replaced. Common choices: the **mask** token, trained to "
    "stand for a word that is hidden; the **pad** token, which fills up short texts; the **unk**nown token; the **zero** "
    "vector; the **mean** of all words; or just another word.\n\n"
    "The paper argues for mask. Pad is never trained, so its place among the words is an accident: it *could* lie close to "
    "some words and far from others, and then it would not be neutral. Mask is trained in the place of all words, which "
    "should make it about as far from one as from another. The lower half of this page measures both on the chosen model.\n\n"
    "**Nearest / median** is the distance of the nearest word divided by the median distance: small means close to some word. "
    "**Unevenness** is the standard deviation of the distances to all words, divided by their mean: 0 would be as far from "
    "one word as from any other. A long vector is far from all words, so its length alone makes it more even.",
    formula=r"\mathrm{SIG}_i = F(\mathbf x) - F(\bar{\mathbf x}^i), \qquad \bar{\mathbf x}^i = "
    r"(\mathbf x_1, \dots, \mathrm{baseline}, \dots, \mathbf x_m)",
    source="Enguehard 2023, arXiv:2305.15853, section 2 (mask instead of pad) and Appendix B",
)

asked = lesson.asked(baseline=False)
chosen = baselines.choice()
shown = baselines.explained(asked, chosen)
if shown is None:
    st.stop()

st.header("The same text, one row a baseline")
baselines.strip_rows(shown, chosen)

st.header("What does each lie near?")
found = baselines.space(asked, shown)
if found is not None:
    baselines.neighbourhood(found)
baselines.table(shown, found)
lesson.take_along(asked, [answer for _, answer in shown.found], key="baselines")
