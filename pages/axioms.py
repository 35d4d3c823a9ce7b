"""Axioms: what an explanation should obey, each claim with the number that was measured for it just now."""

import streamlit as st

from sigviz.ui import axioms, lesson

lesson.opening(
    "Do the methods keep their word?",
    "An axiom is a property that every good explanation should have, such as “the scores add up to what the model does”. "
    "Below, each axiom is put to the test on your sentence and model, or on a function small enough to work out by hand, and "
    "the number that comes out decides whether it holds.",
)
lesson.card(
    "Each row is a **check**: a claim turned into a number that should be 0, measured while you wait, by the code that makes "
    "all explanations of this app. The check **holds** where the number is no larger than what rounding and a finite number "
    "of steps allow, which stands beside it. Some checks are controls, made to fail, so that you see that they can.\n\n"
    "x is the text, x̄ the text with every word replaced by the baseline, x̄ⁱ the text with only word i replaced, and F the "
    "output that is explained. Where a method never claimed to pass a check, it says “not promised”.",
    r"""\begin{aligned}
\text{IG:} \quad & \textstyle\sum_i s_i = F(\mathbf x) - F(\bar{\mathbf x}) \\
\text{SIG:} \quad & s_i = F(\mathbf x) - F(\bar{\mathbf x}^i) \text{ for every word } i
\end{aligned}""",
    "Enguehard 2023, arXiv:2305.15853, section 2 and Appendix A; Sundararajan, Taly and Yan 2017, arXiv:1703.01365",
)
asked = lesson.asked()
prediction = axioms.ready(asked)
board = axioms.Board()
complete, sensitive, toys, same, alike = (st.container() for _ in range(5))

# what takes no time comes first, wherever it stands on the page
with alike:
    st.header("Symmetry", anchor="symmetry")
    st.markdown(
        "What F treats alike must get equal scores, where the numbers and their baselines are equal. No real sentence has "
        "such a pair, so this is tested on small functions in the place of a model; methods, paths and engine are the real "
        "ones. Source: Sundararajan et al. 2017, section 4; Enguehard 2023, Appendix A."
    )
    st.subheader("Two features of one word", anchor="within-a-word")
    st.markdown("SIG of one word is IG of that word, the others fixed; IG is symmetric, so SIG is, too, **within** a word.")
    st.latex(r"F = \tanh(x_{11} + x_{12})\, e^{x_{21}} + x_{11} x_{12} x_{22}")
    axioms.within_a_word(board)
    st.caption("The control is the same function with 2 x₁₁ in the place of x₁₁ in the tanh: it does not treat the two alike.")

    st.subheader("Two words", anchor="two-words")
    st.markdown(
        "Appendix A of the SIG paper takes a model of two words that does not care about their order, "
        "F(x₁, x₂) = F(x₂, x₁). It says that IG gives two equal words equal scores, and that SIG does so only where both "
        "words are the baseline, since SIG compares the text with two different sentences, (m, x₂) and (x₁, m). **Try it**: "
        "choose F, the two words and their baselines."
    )
    axioms.two_words(board)
    st.markdown(
        "Why they come out equal: by completeness SIG of word 1 is F(x, x) − F(m, x) and SIG of word 2 is F(x, x) − F(x, m), "
        "and F does not care about the order."
    )
    st.latex(
        r"""\begin{aligned}
        \mathrm{SIG}_1 &= F(x, x) - F(m, x) \\
        &= F(x, x) - F(x, m) = \mathrm{SIG}_2
        \end{aligned}"""
    )

    st.subheader("Features of two different words", anchor="across-words")
    st.markdown(
        "The paper's conclusion, that SIG is not symmetric in general, is right all the same: it takes words of more than one "
        "feature to see it. This F does not care which of x₁₁ and x₂₁ is which. IG moves all three features together. SIG "
        "moves x₁₂ together with x₁₁, since both belong to word 1, but not with x₂₁. This example is ours, not the paper's."
    )
    st.latex(
        r"\begin{gathered} F = x_{11}\, x_{12}\, x_{21} \\ x = 1, \; \bar{x} = 0: \; s_{11} = s_{21} \text{?} \end{gathered}"
    )
    axioms.across_words(board)

with toys:
    st.subheader("A word that F does not read gets 0", anchor="unused")
    st.markdown(
        "Sundararajan et al. call this sensitivity (b), others the dummy axiom. Here F is a function of three words that "
        "leaves out the second one, so its score must be 0."
    )
    st.latex(r"F = \tanh(x_{11} + 2 x_{12}) + x_{31} x_{32} x_{11}")
    axioms.unused(board)
    st.subheader("Why only SIG promises it word by word", anchor="shared-budget")
    st.markdown(
        "IG's own axiom speaks of a text that differs from its baseline in **one** feature. With more, IG may give 0 to a "
        "word that matters, because all words move at once and what it gains on one half of the way it loses on the other."
    )
    st.latex(
        r"""\begin{gathered}
        F = x_1 \left(x_2 - \tfrac12\right) \\
        x = (1, 1), \; \bar{x} = (0, 0): \; F(x) - F(\bar{x}^1) = \tfrac12
        \end{gathered}"""
    )
    axioms.shared_budget()
    st.caption("Measured: how far word 1's score is from the change of F when word 1 is replaced.")

with complete:
    st.header("Completeness", anchor="completeness")
    st.markdown(
        "The scores account for what the model does: all of them together for IG, each one by itself for SIG. For SIG it does "
        "**not** follow that the sum is right, too. A check holds where the number is at most 1 % of the largest score."
    )
    ledger = axioms.Ledger(asked, board)
with sensitive:
    st.header("Sensitivity", anchor="sensitivity")
    st.markdown(
        "A word that changes F must not get 0, and a word that does not must. For SIG both follow from completeness: the "
        "score is the change. Source: Enguehard 2023, section 2; Sundararajan et al. 2017, section 2."
    )
    st.subheader("No word that matters is overlooked", anchor="overlooked")
    ledger.overlooked()
    st.subheader("A word that is its own baseline gets 0", anchor="inserted")
    st.markdown(
        "The baseline's own token is put in front of the text. Replacing it by itself changes nothing, so its score must be "
        "0, not merely small."
    )
    own_baseline = st.container()
with same:
    st.header("Implementation invariance", anchor="invariance")
    st.markdown(
        "Two models that compute the same function must get the same scores, however they compute it. Here the model is built "
        "once more in other ways and explained again with the same settings. Measured: the largest difference of a score; it "
        "may be at most 0.1 % of the largest score. Source: Enguehard 2023, section 2; Sundararajan et al. 2017, section 2."
    )

if prediction is not None:
    with complete:
        there = ledger.first()
    if there:  # otherwise it was stopped, waits for a click, or the page has said why not
        with own_baseline:
            axioms.inserted(asked, board)
        with same:
            axioms.invariance(asked, board, prediction)
        with complete:
            ledger.rest()
with complete:
    st.caption(
        "Methods that promise nothing are given 128 samples and one seed: more of them would not make them complete. Source: "
        "Enguehard 2023, section 2; Sundararajan et al. 2017, section 3."
    )
board.save()
ledger.take_along()
