"""What the batch page asks for: texts, runs, a look at what they will cost, and the click that starts the work."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from threading import Event
from typing import Any

import streamlit as st

from sigviz.attribution import Settings
from sigviz.errors import Cancelled, InvalidText, SigvizError
from sigviz.hosting import hosting
from sigviz.methods import METHODS
from sigviz.methods import runs as runs_text
from sigviz.methods.options import MAX_STEPS
from sigviz.methods.runs import RunChoice
from sigviz.models.classifier import TextClassifier
from sigviz.studies import batch, files
from sigviz.studies.batch import MOST_ROWS, Batch, Numbered, Outlook
from sigviz.ui import limits, messages, work
from sigviz.ui.controls import Shared
from sigviz.ui.examples import EXAMPLES
from sigviz.ui.jobs import desk
from sigviz.ui.limits import MAX_CHARACTERS
from sigviz.ui.run_controls import BASELINE_HELP, BASELINES
from sigviz.version import VERSION
from sigviz.views import wording

KEY = "batch"  # of the work, and the beginning of every widget's key here
MOST_PASTED = 200_000  # characters
SHOWN_TEXTS = 3  # of which the maps are shown
SOURCES = ("a file", "pasted lines")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the work returns.  asked: the question, for the page and for Parquet's metadata."""

    batch: Batch
    asked: dict[str, Any]


def bounds() -> str:
    """What a batch may be, in words."""
    here = hosting()
    tokens = "" if here.max_tokens is None else f" and {here.max_tokens:,} tokens"
    return (
        f"At most {here.max_texts:,} texts of {MAX_CHARACTERS:,} characters{tokens} each, {here.max_upload_mb} MB, and "
        f"{MOST_ROWS:,} rows of scores. What is longer than the model can read is cut, and the column `truncated` says by how "
        "many tokens; with *slide* it is read in windows that overlap."
    )


def texts() -> Numbered:
    """The texts of the file or of the pasted lines; none where nothing was given yet, or it is wrong, which is then said."""
    source = st.segmented_control("Texts from", SOURCES, default=SOURCES[0], key=f"{KEY}_source", persist_state="session")
    with messages.shown():
        found = _pasted() if source == SOURCES[1] else _file()
        if found:
            empty = sum(not text.strip() for _, text in found)
            without = f", {empty:,} of them empty" if empty else ""
            st.caption(f"{len(found):,} {'text' if len(found) == 1 else 'texts'}{without}.")
        return found
    return ()


def _file() -> Numbered:
    given = st.file_uploader(
        "A file with a column text",
        type=[suffix.removeprefix(".") for suffix in files.SUFFIXES],
        key=f"{KEY}_file",
        max_upload_size=hosting().max_upload_mb,
        help="CSV or TSV with a header line, JSONL (one object a line) or Parquet. Other columns are not read.",
    )
    st.caption(bounds())
    if given is None:
        return ()
    limits.check_upload(given.name, given.size)
    most = hosting().max_texts
    table = files.read(given.name, given.getvalue(), most=most, longest=MAX_CHARACTERS, size=hosting().max_upload_mb * 2**20)
    read = dict(zip(table.ids, table.texts, strict=True))
    return [(number, read.get(number, "")) for number in range(len(table) + table.empty)]  # an empty text gets its row, too


def _pasted() -> Numbered:
    given = st.text_area(
        "One text a line",
        max_chars=MOST_PASTED,
        height=180,
        key=f"{KEY}_pasted",
        persist_state="session",
        placeholder="\n".join(list(EXAMPLES)[:2]),
    )
    st.caption(bounds())
    lines = [(number, line) for number, line in enumerate((given or "")[:MOST_PASTED].split("\n")) if line.strip()]
    if len(lines) > hosting().max_texts:
        raise InvalidText(f"There are {len(lines):,} lines; {hosting().max_texts:,} are the most. Leave some out.")
    for number, line in lines:
        if len(line) > MAX_CHARACTERS:
            raise InvalidText(f"Line {number + 1:,} has {len(line):,} characters; {MAX_CHARACTERS:,} are the most. Cut it.")
    return lines


def runs(shared: Shared) -> list[Settings]:
    """What every text is explained by; none where it is wrong, which is then said."""
    as_text = st.session_state.get(f"{KEY}_as_text", False)
    with messages.shown():
        chosen = _written() if as_text else _picked()
        return list(dict.fromkeys(one.settings(**asdict(shared)) for one in chosen))
    return []


def runs_as_text() -> None:
    """The switch between picking methods and writing them down."""
    st.toggle(
        "Runs as text",
        key=f"{KEY}_as_text",
        persist_state="session",
        help="Write the runs as one line, as on the page Compare: every method with settings of its own.",
    )


def _picked() -> list[RunChoice]:
    first = [spec.preview or spec.id for spec in METHODS.values() if spec.shown_first]  # where a limit is cheaper, that
    which, where, often = st.columns([3, 1, 1], vertical_alignment="bottom")
    methods = which.multiselect(
        "Methods",
        [*METHODS],
        default=first,
        format_func=lambda id: METHODS[id].label if id in METHODS else str(id),
        key=f"{KEY}_methods",
        persist_state="session",
        max_selections=runs_text.MAX_RUNS,
    )
    baseline = where.selectbox(
        "Baseline",
        [*BASELINES],
        accept_new_options=True,
        key=f"{KEY}_baseline",
        persist_state="session",
        help=BASELINE_HELP,
    )
    steps = often.number_input(
        "Steps",
        1,
        MAX_STEPS,
        value=None,
        placeholder="as usual",
        key=f"{KEY}_steps",
        persist_state="session",
        help="For the methods that have steps. Empty: each method's own number.",
    )
    return [RunChoice(id, baseline or "mask", _steps(id, steps)) for id in methods if id in METHODS]


def _steps(id: str, steps: int | None) -> dict[str, Any]:
    has = any(option.name == "steps" for option in METHODS[id].options)
    return {"steps": steps} if has and steps is not None else {}


def _written() -> list[RunChoice]:
    line = st.text_input(
        "Runs",
        runs_text.default(),
        key=f"{KEY}_runs",
        persist_state="session",
        help="One word a run: a method's id, and in brackets what differs from its defaults, e.g. sig(steps=20,baseline=pad).",
    )
    return runs_text.parse(line or "")


def run(classifier: TextClassifier, given: Numbered, chosen: Sequence[Settings]) -> None:
    """What the batch will cost, and the button that starts it."""
    under_way = work.current(KEY)
    busy = under_way is not None and not under_way.finished
    outlook = None
    with messages.shown():
        if given and chosen:
            outlook = batch.outlook(classifier, [text for _, text in given], chosen)
    fits = outlook is not None and outlook.rows <= MOST_ROWS
    if outlook is not None:
        seconds = desk().pace(classifier) * outlook.work
        st.caption(cost(outlook, seconds))
        if not fits:
            st.warning(
                f"That is more than the {MOST_ROWS:,} rows of one batch. Use fewer texts or methods, or larger units.",
                icon=":material/table_rows:",
            )
    pressed = st.button(
        "Run",
        type="primary",
        icon=":material/play_arrow:",
        key=f"{KEY}_run",
        disabled=busy or not fits,
        help="Give texts and at least one method first." if not given or not chosen else None,
    )
    if pressed and fits and not busy:
        with messages.shown():
            _start(classifier, given, list(chosen))
            st.rerun()  # the button above does not know yet that it must wait


def cost(outlook: Outlook, seconds: float) -> str:
    """What a batch will take, in words."""
    reckoned = f", reckoned from {batch.SAMPLE} of the texts" if outlook.sampled else ""
    about = f"about {wording.duration(seconds)} here when nobody else is computing"
    return f"{outlook.rows:,} rows, {outlook.passes:,} passes through the model{reckoned}: {about}."


def check(classifier: TextClassifier, given: Numbered, chosen: Sequence[Settings], cancel: Event) -> None:
    """Raises SigvizError for what is more than this server does, and says which text it is."""
    limits.check_texts(len(given))
    for number, text in given:
        for settings in chosen:
            if cancel.is_set():
                raise Cancelled("It was stopped.")
            try:
                limits.check_explanation(classifier, text, settings)
            except SigvizError as error:
                if text.strip():  # without a word it gets its row, which says so
                    raise type(error)(f"Text {number + 1:,}: {error}") from None


def _start(classifier: TextClassifier, given: Numbered, chosen: list[Settings]) -> None:
    asked = {
        "sigviz": VERSION,
        "model": classifier.name,
        "revision": classifier.revision,
        "device": str(classifier.device),
        "dtype": str(classifier.dtype).removeprefix("torch."),
        "runs": [settings.to_dict() for settings in chosen],
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
    }

    def go(report: work.Report, cancel: Event) -> Outcome:
        report(0, 0, "Counting tokens")
        check(classifier, given, chosen, cancel)
        found = batch.collect(classifier, given, chosen, shown=SHOWN_TEXTS, progress=report, cancel=cancel)
        return Outcome(found, asked)

    work.start(KEY, go)
