"""The catalogue: which models have names, which belong together, and that what it says of them is so."""

import pytest

from sigviz.models import bundled, catalogue
from sigviz.models.catalogue import BUNDLED, PRESETS, twin
from sigviz.studies import corpora

PAIRED = ("movie", "amazon", "nyt", "tweets")


@pytest.mark.parametrize("corpus", PAIRED)
def test_a_pair_differs_by_its_random_start_alone(corpus: str) -> None:
    first, second = f"bundled/minilm-{corpus}", f"bundled/minilm-{corpus}-2"
    assert twin(first) == second and twin(second) == first
    assert BUNDLED[first].dataset == BUNDLED[second].dataset and BUNDLED[first].dataset.split()[0] == corpus
    cards = [bundled.read_card(bundled.ADAPTERS / name.removeprefix(catalogue.PREFIX)) for name in (first, second)]
    # what happened, and not what was asked: epochs trained may differ, as the best on validation is kept
    own = {"seed", "command", "validation", "test_accuracy", "test_standard_error", "versions"}
    one, other = ({key: value for key, value in card.items() if key not in own} for card in cards)
    assert one == other
    assert cards[0]["seed"] != cards[1]["seed"] and cards[0]["corpus"] == corpus


@pytest.mark.parametrize(
    "name", ["bundled/distil-movie", *PRESETS, "bundled/none", "bundled/none-2", "-2", "", "owner/name-2"]
)
def test_other_models_have_no_twin(name: str) -> None:
    assert twin(name) is None


def test_pairs_are_made_of_bundled_models_only() -> None:
    pairs = {frozenset((name, twin(name))) for name in BUNDLED if twin(name)}
    assert len(pairs) == len(PAIRED) and {len(pair) for pair in pairs} == {2}
    assert {name for pair in pairs for name in pair} == {*BUNDLED} - {"bundled/distil-movie"}


def test_titles_tell_the_models_apart_and_entries_stand_under_their_names() -> None:
    entries = catalogue.models()
    assert [entry.name for entry in entries] == [*BUNDLED, *PRESETS]
    assert len({entry.title for entry in entries}) == len(entries)
    assert all(table[name].name == name for table in (BUNDLED, PRESETS) for name in table)
    assert all(name.startswith(catalogue.PREFIX) for name in BUNDLED)
    assert not any(name.startswith(catalogue.PREFIX) for name in PRESETS)
    assert next(iter(BUNDLED)) == catalogue.DEFAULT == "bundled/minilm-movie"


def test_bundled_models_were_trained_on_bundled_corpora_with_the_labels_of_their_cards() -> None:
    known = {entry.name for entry in corpora.known()}
    for name, entry in BUNDLED.items():
        card = bundled.read_card(bundled.ADAPTERS / name.removeprefix(catalogue.PREFIX))
        assert card["corpus"] == entry.dataset.split()[0] and card["corpus"] in known
        assert card["labels"] == ["negative", "positive"] and entry.source == "" and entry.labels == ()


def test_an_alias_means_a_preset_and_is_none_itself() -> None:
    assert set(catalogue.ALIASES.values()) <= set(PRESETS) and not set(catalogue.ALIASES) & {*PRESETS, *BUNDLED}


def test_checkpoints_without_names_for_their_classes_get_them_here() -> None:
    assert {entry.labels for entry in PRESETS.values()} == {(), ("negative", "positive")}
    assert [name for name, entry in PRESETS.items() if not entry.labels] == [*catalogue.ALIASES.values()]
