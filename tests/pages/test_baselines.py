"""The Baselines page without a browser: the default, every control, and every way to be wrong."""

import re

import pytest
from streamlit.testing.v1 import AppTest

from sigviz.explain import explain
from sigviz.methods import METHODS
from sigviz.studies.agreement import kendall_tau
from sigviz.teaching.baselines import REGARDLESS, STANDARD
from sigviz.ui import strip
from sigviz.ui.models import shelf

MODEL = "bundled/distil-movie"
TEXT = "this is junk food cinema at its greasiest ."
PATIENCE = 120  # seconds; the first run loads a model


@pytest.fixture
def strips(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, object]]:
    """The rows that were last drawn: AppTest sees no components."""
    drawn: list[dict[str, object]] = []
    real = strip.show

    def show(rows, **named):  # type: ignore[no-untyped-def]
        drawn[:] = rows
        real(rows, **named)

    monkeypatch.setattr(strip, "show", show)
    return drawn


def _page(**settings: str) -> AppTest:
    app = AppTest.from_file("../../app.py", default_timeout=PATIENCE)
    for name, value in {"model": MODEL, "text": TEXT, **settings}.items():
        app.query_params[name] = value
    app.switch_page("pages/baselines.py")
    return _clean(app.run())


def _clean(app: AppTest) -> AppTest:
    assert [one.message for one in app.exception] == []
    return app


def _said(elements: object) -> str:
    return re.sub(r"\\(.)", r"\1", " ".join(one.value for one in elements))  # type: ignore[attr-defined]


def test_everything_is_there_without_a_click(strips: list[dict[str, object]]) -> None:
    app = _page()
    assert not app.error and not app.warning and not app.info
    titles = [str(row["title"]).split(" ·")[0] for row in strips]
    assert titles[:6] == [*STANDARD, "the"] and len(titles) == 9 and all("(random)" in title for title in titles[6:])
    assert "the reference" in str(strips[0]["title"]) and "τ" in str(strips[1]["title"])
    assert "Against mask the order of the words moves least" in _said(app.markdown)
    assert "argument for mask and against pad" in _said(app.markdown)
    assert len(app.get("plotly_chart")) == 1 and "stand_in_csv" in {one.key for one in app.get("download_button")}


def test_the_table_holds_what_the_explanations_themselves_give() -> None:
    found = _page(random_words="0").dataframe[0].value
    classifier = shelf().ask(MODEL).result()
    one, other = (explain(classifier, TEXT, "sig-exact", baseline=name) for name in ("mask", "pad"))
    row = found[found["stands in"] == "pad"].iloc[0]
    assert row["F(x̄)"] == pytest.approx(other.baseline_output, abs=1e-4)
    assert row["tau against mask"] == pytest.approx(kendall_tau(one.raw, other.raw), abs=0.05)
    assert row["length of its vector"] == pytest.approx(float(classifier.baseline("pad").vector.norm()), rel=1e-5)
    assert len(found) == 6


def test_another_reference_method_and_word(strips: list[dict[str, object]]) -> None:
    app = _page(method="ig", reference="zero", stand_in="film", random_words="1", words_seed="4")
    assert not app.error and "Against zero" in _said(app.markdown)
    assert "the reference" in str(strips[3]["title"]) and str(strips[5]["title"]).startswith("film")
    assert "IG" in str(strips[0]["label"]) or "mask" in str(strips[0]["label"])
    assert len(strips) == 7


def test_another_seed_draws_other_words_and_the_same_seed_the_same(strips: list[dict[str, object]]) -> None:
    drawn = []
    for seed in ("1", "2", "1"):
        _page(words_seed=seed)
        drawn.append([row["title"] for row in strips[6:]])
    assert drawn[0] == drawn[2] != drawn[1]


def test_a_word_that_is_no_token_says_so_and_the_rest_stays(strips: list[dict[str, object]]) -> None:
    app = _page(stand_in="two *words*", random_words="0")
    assert "two *words*: 'two *words*' is not one token" in _said(app.caption).replace("**two", "two").replace("**:", ":")
    assert not app.error and len(strips) == 5


def test_nothing_typed_is_no_row(strips: list[dict[str, object]]) -> None:
    app = _page(random_words="0")
    app.text_input(key="stand_in").set_value("")
    _clean(app.run())
    assert len(strips) == 5


def test_only_methods_that_a_baseline_moves_are_offered() -> None:
    assert set(_page(random_words="0").selectbox(key="method").options) == set(METHODS) - set(REGARDLESS)


def test_a_selected_word_is_set_beside_itself_under_every_baseline() -> None:
    app = _page(random_words="0", word="3: junk")
    table = [one.proto.body for one in app.get("html") if "“junk” in every run" in one.proto.body]
    assert len(table) == 1 and "baseline pad" in table[0]


@pytest.mark.parametrize("method", ["dig", "sdig", "deeplift"])
def test_methods_that_need_words_or_pairs_take_every_stand_in(method: str, strips: list[dict[str, object]]) -> None:
    app = _page(method=method, random_words="0", text="junk food")
    assert not app.error and len(strips) == 6


@pytest.mark.parametrize("unit", ["word", "sentence"])
def test_other_units_work(unit: str, strips: list[dict[str, object]]) -> None:
    app = _page(unit=unit, random_words="0")
    assert not app.error and len(strips) == 6


@pytest.mark.parametrize(
    ("settings", "said"), [({"text": "   "}, "no words"), ({"model": "bundled/nope"}, "bundled/minilm-movie")]
)
def test_what_is_wrong_is_said_on_the_page(settings: dict[str, str], said: str) -> None:
    app = _page(**settings)
    assert said in _said(app.error) and "Traceback" not in _said(app.error)


def test_a_link_with_unknown_values_falls_back_to_the_defaults(strips: list[dict[str, object]]) -> None:
    app = _page(method="guess", reference="nobody", random_words="99", words_seed="-1")
    assert not app.error and len(strips) == 9 and app.selectbox(key="method").value == "sig-exact"
