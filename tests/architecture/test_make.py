"""The Makefile says what it can do, and the requirements say exactly what is needed, and why."""

import importlib.metadata
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.reading import ROOT, program

INSTALLED = ("requirements.txt", "requirements-models.txt", "requirements-dev.txt")
REQUIREMENTS = (*INSTALLED, "requirements-ray.txt", "requirements-peers.txt")
PINNED = re.compile(r"[A-Za-z0-9._-]+(\[[a-z,]+\])?==[0-9][0-9A-Za-z.]*")
OURS = {"sigviz", *sys.stdlib_module_names}
# imported where it is found, and done without where it is not
OPTIONAL: dict[str, str] = {"ray": "studies on a cluster; requirements-ray.txt"}


def requirements(text: str) -> dict[str, str]:
    """Each requirement with the comment right above it; lines that name another file are left out."""
    found: dict[str, str] = {}
    comment = ""
    for line in (line.strip() for line in text.splitlines()):
        if line.startswith("#"):
            comment = f"{comment} {line.lstrip('# ')}".strip()
            continue
        if line and not line.startswith("-"):
            found[line] = comment
        comment = ""
    return found


def project_name(requirement: str) -> str:
    """Streamlit==1.67.0 -> streamlit, as the index spells it."""
    return re.sub(r"[-_.]+", "-", requirement.partition("==")[0]).lower()


def third_party() -> set[str]:
    """The projects whose modules the program imports, as the index spells them."""
    modules = {found.name.partition(".")[0] for source in program() for found in source.imports()} - OURS - set(OPTIONAL)
    providers = importlib.metadata.packages_distributions()
    return {project_name(providers.get(module, [module])[0]) for module in modules}


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def targets(makefile: str) -> set[str]:
    """What a user may type after make: targets that are neither files nor special."""
    return {name for line in re.findall(r"^([a-z][a-z -]*):(?!=)", makefile, re.MULTILINE) for name in line.split()}


def test_make_alone_lists_every_target_with_what_it_does() -> None:
    printed = subprocess.run(["make", "--no-print-directory"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    listed = dict(line.removeprefix("make ").split(maxsplit=1) for line in printed.splitlines())
    assert set(listed) == targets(read("Makefile"))
    assert {"help", "run", "test", "lint", "types", "unit", "browser", "screenshot", "adapters", "clean"} <= set(listed)


def test_every_target_is_phony() -> None:
    phony = re.search(r"^\.PHONY: (.*)$", read("Makefile"), re.MULTILINE)
    assert phony and set(phony[1].split()) == targets(read("Makefile"))


def test_ci_runs_what_a_developer_runs() -> None:
    lines = [line for line in read(".ci/run").splitlines() if line and not line.startswith("#")]
    assert lines == ["set -euo pipefail", 'cd "$(dirname "${BASH_SOURCE[0]}")/.."', "make test"]


@pytest.mark.parametrize("script", sorted((ROOT / ".ci").iterdir()), ids=lambda script: script.name)
def test_every_script_runs_and_reads_as_its_language(script: Path) -> None:
    if script.suffix == ".py":
        compile(script.read_text(encoding="utf-8"), script, "exec")
    elif script.is_file():
        assert script.stat().st_mode & 0o111, f"{script.name} is not executable"
        subprocess.run(["bash", "-n", script], check=True)


@pytest.mark.parametrize("name", REQUIREMENTS)
def test_every_requirement_is_pinned_and_says_why(name: str) -> None:
    found = requirements(read(name))
    assert found
    assert not [requirement for requirement in found if not PINNED.fullmatch(requirement)]
    assert not [requirement for requirement, why in found.items() if not why]


def test_every_import_is_required() -> None:
    assert third_party() <= {project_name(requirement) for requirement in requirements(read("requirements.txt"))}


def test_every_requirement_is_imported_or_says_why_not() -> None:
    silent = [project_name(each) for each, why in requirements(read("requirements.txt")).items() if "not imported" not in why]
    assert set(silent) <= third_party()


@pytest.mark.parametrize("name", INSTALLED)
def test_the_tests_run_with_the_versions_that_are_pinned(name: str) -> None:
    pins = [requirement.split("==") for requirement in requirements(read(name))]
    installed = {project: importlib.metadata.version(project).partition("+")[0] for project, _ in pins}
    assert installed == dict(pins)


def test_everything_optional_is_really_asked_for() -> None:
    assert set(OPTIONAL) <= {found.name.partition(".")[0] for source in program() for found in source.imports()}


# The checker checked.


def test_the_reader_of_requirements_sees_what_is_wrong() -> None:
    found = requirements("# the pages\nstreamlit==1.67.0\n\ntorch>=2\n-r other.txt\n# split\n# comment\nnumpy\n")
    assert found == {"streamlit==1.67.0": "the pages", "torch>=2": "", "numpy": "split comment"}
    assert [bool(PINNED.fullmatch(each)) for each in (*found, "x==1.*", "x==1,<2")] == [True, False, False, False, False]
    assert project_name("Huggingface_Hub==2.4.0") == "huggingface-hub"


def test_the_reader_of_makefiles_sees_targets_only() -> None:
    makefile = "VENV := .venv\n.PHONY: a\na: b ## x\n\techo c: d\nb c:\n$(VENV)/.x: y\nd:= 1\n"
    assert targets(makefile) == {"a", "b", "c"}
