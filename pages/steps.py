"""Steps: what more steps buy, for IG and for SIG."""

import streamlit as st

from sigviz.ui import convergence, lesson, step_runs

lesson.opening(
    "How many steps are enough?",
    "IG and SIG are integrals, and a computer takes an integral in **steps**: more steps come closer to the true value, and "
    "cost more. Below, both run with 1, 2, 4 … steps, and you see when another step stops changing anything.",
)
lesson.card(
    "Both methods walk in a straight line from a baseline, where words are blanked out, to the text as it stands, and add up "
    "the gradient on the way. A **step** is one look at the gradient. A **rule** says where on the line the looks are taken "
    "and how much each counts: riemann-left looks at the left end of equal parts; gauss-legendre chooses the places so that "
    "few looks go far.\n\n"
    "IG takes its steps once for the whole text, SIG once **for every word**. So SIG with 10 steps on a text of N words costs "
    "as much as IG with 10 × N steps: the paper asks which of these two is worth it.\n\n"
    "Where SIG ends up is known beforehand, without any step: **exact SIG** looks once at the text as it stands and once at "
    "the text without each word. That also allows a **tolerance** instead of steps: every word takes steps until it is close "
    "enough to what it must be.",
    formula=r"""\Delta_i = \mathrm{SIG}_i - \left(F(\mathbf x) - F(\bar{\mathbf x}^i)\right),
\qquad \Delta = \sum_i \mathrm{Attr}_i - \left(F(\mathbf x) - F(\bar{\mathbf x})\right)""",
    source="Enguehard 2023, arXiv:2305.15853, section 3.2 and Table 4",
)

asked = lesson.asked()
lab = step_runs.lab(asked, convergence.controls())
go = step_runs.permitted(lab)

st.header("SIG with 10 steps, or IG with 10 × N?")
convergence.question(lab, go)
convergence.pictures(
    lab,
    go,
    {
        "words": (
            "How wrong is a word?",
            "For **SIG** every word has a sum of its own to meet, F(x) − F(x̄ⁱ), so its error is its own delta. **IG** has "
            "one sum for all words together: it cannot say which word is wrong, so the distance to IG with many more steps "
            "stands in for it. Solid lines are the worst word, dotted ones the median word.",
        ),
        "order": (
            "Does the order of the words change?",
            "Kendall's τ compares two orders of the same words: 1 is the same order, 0 is unrelated, −1 is the reverse. The "
            "order can be right long before the numbers are.",
        ),
        "total": (
            "Do all scores add up?",
            "The Δ of the paper's Table 4: all scores together, less F(x) − F(x̄). **IG** promises that it goes to 0. **SIG** "
            "makes no promise about it, so it tends to the level of exact SIG and stays there: that is no error.",
        ),
    },
)
convergence.table(lab)
lesson.take_along(asked, [lab.found.get(settings) for settings in (lab.plan.exact, lab.plan.sig, lab.plan.ig)], key="steps")
