"""What a reader takes along: the page's runs as files, what makes them again, and any chart or table.

Files are made when they are asked for.  PNG is drawn by the browser, from the SVG: a server has no fonts.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from sigviz.attribution import Attribution
from sigviz.models.classifier import TextClassifier
from sigviz.ui import pictures
from sigviz.ui.cards import theme as page_theme
from sigviz.views import charts, export, figure_files, files
from sigviz.views import reproduce as again
from sigviz.views.heatmap import Scale
from sigviz.views.palette import THEMES, Theme, inks

NAME_LENGTH = 40  # characters of each part of a file's name
_MIME = {
    "svg": "image/svg+xml",
    "html": "text/html",
    "csv": "text/csv",
    "json": "application/json",
    "latex": "application/x-tex",
}
_LABELS = {"svg": "SVG", "html": "HTML", "csv": "CSV", "json": "JSON", "latex": "LaTeX"}
_ENDINGS = {format: ending for ending, format in reversed(files.SUFFIXES.items())}


def results(found: Sequence[Attribution], classifier: TextClassifier, *, key: str, scale: Scale = "row") -> None:
    """An expander with all of these runs as PNG, SVG, HTML, CSV, JSON and LaTeX.

    found: of this one classifier.  key: tells it from others on the page.  scale: of the colours, as the page shows them.
    Nothing is drawn where there are no runs.
    """
    if not found:
        return
    label = "Downloads: picture, page, tables"
    with st.expander(label, icon=":material/download:", key=f"{key}_downloads", on_change="rerun") as section:
        if not section.open:  # the picture for the PNG has to be there before it is asked for
            return
        with st.container(horizontal=True, vertical_alignment="center"):
            shades = st.segmented_control(
                "Background", [*THEMES], default=page_theme(), key=f"{key}_shades", help="Of PNG and SVG."
            )
            coloured = st.checkbox(
                "LaTeX with colours",
                key=f"{key}_colours",
                help="LaTeX gives a table like Table 5 of the SIG paper: bold and underlined, on request on colours, too.",
            )
        theme: Theme = "dark" if (shades or page_theme()) == "dark" else "light"

        def made(format: str) -> Callable[[], bytes]:
            own = {"theme": None if format == "html" else theme, "scale": scale, "colours": coloured}
            return lambda: files.encoded(files.render(found, format, revision=classifier.revision, **own))  # type: ignore[arg-type]

        name = _name(found)
        with st.container(horizontal=True, vertical_alignment="center"):
            pictures.png(made("svg")().decode(), name, key=f"{key}_png")
            for format, label in _LABELS.items():
                _button(label, made(format), f"{name}{_ENDINGS[format]}", _MIME[format], f"{key}_{format}")
        st.caption(
            "HTML opens in any browser, without a network. CSV has one row a unit and run; JSON has everything, also versions."
        )


def reproduce(found: Sequence[Attribution], classifier: TextClassifier, *, key: str) -> None:
    """An expander with what gives these numbers again: Python, a command line, and all settings as JSON."""
    if not found:
        return
    with st.expander("Reproduce", icon=":material/replay:", key=f"{key}_reproduce", on_change="rerun") as section:
        if not section.open:
            return
        python, shell, settings = st.tabs(["Python", "Command line", "JSON"])
        revision = classifier.revision
        with python:  # without highlighting, whose colours are too pale to be read
            st.code(again.python(found, revision=revision), language=None, wrap_lines=True)
        with shell:
            st.caption("For a POSIX shell (Linux, macOS, WSL); it prints JSON with all digits.")
            st.code(again.command(found, revision=revision), language=None, wrap_lines=True)
        with settings:
            st.caption("All settings, the versions of what computed, the model's revision and the seed.")
            st.code(again.as_json(found, revision=revision), language=None, wrap_lines=True)


def plotly(figure: go.Figure, title: str, *, key: str, alt: str = "") -> None:
    """A chart as sigviz shows it, and the button that saves it.  title: what it shows, in a few words; alt: the same aloud."""
    st.plotly_chart(figure, theme=None, config=charts.CONFIG, key=key, alt=alt or title)
    chart(figure, title, key=key)


def chart(figure: go.Figure, title: str, *, key: str) -> None:
    """Under a chart: a button that opens PNG, SVG and HTML of it, its points as CSV, and the figure as Plotly's JSON.

    key: that of the `st.plotly_chart` which shows the figure.  title: what the chart shows; also names the files.
    """
    shown, name = page_theme(), f"sigviz-{slug(title)}"
    with (
        st.popover("Save chart", icon=":material/download:", type="tertiary", key=f"{key}_save"),
        st.container(horizontal=True),
    ):
        pictures.of_chart(key, title, name, background=inks(shown).page, key=f"{key}_picture")
        _button(
            "HTML", lambda: figure_files.html(figure, theme=shown, title=title), f"{name}.html", _MIME["html"], f"{key}_html"
        )
        _button("CSV", lambda: figure_files.csv(figure), f"{name}.csv", _MIME["csv"], f"{key}_csv")
        _button("JSON", figure.to_json, f"{name}.json", _MIME["json"], f"{key}_json")  # as Plotly reads it


def table(rows: pd.DataFrame | Sequence[Mapping[str, Any]], name: str, *, key: str) -> None:
    """A button under a table: the table as CSV, in which no text can start a formula.  name: for the file."""

    def made() -> str:
        return export.csv(rows if isinstance(rows, pd.DataFrame) else pd.DataFrame(list(rows), dtype=object))

    _button("Table, CSV", made, f"sigviz-{slug(name)}.csv", _MIME["csv"], f"{key}_csv")


def slug(name: str) -> str:
    """What may stand in a file's name anywhere: ASCII letters, digits and hyphens, at most NAME_LENGTH of them."""
    return re.sub(r"[^A-Za-z0-9]+", "-", name)[:NAME_LENGTH].strip("-").lower() or "sigviz"


def _name(found: Sequence[Attribution]) -> str:
    methods = "-".join(dict.fromkeys(one.settings.method for one in found))
    return f"sigviz-{slug(found[0].model)}-{slug(methods)}"


def _button(label: str, made: Callable[[], str | bytes], file: str, mime: str, key: str) -> None:
    st.download_button(label, made, file, mime, key=f"{key}_file", on_click="ignore", icon=":material/download:")
