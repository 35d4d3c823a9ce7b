"""The sections of the Axioms page: each computes its checks now, draws them as they come, and puts them on the board."""

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from sigviz.attribution import Attribution, Prediction, Settings
from sigviz.methods import METHODS, Promise
from sigviz.methods.registry import Method, Option
from sigviz.teaching import axioms as measure
from sigviz.teaching import invariance as same
from sigviz.teaching import symmetry
from sigviz.teaching.checks import Check
from sigviz.teaching.toy import LARGEST
from sigviz.ui import downloads, lesson, messages
from sigviz.ui.cards import theme
from sigviz.ui.lesson import Asked
from sigviz.ui.messages import plain
from sigviz.views import axioms as views
from sigviz.views import wording
from sigviz.views.axioms import Axiom

COMPARED = ("ig", "sig", "sig-exact")  # whose scores are compared between ways to compute the same model
FEW_STEPS = 4  # enough where only two explanations with the same steps are compared, or a score must be exactly 0
FEW = {"samples": 128, "seeds": 1}  # of methods that promise nothing: more samples would not make them complete
_NAMES = {id: spec.label for id, spec in METHODS.items()} | {"control": "Control"}
_EXACT = "sig-exact"  # what F(x) − F(x̄ⁱ) is taken from


def ready(asked: Asked) -> Prediction | None:
    """What the model says of the text; None where text or baseline do not work, which is then said once, here."""
    prediction = lesson.prediction(asked)
    with messages.shown():
        asked.classifier.baseline(asked.baseline)
        return prediction
    return None


class Board:
    """The summary at the top of the page, drawn anew whenever a section knows more."""

    def __init__(self) -> None:
        st.html(views.style(theme()))
        self._slot = st.empty()
        self._lines = {
            axiom.anchor: axiom
            for axiom in (
                Axiom("Completeness", "completeness"),
                Axiom("Sensitivity", "sensitivity"),
                Axiom("Implementation invariance", "invariance"),
                Axiom("Symmetry within a word", "within-a-word"),
                Axiom("Symmetry of two words", "two-words"),
                Axiom("Symmetry across words", "across-words", beside=True),
            )
        }
        self._draw()

    def add(self, anchor: str, checks: Sequence[Check]) -> None:
        """More checks of one of the axioms."""
        line = self._lines[anchor]
        self._lines[anchor] = replace(line, checks=(*(line.checks or ()), *checks))
        self._draw()

    def save(self) -> None:
        """All checks of the page so far as a file."""
        rows = [
            {
                "axiom": line.name,
                "about": _NAMES.get(check.about, check.about),
                **{name: getattr(check, name) for name in ("measured", "bound", "unit", "holds", "promised")},
            }
            for line in self._lines.values()
            for check in line.checks or ()
        ]
        downloads.table(rows, "axioms", key="axioms")

    def _draw(self) -> None:
        self._slot.html(views.summary(list(self._lines.values()), _NAMES))


class Ledger:
    """The explanations of the text by every method, held against completeness and sensitivity as they come."""

    def __init__(self, asked: Asked, board: Board) -> None:
        """Draw how many steps are asked for, and the place of the table."""
        self._asked, self._board = asked, board
        self._grown = _controls()
        self._slot = st.empty()
        self._found: dict[str, Attribution] = {}
        self._noticed: DeltaGenerator | None = None

    def overlooked(self) -> None:
        """Draw the place of the table that says whether a word that matters gets 0."""
        self._noticed = st.empty()

    def first(self) -> bool:
        """Ask the methods that promise something as they stand, or with more steps; whether exact SIG has come."""
        self._ask("first", [spec for spec in METHODS.values() if _promising(spec) and spec.limit in (None, "steps")])
        return _EXACT in self._found

    def rest(self) -> None:
        """Ask those that take longer, and those that promise nothing."""
        self._ask("walks", [spec for spec in METHODS.values() if _promising(spec) and spec.limit not in (None, "steps")])
        self._ask("others", [spec for spec in METHODS.values() if not _promising(spec)])

    def take_along(self) -> None:
        """The explanations of the page, as files and as what gives them again."""
        lesson.take_along(self._asked, [self._found.get(id) for id in METHODS], key="axioms_runs")

    def _ask(self, key: str, specs: list[Method]) -> None:
        specs.sort(key=lambda spec: spec.id != _EXACT)  # the others are held against it
        with messages.shown():
            lesson.explained(self._asked, [self._settings(spec) for spec in specs], key=f"complete_{key}", each=self._draw)
        mine = [row for row in self._rows() if row.method in {spec.id for spec in specs}]
        self._board.add("completeness", [one for row in mine for one in (row.total, row.per_unit) if one is not None])
        self._notice({spec.id for spec in specs})

    def _settings(self, spec: Method) -> Settings:
        few = {name: value for name, value in FEW.items() if _has(spec, name)}
        return self._asked.settings(spec.id, **few, **({spec.limit: self._grown[spec.limit]} if spec.limit else {}))

    def _draw(self, answers: list[Attribution | None]) -> None:
        self._found.update({one.settings.method: one for one in answers if one is not None})
        better = {id: f"; nearer with a larger “{spec.limit}”" if spec.limit else "" for id, spec in METHODS.items()}
        promises = {id: f"{spec.promises.value}{better[id]}" for id, spec in METHODS.items()}
        self._slot.html(views.completeness(self._rows(), _NAMES, promises, self._asked.shared.output))

    def _rows(self) -> list[measure.Completeness]:
        """In the order of METHODS."""
        exact = self._found.get(_EXACT)
        return [
            measure.completeness(self._found[id], None if exact is None else exact.expected)
            for id in METHODS
            if id in self._found
        ]

    def _notice(self, new: set[str]) -> None:
        """Sensitivity of all that have come; those in `new` go on the board."""
        exact = self._found.get(_EXACT)
        if self._noticed is None or exact is None or exact.expected is None:
            return
        found = [
            measure.sensitivity(self._found[id], exact.expected)
            for id in METHODS
            if id in self._found and _promising(METHODS[id])
        ]
        self._board.add("sensitivity", [one.check for one in found if one.check.about in new])
        first, output = found[0], self._asked.shared.output
        with self._noticed.container():
            st.markdown(
                f"**{first.matter:,} of {first.units:,}** {self._asked.shared.unit}s change F by more than "
                f"{plain(wording.amount(first.least, output, 2))} when replaced. Measured: how many of them get a score of 0."
            )
            checks = [one.check for one in found]
            st.html(views.checks(checks, _NAMES, caption="Words that matter and are overlooked", output=output))


def _promising(spec: Method) -> bool:
    return spec.promises is not Promise.NOTHING


def _has(spec: Method, name: str) -> bool:
    return any(option.name == name for option in spec.options)


def _controls() -> dict[str, int]:
    """How far the option is turned up that must grow for the promises to be kept ever better, by its name."""
    chosen = {}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        for name, option in _limits().items():
            who = ", ".join(spec.label for spec in METHODS.values() if spec.limit == name)
            assert isinstance(option.default, int) and option.minimum is not None and option.maximum is not None
            chosen[name] = st.number_input(
                f"{option.label} ({who})",
                int(option.minimum),
                int(option.maximum),
                option.default,
                key=f"check_{name}",
                bind="query-params",
                width=190,
                help=option.help,
            )
    return chosen


def _limits() -> dict[str, Option]:
    """The options that limit a promise; of several of one name, the first method's."""
    found: dict[str, Option] = {}
    for spec in METHODS.values():
        for option in spec.options:
            if option.name == spec.limit:
                found.setdefault(option.name, option)
    return found


def shared_budget() -> None:
    """The toy in which IG gives 0 to a word that matters."""
    st.html(views.checks(measure.overlooked_by_sharing(), _NAMES, caption="A word that matters, and its score by IG and SIG"))


def inserted(asked: Asked, board: Board) -> None:
    """A word that is the baseline itself gets exactly 0: measured on this text with such a word in front."""
    with messages.shown():
        wanted = tuple(
            asked.settings(spec.id, unit="token", **({"steps": FEW_STEPS} if _has(spec, "steps") else {}))
            for spec in METHODS.values()
            if _promising(spec)
        )
        found = lesson.computed(
            asked,
            ("inserted", wanted),
            lambda progress, cancel: measure.inserted(asked.classifier, asked.text, wanted, progress, cancel),
            key="inserted",
        )
        if found is None:
            return
        if found.why_not:
            st.info(plain(found.why_not), icon=":material/info:")
            return
        st.caption(f"Explained: {plain(found.text[:200])}")
        st.html(views.checks(found.checks, _NAMES, caption="Score of the baseline token", output=asked.shared.output))
        board.add("sensitivity", found.checks)


def unused(board: Board) -> None:
    """A word that F does not read gets 0: on a toy, by every method."""
    checks = measure.unused_word()
    st.html(views.checks(checks, _NAMES, caption="Score of a word that F does not read"))
    board.add("sensitivity", checks)


def invariance(asked: Asked, board: Board, prediction: Prediction) -> None:
    """The same model computed in other ways: the largest difference of a score for the predicted class."""
    with messages.shown():
        wanted = [
            asked.settings(id, target=prediction.target, **({"steps": FEW_STEPS} if _has(METHODS[id], "steps") else {}))
            for id in COMPARED
        ]
        reference = [one for one in lesson.explained(asked, wanted, key="reference") if one is not None]
        if len(reference) < len(wanted):
            return
        for way in same.WAYS:
            found = _compared(asked, way, tuple(wanted), reference)
            if found is None:
                return
            board.add("invariance", found.checks)


def _compared(asked: Asked, way: str, wanted: tuple[Settings, ...], reference: list[Attribution]) -> same.Compared | None:
    """One way, drawn; None where it was stopped."""
    st.markdown(f"**With {plain(same.described(asked.classifier, way))}**")
    found = lesson.computed(
        asked,
        ("computed otherwise", way, wanted),
        lambda progress, cancel: same.compared(asked.classifier, way, reference, progress, cancel),
        key=f"way_{way}",
        seconds=2 * sum(one.cost.seconds for one in reference),
    )
    if found is not None and found.why_not:
        st.info(plain(found.why_not), icon=":material/info:")
    elif found is not None:
        caption = "Largest difference of a score between two ways to compute the model"
        st.html(views.checks(found.checks, _NAMES, caption=caption, output=asked.shared.output))
    return found


def within_a_word(board: Board) -> None:
    """Two features of one word that F treats alike, and a control in which it does not."""
    checks = [symmetry.within_a_word(symmetry.alike), replace(symmetry.within_a_word(symmetry.unlike), about="control")]
    st.html(views.checks(checks, _NAMES, caption="Difference between the two features' scores"))
    board.add("within-a-word", checks)


def two_words(board: Board) -> None:
    """The appendix's case, live: F, both words and both baselines as the reader chooses."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.selectbox(
            "F of two words",
            [*symmetry.FUNCTIONS],
            key="toy",
            bind="query-params",
            width=190,
            help="A function of two words with one number each. All but the last treat the two words alike.",
        )
        x = (_number("x₁", "x1", 1.0, "The number of word 1."), _number("x₂", "x2", 1.0, "The number of word 2."))
        m = (_number("m₁", "m1", 0.0, "What replaces word 1."), _number("m₂", "m2", 0.0, "What replaces word 2."))
    with messages.shown():
        found = symmetry.two_words(name, x, m)
        st.latex(f"F(x_1, x_2) = {found.f.formula}")
        picture, numbers = st.columns([2, 3], gap="large")
        with picture:
            downloads.plotly(
                views.plane(found, theme()),
                "F of two words",
                key="plane",
                alt="F over the numbers of the two words, and the ways that IG and SIG take from the baseline to the text",
            )
            st.caption("Thin lines: where F has the same value. The star is the text; each way starts where its baseline is.")
        with numbers:
            st.html(views.two_words(found, _NAMES))
            st.markdown(plain(views.reading(found)))
        if found.checks:
            st.html(views.checks(found.checks, _NAMES, caption="Difference between the scores of two equal words"))
        board.add("two-words", found.checks)


def _number(label: str, key: str, value: float, help: str) -> float:
    return float(
        st.number_input(label, -LARGEST, LARGEST, value, 0.1, "%.2f", key=key, bind="query-params", width=120, help=help)
    )


def across_words(board: Board) -> None:
    """Features of different words that F treats alike."""
    checks = symmetry.across_words()
    st.html(views.checks(checks, _NAMES, caption="Difference between the scores of two features of different words"))
    board.add("across-words", checks)
