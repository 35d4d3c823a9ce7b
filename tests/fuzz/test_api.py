"""Any text and any argument through the Python API: a result that adds up, or a SigvizError, and nothing else."""

import json
import time
from functools import cache

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sigviz.attribution import OUTPUTS, UNITS, Attribution, document
from sigviz.errors import InvalidSettings, InvalidText, SigvizError
from sigviz.explain import explain
from sigviz.methods import METHODS, runs
from sigviz.models import zoo
from sigviz.models.classifier import TextClassifier
from tests import tiny
from tests.fuzz.strings import FRAGMENTS, HUGE, texts, values
from tests.load.figures import note
from tests.load.size import size
from tests.methods.cases import ALL, name, small

TEXTS = size(150, 10_000)
SAME = settings(
    max_examples=TEXTS, derandomize=True, database=None, suppress_health_check=[*HealthCheck], deadline=None
)  # on every machine the same
FEWER = settings(SAME, max_examples=TEXTS // 8)
ids = st.sampled_from([*METHODS])


@cache
def distil() -> TextClassifier:
    return zoo.load("bundled/distil-movie", device="cpu")


def check(found: Attribution, text: str) -> None:
    """Its pieces stand in the text where they say, its numbers are numbers, and it goes into JSON and back."""
    assert found.text == text and len(found.units) == len(found.raw) > 0
    for unit in found.units:
        assert 0 <= unit.start <= unit.end <= len(text)
        assert unit.start == unit.end or unit.text == text[unit.start : unit.end], unit
    assert np.isfinite(found.raw).all() and np.isfinite(found.probabilities).all() and np.isfinite(found.output)
    said = json.loads(json.dumps(found.to_dict()))
    assert [unit["text"] for unit in said["units"]] == [unit.text for unit in found.units]
    json.dumps(document([found]), allow_nan=False)


def tried(classifier: TextClassifier, text: str, method: str = "sig-exact", **given: object) -> Attribution | None:
    """The explanation, or None where it is refused in words."""
    try:
        found = explain(classifier, text, method, **given)  # type: ignore[arg-type]
    except SigvizError as error:
        assert str(error).strip() and len(str(error)) < 1000, error
        return None
    check(found, text)
    return found


def test_any_text_is_explained_or_refused_in_words() -> None:
    counts = {"explained": 0, "refused": 0}

    @SAME
    @given(texts(), st.sampled_from(UNITS))
    def check_one(text: str, unit: str) -> None:
        counts["explained" if tried(tiny.bert(), text, unit=unit) else "refused"] += 1

    check_one()
    assert counts["explained"] > counts["refused"] > 0
    for outcome, count in counts.items():
        note(f"fuzz: texts {outcome} on the tiny model", count, "texts")


@FEWER
@given(texts())
def test_any_text_is_explained_or_refused_by_a_real_tokenizer_in_every_unit_or_in_none(text: str) -> None:
    assert len({tried(distil(), text, unit=unit) is None for unit in UNITS}) == 1


@pytest.mark.parametrize("fragment", FRAGMENTS, ids=ascii)
def test_every_fragment_alone_is_explained_or_refused(fragment: str) -> None:
    for classifier in (tiny.bert(), distil()):
        tried(classifier, fragment)
        assert tried(classifier, f"film {fragment} film") is not None, "there is a word in it"


@pytest.mark.parametrize("name", size(["words", "nothing to see", "turning", "halves"], [*HUGE]))
def test_a_megabyte_of_anything_is_cut_visibly_or_refused(name: str) -> None:
    begun = time.perf_counter()
    found = tried(tiny.bert(), HUGE[name])
    assert found is None or found.truncated > 0
    note(f"fuzz: a megabyte of {name}", time.perf_counter() - begun, "s")


@pytest.mark.parametrize("spec", ALL, ids=name)
def test_every_method_takes_any_text(spec) -> None:
    @settings(SAME, max_examples=size(6, 200))
    @given(texts(4))
    def check_one(text: str) -> None:
        tried(tiny.bert(), text, spec.id, **small(spec))

    check_one()


# settings


@SAME
@given(ids, st.sampled_from(["baseline", "unit", "target", "output", "seed", "contrast", "method", "text"]), values())
def test_any_argument_of_any_type_is_taken_or_refused(method: str, argument: str, value: object) -> None:
    given_all = {**small(METHODS[method]), argument: value}
    text = given_all.pop("text", tiny.TEXT)
    asked = given_all.pop("method", method)
    try:
        explain(tiny.bert(), text, asked, **given_all)  # type: ignore[arg-type]
    except SigvizError as error:
        assert str(error).strip()


@FEWER
@given(ids, st.data())
def test_any_value_of_a_method_s_own_option_is_taken_or_refused(method: str, data: st.DataObject) -> None:
    own = [option.name for option in METHODS[method].options] or ["steps"]
    option = data.draw(st.sampled_from([*own, "nonsense"]))
    try:
        METHODS[method].settings(**{option: data.draw(values())})
    except InvalidSettings as error:
        assert str(error).strip()


@FEWER
@given(texts(4))
def test_any_name_of_a_class_baseline_or_method_is_known_or_refused(text: str) -> None:
    classifier = tiny.bert()
    for ask in (classifier.class_index, classifier.baseline, lambda word: METHODS["sig"].settings(baseline=word)):
        try:
            ask(text)
        except InvalidSettings as error:
            assert len(str(error)) < 1000
    for output in OUTPUTS:
        tried(classifier, tiny.TEXT, target=text, output=output)


words = st.one_of(ids, texts(2))
lines = st.builds(
    lambda method, inside, rest: f"{method}({inside}){rest}",
    words,
    st.lists(st.builds(lambda n, v: f"{n}={v}", words | st.sampled_from(["steps", "baseline"]), texts(2)), max_size=3).map(
        ",".join
    ),
    texts(2),
)


@SAME
@given(lines | texts(6))
def test_any_line_of_runs_is_read_or_refused_and_what_is_read_can_be_written(line: str) -> None:
    try:
        found = runs.parse(line)
    except InvalidSettings as error:
        assert len(str(error)) < 1000
        return
    assert runs.parse(runs.line(found)) == found


def test_what_is_no_text_is_refused() -> None:
    for given_text in (None, 3, b"film", ["film"], object()):
        with pytest.raises(InvalidText):
            explain(tiny.bert(), given_text, "sig-exact")  # type: ignore[arg-type]
