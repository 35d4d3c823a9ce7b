"""What the faithfulness page shows of results: the table beside published numbers, differences, curves, steps, baselines."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st
from plotly.graph_objects import Figure

from sigviz.methods import METHODS
from sigviz.studies import published, summary
from sigviz.studies.metrics import METRICS, PROTOCOLS
from sigviz.studies.parity import EXPLANATION
from sigviz.studies.published import SIG_PAPER, Column
from sigviz.studies.results import Results
from sigviz.ui import downloads, study_parts
from sigviz.ui.cards import theme
from sigviz.ui.messages import plain
from sigviz.ui.study import KEY
from sigviz.views import export, markup, study_charts, study_table

NOTHING = "nothing"
MOST_LINES = 5  # of a chart that can still be read
TABLE_1 = ("log_odds", "comprehensiveness", "sufficiency")
PROTOCOL_HELP = (
    "How the top words are counted. content: special tokens always stay, and their number is rounded up. paper: "
    "as the papers' code counts, special tokens are words, too, and the number is rounded down."
)
_VIEWS = ("Table", "Against IG", "Curves", "Steps", "Baselines")


def show(found: Results) -> None:
    """Everything, under a line that says what was measured."""
    key = study_parts.identity(found)
    means = _summary(key, found.rows)
    st.html(markup.style(theme()))
    _facts(found)
    model, protocol, column = _choices(found, means)
    mine = means[(means["model"] == model).astype(bool)]
    view = st.segmented_control("View", _VIEWS, default=_VIEWS[0], key=f"{KEY}_view", bind="query-params") or _VIEWS[0]
    if view == "Table":
        _table(mine, protocol, column)
    elif view == "Against IG":
        _paired(_pairs(key, found.rows), model, protocol)
    elif view == "Curves":
        _curves(mine, model)
    elif view == "Steps":
        _steps(mine, model, protocol)
    else:
        _baselines(mine, model, protocol)
    _downloads(found, key, means, protocol, column)


@st.cache_data(max_entries=8, show_spinner=False)
def _summary(key: str, _rows: pd.DataFrame) -> pd.DataFrame:
    return summary.summarise(_rows)


@st.cache_data(max_entries=8, show_spinner="Comparing text by text")
def _pairs(key: str, _rows: pd.DataFrame) -> pd.DataFrame:
    return summary.paired(_rows)


def _facts(found: Results) -> None:
    plan = dict(found.about.get("plan") or {})
    texts = found.rows.groupby("control", observed=True)["text_id"].nunique()
    controlled = f", the untrained control on {int(texts.drop('', errors='ignore').max())}" if len(texts) > 1 else ""
    st.markdown(
        f"{study_parts.texts_in_words(found, int(texts.get('', 0)), controlled)} "
        f"Explained output: {plain(str(plan.get('output', '?')))}; the top {plain(str(plan.get('k', '?')))} % of the words."
    )
    study_parts.unfinished(found)
    if plan.get("parity"):
        st.warning(EXPLANATION, icon=":material/science:")
    study_parts.failed(found)


def _choices(found: Results, means: pd.DataFrame) -> tuple[str, str, Column | None]:
    """The model, the protocol and the published column that are shown."""
    models = list(dict.fromkeys(means["model"]))
    protocols = [one for one in PROTOCOLS if one in set(means["protocol"])]
    titles = {column.title: column for column in published.columns() if column.paper == SIG_PAPER}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        model = st.selectbox("Model", models, key=f"{KEY}_shown_model", width=260) if len(models) > 1 else models[0]
        protocol = protocols[0] if protocols else ""
        if len(protocols) > 1:
            protocol = (
                st.segmented_control(
                    "Protocol",
                    protocols,
                    default=protocols[0],
                    key=f"{KEY}_protocol",
                    help=PROTOCOL_HELP,
                    bind="query-params",
                )
                or protocols[0]
            )
        own = published.for_model(str(model))
        choices = [NOTHING, *titles]
        chosen = st.selectbox(
            "Published numbers beside it",
            choices,
            index=choices.index(own.title) if own else 0,
            key=f"{KEY}_published",
            width=420,
            help="What the SIG paper reports. The bundled models are in no paper: what stands beside them was measured on "
            "another model and other texts.",
        )
    return str(model), protocol, titles.get(chosen or NOTHING)


def _table(mine: pd.DataFrame, protocol: str, column: Column | None) -> None:
    st.caption(
        "Mean over the texts ± standard error. Bold: the best of the column. Below the line, as controls: random scores, and "
        "the same on an untrained model. Exact SIG, KernelSHAP and LIME find their scores by replacing words, which is also "
        "how these metrics test them: they are at home here."
    )
    shown = st.segmented_control(
        "Metrics",
        ("of Table 1", "all"),
        default="of Table 1",
        key=f"{KEY}_metrics",
        label_visibility="collapsed",
        persist_state="session",
    )
    metrics: Sequence[str] | None = TABLE_1 if shown != "all" else None
    st.html(study_table.html(mine, theme=theme(), protocol=protocol, published=column, metrics=metrics))
    with st.expander("What the metrics mean"):
        for metric in METRICS.values():
            arrow = "↓ lower is better" if metric.better == "lower" else "↑ higher is better"
            st.markdown(
                f"**{metric.label}** ({arrow}; {plain(metric.unit)}): {plain(metric.summary)}  \n:gray[{plain(metric.source)}]"
            )


def _paired(pairs: pd.DataFrame, model: str, protocol: str) -> None:
    st.caption(
        "The same texts, method against IG: mean difference ± standard error, and how likely so large a difference is by "
        "chance alone (p; sign-flip permutation test, two-sided, not corrected for the number of comparisons)."
    )
    own = pairs[(pairs["model"] == model).astype(bool)]
    st.html(study_table.paired_html(own, theme=theme(), protocol=protocol, metrics=TABLE_1))


def _curves(mine: pd.DataFrame, model: str) -> None:
    st.caption(
        "Words are replaced by the baseline in the order of their scores. Deletion starts from the whole text: a good "
        "method's curve falls early. Insertion starts from a text of baselines alone: a good method's curve rises early."
    )
    runs = dict(zip(mine["settings"], mine["method"], strict=True))
    own = [run for run, method in runs.items() if method != summary.CHANCE]
    first = [run for run in own if runs[run] in _first()]
    drawn = st.multiselect(
        "Drawn",
        own,
        default=first[:MOST_LINES],
        key=f"{KEY}_drawn",
        max_selections=MOST_LINES,
        help="Random scores always are.",
    )
    lines = mine[mine["settings"].isin(drawn) | (mine["method"] == summary.CHANCE)]
    for baseline in [*dict.fromkeys(mine["baseline"])][:MOST_LINES]:
        st.markdown(f"**Baseline {plain(str(baseline))}**")
        for place, kind in zip(st.columns(2), ("deletion", "insertion"), strict=True):
            with place:
                figure = study_charts.curves(lines, theme(), kind=kind, model=model, baseline=baseline, highlighted=drawn)
                _chart(figure, f"{kind}_{baseline}")


def _first() -> set[str]:
    """Methods that pages show first, and what these tend to."""
    first = [spec for spec in METHODS.values() if spec.shown_first]
    return {spec.id for spec in first} | {spec.preview for spec in first if spec.preview}


def _steps(mine: pd.DataFrame, model: str, protocol: str) -> None:
    st.caption(
        "What more steps buy (Table 4 of the SIG paper). Exact SIG takes no steps: it is the line that SIG tends to. The "
        "total delta of IG falls with the steps; that of SIG does not, for SIG promises each word's own sum, not the total."
    )
    stepped = mine[mine["steps"].notna().astype(bool) & (mine["control"] == "").astype(bool)]
    if stepped.groupby("method", observed=True)["steps"].nunique().max() < 2 if len(stepped) else True:
        st.info(
            "These results have every method with one number of steps only. Run `sigviz evaluate` with, for instance, "
            "`--method 'ig(steps=10)' --method 'ig(steps=50)'`, or open the shipped study of steps.",
            icon=":material/info:",
        )
        return
    places = st.columns(3) + st.columns(3)
    for place, metric in zip(places, study_charts.STEPPED, strict=True):
        with place:
            _chart(study_charts.steps(mine, metric, theme(), model=model, protocol=protocol), f"steps_{metric}")


def _baselines(mine: pd.DataFrame, model: str, protocol: str) -> None:
    st.caption(
        "The same methods with different baselines (Tables 6 to 8 of the SIG paper have pad, Tables 1 to 3 mask). A short "
        "line: the method hardly depends on what stands in for a missing word. For log-odds the measuring itself puts that "
        "baseline in, so read it against the line of the random scores. Bars: standard error."
    )
    if mine["baseline"].nunique() < 2:
        st.info("These results have one baseline only. Choose mask and pad, and run again.", icon=":material/info:")
        return
    for place, metric in zip(st.columns(3), TABLE_1, strict=True):
        with place:
            _chart(study_charts.baselines(mine, metric, theme(), model=model, protocol=protocol), f"baselines_{metric}")


def _chart(figure: Figure, name: str) -> None:
    downloads.plotly(figure, f"Faithfulness {name}", key=f"{KEY}_chart_{name}")


def _downloads(found: Results, key: str, means: pd.DataFrame, protocol: str, column: Column | None) -> None:
    def pairs() -> pd.DataFrame:  # seconds of work, done only when it is asked for
        return _pairs(key, found.rows)

    made: tuple[study_parts.File, ...] = (
        ("Summary, CSV", "csv", lambda: export.csv(means)),
        ("Table, LaTeX", "tex", lambda: export.latex(means, protocol=protocol, published=column, metrics=TABLE_1)),
        ("Against IG, CSV", "paired.csv", lambda: export.csv(pairs())),
        ("Against IG, LaTeX", "paired.tex", lambda: export.paired_latex(pairs(), protocol=protocol, metrics=TABLE_1)),
        ("Every text, CSV", "rows.csv", lambda: export.csv(found.rows.drop(columns="text", errors="ignore"))),
        ("Results file", "parquet", lambda: study_parts.parquet(found)),
    )
    study_parts.files(KEY, "sigviz-study", made)
