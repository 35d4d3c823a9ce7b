"""The probability of every class, as bars of plain HTML: they stand there before the browser has loaded a chart's program."""

import numpy as np

from sigviz.attribution import Attribution, Prediction
from sigviz.views.markup import escaped
from sigviz.views.palette import Theme, inks
from sigviz.views.wording import percent, shortened

MOST_CLASSES = 20
_ROW = "display:grid;grid-template-columns:minmax(3rem,9rem) 1fr 4.5rem;gap:.6rem;align-items:center;line-height:1.9"
_BAR = "display:block;height:.9rem;border-radius:.15rem"


def html(prediction: Prediction | Attribution, theme: Theme) -> str:
    """The classes of a plain forward pass, the most probable first; the target bold, with an arrow and in colour.

    Of more than MOST_CLASSES the most probable ones and the target are drawn, and the others as one bar.
    """
    ink = inks(theme)
    ranked = np.argsort(-prediction.probabilities, kind="stable").tolist()
    shown = ranked[:MOST_CLASSES]
    if prediction.target not in shown:
        shown[-1] = prediction.target
    rows = []
    for place in shown:
        label = f'<bdi dir="auto">{escaped(shortened(prediction.labels[place], 40))}</bdi>'
        is_target = place == prediction.target
        named = f"▸ <b>{label}</b>" if is_target else label
        rows.append(_row(named, float(prediction.probabilities[place]), ink.towards if is_target else ink.neutral, ink.line))
    if len(ranked) > len(shown):
        rest = float(np.delete(prediction.probabilities, shown).sum())
        rows.append(_row(f"{len(ranked) - len(shown)} others", rest, ink.neutral, ink.line))
    return f'<div role="list" aria-label="Probability of each class" style="color:{ink.text}">{"".join(rows)}</div>'


def _row(label: str, share: float, colour: str, line: str) -> str:
    width = 100 * min(max(share, 0.0), 1.0)
    bar = f'<span style="{_BAR};width:{width:.2f}%;min-width:1px;background:{colour}"></span>'
    return (
        f'<div role="listitem" style="{_ROW}"><span style="text-align:right;overflow-wrap:anywhere">{label}</span>'
        f'<span style="border-left:1px solid {line}">{bar}</span><span>{percent(share)}</span></div>'
    )
