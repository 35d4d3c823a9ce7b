"""What makes the same numbers again: a Python snippet, a command line, and the settings as JSON.

The text, the names and the baseline are whatever somebody typed or sent in a link.  In Python they stand as `repr` writes
them; on the command line in quotes that no character can leave, and with their hidden characters spelt out, since a
terminal may obey those while they are being pasted.
"""

import importlib.metadata
import json
import platform
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sigviz.attribution import Attribution, Settings
from sigviz.errors import InvalidSettings
from sigviz.methods import METHODS
from sigviz.methods.runs import RunChoice
from sigviz.version import VERSION
from sigviz.views.wording import visible

_WIDE = 120  # characters of a line of Python, where it can be broken
_BUNDLED = "bundled/"
_COMMIT = re.compile(r"[0-9a-f]{40}")
_TORCH = ("torch", "transformers", "numpy")
_USUAL = Settings(method="")  # whose shared settings need not be said
_SHARED = ("unit", "target", "output", "contrast", "seed", "window", "within")


def python(found: Sequence[Attribution], *, revision: str = "") -> str:
    """A script that explains again and prints every unit's raw score; `found` in it are the same attributions.

    revision: TextClassifier.revision of their one model.  Raises InvalidSettings where there is nothing, or more than one
    model while a revision is given.
    """
    runs, models = _distinct(found), _models(found, revision)
    texts = [*dict.fromkeys(one.text for one in runs)]
    classifiers, sentences = _numbered("classifier", len(models)), _numbered("text", len(texts))
    lines = [f"# {_said(versions(found))}", "import sigviz", ""]
    for name, (model, device, dtype) in zip(classifiers, models, strict=True):
        given = [repr(model), *([f"revision={revision!r}"] if _COMMIT.fullmatch(revision) else [])]
        lines += [f"# {note}" for note in _where(model, revision)]
        lines.append(f"{name} = sigviz.load({', '.join(given)}, device={device!r}, dtype={dtype!r})")
    lines += [f"{name} = {text!r}" for name, text in zip(sentences, texts, strict=True)]
    lines.append("found = [")
    for one in runs:
        first = classifiers[models.index(_model(one))], sentences[texts.index(one.text)]
        lines += _call("sigviz.explain", [*first, *_arguments(one.settings)])
    lines += [
        "]",
        "for one in found:",
        '    print(f"{one.settings.method}: {one.label}")',
        "    for unit, raw in zip(one.units, one.raw, strict=True):",
        '        print(f"{unit.text!r:24} {raw:.6f}")',
    ]
    return "\n".join(lines) + "\n"


def command(found: Sequence[Attribution], *, revision: str = "") -> str:
    """The same for a POSIX shell: one command for all runs that share text, model, and the settings that all methods have.

    What a shell or a terminal cannot be given at all (a null character, half a surrogate pair) is said in a comment.
    revision, Raises: as for `python`.
    """
    _models(found, revision)
    groups: dict[tuple[object, ...], list[Attribution]] = {}
    for one in _distinct(found):
        shared = [getattr(one.settings, name) for name in _SHARED]
        groups.setdefault((one.text, *_model(one), *shared), []).append(one)
    return "\n".join(_command(group, revision) for group in groups.values())


def settings(found: Sequence[Attribution], *, revision: str = "") -> Mapping[str, Any]:
    """For JSON: {versions, explanations: [{model, revision, device, dtype, text, settings}]}, everything a run depends on.

    `sigviz.explain(classifier, text, **settings)` takes each `settings` as it is.  revision, Raises: as for `python`.
    """
    _models(found, revision)
    explanations = [
        {
            "model": one.model,
            "revision": revision or None,
            "device": one.cost.device,
            "dtype": one.cost.dtype,
            "text": one.text,
            "settings": one.settings.to_dict(),
        }
        for one in _distinct(found)
    ]
    return {"versions": versions(found), "explanations": explanations}


def as_json(found: Sequence[Attribution], *, revision: str = "") -> str:
    """`settings` as text, hidden characters spelt out."""
    written = json.dumps(settings(found, revision=revision), ensure_ascii=False, indent=1)
    return "".join(json.dumps(one)[1:-1] if visible(one) != one else one for one in written) + "\n"


def versions(found: Iterable[Attribution]) -> dict[str, str]:
    """name -> version of what computes: sigviz, Python, torch, transformers, numpy, and captum where a method is Captum's."""
    own = (METHODS[one.settings.method].compute.__module__.rpartition(".")[2] for one in found)
    used = (*_TORCH, "captum") if any(name.startswith("captum_") for name in own) else _TORCH
    return {
        "sigviz": VERSION,
        "python": platform.python_version(),
        **{name: importlib.metadata.version(name) for name in used},
    }


def one_model(found: Sequence[Attribution], revision: str) -> None:
    """Raises InvalidSettings where there is nothing to write, or where the revision could be of several models."""
    if not found:
        raise InvalidSettings("There is no explanation to write down. Give one attribution at least.")
    names = {one.model for one in found}
    if revision and len(names) > 1:
        raise InvalidSettings(f"revision is of one model, and these are {len(names)}. Write the models one by one.")


Model = tuple[str, str, str]  # name, device, dtype


def _model(one: Attribution) -> Model:
    return one.model, one.cost.device, one.cost.dtype


def _models(found: Sequence[Attribution], revision: str) -> list[Model]:
    one_model(found, revision)
    return [*dict.fromkeys(map(_model, found))]


def _distinct(found: Sequence[Attribution]) -> list[Attribution]:
    """What was asked twice needs to be asked once."""
    return [*{(_model(one), one.text, one.settings): one for one in found}.values()]


def _numbered(name: str, count: int) -> list[str]:
    return [name] if count == 1 else [f"{name}_{place}" for place in range(1, count + 1)]


def _said(found: Mapping[str, str]) -> str:
    return "made with " + ", ".join(f"{name} {version}" for name, version in found.items())


def _where(model: str, revision: str) -> list[str]:
    """What must be known of a model that cannot be had by its name alone."""
    if model.startswith(_BUNDLED) or _COMMIT.fullmatch(revision):
        return []
    if revision:
        return [f"{model!r} was a folder: give its path in place of the name"]
    return [f"{model!r}, without a revision: what the Hub calls so today may not be what was explained"]


def _arguments(asked: Settings) -> list[str]:
    """The settings as keywords of `explain`: the method's own all of them, the shared ones where they are not the default."""
    own = {name: value for name, value in asked.options if value is not None}
    always = ("seed",) if "seeds" in own else ()  # what is drawn at random
    names = [name for name in _SHARED if name in always or getattr(asked, name) != getattr(_USUAL, name)]
    shared = {name: getattr(asked, name) for name in names}
    return [
        f"{name}={value!r}" for name, value in {"method": asked.method, "baseline": asked.baseline, **own, **shared}.items()
    ]


def _call(function: str, arguments: Sequence[str]) -> list[str]:
    """A call as an entry of a list, broken where it does not fit."""
    line = f"    {function}({', '.join(arguments)}),"
    if len(line) <= _WIDE:
        return [line]
    return [f"    {function}(", *(f"        {argument}," for argument in arguments), "    ),"]


def _command(group: Sequence[Attribution], revision: str) -> str:
    """One command.  The group differs in methods, baselines and the methods' own settings alone."""
    first, asked = group[0], group[0].settings
    notes = "".join(f"# {note}\n" for note in _where(first.model, revision))
    named = {"target": _class(first, asked.target), "contrast": _class(first, asked.contrast)}
    for given in (first.text, first.model, *named.values(), *(one.settings.baseline for one in group)):
        if why := _beyond_a_shell(given):
            return f"{notes}# No command line can hold what was asked: {why}. Use the Python snippet.\n"
    words = ["python -m sigviz explain --json", _flag("model", first.model)]
    if _COMMIT.fullmatch(revision):
        words.append(_flag("revision", revision))
    runs = [RunChoice(one.settings.method, one.settings.baseline, dict(one.settings.options)) for one in group]
    words += [_flag("method", str(run)) for run in runs]
    if asked.within is not None:
        named["within"] = ":".join(map(str, asked.within))
    differing = {name: value for name in _SHARED if (value := getattr(asked, name)) != getattr(_USUAL, name)}
    words += [_flag(name, named.get(name, str(value))) for name, value in differing.items()]
    words.append(f"{_flag('device', first.cost.device)} {_flag('dtype', first.cost.dtype)}")
    if first.text == "-":  # in its place, - means standard input
        return f"{notes}printf %s - | " + " \\\n  ".join([*words, "-"]) + "\n"
    return notes + " \\\n  ".join([*words, f"-- {_quoted(first.text)}"]) + "\n"


def _flag(name: str, value: str) -> str:
    """--name value; joined by = where the value could be taken for a flag itself."""
    return f"--{name}={_quoted(value)}" if value.startswith("-") else f"--{name} {_quoted(value)}"


def _class(one: Attribution, given: int | str | None) -> str:
    """A class as the command line takes it, which has words only and looks for a class of that name first."""
    if isinstance(given, int) and str(given) in one.labels:
        return one.labels[given]
    return str(given)


def _hidden(text: str) -> bool:
    """Whether a terminal could obey a part of the text, or nobody could see it."""
    return "\t" in text or visible(text) != text


def _beyond_a_shell(text: str) -> str:
    """Why no shell can hand the text on, "" where one can."""
    if "\x00" in text:
        return "it has a null character"
    if any(0xD800 <= ord(character) < 0xE000 for character in text):
        return "it has half a surrogate pair"
    return "it has hidden characters and ends with a line break" if _hidden(text) and text.endswith("\n") else ""


def _quoted(text: str) -> str:
    """One word of a POSIX shell.  With hidden characters in it, `printf` makes them out of plain ones (and the exclamation
    mark, which between double quotes stands for an earlier command)."""
    if not _hidden(text):
        return shlex.quote(text)
    spelt = "".join(
        _octal(character) if _hidden(character) or character == "!" else character for character in text.replace("\\", r"\\")
    )
    return f'"$(printf %b {shlex.quote(spelt)})"'


def _octal(character: str) -> str:
    """The bytes of a character as `printf %b` reads them."""
    return "".join(f"\\0{byte:03o}" for byte in character.encode())
