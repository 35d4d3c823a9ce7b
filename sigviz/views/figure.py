"""What all of sigviz's Plotly figures share: rows with names down the side, the page's colours, labels made safe."""

from collections.abc import Sequence
from html import escape
from textwrap import wrap

import plotly.graph_objects as go

from sigviz.views.palette import Theme, inks
from sigviz.views.wording import shortened

LABEL_LENGTH, _TITLE_LENGTH = 24, 56  # characters
_FONT = '"Source Sans", system-ui, sans-serif'  # Streamlit's; "inherit" would inherit Plotly's own
_ROW, _LINE, _AXIS, _LEGEND = 22, 16, 36, 48  # pixels: a unit, a line of the title, the axis' numbers, the legend above


def safe_label(text: str) -> str:
    """Foreign text for Plotly, which reads a little HTML, and LaTeX between dollars."""
    return escape(shortened(text, LABEL_LENGTH), quote=False).replace("$", "&#36;")


def finish(figure: go.Figure, labels: Sequence[str], theme: Theme, title: str) -> None:
    """What all figures share: the units down the side, the page's font and background, no tools, no zooming by accident."""
    ink, lines = inks(theme), wrap(title, _TITLE_LENGTH)
    bottom = _AXIS + _LINE * len(lines)
    figure.update_layout(
        template="none",
        height=_ROW * len(labels) + bottom + 8 + (_LEGEND if any(trace.showlegend is None for trace in figure.data) else 0),
        margin={"l": 8, "r": 12, "t": 8, "b": bottom},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": _FONT, "size": 13, "color": ink.text},
        title={  # under the whole figure, not the axis, which long labels make too narrow for it on a phone
            "text": "<br>".join(lines),
            "font": {"size": 12, "color": ink.muted},
            "x": 0,
            "xref": "container",
            "xanchor": "left",
            "y": 0,
            "yref": "container",
            "yanchor": "bottom",
            "pad": {"l": 8, "b": 6 + _LINE * (len(lines) - 1)},  # Plotly places the first line; the others hang below it
        },
        hoverlabel={"bgcolor": ink.text, "font": {"color": ink.page, "family": _FONT}, "align": "left"},
        legend={"orientation": "h", "x": 0, "xanchor": "left", "y": 1, "yanchor": "bottom"},
        dragmode=False,
        bargap=0,
    )
    figure.update_xaxes(
        automargin=True,
        fixedrange=True,
        gridcolor=ink.line,
        zerolinecolor=ink.neutral,
        tickfont={"color": ink.muted, "size": 11},
        nticks=6,
    )
    figure.update_yaxes(
        tickvals=list(range(len(labels))),
        ticktext=list(labels),
        range=[len(labels) - 0.4, -0.6],  # the text runs downwards
        automargin=True,
        fixedrange=True,
        showgrid=False,
        zeroline=False,
        ticks="",
        ticklabelstandoff=6,
    )
