"""Explained texts as a LaTeX table in the manner of Table 5 of the SIG paper (arXiv:2305.15853).

The most important unit is underlined and bold, the top 20 % are bold, and on request each unit stands on its colour.  The
comment on top names the packages.  Foreign text cannot be a command.  White space becomes one space, also line breaks: a
table's cell is one paragraph.  Characters that pdfLaTeX does not have stay as they are, and the comment says that
LuaLaTeX or XeLaTeX and a font with them are needed; so it does for text that runs from right to left, which LaTeX sets
from left to right, word by word, unless babel is told its language.
"""

import re
from collections.abc import Sequence
from unicodedata import bidirectional, normalize

from sigviz.attribution import OUTPUTS, Attribution
from sigviz.errors import InvalidSettings
from sigviz.views import heatmap, wording
from sigviz.views.heatmap import Scale
from sigviz.views.palette import colour
from sigviz.views.pieces import left_out, pieces

_NAME_LENGTH, _LABEL_LENGTH, _LISTED = 60, 40, 12
_TEX = {
    **{character: f"\\{character}" for character in "&%$#_{}"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "`": r"\textasciigrave{}",
    "\u00a0": "~",
    "−": "$-$",
    "×": r"$\times$",
    "±": r"$\pm$",
    "…": r"\ldots{}",
    "↵": r"$\hookleftarrow$",
    "␣": r"\textvisiblespace{}",
    "◌": r"$\circ$",
    "∅": r"$\emptyset$",
    "⇥": r"$\mapsto$",
    **{digit: f"$^{{{plain}}}$" for digit, plain in zip("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789", strict=True)},
}
_TEX_TABLE = str.maketrans(_TEX)
_LIGATURE = re.compile(r"(?<=([-',]))(?=\1)")  # two hyphens would become a dash, two commas or apostrophes a quotation mark
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
_NOT_T1 = (0xAD, 0x126, 0x127, 0x138, 0x13F, 0x140, 0x149, 0x166, 0x167)
_PDFLATEX = frozenset("‐‑‒–—―‘’‚“”„‹›‰‱†‡•⁄€™") | {  # what its own utf8 knows with T1, besides ASCII
    chr(code) for code in (*range(0xA1, 0x17F), *range(0x218, 0x21C)) if code not in _NOT_T1
}


def latex(attributions: Sequence[Attribution], *, colours: bool = False, scale: Scale = "row", revision: str = "") -> str:
    """A table environment: a line between texts, and for each run its name and the text as it marks it.

    colours: also put each unit on the colour of its score (the light theme's); scale: as for `heatmap.html`, for these.
    The table does not break over pages.  revision: TextClassifier.revision of their one model, for the caption.
    Raises InvalidSettings where there is nothing to write.
    """
    if not attributions:
        raise InvalidSettings("There is no explanation to write down. Give one attribution at least.")
    largest = heatmap.shared_max(attributions)
    rows: list[str] = []
    for place, (one, title) in enumerate(zip(attributions, wording.names(attributions), strict=True)):
        if place and one.text != attributions[place - 1].text:
            rows.append(r"\midrule")
        values = heatmap.scaled(one, scale, largest).tolist() if colours else None
        name = escaped(wording.shortened(title, _NAME_LENGTH))
        rows.append(f"\\raggedright {name} & \\raggedright {marked(one, values)} \\tabularnewline")
    inside = "\n".join(rows)
    body = (
        "\\begin{table}[t]\n\\centering\n\\setlength{\\fboxsep}{0pt}\n"
        "\\begin{tabular}{p{0.15\\linewidth}p{0.77\\linewidth}}\n\\toprule\nMethod & Example \\tabularnewline\n\\midrule\n"
        f"{inside}\n\\bottomrule\n\\end{{tabular}}\n\\caption{{{_caption(attributions, revision)}}}\n\\end{{table}}\n"
    )
    return _packages(body, colours) + body


def marked(attribution: Attribution, values: Sequence[float] | None = None) -> str:
    """The text with its most important units marked: what stands in one cell of the table.

    values: [n], -1 (against) to 1 (towards), the colours to put the units on; None for none.
    """
    top = wording.emphasised(attribution.raw)
    found = []
    for piece in pieces(attribution.text, attribution.units, left_out(attribution)):
        inside = "".join(_mark(part.text) if part.mark else _spaced(part.text) for part in piece.parts)
        if piece.kind == "cut":
            found.append(f"\\sout{{{inside}}}")
        elif piece.unit is None:
            found.append(inside)
        else:
            first, bold = bool(top) and piece.unit == top[0], piece.unit in top
            found.append(_unit(inside, first, bold, None if values is None else values[piece.unit]))
    return _LIGATURE.sub("{}", "".join(found).strip()) or "{}"


def escaped(text: str) -> str:
    """Foreign text as LaTeX shows it, hidden characters spelt out; white space is one space."""
    named = _CONTROL.sub(lambda found: f"<U+{ord(found[0]):04X}>", normalize("NFC", text))
    return _LIGATURE.sub("{}", wording.visible(" ".join(named.split())).translate(_TEX_TABLE))


def _spaced(text: str) -> str:
    """As `escaped`, but a space at either end stays one."""
    if not text.strip():
        return " " if text else ""
    return (" " if text[0].isspace() else "") + escaped(text) + (" " if text[-1].isspace() else "")


def _mark(text: str) -> str:
    """A sign in a box, without a space: where a unit has a space its colour is interrupted, and a box must stay whole."""
    return f"\\fbox{{\\scriptsize{{}}{escaped(text).replace(' ', '~')}}}"


def _unit(inside: str, first: bool, bold: bool, value: float | None) -> str:
    """One unit.  Boxes do not break over lines, so each word of a unit of several has its own."""

    def dressed(words: str) -> str:
        underlined = f"\\uline{{{words}}}" if first else words
        return f"\\textbf{{{underlined}}}" if bold else underlined

    if value is None:
        return dressed(inside)
    background = colour(value, "light")[0].removeprefix("#").upper()
    return " ".join(
        f"\\colorbox[HTML]{{{background}}}{{\\strut {dressed(word)}}}" if word else "" for word in inside.split(" ")
    )


def _caption(attributions: Sequence[Attribution], revision: str) -> str:
    """What is explained, by which model; the settings in which runs differ stand with their names."""
    models = dict.fromkeys(wording.shortened(one.model, _NAME_LENGTH) for one in attributions)
    named = ", ".join(map(escaped, models)) + (f" (revision {escaped(revision[:12])})" if revision else "")
    labels = dict.fromkeys(wording.shortened(one.label, _LABEL_LENGTH) for one in attributions)
    outputs = dict.fromkeys(OUTPUTS[one.settings.output] for one in attributions)
    baselines = dict.fromkeys(wording.shortened(one.settings.baseline, _LABEL_LENGTH) for one in attributions)
    asked = "; ".join(
        f"{name}: {', '.join(map(escaped, values))}"
        for name, values in (("explained class", labels), ("F", outputs), ("baseline", baselines))
    )
    units = dict.fromkeys(one.settings.unit for one in attributions)
    unit = units.popitem()[0] if len(units) == 1 else "piece"
    return (
        f"Which {unit}s decided, by {named}; {asked}. \\textbf{{\\uline{{Underlined bold}}}}: the most important {unit} for "
        f"that class, \\textbf{{bold}}: the top 20\\,\\% of them."
    )


def _packages(body: str, colours: bool) -> str:
    """The comment on top: what the table needs, and what it cannot do.  Holds nothing foreign but code points."""
    wanted = ["booktabs", "ulem (with the option normalem)", *(["xcolor"] if colours else [])]
    lines = [f"Needs the packages {', '.join(wanted)}."]
    odd = [*dict.fromkeys(one for one in body if ord(one) > 0x7E and one not in _PDFLATEX)]
    if odd:
        shown = ", ".join(f"U+{ord(one):04X}" for one in odd[:_LISTED])
        more = f" and {len(odd) - _LISTED} more" if len(odd) > _LISTED else ""
        lines.append("Compile it with LuaLaTeX or XeLaTeX, with the package fontspec and a font that has")
        lines.append(f"{shown}{more}: pdfLaTeX has no such characters.")
    else:
        lines.append("With pdfLaTeX: \\usepackage[T1]{fontenc}, too.")
    if any(bidirectional(one) in ("R", "AL") for one in body):
        lines.append(
            "It holds text that runs from right to left: tell babel its language (LuaLaTeX, bidi=basic), or its words"
        )
        lines.append("are set from left to right.")
    return "".join(f"% {line}\n" for line in lines)
