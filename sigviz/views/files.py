"""Explanations as files: SVG, HTML, CSV, JSON and LaTeX, by name or by a file's suffix."""

import os
from collections.abc import Sequence
from pathlib import Path

from sigviz.attribution import Attribution, quoted
from sigviz.errors import InvalidSettings
from sigviz.views import picture, records, reproduce, standalone, table5
from sigviz.views.heatmap import Scale
from sigviz.views.palette import Theme
from sigviz.whole import whole

FORMATS = {  # name -> what it is
    "svg": "a picture of the rows",
    "html": "rows, scores and what makes them again, for any browser",
    "csv": "one row a unit and run",
    "json": "everything, with settings and versions",
    "latex": "a table like Table 5 of the SIG paper",
}
SUFFIXES = {".svg": "svg", ".html": "html", ".htm": "html", ".csv": "csv", ".json": "json", ".tex": "latex"}
Attributions = Attribution | Sequence[Attribution]


def render(
    attributions: Attributions,
    format: str,
    *,
    theme: Theme | None = None,
    scale: Scale = "row",
    colours: bool = False,
    revision: str = "",
) -> str:
    """Explanations in one of FORMATS, as text.  attributions: one, or any number, in the order in which they are shown.

    theme: "light" or "dark", of SVG and HTML; None: light for SVG, and for HTML whatever its reader has.  scale: what counts
    as full colour, "row", "shared" or "fixed".  colours: put the words of the LaTeX table on their colours.  revision:
    `classifier.revision`, to be written down where there is a place for it.

    There is no PNG: it takes a browser to draw one, and the app has a button for it.

    Raises: InvalidSettings for an unknown format, for nothing to write, or for a revision with several models.
    """
    found = [attributions] if isinstance(attributions, Attribution) else list(attributions)
    format = known(format)
    reproduce.one_model(found, revision)
    if format == "svg":
        return picture.svg(found, theme=theme or "light", scale=scale)
    if format == "html":
        return standalone.html(found, theme=theme, scale=scale, revision=revision)
    if format == "csv":
        return records.csv(found, revision=revision)
    if format == "json":
        return records.to_json(found, revision=revision)
    return table5.latex(found, colours=colours, scale=scale, revision=revision)


def save(
    attributions: Attributions,
    path: str | os.PathLike[str],
    *,
    theme: Theme | None = None,
    scale: Scale = "row",
    colours: bool = False,
    revision: str = "",
) -> Path:
    """Write explanations into a file whose suffix says how: .svg, .html, .csv, .json or .tex; returns its path.

    The other arguments are those of `render`.  A file of that name is written over, and stays as it is where that fails.

    Raises: InvalidSettings for another suffix and as `render` does; OSError where the file cannot be written.
    """
    format = of_suffix(path)
    content = render(attributions, format, theme=theme, scale=scale, colours=colours, revision=revision)
    write(Path(path), content)
    return Path(path)


def write(path: Path, content: str) -> None:
    """Put text into a file, which is there whole or stays as it was.  Raises OSError, which names the file."""
    try:
        with whole(path) as fresh:
            fresh.write_bytes(encoded(content))
    except OSError as error:  # which would name the file beside it
        raise OSError(error.errno, error.strerror, str(path)) from error


def encoded(content: str) -> bytes:
    """UTF-8.  Half a surrogate pair, which has none, is spelt out: in JSON that is the very character."""
    return content.encode("utf-8", "backslashreplace")


def known(format: str) -> str:
    """The format, if it is one of FORMATS; InvalidSettings that lists them if it is not."""
    if format not in FORMATS:
        raise InvalidSettings(f"format is {quoted(format)}; choose one of: {', '.join(FORMATS)}.{_no_png(format)}")
    return format


def of_suffix(path: str | os.PathLike[str]) -> str:
    """The format that a file's name asks for; InvalidSettings where it asks for none."""
    suffix = Path(path).suffix.lower()
    if suffix not in SUFFIXES:
        raise InvalidSettings(
            f"The name of the file ends with {quoted(suffix)}, which says no format. End it with one of: "
            f"{', '.join(SUFFIXES)}.{_no_png(suffix.removeprefix('.'))}"
        )
    return SUFFIXES[suffix]


def _no_png(format: object) -> str:
    return " PNG is made in the browser, on the Compare page." if format == "png" else ""
