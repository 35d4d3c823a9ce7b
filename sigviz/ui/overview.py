"""What all runs of a page have in common: the model's answer to the text, and the grid of methods against tokens."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from sigviz.attribution import Attribution
from sigviz.ui.cards import theme
from sigviz.ui.messages import plain
from sigviz.views import charts, heatmap, wording


def show(slot: DeltaGenerator, attribution: Attribution) -> None:
    """The class probabilities of a plain forward pass, the explained class marked, and what was cut off."""
    with slot.container():
        winner = plain(attribution.labels[int(attribution.probabilities.argmax())])
        share = wording.percent(float(attribution.probabilities.max()))
        st.markdown(f"The model says **{winner}** with a probability of {share}. Explained is **{plain(attribution.label)}**.")
        st.plotly_chart(charts.classes(attribution, theme()), theme=None, config=charts.CONFIG, key="classes")
        if attribution.truncated:
            st.warning(
                f"The text is longer than the model can read: {attribution.truncated:,} tokens at its end were left out. They "
                "are struck through below.",
                icon=":material/content_cut:",
            )


def grid(found: list[Attribution]) -> None:
    """Methods against tokens, as a table."""
    with st.expander("Grid: methods × units, scores divided by their length", key="grid", on_change="rerun") as section:
        if section.open:
            st.html(heatmap.grid(found, theme=theme()))
