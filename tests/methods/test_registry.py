"""METHODS: what an entry says of itself is so, and every bad setting is refused in words."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sigviz.errors import InvalidSettings
from sigviz.explain import explain
from sigviz.methods import METHODS, Promise
from sigviz.methods.options import TOLERANCE
from sigviz.methods.registry import get, method
from tests import tiny
from tests.methods.cases import ALL, LADDERS, VARIANTS, name

OPTIONS = [(spec, option) for spec in ALL for option in spec.options]
NUMBERS = [(spec, option) for spec, option in OPTIONS if not option.choices]
WORDS = [(spec, option) for spec, option in OPTIONS if option.choices]


def ids(value: Any) -> str:
    return getattr(value, "id", None) or getattr(value, "name", None) or repr(value)


@pytest.mark.parametrize("spec", ALL, ids=name)
def test_an_entry_is_complete(spec) -> None:
    assert METHODS[spec.id] is spec is get(spec.id)
    assert all((spec.label, spec.summary, spec.formula, spec.source))
    own = {option.name for option in spec.options}
    assert len(own) == len(spec.options)
    assert spec.limit is None or spec.limit in own
    assert spec.limit is None or spec.limit in LADDERS, f"cases.py needs a ladder of {spec.limit}"
    assert spec.preview is None or METHODS[spec.preview].promises is spec.promises
    assert isinstance(spec.promises, Promise)


@pytest.mark.parametrize(("spec", "option"), OPTIONS, ids=ids)
def test_an_option_s_default_is_a_value_that_it_takes_and_every_choice_too(spec, option) -> None:
    assert option.label and option.help
    for value in (option.default, *option.choices):
        assert option.checked(value) == value
    assert bool(option.choices) == (option.minimum is None) == (option.maximum is None)


def refused(spec, option, value: Any) -> str:
    with pytest.raises(InvalidSettings) as caught:
        spec.settings(**{option.name: value})
    message = str(caught.value)
    assert option.name in message and "\n" not in message
    return message


@pytest.mark.parametrize(("spec", "option"), NUMBERS, ids=ids)
def test_a_number_out_of_range_is_refused_with_the_value_and_the_range(spec, option) -> None:
    for value in (option.minimum - 1, option.maximum + 1, -math.inf, math.inf, math.nan, "many", "", [], {}, True, 1j):
        message = refused(spec, option, value)
        assert repr(value) in message
        assert f"from {option.minimum:g} to {option.maximum:g}" in message


@pytest.mark.parametrize(("spec", "option"), NUMBERS, ids=ids)
def test_a_number_too_large_for_a_float_is_refused_too(spec, option) -> None:
    for value in (10**400, -(10**400), 10**5000):
        message = refused(spec, option, value)
        assert f"from {option.minimum:g} to {option.maximum:g}" in message
        assert len(message) < 200


@pytest.mark.parametrize(("spec", "option"), NUMBERS, ids=ids)
def test_a_fraction_is_refused_where_a_whole_number_is_wanted_and_none_unless_optional(spec, option) -> None:
    if option.whole:
        assert "a whole number" in refused(spec, option, option.minimum + 0.5)
    if option.optional:
        assert option.checked(None) is None
    else:
        assert repr(None) in refused(spec, option, None)


@pytest.mark.parametrize(("spec", "option"), WORDS, ids=ids)
def test_a_word_that_is_no_choice_is_refused_with_the_choices(spec, option) -> None:
    for value in ("x", "", None, 1, [], {}, option.choices[0].upper()):
        message = refused(spec, option, value)
        assert repr(value) in message
        assert all(choice in message for choice in option.choices)


@pytest.mark.parametrize(("spec", "option"), NUMBERS, ids=ids)
@given(st.data())
def test_every_number_in_range_is_taken_as_it_is_and_in_the_option_s_own_type(spec, option, data) -> None:
    kind = st.integers if option.whole else st.floats
    value = data.draw(kind(option.minimum, option.maximum))
    for given_as in (value, float(value), str(value)):
        taken = option.checked(given_as)
        assert taken == value and type(taken) is type(value)


@pytest.mark.parametrize("spec", ALL, ids=name)
def test_an_unknown_setting_is_refused_with_those_there_are(spec) -> None:
    with pytest.raises(InvalidSettings) as caught:
        spec.settings(stepz=5)
    message = str(caught.value)
    assert spec.id in message and "'stepz'" in message
    assert all(option.name in message for option in spec.options)


@pytest.mark.parametrize("id", ["nope", "", "SIG", "sig ", None, 1, ["sig"]])
def test_an_unknown_method_is_refused_with_those_there_are(id: Any) -> None:
    with pytest.raises(InvalidSettings) as caught:
        get(id)
    assert f"no method {id!r}" in str(caught.value)
    assert all(known in str(caught.value) for known in METHODS)


def test_options_that_do_not_go_together_are_refused_before_any_pass() -> None:
    classifier = tiny.watched()
    for id in ("ig", "sig"):
        with pytest.raises(InvalidSettings, match="at least 2 steps"):
            METHODS[id].settings(quadrature="trapezoid", steps=1)
        with pytest.raises(InvalidSettings, match="at least 2 steps"):
            explain(classifier, tiny.TEXT, id, quadrature="trapezoid", steps=1)
    assert classifier.forward == 0
    METHODS["sig"].settings(quadrature="trapezoid", steps=1, tolerance=TOLERANCE.maximum)  # where the rule is not used


def test_two_methods_of_one_name_are_not_let_in() -> None:
    before = dict(METHODS)
    with pytest.raises(AssertionError, match="two methods"):
        method("ig")(METHODS["ig"].compute)
    assert before == METHODS


@pytest.mark.parametrize(("id", "own"), VARIANTS)
def test_settings_are_sorted_complete_and_hashable(id: str, own) -> None:
    settings = METHODS[id].settings(**own)
    names = [key for key, _ in settings.options]
    assert names == sorted(option.name for option in METHODS[id].options)
    assert hash(settings) == hash(METHODS[id].settings(**own))
    assert all(settings.option(key) == value for key, value in own.items())
    assert settings.option("nothing of the kind") is None
