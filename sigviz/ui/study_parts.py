"""What the pages of all studies have in common beside the source of their results: controls, facts and downloads."""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
import streamlit as st

from sigviz.attribution import MAX_SEED
from sigviz.studies import corpora, results
from sigviz.studies.results import Results
from sigviz.ui.messages import plain
from sigviz.ui.study_source import MOST_TEXTS

File = tuple[str, str, Callable[[], str | bytes]]  # what its button says, its ending, what makes it


def identity(found: Results) -> str:
    """What tells these results from others: their content."""
    hashed = pd.util.hash_pandas_object(found.rows.drop(columns="text", errors="ignore"), index=False)
    return hashlib.sha256(hashed.to_numpy().tobytes()).hexdigest()


def sample(key: str, texts: int) -> dict[str, Any]:
    """Controls of corpus, split, number of texts and seed, in the words of a plan.  texts: how many at first."""
    entries = {entry.name: entry for entry in corpora.known()}
    corpus = st.selectbox(
        "Texts",
        [*entries],
        accept_new_options=True,
        key=f"{key}_corpus",
        bind="query-params",
        help="A corpus by name, or type the id of a data set of the Hugging Face Hub that has a column of texts.",
    )
    if corpus in entries:
        st.caption(plain(f"{entries[corpus].title}: {entries[corpus].description}"))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        split = st.text_input("Split", "test", max_chars=60, key=f"{key}_split", bind="query-params", width=130)
        limit = st.number_input(
            "Number of texts",
            1,
            MOST_TEXTS,
            texts,
            key=f"{key}_limit",
            bind="query-params",
            width=150,
            help="A random sample by the seed: many corpora are sorted, so the first ones would be no sample.",
        )
        seed = st.number_input("Seed", 0, MAX_SEED, 0, key=f"{key}_seed", bind="query-params", width=120)
    return {"corpus": corpus or "", "split": split.strip(), "limit": int(limit), "seed": int(seed)}


def texts_in_words(found: Results, texts: int, besides: str = "") -> str:
    """Markdown: how many texts of which corpus, and how they were chosen."""
    plan, corpus = dict(found.about.get("plan") or {}), dict(found.about.get("corpus") or {})
    drawn = "all of them" if plan.get("limit") is None else f"a random sample by seed {plain(str(plan.get('seed', '?')))}"
    name = plain(str(corpus.get("name", "unknown texts"))[:200])
    return f"**{texts:,} texts** of {name} ({plain(str(corpus.get('split', ''))[:200])}), {drawn}{besides}."


def unfinished(found: Results) -> None:
    """Says where results are not those of a whole study."""
    if not found.complete:
        st.warning("Unfinished: these are the texts that were done when it stopped.", icon=":material/warning:")


def failed(found: Results) -> None:
    """Says how many texts are left out, and why the first of them is."""
    errors = dict(found.about.get("failed") or {})
    if errors:
        first = plain(str(next(iter(errors.values())))[:300])
        st.caption(f"{len(errors):,} times a text could not be explained and is left out; the first: {first}")


def parquet(found: Results) -> bytes:
    """The results as a file that pages open again, without its texts: they may not be ours to give away."""
    with TemporaryDirectory() as folder:
        place = Path(folder) / "results.parquet"
        results.write(place, Results(found.rows.drop(columns="text", errors="ignore"), found.about, found.complete))
        return place.read_bytes()


def files(key: str, name: str, made: Sequence[File]) -> None:
    """A row of buttons, each of which makes its file when it is asked for.  name: how the files begin."""
    with st.container(horizontal=True):
        for label, ending, content in made:
            st.download_button(
                label,
                content,
                f"{name}.{ending}",
                key=f"{key}_download_{ending}",
                on_click="ignore",
                icon=":material/download:",
            )
