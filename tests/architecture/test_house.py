"""Where things stand, how big they are, and what is written nowhere."""

import ast
import types

import pytest

import sigviz
from tests.architecture.reading import ROOT, Source, app, functions, program, strings, switched_on

PACKAGES = ("models", "paths", "engine", "methods", "studies", "teaching", "views", "ui")
MODULES = ("__init__", "__main__", "attribution", "cli", "errors", "explain")
LONGEST_MODULE, LONGEST_FUNCTION = 320, 70  # lines
NEVER_ON = ("unsafe_allow_html", "trust_remote_code", "allow_pickle")


def too_long(source: Source) -> list[str]:
    """Modules and functions that no longer fit into a head."""
    lines = len(source.text.splitlines())
    found = [f"{source.path} has {lines} lines"] if lines > LONGEST_MODULE else []
    return found + [f"{source.path}: {name} has {size} lines" for name, size in functions(source) if size > LONGEST_FUNCTION]


def methods_named(source: Source, ids: set[str]) -> list[str]:
    """String literals that are a method's id: a page loops over METHODS and names none."""
    return [f"{source.path}:{line} names {text!r}" for text, line in strings(source) if text in ids]


@pytest.mark.parametrize("name", PACKAGES)
def test_every_package_stands_where_the_readme_says(name: str) -> None:
    assert (ROOT / "sigviz" / name / "__init__.py").is_file()


@pytest.mark.parametrize("path", ["app.py", *(f"sigviz/{name}.py" for name in MODULES)])
def test_every_module_stands_where_the_readme_says(path: str) -> None:
    assert (ROOT / path).is_file()


def test_the_package_holds_no_other_folder() -> None:
    folders = {path.name for path in (ROOT / "sigviz").iterdir() if path.is_dir()}
    assert folders - {"__pycache__"} == {*PACKAGES, "data"}


@pytest.mark.parametrize("name", [*PACKAGES, "pages", "browser"])
def test_the_tests_mirror_the_package(name: str) -> None:
    assert list((ROOT / "tests" / name).glob("test_*.py")), f"tests/{name} holds no tests"


def test_modules_and_functions_fit_into_a_head() -> None:
    assert not [piece for source in program() for piece in too_long(source)]


@pytest.mark.parametrize("name", NEVER_ON)
def test_no_unsafe_switch_is_on(name: str) -> None:
    assert not [f"{source.path}:{line}" for source in program() for line in switched_on(source, name)]


def test_no_page_names_a_method() -> None:
    assert sigviz.METHODS
    assert not [named for page in app() for named in methods_named(page, set(sigviz.METHODS))]


def test_the_public_names_are_exactly_those_listed() -> None:
    assert len(set(sigviz.__all__)) == len(sigviz.__all__)
    assert not [name for name in sigviz.__all__ if not hasattr(sigviz, name)]
    modules = {name for name, value in vars(sigviz).items() if isinstance(value, types.ModuleType)}
    assert {name for name in vars(sigviz) if not name.startswith("_")} - modules <= set(sigviz.__all__)


# The checker checked: each of these must be caught.


def test_a_long_module_and_a_long_function_are_caught() -> None:
    assert too_long(Source("x.py", "x = 1\n" * (LONGEST_MODULE + 1)))
    assert not too_long(Source("x.py", "x = 1\n" * LONGEST_MODULE))
    body = "    x = 1\n"
    assert too_long(Source("x.py", "class A:\n  async def long(self):\n" + body * LONGEST_FUNCTION))
    assert not too_long(Source("x.py", "@decorated\ndef fits():\n" + body * (LONGEST_FUNCTION - 1)))


@pytest.mark.parametrize("text", ['x = "sig"', 'pick("Method", ["ig", "sig"])', 'd = {"sig": 1}', 'if x == "sig": pass'])
def test_a_method_named_in_a_page_is_caught(text: str) -> None:
    assert methods_named(Source("pages/x.py", text), {"sig"})
    assert not methods_named(Source("pages/x.py", 'x = "a sig of relief"'), {"sig"})


@pytest.mark.parametrize(
    "text",
    [
        "load(x, trust_remote_code=True)",
        "load(x, trust_remote_code=allowed)",
        'load(x, **{"trust_remote_code": True})',
        'options["trust_remote_code"] = True',
        "config.trust_remote_code = True",
        "trust_remote_code = 1",
    ],
)
def test_an_unsafe_switch_is_caught(text: str) -> None:
    assert switched_on(Source("x.py", text), "trust_remote_code")
    assert not switched_on(Source("x.py", "load(x, trust_remote_code=False)"), "trust_remote_code")


def bound_keys(source: Source) -> list[str]:
    """The keys of widgets that are bound to the link, where they are written out."""
    calls = [node for node in ast.walk(ast.parse(source.text)) if isinstance(node, ast.Call)]
    named = [{word.arg: word.value for word in call.keywords} for call in calls]
    keys = [words["key"] for words in named if "key" in words and "bind" in words]
    return [key.value for key in keys if isinstance(key, ast.Constant) and isinstance(key.value, str)]


def test_each_name_in_the_link_means_one_thing() -> None:
    keys = [key for source in program() if source.path.startswith(("sigviz/ui/", "pages/")) for key in bound_keys(source)]
    assert len(keys) > 20 and sorted(keys) == sorted(set(keys)), "a link would set a widget of another page"


def test_a_bound_key_is_seen() -> None:
    text = 'st.slider("a", key="x", bind="query-params")\nst.slider("b", key="x")\nst.slider("c", key=y, bind="query-params")'
    assert bound_keys(Source("sigviz/ui/x.py", text)) == ["x"]
