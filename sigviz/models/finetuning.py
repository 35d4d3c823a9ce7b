"""How the bundled adapters were made: LoRA on every linear layer of the base, trained by transformers' own Trainer.

The result is a folder with `adapter_config.json`, `adapter_model.safetensors` and `card.json`.  While training runs,
its checkpoints lie in `checkpoints/` beside them, and the same command carries on from the last one.
"""

import json
import math
import shutil
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import peft
import torch
import transformers
from peft import PeftModel
from transformers import (
    DataCollatorWithPadding,
    EarlyStoppingCallback,
    EvalPrediction,
    PreTrainedTokenizerBase,
    Trainer,
    TrainingArguments,
)

from sigviz.attribution import MAX_SEED
from sigviz.errors import InvalidSettings
from sigviz.models import bundled

MAX_TOKENS = 128  # the longest snippet of the corpora has 87; a bound on what other files may bring


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to train: everything that, with the data, decides the outcome."""

    architecture: str = "minilm"
    seed: int = 1
    epochs: int = 4
    learning_rate: float = 5e-4
    batch: int = 32
    rank: int = 16
    alpha: int = 32
    dropout: float = 0.05
    patience: int = 2  # epochs without a better validation accuracy before training stops

    def __post_init__(self) -> None:
        if self.architecture not in bundled.ARCHITECTURES:
            known = ", ".join(bundled.ARCHITECTURES)
            raise InvalidSettings(f"There is no architecture {self.architecture!r}. Choose one of: {known}.")
        for name in ("epochs", "batch", "rank", "alpha", "patience"):
            if getattr(self, name) < 1:
                raise InvalidSettings(f"{name} is {getattr(self, name)}; it must be at least 1.")
        if not 0 <= self.seed <= MAX_SEED:
            raise InvalidSettings(f"seed is {self.seed}; it must be a whole number from 0 to {MAX_SEED}.")
        if not 0 < self.learning_rate < 1:
            raise InvalidSettings(f"learning_rate is {self.learning_rate}; choose a number between 0 and 1, such as 5e-4.")


@dataclass(frozen=True, slots=True)
class Examples:
    """Texts and their labels (0 .. number of labels - 1) of one split."""

    texts: tuple[str, ...]
    labels: tuple[int, ...]


def finetune(
    recipe: Recipe, data: dict[str, Examples], labels: tuple[str, ...], out: Path, about: dict[str, Any]
) -> dict[str, Any]:
    """Train an adapter on data["train"], keep the epoch that is best on "validation", measure it on "test".

    Carries on from `out`/checkpoints where an earlier run of the same recipe on the same data was stopped.  Writes the
    adapter and its card into `out` and returns the card.  `about`: what the card says of the data (name, licence, command).
    """
    tokenizer = bundled.base_tokenizer()
    trainer = _trainer(recipe, data, labels, out, tokenizer)
    trainer.train(resume_from_checkpoint=_last_checkpoint(_run(recipe, data, labels, about), out))
    evaluated = [row for row in trainer.state.log_history if "eval_accuracy" in row]
    validation = [{"epoch": round(row["epoch"]), "accuracy": row["eval_accuracy"]} for row in evaluated]
    tested = trainer.predict(_Encoded(data["test"], tokenizer)).metrics
    assert tested is not None
    card = _card(recipe, data, labels, about) | _accuracy(tested["test_accuracy"], len(data["test"].texts), validation)
    assert isinstance(trainer.model, PeftModel)
    trainer.model.save_pretrained(str(out))  # safetensors
    (out / "README.md").unlink(missing_ok=True)  # peft writes an empty template; card.json is the card
    (out / "card.json").write_text(json.dumps(card, indent=2) + "\n", "utf-8")
    shutil.rmtree(out / "checkpoints")
    return card


class _Encoded(torch.utils.data.Dataset[dict[str, Any]]):
    def __init__(self, examples: Examples, tokenizer: PreTrainedTokenizerBase) -> None:
        self._ids = tokenizer(list(examples.texts), truncation=True, max_length=MAX_TOKENS)["input_ids"]
        self._labels = examples.labels

    def __len__(self) -> int:
        return len(self._labels)

    def __getitem__(self, i: int) -> dict[str, Any]:
        return {"input_ids": self._ids[i], "labels": self._labels[i]}


def _trainer(
    recipe: Recipe, data: dict[str, Examples], labels: tuple[str, ...], out: Path, tokenizer: PreTrainedTokenizerBase
) -> Trainer:
    model = bundled.build(recipe.architecture, labels, recipe.seed)
    torch.manual_seed(recipe.seed)  # the adapter's own start
    adapted = bundled.with_new_adapter(model, recipe.rank, recipe.alpha, recipe.dropout)
    steps = math.ceil(len(data["train"].texts) / recipe.batch) * recipe.epochs
    arguments = TrainingArguments(
        output_dir=str(out / "checkpoints"),
        per_device_train_batch_size=recipe.batch,
        per_device_eval_batch_size=64,
        num_train_epochs=recipe.epochs,
        learning_rate=recipe.learning_rate,
        lr_scheduler_type="linear",
        warmup_steps=max(1, steps // 16),
        weight_decay=0.01,
        use_cpu=not torch.cuda.is_available(),
        bf16=True,
        train_sampling_strategy="group_by_length",  # little padding: half the time
        eval_strategy="epoch",
        save_strategy="epoch",
        save_total_limit=2,
        load_best_model_at_end=True,
        metric_for_best_model="accuracy",
        logging_steps=50,
        seed=recipe.seed,
        report_to="none",
        dataloader_pin_memory=torch.cuda.is_available(),
    )
    return Trainer(
        model=adapted,
        args=arguments,
        train_dataset=_Encoded(data["train"], tokenizer),
        eval_dataset=_Encoded(data["validation"], tokenizer),
        data_collator=DataCollatorWithPadding(tokenizer),
        compute_metrics=_accuracy_of,
        callbacks=[EarlyStoppingCallback(early_stopping_patience=recipe.patience)],
    )


def _accuracy_of(outcome: EvalPrediction) -> dict[str, float]:
    return {"accuracy": float(np.mean(np.argmax(outcome.predictions, -1) == outcome.label_ids))}


def _run(recipe: Recipe, data: dict[str, Examples], labels: tuple[str, ...], about: dict[str, Any]) -> dict[str, Any]:
    """What makes a run this one: the recipe, and which texts it learns from, is chosen by and is measured on."""
    corpus = {name: about.get(name) for name in ("corpus", "corpus_sha256", "corpus_rules")}
    return {**asdict(recipe), **corpus, "labels": list(labels), "n": _sizes(data)}


def _last_checkpoint(run: dict[str, Any], out: Path) -> str | None:
    """The checkpoint to carry on from, if `out` holds one of this very run; refuses to mix two runs."""
    folder = out / "checkpoints"
    written = folder / "recipe.json"
    folder.mkdir(parents=True, exist_ok=True)
    if written.exists() and _read(written) != run:
        raise InvalidSettings(f"{out.name} holds a run with other settings. Use another --out, or delete its checkpoints.")
    written.write_text(json.dumps(run))
    last: str | None = transformers.trainer_utils.get_last_checkpoint(str(folder))
    return last


def _read(written: Path) -> object:
    try:
        return json.loads(written.read_text())
    except ValueError:  # cut off while it was written
        return None


def _sizes(data: dict[str, Examples]) -> dict[str, int]:
    return {split: len(examples.texts) for split, examples in data.items()}


def _card(recipe: Recipe, data: dict[str, Examples], labels: tuple[str, ...], about: dict[str, Any]) -> dict[str, Any]:
    return {
        "base": bundled.BASE_REPOSITORY,
        "base_sha256": bundled.BASE_FILES["model.safetensors"],
        "labels": list(labels),
        **asdict(recipe),
        **about,
        "n": _sizes(data),
        "versions": {
            "python": sys.version.split()[0],
            **{module.__name__: module.__version__ for module in (torch, transformers, peft)},
        },
    }


def _accuracy(accuracy: float, n: int, validation: list[dict[str, float]]) -> dict[str, Any]:
    error = math.sqrt(accuracy * (1 - accuracy) / n)  # binomial standard error
    return {"validation": validation, "test_accuracy": round(accuracy, 4), "test_standard_error": round(error, 4)}
