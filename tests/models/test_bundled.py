"""The bundled models: the right base, the adapters as their cards say, and what happens when a file is not there."""

import math
import threading
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from sigviz.errors import Cancelled, ModelUnavailable
from sigviz.models import bundled, catalogue, zoo
from sigviz.studies import corpora

FOLDERS = sorted(folder for folder in bundled.ADAPTERS.iterdir() if (folder / "card.json").exists())
LEAST = {  # test accuracy that each must have: about one standard error below what it has
    "minilm-movie": 0.855,
    "minilm-movie-2": 0.85,
    "distil-movie": 0.82,
    "minilm-amazon": 0.83,
    "minilm-amazon-2": 0.83,
    "minilm-nyt": 0.845,
    "minilm-nyt-2": 0.82,
    "minilm-tweets": 0.94,
    "minilm-tweets-2": 0.94,
}
TESTED = {"movie": 1011, "amazon": 314, "nyt": 361, "tweets": 362}  # texts of the test splits
SAMPLE = 200


def test_all_nine_are_there_and_no_other() -> None:
    assert {folder.name for folder in FOLDERS} == set(LEAST)
    assert set(catalogue.BUNDLED) == {f"bundled/{name}" for name in LEAST}


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_card_says_how_its_adapter_was_made(folder: Path) -> None:
    card = bundled.read_card(folder)
    about = {"corpus", "corpus_sha256", "corpus_rules", "n", "command", "licence"}
    wanted = about | {"architecture", "labels", "seed", "validation", "versions"}
    assert wanted <= set(card)
    assert card["test_accuracy"] >= LEAST[folder.name]
    n, p = card["n"]["test"], card["test_accuracy"]
    assert n == TESTED[card["corpus"]] == len(corpora.load(card["corpus"], "test"))
    assert card["test_standard_error"] == pytest.approx(math.sqrt(p * (1 - p) / n), abs=1e-4)
    assert sum(file.stat().st_size for file in folder.iterdir()) < 4e6


QUICKLY = ("minilm-movie", "distil-movie", "minilm-tweets")
BY_SAMPLE = [pytest.param(one, marks=() if one.name in QUICKLY else pytest.mark.soak, id=one.name) for one in FOLDERS]


@pytest.mark.parametrize("folder", BY_SAMPLE)
def test_the_accuracy_of_the_card_is_found_again(folder: Path) -> None:
    classifier = zoo.load(f"bundled/{folder.name}")
    card = bundled.read_card(folder)
    corpus = corpora.load(card["corpus"], "test", limit=SAMPLE, seed=1)
    right = 0
    for text, label in zip(corpus.texts, corpus.labels, strict=True):
        with torch.no_grad():
            right += int(classifier.logits(classifier.embed(classifier.encode(text).ids)[None]).argmax()) == label
    error = math.sqrt(card["test_accuracy"] * (1 - card["test_accuracy"]) / SAMPLE)
    assert abs(right / SAMPLE - card["test_accuracy"]) < 4 * error


def test_the_small_model_is_every_second_layer_of_the_base() -> None:
    base = load_file(bundled.base_file("model.safetensors"))
    small = bundled.build("distil", ("no", "yes"), seed=1).state_dict()
    for place, layer in enumerate(bundled.DISTILLED_LAYERS):
        mine = small[f"distilbert.transformer.layer.{place}.attention.q_lin.weight"]
        torch.testing.assert_close(mine, base[f"encoder.layer.{layer}.attention.self.query.weight"], rtol=0, atol=0)
        mine = small[f"distilbert.transformer.layer.{place}.output_layer_norm.bias"]
        torch.testing.assert_close(mine, base[f"encoder.layer.{layer}.output.LayerNorm.bias"], rtol=0, atol=0)
    positions = base["embeddings.position_embeddings.weight"] + base["embeddings.token_type_embeddings.weight"][0]
    torch.testing.assert_close(small["distilbert.embeddings.position_embeddings.weight"], positions, rtol=0, atol=0)


@pytest.mark.parametrize("architecture", bundled.ARCHITECTURES)
def test_only_the_head_is_new(architecture: str) -> None:
    one, other = (bundled.build(architecture, ("no", "yes"), seed).state_dict() for seed in (1, 2))
    differing = {name for name in one if not torch.equal(one[name], other[name])}
    assert differing and all("classifier" in name for name in differing)


def test_another_file_than_the_pinned_one_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tokenizer.json").write_text("{}")
    monkeypatch.setattr(bundled, "_installed", lambda name: tmp_path / name)
    bundled.base_file.cache_clear()
    try:
        with pytest.raises(ModelUnavailable, match="not the file it should be"):
            bundled.base_file("tokenizer.json")
    finally:
        bundled.base_file.cache_clear()


def test_without_the_package_the_hub_is_asked_for_the_same_file(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def fetched(repository: str, name: str, hint: str) -> Path:
        asked.append((repository, name, hint))
        return real

    real = bundled.base_file("tokenizer.json")
    monkeypatch.setattr(bundled, "_installed", lambda name: None)
    monkeypatch.setattr(bundled, "fetch_file", fetched)
    bundled.base_file.cache_clear()
    try:
        assert bundled.base_file("tokenizer.json") == real
    finally:
        bundled.base_file.cache_clear()
    ((repository, name, hint),) = asked  # found once, it is not looked for again
    assert (repository, name) == (bundled.BASE_REPOSITORY, "tokenizer.json") and bundled.BASE_PACKAGE in hint


def test_a_download_of_the_weights_tells_how_far_it_is_and_is_asked_for_again_after_a_stop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = {name: bundled.base_file(name) for name in bundled.BASE_FILES}
    stopped, told = [True], list[tuple[int, int]]()

    def fetched(repository: str, name: str, hint: str, progress=None, cancel=None) -> Path:
        if cancel and stopped:
            raise Cancelled("The download was cancelled.")
        if progress:
            progress(90, 90)
        return real[name]

    monkeypatch.setattr(bundled, "_installed", lambda name: None)
    monkeypatch.setattr(bundled, "fetch_file", fetched)
    bundled.base_file.cache_clear()
    try:
        cancel = threading.Event()
        with pytest.raises(Cancelled):
            zoo.load("bundled/distil-movie", cancel=cancel)
        stopped.clear()
        assert zoo.load("bundled/distil-movie", progress=lambda *done: told.append(done), cancel=cancel).labels
        assert told == [(90, 90)]
        assert bundled.base_file.cache_info().currsize == len(real)
    finally:
        bundled.base_file.cache_clear()


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_adapter_left_beside_the_weights_makes_the_same_function(folder: Path) -> None:
    merged, apart = (zoo.load(f"bundled/{folder.name}", merged=merged) for merged in (True, False))
    names = [{name for name, _ in one.model.named_modules() if "lora_A" in name} for one in (merged, apart)]
    assert not names[0] and names[1], "only the one has adapter layers"
    texts = (
        "a hideous , confusing spectacle",
        "a plain film",
        "the plot is not dull , but very slow and sad",
        "great",
        "no !",
    )
    read = [merged.encode(text).ids for text in texts]  # several: of one text the rounded logits may be the same by chance
    with torch.no_grad():
        answers = [torch.cat([one.logits(one.embed(ids)[None]) for ids in read]) for one in (merged, apart)]
    assert not torch.equal(*answers), "both added the adapter into the weights"
    torch.testing.assert_close(*answers, rtol=1e-4, atol=1e-4)
    assert not apart.model.training and not any(weights.requires_grad for weights in apart.model.parameters())
