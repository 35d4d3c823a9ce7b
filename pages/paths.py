"""Paths: the path theatre, what each method does with a sentence on its way from the baseline (Figure 1 of the SIG paper)."""

import streamlit as st

from sigviz.ui import lesson, theatre

lesson.opening(
    "Which way do the words come?",
    "IG, SIG and DIG all walk from a blanked-out text to your text and collect the gradient on the way; it is the way in "
    "which they differ. Move **alpha** from 0 (blank) to 1 (your text), or press Play, and see what the model is shown "
    "meanwhile.",
)
lesson.card(
    """
**Alpha** is the position on the way. At 0 the words that move are the baseline, such as [MASK]; at 1 they are the words of
your text. In between they are neither: to the model a word is a list of numbers (its embedding), and so is whatever lies
between two words. Each box shows the word of the vocabulary that is **nearest** to such an in-between, and under it how far
away that is. Where the distance is not 0, the model looks at something that is no word.

**IG moves every word at once.** Half-way, its input is no sentence at all: not one of its words lies on a word of the
vocabulary. The model has never seen anything like it in training, and yet this is where IG collects gradients.

**SIG moves one word** and keeps the rest. The sentence stays a sentence, and whatever F gains or loses is due to this one
word.

**DIG hops.** To stay near real words it walks from word to word: from your word to a neighbour in the direction of the
baseline, and on from there. Such an *anchor* is a real entry of the vocabulary. But DIG also asks that no dimension of the
embedding ever turns back on the way, as none does on a straight line (it calls such a way *monotonic*). The dimensions of an
anchor that would turn back are moved, so a stop is a bent copy of its anchor. Between two stops the way is straight.

**The score is an area.** The slope dF/dα through the chosen word, added up over the whole way, is the word's score.
""",
    formula=r"""\begin{aligned}
\mathrm{score}_i &= \int_0^1 \underbrace{\sum_j \frac{\partial F(\gamma(\alpha))}{\partial x_{ij}}\,
\frac{d\gamma_{ij}(\alpha)}{d\alpha}}_{\text{the slope through word } i} d\alpha \\
\gamma_{\mathrm{IG}}(\alpha) &= \bar{\mathbf x} + \alpha(\mathbf x - \bar{\mathbf x}) \qquad
\gamma_{\mathrm{SIG}}(\alpha) = \bar{\mathbf x}^i + \alpha(\mathbf x - \bar{\mathbf x}^i) \qquad
\gamma_{\mathrm{DIG}}\!\left(\tfrac{k}{m+1}\right) = \mathbf v^k
\end{aligned}""",
    source="Enguehard 2023, arXiv:2305.15853, Figure 1 and section 2; Sanyal and Ren 2021, arXiv:2108.13654 (DIG)",
)

asked = lesson.asked()
st.header("Choose a word")
first = theatre.word(asked)
wanted = theatre.settings(asked)
if first is not None:
    found = theatre.seen(asked, wanted, first)
    if found is not None:
        theatre.show(found, wanted)
        lesson.take_along(asked, lesson.explained(asked, wanted, key="paths_runs"), key="paths")
