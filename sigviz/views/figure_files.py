"""Plotly figures as files: HTML that needs nothing else, and the points as CSV."""

import re
from collections.abc import Iterator
from html import unescape
from itertools import zip_longest
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from sigviz.views import export, standalone
from sigviz.views.markup import escaped
from sigviz.views.palette import Theme, inks


def html(figure: go.Figure, *, theme: Theme, title: str = "") -> str:
    """A Plotly figure as a file, Plotly's program in it (some 5 MB), so that it can be pointed at without a network."""
    own = go.Figure(figure)
    ink = inks(theme)
    bar = {"bgcolor": "rgba(0,0,0,0)", "color": ink.muted, "activecolor": ink.text}
    own.update_layout(paper_bgcolor=ink.page, plot_bgcolor=ink.page, modebar=bar)
    config = {
        "displaylogo": False,
        "responsive": True,
        "modeBarButtons": [["toImage"]],
        "toImageButtonOptions": {"format": "svg", "filename": "sigviz-chart"},
    }
    inside = own.to_html(full_html=False, include_plotlyjs=True, include_mathjax=False, config=config)
    policy = standalone.POLICY + " blob:; script-src 'unsafe-inline'"
    return standalone.page(escaped(title or "sigviz"), standalone.style(theme), f"<h1>{escaped(title)}</h1>\n{inside}", policy)


def csv(figure: go.Figure) -> str:
    """The points of a Plotly figure, one row each: trace (its name), x, y, z (of a field) and text (over it).

    Where an axis has names in the place of numbers, they stand in the place of the numbers here, too.
    """
    x_names, y_names = _names(figure.layout.xaxis), _names(figure.layout.yaxis)
    made = [
        {
            "trace": str(trace.name or place),
            **point,
            "x": x_names.get(point["x"], point["x"]),
            "y": y_names.get(point["y"], point["y"]),
        }
        for place, trace in enumerate(figure.data, start=1)
        if trace.name or trace.hoverinfo != "skip"  # lines that only lead the eye
        for point in (_cells(trace) if getattr(trace, "z", None) is not None else _points(trace))
    ]
    return export.csv(pd.DataFrame(made, columns=["trace", "x", "y", "z", "text"], dtype=object))


def _points(trace: Any) -> Iterator[dict[str, Any]]:
    columns = [_listed(getattr(trace, name, None)) for name in ("x", "y", "hovertext")]
    for x, y, text in zip_longest(*columns):
        if x is not None or y is not None:  # a gap in a line is no point
            yield {"x": x, "y": y, "text": _plain(text)}


def _cells(trace: Any) -> Iterator[dict[str, Any]]:
    """The cells of a field, row by row; numbered from 0 where its axes are not named."""
    across, down = _listed(trace.x), _listed(trace.y)
    for row, values in enumerate(_listed(trace.z)):
        for column, value in enumerate(values):
            yield {"x": across[column] if across else column, "y": down[row] if down else row, "z": value}


def _names(axis: Any) -> dict[Any, str | None]:
    """place -> what the axis shows there."""
    return {place: _plain(shown) for place, shown in zip(_listed(axis.tickvals), _listed(axis.ticktext), strict=False)}


def _plain(shown: str | None) -> str | None:
    """Words without the little HTML that Plotly reads."""
    return None if shown is None else unescape(re.sub(r"<br>", "; ", re.sub(r"</?b>", "", shown)))


def _listed(values: Any) -> list[Any]:
    return [] if values is None or isinstance(values, str) else np.asarray(values, dtype=object).tolist()
