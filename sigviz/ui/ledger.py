"""The completeness ledger: for each run, what its scores have to add up to and how near they come."""

import streamlit as st

from sigviz.attribution import Attribution
from sigviz.methods import METHODS, Promise
from sigviz.ui import downloads, selection
from sigviz.ui.cards import theme
from sigviz.ui.messages import plain
from sigviz.views import charts, wording

WHY = (
    "SIG gives every word a budget of its own: taking this one word away, all others kept, changes F by F(x) − F(x̄ⁱ), "
    "and the word's integral must add up to just that. IG moves all words at once, so its words share one budget, "
    "F(x) − F(x̄), and no single word can be checked. The budgets of SIG need not add up to that of IG: words work together, "
    "and taking one away is not the same as taking all away."
)


def show(found: list[Attribution]) -> None:
    """A tab for each run: bars and the same numbers as a table."""
    st.header("Completeness ledger")
    st.markdown(plain(WHY))
    names = [f"{i + 1}. {name}" for i, name in enumerate(wording.names(found))]
    checked = [METHODS[attribution.settings.method].promises is Promise.PER_UNIT for attribution in found]
    titles = [plain(name) for name in names]
    first = titles[checked.index(True)] if True in checked else None  # the ledger of words, where there is one
    for tab, attribution, name in zip(st.tabs(titles, default=first), found, names, strict=True):
        with tab:
            _one(attribution, name)


def _one(attribution: Attribution, name: str) -> None:
    promise = METHODS[attribution.settings.method].promises
    st.markdown(plain(wording.delta_in_words(attribution, promise.name)))
    chosen = selection.selected(attribution.units)
    draw = charts.ledger if promise is Promise.PER_UNIT else charts.budget
    figure = draw(attribution, theme(), chosen)
    downloads.plotly(figure, f"Completeness ledger of {name}", key=f"ledger {name}")
    with st.expander("The same as a table"):
        st.dataframe(charts.ledger_rows(attribution), hide_index=True, alt=f"Completeness ledger of {name}")
