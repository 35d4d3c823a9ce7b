"""Batch: a table of texts in, a table of scores out."""

import streamlit as st

from sigviz.ui import batch, batch_result, controls, long_texts, messages, models

st.title("Many texts at once")
st.markdown(
    "A table of texts in, a table of attributions out: one row for each text, method and unit, as CSV, JSONL or Parquet. "
    "A text that can't be explained gets a row that says why, and the rest goes on."
)

given, asked = st.columns(2, gap="large")
with given:
    texts = batch.texts()
classifier = shared = None
with asked:
    name = controls.model()
    with messages.shown():
        classifier = models.classifier(name)
        shared = long_texts.with_window(controls.shared(classifier.labels), long_texts.any_window())

if classifier is not None and shared is not None:
    runs = batch.runs(shared)
    batch.runs_as_text()
    batch.run(classifier, texts, runs)

batch_result.show()
