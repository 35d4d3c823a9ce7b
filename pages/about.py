"""About: every method, what it promises and costs; what the papers claim; what none of it can tell."""

from sigviz.ui import about, lesson

lesson.opening(
    "About",
    "sigviz shows which words made a text classifier decide, by several methods side by side. This page says what each method "
    "does, what it promises and what it costs, what the papers claim, and what no heatmap can tell.",
)
lesson.card(
    "Read *Words you need* first if words such as *logit* are new. Each method has a card: what it does, its formula, "
    "what its scores must add up to (its *promise*), how often it asks the model (its *cost*), its settings and where it was "
    "published. All of it is read from the program itself, so it cannot differ from what the other pages compute. Numbers "
    "under *What sigviz measured* come from the results that are shipped with it.",
    r"""\begin{aligned}
\text{score}_i > 0 &:\ i \text{ spoke for the target} \\
\text{score}_i < 0 &:\ i \text{ spoke against it}
\end{aligned}""",
    "the papers named below",
)
about.contents()
about.glossary()
about.methods()
about.settings()
about.measures()
about.papers()
about.found()
about.cannot()
about.licences()
about.cite()
