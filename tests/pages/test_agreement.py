"""The Agreement page without a browser: what it opens with, every control, what is wrong in the link, and the numbers."""

import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from sigviz.explain import explain
from sigviz.methods import METHODS
from sigviz.studies.agreement import kendall_tau
from sigviz.teaching import ranks
from sigviz.ui.models import shelf

MODEL = "bundled/distil-movie"
TEXT = "a well-made and often lovely film"
PATIENCE = 120  # seconds; the first run loads a model
APP = Path(__file__).parents[2] / "app.py"
QUICK = ("sig-exact", "grad-input", "saliency", "random")


def _page(methods: tuple[str, ...] = QUICK, **settings: str) -> AppTest:
    app = AppTest.from_file(APP, default_timeout=PATIENCE)
    for name, value in {"model": MODEL, "text": TEXT, **settings}.items():
        app.query_params[name] = value
    if methods:
        app.query_params["ranked"] = list(methods)
    app.switch_page("pages/agreement.py")
    return _clean(app.run())


def _clean(app: AppTest) -> AppTest:
    assert [one.message for one in app.exception] == []
    return app


def _said(elements: object) -> str:
    return re.sub(r"\\(.)", r"\1", " ".join(one.value for one in elements))  # type: ignore[attr-defined]


def _tables(app: AppTest) -> dict[str, str]:
    """The page's tables by their labels."""
    bodies = [one.proto.body for one in app.get("html")]
    return {label[1]: body for body in bodies if (label := re.search(r'class="sigviz-grid[^>]*aria-label="([^"]*)"', body))}


def _body(table: str) -> list[list[str]]:
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", table.split("<tbody>")[1])
    return [[re.sub(r"<[^>]*>", "", cell) for cell in re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row)] for row in rows]


def test_the_page_opens_with_its_methods_ranked_and_nothing_to_click() -> None:
    app = _page(methods=())
    assert app.multiselect(key="ranked").value == [*ranks.FIRST]
    matrix = _body(_tables(app)["Ranks of the words by the methods"])
    assert len(matrix) == 8 and len(matrix[0]) == 3 + len(ranks.FIRST)
    spreads = [float(row[1]) for row in matrix]
    assert spreads == sorted(spreads, reverse=True)
    assert "agree most" in _said(app.markdown) and "the control" in _said(app.caption)
    assert not app.error and not app.warning


def test_the_ranks_are_those_of_the_explanations() -> None:
    matrix = _body(_tables(_page(order="text"))["Ranks of the words by the methods"])
    model = shelf().ask(MODEL).result()
    for column, method in enumerate(QUICK, start=3):
        raw = explain(model, TEXT, method, **ranks.options(method)).raw
        assert [float(row[column]) for row in matrix] == [1 + sum(raw > one) for one in raw], method


def test_the_pairs_are_kendalls_tau_above_the_diagonal() -> None:
    pairs = _body(_tables(_page())["Agreement of every two methods"])
    model = shelf().ask(MODEL).result()
    one, other = (explain(model, TEXT, method).raw for method in QUICK[:2])
    assert pairs[0][2] == f"{kendall_tau(one, other):.2f}".replace("-", "−")
    assert pairs[1][1].endswith("%") and pairs[0][1] == "·"


def test_words_can_stand_in_the_order_of_the_text() -> None:
    app = _page()
    app.button_group(key="order").set_value("text")
    matrix = _body(_tables(_clean(app.run()))["Ranks of the words by the methods"])
    words = [row[0].removeprefix("▸ ").split()[0] for row in matrix]
    assert words == ["a", "well", "-", "made", "and", "often", "lovely", "film"]


def test_how_many_words_are_on_top_is_chosen() -> None:
    app = _page()
    before = _tables(app)["Agreement of every two methods"]
    app.slider(key="top").set_value(50)
    after = _tables(_clean(app.run()))["Agreement of every two methods"]
    assert "top 20 % (2 tokens)" in before and "top 50 % (4 tokens)" in after


def test_the_word_in_the_link_is_shown_and_marked() -> None:
    app = _page(word="7: lovely")
    tables = _tables(app)
    assert "▸ lovely 7" in [row[0] for row in _body(tables["Ranks of the words by the methods"])]
    assert "lovely" in tables["The selected word by every method"] and app.selectbox(key="word").value == "7: lovely"


def test_without_a_word_the_most_disputed_one_is_shown() -> None:
    app = _page()
    mark, word, place = _body(_tables(app)["Ranks of the words by the methods"])[0][0].split()
    assert mark == "▸"
    assert app.selectbox(key="word").value == f"{place}: {word}"


def test_words_are_units_where_that_is_asked() -> None:
    matrix = _body(_tables(_page(unit="word", text="an unwatchable masterpiece"))["Ranks of the words by the methods"])
    assert sorted(row[0].removeprefix("▸ ").split()[0] for row in matrix) == ["an", "masterpiece", "unwatchable"]


@pytest.mark.parametrize(
    ("settings", "methods", "said"),
    [
        ({}, ("sig-exact",), "two of them at least"),
        ({}, ("sig-exact", "random"), "two of them at least"),
        ({"text": "   "}, QUICK, "no words"),
        ({"baseline": "two words"}, QUICK, "not one token"),
        ({"model": "bundled/nope"}, QUICK, "bundled/minilm-movie"),
    ],
)
def test_what_is_wrong_is_said(settings: dict[str, str], methods: tuple[str, ...], said: str) -> None:
    words = _said(_page(methods, **settings).error)
    assert said in words and "Traceback" not in words


@pytest.mark.parametrize("name", ["order", "top", "rank_steps", "rank_samples", "word", "ranked"])
def test_nonsense_in_the_link_is_answered_by_the_defaults(name: str) -> None:
    app = _page(methods=QUICK if name != "ranked" else (), **{name: "<b>-1e9"})
    assert "Ranks of the words by the methods" in _tables(app)


def test_hostile_words_stay_words() -> None:
    app = _page(text="<script>alert(1)</script> **film** a")
    assert "<script" not in "".join(_tables(app).values())
    assert "**film**" not in " ".join(one.value for one in app.markdown)


def test_both_tables_can_be_had_as_files() -> None:
    app = _page()
    assert {"ranks_csv", "pairs_csv"} <= {one.key for one in app.get("download_button")}


def test_all_methods_can_be_ranked_together() -> None:
    app = _page(methods=tuple(METHODS), text="a dull film", rank_steps="4", rank_samples="20")
    assert len(_body(_tables(app)["Ranks of the words by the methods"])[0]) == 3 + len(METHODS)
    assert not app.error
