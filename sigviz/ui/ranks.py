"""The pieces of the Agreement page: which methods, their ranks as they come, how far they agree, and one word."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from sigviz.attribution import Attribution, Settings
from sigviz.explain import estimate
from sigviz.methods import METHODS
from sigviz.studies import batch
from sigviz.studies.plan import CHANCE
from sigviz.teaching import ranks
from sigviz.teaching.ranks import Ranking
from sigviz.ui import lesson, messages, strip
from sigviz.ui.cards import theme
from sigviz.ui.lesson import Asked
from sigviz.ui.messages import plain
from sigviz.views import export, heatmap
from sigviz.views import ranks as views
from sigviz.views import strip as rows

ORDERS = ("spread", "text")
CARD = """
Each method gives every word a score. Its **rank** is the word's place when a method's scores are sorted: rank 1 speaks most
for the explained class. Ranks can be compared where the scores themselves cannot, because every method has a scale of its own.

- **Spread** of a word: the standard deviation of its ranks over the methods, in places. 0 means that all put it at the same
  place. Words with a large spread are those that the methods disagree about.
- **Kendall's τ** of two methods: take every two words and look whether both methods order them alike. τ is the share of pairs
  ordered alike minus the share ordered the other way round: 1 is the same order, 0 unrelated, −1 reversed. In the formula, of
  N pairs A are ordered alike, R reversed, and T₁ and T₂ are ties in one method and in the other.
- **Overlap of the top**: how much of one method's top words is among the other's. It looks only at the words that a reader
  would look at.

Below, r is the rank of word i by method m, and M the number of methods, the control not counted. Words with equal scores
share the mean of their ranks. **Random** is the control: two methods that agree no better than with it share nothing.
Agreement is no proof of truth: methods can agree and all be wrong, and they ask different questions. Exact SIG asks what one
word does while all others stay, IG what each adds on the way from an empty text to this one.
"""
FORMULA = r"""\begin{aligned}
\mathrm{spread}_i &= \sqrt{\tfrac1M \textstyle\sum_{m} (r_{mi} - \bar r_i)^2} \\
\tau &= \frac{A - R}{\sqrt{(N - T_1)(N - T_2)}}
\end{aligned}"""
SOURCE = (
    "Kendall 1945 (tau-b, with ties); top-k overlap as in Zafar et al. 2021, section 2.3; the disagreement of explanations: "
    "Krishna et al. 2022, arXiv:2202.01602"
)


@dataclass(frozen=True, slots=True)
class Choice:
    """What the reader chose.  methods: ids, in the order of METHODS.  steps, samples: at most.  k: per cent."""

    methods: tuple[str, ...]
    steps: int
    samples: int
    by_spread: bool
    k: int


def controls() -> Choice:
    """Which methods are ranked and how much they may cost; the order of the words; how many are top ones."""
    chosen = st.multiselect(
        "Methods",
        [*METHODS],
        default=[*ranks.FIRST],
        key="ranked",
        bind="query-params",
        help="Each becomes a column. " + " ".join(f"{spec.id}: {plain(spec.label)}." for spec in METHODS.values()),
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        order = st.segmented_control(
            "Words sorted by",
            ORDERS,
            default=ORDERS[0],
            key="order",
            bind="query-params",
            help="spread: the words that the methods disagree about most come first. text: as they stand in the text.",
        )
        k = st.slider(
            "Top words, in %",
            5,
            50,
            20,
            5,
            key="top",
            bind="query-params",
            width=200,
            help="How many words count as a method's top ones when two methods are compared, rounded up.",
        )
        steps = st.number_input(
            "Steps at most",
            1,
            200,
            ranks.STEPS,
            key="rank_steps",
            bind="query-params",
            width=130,
            help="Methods with a path take their own number of steps, but no more than this.",
        )
        samples = st.number_input(
            "Samples at most",
            10,
            2000,
            ranks.SAMPLES,
            key="rank_samples",
            bind="query-params",
            width=140,
            help="Methods that draw at random take their own number of samples, but no more than this.",
        )
    ordered = tuple(id for id in METHODS if id in chosen)
    return Choice(ordered, int(steps), int(samples), order != ORDERS[1], int(k))


def compute(asked: Asked, choice: Choice, slot: DeltaGenerator) -> Ranking | None:
    """All explanations, the cheapest first, their ranks drawn in the slot as they come; None where too few answered."""
    with messages.shown():
        wanted = [asked.settings(id, **ranks.options(id, choice.steps, choice.samples)) for id in choice.methods]
        costs = {settings: batch.work(estimate(asked.classifier, asked.text, settings)) for settings in wanted}
        cheap_first = sorted(wanted, key=lambda settings: costs[settings])

        def each(answers: Sequence[Attribution | None]) -> None:
            found = _ranked(wanted, cheap_first, answers)
            if found is not None:
                _matrix(slot, found, choice)

        return _ranked(wanted, cheap_first, lesson.explained(asked, cheap_first, key="agreement", each=each), say=True)
    return None


def _ranked(
    wanted: Sequence[Settings], order: Sequence[Settings], answers: Sequence[Attribution | None], say: bool = False
) -> Ranking | None:
    """The ranks of those that are there, in the order of `wanted`; None where they are too few, which `say` raises."""
    by_settings = dict(zip(order, answers, strict=True))
    there = [answer for settings in wanted if (answer := by_settings[settings]) is not None]
    enough = sum(answer.settings.method != CHANCE for answer in there) >= 2
    return ranks.ranking(there) if enough or (say and len(there) == len(wanted)) else None


def _matrix(slot: DeltaGenerator, found: Ranking, choice: Choice, selected: int | None = None) -> None:
    order = found.disputed if choice.by_spread else found.texts_order
    slot.html(views.matrix(found, order, theme(), selected))


def styles() -> None:
    """The style sheets, once a page."""
    st.html(heatmap.style(theme()))
    st.html(views.style(theme()))


def summary(found: Ranking, choice: Choice) -> None:
    """What came out, in a plain sentence, and what must be known of single methods."""
    st.markdown(plain(views.in_words(found, ranks.pairs(found, choice.k))))
    for said in views.caveats(found):
        st.caption(f":material/info: {plain(said)}")


def pairs(found: Ranking, choice: Choice) -> None:
    """Every two methods beside each other."""
    st.html(views.pair_matrix(found, ranks.pairs(found, choice.k), choice.k, theme()))


def word(found: Ranking, choice: Choice, slot: DeltaGenerator) -> None:
    """The text by every method, to choose a word in; what each says of that word, which is then marked in the slot's ranks."""
    titles = views.names(found)
    shown = [rows.row(one, theme=theme(), title=title) for one, title in zip(found.attributions, titles, strict=True)]
    strip.show(shown, key="agreement_strips", units=found.units)
    place = lesson.word(found.units, default=found.disputed[0])
    if place is not None:
        st.html(views.word(found, place, theme()))
        _matrix(slot, found, choice, place)


def downloads(found: Ranking, choice: Choice) -> None:
    """Ranks and pairs as CSV, made when they are asked for."""
    names = views.names(found)
    with st.container(horizontal=True):
        st.download_button(
            "Ranks (CSV)",
            lambda: export.csv(pd.DataFrame(ranks.rows(found, names))),
            "sigviz-ranks.csv",
            "text/csv",
            key="ranks_csv",
            on_click="ignore",
            icon=":material/download:",
        )
        st.download_button(
            "Pairs (CSV)",
            lambda: export.csv(pd.DataFrame(ranks.pair_rows(ranks.pairs(found, choice.k), names, choice.k))),
            "sigviz-pairs.csv",
            "text/csv",
            key="pairs_csv",
            on_click="ignore",
            icon=":material/download:",
        )
