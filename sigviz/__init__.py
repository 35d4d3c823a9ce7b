"""Which words decided, and why: Sequential Integrated Gradients and its relatives for text classifiers.

classifier = sigviz.load("bundled/minilm-movie")
attribution = sigviz.explain(classifier, "a hideous , confusing spectacle", method="sig")
"""

import os

# Threads of torch's OpenMP that wait for each other spin for long, unless told not to: beside one other busy process on two
# cores, that made an explanation ten times slower.  Read once, when torch is loaded; whoever sets it differently decides.
os.environ.setdefault("GOMP_SPINCOUNT", "1000")

from sigviz.attribution import Attribution, Cost, Settings, Unit
from sigviz.errors import (
    Cancelled,
    CorpusUnavailable,
    EngineError,
    InUse,
    InvalidResults,
    InvalidSettings,
    InvalidText,
    ModelUnavailable,
    ModelUnsupported,
    NotANumber,
    OutOfMemory,
    QueueFull,
    SigvizError,
)
from sigviz.explain import explain
from sigviz.methods import METHODS
from sigviz.models.zoo import load
from sigviz.version import VERSION as __version__  # noqa: F401 (not for `import *`)
from sigviz.views.files import render, save

__all__ = [
    "METHODS",
    "Attribution",
    "Cancelled",
    "CorpusUnavailable",
    "Cost",
    "EngineError",
    "InUse",
    "InvalidResults",
    "InvalidSettings",
    "InvalidText",
    "ModelUnavailable",
    "ModelUnsupported",
    "NotANumber",
    "OutOfMemory",
    "QueueFull",
    "Settings",
    "SigvizError",
    "Unit",
    "explain",
    "load",
    "render",
    "save",
]
