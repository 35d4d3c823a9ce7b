"""Settings that keep every method of METHODS quick, and the ladders up which each promise is kept ever better."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from sigviz.engine.engine import Run
from sigviz.looking import look, read_text
from sigviz.methods import METHODS, Method, Promise
from sigviz.models.classifier import TextClassifier
from tests import tiny

ALL = list(METHODS.values())
PROMISING = [spec for spec in ALL if spec.promises is not Promise.NOTHING]
SMALL = {"steps": 4, "neighbours": 10, "samples": 8, "seeds": 2}  # of options that cost something
LADDERS: dict[str, tuple[int, ...]] = {"steps": (16, 64, 256), "factor": (4, 5, 6, 7)}  # by the option that must grow
BELOW = {"steps": 1e-10, "factor": 2e-2}  # what is left of the error at the top: Gauss-Legendre, and a first-order sum
BASELINES = ("mask", "pad", "unk", "zero", "mean", "film")


def name(spec: Method) -> str:
    """For pytest's ids."""
    return spec.id


def small(spec: Method, **given: Any) -> dict[str, Any]:
    """The method's own settings, cheap where they may be; `given` only where the method has them."""
    own = {option.name for option in spec.options}
    return {key: value for key, value in {**SMALL, **given}.items() if key in own}


def variants(spec: Method) -> list[dict[str, Any]]:
    """The cheap settings, and those with one option changed at a time to each of its other values."""
    found = [small(spec)]
    for option in spec.options:
        others = option.choices or ((option.minimum, 0.01) if option.optional else (min(option.maximum or 1, 2),))
        found += [small(spec, **{option.name: int(v) if isinstance(option.default, int) else v}) for v in others]
    return found


VARIANTS = [(spec.id, given) for spec in ALL for given in variants(spec)]


def grown(spec: Method) -> list[dict[str, Any]]:
    """Own settings up the ladder of the option in `limit`; a single rung where the promise is kept as it stands."""
    if spec.limit is None:
        return [small(spec)]
    return [small(spec, **{spec.limit: value}) for value in LADDERS[spec.limit]]


def features(classifier: TextClassifier, text: str, method: str, **given: Any) -> np.ndarray:
    """What the method found for every feature, in full precision: float64 [T, D]."""
    spec = METHODS[method]
    settings = spec.settings(**given)
    run = Run(classifier)
    found = spec.compute(look(classifier, read_text(classifier, text, settings), settings, run).problem, run, settings)
    assert found.features is not None
    return found.features.numpy()


def texts(most: int = 5) -> st.SearchStrategy[str]:
    """A few words, some of several pieces."""
    word = st.sampled_from([*tiny.WORDS, *tiny.PIECEWISE, ",", "."])
    return st.lists(word, min_size=1, max_size=most).map(" ".join)
