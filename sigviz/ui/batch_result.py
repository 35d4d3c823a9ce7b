"""What the batch page shows of its work: progress, then the table as downloads, its first rows, and the first texts' maps."""

from typing import Any

import streamlit as st

from sigviz.attribution import Attribution
from sigviz.methods import METHODS
from sigviz.methods.runs import RunChoice
from sigviz.studies import batch_files
from sigviz.studies.batch import Batch
from sigviz.ui import cards, messages, work
from sigviz.ui.batch import KEY, Outcome
from sigviz.ui.messages import plain
from sigviz.views import heatmap, wording

SHOWN_ROWS = 100
# what differs from row to row stands first; the rest can be scrolled to
_ORDER = ("text_id", "method", "unit_text", "raw", "score", "expected", "delta", "label", "probability", "error")


def show() -> None:
    """Progress while the batch runs; then its table, as downloads and the first rows, and the first texts' maps."""
    under_way = work.show(KEY)
    if under_way is None or not under_way.finished:
        return
    if under_way.error is not None:
        messages.error_box(under_way.error)
        return
    outcome = under_way.result
    assert isinstance(outcome, Outcome)
    found = outcome.batch
    st.header("Result")
    lines = dict.fromkeys(_line(settings) for settings in outcome.asked["runs"])
    st.caption(plain(f"{outcome.asked['model']}: {' '.join(lines)}"))
    failed = f", **{found.failed:,}** with an error, which stands in its row" if found.failed else ""
    st.markdown(f"**{found.done:,}** of {found.texts:,} texts{failed}; **{len(found.rows):,}** rows.")
    if found.incomplete:
        st.warning(
            f"Incomplete: {found.incomplete} What was done until then is here, whole texts only.", icon=":material/warning:"
        )
    if found.rows:
        _downloads(outcome)
        _preview(found)


def _line(settings: dict[str, Any]) -> str:
    own = METHODS[settings["method"]].options
    return str(RunChoice(settings["method"], settings["baseline"], {option.name: settings[option.name] for option in own}))


def _downloads(outcome: Outcome) -> None:
    """Made when they are asked for: a large table takes seconds."""
    rows, name = outcome.batch.rows, "sigviz-batch" + ("-incomplete" if outcome.batch.incomplete else "")
    repeated = batch_files.repeated(rows)
    short = repeated <= batch_files.MOST_REPEATED
    facts = {**outcome.asked, "incomplete": outcome.batch.incomplete}
    with st.container(horizontal=True, vertical_alignment="center"):
        wanted = st.checkbox("With the texts", value=True, key=f"{KEY}_with_text", persist_state="session")
        kinds = (
            ("CSV", ".csv", "text/csv", lambda: batch_files.to_csv(rows, wanted and short)),
            ("JSONL", ".jsonl", "application/jsonl", lambda: batch_files.to_jsonl(rows, wanted and short)),
            ("Parquet", ".parquet", "application/vnd.apache.parquet", lambda: batch_files.to_parquet(rows, facts, wanted)),
        )
        for label, suffix, mime, made in kinds:
            st.download_button(
                label,
                made,
                f"{name}{suffix}",
                mime,
                key=f"{KEY}_download{suffix}",
                on_click="ignore",
                icon=":material/download:",
            )
        with st.popover("Columns", icon=":material/info:", key=f"{KEY}_columns"):
            st.markdown(COLUMNS_HELP)
    if wanted and not short:
        st.caption(
            f"Repeated in every row, the texts would take {repeated / 1e6:,.0f} MB: CSV and JSONL come without them, Parquet "
            "with them."
        )


def _preview(found: Batch) -> None:
    first = batch_files.to_table(found.rows[:SHOWN_ROWS]).to_pandas()
    first = first.astype({name: str for name in ("notes", "error")})  # as categories, empty ones would be shown as None
    st.caption(f"The first {SHOWN_ROWS} rows." if len(found.rows) > SHOWN_ROWS else "All rows.")
    order = [*_ORDER, *(name for name in batch_files.COLUMNS if name not in _ORDER)]
    st.dataframe(first, hide_index=True, column_order=order, key=f"{KEY}_table", height=320)
    if found.first:
        theme = cards.theme()
        st.subheader("The first texts")
        st.html(heatmap.style(theme))
        st.html(heatmap.legend(theme, "the explained class"))
        for one in found.first:
            _map(one)


def _map(one: Attribution) -> None:
    share = wording.percent(float(one.probabilities[one.target]))
    label = plain(wording.shortened(one.label, 60))
    with st.container(gap=None):
        st.caption(f"{plain(METHODS[one.settings.method].label)} · **{label}** ({share})")
        st.html(heatmap.html(one, theme=cards.theme()))


COLUMNS_HELP = """
| column | what it holds |
|---|---|
| `text_id` | the text's row in the file, or line of the box, from 0 |
| `text` | the text, in each of its rows |
| `model` `method` `settings` `baseline` `unit` `output` | what was asked; `settings`: what differs from the defaults |
| `window` | how a text that is longer than the model reads was read: cut, or in windows (slide) |
| `label` `probability` | the class that is explained, and what the model gives it |
| `unit_index` `unit_text` `start` `end` | the unit, and its characters in the text |
| `raw` | its score, signed, in the unit of F |
| `score` | `raw` divided by the length (Euclidean norm) of the text's scores |
| `expected` `delta` | F(x) − F(x̄ⁱ), and `raw` minus that; empty for methods without it |
| `truncated` | tokens of the text that the model's limit cut off |
| `seconds` | of the whole explanation, the same in all its rows |
| `notes` `error` | what to know; why there is no score |

JSONL and Parquet hold all text exactly. In **CSV**, a cell that begins with `=` `+` `-` `@`, a tab or a line break has an
apostrophe in front, since spreadsheets would run it as a formula. Numbers are never changed.
"""
