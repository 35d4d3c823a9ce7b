"""Reads Python source without running it: what it imports, how long its pieces are, which literals it holds."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
COMPUTED = "<a computed name>"  # what an import stands for when its name is no literal


@dataclass(frozen=True)
class Import:
    """One name that a file gets hold of.  name: absolute and dotted, as in torch.nn.  used: reached through an attribute."""

    name: str
    line: int
    used: bool = False


@dataclass(frozen=True)
class Source:
    """One Python file.  path: relative to the repository, with slashes."""

    path: str
    text: str

    @property
    def tree(self) -> ast.Module:
        return _parsed(self.text)

    @property
    def package(self) -> str:
        """What a relative import starts from: sigviz/engine/engine.py and sigviz/engine/__init__.py both sigviz.engine."""
        return ".".join(Path(self.path).parent.parts)

    def imports(self) -> list[Import]:
        """Every import, wherever it stands (functions, TYPE_CHECKING), and every attribute reached through one."""
        found = list(_statements(self.tree, self.package))
        found += _calls(self.tree, self.package)
        return found + list(_uses(self.tree, self.package))


def sources(*folders: str) -> list[Source]:
    """The Python files in the folders, as they lie in the working tree."""
    return _read(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def app() -> list[Source]:
    """app.py and the pages."""
    return [*_read(ROOT.glob("app.py")), *sources("pages")]


def program() -> list[Source]:
    """Everything that runs when the app does."""
    return [*sources("sigviz"), *app()]


def _read(paths: Iterable[Path]) -> list[Source]:
    return [Source(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")) for path in sorted(paths)]


@cache
def _parsed(text: str) -> ast.Module:
    return ast.parse(text)


def _statements(tree: ast.Module, package: str) -> Iterator[Import]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            origin = _absolute("." * node.level + (node.module or ""), package)
            yield from (Import(f"{origin}.{alias.name}", node.lineno) for alias in node.names)


def _calls(tree: ast.Module, package: str) -> Iterator[Import]:
    """importlib.import_module("x") and __import__("x"), under whatever name they were imported."""
    importers = {"import_module", "__import__"}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "importlib":
            importers |= {alias.asname or alias.name for alias in node.names if alias.name == "import_module"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and dotted(node.func).rpartition(".")[2] in importers and node.args:
            named, *anchors = [*node.args[:2], *(keyword.value for keyword in node.keywords if keyword.arg == "package")]
            anchor = _literal(anchors[0]) if anchors else None
            name = _literal(named)
            yield Import(COMPUTED if name is None else _absolute(name, anchor or package), node.lineno)


def _literal(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _uses(tree: ast.Module, package: str) -> Iterator[Import]:
    """torch.load after `import torch`, and t.load after `import torch as t`: names under names that were imported."""
    bound: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                bound[alias.asname or top] = alias.name if alias.asname else top
        elif isinstance(node, ast.ImportFrom):
            origin = _absolute("." * node.level + (node.module or ""), package)
            bound |= {alias.asname or alias.name: f"{origin}.{alias.name}" for alias in node.names}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            first, _, rest = dotted(node).partition(".")
            if first in bound and rest:
                yield Import(f"{bound[first]}.{rest}", node.lineno, used=True)


def _absolute(name: str, package: str) -> str:
    level = len(name) - len(name.lstrip("."))
    if not level:
        return name
    above = package.split(".")[: len(package.split(".")) - level + 1]
    return ".".join([*above, name.lstrip(".")]).strip(".")


def dotted(node: ast.expr) -> str:
    """a.b.c as it is written; "" for anything that is no plain chain of names."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        before = dotted(node.value)
        return before and f"{before}.{node.attr}"
    return ""


def functions(source: Source) -> list[tuple[str, int]]:
    """Every function and method, nested ones too, with its length in lines, decorators left out."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return [(node.name, (node.end_lineno or 0) - node.lineno + 1) for node in ast.walk(source.tree) if isinstance(node, kinds)]


def strings(source: Source) -> list[tuple[str, int]]:
    """Every string literal with its line, f-strings' constant pieces too."""
    nodes = ast.walk(source.tree)
    return [(node.value, node.lineno) for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]


def switched_on(source: Source, name: str) -> list[int]:
    """Lines that give `name` anything but a plain False, as a keyword, a default, an assignment or a key of a dict."""
    lines: list[int] = []
    for node in ast.walk(source.tree):
        pairs: list[tuple[object, ast.expr | None]] = []
        if isinstance(node, ast.Call):
            pairs = [(keyword.arg, keyword.value) for keyword in node.keywords]
        elif isinstance(node, ast.Dict):
            pairs = [(_literal(key), value) for key, value in zip(node.keys, node.values, strict=True) if key]
        elif isinstance(node, ast.Assign):
            pairs = [(_assigned(target), node.value) for target in node.targets]
        for given, value in pairs:
            if given == name and not (isinstance(value, ast.Constant) and value.value is False):
                lines.append(value.lineno if value else 0)
    return lines


def _assigned(target: ast.expr) -> object:
    if isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Constant):
        return target.slice.value
    return dotted(target).rpartition(".")[2]


def public_names() -> list[str]:
    """sigviz.__all__, read without importing sigviz."""
    for node in _read([ROOT / "sigviz" / "__init__.py"])[0].tree.body:
        if isinstance(node, ast.Assign) and [dotted(target) for target in node.targets] == ["__all__"]:
            return list(ast.literal_eval(node.value))
    raise AssertionError("sigviz/__init__.py assigns no literal __all__")
