"""Compare: one sentence, one model, several explanations side by side."""

import streamlit as st

from sigviz.ui import (
    cards,
    controls,
    downloads,
    inside,
    ledger,
    long_texts,
    measures,
    messages,
    models,
    overview,
    results,
    run_controls,
)

st.title("Which words decided?")
st.markdown(
    "A classifier reads the text below and chooses a class. Each row shows, by one method, how much every piece of the text "
    "spoke **for** that class (orange) or **against** it (blue). The piece that spoke most for it is underlined, the top 20 % "
    "are bold."
)

asking, answer = st.columns([3, 2], gap="large")
with asking:
    text = controls.sentence()
    name = controls.model()
classifier = prediction = None
with messages.shown():
    classifier = models.classifier(name)
if classifier is None:
    st.stop()

with asking:
    shared = controls.shared(classifier.labels, long_texts.first_unit(classifier, text))
with answer, messages.shown():
    said = st.container()
    shared = long_texts.with_window(shared, long_texts.window(classifier, text))
    with said:
        prediction = overview.predict(classifier, text, shared)
        overview.show(prediction)

st.header("Runs")
long_texts.notice(classifier, text, shared)
runs, below = st.container(), st.container()
with below:
    run_controls.below()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        manner = cards.Manner(controls.scale(), controls.special(classifier, text))
if prediction is None:
    st.stop()
with runs:
    results.styles(prediction.label)
    drawn = results.draw_cards(classifier, text, shared, manner)

words = inside.section(st.container(), drawn, classifier, text, shared)
found = results.stream(drawn, classifier, text, words)
results.rescale(drawn)
if words:
    words.end()

if found:
    overview.chosen_word(found)
    overview.grid(found)
    ledger.show(found)
    downloads.results(found, classifier, key="runs", scale=manner.scale)
    downloads.reproduce(found, classifier, key="runs")
    measures.show(drawn, classifier)
