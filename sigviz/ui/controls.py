"""The controls that pages share.  Each has a key that is also its name in the link; values are checked on the server.

What a control shows is what the link holds (no format_func on bound widgets): Streamlit writes the shown words into it.
"""

from dataclasses import dataclass
from typing import Any, get_args
from urllib.parse import quote_plus

import streamlit as st

from sigviz.attribution import OUTPUTS, UNITS, Value
from sigviz.errors import InvalidSettings
from sigviz.methods import METHODS, Option
from sigviz.methods.registry import get
from sigviz.models import zoo
from sigviz.ui import runs as runs_text
from sigviz.ui.examples import EXAMPLES, FIRST
from sigviz.ui.messages import plain
from sigviz.ui.runs import RunChoice
from sigviz.views.heatmap import Scale

PREDICTED = "predicted class"
BASELINES = {  # the ones that have names; any token can be typed besides
    "mask": "mask: the token that the model was trained to fill in",
    "pad": "pad: the token that fills up short texts",
    "unk": "unk: the token for unknown words",
    "zero": "zero: the zero vector",
    "mean": "mean: the mean of the vocabulary",
}
MAX_CHARACTERS = 20_000
MAX_LINK = 60_000  # bytes of a link that servers take; the text is most of it
BEST_OTHER = "best other class"


@dataclass(frozen=True, slots=True)
class Shared:
    """What all runs of a page have in common, in the words of Settings."""

    unit: str
    target: int | None
    output: str
    contrast: int | None = None


def sentence() -> str:
    """The text to explain, and a list of examples that fill it in."""
    st.selectbox(
        "Examples",
        [*EXAMPLES],
        index=None,
        format_func=lambda text: f"{text} ({EXAMPLES[text]})",
        placeholder="Pick a sentence, or write your own below",
        key="example",
        on_change=_take_example,
    )
    text = st.text_area(
        "Text",
        _default("text", FIRST),
        max_chars=MAX_CHARACTERS,
        height=92,
        key="text",
        bind="query-params",
        help="Any text. What is longer than the model can read is cut, and the page says by how much.",
    )
    if len(quote_plus(text)) > MAX_LINK:
        st.caption("This text is too long for a link: the address of this page will not open it again.")
    return text


def _default(key: str, value: str) -> str:
    """A widget's start value, unless the page itself has set one: Streamlit takes only one of the two."""
    return "" if key in st.session_state else value


def _take_example() -> None:
    if st.session_state["example"]:
        st.session_state["text"] = st.session_state["example"]


def model() -> str:
    """The name of the model: bundled, a preset, or whatever was typed."""
    known = {entry.name: entry for entry in zoo.models()}
    chosen = st.selectbox(
        "Model",
        [*known],
        accept_new_options=True,
        key="model",
        bind="query-params",
        help="A bundled model, one of the SIG paper's nine (fetched from the Hugging Face Hub), or type the Hub id or "
        "the folder of any other text classifier.",
    )
    if chosen in known:
        st.caption(plain(f"{known[chosen].title}: {known[chosen].description}"))
    return chosen or zoo.DEFAULT


def shared(labels: tuple[str, ...]) -> Shared:
    """Target class, output and unit, in one row that wraps on small screens."""
    classes = [PREDICTED, *(f"{i}: {label}" for i, label in enumerate(labels))]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        target = st.selectbox(
            "Target class",
            classes,
            key="target",
            bind="query-params",
            width=190,
            help="The class whose score is explained. It stays the same at every point of a path.",
        )
        output = st.selectbox(
            "Explained output F",
            [*OUTPUTS],
            key="output",
            bind="query-params",
            width=190,
            help="F, the number that is explained. "
            + " ".join(f"{name}: {words}." for name, words in OUTPUTS.items())
            + " The SIG paper's own code used max-logit.",
        )
        unit = st.segmented_control(
            "Unit",
            UNITS,
            default=UNITS[0],
            key="unit",
            bind="query-params",
            help="What gets one score: the pieces that the model reads, whole words, or sentences. The pieces of a word move "
            "together in SIG and are added up in the other methods.",
        )
        others = [BEST_OTHER, *classes[1:]]
        contrast = BEST_OTHER
        if output == "margin":
            contrast = st.selectbox(
                "Contrast class",
                others,
                key="contrast",
                bind="query-params",
                width=190,
                help="The class whose logit is subtracted from the target's.",
            )
    return Shared(unit or UNITS[0], _class(classes, target), output, _class(others, contrast))


def _class(choices: list[str], chosen: str) -> int | None:
    """The number of the chosen class; None for the first choice, which is no class, and for what is not offered."""
    return choices.index(chosen) - 1 if chosen in choices[1:] else None


def chosen_runs() -> list[RunChoice]:
    """The runs of the page; their one source is the line of text in the link.  Raises InvalidSettings.

    `below_runs` must have drawn that line before: it is the widget that reads the link.
    """
    return runs_text.parse(st.session_state["runs"])


def runs_line() -> None:
    """The runs as a line of text: what the link holds, to read, copy and edit."""
    st.text_input(
        "Runs as text",
        _default("runs", runs_text.default()),
        key="runs",
        bind="query-params",
        help="One word a run: a method's id, and in brackets what differs from its defaults, e.g. sig(steps=20,baseline=pad).",
    )


def below_runs() -> None:
    """Add a run, start over, and the runs as text."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        buttons = st.container(horizontal=True, width="content")
        with st.popover("As text", icon=":material/text_fields:", key="as_text"):
            runs_line()  # first: it reads the link, and all others read it
        with buttons:
            _add_run()
            st.button("Start over", icon=":material/restart_alt:", key="reset", on_click=reset_runs)


def scale() -> Scale:
    """What counts as full colour."""
    scales: tuple[Scale, ...] = get_args(Scale)
    chosen = st.segmented_control(
        "Colour scale",
        scales,
        default="row",
        key="scale",
        bind="query-params",
        help="row: the strongest word of each row has full colour. shared: the strongest word of all rows has, so rows can be "
        "compared. fixed: full colour is a score that makes up the whole length of its row's scores.",
    )
    return chosen if chosen in scales else "row"


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


def run(i: int, choice: RunChoice, alone: bool) -> None:
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


BASELINE_HELP = "What stands in for a word that is taken away. " + " ".join(f"{words}." for words in BASELINES.values()) + (
    " Or type any token of the vocabulary."
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
    if st.session_state[key] is None and name in ("method", "baseline"):
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


def reset_runs() -> None:
    """Back to the runs that the page starts with."""
    st.session_state["runs"] = runs_text.default()
