"""The command that trains an adapter: finetune."""

import argparse
from pathlib import Path

from sigviz.errors import InvalidSettings


def add_finetune(parser: argparse.ArgumentParser) -> None:
    """The flags of `finetune`."""
    parser.set_defaults(run=_finetune)
    parser.add_argument("--corpus", required=True)
    parser.add_argument("--out", required=True, type=Path, metavar="DIR")
    parser.add_argument("--architecture", default="minilm", help="minilm (6 layers) or distil (3 layers)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--learning-rate", type=float, default=5e-4)
    parser.add_argument("--rank", type=int, default=16)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--patience", type=int, default=2, help="epochs without a better validation accuracy before it stops")
    parser.add_argument("--limit", type=int, help="train on a seeded random sample of this size")


def _finetune(given: argparse.Namespace) -> None:
    from sigviz.models import finetuning  # the trainer is slow to import, and only this command needs it
    from sigviz.studies import corpora, rated

    names = ("architecture", "seed", "epochs", "learning_rate", "rank", "batch", "patience")
    recipe = finetuning.Recipe(**{name: getattr(given, name) for name in names})
    if given.limit is not None and given.limit < 1:
        raise InvalidSettings(f"limit is {given.limit}; it must be at least 1. Leave it out to train on everything.")
    if given.out.exists() and not given.out.is_dir():
        raise InvalidSettings(f"{given.out} is a file. Give --out a folder, or a name that is not there yet.")
    # an accuracy is only worth something on the whole of the other two: the limit is the training texts' alone
    splits = corpora.for_training(given.corpus, limit=given.limit, seed=given.seed)
    given.out.mkdir(parents=True, exist_ok=True)  # a place that takes nothing is met now, not after the first epoch
    data = {split: finetuning.Examples(part.texts, corpora.labelled(part)) for split, part in splits.items()}
    chosen = {name: getattr(given, name) for name in (*names, "limit") if getattr(given, name) is not None}
    flags = [f"--{name.replace('_', '-')} {value}" for name, value in chosen.items()]
    about = {
        "corpus": given.corpus,
        "corpus_licence": splits["train"].licence,
        "corpus_sha256": splits["train"].sha256,
        "corpus_rules": corpora.RULES if given.corpus in rated.FILES else "labels and splits as the corpus gives them",
        "licence": "Apache-2.0",
        "command": f"python -m sigviz finetune --corpus {given.corpus} --out {given.out} {' '.join(flags)}",
    }
    card = finetuning.finetune(recipe, data, splits["train"].label_names or corpora.LABELS, given.out, about)
    accuracy, error, n = card["test_accuracy"], card["test_standard_error"], card["n"]["test"]
    print(f"test accuracy {accuracy:.4f} (standard error {error:.4f}, n = {n})")
