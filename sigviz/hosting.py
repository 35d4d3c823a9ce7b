"""What the SIGVIZ_ variables of the environment set: how much a server does for its visitors, and with which models.

Read once a process; the app checks all of it on the server, wherever work is asked for.  The Python API and the command
line are not limited.  SIGVIZ_PUBLIC=1 sets the stricter defaults of a server that strangers reach; each variable overrides
its default in either mode.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from sigviz.attribution import quoted
from sigviz.errors import InvalidSettings
from sigviz.models.catalogue import ALIASES, BUNDLED, DEFAULT, PREFIX

PREFIXED = "SIGVIZ_"
PUBLIC, MODELS = f"{PREFIXED}PUBLIC", f"{PREFIXED}MODELS"
ELSEWHERE = (f"{PREFIXED}CACHE",)  # read by sigviz.studies.rated, with or without a server
MOST_MODELS, LONGEST_NAME = 100, 200
_FOLDERS = ("/", ".", "~", "\\")  # how names begin that mean a place on this machine
_SWITCH = {"0": False, "1": True}


@dataclass(frozen=True, slots=True)
class Bound:
    """A variable that holds a whole number.

    field: of Hosting.  default: unless set, None for no bound; public: the same in public mode.
    """

    field: str
    meaning: str
    default: int | None
    public: int
    minimum: int
    maximum: int

    @property
    def variable(self) -> str:
        return f"{PREFIXED}{self.field.upper()}"

    def read(self, given: str) -> int:
        """The number that was given.  Raises InvalidSettings."""
        number = int(given) if given.isascii() and given.isdigit() and len(given) < 20 else -1
        if not self.minimum <= number <= self.maximum:
            raise InvalidSettings(
                f"{self.variable} is {quoted(given)}; it must be a whole number from {self.minimum} to {self.maximum}. "
                "Correct it, or unset it."
            )
        return number


BOUNDS = (
    Bound("max_tokens", "tokens of a text", None, 512, 16, 1_000_000),
    Bound("max_passes", "passes through the model of one explanation, both directions counted", None, 20_000, 100, 10**9),
    Bound("max_upload_mb", "MB of an uploaded file", 5, 1, 1, 200),
    Bound("max_texts", "texts of a batch or a study", 2_000, 200, 1, 2_000),
    Bound("max_minutes", "minutes of a batch or a study, which then stops and keeps what it has", None, 15, 1, 100_000),
    Bound("long_jobs", "batches and studies under way at once, of all visitors together", 4, 2, 1, 1_000),
    Bound("queue", "explanations under way and waiting, of all visitors together", 256, 256, 1, 10_000),
    Bound("loaded", "models kept in memory; the one longest not used makes room; a page may need two", 3, 3, 2, 1_000),
    Bound("cache_mb", "MB of answers kept for whoever asks the same again", 256, 256, 1, 1_000_000),
)


@dataclass(frozen=True, slots=True)
class Hosting:
    """What this server does.  None: no bound but the method's and the model's own.

    models: the only ones that can be picked; empty where any can.  The other fields: see BOUNDS.
    """

    public: bool = False
    models: tuple[str, ...] = ()
    max_tokens: int | None = None
    max_passes: int | None = None
    max_upload_mb: int = 5
    max_texts: int = 2_000
    max_minutes: int | None = None
    long_jobs: int = 4
    queue: int = 256
    loaded: int = 3
    cache_mb: int = 256

    @property
    def first_model(self) -> str:
        """The model that a page starts with."""
        return self.models[0] if self.models and DEFAULT not in self.models else DEFAULT

    def offers(self, model: str) -> bool:
        """Whether visitors may use the model of that name."""
        return not self.models or ALIASES.get(model, model) in self.models


def read(environment: Mapping[str, str]) -> Hosting:
    """What these variables set.  An empty one counts as not set.  Raises InvalidSettings, also for a name nobody reads."""
    given = {name: value.strip() for name, value in environment.items() if name.startswith(PREFIXED) and value.strip()}
    known = [PUBLIC, MODELS, *(bound.variable for bound in BOUNDS), *ELSEWHERE]
    for name in sorted(given):
        if name not in known:
            raise InvalidSettings(f"There is no variable {quoted(name)}. Unset it, or use one of: {', '.join(known)}.")
    switch = given.get(PUBLIC, "0")
    if switch not in _SWITCH:
        raise InvalidSettings(f"{PUBLIC} is {quoted(switch)}; it must be 0 or 1. Correct it, or unset it.")
    public = _SWITCH[switch]
    numbers: dict[str, int | None] = {bound.field: bound.public if public else bound.default for bound in BOUNDS}
    numbers |= {bound.field: bound.read(given[bound.variable]) for bound in BOUNDS if bound.variable in given}
    return Hosting(public, _models(given.get(MODELS, ""), public), **numbers)  # type: ignore[arg-type] # None where it may be


def _models(given: str, public: bool) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(ALIASES.get(name.strip(), name.strip()) for name in given.split(",") if name.strip()))
    if given and not names:
        raise InvalidSettings(f"{MODELS} names no model. Give ids, separated by commas, or unset it.")
    if len(names) > MOST_MODELS:
        raise InvalidSettings(f"{MODELS} has {len(names)} models; {MOST_MODELS} are the most. Leave some out.")
    for name in names:
        if len(name) > LONGEST_NAME or not name.isprintable():
            raise InvalidSettings(f"{MODELS} holds {quoted(name)}, which is no model's id. Correct it, or unset it.")
        if name.startswith(PREFIX) and name not in BUNDLED:
            raise InvalidSettings(
                f"{MODELS} holds {quoted(name)}, and there is no such bundled model. There are: {', '.join(BUNDLED)}."
            )
        if public and name.startswith(_FOLDERS):
            raise InvalidSettings(f"{MODELS} holds {quoted(name)}: a public server opens no folder. Give ids of models.")
    return names or (tuple(BUNDLED) if public else ())


@cache
def hosting() -> Hosting:
    """What this server does, as its environment said at the first call.  Raises InvalidSettings."""
    return read(os.environ)


def table() -> str:
    """The variables as a table in Markdown, for the README."""

    def cell(number: int | None) -> str:
        return "no bound" if number is None else f"{number:,}"

    rows = [
        "| Variable | What it bounds | Default | Public | From | To |",
        "|---|---|---|---|---|---|",
        f"| `{PUBLIC}` | 1: public mode, the stricter defaults of this table | 0 | | 0 | 1 |",
        f"| `{MODELS}` | ids of the only models that can be picked, separated by commas | any | the bundled ones | | "
        f"{MOST_MODELS} ids |",
    ]
    rows += [
        f"| `{one.variable}` | {one.meaning} | {cell(one.default)} | {cell(one.public)} | {one.minimum:,} | {one.maximum:,} |"
        for one in BOUNDS
    ]
    return "\n".join(rows)
