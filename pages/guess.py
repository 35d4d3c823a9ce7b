"""Guess first: mark the words yourself, then see which ones the model needed."""

import streamlit as st

from sigviz.ui import guess, lesson

lesson.opening(
    "Guess first",
    "The model has read the sentence below and chosen a class. Mark the words that you think made it do so, then reveal what "
    "the methods say, and how your guess compares with theirs and with chance.",
)
lesson.card(
    """
**What you mark.** A fifth of the pieces of the text, rounded up: as many as a heatmap shows in bold. Each piece that the model
reads counts, signs as well as words; choose the unit *word* to keep split words together.

**How it is scored.** A method's *top words* are the *k* with its largest scores: those that spoke most **for** the class. Your
score against a method is the number *h* of your *k* words that are among its top words. Exact SIG is always asked: its score
of a word is how much the output falls when this word alone is replaced by the baseline.

**Is that much?** Who marks *k* of *n* words blindly hits *k²/n* on average, and *h* or more with the probability below.
Methods do not agree with each other either: what two of them share on average stands beside your score.

**It is not a grade.** You say why *you* would have chosen the class, a method says what *this model* needed. Where the two
differ, either the model reads something that you would not, or the method is misled; the heatmap alone does not tell which.

**In class** (15 minutes):

1. Press *New seed* and hand out the link for the class, or read out the seed. Everyone gets the same ten sentences.
2. Each marks alone and writes down the words. Vote by hand before anyone presses *Reveal*: where does the class disagree?
3. Reveal. Do the methods agree? Is the word that everybody marked among their top words? Which word surprised you?
4. After ten sentences compare the tally with the blind column, and with what the methods share among themselves.
5. Change the model or the baseline: your marks stay as they were, the answer may not. Try a sentence of your own.
""",
    r"""\begin{aligned}
k &= \left\lceil \frac{n}{5} \right\rceil, \quad E[h] = \frac{k^2}{n} \\
P(H \ge h) &= \sum_{j=h}^{k} \frac{\binom{k}{j}\binom{n-k}{k-j}}{\binom{n}{k}}
\end{aligned}""",
    "the top 20 % as in Table 5 of Enguehard 2023, arXiv:2305.15853; the formulas are the hypergeometric distribution's. "
    "The sentences were written for sigviz.",
)

given = guess.source()
game = st.container()
with st.container(border=True, key="settings"):
    asked = lesson.asked(text=False)
    against = guess.opponents()
    guess.invitation(asked, given)
with game:
    guess.play(asked, given, against)
