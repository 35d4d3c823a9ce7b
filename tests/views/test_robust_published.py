"""What the robustness paper has beside a number, and what it has not."""

import pytest

from sigviz.models.untrained import REDRAWN, UNTRAINED
from sigviz.views import robust_published

OTHER = "anything/trained"


@pytest.fixture(scope="module")
def bert():
    return robust_published.choices()["BERT on SST2"]


def test_there_are_four_models_on_four_data_sets() -> None:
    titles = [*robust_published.choices()]
    assert len(titles) == 16 and titles[0] == "BERT on FPB" and "DistilRoBERTa on Bios" in titles


@pytest.mark.parametrize(
    ("value", "metric", "method", "where"),
    [
        (63, "jaccard@25", "saliency", {"other": OTHER, "reduction": "l2"}),  # Table 3
        (53, "jaccard@25", "ig", {"other": OTHER, "reduction": "l2"}),
        (63, "jaccard@25", "kernel-shap", {"other": OTHER, "reduction": ""}),
        (49, "jaccard@25", "ig", {"other": UNTRAINED, "reduction": "l2"}),  # Table 4
        (23, "jaccard@25", "kernel-shap", {"other": UNTRAINED, "reduction": ""}),
        (50, "infidelity", "saliency", {"reduction": "l2"}),  # Table 2
        (62, "infidelity", "saliency", {"reduction": "sum"}),  # Table 8
        (42, "infidelity", "saliency", {"control": UNTRAINED, "reduction": "l2"}),  # Table 9
        (94, "same_prediction", "", {"other": OTHER}),  # Table 6
    ],
)
def test_each_number_stands_beside_the_cell_that_it_is_of(bert, value, metric, method, where) -> None:
    assert bert.value(metric, method, **where) == value


@pytest.mark.parametrize(
    ("metric", "method", "where"),
    [
        ("jaccard@10", "ig", {"other": OTHER, "reduction": "l2"}),
        ("jaccard@25", "ig", {"other": OTHER, "reduction": "sum"}),
        ("jaccard@25", "ig", {"other": REDRAWN, "reduction": "l2"}),
        ("jaccard@25", "sig", {"other": OTHER, "reduction": "l2"}),
        ("jaccard@25", "nonsense", {"other": OTHER, "reduction": "l2"}),
        ("infidelity", "ig", {"control": UNTRAINED, "reduction": "sum"}),
        ("infidelity", "ig", {"control": REDRAWN, "reduction": "l2"}),
        ("infidelity", "sig", {"reduction": "l2"}),
        ("same_prediction", "", {"other": UNTRAINED}),
        ("nonsense", "ig", {}),
    ],
)
def test_where_the_paper_has_no_number_there_is_none(bert, metric, method, where) -> None:
    assert bert.value(metric, method, **where) is None


def test_the_column_says_where_a_number_stands(bert) -> None:
    column = bert.table("jaccard@25", other=OTHER)
    assert column is not None and "Table 3: BERT on SST2, baseline unk, two random starts" in column.title
