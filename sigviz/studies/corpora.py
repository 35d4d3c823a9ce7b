"""Texts, with labels where they are known: what models are trained and explanations are measured on.

A corpus is named by one of four kinds of name:

    movie, amazon, nyt, tweets       rated snippets out of a pinned archive (rated.py)
    sst2, imdb, rotten-tomatoes      presets: well-known data sets of the Hugging Face Hub (hub_data.py)
    owner/name, owner/name:config    any other data set of the Hub with a column `text` or `sentence`
    PATH.csv .tsv .jsonl .parquet    a file on this machine (files.py)

A text's id is its position in its split or file, from 0, whatever sample is taken: the `text_id` of the studies' tables.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sigviz.errors import CorpusUnavailable, InvalidSettings
from sigviz.studies import files, hub_data, rated
from sigviz.studies.rated import RULES, SPLITS, cache_folder, split_of

__all__ = ["KNOWN", "LABELS", "PRESETS", "RULES", "SPLITS", "WHOLE", "Corpus", "Entry"]
__all__ += ["cache_folder", "for_training", "known", "labelled", "load", "split_of"]

LABELS = ("negative", "positive")
WHOLE = "all"  # the split of a file without a column `split`
PRESETS = {
    "sst2": "stanfordnlp/sst2",
    "imdb": "stanfordnlp/imdb",
    "rotten-tomatoes": "cornell-movie-review-data/rotten_tomatoes",
}


@dataclass(frozen=True, slots=True)
class Corpus:
    """Texts of one split.

    name: as it was asked for, a file without its folder; split: WHOLE for a file that has none; ids: position of each text
    in the split (in a file, among all its rows), from 0; labels: a class's number, or None where the text has none;
    licence: "" where it is not known; sha256: of the archive or file, for the Hub the commit of the data set's repository
    (40 digits, SHA-1); label_names: of class 0, 1, ..., empty where only numbers are known; empty: rows of the whole split
    or file that hold no text, which are left out.
    """

    name: str
    split: str
    ids: tuple[int, ...]
    texts: tuple[str, ...]
    labels: tuple[int | None, ...]
    licence: str
    sha256: str
    label_names: tuple[str, ...] = ()
    empty: int = 0

    def __len__(self) -> int:
        return len(self.texts)


@dataclass(frozen=True, slots=True)
class Entry:
    """A corpus that can be picked by name.  splits: as load takes them; source: where its texts come from, in words."""

    name: str
    title: str
    description: str
    splits: tuple[str, ...]
    source: str


_PACKAGE = "Source archive of the Python package vaderSentiment 3.3.2, through pip"
KNOWN = (
    Entry("movie", "Movie snippets", "Rotten Tomatoes sentences with mean human ratings", SPLITS, _PACKAGE),
    Entry("amazon", "Product snippets", "Sentences of Amazon reviews with mean human ratings", SPLITS, _PACKAGE),
    Entry("nyt", "Editorial snippets", "Sentences of New York Times editorials with mean human ratings", SPLITS, _PACKAGE),
    Entry("tweets", "Tweets", "Tweets with mean human ratings", SPLITS, _PACKAGE),
    Entry(
        "sst2",
        "SST-2",
        "Sentences of movie reviews; the test split has no labels",
        SPLITS,
        "Hub: " + PRESETS["sst2"],
    ),
    Entry("imdb", "IMDB", "Whole movie reviews, up to 14,000 characters", ("train", "test"), "Hub: " + PRESETS["imdb"]),
    Entry("rotten-tomatoes", "Rotten Tomatoes", "Sentences of movie reviews", SPLITS, "Hub: " + PRESETS["rotten-tomatoes"]),
)


def known() -> list[Entry]:
    """The corpora that have a name here, for pickers.  Nothing is fetched."""
    return list(KNOWN)


def load(name: str, split: str, *, limit: int | None = None, seed: int = 0, local: bool = True) -> Corpus:
    """One split of a corpus; `limit` takes a seeded random sample (files are often sorted by label: never the head).

    split: of the corpus's own; of a file, a value of its column `split`, and of no meaning where it has none: such a file is
    one split, WHOLE.  local: False where the name comes from a page, whose visitors must not read this machine's files.

    Raises: InvalidSettings for an unknown corpus or split, or a limit below 1; CorpusUnavailable when it can't be had.
    """
    if limit is not None and limit < 1:
        raise InvalidSettings(f"limit is {limit}; it must be at least 1. Leave it out to take everything.")
    if name in rated.FILES:
        return _rated(name, split, limit, seed)
    if local and Path(name).suffix.lower() in files.SUFFIXES:
        return _file(Path(name), split, limit, seed)
    if name not in PRESETS and "/" not in name:
        named = ", ".join(entry.name for entry in KNOWN)
        file = f", or a file that ends in {', '.join(files.SUFFIXES)}" if local else ""
        raise InvalidSettings(
            f"There is no corpus {_shown(name)}. Choose one of: {named}; or a data set of the Hub, owner/name{file}."
        )
    part = hub_data.load(PRESETS.get(name, name), split, lambda rows: _sample(rows, limit, seed))
    return Corpus(
        name,
        split,
        part.ids,
        part.texts,
        part.labels,
        part.licence,
        part.commit,
        label_names=part.label_names,
        empty=part.empty,
    )


def labelled(corpus: Corpus, classes: int = len(LABELS)) -> tuple[int, ...]:
    """The labels of a corpus in which every text has one, each below `classes`.  Raises: InvalidSettings if not so."""
    missing = sum(label is None for label in corpus.labels)
    where = f"{_shown(corpus.name)} (split {_shown(corpus.split)})"
    if missing:
        raise InvalidSettings(
            f"{missing:,} of {len(corpus):,} texts of {where} have no label. Give each one in a column label, or choose "
            "another corpus or split."
        )
    given = tuple(label for label in corpus.labels if label is not None)
    if max(given, default=0) >= classes or len(corpus.label_names) > classes:
        found = max(max(given, default=0) + 1, len(corpus.label_names))
        raise InvalidSettings(f"{where} has {found} classes; it takes a corpus of {classes}.")
    return given


def for_training(name: str, *, limit: int | None = None, seed: int = 0) -> dict[str, Corpus]:
    """All of SPLITS of a corpus of LABELS' two classes, every text labelled; `limit` holds for the training texts only.

    Raises: InvalidSettings if a label is missing or the corpus is not split: a model that is tested on what it was trained
    on proves nothing; CorpusUnavailable as load does.
    """
    limits = {"train": limit}  # an accuracy is only worth something on the whole of the other two
    loaded = {split: load(name, split, limit=limits.get(split), seed=seed) for split in SPLITS}
    for split, corpus in loaded.items():
        if corpus.split != split:
            raise InvalidSettings(
                f"{_shown(corpus.name)} is one split, and training needs {', '.join(SPLITS)}. Add a column split that says "
                "which one each row belongs to."
            )
        labelled(corpus)
    return loaded


def _rated(name: str, split: str, limit: int | None, seed: int) -> Corpus:
    _refuse_unknown(split, SPLITS)
    texts, labels = rated.load(name, split)
    chosen = _sample(range(len(texts)), limit, seed)
    return Corpus(
        name=name,
        split=split,
        ids=tuple(chosen),
        texts=tuple(texts[i] for i in chosen),
        labels=tuple(labels[i] for i in chosen),
        licence=rated.LICENCE,
        sha256=rated.SHA256,
        label_names=LABELS,
    )


def _file(path: Path, split: str, limit: int | None, seed: int) -> Corpus:
    called = files.shown_name(str(path))
    try:
        with path.open("rb") as opened:
            table = files.read(path.name, opened)
    except (OSError, ValueError) as error:  # the latter: a NUL in the name
        what = "is not there" if isinstance(error, FileNotFoundError) else "cannot be opened"
        raise CorpusUnavailable(f"The file {called} {what}. Check its name and that you may read it.") from error
    rows: Sequence[int] = range(len(table))
    if table.splits is not None:
        _refuse_unknown(split, sorted(set(table.splits) - {""})[:20])
        rows = [row for row in rows if table.splits[row] == split]
    chosen = _sample(rows, limit, seed)
    return Corpus(
        name=called,
        split=WHOLE if table.splits is None else split,
        ids=tuple(table.ids[row] for row in chosen),
        texts=tuple(table.texts[row] for row in chosen),
        labels=tuple(table.labels[row] for row in chosen),
        licence="",
        sha256=table.sha256,
        label_names=table.label_names,
        empty=table.empty,
    )


def _sample(rows: Sequence[int], limit: int | None, seed: int) -> list[int]:
    """`limit` of the rows, in their order; all of them if there are no more."""
    chosen = list(rows)
    return chosen if limit is None or limit >= len(chosen) else sorted(random.Random(seed).sample(chosen, limit))


def _refuse_unknown(split: str, known_splits: Sequence[str]) -> None:
    if split not in known_splits:
        raise InvalidSettings(f"There is no split {_shown(split)}. Choose one of: {', '.join(known_splits)}.")


def _shown(name: str) -> str:
    return repr(name if len(name) <= 100 else name[:100] + "…")
