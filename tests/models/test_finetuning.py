"""Training adapters: small runs of the real thing."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from transformers import TrainerCallback

from sigviz.errors import InvalidSettings
from sigviz.models import finetuning, zoo
from sigviz.models.finetuning import Examples, Recipe

GOOD = ("a lovely film", "wonderful and warm", "a great story", "funny and smart", "I loved it", "a joy to watch")
BAD = ("a dull film", "boring and cold", "a bad story", "stupid and slow", "I hated it", "a pain to watch")
DATA = {
    split: Examples(GOOD * times + BAD * times, (1,) * len(GOOD) * times + (0,) * len(BAD) * times)
    for split, times in (("train", 2), ("validation", 1), ("test", 1))
}
RECIPE = Recipe(architecture="distil", seed=5, epochs=2, learning_rate=2e-3, batch=8, rank=4)
ABOUT = {"corpus": "test", "licence": "Apache-2.0", "command": "none"}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    out = tmp_path_factory.mktemp("trained")
    return out, finetuning.finetune(RECIPE, DATA, ("bad", "good"), out, ABOUT)


def test_the_folder_holds_an_adapter_and_its_card_and_nothing_to_unpickle(trained: tuple[Path, dict[str, Any]]) -> None:
    out, card = trained
    assert {file.name for file in out.iterdir()} == {"adapter_config.json", "adapter_model.safetensors", "card.json"}
    assert json.loads((out / "card.json").read_text()) == card
    assert card["n"] == {"train": 24, "validation": 12, "test": 12} and len(card["validation"]) == 2
    assert 0 <= card["test_accuracy"] <= 1 and card["seed"] == 5


def test_a_trained_adapter_can_be_loaded_and_explains(trained: tuple[Path, dict[str, Any]]) -> None:
    classifier = zoo.load(str(trained[0]))
    assert classifier.labels == ("bad", "good")


def test_a_run_that_was_stopped_goes_on_to_the_same_adapter(
    trained: tuple[Path, dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(Exception):
        pass

    class KillAfterFirstEpoch(TrainerCallback):
        def on_epoch_begin(self, args: Any, state: Any, control: Any, **given: Any) -> None:
            if state.epoch and state.epoch >= 1:
                raise Killed

    whole = finetuning._trainer
    with monkeypatch.context() as patched:

        def killed(*given: Any) -> Any:
            trainer = whole(*given)
            trainer.add_callback(KillAfterFirstEpoch())
            return trainer

        patched.setattr(finetuning, "_trainer", killed)
        with pytest.raises(Killed):
            finetuning.finetune(RECIPE, DATA, ("bad", "good"), tmp_path, ABOUT)
    assert (tmp_path / "checkpoints").exists() and not (tmp_path / "card.json").exists()
    card = finetuning.finetune(RECIPE, DATA, ("bad", "good"), tmp_path, ABOUT)
    assert card == trained[1]
    mine, theirs = (load_file(folder / "adapter_model.safetensors") for folder in (tmp_path, trained[0]))
    for name in theirs:
        torch.testing.assert_close(mine[name], theirs[name], rtol=1e-3, atol=1e-5)


def test_two_recipes_are_not_mixed(tmp_path: Path) -> None:
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "recipe.json").write_text(json.dumps({"seed": 1}))
    with pytest.raises(InvalidSettings, match="other settings"):
        finetuning.finetune(RECIPE, DATA, ("bad", "good"), tmp_path, ABOUT)


FEWER = DATA | {"train": Examples(DATA["train"].texts[:-1], DATA["train"].labels[:-1])}


@pytest.mark.parametrize(
    ("data", "about"),
    [(DATA, ABOUT | {"corpus": "other"}), (DATA, ABOUT | {"corpus_sha256": "1f"}), (FEWER, ABOUT)],
    ids=["another corpus", "another version of it", "another limit"],
)
def test_a_run_is_not_carried_on_with_other_data(data: dict[str, Examples], about: dict[str, str], tmp_path: Path) -> None:
    labels = ("bad", "good")
    assert finetuning._last_checkpoint(finetuning._run(RECIPE, DATA, labels, ABOUT), tmp_path) is None
    assert finetuning._last_checkpoint(finetuning._run(RECIPE, DATA, labels, ABOUT), tmp_path) is None
    with pytest.raises(InvalidSettings, match="other settings"):
        finetuning._last_checkpoint(finetuning._run(RECIPE, data, labels, about), tmp_path)


def test_a_record_that_was_cut_off_is_not_carried_on(tmp_path: Path) -> None:
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "recipe.json").write_text('{"seed": ')
    with pytest.raises(InvalidSettings, match="other settings"):
        finetuning._last_checkpoint(finetuning._run(RECIPE, DATA, ("bad", "good"), ABOUT), tmp_path)


@pytest.mark.parametrize("wrong", [{"architecture": "gpt"}, {"epochs": 0}, {"rank": -1}, {"learning_rate": 2.0}, {"seed": -1}])
def test_a_recipe_that_cannot_work_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidSettings, match=next(iter(wrong))):
        Recipe(**wrong)
