"""The Baselines page: one text under many stand-ins, how far its explanation moves, and what each stand-in lies near."""

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from sigviz.attribution import MAX_SEED, Attribution
from sigviz.methods import METHODS
from sigviz.teaching import baselines
from sigviz.teaching.baselines import STANDARD, Space, StandIn
from sigviz.ui import controls, downloads, lesson, links, strip
from sigviz.ui.cards import theme
from sigviz.ui.lesson import Asked
from sigviz.ui.messages import plain
from sigviz.views import baselines as views
from sigviz.views import export, heatmap
from sigviz.views import strip as strips

MOST_RANDOM = 6
MAX_WORD = 60  # characters
_FIRST = "sig-exact"


@dataclass(frozen=True, slots=True)
class Choice:
    """What the page shows.  word: typed by the reader, "" for none; random: how many words are drawn, by `seed`."""

    method: str
    reference: str
    word: str
    random: int
    seed: int


@dataclass(frozen=True, slots=True)
class Shown:
    """The stand-ins that this model has, each with its explanation where there is one, and those that it has not."""

    found: tuple[tuple[StandIn, Attribution], ...]
    missing: tuple[StandIn, ...]
    reference: str

    @property
    def moved(self) -> list[views.Moved]:
        by_label = {one.label: answer for one, answer in self.found}
        return views.moved([(one.label, answer) for one, answer in self.found], by_label[self.reference])


def choice() -> Choice:
    """The page's own controls, in rows that wrap."""
    links.without_endless_numbers()  # as app.py does: this page may be run without it
    methods = [id for id in METHODS if id not in baselines.REGARDLESS]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        method = st.selectbox(
            "Method",
            methods,
            index=methods.index(_FIRST),
            key="method",
            bind="query-params",
            width=170,
            help="The method that explains the text under every baseline. Methods that look at the text alone are left out: "
            "no baseline moves them.",
        )
        reference = st.selectbox(
            "Compared with",
            STANDARD,
            key="reference",
            bind="query-params",
            width=130,
            help="The baseline whose order of the words the others are compared with.",
        )
        word = st.text_input(
            "A word of your own",
            controls.default("stand_in", "the"),
            max_chars=MAX_WORD,
            key="stand_in",
            bind="query-params",
            width=190,
            help="Any word that is one token of this model, or a token as its vocabulary writes it.",
        )
        random = st.number_input(
            "Random words",
            0,
            MOST_RANDOM,
            3,
            key="random_words",
            bind="query-params",
            width=150,
            help="Whole words, by chance.",
        )
        seed = st.number_input(
            "Seed", 0, MAX_SEED, 0, key="words_seed", bind="query-params", width=150, help="Draws the words."
        )
    return Choice(method or _FIRST, reference or STANDARD[0], word or "", int(random or 0), int(seed or 0))


def explained(asked: Asked, chosen: Choice) -> Shown | None:
    """The explanations under all stand-ins; None where there is none."""
    drawn = lesson.computed(
        asked,
        ("words drawn", chosen.random, chosen.seed),
        lambda progress, cancel: baselines.drawn(baselines.whole_words(asked.classifier), chosen.random, chosen.seed),
        key="drawn",
    )
    tried = baselines.stand_ins(asked.classifier, chosen.word, drawn or ())
    fit = [one for one in tried if not one.error]
    answers = lesson.explained(asked, [asked.settings(chosen.method, baseline=one.name) for one in fit], key="stand_ins")
    found = tuple((one, answer) for one, answer in zip(fit, answers, strict=True) if answer is not None)
    if not found:
        return None
    labels = [one.label for one, _ in found]
    return Shown(
        found, tuple(one for one in tried if one.error), chosen.reference if chosen.reference in labels else labels[0]
    )


def strip_rows(shown: Shown, chosen: Choice) -> None:
    """A row of coloured words for each stand-in, and a line for each that cannot be had."""
    if shown.reference != chosen.reference:
        st.caption(plain(f"There is no {chosen.reference} here, so {shown.reference} is what the others are compared with."))
    first = shown.found[0][1]
    st.html(heatmap.style(theme()))
    st.html(heatmap.legend(theme(), first.label))
    titles = [views.title(one, one.label == shown.reference) for one in shown.moved]
    strip.show(
        [strips.row(answer, theme=theme(), title=title) for (_, answer), title in zip(shown.found, titles, strict=True)],
        key="stand_in_strips",
        units=first.units,
    )
    for one in shown.missing:
        st.caption(f":material/block: **{plain(one.label)}**: {plain(one.error)}")
    for note in dict.fromkeys(one.note for one, _ in shown.found if one.note):
        st.caption(f":material/info: {plain(note)}")
    st.markdown(plain(views.summary(shown.moved, shown.reference)))
    place = lesson.word(first.units, required=False)
    if place is not None:
        st.html(heatmap.column([answer for _, answer in shown.found], place))


def space(asked: Asked, shown: Shown) -> Space | None:
    """Where the stand-ins stand among the words of the vocabulary."""
    wanted = [one for one, _ in shown.found]
    return lesson.computed(
        asked,
        ("baselines", tuple(wanted)),
        lambda progress, cancel: baselines.space(asked.classifier, asked.text, wanted, progress, cancel),
        key="space",
    )


def neighbourhood(found: Space) -> None:
    """The paper's argument, measured; the distances as a chart."""
    verdict, *reasons = views.argument(found)
    st.markdown("\n".join([f"**{plain(verdict)}**", "", *(f"- {plain(reason)}" for reason in reasons)]))
    downloads.plotly(
        views.distances(found, theme()),
        "Distances from each baseline to the vocabulary",
        key="space_chart",
        alt="How far the words of the vocabulary lie from each baseline; the same numbers are in the table below",
    )
    st.caption(
        f"A hill is higher where more words lie; all hills have one scale. {found.words:,} of the vocabulary's "
        f"{found.tokens:,} tokens are whole words (letters only, two at least); the others "
        "are pieces of words, signs, single letters and special tokens."
    )


def table(shown: Shown, found: Space | None) -> None:
    """Everything as a table, and as a file."""
    rows = views.rows(shown.moved, found, shown.reference)
    with st.expander("The same as a table", key="stand_in_table"):
        st.dataframe(rows, hide_index=True, alt="Every baseline: F, how far the order moves, what it lies near")
    st.download_button(
        "CSV",
        export.csv(pd.DataFrame(rows)),
        "sigviz-baselines.csv",
        "text/csv",
        key="stand_in_csv",
        on_click="ignore",
        icon=":material/download:",
    )
