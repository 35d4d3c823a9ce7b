"""What all runs of a page have in common: the model's answer to the text, and the grid of methods against tokens."""

import streamlit as st

from sigviz.attribution import Attribution, Prediction
from sigviz.explain import predict as ask_model
from sigviz.models.classifier import TextClassifier
from sigviz.ui import selection
from sigviz.ui.cards import theme
from sigviz.ui.controls import Shared
from sigviz.ui.messages import plain
from sigviz.views import agreement, classes, heatmap, wording


def predict(classifier: TextClassifier, text: str, shared: Shared) -> Prediction:
    """What the model says of the text.  Raises SigvizError where it cannot be asked."""
    return ask_model(classifier, text, shared.target, shared.window)


def show(prediction: Prediction) -> None:
    """The class probabilities of a plain forward pass, the explained class marked, and what was cut off."""
    winner = plain(prediction.labels[int(prediction.probabilities.argmax())])
    share = wording.percent(float(prediction.probabilities.max()))
    st.markdown(f"The model says **{winner}** with a probability of {share}. Explained is **{plain(prediction.label)}**.")
    st.html(classes.html(prediction, theme()))
    if prediction.windows > 1:
        st.info(
            f"The text is longer than the model can read, so it is read in {prediction.windows} windows that overlap by half. "
            "F is the mean of the windows' F, and these are the probabilities of the windows' mean logits. Every run takes "
            "about so many times as long.",
            icon=":material/view_column:",
        )
    if prediction.truncated:
        reach = f"{prediction.windows} windows reach" if prediction.windows > 1 else "the model can read"
        st.warning(
            f"The text is longer than {reach}: {prediction.truncated:,} tokens of it were left out. They are "
            "struck through below.",
            icon=":material/content_cut:",
        )


def grid(found: list[Attribution]) -> None:
    """Methods against tokens, as a table, and how far the methods agree."""
    with st.expander("Grid: methods × units, scores divided by their length", key="grid", on_change="rerun") as section:
        if section.open:
            st.html(heatmap.grid(found, theme=theme()))
            if len(found) > 1:
                st.html(agreement.html(found))


def chosen_word(found: list[Attribution]) -> None:
    """The selected word: what each run gives it, and the way to its path.  Runs of other units than the first are left out."""
    units, called = found[0].units, "sentence" if found[0].settings.unit == "sentence" else "word"
    with st.container(horizontal=True, vertical_alignment="bottom", key="chosen_word"):
        place = selection.word(units, required=False, label=called.capitalize())
        st.page_link("pages/paths.py", label="Its path, step by step", icon=":material/route:")
    if place is None:
        st.caption(f"Click a {called} in any of the maps above, and this line says what every run gives it.")
        return
    st.html(heatmap.column([one for one in found if one.units == units], place))
