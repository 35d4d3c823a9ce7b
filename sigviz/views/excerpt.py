"""The part of a text that was explained, where the rest only stood around it: an attribution of that part alone, to draw."""

from collections.abc import Sequence
from dataclasses import replace

from sigviz.attribution import OUTPUTS, Attribution
from sigviz.views import wording
from sigviz.views.markup import escaped
from sigviz.views.palette import Theme, inks

_ROOM = 4.8  # rem: what the text on either side of it may take


def excerpt(attribution: Attribution) -> Attribution:
    """The attribution as of the characters in settings.within, all scores unchanged; as it is where all was explained.

    For drawing only: its text is not what the model read.
    """
    if attribution.settings.within is None:
        return attribution
    start, end = (min(at, len(attribution.text)) for at in attribution.settings.within)
    units = tuple(replace(unit, start=unit.start - start, end=unit.end - start) for unit in attribution.units)
    return replace(attribution, text=attribution.text[start:end], units=units, truncated=0)


def context(text: str, start: int, end: int, theme: Theme) -> str:
    """The part [start, end) as HTML between the rest of the text, dimmed, in boxes of bounded height that scroll.

    The one before it shows its end first: what stands next to the part.
    """
    ink = inks(theme)
    before, part, behind = text[:start].strip(), text[start:end].strip(), text[end:].strip()
    flow = "white-space:pre-wrap;overflow-wrap:anywhere;line-height:1.6"
    dimmed = f"color:{ink.muted};font-size:.875rem;{flow};max-height:{_ROOM}rem;overflow-y:auto"
    return (
        f'<div class="sigviz-context" style="border-left:3px solid {ink.line};padding:.1rem .75rem" dir="auto">'
        + _beside(before, f"{dimmed};display:flex;flex-direction:column-reverse", "The text before it")
        + f'<div style="color:{ink.text};{flow};padding:.3rem 0">{escaped(part)}</div>'
        + _beside(behind, dimmed, "The text behind it")
        + "</div>"
    )


def _beside(text: str, style: str, label: str) -> str:
    if not text:
        return ""
    return f'<div style="{style}" tabindex="0" role="region" aria-label="{label}"><div>{escaped(text)}</div></div>'


def shares(found: Sequence[Attribution], scores: Sequence[float | None]) -> str:
    """One row a run, as a table: what it gives the part as one unit, what replacing the part does, and its words' sum.

    found: inside one part of one text, with the same F; scores: [runs], of the part as a unit of the whole text, None where
    that is not known.  Its classes are those of `heatmap.style`.
    """
    heads = ("Method", "Its score in the map above", "F(x) − F(x without it)", "Sum of its words' scores", "Apart")
    rows = ""
    for title, one, score in zip(wording.names(found), found, scores, strict=True):
        cells = (score, one.output - one.baseline_output, float(one.raw.sum()), one.total_delta)
        written = "".join(f"<td>{'·' if value is None else wording.number(value)}</td>" for value in cells)
        rows += f'<tr><th scope="row">{escaped(title)}</th>{written}</tr>'
    unit = escaped(OUTPUTS[found[0].settings.output])
    said = (
        f"The sentence as a whole, and its words. All numbers are in the unit of F ({unit}); x without it: this sentence alone"
    )
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    table = (
        f"<table><caption><span>{said} replaced by the baseline.</span></caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{rows}</tbody></table>"
    )
    return f'<div class="sigviz-grid" tabindex="0" role="region" aria-label="The sentence and its words">{table}</div>'
