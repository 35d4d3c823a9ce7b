"""The colours of a score: blue speaks against the target, orange towards it, pale means nothing.

Blue and orange differ along the axis that red-green colour blindness leaves intact, and the two ends also differ for
people who do not see blue.  No red, no green: they would mean "bad" and "good", and a score is neither.
Within a theme the text has ONE colour on every background, so that a heatmap reads as text and not as patchwork.
"""

import math
from dataclasses import dataclass
from typing import Literal, get_args

Theme = Literal["light", "dark"]
THEMES: tuple[Theme, ...] = get_args(Theme)


@dataclass(frozen=True, slots=True)
class Inks:
    """The colours of one theme, "#rrggbb".

    page: the theme's plain background; the page's own may differ a little, so it is only drawn under inverted words
    (tooltips).  text, muted: words on the page.  line: rules and grid lines.
    chip, chip_towards, chip_against: backgrounds behind `text` for the scores 0, +1 and -1.
    towards, against, neutral: marks without words on them (bars, dots), strong enough to stand on the page alone.
    """

    page: str
    text: str
    muted: str
    line: str
    chip: str
    chip_towards: str
    chip_against: str
    towards: str
    against: str
    neutral: str


_INKS: dict[str, Inks] = {
    "light": Inks(
        page="#ffffff",
        text="#14171f",
        muted="#5a606b",
        line="#d5d8de",
        chip="#f3f3f1",
        chip_towards="#ff9429",
        chip_against="#4aa3f0",
        towards="#c4560a",
        against="#1f6fc0",
        neutral="#858c98",
    ),
    "dark": Inks(
        page="#0e1117",
        text="#ffffff",
        muted="#a6adb9",
        line="#3a404c",
        chip="#22262f",
        chip_towards="#b85a00",
        chip_against="#1668c4",
        towards="#ff9f45",
        against="#62b0ff",
        neutral="#7d8591",
    ),
}


def inks(theme: Theme) -> Inks:
    """The colours of a theme; ValueError for a theme that does not exist."""
    if theme not in _INKS:
        raise ValueError(f"theme is {theme!r}; choose one of: {', '.join(THEMES)}.")
    return _INKS[theme]


def colour(value: float, theme: Theme) -> tuple[str, str]:
    """(background, text) for a score: -1 against the target, 0 nothing, +1 towards it.

    Values beyond the ends take the colour of the end; NaN, which says nothing, the colour of 0.
    """
    ink = inks(theme)
    bounded = 0.0 if math.isnan(value) else max(-1.0, min(1.0, value))
    end = ink.chip_towards if bounded > 0 else ink.chip_against
    return _mix(ink.chip, end, abs(bounded)), ink.text


def ramp(theme: Theme, stops: int = 11) -> list[str]:
    """The backgrounds from -1 to +1 in even steps, for a legend.  stops: an odd number >= 3, so that 0 is among them."""
    if stops < 3 or stops % 2 == 0:
        raise ValueError(f"stops is {stops}; it must be an odd number from 3.")
    return [colour(2 * place / (stops - 1) - 1, theme)[0] for place in range(stops)]


def _mix(start: str, end: str, share: float) -> str:
    """The colour `share` (0 to 1) of the way from start to end, channel by channel."""
    pairs = zip(_channels(start), _channels(end), strict=True)
    return "#" + "".join(f"{round(low + (high - low) * share):02x}" for low, high in pairs)


def _channels(colour: str) -> tuple[int, int, int]:
    """Red, green and blue of "#rrggbb", 0 to 255."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
