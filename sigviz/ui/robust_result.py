"""What the Robustness page shows of a study: facts, verdicts in words, two charts, all numbers, downloads."""

from typing import Any

import pandas as pd
import streamlit as st

from sigviz.errors import InvalidResults
from sigviz.models.untrained import REDRAWN, UNTRAINED
from sigviz.studies import robustness_summary as summary
from sigviz.studies.reductions import LABELS, REDUCTIONS, WHOLE
from sigviz.studies.results import Results
from sigviz.studies.robustness import INFIDELITY, LEVELS, SAME, jaccard_id
from sigviz.studies.robustness_summary import NAMES, RUN, SURE, Test
from sigviz.ui import downloads, study_parts
from sigviz.ui.cards import theme
from sigviz.ui.messages import plain
from sigviz.views import export, markup, robust_charts, robust_published, robust_table, robust_verdicts
from sigviz.views.robust_published import Beside
from sigviz.views.wording import shortened

KEY = "many"  # of the work, and the beginning of every widget's key here
NOTHING = "nothing"
FIRST_BESIDE = "BERT on SST2"  # of the published models the one most like the first bundled one, on like texts
MOST_TEXTS, MOST_COLUMNS, MOST_CELLS = 50_000, 2_000, 5_000_000  # that are bootstrapped, of a file from anywhere
ODD = 60.0  # per cent: two classifiers of two classes that guess agree on 50
_NAME = 60  # characters


def show(found: Results) -> None:
    """Everything, under a line that says what was measured."""
    key, rows = study_parts.identity(found), _one(found.rows)
    means = _summary(f"{key}/{_chosen(rows)}", rows)
    st.html(markup.style(theme()))
    k, reduction, beside = _choices(means)
    _facts(found, rows, means, beside)
    tests = _tests(f"{key}/{_chosen(rows)}", rows, UNTRAINED, k)
    further = _tests(f"{key}/{_chosen(rows)}", rows, REDRAWN, k)
    _verdicts(_of(tests, reduction), _of(further, reduction), means)
    _charts(means, k, reduction, beside)
    _table(means, beside)
    _downloads(found, means, tests + further, beside)


def _one(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of one model and baseline: a study has no more, a file may.  Raises InvalidResults where there are too many."""
    kept = rows
    for column, label in (("model", "Model"), ("baseline", "Baseline")):
        there = list(dict.fromkeys(kept[column].astype(str)))
        if len(there) > 1:
            chosen = st.selectbox(label, there[:100], key=f"{KEY}_shown_{column}", width=260) or there[0]
            kept = kept[kept[column].astype(str) == chosen]
    texts = kept["text_id"].nunique()
    columns = len(kept[[*RUN, "control", "other", "metric"]].drop_duplicates())
    if texts > MOST_TEXTS or columns > MOST_COLUMNS or texts * columns > MOST_CELLS:
        raise InvalidResults(
            f"These results have {texts:,} texts and {columns:,} different measurements of each: too many to be shown. Take "
            "fewer texts or methods."
        )
    return kept


def _chosen(rows: pd.DataFrame) -> str:
    return "/".join(str(rows[column].iloc[0]) for column in ("model", "baseline")) if len(rows) else ""


@st.cache_data(max_entries=8, show_spinner="Drawing the texts anew, for the errors")
def _summary(key: str, _rows: pd.DataFrame) -> pd.DataFrame:
    return summary.summarise(_rows)


@st.cache_data(max_entries=32, show_spinner=False)
def _tests(key: str, _rows: pd.DataFrame, control: str, k: int) -> list[Test]:
    return summary.tests(_rows, control, k)


def _of(tests: list[Test], reduction: str) -> list[Test]:
    return [test for test in tests if test.run["reduction"] in (reduction, WHOLE)]


def _choices(means: pd.DataFrame) -> tuple[int, str, Beside | None]:
    """K, the reduction and what is published, for words and charts alike."""
    ways = [way for way in REDUCTIONS if way in set(means["reduction"])]
    levels = [k for k in LEVELS if jaccard_id(k) in set(means["metric"])] or [*LEVELS]
    published = robust_published.choices()
    names = [NOTHING, *published]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        k = st.segmented_control(
            "Top words",
            [f"{level} %" for level in levels],
            default=f"{levels[0]} %",
            key=f"{KEY}_k",
            bind="query-params",
            help="How many of a text's words count as its top ones, for what is shared (K of Jaccard@K).",
        )
        reduction = ways[0] if ways else REDUCTIONS[0]
        if len(ways) > 1:
            reduction = (
                st.segmented_control(
                    "Reduction",
                    ways,
                    default=ways[0],
                    key=f"{KEY}_reduction",
                    bind="query-params",
                    help=f"How the scores of a word's features become one number. {'. '.join(LABELS[way] for way in ways)}. "
                    "Methods that score whole words have nothing to reduce, and are in both.",
                )
                or ways[0]
            )
        beside = st.selectbox(
            "Published numbers beside it",
            names,
            index=names.index(FIRST_BESIDE),
            key=f"{KEY}_published",
            bind="query-params",
            width=220,
            help="What the robustness paper reports. The bundled models are in no paper: what stands beside them was measured "
            "on another model and other texts.",
        )
    level = next((one for one in levels if f"{one} %" == k), levels[0])
    return level, reduction, published.get(beside or NOTHING)


def _facts(found: Results, rows: pd.DataFrame, means: pd.DataFrame, beside: Beside | None) -> None:
    """What was compared, on how many texts, and how often the models agree."""
    plan = dict(found.about.get("plan") or {})
    model, others = str(next(iter(rows["model"]), "?")), _others(means)
    said = [study_parts.texts_in_words(found, int(rows["text_id"].nunique()))]
    for other in others:
        agreed = robust_verdicts.agreement(means, other)
        if agreed and other not in NAMES:
            said.append(
                f"{_named(model)} and {_named(other)} predict the same class on **{plain(agreed)}**{_table_6(beside)}."
            )
    output, baseline = str(plan.get("output", "?")), str(next(iter(rows["baseline"]), "?"))
    said.append(f"Explained output: {_named(output)}; baseline {_named(baseline)}.")
    st.markdown(" ".join(said))
    rests = [f"{_called(other)}: {n:,}" for other in others if (n := _jaccard_texts(means, other)) is not None]
    if rests:
        st.caption(
            "What is shared can be compared only where both predict the same class. Texts of which that is so: "
            f"{'; '.join(rests)}."
        )
    study_parts.unfinished(found)
    for note in list(found.about.get("notes") or ())[:3]:  # classes without a partner
        st.warning(plain(str(note)[:600]), icon=":material/label:")
    _odd(means)
    study_parts.failed(found)


def _table_6(beside: Beside | None) -> str:
    value = None if beside is None else beside.value(SAME)
    return "" if beside is None or value is None else f" (published for two seeds of {plain(beside.title)}: {value:g} %)"


def _odd(means: pd.DataFrame) -> None:
    """Says where two trained models hardly agree: perhaps their classes only have the same names."""
    for row in means[means["metric"] == SAME].to_dict("records"):
        if row["other"] not in NAMES and row["n"] and row["mean"] < ODD:
            st.warning(
                f"These two models agree on few texts ({row['mean']:.0f} %). Classes are matched by name, and a class that "
                "only one of them has counts as differing: are the two of the same task, and do their labels mean the same?",
                icon=":material/warning:",
            )


def _others(means: pd.DataFrame) -> list[str]:
    return [other for other in dict.fromkeys(means["other"].astype(str)) if other][: robust_charts.MOST_GROUPS]


def _named(name: str) -> str:
    return plain(shortened(name, _NAME))


def _called(other: str) -> str:
    """A model's name, or what a control is, inside a sentence."""
    return NAMES[other].lower() if other in NAMES else _named(other)


def _jaccard_texts(means: pd.DataFrame, other: str) -> int | None:
    """On how many texts the Jaccard beside `other` rests: the most of any method."""
    part = means[(means["other"] == other) & means["metric"].isin([jaccard_id(k) for k in LEVELS])]
    return int(part["n"].max()) if len(part) else None


def _verdicts(tests: list[Test], further: list[Test], means: pd.DataFrame) -> None:
    st.subheader("What came out")
    if not tests:
        st.info(
            "Without another trained model and a copy with an untrained head there is no verdict: the test compares the two.",
            icon=":material/info:",
        )
        return
    st.markdown(f"**{plain(robust_verdicts.count(tests))}**")
    st.markdown(f"**{robust_verdicts.QUESTION}** {plain(robust_verdicts.answer(tests))}")
    st.html(robust_verdicts.html(tests, further, theme()))
    st.caption(
        "A method passes where the two trained models share clearly more top words than the model and its copy with an "
        f"untrained head: where the whole {SURE:g} % interval of the difference is above 0. Shared: of the words at the top "
        "of either, those at the top of both (Jaccard). Intervals are bootstrapped over the texts, and not corrected for the "
        "number of methods."
    )


def _charts(means: pd.DataFrame, k: int, reduction: str, beside: Beside | None) -> None:
    st.subheader(f"Top {k} % words that are shared")
    st.caption(
        "Blue should be long: models that do the same should share their words. The hatched bars should be about as short as "
        "those of random scores, the dotted lines: these copies have not learnt the task. "
        f"{NAMES[UNTRAINED]}: the same encoder, a random head. {NAMES[REDRAWN]}: all weights are random."
    )
    figure = robust_charts.overlaps(means, theme(), k=k, reduction=reduction, beside=beside)
    alt = f"Bars: per cent of the top {k} % words that are shared with each other model, by method. The table has the numbers."
    downloads.plotly(figure, f"Shared top {k} % words", key=f"{KEY}_chart_overlaps", alt=alt)
    if not (means["metric"] == INFIDELITY).any():
        return
    st.subheader("How many words must go until the prediction changes")
    st.caption(
        "Infidelity: words are replaced by the unknown token, the highest scores first, until the model changes its mind. "
        "Lower is better: few words decide. A bar at the dotted line of its colour is no better than random scores. If a "
        "method beats chance on the untrained copy as well, a low infidelity does not show that it has found what was learnt."
    )
    figure = robust_charts.infidelities(means, theme(), reduction=reduction, beside=beside)
    alt = "Bars: infidelity of the trained model and of its untrained copy, by method. The table below has the numbers."
    downloads.plotly(figure, "Infidelity", key=f"{KEY}_chart_infidelity", alt=alt)


def _table(means: pd.DataFrame, beside: Beside | None) -> None:
    st.subheader("All numbers")
    st.html(robust_table.html(means, theme=theme(), beside=beside))


def _downloads(found: Results, means: pd.DataFrame, tests: list[Test], beside: Beside | None) -> None:
    model = str(next(iter(means["model"]), ""))
    made: list[study_parts.File] = [
        ("Summary, CSV", "csv", lambda: export.csv(means)),
        ("Table, LaTeX", "tex", lambda: robust_table.latex(means, model=model, beside=beside)),
        ("Verdicts, CSV", "verdicts.csv", lambda: export.csv(pd.DataFrame([_written(test) for test in tests]))),
        ("Every text, CSV", "rows.csv", lambda: export.csv(found.rows.drop(columns="text", errors="ignore"))),
        ("Results file", "parquet", lambda: study_parts.parquet(found)),
    ]
    study_parts.files(KEY, "sigviz-robustness", made)


def _written(test: Test) -> dict[str, Any]:
    numbers = ("other", "control", "k", "same", "n_same", "with_control", "n_control", "difference", "se", "low", "high")
    return {**test.run, **{name: getattr(test, name) for name in numbers}, "verdict": str(test.verdict)}
