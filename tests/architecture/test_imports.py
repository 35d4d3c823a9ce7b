"""What each part may import.  The rules are data; a test for each, and tests that offending source is really caught."""

import sys
from dataclasses import dataclass
from fnmatch import fnmatch

import pytest

from tests.architecture.reading import COMPUTED, Import, Source, app, program, public_names


@dataclass(frozen=True)
class Rule:
    """Files that match `part` and not `besides` never import a name at or under `never`, except at or under `but`."""

    part: str
    never: tuple[str, ...]
    but: tuple[str, ...] = ()
    besides: str = ""
    why: str = ""

    def covers(self, path: str) -> bool:
        return fnmatch(path, self.part) and not (self.besides and fnmatch(path, self.besides))

    def breaches(self, source: Source) -> list[str]:
        """One line for each forbidden import, with its place."""
        taken = [found for found in source.imports() if _under(found.name, self.never) and not _under(found.name, self.but)]
        return [f"{source.path}:{found.line} has {found.name}: {self.why}" for found in taken]


def _under(name: str, roots: tuple[str, ...]) -> bool:
    return any(name == root or name.startswith(f"{root}.") for root in roots)


HEAVY = ("torch", "transformers", "streamlit")
VIEWS_AND_UI = ("sigviz.views", "sigviz.ui")
PICKLES = ("pickle", "cloudpickle", "dill", "joblib", "shelve", "marshal")
RULES = (
    Rule("sigviz/attribution.py", (*HEAVY, "sigviz"), but=("sigviz.errors",), why="plain values and NumPy"),
    Rule("sigviz/errors.py", (*HEAVY, "sigviz"), why="everything else imports it"),
    Rule("sigviz/paths/*", ("streamlit", "transformers", *VIEWS_AND_UI), why="paths are mathematics on tensors"),
    Rule("sigviz/methods/*", ("streamlit", "transformers", *VIEWS_AND_UI), why="a method only says where to look"),
    Rule("sigviz/engine/*", ("streamlit", "sigviz.methods", *VIEWS_AND_UI), why="the engine knows no method and no page"),
    Rule("sigviz/studies/*", ("streamlit", *VIEWS_AND_UI), why="a study runs without a page"),
    Rule("sigviz/teaching/*", ("streamlit", *VIEWS_AND_UI), why="what a page shows is computed without one"),
    Rule("sigviz/views/*", ("torch", "streamlit", "sigviz.engine"), why="NumPy in, HTML or a figure out"),
    Rule("sigviz/ui/*", ("torch", "transformers"), why="pages share widgets, not models"),
    Rule("*", ("captum",), besides="sigviz/methods/captum_*.py", why="it stays in the methods that are Captum's"),
    Rule("*", (*PICKLES, "torch.load", "pandas.read_pickle"), why="reading a pickle runs code: safetensors only"),
    Rule("*", (COMPUTED,), why="what is imported must be readable here"),
)
PAGES_GET_FROM_SIGVIZ = ("sigviz.ui", "sigviz.views", "sigviz.studies")
USERS = ("app.py", "pages/*", "sigviz/ui/*", "sigviz/cli*.py", "sigviz/__*__.py")  # they may use the public names


def page_breaches(source: Source, public: list[str]) -> list[str]:
    """A page imports streamlit, the standard library, and of sigviz its public names, ui, views and studies."""
    return [f"{source.path}:{found.line} has {found.name}" for found in source.imports() if not _page_may(found, public)]


def _page_may(found: Import, public: list[str]) -> bool:
    root, _, rest = found.name.partition(".")
    if root != "sigviz":
        return root == "streamlit" or root in sys.stdlib_module_names
    if _under(found.name, PAGES_GET_FROM_SIGVIZ) or not rest:
        return True
    return (rest.partition(".")[0] if found.used else rest) in public


def facade_breaches(source: Source, public: list[str]) -> list[str]:
    """The inside names the module it needs: `from sigviz import METHODS` would walk around the rules, and in a circle."""
    facade = {"sigviz", *(f"sigviz.{name}" for name in public)} - {"sigviz.__version__"}
    if any(fnmatch(source.path, user) for user in USERS):
        return []
    taken = [found for found in source.imports() if not found.used and found.name in facade]
    return [f"{source.path}:{found.line} has {found.name}: import it from its own module" for found in taken]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.part} without {rule.never[0]}")
def test_no_part_imports_what_it_must_not(rule: Rule) -> None:
    covered = [source for source in program() if rule.covers(source.path)]
    assert covered, f"no file matches {rule.part}: the rule guards nothing"
    assert not [breach for source in covered for breach in rule.breaches(source)]


def test_pages_are_layout_and_words() -> None:
    pages, public = app(), public_names()
    assert len(pages) > 1, "app.py and at least one page"
    assert not [breach for page in pages for breach in page_breaches(page, public)]


def test_the_inside_does_not_import_the_package_from_outside() -> None:
    public = public_names()
    assert not [breach for source in program() for breach in facade_breaches(source, public)]


# The checker checked: each of these must be caught.


def caught(path: str, text: str) -> bool:
    return any(rule.covers(path) and rule.breaches(Source(path, text)) for rule in RULES)


@pytest.mark.parametrize(
    "text",
    [
        "import torch",
        "import torch as t",
        "import numpy, torch.nn.functional as F",
        "from torch import nn",
        "from torch.nn import *",
        "def late():\n    import torch",
        "class Late:\n    def method(self):\n        from torch import nn",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import torch",
        "try:\n    import torch\nexcept ImportError:\n    torch = None",
        'import importlib\nimportlib.import_module("torch")',
        'from importlib import import_module as fetch\nfetch("torch.nn")',
        'torch = __import__("torch")',
        'import importlib\nimportlib.import_module("to" + "rch")',
        "from sigviz import engine",
        "from sigviz.engine import engine",
        "from .. import engine",
        "from ..engine.engine import run",
        'import importlib\nimportlib.import_module("..engine", "sigviz.views")',
        "import sigviz\nsigviz.engine.engine.run()",
        "import sigviz as s\nx = s.engine",
    ],
)
def test_an_import_is_seen_however_it_is_written(text: str) -> None:
    assert caught("sigviz/views/heatmap.py", text)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("sigviz/attribution.py", "from sigviz.models.text import Encoding"),
        ("sigviz/attribution.py", "from . import explain"),
        ("sigviz/errors.py", "from sigviz.attribution import Unit"),
        ("sigviz/paths/straight.py", "import transformers"),
        ("sigviz/paths/deep/er.py", "from sigviz.ui import jobs"),
        ("sigviz/methods/sig.py", "import streamlit as st"),
        ("sigviz/methods/sig.py", "from captum.attr import IntegratedGradients"),
        ("sigviz/engine/engine.py", "from sigviz.methods.registry import METHODS"),
        ("sigviz/studies/metrics.py", "from ..views import charts"),
        ("sigviz/ui/jobs.py", "import torch"),
        ("sigviz/models/zoo.py", "import torch\nweights = torch.load('x')"),
        ("sigviz/models/zoo.py", "from torch import load"),
        ("sigviz/models/zoo.py", "import torch as t\nread = t.load"),
        ("sigviz/models/zoo.py", "import pickle"),
        ("pages/compare.py", "from joblib import Memory"),
    ],
)
def test_each_rule_catches_its_own(path: str, text: str) -> None:
    assert caught(path, text)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("sigviz/attribution.py", "import numpy as np\nfrom sigviz.errors import InvalidSettings"),
        ("sigviz/methods/captum_lime.py", "from captum.attr import Lime"),
        ("sigviz/engine/engine.py", "import torch\nfrom sigviz.errors import OutOfMemory"),
        ("sigviz/views/heatmap.py", "from sigviz.engineering import torchlight"),
        ("sigviz/views/heatmap.py", 'text = "import torch"'),
    ],
)
def test_what_is_allowed_passes(path: str, text: str) -> None:
    assert not caught(path, text)


@pytest.mark.parametrize(
    "text",
    [
        "import torch",
        "import numpy as np",
        "from sigviz.engine import engine",
        "from sigviz import models",
        "from sigviz.methods.registry import METHODS",
        "from sigviz.explain import _private",
        "import sigviz\nsigviz.models.zoo.load('x')",
        "def draw():\n    import plotly.express",
        'import importlib\nimportlib.import_module("sigviz.engine")',
    ],
)
def test_a_page_with_more_than_layout_is_caught(text: str) -> None:
    assert page_breaches(Source("pages/compare.py", text), ["explain", "METHODS"])


def test_a_page_with_layout_only_passes() -> None:
    text = "import json\nimport streamlit as st\nimport sigviz\nfrom sigviz import METHODS\nfrom sigviz.ui import controls\n"
    text += "from sigviz import views\nspecs = METHODS.values()\nresult = sigviz.explain.__doc__\nviews.heatmap.html()"
    assert not page_breaches(Source("pages/compare.py", text), ["explain", "METHODS"])


@pytest.mark.parametrize("text", ["import sigviz", "from sigviz import METHODS", "from .. import METHODS"])
def test_the_package_imported_from_inside_is_caught(text: str) -> None:
    assert facade_breaches(Source("sigviz/engine/engine.py", text), ["METHODS", "__version__"])
    assert not facade_breaches(Source("sigviz/ui/jobs.py", text), ["METHODS", "__version__"])
