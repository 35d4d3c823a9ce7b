"""Attributions made by hand: views need no model."""

import re

import numpy as np
import pytest

from sigviz.attribution import Attribution, Cost, Settings, Unit


def _words(text):
    return tuple(
        Unit(found.group(), found.start(), found.end(), (place,))
        for place, found in enumerate(re.finditer(r"\w+|[^\w\s]", text), start=1)
    )


def _attribution(text="a hideous , confusing spectacle", raw=(0.1, 2.3136, -0.2, 1.2, 0.6), units=None, **changed):
    """An Attribution of the words of `text`; `changed` overrides any field, and Settings by `settings={...}`."""
    units = _words(text) if units is None else tuple(units)
    raw = np.resize(np.asarray(raw, float), len(units))
    settings = Settings(
        **{"method": "sig", "options": (("quadrature", "gauss-legendre"), ("steps", 50))} | changed.pop("settings", {})
    )
    fields = {
        "model": "bundled/minilm-movie",
        "expected": raw + 0.001,
        "output": 4.61,
        "baseline_output": -0.31,
        "target": 0,
        "label": "negative",
        "labels": ("negative", "positive"),
        "probabilities": np.array([0.973, 0.027]),
        "cost": Cost(1.234, 252, 250, "cpu", "float32"),
    }
    return Attribution(text=text, units=units, raw=raw, settings=settings, **(fields | changed))


@pytest.fixture(scope="session")
def attribution():
    """A function that makes an Attribution; see _attribution."""
    return _attribution
