"""The About page's cards: every method, its cost as it really is, its settings and source, and words that hold."""

import re

import pytest
import torch
from torch import Tensor

from sigviz.attribution import UNITS
from sigviz.explain import explain
from sigviz.methods import METHODS
from sigviz.methods.registry import Option, Promise
from sigviz.paths.quadrature import RULES
from sigviz.studies.metrics import METRICS
from sigviz.teaching.findings import Difference
from sigviz.ui.run_controls import BASELINES
from sigviz.version import VERSION
from sigviz.views import about, about_words
from tests.tiny import embedding, handmade

CARDS = {card.id: card for card in about.cards()}
GROWS = re.compile(r"(?:([\d,]*)n)?(?: \+ )?([\d,]+)? (forward|backward)")


def test_every_method_has_a_card() -> None:
    assert [*CARDS] == [*METHODS]


@pytest.mark.parametrize("id", METHODS)
def test_a_card_says_all_there_is_to_know(id: str) -> None:
    card, spec = CARDS[id], METHODS[id]
    assert (card.label, card.summary, card.formula) == (spec.label, spec.summary, spec.formula)
    assert [name for name, *_ in card.options] == [option.name for option in spec.options]
    assert "".join(text for text, _ in card.source) == spec.source
    assert (spec.limit is None) == ("larger" not in card.promise)
    start = {Promise.PER_UNIT: "Each score", Promise.TOTAL: "The sum", Promise.NOTHING: "Nothing"}[spec.promises]
    assert card.promise.startswith(start)


def _counted(said: str, n: int) -> dict[str, int]:
    """The passes that a formula such as "51n + 2 forward and 50n backward" makes for n units."""
    found = {}
    for piece in said.split(" and "):
        slope, start, way = GROWS.fullmatch(piece.strip()).groups()  # type: ignore[union-attr]
        steps = int((slope or "1").replace(",", "")) if "n " in piece else 0
        found[way] = steps * n + int((start or "0").replace(",", ""))
    return found


@pytest.mark.parametrize("id", METHODS)
def test_the_cost_is_what_the_estimate_counts(id: str) -> None:
    said, spec = CARDS[id].cost, METHODS[id]
    once, _, grown = said.partition(" (default")[0].partition(";")
    first = _counted(once.partition(" passes")[0], 20)
    assert (first.get("forward", 0), first.get("backward", 0)) == spec.passes(spec.settings(), 20)
    formula = grown.partition(" for n units")[0] if grown else once.partition(" passes")[0]
    for n in (16, 33, 200):
        passes = _counted(formula, n)
        assert (passes.get("forward", 0), passes.get("backward", 0)) == spec.passes(spec.settings(), n), n
    assert ("very short" in said) == (spec.passes(spec.settings(), 2)[0] < _counted(formula, 2)["forward"])


def test_a_cost_that_is_no_straight_line_is_not_said_to_be_one() -> None:
    with pytest.raises(ValueError, match="no straight line"):
        about._line(lambda n: n * n)


@pytest.mark.parametrize(
    ("option", "reach"),
    [
        (Option("a", "A", "", 1, minimum=1, maximum=1024), "1 to 1,024"),
        (
            Option("a", "A", "", 0.1, minimum=1e-6, maximum=1, whole=False, optional=True),
            "0.000001 to 1, also fractions, or none",
        ),
        (Option("a", "A", "", "x", choices=("x", "y")), "x, y"),
    ],
)
def test_the_range_of_an_option_in_words(option: Option, reach: str) -> None:
    assert about.reach(option) == reach


def test_every_arxiv_number_of_a_source_is_linked() -> None:
    assert about.linked("A 2020, arXiv:2001.00001, p. 1; arXiv:2002.00002") == (
        ("A 2020, ", ""),
        ("arXiv:2001.00001", "https://arxiv.org/abs/2001.00001"),
        (", p. 1; ", ""),
        ("arXiv:2002.00002", "https://arxiv.org/abs/2002.00002"),
    )
    assert about.linked("none") == (("none", ""),)


def test_the_table_has_a_row_a_method_that_leads_to_its_card() -> None:
    table = about.comparison()
    assert re.findall(r'<a href="#([^"]+)"', table) == [*METHODS]
    forward, backward = (f"{count:,}" for count in METHODS["sig"].passes(METHODS["sig"].settings(), about.UNITS))
    assert f"<td>{forward}</td><td>{backward}</td>" in table


@pytest.mark.parametrize(
    ("metric", "mean", "p", "said"),
    [
        ("log_odds", -0.0184, 0.73, "−0.018 ± 0.100, p = 0.73: no clear difference"),
        ("infidelity", 3.07, 0.0001, "+3.1 ± 0.1 %, p < 0.001: behind"),
    ],
)
def test_a_difference_in_words(metric: str, mean: float, p: float, said: str) -> None:
    assert about.difference(Difference(METRICS[metric], 5, mean, 0.1, p)) == said


def test_bibtex_is_balanced_and_names_the_version() -> None:
    written = about.bibtex()
    assert written.count("{") == written.count("}") and len(re.findall(r"^@\w+\{[\w-]+,$", written, re.M)) == 5
    assert f"version = {{{VERSION}}}" in written
    assert all(number in written for number in ("2305.15853", "2108.13654", "1703.01365", "2106.04631"))


def test_what_can_be_set_is_explained_in_full() -> None:
    assert [name for name, _ in about_words.UNITS] == [*UNITS]
    assert [name for name, _ in about_words.RULES] == [*RULES]
    assert [name for name, _ in about_words.BASELINES][:-1] == [*BASELINES]


# What the page says of Appendix A, tried


def _two_words(formula):  # type: ignore[no-untyped-def]
    """F of the two words' sums over features, whatever stands around them."""

    def f(x: Tensor) -> Tensor:
        return formula(x[:, 1].sum(-1), x[:, 2].sum(-1))

    return handmade(f)


@pytest.mark.parametrize("method", ["sig", "sig-exact", "ig"])
def test_two_equal_words_of_a_symmetric_model_get_equal_scores(method: str) -> None:
    classifier = _two_words(lambda a, b: torch.tanh(a * b) + torch.sin(a + b))
    found = explain(classifier, "film film", method=method, baseline="zero")
    assert abs(found.raw[0]) > 1e-3 and found.raw[0] == pytest.approx(found.raw[1], rel=1e-6)


def test_an_interaction_is_halved_by_ig_and_counted_twice_by_sig() -> None:
    classifier = _two_words(lambda a, b: a * b)
    whole = float(embedding(classifier, "film").sum()) ** 2
    halves, both = (explain(classifier, "film film", method=id, baseline="zero", target=1).raw for id in ("ig", "sig-exact"))
    assert halves == pytest.approx([whole / 2] * 2) and both == pytest.approx([whole] * 2)
