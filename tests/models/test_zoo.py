"""Which models can be picked, and loading them: what comes out, and what is refused in which words."""

import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from logging import Handler, LogRecord, getLogger
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import BertForMaskedLM, BertForSequenceClassification, BertModel, IBertConfig, IBertForSequenceClassification
from transformers.utils import logging

from sigviz.errors import Cancelled, InvalidSettings, ModelUnavailable, ModelUnsupported, OutOfMemory, SigvizError
from sigviz.models import bundled, catalogue, zoo
from tests.models.hub_server import Hub, Pull, running, save_tiny, tiny_config

NAME = "lab/tiny"
LABELS = {"id2label": {0: "bad", 1: "good"}, "label2id": {"bad": 0, "good": 1}}
TEXT = "the film was not very good"


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("original") / "tiny", **LABELS)


@pytest.fixture
def folder(original: Path, tmp_path: Path) -> Path:
    """A copy of the tiny model that a test may damage."""
    copy = tmp_path / "my-model"
    copy.mkdir()
    for file in original.iterdir():
        (copy / file.name).write_bytes(file.read_bytes())
    return copy


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with running(tmp_path / "home", monkeypatch) as found:
        yield found


@pytest.fixture(autouse=True)
def looked_up(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Hosts that anybody wanted to reach: never one beyond this machine."""
    hosts: list[str] = []
    real = socket.getaddrinfo

    def noted(host: Any, *rest: Any, **options: Any) -> Any:
        hosts.append(str(host))
        return real(host, *rest, **options)

    monkeypatch.setattr(socket, "getaddrinfo", noted)
    yield hosts
    assert set(hosts) <= {"127.0.0.1"}


def refused(kind: type[SigvizError], name: object, **options: Any) -> str:
    """The message with which loading is refused, once it is seen to be fit for a page: what happened, and what to do."""
    with pytest.raises(kind) as caught:
        zoo.load(str(name), **options)
    assert type(caught.value) is kind
    message = str(caught.value)
    assert not re.search(r"https?:|(?<!\w)/(?:home|root|tmp|usr|var)\b|Traceback|\{|\}|[\x00-\x1f]", message), message
    assert re.search(r"[^.]\. [A-Z].*\.$", message), f"not two sentences: {message}"
    return message


def edit(file: Path, **changes: object) -> None:
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))


def logits(model: Any) -> torch.Tensor:
    return model(torch.tensor([[2, 5, 8, 11, 3]])).logits.detach()


# What can be picked


def test_the_papers_nine_checkpoints_are_presets() -> None:
    bases = ("bert-base-uncased", "roberta-base", "distilbert-base-uncased")
    expected = {f"textattack/{base}-{data}" for base in bases for data in ("imdb", "rotten-tomatoes")}
    expected |= {"textattack/bert-base-uncased-SST-2", "textattack/roberta-base-SST-2"}
    assert set(catalogue.PRESETS) == expected | {"distilbert/distilbert-base-uncased-finetuned-sst-2-english"}


def test_each_table_of_the_paper_has_its_three_models() -> None:
    tables = {(entry.dataset, entry.source) for entry in catalogue.PRESETS.values()}
    assert tables == {("SST-2", "Table 1"), ("IMDB", "Table 2"), ("Rotten Tomatoes", "Table 3")}
    for dataset, _ in tables:
        rows = {entry.title.split(",")[0] for entry in catalogue.PRESETS.values() if entry.dataset == dataset}
        assert rows == {"DistilBERT", "RoBERTa", "BERT"}
    named = {"DistilBERT": "distilbert-", "RoBERTa": "/roberta-", "BERT": "/bert-"}
    assert all(named[entry.title.split(",")[0]] in name for name, entry in catalogue.PRESETS.items())
    assert all(entry.dataset.lower().replace(" ", "-") in name.lower() for name, entry in catalogue.PRESETS.items())


def test_models_lists_the_bundled_ones_first() -> None:
    names = [entry.name for entry in catalogue.models()]
    assert names[:3] == ["bundled/minilm-movie", "bundled/minilm-movie-2", "bundled/distil-movie"]
    assert len(names) == len(set(names)) == 9 + 9
    assert all(name.startswith(catalogue.PREFIX) for name in names[:9])
    assert all(entry.title and entry.description and entry.dataset for entry in catalogue.models())
    assert all(name == entry.name for table in (catalogue.BUNDLED, catalogue.PRESETS) for name, entry in table.items())


# From the Hub


def test_a_hub_model_answers_as_it_was_saved(server: Hub, original: Path) -> None:
    repository = server.add(NAME, original, "pytorch_model.bin", "modeling_tiny.py")
    classifier = zoo.load(NAME)
    assert torch.equal(logits(classifier.model), logits(BertForSequenceClassification.from_pretrained(original).eval()))
    assert classifier.tokenizer.tokenize(TEXT) == TEXT.split()
    assert (classifier.name, classifier.labels, classifier.notes) == (NAME, ("bad", "good"), ())
    assert classifier.revision == repository.commit("main")
    assert not classifier.model.training
    assert classifier.model.dtype == torch.float32
    assert set(server.fetched()) == {"config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"}


def test_shards_and_a_revision_are_loaded(server: Hub, original: Path, tmp_path: Path) -> None:
    repository = server.add(NAME, original)
    shards = save_tiny(tmp_path / "sharded", shard="20KB", **LABELS)
    repository.branches["v2"] = {file.name: file.read_bytes() for file in shards.iterdir()}
    classifier = zoo.load(f" {NAME} ", revision="v2")
    assert classifier.revision == repository.commit("v2")
    assert torch.equal(logits(classifier.model), logits(BertForSequenceClassification.from_pretrained(original).eval()))


def test_progress_and_cancel_reach_the_download(server: Hub, original: Path) -> None:
    server.add(NAME, original)
    cancel, told = threading.Event(), list[int]()

    def progress(done: int, total: int) -> None:
        told.append(done)
        if done > 20_000:
            cancel.set()

    with pytest.raises(Cancelled):
        zoo.load(NAME, progress=progress, cancel=cancel)
    assert 20_000 < told[-1] < 40_000


def test_the_converters_note_reaches_the_classifier(server: Hub, original: Path) -> None:
    repository = server.add(NAME, original, "pytorch_model.bin", pulls=[Pull(7)])
    repository.branches["refs/pr/7"] = dict(repository.branches["main"])
    del repository.branches["main"]["model.safetensors"]
    classifier = zoo.load(NAME)
    assert "SFconvertbot" in classifier.notes[0]
    assert classifier.revision == repository.commit("refs/pr/7")


def test_both_ids_of_the_sst2_distilbert_are_one_model(server: Hub, original: Path) -> None:
    full = "distilbert/distilbert-base-uncased-finetuned-sst-2-english"
    server.add(full, original)
    classifiers = [zoo.load(name) for name in (full, "distilbert-base-uncased-finetuned-sst-2-english")]
    assert [classifier.name for classifier in classifiers] == [full, full]
    assert {classifier.labels for classifier in classifiers} == {("bad", "good")}  # its own, which are readable


def test_textattacks_classes_get_readable_names(server: Hub, tmp_path: Path) -> None:
    plain = save_tiny(tmp_path / "plain")
    for name in ("textattack/bert-base-uncased-imdb", NAME):
        server.add(name, plain)
    assert zoo.load("textattack/bert-base-uncased-imdb").labels == ("negative", "positive")
    assert zoo.load(NAME).labels == ("LABEL_0", "LABEL_1")


def test_two_threads_load_the_same_model(server: Hub, original: Path) -> None:
    server.add(NAME, original)
    start = threading.Barrier(4)

    def load(_: int) -> torch.Tensor:
        start.wait()
        return logits(zoo.load(NAME).model)

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(load, range(4)))
    assert all(torch.equal(answer, answers[0]) for answer in answers)
    assert torch.equal(answers[0], logits(BertForSequenceClassification.from_pretrained(original).eval()))


@pytest.mark.parametrize("config", [{"auto_map": {"AutoModel": "modeling_tiny.X"}}, {"architectures": ["BertForMaskedLM"]}])
def test_what_the_configuration_rules_out_costs_no_weights(server: Hub, folder: Path, config: dict[str, object]) -> None:
    edit(folder / "config.json", **config)
    server.add(NAME, folder)
    refused(ModelUnsupported, NAME)
    assert "config.json" in server.fetched() and "model.safetensors" not in server.fetched()


def test_a_wrong_id_is_said_in_the_hubs_words(server: Hub) -> None:
    assert "no model 'lab/tyni'" in refused(ModelUnavailable, "lab/tyni")
    for name in ("no such folder", "../elsewhere", "x" * 5000, "a\0b", "https://example.org/lab/tiny"):
        with pytest.raises(ModelUnavailable, match="is not a model's id"):
            zoo.load(name)


# From a folder


def test_a_folder_is_loaded_under_its_own_name(folder: Path, looked_up: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    classifier = zoo.load(str(folder))
    assert (classifier.name, classifier.labels) == ("my-model", ("bad", "good"))
    monkeypatch.chdir(folder.parent)
    again = zoo.load("my-model")
    assert torch.equal(logits(again.model), logits(classifier.model)) and again.revision == classifier.revision
    assert looked_up == []


def test_a_changed_folder_is_another_revision(folder: Path) -> None:
    before = zoo.load(str(folder)).revision
    (folder / "notes.txt").write_text("something new")
    assert len(before) == 12 and zoo.load(str(folder)).revision != before


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float64"])
def test_the_model_computes_in_the_precision_asked_for(folder: Path, dtype: str) -> None:
    classifier = zoo.load(str(folder), dtype=dtype, device="cpu")
    assert {parameter.dtype for parameter in classifier.model.parameters()} == {zoo.DTYPES[dtype]}
    assert classifier.model.device.type == "cpu"
    assert torch.get_default_dtype() == torch.float32


def test_nothing_is_printed_and_the_libraries_are_left_as_they_were(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    BertModel(tiny_config()).save_pretrained(folder)
    edit(folder / "config.json", architectures=None)
    records: list[LogRecord] = []
    listener = Handler()
    listener.emit = records.append  # type: ignore[method-assign]
    getLogger("transformers").addHandler(listener)
    logging.set_verbosity_warning()
    before = (logging.get_verbosity(), logging.is_progress_bar_enabled(), logging.set_tqdm_hook(None))
    capfd.readouterr()
    try:
        refused(ModelUnsupported, folder)  # transformers would draw a bar, and report the missing weights
        assert capfd.readouterr() == ("", "")
        assert records == []
        BertForSequenceClassification.from_pretrained(folder)
        assert records and capfd.readouterr().err  # as it does here
    finally:
        getLogger("transformers").removeHandler(listener)
    assert (logging.get_verbosity(), logging.is_progress_bar_enabled(), logging.set_tqdm_hook(None)) == before


@pytest.mark.parametrize("keep", [0, 7, 1000, -1])
def test_weights_that_are_cut_off_are_refused(folder: Path, keep: int) -> None:
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:keep])
    assert "model.safetensors of 'my-model' is cut off" in refused(ModelUnavailable, folder)


@pytest.mark.parametrize("file", ["config.json", "tokenizer_config.json"])
@pytest.mark.parametrize("content", [b"", b"{", b"[1, 2]", b"null", b"\xff\xfe{}", b"[" * 100_000], ids=lambda c: repr(c[:9]))
def test_a_damaged_configuration_is_refused(folder: Path, file: str, content: bytes) -> None:
    (folder / file).write_bytes(content)
    assert f"{file} of 'my-model' is" in refused(ModelUnavailable, folder)


@pytest.mark.parametrize("change", [{"hidden_size": "wide"}, {"hidden_size": None}, {"num_attention_heads": []}])
def test_a_configuration_of_nonsense_is_refused(folder: Path, change: dict[str, object]) -> None:
    edit(folder / "config.json", **change)
    assert "'my-model'" in refused(ModelUnavailable, folder)


@pytest.mark.parametrize("change", [{"hidden_size": 64}, {"vocab_size": 7}, {"num_hidden_layers": 3}, {"hidden_act": "none"}])
def test_a_configuration_for_other_weights_is_refused(folder: Path, change: dict[str, object]) -> None:
    edit(folder / "config.json", **change)
    assert "'my-model'" in refused(ModelUnavailable, folder)


@pytest.mark.parametrize("content", [b"", b"{}", b"{", b"\xff"])
def test_a_damaged_tokenizer_is_refused(folder: Path, content: bytes) -> None:
    (folder / "tokenizer.json").write_bytes(content)
    assert "tokenizer of 'my-model'" in refused(ModelUnavailable, folder)


@pytest.mark.parametrize(
    ("file", "words"),
    [("config.json", "no config.json"), ("tokenizer.json", "no tokenizer"), ("model.safetensors", "no safe weights")],
)
def test_an_incomplete_folder_is_refused(folder: Path, file: str, words: str) -> None:
    (folder / "pytorch_model.bin").write_bytes(b"never to be read")
    (folder / file).unlink()
    assert words in refused(ModelUnavailable, folder)


def test_a_missing_shard_is_refused(tmp_path: Path) -> None:
    folder = save_tiny(tmp_path / "sharded", shard="20KB")
    (folder / "model-00002-of-00006.safetensors").unlink()
    assert "lacks 1 of its weight files" in refused(ModelUnavailable, folder)


@pytest.mark.parametrize("place", ["../outside.safetensors", "pytorch_model.bin", "/etc/passwd", "sub/x.safetensors"])
def test_an_index_that_points_elsewhere_is_not_followed(tmp_path: Path, place: str) -> None:
    folder = save_tiny(tmp_path / "sharded", shard="20KB")
    for file in (tmp_path / "outside.safetensors", folder / "pytorch_model.bin"):
        file.write_bytes((folder / "model-00002-of-00006.safetensors").read_bytes())
    index = json.loads((folder / "model.safetensors.index.json").read_text())
    index["weight_map"] |= {next(iter(index["weight_map"])): place}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    assert "lacks 1 of its weight files" in refused(ModelUnavailable, folder)


@pytest.mark.parametrize("config", [None, {"do_lower_case": True}, {"tokenizer_class": "BertTokenizer"}])
def test_a_tokenizer_of_the_older_form_is_read(folder: Path, config: dict[str, object] | None) -> None:
    words = zoo.load(str(folder)).tokenizer.get_vocab()
    (folder / "tokenizer.json").unlink()
    (folder / "tokenizer_config.json").unlink()
    if config:
        (folder / "tokenizer_config.json").write_text(json.dumps(config))
    (folder / "vocab.txt").write_text("\n".join(sorted(words, key=words.__getitem__)))
    assert zoo.load(str(folder)).tokenizer.tokenize(TEXT.title()) == TEXT.split()


# What was never trained to classify, or wants code of its own


@pytest.mark.parametrize("kind", [BertModel, BertForMaskedLM])
@pytest.mark.parametrize("architectures", ["its own", None, ["BertForSequenceClassification"]])
def test_a_model_without_a_trained_head_is_refused(folder: Path, kind: Callable[..., Any], architectures: object) -> None:
    kind(tiny_config()).save_pretrained(folder)
    if architectures != "its own":
        edit(folder / "config.json", architectures=architectures)  # then only its weights tell
    assert "not trained to classify" in refused(ModelUnsupported, folder)


def test_a_model_that_lacks_a_layers_weights_is_refused(folder: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    del weights["bert.encoder.layer.1.output.dense.weight"]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    assert "lacks some of its weights" in refused(ModelUnavailable, folder)


def test_an_architecture_without_a_text_classifier_is_refused(folder: Path) -> None:
    (folder / "config.json").write_text('{"model_type": "vit"}')
    assert "not trained to classify texts" in refused(ModelUnsupported, folder)


@pytest.mark.parametrize(
    ("file", "change"),
    [
        ("config.json", {"auto_map": {"AutoModelForSequenceClassification": "own_code.Model"}}),
        ("config.json", {"auto_map": {"AutoConfig": "own_code.Config"}, "model_type": "mine"}),
        ("config.json", {"model_type": "mine"}),
        ("config.json", {"model_type": None}),
        ("config.json", {"model_type": ["bert"]}),
        ("tokenizer_config.json", {"auto_map": {"AutoTokenizer": ["own_code.Tokenizer", None]}}),
    ],
)
def test_code_of_a_models_own_is_refused_and_not_run(folder: Path, file: str, change: dict[str, object]) -> None:
    (folder / "own_code.py").write_text(
        f"open({str(folder / 'it-ran')!r}, 'w')\nclass Model: pass\nConfig = Tokenizer = Model\n"
    )
    edit(folder / file, **change)
    assert "never run" in refused(ModelUnsupported, folder)
    assert not (folder / "it-ran").exists()


def test_kernels_and_files_that_a_configuration_names_are_not_used(folder: Path, looked_up: list[str]) -> None:
    expected = logits(zoo.load(str(folder)).model)
    edit(folder / "config.json", attn_implementation="somebody/kernel", _attn_implementation="somebody/kernel")
    edit(folder / "config.json", transformers_weights="adapter_model.bin")
    classifier = zoo.load(str(folder))
    assert torch.equal(logits(classifier.model), expected)
    assert classifier.model.config._attn_implementation in ("eager", "sdpa")
    assert looked_up == []


def test_a_folder_that_is_not_a_whole_model_is_refused(folder: Path) -> None:
    (folder / "adapter_config.json").write_text('{"base_model_name_or_path": "lab/tiny"}')
    assert "adapter" in refused(ModelUnsupported, folder)
    (folder / "adapter_config.json").unlink()
    edit(folder / "config.json", quantization_config={"quant_method": "bitsandbytes"})
    assert "quantised" in refused(ModelUnsupported, folder)


def test_what_the_classifier_itself_refuses_is_passed_on(tmp_path: Path) -> None:
    with pytest.raises(ModelUnsupported, match="regression"):
        zoo.load(str(save_tiny(tmp_path / "regression", num_labels=1)))


def test_word_embeddings_of_another_form_are_refused_in_words(folder: Path) -> None:
    """I-BERT's input layer has no num_embeddings, and answers with a pair."""
    sizes = {"vocab_size": 64, "hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 8}
    IBertForSequenceClassification(IBertConfig(**sizes, max_position_embeddings=64)).save_pretrained(folder)
    assert "cannot be explained" in refused(ModelUnsupported, folder)


FAILURES = [
    RuntimeError("shape '[1, 2]' is invalid"),
    AssertionError(),
    KeyError("x"),
    ZeroDivisionError(),
    AttributeError("x"),
]


@pytest.mark.parametrize("error", FAILURES, ids=repr)
@pytest.mark.parametrize("where", ["to", "forward", "get_input_embeddings"])
def test_whatever_a_class_raises_on_its_first_sentence_is_refused_in_words(
    where: str, error: Exception, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any, **__: Any) -> None:
        raise error

    real = zoo._read

    def read(*given: Any) -> Any:  # the class is whole until its files are read
        found = real(*given)
        monkeypatch.setattr(BertForSequenceClassification, where, fails)
        return found

    monkeypatch.setattr(zoo, "_read", read)
    assert "cannot be explained" in refused(ModelUnsupported, folder)


@pytest.mark.parametrize("error", [RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"), MemoryError()])
def test_a_first_sentence_that_does_not_fit_into_memory_is_said(
    error: Exception, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(BertForSequenceClassification, "forward", fails)
    assert "memory" in refused(OutOfMemory, folder)


@pytest.mark.parametrize("place", ["folder", "file"])
def test_what_may_not_be_read_is_said(place: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*_: Any, **__: Any) -> None:
        raise PermissionError(13, "Permission denied", str(folder))

    if place == "folder":
        monkeypatch.setattr(Path, "iterdir", denied)
    else:
        monkeypatch.setattr(zoo, "safe_open", denied)
    assert "permissions" in refused(ModelUnavailable, folder)


def test_the_next_model_loads_after_one_was_refused(folder: Path, original: Path) -> None:
    (folder / "tokenizer.json").write_bytes(b"{")
    refused(ModelUnavailable, folder)
    assert zoo.load(str(original)).labels == ("bad", "good")  # the lock is free again


# Devices and precisions


@pytest.mark.parametrize(
    ("cuda", "mps", "dtype", "device"),
    [(1, True, "float32", "cuda"), (0, True, "float32", "mps"), (0, True, "float64", "cpu"), (0, False, "bfloat16", "cpu")],
)
def test_auto_takes_the_best_device_that_can(
    monkeypatch: pytest.MonkeyPatch, folder: Path, cuda: int, mps: bool, dtype: str, device: str
) -> None:
    machine(monkeypatch, cuda, mps)
    moved: list[str] = []

    def to(self: Any, device: torch.device, dtype: torch.dtype) -> None:
        moved.append(str(device))

    monkeypatch.setattr(BertForSequenceClassification, "to", to)
    zoo.load(str(folder), dtype=dtype)
    assert moved == [device]


def machine(monkeypatch: pytest.MonkeyPatch, cuda: int, mps: bool) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)


@pytest.mark.parametrize(
    ("device", "dtype", "words"),
    [
        ("cuda", "float32", "no device cuda"),
        ("cuda:1", "float32", "no device cuda:1"),
        ("cpu:1", "float32", "no device cpu:1"),
        ("mps", "float64", "float64"),
        ("tpu", "float32", "choose auto"),
        ("", "float32", "choose auto"),
        ("cuda:-1", "float32", "choose auto"),
        ("auto", "float16", "choose one of: float32, bfloat16, float64"),
        ("auto", "", "choose one of"),
    ],
)
def test_a_device_or_precision_that_is_not_there_is_said(
    monkeypatch: pytest.MonkeyPatch, folder: Path, device: str, dtype: str, words: str
) -> None:
    machine(monkeypatch, cuda=0, mps=device == "mps")
    with pytest.raises(InvalidSettings, match=re.escape(words)):
        zoo.load(str(folder), device=device, dtype=dtype)


def test_a_gpu_beyond_the_last_is_not_there(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    machine(monkeypatch, cuda=1, mps=False)
    with pytest.raises(InvalidSettings, match="no device cuda:1"):
        zoo.load(str(folder), device="cuda:1")


def test_a_model_too_large_for_the_device_is_said(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    def to(self: Any, **_: Any) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20 GiB.")

    monkeypatch.setattr(BertForSequenceClassification, "to", to)
    assert "memory" in refused(OutOfMemory, folder)


# Bundled models


@pytest.fixture(scope="module")
def adapter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An untrained adapter of the smallest bundled kind, as finetuning writes it."""
    out = tmp_path_factory.mktemp("adapters") / "distil-movie"
    model = bundled.with_new_adapter(bundled.build("distil", ("negative", "positive"), seed=1), rank=1, alpha=1, dropout=0.0)
    model.save_pretrained(out)
    (out / "card.json").write_text(json.dumps({"architecture": "distil", "labels": ["negative", "positive"], "seed": 1}))
    return out


def test_a_bundled_model_loads_without_a_network(
    adapter: Path,
    monkeypatch: pytest.MonkeyPatch,
    looked_up: list[str],
    capfd: pytest.CaptureFixture[str],
    recwarn: pytest.WarningsRecorder,
) -> None:
    monkeypatch.setattr(bundled, "ADAPTERS", adapter.parent)
    capfd.readouterr()
    recwarn.clear()
    classifier = zoo.load("bundled/distil-movie", dtype="float64")
    assert (classifier.name, classifier.labels) == ("bundled/distil-movie", ("negative", "positive"))
    assert classifier.model.dtype == torch.float64
    own = zoo.load(str(adapter))  # as does one that a user has trained, by its folder
    assert own.name == "distil-movie"
    assert torch.allclose(logits(own.model), logits(classifier.model).float(), atol=1e-5)
    assert looked_up == []
    assert capfd.readouterr() == ("", "")
    assert not recwarn.list


def test_an_unknown_bundled_name_lists_what_there_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bundled" / "mine").mkdir(parents=True)  # not even if there is a folder of that name
    for name in ("bundled/mine", "bundled/", "bundled/../../secret"):
        assert "bundled/minilm-movie, bundled/minilm-movie-2, bundled/distil-movie" in refused(ModelUnavailable, name)


@pytest.mark.parametrize("file", ["card.json", "adapter_config.json", "adapter_model.safetensors"])
def test_a_bundled_model_that_is_not_whole_is_said(
    adapter: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, looked_up: list[str], file: str
) -> None:
    copy = tmp_path / "distil-movie"
    copy.mkdir()
    for each in adapter.iterdir():
        if each.name != file and each.is_file():
            (copy / each.name).write_bytes(each.read_bytes())
    monkeypatch.setattr(bundled, "ADAPTERS", tmp_path)
    assert f"no {file}" in refused(ModelUnavailable, "bundled/distil-movie")
    (copy / file).write_bytes(b"{")
    assert "'bundled/distil-movie' cannot be loaded" in refused(ModelUnavailable, "bundled/distil-movie")
    assert looked_up == []


def test_every_bundled_name_has_a_folder_of_its_own() -> None:
    assert len({name.removeprefix("bundled/") for name in catalogue.BUNDLED}) == len(catalogue.BUNDLED) == 9
    assert all(name.startswith(catalogue.PREFIX) for name in catalogue.BUNDLED)
