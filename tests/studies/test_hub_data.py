"""Data sets of the Hub: read through the library from a Hub on the loopback, and refused in words."""

import io
import sys
from collections.abc import Iterator
from pathlib import Path

import datasets
import pyarrow as pa
import pytest
from huggingface_hub import constants
from pyarrow import parquet as pq

from sigviz.errors import CorpusUnavailable, InvalidSettings
from sigviz.studies import corpora, hub_data
from tests.studies import hub_server
from tests.studies.hub_server import Hub

_RESOLVE = "/{repo_id}/resolve/{revision}/{filename}"
CARD = """---
license: mit
dataset_info:
  features:
  - name: idx
    dtype: int64
  - name: sentence
    dtype: string
  - name: label
    dtype:
      class_label:
        names:
          '0': neg
          '1': pos
configs:
- config_name: default
  data_files:
  - split: train
    path: data/train-*
  - split: test
    path: data/test-*
---
# Films
"""


def _parquet(**columns: list[object]) -> bytes:
    made = io.BytesIO()
    pq.write_table(pa.table(columns), made)
    return made.getvalue()


FILMS = {
    "README.md": CARD.encode(),
    "data/train-0.parquet": _parquet(
        idx=list(range(40)), sentence=[f"film {i}" if i != 5 else "  " for i in range(40)], label=[i % 2 for i in range(40)]
    ),
    "data/test-0.parquet": _parquet(idx=[0, 1], sentence=["one", "two"], label=[-1, -1]),
}


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A Hub that this process takes for the real one, with an empty cache, and a data set owner/films on it."""
    for name in ("HF_HUB_OFFLINE", "HF_TOKEN", "HF_HUB_CACHE", "HF_DATASETS_CACHE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "home" / "hub"))
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr("huggingface_hub.utils._detect_agent._registry", {})  # once a day it asks the real Hub for this
    monkeypatch.setattr(datasets.config, "HF_UPDATE_DOWNLOAD_COUNTS", False)
    with hub_server.running() as running:
        monkeypatch.setenv("HF_ENDPOINT", running.url)
        monkeypatch.setattr(datasets.config, "HF_ENDPOINT", running.url)  # the libraries read it when they are imported
        monkeypatch.setattr(constants, "ENDPOINT", running.url)
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", running.url + _RESOLVE)
        running.repositories["owner/films"] = dict(FILMS)
        yield running


def test_texts_labels_names_licence_and_commit_are_the_data_sets(hub: Hub) -> None:
    corpus = corpora.load("owner/films", "train")
    assert corpus.ids == tuple(i for i in range(40) if i != 5) and corpus.empty == 1
    assert corpus.texts == tuple(f"film {i}" for i in corpus.ids)
    assert corpus.labels == tuple(i % 2 for i in corpus.ids) and corpus.label_names == ("neg", "pos")
    assert (corpus.name, corpus.split) == ("owner/films", "train")
    assert corpus.licence == "mit" and corpus.sha256 == hub.commit("owner/films")


def test_minus_one_means_not_labelled(hub: Hub) -> None:
    corpus = corpora.load("owner/films", "test")
    assert corpus.labels == (None, None) and corpus.label_names == ("neg", "pos")


def test_a_limit_is_the_same_seeded_sample_of_the_texts_each_time(hub: Hub) -> None:
    some = corpora.load("owner/films", "train", limit=7, seed=2)
    assert len(some) == 7 and 5 not in some.ids and some.texts == tuple(f"film {i}" for i in some.ids)
    assert (
        some == corpora.load("owner/films", "train", limit=7, seed=2) != corpora.load("owner/films", "train", limit=7, seed=3)
    )


def test_a_preset_is_its_data_set_under_the_short_name(hub: Hub) -> None:
    hub.repositories[corpora.PRESETS["sst2"]] = dict(FILMS)
    corpus = corpora.load("sst2", "test")
    assert corpus.name == "sst2" and corpus.texts == ("one", "two")


def test_an_unknown_split_lists_the_data_sets_own_and_fetches_nothing(hub: Hub) -> None:
    with pytest.raises(CorpusUnavailable, match=r"no split 'dev'\. Choose one of: train, test"):
        corpora.load("owner/films", "dev")
    assert not [line for line in hub.requests if line.endswith(".parquet")]


def test_splits_that_no_card_names_are_found_by_file_name(hub: Hub) -> None:
    hub.repositories["owner/plain"] = {"train.csv": b"text,label\nfine,1\n", "test.csv": b"text,label\ndull,0\n"}
    assert corpora.load("owner/plain", "test").texts == ("dull",)
    assert corpora.load("owner/plain", "test").licence == ""


CONFIGS = b"---\nconfigs:\n- config_name: small\n  data_files: small.csv\n- config_name: large\n  data_files: large.csv\n---\n"


def test_a_configuration_is_named_after_a_colon_and_the_error_lists_them(hub: Hub) -> None:
    files = {"README.md": CONFIGS, "small.csv": b"text\na\n", "large.csv": b"text\nb\n"}
    hub.repositories["owner/two"] = files
    assert corpora.load("owner/two:large", "train").texts == ("b",)
    for name in ("owner/two", "owner/two:huge"):
        with pytest.raises(CorpusUnavailable, match="Give owner/two:NAME, NAME one of: small, large"):
            corpora.load(name, "train")


def test_an_earlier_download_is_used_where_the_hub_is_gone(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    before = corpora.load("owner/films", "train")
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")  # nobody listens there
    after = corpora.load("owner/films", "train")
    assert (after.texts, after.labels, after.sha256) == (before.texts, before.labels, before.sha256)
    with pytest.raises(CorpusUnavailable, match=r"cannot be reached and 'owner/other' is not here yet\. Check the network"):
        corpora.load("owner/other", "train")


def test_offline_mode_asks_nobody(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    for target in (constants, datasets.config):
        monkeypatch.setattr(target, "HF_HUB_OFFLINE", True)  # read when the libraries are imported
    with pytest.raises(CorpusUnavailable, match="HF_HUB_OFFLINE"):
        corpora.load("owner/films", "train")
    assert not hub.requests


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [(401, "RepoNotFound", "no data set"), (403, "GatedRepo", "is gated. Accept its terms"), (429, "", "HTTP 429")],
)
def test_refusals_of_the_hub_are_told_in_words(hub: Hub, status: int, code: str, words: str) -> None:
    hub.refused["owner/secret"] = (status, code)
    with pytest.raises(CorpusUnavailable, match=words):
        corpora.load("owner/secret", "train")


@pytest.mark.parametrize("name", ["a b/c", "a/b/c", "../films", "https://hub/x", "/etc/films", "owner/" + "x" * 200])
def test_what_is_no_id_is_refused_before_anybody_is_asked(hub: Hub, name: str) -> None:
    with pytest.raises(CorpusUnavailable, match="no data set's id"):
        corpora.load(name, "train")
    assert not hub.requests


def test_a_folder_of_the_same_name_is_not_taken_for_the_data_set(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "owner" / "films"
    folder.mkdir(parents=True)
    (folder / "test.csv").write_text("text\nfrom this machine\n")
    monkeypatch.chdir(tmp_path)
    assert corpora.load("owner/films", "test").texts == ("one", "two")


@pytest.mark.parametrize(
    "pattern", ["/etc/*.csv", "~/*.csv", "https://elsewhere/x.csv", "hf://datasets/a/b/x.csv", "../x.csv"]
)
def test_files_outside_the_data_set_are_not_followed(hub: Hub, pattern: str) -> None:
    card = f"---\nconfigs:\n- config_name: default\n  data_files:\n  - split: train\n    path: '{pattern}'\n---\n"
    hub.repositories["owner/sly"] = {"README.md": card.encode(), "train.csv": b"text\na\n"}
    with pytest.raises(CorpusUnavailable, match="takes files from elsewhere"):
        corpora.load("owner/sly", "train")


def test_settings_that_may_point_anywhere_are_not_followed(hub: Hub) -> None:
    hub.repositories["owner/sly"] = {".huggingface.yaml": b"configs: []", "train.csv": b"text\na\n"}
    with pytest.raises(CorpusUnavailable, match="takes files from elsewhere"):
        corpora.load("owner/sly", "train")


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"script.py": b"raise SystemExit"}, "no tables|damaged"),
        ({"sly.py": b"raise SystemExit", "train.csv": b"text\na\n"}, "made by a script"),
        ({"train.pkl": b"\x80\x04."}, "no tables|no plain tables"),
        ({"train.tar": b"0" * 512}, "no plain tables"),
        ({"train.parquet": b"PAR1 no PAR1"}, "damaged"),
        ({"train.csv": b"review,label\na,1\n"}, "'owner/sly' has the columns review, label; sigviz reads the column text"),
        ({"train.csv": b"text\n1\n2\n"}, "holds no strings"),
        ({"train.jsonl": b'{"text": " "}\n'}, "holds no text"),
    ],
)
def test_what_holds_no_plain_texts_is_refused_and_none_of_its_code_is_asked_for(
    hub: Hub, files: dict[str, bytes], words: str
) -> None:
    hub.repositories["owner/sly"] = files
    with pytest.raises(CorpusUnavailable, match=words):
        corpora.load("owner/sly", "train")
    assert not [line for line in hub.requests if line.startswith("GET /datasets") and line.endswith((".py", ".pkl"))]


def test_a_data_set_that_is_too_large_is_refused_before_it_is_fetched(hub: Hub) -> None:
    hub.announced["data/train-0.parquet"] = hub_data.BYTES + 1
    with pytest.raises(CorpusUnavailable, match="4 GB are the most"):
        corpora.load("owner/films", "train")
    assert not [line for line in hub.requests if line.endswith(".parquet")]


def test_too_many_texts_ask_for_a_limit_and_too_long_ones_for_another_sample(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_data, "MOST", 10)
    with pytest.raises(CorpusUnavailable, match=r"39 texts; 10 are the most\. Give a limit"):
        corpora.load("owner/films", "train")
    assert len(corpora.load("owner/films", "train", limit=10)) == 10
    monkeypatch.setattr(hub_data, "LONGEST", 5)
    with pytest.raises(CorpusUnavailable, match="characters; 5 are the most"):
        corpora.load("owner/films", "train", limit=10)


def test_nothing_is_printed_and_the_librarys_bars_are_as_before(hub: Hub, capfd: pytest.CaptureFixture[str]) -> None:
    before = datasets.are_progress_bars_disabled()
    corpora.load("owner/films", "train")
    assert capfd.readouterr() == ("", "")
    assert datasets.are_progress_bars_disabled() == before


def test_a_missing_library_would_be_an_import_error_only_for_the_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    assert [entry.name for entry in corpora.known()][:1] == ["movie"]
    with pytest.raises(InvalidSettings):
        corpora.load("films", "test")


def test_the_licence_may_be_a_list() -> None:
    assert hub_data._licence({"license": ["mit", "cc0-1.0"]}) == "mit, cc0-1.0"
