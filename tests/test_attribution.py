"""Settings that are checked, scores that are normalised, and a document that JSON can hold."""

import json
import math
from dataclasses import FrozenInstanceError, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sigviz.attribution import MAX_SEED, OUTPUTS, UNITS, Attribution, Cost, Settings, Unit, document, quoted
from sigviz.errors import InvalidSettings
from tests.methods.axioms import assert_same, assert_zero


def made(raw, expected=None, **changed: Any) -> Attribution:
    raw = np.asarray(raw, float)
    units = tuple(Unit(f"w{i}", 3 * i, 3 * i + 2, (i + 1,)) for i in range(len(raw)))
    fields = {
        "model": "m",
        "text": " ".join(unit.text for unit in units),
        "units": units,
        "raw": raw,
        "expected": expected,
        "output": 2.0,
        "baseline_output": -1.0,
        "target": 1,
        "label": "yes",
        "labels": ("no", "yes"),
        "probabilities": np.array([0.25, 0.75]),
        "cost": Cost(0.5, 12, 10, "cpu", "float32"),
        "settings": Settings("sig", options=(("quadrature", "gauss-legendre"), ("steps", 5))),
        "notes": ("a note",),
    }
    return Attribution(**(fields | changed))


NUMBERS = st.floats(-1e300, 1e300, allow_subnormal=False)


@given(arrays(float, st.integers(1, 20), elements=NUMBERS))
def test_scores_are_raw_on_the_unit_sphere(raw) -> None:
    scores = made(raw).scores
    assert scores.shape == raw.shape and scores.dtype == np.float64
    if raw.any():
        assert_same(np.linalg.norm(scores), 1.0, 1e-12)
        assert (np.sign(scores) * np.sign(raw) >= 0).all()
        assert_same(scores * np.abs(raw).max(), raw / np.linalg.norm(raw / np.abs(raw).max()), 1e-12 * np.abs(raw).max())
    else:
        assert_zero(scores)


@given(arrays(float, 5, elements=st.floats(-100, 100)), st.sampled_from([1e-200, 1e-5, 1e200]))
def test_scores_do_not_depend_on_the_unit_in_which_f_is_measured(raw, factor: float) -> None:
    raw = np.where(np.abs(raw) < 1e-3, 0, raw)
    assert_same(made(raw * factor).scores, made(raw).scores, 1e-12)


@pytest.mark.parametrize("raw", [[0.0], [0.0, -0.0, 0.0]])
def test_scores_of_nothing_are_zeros_and_no_nan(raw) -> None:
    assert_zero(made(raw).scores)
    assert_zero(made(raw, expected=np.zeros(len(raw))).delta)


def test_scores_of_what_is_no_number_are_no_number_either() -> None:
    """The engine lets none through; were one to come, a page of calm zeros would be a lie."""
    assert np.isnan(made([1.0, math.nan]).scores).any()


def test_deltas() -> None:
    one = made([1.0, 1.5], expected=np.array([1.0, 1.0]))
    assert_same(one.delta, [0.0, 0.5], 0)
    assert one.total_delta == 2.5 - 3.0
    assert made([1.0]).delta is None


def test_results_and_settings_are_frozen() -> None:
    for thing, field in ((made([1.0]), "raw"), (Settings("sig"), "unit"), (Cost(1, 1, 1, "cpu", "x"), "forward")):
        with pytest.raises(FrozenInstanceError):
            setattr(thing, field, None)


# settings


@pytest.mark.parametrize("value", ["tokens", "", None, 0, [], "x" * 5000], ids=quoted)
def test_a_bad_unit_is_refused_with_those_there_are(value: Any) -> None:
    with pytest.raises(InvalidSettings) as caught:
        Settings("sig", unit=value)
    assert str(caught.value) == f"unit is {quoted(value)}; choose one of: {', '.join(UNITS)}."


@pytest.mark.parametrize("value", ["logits", "", None, 0, {}])
def test_a_bad_output_is_refused_with_those_there_are(value: Any) -> None:
    with pytest.raises(InvalidSettings) as caught:
        Settings("sig", output=value)
    assert str(caught.value) == f"output is {quoted(value)}; choose one of: {', '.join(OUTPUTS)}."


@pytest.mark.parametrize("value", [-1, MAX_SEED + 1, 1.0, "1", None, True, math.nan, 10**5000], ids=quoted)
def test_a_bad_seed_is_refused_with_the_range(value: Any) -> None:
    with pytest.raises(InvalidSettings) as caught:
        Settings("sig", seed=value)
    assert str(caught.value) == f"seed is {quoted(value)}; it must be a whole number from 0 to {MAX_SEED}."


@pytest.mark.parametrize("value", ["", None, 0, 3.5, []])
def test_a_bad_baseline_is_refused(value: Any) -> None:
    with pytest.raises(InvalidSettings, match="mask, pad, unk, zero, mean, or a token"):
        Settings("sig", baseline=value)


@pytest.mark.parametrize("output", [output for output in OUTPUTS if output != "margin"])
def test_a_contrast_is_refused_where_nothing_is_contrasted(output: str) -> None:
    with pytest.raises(InvalidSettings, match=f"output='margin', not with {output!r}"):
        Settings("sig", output=output, contrast=0)
    assert Settings("sig", output="margin", contrast=0).contrast == 0


def test_settings_are_one_flat_mapping() -> None:
    settings = Settings("sig", "pad", "word", "yes", "margin", 0, 7, (("context", "full"), ("steps", 5)))
    flat = settings.to_dict()
    assert flat == {
        **{"method": "sig", "baseline": "pad", "unit": "word", "target": "yes", "output": "margin", "contrast": 0, "seed": 7},
        **{"context": "full", "steps": 5, "window": "cut", "within": None},
    }
    assert json.loads(json.dumps(flat)) == flat
    assert (settings.option("steps"), settings.option("factor")) == (5, None)


@given(st.one_of(st.text(), st.integers(), st.floats(), st.lists(st.text()), st.just(10**5000), st.just("x" * 1000)))
def test_a_quoted_value_is_one_short_line(value: Any) -> None:
    written = quoted(value)
    assert 0 < len(written) <= 100 and len(written.splitlines()) == 1


# the document

ENTRY = {
    *("method", "settings", "units", "raw", "scores", "spread", "expected", "delta", "total_delta"),
    *("output", "baseline_output", "cost", "notes"),
}


def test_the_document_has_exactly_the_contract_s_keys() -> None:
    found = document([made([1.0, 2.0]), made([0.5, 1.0], expected=np.array([0.5, 1.0]))])
    assert set(found) == {"model", "text", "target", "label", "probabilities", "truncated", "windows", "attributions"}
    for entry in found["attributions"]:
        assert set(entry) == ENTRY
        assert set(entry["cost"]) == {"seconds", "forward", "backward", "device", "dtype"}
        assert [set(unit) for unit in entry["units"]] == [{"text", "start", "end"}] * 2
    assert (found["model"], found["text"], found["target"], found["label"]) == ("m", "w0 w1", 1, "yes")
    assert found["probabilities"] == {"no": 0.25, "yes": 0.75}
    assert found["attributions"][0]["expected"] is found["attributions"][0]["delta"] is None
    assert found["attributions"][1]["delta"] == [0.0, 0.0]
    assert document([replace(made([1.0]), truncated=3)])["truncated"] == 3


@given(arrays(float, st.integers(1, 9), elements=NUMBERS))
def test_the_document_survives_json_bit_by_bit(raw) -> None:
    found = document([made(raw, expected=raw / 3)])
    text = json.dumps(found, allow_nan=False)
    assert json.loads(text) == found
    assert_same(json.loads(text)["attributions"][0]["raw"], raw, 0)
