"""The published numbers: the right cell under the right name, and none where the papers have none."""

import math

import pytest

from sigviz.methods import METHODS
from sigviz.models.catalogue import BUNDLED, PRESETS
from sigviz.studies import published
from sigviz.studies.published import ROBUSTNESS_PAPER, SIG_PAPER, Published, cell, columns, find, for_model, sibling


@pytest.mark.parametrize(
    ("table", "model", "baseline", "method", "metric", "value"),
    [
        (1, "DistilBERT", "mask", "grad-input", "log_odds", -0.412),
        ("SST2", "BERT", "mask", "sig", "log_odds", -1.19),
        ("SST2", "BERT", "mask", "sig-exact", "log_odds", -1.19),
        ("SST2", "BERT", "pad", "sig", "log_odds", -1.30),
        (2, "RoBERTa", "mask", "sig", "sufficiency", -3.31e-05),
        ("Rotten Tomatoes", "DistilBERT", "mask", "ig", "comprehensiveness", 0.341),
        ("Rotten Tomatoes", "BERT", "pad", "deeplift", "sufficiency", 0.474),
        (7, "DistilBERT", "pad", "deeplift", "comprehensiveness", -0.005),
        (8, "RoBERTa", "pad", "gradient-shap", "log_odds", -0.264),
        ("IMDB", "BERT", "mask", "dig", "log_odds", -1.06),
    ],
)
def test_a_cell_of_the_sig_paper(table, model, baseline, method, metric, value) -> None:
    assert cell(table, model, baseline, method, metric) == value


def test_table_4_goes_by_steps() -> None:
    table = find(4, "BERT")
    assert table is not None
    assert table.cell("ig", "total_delta", 250) == Published(0.055, "250")
    assert table.cell("ig", "log_odds", "10*N") == Published(-0.998, "10*N")
    assert table.cell("sig", "log_odds", 10) == Published(-1.14, "10")
    assert table.cell("sig-exact", "log_odds") == Published(-1.19, "50")
    assert table.cell("ig", "log_odds", 20) is None
    assert table.cell("ig", "log_odds") is None, "which of three would be meant?"


def test_a_number_found_with_other_steps_says_with_how_many() -> None:
    table = find("SST2", "BERT", "mask")
    assert table is not None and table.table == 1
    assert table.cell("sig", "log_odds", 20) == Published(-1.19, "50")
    assert table.cell("dig", "log_odds", 30) == Published(-0.777, "30")
    assert table.cell("grad-input", "log_odds") == Published(-0.263, "")


@pytest.mark.parametrize(
    ("table", "dataset", "model", "method", "value"),
    [
        (2, "FPB", "BERT", "saliency", 68),
        (2, "SST2", "DistilBERT", "kernel-shap", 30),
        (2, "Bios", "DistilRoBERTa", "random", 56),
        (9, "SST2", "BERT", "random", 49),
        (8, "FPB", "BERT", "saliency", 70),
        (3, "SST2", "BERT", "ig", 53),
        (4, "SST2", "BERT", "ig", 49),
    ],
)
def test_a_cell_of_the_robustness_paper(table, dataset, model, method, value) -> None:
    found = [c for c in columns() if (c.paper, c.table, c.dataset, c.model) == (ROBUSTNESS_PAPER, table, dataset, model)]
    (column,) = found
    number = column.cell(method, column.metrics[0])
    assert number is not None and number.value == value


def test_the_column_beside_another_baseline_is_of_the_same_model() -> None:
    mask, pad = find(3, "RoBERTa"), find(8, "RoBERTa")
    assert (sibling(mask, "pad"), sibling(pad, "mask"), sibling(mask, "mask")) == (pad, mask, mask)
    assert sibling(mask, "zero") is None
    unk = next(column for column in columns() if column.paper == ROBUSTNESS_PAPER)
    assert sibling(unk, "mask") is unk, "infidelity replaces by unk whatever the explanation's baseline was"


def test_every_number_is_a_number_and_stands_once() -> None:
    keys = [(c, who, steps, metric) for c in columns() for who, steps, metric, _ in c.cells]
    assert len(keys) == len(set(keys)) == 680 + 16
    assert all(math.isfinite(value) for c in columns() for *_, value in c.cells)
    assert {who for c in columns() for who, *_ in c.cells} <= {*published.NAMES.values(), "All"}  # of no method: Table 6
    assert len(columns()) == 6 * 3 + 1 + 6 * 16


def test_table_columns_have_six_methods_and_three_metrics() -> None:
    for column in columns():
        if column.paper == SIG_PAPER and column.table != 4:
            assert column.metrics == ("log_odds", "comprehensiveness", "sufficiency")
            assert len(column.cells) == 18
    assert len(find(4, "BERT").cells) == 20, "times are letters in the paper (t, N t): not numbers"


def test_what_no_paper_has_is_none() -> None:
    assert cell("SST2", "BERT", "mask", "lime", "log_odds") is None
    assert cell("SST2", "BERT", "mask", "random", "log_odds") is None
    assert cell("SST2", "BERT", "mask", "ig", "deletion_area") is None
    assert cell("SST2", "BERT", "zero", "ig", "log_odds") is None
    assert cell(5, "BERT", "mask", "ig", "log_odds") is None
    assert find("SST2", "GPT-2") is None


def test_the_papers_nine_checkpoints_have_their_columns() -> None:
    for name, entry in PRESETS.items():
        mask, pad = for_model(name), for_model(name, "pad")
        assert mask is not None and pad is not None
        assert f"Table {mask.table}" == entry.source
        assert mask.model in entry.title and (mask.dataset, mask.model) == (pad.dataset, pad.model)
        assert (mask.baseline, pad.baseline, pad.table - mask.table) == ("mask", "pad", 5)
    assert len({(for_model(name).dataset, for_model(name).model) for name in PRESETS}) == 9


@pytest.mark.parametrize("name", [*BUNDLED, "somebody/else", ""])
def test_other_models_are_in_no_paper(name: str) -> None:
    assert for_model(name) is None


def test_titles_tell_the_columns_apart_and_name_their_source() -> None:
    assert len({column.title for column in columns()}) == len(columns())
    title = "Enguehard 2023, arXiv:2305.15853, Table 3: BERT on Rotten Tomatoes, baseline mask"
    assert find(3, "BERT").title == title


def test_methods_are_named_by_their_ids() -> None:
    assert {"ig", "sig", "sig-exact", "dig"} <= {*METHODS} & {*published.NAMES}


# Table 6 of the robustness paper: on how many texts two random starts predict the same class

TABLE_6 = {  # BERT, RoBERTa, DistilBERT, DistilRoBERTa
    "FPB": (88, 94, 90, 89),
    "SST2": (94, 96, 93, 94),
    "IMDB": (98, 97, 97, 98),
    "Bios": (95, 95, 95, 95),
}
ENCODERS = ("BERT", "RoBERTa", "DistilBERT", "DistilRoBERTa")


def test_table_6_has_its_sixteen_cells() -> None:
    found = {
        (column.dataset, column.model): column for column in columns() if (column.paper, column.table) == (ROBUSTNESS_PAPER, 6)
    }
    assert {*found} == {(dataset, encoder) for dataset in TABLE_6 for encoder in ENCODERS}
    for dataset, row in TABLE_6.items():
        for encoder, value in zip(ENCODERS, row, strict=True):
            column = found[dataset, encoder]
            assert column.cells == (("All", "", "same_prediction", value),), "a number of the models, not of a method"
            assert (column.metrics, column.baseline) == (("same_prediction",), "unk")
            assert "Table 6" in column.title and "two random starts" in column.title


def test_table_6_belongs_to_no_method() -> None:
    sst2 = find(6, "BERT", paper=ROBUSTNESS_PAPER)
    assert sst2 is not None and sst2.dataset == "FPB"
    assert all(sst2.cell(method, "same_prediction") is None for method in METHODS)
