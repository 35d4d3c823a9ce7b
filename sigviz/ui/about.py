"""The sections of the About page: methods out of the registry, words out of views.about_words, numbers out of the studies.

No model is loaded here: whoever wants to read need not wait.
"""

import streamlit as st

from sigviz.attribution import OUTPUTS
from sigviz.methods import METHODS
from sigviz.studies.metrics import METRICS
from sigviz.teaching.findings import MODEL, accuracies, findings
from sigviz.ui.cards import theme
from sigviz.ui.messages import plain
from sigviz.views import about, markup
from sigviz.views import about_words as words
from sigviz.views.about import Card

_STUDY = ":material/fact_check:"
SECTIONS = {  # anchor -> heading, in the order of the page
    "glossary": "Words you need",
    "methods": "Methods",
    "settings": "What can be set",
    "measures": "How faithfulness is measured",
    "papers": "What the papers claim, and their limits",
    "findings": "What sigviz measured, and where it differs",
    "cannot": "What it cannot tell you",
    "licences": "Models, data, licences",
    "cite": "How to cite",
}


def contents() -> None:
    """Links to the sections, and to every method."""
    st.html(markup.style(theme()))
    st.markdown("  \n".join(f"[{heading}](#{anchor})" for anchor, heading in SECTIONS.items()))
    st.markdown("Methods: " + " · ".join(f"[{plain(one.label)}](#{one.id})" for one in about.cards()))


def _head(anchor: str) -> None:
    st.header(SECTIONS[anchor], anchor=anchor)


def _listed(entries: tuple[tuple[str, str], ...]) -> None:
    """entries: (term, Markdown)."""
    st.markdown("\n".join(f"- **{plain(term)}**: {said}" for term, said in entries))


def glossary() -> None:
    """What the other pages take for known."""
    _head("glossary")
    _listed(words.GLOSSARY)


def methods() -> None:
    """All methods in one table, then a card each."""
    _head("methods")
    st.markdown(
        "x is the text, x̄ the text with every unit replaced by the baseline, x̄ⁱ the text with unit i alone replaced; i counts "
        "units, j features. A **pass** is one text through the model."
    )
    st.html(about.comparison())
    for one in about.cards():
        with st.container(border=True, key=f"about_{one.id}"):
            _method(one)


def _method(one: Card) -> None:
    st.subheader(plain(one.label), anchor=one.id)
    st.markdown(plain(one.summary))
    st.latex(one.formula)
    st.markdown(f"**Promise.** {one.promise}")
    st.markdown(f"**Cost.** {plain(one.cost)}")
    if one.options:
        listed = (
            f"- `{name}`: {plain(reach)}; default {plain(default)}. {plain(help)}"
            for name, reach, default, help in one.options
        )
        st.markdown("**Settings.**\n\n" + "\n".join(listed))
    source = "".join(f"[{plain(text)}]({url})" if url else plain(text) for text, url in one.source)
    st.caption(f"Source: {source}. Its id is `{one.id}`.")


def settings() -> None:
    """Outputs, baselines, units and rules."""
    _head("settings")
    st.markdown("**F, the number that is explained** (`output`)")
    _listed(tuple((name, plain(said)) for name, said in OUTPUTS.items()))
    st.markdown("**What replaces a word** (`baseline`)")
    _listed(words.BASELINES)
    st.markdown("**What gets one score** (`unit`)")
    _listed(words.UNITS)
    st.markdown("**Where on a straight way the steps lie** (`quadrature`)")
    _listed(words.RULES)


def measures() -> None:
    """The metrics of the studies."""
    _head("measures")
    st.markdown(
        "No measure knows what a model *really* does. These change the words that an explanation calls important, and see "
        "whether the prediction follows."
    )
    entries = METRICS.values()
    _listed(
        tuple((one.label, f"{plain(one.summary)} {one.better.capitalize()} is better ({plain(one.unit)}).") for one in entries)
    )
    st.page_link("pages/faithfulness.py", label="Faithfulness: all of them measured", icon=_STUDY)


def papers() -> None:
    """The three papers in plain words."""
    _head("papers")
    for said in (words.SIG_CLAIMS, words.DIG_CLAIMS, words.ZAFAR_CLAIMS):
        st.markdown(said)


def found() -> None:
    """What the project's own studies say of the same questions."""
    _head("findings")
    all_found = findings()
    st.markdown(
        f"**Is SIG ahead of IG?** Here on bundled/{MODEL} and {all_found.fixed[0].n} test sentences, baseline mask, top 20 %. "
        "The two columns differ in how F is chosen along the way."
    )
    st.html(about.differences(all_found))
    walk = "; ".join(f"{plain(one.metric.label)} {plain(about.difference(one))}" for one in all_found.walk)
    st.markdown(f"**Is DIG behind IG with mask?** DIG minus IG: {walk}.")
    pairs = "; ".join(f"{plain(METHODS[id].label)} {plain(about.difference(one))}" for id, one in all_found.baselines)
    st.markdown(f"**Is pad worse than mask?** Comprehensiveness with mask minus with pad (*ahead*: mask is better): {pairs}.")
    control = all_found.untrained
    st.markdown(
        f"**What does an untrained model get?** Exact SIG minus random scores on the untrained model, {control.n} texts, "
        f"comprehensiveness: {plain(about.difference(control))}."
        + (" A method can beat chance where nothing was learnt." if control.verdict == "ahead" else "")
    )
    st.caption(
        "p: two-sided sign-flip test, not corrected for the number of comparisons; below 0.05 is called ahead or behind. "
        "Other models and data may answer otherwise."
    )
    for said in (words.SYMMETRY, words.DELTA, words.PARITY):
        st.markdown(said)
    st.page_link("pages/faithfulness.py", label="Faithfulness: the whole study", icon=_STUDY)
    st.page_link("pages/axioms.py", label="Axioms: try the promises", icon=":material/rule:")


def cannot() -> None:
    """What not to conclude."""
    _head("cannot")
    st.markdown("\n".join(f"- {said}" for said in words.CANNOT))


def licences() -> None:
    """The bundled models with their accuracies, and what is under which licence."""
    _head("licences")
    listed = (
        f"- `{one.name}` ({plain(one.title)}): {100 * one.accuracy:.1f} % of {one.n:,} test sentences right "
        f"(standard error {100 * one.se:.1f})"
        for one in accuracies()
    )
    st.markdown("\n".join(listed))
    _listed(tuple((name, plain(said) + ".") for name, said in words.LICENCES))


def cite() -> None:
    """BibTeX."""
    _head("cite")
    st.markdown(
        "If you use SIG, cite its paper; for any other method the source in its card. If sigviz itself helped, cite it with "
        "its version, and say which model, baseline, output and settings you used."
    )
    st.code(about.bibtex(), language="bibtex", wrap_lines=True)
