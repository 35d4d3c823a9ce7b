"""The About page as plain data: a card for every entry of METHODS, their table, and how everything is cited.

Nothing here is typed in twice: formula, promise, options and source come from the registry, and the cost from the same
function that pages and command line estimate with.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from sigviz.methods import METHODS, Option
from sigviz.methods.registry import Method, Promise
from sigviz.teaching.findings import Difference, Findings
from sigviz.version import VERSION
from sigviz.views import wording
from sigviz.views.markup import escaped

UNITS = 20  # of the text whose cost is given: about a sentence of a film review
_FROM = 15  # units from which on the cost has its formula: short texts have fewer coalitions than KernelSHAP would look at
_FEW = 3  # units of a very short text
_ARXIV = re.compile(r"arXiv:(\d{4}\.\d{4,5})")
_PROMISED = {
    Promise.PER_UNIT: "Each score alone: it is F(x) − F(x̄ⁱ), by how much F falls when only this unit is replaced.",
    Promise.TOTAL: "The sum: all scores add up to F(x) − F(x̄), by how much F falls when every unit is replaced.",
    Promise.NOTHING: "Nothing: the scores need not add up to anything.",
}
_SHORT = {Promise.PER_UNIT: "each score", Promise.TOTAL: "the sum", Promise.NOTHING: "nothing"}


@dataclass(frozen=True, slots=True)
class Card:
    """One method.  formula: LaTeX.  options: (name, range, default, help).  source: pieces, each with its address or ""."""

    id: str
    label: str
    summary: str
    formula: str
    promise: str
    cost: str
    options: tuple[tuple[str, str, str, str], ...]
    source: tuple[tuple[str, str], ...]


def cards() -> list[Card]:
    """Every method, in the registry's order."""
    return [
        Card(
            id=spec.id,
            label=spec.label,
            summary=spec.summary,
            formula=spec.formula,
            promise=promise(spec),
            cost=cost(spec),
            options=tuple((one.name, reach(one), _value(one.default), one.help) for one in spec.options),
            source=linked(spec.source),
        )
        for spec in METHODS.values()
    ]


def promise(spec: Method) -> str:
    """What the method's scores must add up to, and what makes them do so better."""
    if spec.limit is None:
        return _PROMISED[spec.promises] + (" Kept exactly." if spec.promises is not Promise.NOTHING else "")
    return f"{_PROMISED[spec.promises]} The larger `{spec.limit}`, the better it is kept."


def cost(spec: Method) -> str:
    """The passes with the default settings: for UNITS units, and as a formula in the number of units n where it grows."""
    asked = spec.settings()
    ways = ("forward", "backward")
    counts = spec.passes(asked, UNITS)
    lines = [_line(lambda n: spec.passes(asked, n)[0]), _line(lambda n: spec.passes(asked, n)[1])]
    given = [f"{wording.number(count)} {way}" for way, count in zip(ways, counts, strict=True) if count]
    said = f"{' and '.join(given)} passes for {UNITS} units"
    if any(slope for slope, _ in lines):
        grown = [f"{_formula(*line)} {way}" for way, line in zip(ways, lines, strict=True) if any(line)]
        said += f"; {' and '.join(grown)} for n units"
    few = spec.passes(asked, _FEW)[0] < lines[0][0] * _FEW + lines[0][1]
    weighed = spec.weighed(asked, UNITS)
    besides = f" The search weighs up to {wording.number(weighed)} words besides." if weighed else ""
    return f"{said}{', fewer for very short texts' if few else ''} (default settings).{besides}"


def _line(count: Callable[[int], int]) -> tuple[int, int]:
    """Slope and start of the straight line that `count` is for texts of _FROM units and more.

    Raises: ValueError for what is no straight line.
    """
    slope = count(_FROM + 1) - count(_FROM)
    start = count(_FROM) - slope * _FROM
    if any(count(n) != slope * n + start for n in range(_FROM, 4 * _FROM)):
        raise ValueError("The number of passes is no straight line in the number of units: give it in another way.")
    return slope, start


def _formula(slope: int, start: int) -> str:
    """ "51n + 2", "n + 2", "33"."""
    if not slope:
        return wording.number(start)
    times = "n" if slope == 1 else f"{wording.number(slope)}n"
    return times if not start else f"{times} {'+' if start > 0 else '−'} {wording.number(abs(start))}"


def reach(option: Option) -> str:
    """What the option may be: "1 to 1,024", "full, causal"."""
    if option.choices:
        return ", ".join(option.choices)
    assert option.minimum is not None and option.maximum is not None
    ends = [
        wording.number(int(end)) if end == int(end) else wording.number(end, 1) for end in (option.minimum, option.maximum)
    ]
    whole = "" if option.whole else ", also fractions"
    return f"{ends[0]} to {ends[1]}{whole}{', or none' if option.optional else ''}"


def _value(value: object) -> str:
    return "none" if value is None else f"{value:,g}" if isinstance(value, int | float) else str(value)


def linked(source: str) -> tuple[tuple[str, str], ...]:
    """A source cut into pieces, each with its address or "": arXiv's numbers have one."""
    pieces, at = [], 0
    for found in _ARXIV.finditer(source):
        pieces += [(source[at : found.start()], ""), (found[0], f"https://arxiv.org/abs/{found[1]}")]
        at = found.end()
    pieces.append((source[at:], ""))
    return tuple(piece for piece in pieces if piece[0])


def comparison() -> str:
    """All methods as one HTML table.  Needs `markup.style` on the page."""
    heads = ("Method", "Promises", "Gradients", "Random", f"Forward passes ({UNITS} units)", "Backward passes", "Source")
    head = "".join(f'<th scope="col">{escaped(name)}</th>' for name in heads)
    rows = "".join(_row(spec) for spec in METHODS.values())
    caption = f"All methods with their default settings. Passes: sequences put through the model for a text of {UNITS} units."
    inside = f"<caption><span>{caption}</span></caption><thead><tr>{head}</tr></thead><tbody>{rows}</tbody>"
    return f'<div class="sigviz-grid" tabindex="0" role="region" aria-label="All methods"><table>{inside}</table></div>'


def _row(spec: Method) -> str:
    forward, backward = spec.passes(spec.settings(), UNITS)
    draws = "yes" if any(option.name == "seeds" for option in spec.options) else "no"
    source = next((text for text, url in linked(spec.source) if url), "—")
    cells = (
        _SHORT[spec.promises] + (f", with growing {spec.limit}" if spec.limit else ""),
        "yes" if backward else "no",
        draws,
        wording.number(forward),
        wording.number(backward),
        source,
    )
    inside = "".join(f"<td>{escaped(cell)}</td>" for cell in cells)
    name = f'<a href="#{spec.id}" style="color:inherit">{escaped(spec.label)}</a>'
    return f'<tr><th scope="row">{name}</th>{inside}</tr>'


def differences(found: Findings) -> str:
    """Exact SIG minus IG by metric, with the target fixed and with the papers' code's output, as an HTML table."""
    heads = ("Metric", "Better", "Target fixed at the text", "Largest logit at every point")
    head = "".join(f'<th scope="col">{escaped(name)}</th>' for name in heads)
    rows = "".join(
        f'<tr><th scope="row">{escaped(one.metric.label)}</th><td>{one.metric.better}</td>'
        f"<td>{escaped(difference(one))}</td><td>{escaped(difference(other))}</td></tr>"
        for one, other in zip(found.fixed, found.largest, strict=True)
    )
    caption = f"Exact SIG minus IG, mean ± standard error over {found.fixed[0].n} texts, and how SIG does beside IG"
    inside = f"<caption><span>{caption}</span></caption><thead><tr>{head}</tr></thead><tbody>{rows}</tbody>"
    return f'<div class="sigviz-grid" tabindex="0" role="region" aria-label="SIG beside IG"><table>{inside}</table></div>'


def difference(one: Difference) -> str:
    """ "−0.018 ± 0.052, p = 0.73: no clear difference"."""
    per_cent = one.metric.unit.startswith("%")
    places = 1 if per_cent else 3
    sign = "+" if one.mean > 0 else "−"
    mean = f"{sign}{abs(one.mean):.{places}f} ± {one.se:.{places}f}{' %' if per_cent else ''}"
    p = "p < 0.001" if one.p < 0.001 else f"p = {one.p:.2g}"
    return f"{mean}, {p}: {one.verdict}"


_PAPERS = (
    (
        "enguehard-2023-sequential",
        "inproceedings",
        {
            "title": "Sequential Integrated Gradients: a simple but effective method for explaining language models",
            "author": "Enguehard, Joseph",
            "booktitle": "Findings of the Association for Computational Linguistics: ACL 2023",
            "pages": "7555--7565",
            "year": "2023",
            "eprint": "2305.15853",
        },
    ),
    (
        "sanyal-ren-2021-discretized",
        "inproceedings",
        {
            "title": "Discretized Integrated Gradients for Explaining Language Models",
            "author": "Sanyal, Soumya and Ren, Xiang",
            "booktitle": "Proceedings of the 2021 Conference on Empirical Methods in Natural Language Processing",
            "year": "2021",
            "eprint": "2108.13654",
        },
    ),
    (
        "sundararajan-2017-axiomatic",
        "inproceedings",
        {
            "title": "Axiomatic Attribution for Deep Networks",
            "author": "Sundararajan, Mukund and Taly, Ankur and Yan, Qiqi",
            "booktitle": "International Conference on Machine Learning",
            "pages": "3319--3328",
            "year": "2017",
            "eprint": "1703.01365",
        },
    ),
    (
        "zafar-2021-robust",
        "misc",
        {
            "title": "On the Lack of Robust Interpretability of Neural Text Classifiers",
            "author": "Zafar, Muhammad Bilal and Donini, Michele and Slack, Dylan and Archambeau, C{\\'e}dric and Das, Sanjiv "
            "and Kenthapadi, Krishnaram",
            "year": "2021",
            "eprint": "2106.04631",
        },
    ),
)


def bibtex() -> str:
    """The papers that sigviz stands on, and sigviz itself, as BibTeX."""
    papers = [_entry(key, kind, {**fields, "archivePrefix": "arXiv"}) for key, kind, fields in _PAPERS]
    own = {
        "title": "{sigviz}: which words made a text classifier decide",
        "author": "{The sigviz authors}",
        "version": VERSION,
    }
    return "\n\n".join([*papers, _entry("sigviz", "software", own)])


def _entry(key: str, kind: str, fields: dict[str, str]) -> str:
    lines = "".join(f",\n  {name} = {{{value}}}" for name, value in fields.items())
    return f"@{kind}{{{key}{lines}\n}}"
