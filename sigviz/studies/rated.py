"""The human-rated snippets of Hutto and Gilbert (2014, "VADER", ICWSM): `movie`, `amazon`, `nyt` and `tweets`.

The source archive of the MIT-licensed package vaderSentiment carries them.  They are fetched by name from the package
registry, checked against a pinned hash, and kept in the user's cache folder; no text is shipped with sigviz.
"""

import hashlib
import io
import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from sigviz.errors import CorpusUnavailable

_PACKAGE, _VERSION = "vaderSentiment", "3.3.2"
_ARCHIVE = f"{_PACKAGE}-{_VERSION}.tar.gz"
SHA256 = "5d7c06e027fc8b99238edb0d53d970cf97066ef97654009890b83703849632f9"
_INNER = f"{_PACKAGE}-{_VERSION}/additional_resources/hutto_ICWSM_2014.tar.gz"
FILES = {
    "movie": "movieReviewSnippets_GroundTruth.txt",
    "amazon": "amazonReviewSnippets_GroundTruth.txt",
    "nyt": "nytEditorialSnippets_GroundTruth.txt",
    "tweets": "tweets_GroundTruth.txt",
}
SPLITS = ("train", "validation", "test")
NEUTRAL = 0.4  # ratings nearer to zero than this have no clear label and are left out
LABELS = ("negative", "positive")
RULES = "label: rating > 0; |rating| < 0.4 left out; split by sha256(lower-cased text) % 10: 0 test, 1 validation, else train"
LICENCE = "MIT (vaderSentiment); texts as collected by Hutto and Gilbert, 2014"


def load(name: str, split: str) -> tuple[list[str], list[int]]:
    """The texts of one split of a rated corpus, and their labels.  name: of FILES; split: of SPLITS.

    Raises: CorpusUnavailable when the archive can't be fetched.
    """
    rated = [(text, rating) for text, rating in _read(FILES[name]) if abs(rating) >= NEUTRAL and split_of(text) == split]
    return [text for text, _ in rated], [int(rating > 0) for _, rating in rated]


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
    if not cached.exists() or _sha256(cached) != SHA256:
        _fetch(cached)
    return cached


def _fetch(to: Path) -> None:
    """Have pip fetch the archive, by name and hash, and move it into place in one step."""
    to.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=to.parent) as folder:
        wanted = Path(folder) / "wanted.txt"
        wanted.write_text(f"{_PACKAGE}=={_VERSION} --hash=sha256:{SHA256}\n")
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
