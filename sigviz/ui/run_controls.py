"""The list of runs and the controls of each; its one source is the line of text that stands in the link."""

from typing import Any

import streamlit as st

from sigviz.attribution import Value
from sigviz.errors import InvalidSettings
from sigviz.methods import METHODS, Option
from sigviz.methods import runs as runs_text
from sigviz.methods.registry import get
from sigviz.methods.runs import RunChoice
from sigviz.ui import kept
from sigviz.ui.controls import default
from sigviz.ui.messages import plain

BASELINES = {  # the ones that have names; any token can be typed besides
    "mask": "mask: the token that the model was trained to fill in",
    "pad": "pad: the token that fills up short texts",
    "unk": "unk: the token for unknown words",
    "zero": "zero: the zero vector",
    "mean": "mean: the mean of the vocabulary",
}


def chosen() -> list[RunChoice]:
    """The runs of the page; their one source is the line of text in the link.  Raises InvalidSettings.

    `below` must have drawn that line before: it is the widget that reads the link.
    """
    return runs_text.parse(st.session_state["runs"])


def _line() -> None:
    """The runs as a line of text: what the link holds, to read, copy and edit."""
    st.text_input(
        "Runs as text",
        default("runs", runs_text.default()),
        key="runs",
        bind="query-params",
        help="One word a run: a method's id, and in brackets what differs from its defaults, e.g. sig(steps=20,baseline=pad).",
    )


def below() -> None:
    """Add a run, start over, and the runs as text."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        buttons = st.container(horizontal=True, width="content")
        with st.popover("As text", icon=":material/text_fields:", key="as_text"):
            _line()  # first: it reads the link, and all others read it
        with buttons:
            _add_run()
            st.button("Start over", icon=":material/restart_alt:", key="reset", on_click=_reset)


def _add_run() -> None:
    """A button that adds one more run, a copy of the last."""
    try:
        full = len(runs_text.parse(st.session_state["runs"])) >= runs_text.MAX_RUNS
    except InvalidSettings:
        full = True
    st.button(
        "Add a run",
        icon=":material/add:",
        key="add",
        on_click=_duplicate,
        args=(-1,),
        disabled=full,
        help=f"At most {runs_text.MAX_RUNS} runs." if full else None,
    )


def draw(i: int, choice: RunChoice, alone: bool) -> None:
    """The controls of run i: its method, baseline and steps; the rest behind a button; duplicate and remove."""
    spec = get(choice.method)
    first = [option for option in spec.options if option.name == "steps"]
    rest = [option for option in spec.options if option.name != "steps"]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        _pick_method(i, choice)
        _pick_baseline(i, choice)
        for option in first:
            _option(i, choice, option)
        if rest:
            with st.popover("Options", icon=":material/tune:", key=f"options{i}"):
                for option in rest:
                    _option(i, choice, option)
        with st.popover("About", icon=":material/info:", key=f"about{i}"):
            st.markdown(f"**{plain(spec.label)}**")
            st.write(plain(spec.summary))
            st.latex(spec.formula)
            st.caption(f"Promises: {plain(spec.promises.value)}. Source: {plain(spec.source)}")
        st.button("Duplicate", icon=":material/content_copy:", key=f"copy{i}", on_click=_duplicate, args=(i,))
        st.button("Remove", icon=":material/delete:", key=f"remove{i}", on_click=_remove, args=(i,), disabled=alone)


BASELINE_HELP = (
    "What stands in for a word that is taken away. "
    + " ".join(f"{words}." for words in BASELINES.values())
    + (" Or type any token of the vocabulary.")
)


def _pick_method(i: int, choice: RunChoice) -> None:
    key = f"method{i}"
    st.session_state[key] = choice.method
    st.selectbox(
        "Method",
        [*METHODS],
        format_func=lambda id: METHODS[id].label if id in METHODS else str(id),
        key=key,
        on_change=_change,
        args=(i, "method", key),
        width=150,
    )


def baseline() -> str:
    """The one baseline of a page without runs, in the link as `baseline`."""
    kept.restore("baseline")
    chosen = st.selectbox(
        "Baseline", [*BASELINES], accept_new_options=True, key="baseline", bind="query-params", width=130, help=BASELINE_HELP
    )
    kept.note("baseline", chosen)
    return chosen or next(iter(BASELINES))


def _pick_baseline(i: int, choice: RunChoice) -> None:
    key = f"baseline{i}"
    st.session_state[key] = choice.baseline
    st.selectbox(
        "Baseline",
        [*BASELINES] if choice.baseline in BASELINES else [*BASELINES, choice.baseline],
        accept_new_options=True,
        key=key,
        on_change=_change,
        args=(i, "baseline", key),
        width=130,
        help=BASELINE_HELP,
    )


def _option(i: int, choice: RunChoice, option: Option) -> None:
    """The control that an option describes."""
    key = f"{option.name}{i}"
    value: Value = choice.options.get(option.name, option.default)
    st.session_state[key] = value
    common: dict[str, Any] = dict(key=key, on_change=_change, args=(i, option.name, key), help=option.help)
    if option.choices:
        st.selectbox(option.label, option.choices, width=190, **common)
        return
    assert option.minimum is not None and option.maximum is not None
    if option.whole:
        st.number_input(option.label, int(option.minimum), int(option.maximum), step=1, width=130, **common)
    else:
        st.number_input(
            option.label,
            float(option.minimum),
            float(option.maximum),
            value=None if option.optional else "min",
            step=0.005,
            format="%g",
            placeholder="off",
            width=190,
            **common,
        )


def _change(i: int, name: str, key: str) -> None:
    runs = runs_text.parse(st.session_state["runs"])
    emptied = st.session_state[key] is None and name in ("method", "baseline")
    if emptied or i >= len(runs):  # the run may have been removed by a click that came first
        return
    runs[i] = runs_text.changed(runs[i], name, st.session_state[key])
    st.session_state["runs"] = runs_text.line(runs)


def _duplicate(i: int) -> None:
    runs = runs_text.parse(st.session_state["runs"])
    if len(runs) >= runs_text.MAX_RUNS:
        raise InvalidSettings(f"There are {len(runs)} runs already, the most that a page shows.")
    place = i % len(runs)
    st.session_state["runs"] = runs_text.line([*runs[: place + 1], *runs[place:]])


def _remove(i: int) -> None:
    runs = runs_text.parse(st.session_state["runs"])
    st.session_state["runs"] = runs_text.line([*runs[:i], *runs[i + 1 :]])


def _reset() -> None:
    """Back to the runs that the page starts with."""
    st.session_state["runs"] = runs_text.default()
