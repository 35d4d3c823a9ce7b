"""Which models can be picked, and loading them: bundled ones, folders on this machine, and everything on the Hub.

Whatever a checkpoint asks for, no code of its own is run: transformers' own classes, safetensors, no network once the
files are here.  What cannot be loaded, or was never trained to classify, is refused in words.
"""

import hashlib
import json
import os
import re
import threading
import warnings
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from transformers import (
    CONFIG_MAPPING,
    MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING,
    AutoConfig,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    PreTrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)
from transformers.utils import logging

from sigviz.errors import InvalidSettings, ModelUnavailable, ModelUnsupported, OutOfMemory, SigvizError
from sigviz.models import bundled, hub
from sigviz.models.catalogue import ALIASES, BUNDLED, PREFIX, PRESETS
from sigviz.models.classifier import TextClassifier
from sigviz.models.hub import shown

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float64": torch.float64}
Loaded = tuple[PreTrainedModel, PreTrainedTokenizerBase]
# from_pretrained and bundled.load change what the whole process shares (default dtype, random state, verbosity)
_LOADING = threading.Lock()


def load(
    name: str,
    *,
    device: str = "auto",
    dtype: str = "float32",
    revision: str | None = None,
    progress: hub.Progress | None = None,
    cancel: threading.Event | None = None,
    merged: bool = True,
) -> TextClassifier:
    """A classifier ready to be explained: a bundled model, an existing folder, or a model of the Hub by its id.

    device: "auto" (CUDA, then Apple's MPS, then the CPU), "cpu", "cuda", "cuda:1", "mps".  dtype: a key of DTYPES.
    revision matters to models of the Hub; progress(bytes done, bytes in all) and cancel to whatever has to be fetched.
    merged matters to bundled models: False leaves the adapter beside the weights (see bundled.load).  Nothing is cached here.

    Raises: ModelUnavailable, ModelUnsupported, InvalidSettings (device, dtype), OutOfMemory, Cancelled.
    """
    place = _place(device, dtype)
    name = ALIASES.get(name.strip(), name.strip())
    labels = PRESETS[name].labels if name in PRESETS else ()
    commit, notes = "", tuple[str, ...]()
    if name.startswith(PREFIX):
        model, tokenizer = _adapted(_bundled_folder(name), name, progress, cancel, merged)
    elif os.path.isdir(name):
        folder = Path(name).resolve()
        name = folder.name  # from here on: neither a message nor a result holds a path of this machine
        commit, is_adapter = _looked_at(folder, name)
        model, tokenizer = _adapted(folder, name, progress, cancel) if is_adapter else _read(folder, name, DTYPES[dtype])
    else:
        found = hub.fetch_model(name, revision, progress, cancel, check=lambda folder: _checked_config(folder, name))
        commit, notes = found.revision, found.notes
        model, tokenizer = _read(found.folder, name, DTYPES[dtype])
    with _trying(name):
        model.to(device=place, dtype=DTYPES[dtype])  # type: ignore[call-arg] # a decorator that hides nn.Module's own
        return TextClassifier(model, tokenizer, name=name, revision=commit, labels=labels or None, notes=notes)


def _looked_at(folder: Path, name: str) -> tuple[str, bool]:
    """A folder's fingerprint, and whether it holds an adapter made by sigviz.models.finetuning."""
    try:
        return _fingerprint(folder), (folder / "card.json").is_file()
    except OSError as error:
        raise ModelUnavailable(_UNREADABLE.format(name=shown(name))) from error


_UNREADABLE = "The files of {name} cannot be read. Check their permissions and the disk, or choose another model."


def _fingerprint(folder: Path) -> str:
    """Tells two folders of one name apart, and a folder from what it was before its files changed: 12 hexadecimal digits."""
    files = sorted((str(file), file.stat().st_size, file.stat().st_mtime_ns) for file in folder.iterdir() if file.is_file())
    return hashlib.sha256(repr(files).encode()).hexdigest()[:12]


def _place(device: str, dtype: str) -> torch.device:
    """The device that is meant, if this machine has it and it can compute in this precision."""
    if dtype not in DTYPES:
        raise InvalidSettings(f"dtype is {shown(str(dtype))}; choose one of: {', '.join(DTYPES)}.")
    cuda, mps = torch.cuda.device_count() if torch.cuda.is_available() else 0, torch.backends.mps.is_available()
    if device == "auto":
        return torch.device("cuda" if cuda else "mps" if mps and dtype != "float64" else "cpu")
    asked = re.fullmatch(r"(cpu|mps|cuda)(?::(\d{1,3}))?", device)
    if not asked:
        raise InvalidSettings(f"device is {shown(str(device))}; choose auto, cpu, cuda, cuda:1 or mps.")
    kind, index = asked[1], int(asked[2] or 0)
    if index >= {"cpu": 1, "mps": int(mps), "cuda": cuda}[kind]:
        raise InvalidSettings(f"This machine has no device {device} that PyTorch can use. Choose auto or cpu.")
    if kind == "mps" and dtype == "float64":
        raise InvalidSettings("Apple's MPS cannot compute in float64. Choose dtype float32, or device cpu.")
    return torch.device(device)


def _bundled_folder(name: str) -> Path:
    if name not in BUNDLED:
        raise ModelUnavailable(f"There is no bundled model {shown(name)}. There are: {', '.join(BUNDLED)}.")
    return bundled.ADAPTERS / name.removeprefix(PREFIX)


def _adapted(
    folder: Path, name: str, progress: hub.Progress | None, cancel: threading.Event | None, merged: bool = True
) -> Loaded:
    """A model whose adapter this project trained."""
    for file in ("card.json", "adapter_config.json", "adapter_model.safetensors"):
        if not (folder / file).is_file():  # peft would go and look for it on the Hub
            raise ModelUnavailable(f"{shown(name)} has no {file}. Reinstall sigviz, or train the adapter again.")
    bundled.fetch_base(progress, cancel)  # a download, where it is one, must not hold up others
    with _loading(name):
        return bundled.load(folder, merged=merged)


def _read(folder: Path, name: str, dtype: torch.dtype) -> Loaded:
    """The checkpoint and the tokenizer of a folder, by transformers, from what cannot carry code."""
    with _loading(name):
        hub.refuse_incomplete(name, os.listdir(folder))
        config = _checked_config(folder, name)
        _refuse_damaged_weights(folder, name)
        model, report = AutoModelForSequenceClassification.from_pretrained(
            folder, config=config, dtype=dtype, use_safetensors=True, output_loading_info=True, **_AS_IT_IS
        )
        _refuse_untrained(model, report["missing_keys"], name)
        try:
            return model, AutoTokenizer.from_pretrained(folder, **_AS_IT_IS)
        except Exception as error:
            raise ModelUnavailable(f"The tokenizer of {shown(name)} cannot be read. Choose another model.") from error


_AS_IT_IS: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}


@contextmanager
def _loading(name: str) -> Iterator[None]:
    """One load at a time, without the libraries' bars and reports; whatever they refuse becomes ModelUnavailable."""
    with _LOADING, warnings.catch_warnings(action="ignore", category=FutureWarning):  # peft's use of transformers
        verbosity = logging.get_verbosity()
        logging.set_verbosity_error()
        hook = logging.set_tqdm_hook(lambda _, args, kwargs: logging.EmptyTqdm(*args, **kwargs))
        try:
            yield
        except SigvizError:
            raise
        except PermissionError as error:
            raise ModelUnavailable(_UNREADABLE.format(name=shown(name))) from error
        except Exception as error:  # thousands of architectures: there is no list of what their classes raise
            _refuse_too_large(error, name)
            raise ModelUnavailable(
                f"{shown(name)} cannot be loaded: its files do not fit together, or not this version of transformers "
                f"({type(error).__name__}). Choose another model, or save it again with save_pretrained."
            ) from error
        finally:
            logging.set_verbosity(verbosity)
            logging.set_tqdm_hook(hook)


@contextmanager
def _trying(name: str) -> Iterator[None]:
    """The model goes to its device and reads its first sentence: whatever its class raises becomes ModelUnsupported."""
    try:
        yield
    except SigvizError:
        raise
    except Exception as error:
        _refuse_too_large(error, name)
        raise ModelUnsupported(
            f"{shown(name)} cannot be explained: its class fails on a plain sentence ({type(error).__name__}). Choose another "
            "model."
        ) from error


def _refuse_too_large(error: Exception, name: str) -> None:
    said = str(error).lower()  # only CUDA's allocator and Python have a type for it
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)) or "out of memory" in said or "allocate memory" in said:
        raise OutOfMemory(f"{shown(name)} does not fit into memory. Choose a smaller model, or device cpu.") from error


def _checked_config(folder: Path, name: str) -> PreTrainedConfig:
    """The configuration, if it is a text classifier's that needs no code of its own; looked at before weights are fetched."""
    content = _json(folder / hub.CONFIG, name)
    kind = content.get("model_type")
    tokenizer = folder / "tokenizer_config.json"
    own_code = content.get("auto_map") or (tokenizer.is_file() and _json(tokenizer, name).get("auto_map"))
    if own_code or kind not in list(CONFIG_MAPPING):
        raise ModelUnsupported(
            f"{shown(name)} (model type {shown(str(kind))}) needs program code of its own, which is never run. Choose a model "
            "that transformers can load by itself, such as a plain BERT or RoBERTa."
        )
    if content.get("quantization_config"):
        raise ModelUnsupported(f"{shown(name)} is quantised, and gradients need full precision. Choose its plain form.")
    try:
        config: PreTrainedConfig = AutoConfig.from_pretrained(folder, **_AS_IT_IS)
    except Exception as error:
        raise ModelUnavailable(f"The {hub.CONFIG} of {shown(name)} is not valid. Choose another model.") from error
    trained = config.architectures or ["ForSequenceClassification"]  # where it does not say, its weights will
    if type(config) not in MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING or not any(
        str(architecture).endswith("ForSequenceClassification") for architecture in trained
    ):
        raise ModelUnsupported(_NO_CLASSIFIER.format(name=shown(name)))
    config._attn_implementation = None  # both can name files of anybody's: what runs is for transformers to decide
    config.transformers_weights = None
    return config


_NO_CLASSIFIER = (
    "{name} was not trained to classify texts, so its answers would be random. Choose a model that was fine-tuned for text "
    "classification."
)


def _json(file: Path, name: str) -> dict[str, Any]:
    try:
        content = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ModelUnavailable(f"The {file.name} of {shown(name)} is damaged. Fetch or save the model again.") from error
    if not isinstance(content, dict):
        raise ModelUnavailable(f"The {file.name} of {shown(name)} is not what it should be. Fetch or save the model again.")
    return content


def _refuse_damaged_weights(folder: Path, name: str) -> None:
    files = set(hub.weight_files(os.listdir(folder)))
    if hub.INDEX in files:
        wanted = _json(folder / hub.INDEX, name).get("weight_map") or {}
        # a name that is not a shard of this folder's (a pickle, another folder) counts as missing and is never opened
        if missing := {str(file) for file in dict(wanted).values()} - files:
            raise ModelUnavailable(f"{shown(name)} lacks {len(missing)} of its weight files. Fetch or save the model again.")
    for file in files - {hub.INDEX}:
        try:
            with safe_open(folder / file, framework="pt"):
                pass
        except SafetensorError as error:
            raise ModelUnavailable(f"{file} of {shown(name)} is cut off or damaged. Fetch or save the model again.") from error


def _refuse_untrained(model: PreTrainedModel, missing: Collection[str], name: str) -> None:
    encoder = f"{model.base_model_prefix}."
    if any(not key.startswith(encoder) for key in missing):
        raise ModelUnsupported(_NO_CLASSIFIER.format(name=shown(name)))
    if missing:
        raise ModelUnavailable(f"{shown(name)} lacks some of its weights. Fetch or save the model again.")
