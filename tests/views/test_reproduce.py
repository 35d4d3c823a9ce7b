"""The snippet and the command, run, give the same numbers; and whatever the text is, it arrives as it was."""

import contextlib
import io
import json
import shutil
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sigviz
from sigviz.attribution import Attribution
from sigviz.cli import main
from sigviz.errors import InvalidSettings
from sigviz.methods import METHODS
from sigviz.models import zoo
from sigviz.models.classifier import TextClassifier
from sigviz.views import reproduce
from tests.methods.cases import small

MODEL = "bundled/distil-movie"
PLAIN = "a hideous , confusing spectacle"
HOSTILE = (
    'it\'s "dull" \\ `date` $(date) ${HOME} {} %s %% !! !1 # ; & | < > * ? ~',
    "-5 stars",
    "--help",
    "-",
    "line one\nline two\\\n",
    "فيلم ممتع جدا 😀 👨‍👩‍👧 é",
    "bell \x07 escape \x1b[201~ turned \u202e round, soft\u00adhyphen\tand tab! it's",
    "''' + __import__('os').getcwd() + '''",
)
SHELLS = [found for found in ("sh", "bash") if shutil.which(found)]
# of every option another value than the default, and cheap
ODD = {
    "steps": 4,
    "quadrature": "trapezoid",
    "context": "causal",
    "strategy": "maxcount",
    "factor": 1,
    "neighbours": 7,
    "samples": 9,
    "sigma": 0.03,
    "seeds": 2,
    "reduction": "l2",
}


@pytest.fixture(scope="module")
def classifier() -> TextClassifier:
    return sigviz.load(MODEL)


@pytest.fixture
def loaded(classifier, monkeypatch) -> None:
    """Loading takes seconds: it has a test of its own, test_every_method_comes_out_the_same."""

    def load(name: str, **asked: object) -> TextClassifier:
        assert (name, asked["device"], asked["dtype"]) == (MODEL, "cpu", "float32")
        return classifier

    monkeypatch.setattr(zoo, "load", load)
    monkeypatch.setattr(sigviz, "load", load)


def odd(method: str) -> dict:
    """Settings of a method that are not its defaults, all of them."""
    own = {option.name for option in METHODS[method].options}
    return {**small(METHODS[method]), **{name: value for name, value in ODD.items() if name in own}}


def default(one: Attribution, name: str) -> object:
    (option,) = [option for option in METHODS[one.settings.method].options if option.name == name]
    return option.default


def run_python(found: list[Attribution], revision: str = "") -> list[Attribution]:
    """What the snippet finds, run as it stands."""
    names: dict = {}
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(reproduce.python(found, revision=revision), "<snippet>", "exec"), names)
    assert printed.getvalue().count("\n") == sum(len(one.units) + 1 for one in names["found"])
    return names["found"]


def words(command: str, shell: str = "sh") -> tuple[list[str], str]:
    """What `python` is given by a real shell: its arguments, and its standard input."""
    stub = "import json,sys; print(json.dumps([sys.argv[1:], '' if sys.stdin.isatty() else sys.stdin.read()]))"
    script = f'python() {{ \'{sys.executable}\' -SE -c "{stub}" "$@"; }}\n{command}'
    done = subprocess.run([shell, "-c", script], capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL)
    assert done.stderr == ""
    (line,) = done.stdout.splitlines()
    arguments, piped = json.loads(line)
    return arguments, piped


def run_command(
    found: list[Attribution], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, revision: str = ""
) -> list[dict]:
    """What the command prints, its words read by a real shell."""
    arguments, piped = words(reproduce.command(found, revision=revision))
    assert arguments[:3] == ["-m", "sigviz", "explain"]
    monkeypatch.setattr("sys.stdin", io.StringIO(piped))
    capsys.readouterr()
    assert main(arguments[2:]) == 0
    return json.loads(capsys.readouterr().out)["attributions"]


def same(mine: list[Attribution], again: list) -> None:
    """The same settings, and the same numbers: to the last digit on one machine, unless its memory runs out meanwhile."""
    assert len(mine) == len(again)
    for one, other in zip(mine, again, strict=True):
        expected, given = one.to_dict(), other if isinstance(other, dict) else other.to_dict()
        assert as_words(given["settings"]) == as_words(expected["settings"])
        assert given["units"] == expected["units"]
        close = 1e-6 * float(np.abs(one.raw).max())
        for name in ("raw", "spread", "expected", "total_delta", "output", "baseline_output"):
            numbers = (np.asarray(values[name], dtype=float) for values in (given, expected))  # None becomes NaN
            np.testing.assert_allclose(*numbers, rtol=1e-6, atol=close, err_msg=name)


def as_words(settings: dict) -> dict:
    """The command line knows classes by words alone: "1" is class 1."""
    return {name: str(value) if name in ("target", "contrast") else value for name, value in settings.items()}


def test_every_method_comes_out_the_same(classifier, capsys, monkeypatch) -> None:
    found = [sigviz.explain(classifier, PLAIN, method, **odd(method), seed=7) for method in METHODS]
    changed = {name for one in found for name, value in one.settings.options if value != default(one, name)}
    assert changed >= set(ODD), "no option is left at its default everywhere"
    same(found, run_python(found))
    same(found, run_command(found, capsys, monkeypatch))


@pytest.mark.parametrize("unit", ["token", "word", "sentence"])
def test_any_text_comes_out_the_same(classifier, loaded, unit, capsys, monkeypatch) -> None:
    found = [sigviz.explain(classifier, text, "sig-exact", unit=unit) for text in HOSTILE]
    same(found, run_python(found))
    for one in found:
        same([one], run_command([one], capsys, monkeypatch))


@pytest.mark.parametrize(
    "asked",
    [
        {"target": 1, "output": "probability"},
        {"target": "negative", "output": "margin", "contrast": 1},
        {"output": "margin", "contrast": "positive", "unit": "word"},
        {"baseline": ",", "output": "log-odds"},
        {"baseline": "zero", "output": "max-logit"},
    ],
    ids=str,
)
def test_what_was_asked_comes_out_the_same(classifier, loaded, asked, capsys, monkeypatch) -> None:
    found = [sigviz.explain(classifier, PLAIN, method, **asked) for method in ("sig-exact", "grad-input")]
    same(found, run_python(found))
    same(found, run_command(found, capsys, monkeypatch))


def test_a_method_can_come_several_times(classifier, loaded, capsys, monkeypatch) -> None:
    asked = ({"steps": 3}, {"steps": 5, "baseline": "pad"}, {"tolerance": 0.05}, {"steps": 3})
    found = [sigviz.explain(classifier, PLAIN, "sig", **given) for given in asked]
    once = found[:3]  # what was asked twice is asked once
    same(once, run_python(found))
    same(once, run_command(found, capsys, monkeypatch))


def test_runs_that_share_less_are_commands_of_their_own(attribution) -> None:
    found = [attribution(), attribution(settings={"unit": "word"}), attribution(settings={"method": "ig"})]
    commands = reproduce.command(found).split("\n\n")
    assert [line.count("--method ") for line in commands] == [2, 1]
    assert "--unit word" in commands[1] and "--unit" not in commands[0]


def test_a_class_whose_name_is_another_ones_number_is_meant_by_name(attribution) -> None:
    found = attribution(labels=("1", "0"), settings={"target": 0})
    assert words(reproduce.command([found]))[0].index("--target") + 1 == words(reproduce.command([found]))[0].index("1")


def test_a_revision_of_the_hub_is_asked_for_again(attribution) -> None:
    found, commit = [attribution(model="owner/name")], "0123456789" * 4
    assert f"sigviz.load('owner/name', revision='{commit}', device='cpu', dtype='float32')" in reproduce.python(
        found, revision=commit
    )
    arguments, _ = words(reproduce.command(found, revision=commit))
    assert arguments[arguments.index("--revision") + 1] == commit


def test_a_model_that_its_name_does_not_find_again_says_so(attribution) -> None:
    found = [attribution(model="evil\nimport os")]
    for written in (reproduce.python(found), reproduce.command(found)):
        assert "# 'evil\\nimport os', without a revision" in written
    assert not [line for line in reproduce.python(found).splitlines() if line.startswith("import os")]
    arguments, _ = words(reproduce.command(found))
    assert arguments[arguments.index("--model") + 1] == "evil\nimport os"
    for written in (reproduce.python(found, revision="0123456789ab"), reproduce.command(found, revision="0123456789ab")):
        assert "was a folder: give its path" in written
    assert "# 'evil" not in reproduce.python([attribution()]), "a bundled model is found by its name"


@pytest.mark.parametrize("text", ["a\x00b", "a \ud800 b", "a\tb\n"])
def test_what_no_shell_can_hold_is_said_and_left_to_python(attribution, text) -> None:
    found = [attribution(text=text)]
    command = reproduce.command(found)
    assert all(line.startswith("# ") for line in command.splitlines()) and "Use the Python snippet" in command
    (line,) = [line for line in reproduce.python(found).splitlines() if line.startswith("text = ")]
    names: dict = {}
    exec(line, names)
    assert names["text"] == text


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1))
def test_any_text_arrives_in_a_shell_as_it_was(attribution, text) -> None:
    found = attribution(text=text, units=[], raw=[])
    command = reproduce.command([found])
    if command.startswith("# No command line"):
        assert text.endswith("\n")
        return
    assert (
        not {character for character in command if not character.isprintable()}
        - {"\n", *"\u200c\u200d\u200e\u200f"}
        - {character for character in text if character.isspace() or ord(character) > 0xA0}
    )
    for shell in SHELLS:
        arguments, piped = words(command, shell)
        assert (arguments[-1], piped) == (text, "") or (arguments[-1], piped) == ("-", text)


@given(st.text(min_size=1))
def test_any_text_arrives_in_python_as_it_was(attribution, text) -> None:
    written = reproduce.python([attribution(text=text, units=[], raw=[], model=text)])
    names: dict = {}
    lines = written[written.index("\ntext = ") :].partition("found = [")[0]
    exec(compile(lines, "<snippet>", "exec"), names)
    assert names["text"] == text
    compile(written, "<snippet>", "exec")


def test_the_json_has_everything_a_run_depends_on(classifier) -> None:
    found = [sigviz.explain(classifier, PLAIN, "kernel-shap", samples=9, seeds=1, seed=3, unit="word")]
    given = json.loads(reproduce.as_json(found, revision=classifier.revision))
    assert set(given["versions"]) == {"sigviz", "python", "torch", "transformers", "numpy", "captum"}
    (one,) = given["explanations"]
    assert (one["model"], one["device"], one["dtype"], one["text"]) == (MODEL, "cpu", "float32", PLAIN)
    assert one["settings"]["seed"] == 3 and "revision" in one
    same(found, [sigviz.explain(classifier, one["text"], **one["settings"])])
    assert "captum" not in reproduce.versions([sigviz.explain(classifier, PLAIN, "random")])


def test_hidden_characters_are_spelt_out_in_the_json(attribution) -> None:
    written = reproduce.as_json([attribution(text="a \u202e \x1b b\U000e0041")])
    assert written.replace("\n", "").isprintable()
    assert json.loads(written)["explanations"][0]["text"] == "a \u202e \x1b b\U000e0041"


def test_nothing_or_two_models_with_one_revision_are_refused(attribution) -> None:
    for written in (reproduce.python, reproduce.command, reproduce.settings):
        with pytest.raises(InvalidSettings, match="at least"):
            written([])
        with pytest.raises(InvalidSettings, match="one model"):
            written([attribution(), attribution(model="other")], revision="a")
    assert "classifier_2 = " in reproduce.python([attribution(), attribution(model="other")])


# The checker checked.


def test_a_number_that_differs_is_seen(classifier) -> None:
    found = [sigviz.explain(classifier, PLAIN, "sig-exact")]
    changed = found[0].to_dict()
    changed["raw"][0] += 1e-3
    with pytest.raises(AssertionError):
        same(found, [changed])


def test_a_part_of_a_text_and_a_text_in_windows_come_out_the_same(classifier, loaded, capsys, monkeypatch) -> None:
    part = [sigviz.explain(classifier, f"{PLAIN} . but fun .", "sig-exact", unit="word", within=(34, 43))]
    slid = [sigviz.explain(classifier, "a film . " * 200, "random", unit="sentence", window="slide")]
    assert slid[0].windows == 2
    for found in (part, slid):
        same(found, run_python(found))
        same(found, run_command(found, capsys, monkeypatch))
