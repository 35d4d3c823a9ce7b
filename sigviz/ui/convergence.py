"""The Steps page: its controls, the paper's question, and the charts of its runs, drawn as they come in."""

from collections.abc import Mapping
from itertools import count

import pandas as pd
import streamlit as st

from sigviz.paths.quadrature import RULES
from sigviz.studies import published
from sigviz.teaching import convergence
from sigviz.ui import downloads, lesson, step_runs
from sigviz.ui.cards import theme
from sigviz.ui.messages import plain
from sigviz.ui.step_runs import Choice, Lab
from sigviz.views import convergence as views
from sigviz.views import export, wording

_TABLE = 4  # of the SIG paper


def controls() -> Choice:
    """The page's own controls, in one row that wraps."""
    steps = [str(count) for count in convergence.STEPS]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        most = st.selectbox(
            "Largest number of steps",
            steps,
            index=steps.index(str(convergence.FIRST)),
            key="steps_most",
            bind="query-params",
            width=190,
            help="Runs are made with 1, 2, 4 … up to so many steps. SIG takes that many gradients for every word, IG for the "
            "whole text.",
        )
        rules = st.pills(
            "Rules",
            [*RULES],
            selection_mode="multi",
            wrap=True,
            default=[*convergence.FIRST_RULES],
            key="rules",
            bind="query-params",
            help="Where on the way the steps lie, and how much each counts.",
        )
        axis = st.segmented_control(
            "Horizontal axis",
            views.AXES,
            default=views.AXES[0],
            key="axis",
            bind="query-params",
            help="What the horizontal axis of the charts counts. Passes and seconds show what a run really cost.",
        )
    if not rules:
        st.caption("No rule is chosen: the charts show the runs with a tolerance alone.")
    return Choice(int(most), tuple(rule for rule in RULES if rule in rules), axis or views.AXES[0])


def question(lab: Lab, go: bool) -> None:
    """The paper's question on this text: a table, and what it comes to; beside it the paper's own numbers.

    go: whether to run what is missing.
    """
    if go:
        step_runs.run(lab, (lab.plan.exact, lab.plan.sig, lab.plan.ig, lab.plan.finest), lambda: None)
    runs, output = [lab.plan.sig, lab.plan.ig, lab.plan.exact], lab.asked.shared.output
    found = [lab.found[settings] for settings in runs if settings in lab.found]
    if len(found) < len(runs) or lab.plan.finest not in lab.found:
        st.caption("Not computed yet.")
        return
    values = lesson.computed(
        lab.asked,
        ("steps", *runs),
        lambda progress, cancel: convergence.faithfulness(lab.asked.classifier, found, progress, cancel),
        key="steps_faithful",
    )
    qualities = lab.qualities
    measured = values or ({},) * len(runs)
    st.markdown(
        plain(
            views.verdict(
                qualities[lab.plan.sig], qualities[lab.plan.ig], qualities[lab.plan.finest], (measured[0], measured[1]), output
            )
        )
    )
    here, there = st.columns(2, gap="large")
    with here:
        st.markdown("**Here, on this text**")
        st.table(pd.DataFrame(views.question_table([qualities[settings] for settings in runs], measured, output)))
        st.caption(
            "One text proves nothing about the methods. Exact SIG needs no gradient. The three metrics are taken on the class "
            "that the model predicts, with the top 20 % of the units, as on the Compare page."
        )
    with there:
        st.markdown("**In the paper**")
        _published()


def _published() -> None:
    column = published.find(_TABLE, "BERT")
    if column is None:
        return
    st.table(pd.DataFrame(views.published_table(column)).T)
    st.caption(
        plain(
            f"Source: {column.title}. Means over many texts, for another model: not to be "
            "compared cell by cell. LO, Comp, Suff: log-odds, comprehensiveness and sufficiency."
        )
    )


def pictures(lab: Lab, go: bool, words: Mapping[str, tuple[str, str]]) -> None:
    """The charts, drawn again as runs come in.

    go: whether to run what is missing.  words: of views.MEASURES, a title and what it means, in Markdown.
    """
    running, slot, drawn = st.container(), st.empty(), count(1)

    def draw() -> None:
        with slot.container():
            _draw(lab, words, suffix=f"_{next(drawn)}")  # Streamlit takes a key once in a run of the page

    if go:
        if lab.found:
            draw()
        with running:
            step_runs.run(lab, lab.plan.runs, draw)
        lab.slot.empty()
    with slot.container():
        _draw(lab, words)
    stopped = [(settings, one) for settings, one in lab.qualities.items() if one.tolerance is not None]
    for settings, one in stopped:
        taken = f"★ {views.named(one)}: {wording.number(one.steps or 0.0, 3)} gradients a {settings.unit} on average."
        st.caption(plain(" ".join([taken, *lab.found[settings].notes])))


def _draw(lab: Lab, words: Mapping[str, tuple[str, str]], suffix: str = "") -> None:
    """Three measures, SIG on the left and IG on the right, on the same axis.  suffix: tells drawings of one run apart."""
    qualities, output = lab.qualities, lab.asked.shared.output
    exact, finest = qualities.get(lab.plan.exact), qualities.get(lab.plan.finest)
    shown = [qualities[settings] for settings in lab.plan.runs if settings in qualities]
    if exact is None or finest is None or not shown:
        return
    rounding = convergence.rounding(lab.found[lab.plan.exact])
    many = views.named(finest, rule=False)
    floor = (f"rounding of F: {wording.number(rounding, 1)}", rounding)
    apart = [] if finest.tau_exact is None else [(f"{many}, against exact SIG", finest.tau_exact)]
    levels = {
        ("words", "sig"): [("exact SIG, 0: drawn where F is rounded", rounding)],
        ("words", "ig"): [(f"|total delta| of {many}", finest.total_delta), floor],
        ("order", "sig"): [("exact SIG", 1.0)],
        ("order", "ig"): [(many, 1.0), *apart],
        ("total", "sig"): [("exact SIG", exact.total_delta)],
        ("total", "ig"): [],
    }
    within = {"words": (rounding, finest.total_delta), "order": [value for _, value in apart], "total": (exact.total_delta,)}
    for measure, (title, meaning) in words.items():
        st.header(title)
        st.markdown(meaning)
        if measure == "order" and exact.tau is None:
            st.caption("This text is one unit: there is no order to compare.")
            continue
        for place, method in zip(st.columns(2, gap="large"), ("sig", "ig"), strict=True):
            figure = views.chart(
                shown,
                theme(),
                method=method,
                measure=measure,
                axis=lab.choice.axis,
                output=output,
                within=within[measure],
                levels=levels[measure, method],
            )
            name = views.NAMES[method]
            with place:
                st.markdown(f"**{name}**")
                downloads.plotly(
                    figure,
                    f"{title} {name}",
                    key=f"steps_{measure}_{method}{suffix}",
                    alt=f"{title} {name}, by the number of {lab.choice.axis}; the same numbers are in the table below",
                )


def table(lab: Lab) -> None:
    """All runs as a table, and as a file."""
    found = views.rows(list(lab.qualities.values()), lab.asked.shared.output)
    if not found:
        return
    with st.expander("The same as a table", key="steps_table"):
        st.dataframe(found, hide_index=True, alt="All runs: cost, distance from the limit, order")
    st.download_button(
        "CSV",
        export.csv(pd.DataFrame(found)),
        "sigviz-steps.csv",
        "text/csv",
        key="steps_csv",
        on_click="ignore",
        icon=":material/download:",
    )
