"""Explained texts as one HTML file that needs nothing else: no program, no font, no other host.

A content security policy in the file forbids it to ask for anything.  Everything foreign is escaped (see views.markup).
"""

from collections.abc import Sequence
from html import escape

from sigviz.attribution import OUTPUTS, Attribution
from sigviz.methods import METHODS
from sigviz.views import heatmap, reproduce, wording
from sigviz.views.heatmap import Scale
from sigviz.views.markup import attribute, escaped
from sigviz.views.palette import THEMES, Theme, inks
from sigviz.views.pieces import unit_text

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_STYLE = """
html {{ color-scheme: {scheme}; }}
body {{ margin: 0 auto; max-width: 60rem; padding: 1.5rem 1rem 3rem; font: 16px/1.6 system-ui, sans-serif; }}
h1 {{ font-size: 1.5rem; line-height: 1.3; overflow-wrap: anywhere; }}
h2 {{ font-size: 1.1rem; margin: 2rem 0 .3rem; overflow-wrap: anywhere; }}
.note {{ font-size: .875rem; overflow-wrap: anywhere; }}
.table {{ overflow-x: auto; margin-bottom: 1.2rem; }}
table.scores {{ border-collapse: collapse; font-size: .875rem; }}
table.scores th, table.scores td {{ padding: .2rem .6rem; text-align: right; white-space: nowrap; }}
table.scores th:nth-child(2) {{ text-align: left; }}
table.scores th[scope=row] {{ font-weight: 400; max-width: 20rem; white-space: normal;
  overflow-wrap: anywhere; }}
table.scores thead th {{ vertical-align: bottom; white-space: normal; }}
table.scores caption {{ text-align: left; padding-bottom: .3rem; }}
pre {{ overflow-x: auto; padding: .8rem; border-radius: .4rem; font-size: .8125rem; unicode-bidi: plaintext; }}
summary {{ cursor: pointer; padding: .3rem 0; }}
"""
_COLOURS = """
body {{ background: {page}; color: {text}; }}
.note, table.scores caption {{ color: {muted}; }}
table.scores th, table.scores td {{ border-bottom: 1px solid {line}; }}
pre {{ background: {chip}; }}
.theme-{other} {{ display: none; }}
"""


def html(attributions: Sequence[Attribution], *, theme: Theme | None = None, scale: Scale = "row", revision: str = "") -> str:
    """A whole HTML file: rows with a legend and their facts, all scores as a table, and what makes the same numbers again.

    theme: None follows the reader's own (prefers-color-scheme).  scale: as for `heatmap.html`.  revision:
    TextClassifier.revision of their one model.  Raises InvalidSettings where there is nothing, or more than one model while
    a revision is given.
    """
    reproduce.one_model(attributions, revision)
    titles = wording.names(attributions)
    texts = [*dict.fromkeys(wording.shortened(one.text, 80) for one in attributions)]
    heading = escaped("; ".join(texts[:3]) + (" …" if len(texts) > 3 else ""))
    body = [f'<h1>Which words decided: <bdi dir="auto">{heading}</bdi></h1>', _legends(attributions, theme)]
    largest = heatmap.shared_max(attributions)
    for one, title in zip(attributions, titles, strict=True):
        body += _run(one, title, theme, scale, largest)
    body += _tables(attributions, titles)
    body += _again(attributions, revision)
    return page(f"sigviz: {heading}", _styles(theme), "\n".join(body))


def page(title: str, style: str, body: str, policy: str = POLICY) -> str:
    """A whole file.  title and body are HTML already; policy: what the file may ask for."""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{style}</style>\n</head>\n<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )


def _shown(theme: Theme | None) -> tuple[Theme, ...]:
    return THEMES if theme is None else (theme,)


def style(theme: Theme) -> str:
    """The style sheet for one theme."""
    return _STYLE.format(scheme=theme) + _colours(theme)


def _styles(theme: Theme | None) -> str:
    """The style sheet; where the theme is the reader's own, that of the light one, and over it that of the dark one."""
    if theme is not None:
        return style(theme)
    dark = _colours("dark")
    return _STYLE.format(scheme="light dark") + _colours("light") + f"@media (prefers-color-scheme: dark) {{ {dark} }}"


def _colours(theme: Theme) -> str:
    ink, other = inks(theme), "light" if theme == "dark" else "dark"
    own = _COLOURS.format(page=ink.page, text=ink.text, muted=ink.muted, line=ink.line, chip=ink.chip, other=other)
    return (
        own + f".theme-{theme} {{ display: block; }}" + heatmap.style(theme).removeprefix("<style>").removesuffix("</style>")
    )


def _legends(attributions: Sequence[Attribution], theme: Theme | None) -> str:
    labels = {one.label for one in attributions}
    label = labels.pop() if len(labels) == 1 else "the target class"
    return "".join(f'<div class="theme-{each}">{heatmap.legend(each, label)}</div>' for each in _shown(theme))


def _run(one: Attribution, title: str, theme: Theme | None, scale: Scale, largest: float) -> list[str]:
    """One explanation: the map in each theme that may be shown, what it says in a sentence, and the facts below it."""
    rows = [
        f'<div class="theme-{each}" lang="">{heatmap.html(one, theme=each, scale=scale, shared_max=largest)}</div>'
        for each in _shown(theme)
    ]
    facts = " · ".join(f"{escaped(name)} <b>{escaped(value)}</b>" for name, value in wording.facts(one))
    promise = METHODS[one.settings.method].promises.name
    notes = [wording.delta_in_words(one, promise), *one.notes]
    return [
        f"<h2>{escaped(title)}</h2>",
        *rows,
        f'<p class="note">{escaped(wording.read_out(one))}</p>',
        f'<p class="note">model <b>{escaped(one.model)}</b> · {facts}</p>',
        *(f'<p class="note">{escaped(note)}</p>' for note in notes),
    ]


def _tables(attributions: Sequence[Attribution], titles: Sequence[str]) -> list[str]:
    """All raw scores, a table for each text and kind of unit: one row a unit, one column a run."""
    groups: dict[tuple[object, ...], list[int]] = {}
    for place, one in enumerate(attributions):
        groups.setdefault((one.text, one.units, one.settings.output), []).append(place)
    found = ["<h2>Scores</h2>"]
    for places in groups.values():
        first = attributions[places[0]]
        caption = f"Raw score of every {first.settings.unit}, signed, in {OUTPUTS[first.settings.output]}"
        heads = "".join(f'<th scope="col">{escaped(titles[place])}</th>' for place in places)
        rows = "".join(
            f'<tr><td>{at + 1}</td><th scope="row"><bdi dir="auto">{escaped(unit_text(unit))}</bdi></th>'
            + "".join(f"<td>{wording.number(float(attributions[place].raw[at]), 4)}</td>" for place in places)
            + "</tr>"
            for at, unit in enumerate(first.units)
        )
        head = f'<thead><tr><th scope="col">#</th><th scope="col">{first.settings.unit}</th>{heads}</tr></thead>'
        label = attribute(f"Scores: {wording.shortened(first.text, 60)}")
        found.append(
            f'<div class="table" tabindex="0" role="region" aria-label="{label}"><table class="scores">'
            f"<caption>{escaped(caption)}</caption>{head}<tbody>{rows}</tbody></table></div>"
        )
    return found


def _again(attributions: Sequence[Attribution], revision: str) -> list[str]:
    """The snippet and the command, which `visible` may not touch: they must stay what they are when they are copied."""
    parts = (
        ("Python", reproduce.python(attributions, revision=revision)),
        ("Command line (POSIX shell)", reproduce.command(attributions, revision=revision)),
    )
    blocks = (f"<details><summary>{name}</summary><pre>{escape(code)}</pre></details>" for name, code in parts)
    return ["<h2>The same numbers again</h2>", *blocks]
