"""An edit to look at: two texts beside each other with their scores, and predicted changes of F beside the true one.

All HTML needs `markup.style` and `style` on the page.  What happened to a word is said by a sign and in words, and no number
is carried by colour alone.
"""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from sigviz.attribution import OUTPUTS, Attribution, Prediction, Unit
from sigviz.methods import METHODS
from sigviz.teaching.edits import Change, Pair, scores
from sigviz.views import wording
from sigviz.views.figure import finish, safe_label
from sigviz.views.markup import attribute, escaped
from sigviz.views.palette import Theme, colour, inks
from sigviz.views.pieces import unit_text
from sigviz.views.wording import amount, number, percent, shortened

SIGNS = {"kept": "", "replaced": "⇄ replaced", "removed": "− removed", "inserted": "+ inserted"}
NEAR = 15  # kept words that are shown on either side of a change, where a text is long
WHOLE = 120  # up to so many words a text is shown in full
MOST_CLASSES = 8
_WORD = 40  # characters
_LIMITS = {"steps": "promised with ever more steps", "factor": "promised with an ever finer walk"}


def style(theme: Theme) -> str:
    """What the pictures here add to `markup.style`, once a page."""
    ink = inks(theme)
    return f"""<style>
.sigviz-beside {{ display: flex; flex-wrap: wrap; gap: .7rem .3rem; align-items: stretch; color: {ink.text}; line-height: 1.5;
  padding: 0; margin: 0; }}
.sigviz-beside > div {{ display: grid; grid-template-rows: 1.25rem minmax(1.7rem, auto) minmax(1.7rem, auto) auto;
  gap: 2px; text-align: center; max-width: 100%; border-radius: .25em; }}
.sigviz-beside > div:focus-visible, .sigviz-beside > div[role]:hover {{ outline: 2px solid {ink.text};
  outline-offset: 2px; }}
.sigviz-beside .what {{ font-size: .72rem; font-weight: 700; line-height: 1.25rem; white-space: nowrap; }}
.sigviz-beside .chip {{ padding: 0 .35em; border-radius: .2em; overflow-wrap: anywhere; line-height: 1.7rem;
  forced-color-adjust: none; print-color-adjust: exact; }}
.sigviz-beside .none {{ outline: 1px dashed {ink.neutral}; outline-offset: -1px; color: {ink.muted}; }}
.sigviz-beside .step {{ font-size: .75rem; color: {ink.muted}; font-variant-numeric: tabular-nums; white-space: nowrap; }}
.sigviz-beside .changed .chip:not(.none) {{ font-weight: 700; }}
.sigviz-beside .changed .step {{ color: {ink.text}; font-weight: 700; }}
.sigviz-beside .rows {{ text-align: left; font-size: .8rem; color: {ink.muted}; padding-right: .5rem; }}
.sigviz-beside .rows span {{ align-self: center; }}
.sigviz-beside .gap {{ align-content: center; color: {ink.muted}; font-size: .8rem; padding: 0 .5rem; }}
.sigviz-edits small {{ display: block; color: {ink.muted}; font-size: .8em; font-weight: 400; }}
</style>"""


def beside(pairs: Sequence[Pair], old: Attribution, new: Attribution, theme: Theme) -> str:
    """Both texts, word over word, each on the colour of its score, and under them by how much the score changed.

    Full colour is the largest |score| of both texts.  Of a text of more than WHOLE words the parts around changes are shown.
    """
    largest = max(float(np.abs(one.raw).max(initial=0.0)) for one in (old, new)) or 1.0
    labels = '<div class="rows" aria-hidden="true"><span></span><span>old</span><span>new</span><span>change</span></div>'
    columns, hidden = [labels], 0
    shown = _near(pairs)
    for place, pair in enumerate(pairs):
        if place not in shown:
            hidden += 1
            continue
        columns += [*_gap(hidden), _column(pair, old, new, largest, theme)]
        hidden = 0
    columns += _gap(hidden)
    label = attribute(f"{wording.name(old)}: the old and the new text, word by word")
    return f'<div class="sigviz-beside" role="group" aria-label="{label}">{"".join(columns)}</div>'


def key(label: str, theme: Theme, output: str) -> str:
    """What colours, signs and numbers of `beside` mean.  label: the class that is explained."""
    name = f'<bdi dir="auto">{escaped(shortened(label, 40))}</bdi>'
    chips = "".join(
        f'<span style="background:{colour(value, theme)[0]};padding:.1em .5em;border-radius:.2em">{words} {name}</span>'
        for value, words in ((-1.0, "against"), (1.0, "towards"))
    )
    signs = ", ".join(escaped(sign) for sign in SIGNS.values() if sign)
    said = (
        f"<span>{signs}; no sign: kept. Change: new score − old score, in the unit of F ({escaped(OUTPUTS[output])}).</span>"
    )
    return f'<div class="sigviz-legend">{chips}{said}</div>'


def predictions(changes: Sequence[Change], names: Sequence[str], output: str) -> str:
    """A row a method: what the changed words predicted, what all words together changed by, and how far both are off."""
    rows = []
    for name, one in zip(names, changes, strict=True):
        limit = METHODS[one.method].limit
        exact = "promised" if limit is None else _LIMITS[limit]
        cells = [
            _predicted(one.changed, one.error, exact if one.promises_changed else ""),
            _predicted(one.total, one.total - one.true, exact if one.promises_all else ""),
        ]
        rows.append(f'<tr><th scope="row">{escaped(name)}</th>{"".join(cells)}</tr>')
    true = changes[0].true
    caption = (
        f"True change of F, F(new) − F(old): <b>{escaped(amount(true, output))}</b>. Changed words: the prediction. All "
        "words: by how much all scores changed together. Off by: minus the true change."
    )
    head = "".join(f'<th scope="col">{title}</th>' for title in ("Method", "Changed words", "Off by", "All words", "Off by"))
    table = (
        f"<table><caption><span>{caption}</span></caption><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    )
    return f'<div class="sigviz-grid sigviz-edits" tabindex="0" role="region" aria-label="Predicted changes">{table}</div>'


def figure(changes: Sequence[Change], names: Sequence[str], output: str, theme: Theme) -> go.Figure:
    """A row a method: a dot for the prediction, a diamond for all words together, a line through all at the true change."""
    ink, true = inks(theme), changes[0].true
    labels = [safe_label(name) for name in names]
    places = list(range(len(changes)))
    made = go.Figure()
    made.add_scatter(
        x=[true, true],
        y=[-0.5, len(changes) - 0.5],
        mode="lines",
        name="true change",
        line={"color": ink.text, "width": 2},
        hoverinfo="skip",
    )
    marks = (
        ("changed words", [one.changed for one in changes], "circle", ink.towards),
        ("all words", [one.total for one in changes], "diamond-open", ink.against),
    )
    for name, values, symbol, paint in marks:
        made.add_scatter(
            x=values,
            y=places,
            mode="markers",
            name=name,
            marker={"symbol": symbol, "size": 11, "color": paint, "line": {"width": 2, "color": paint}},
            hovertext=[f"{label}, {name}: {number(value, 4)}" for label, value in zip(labels, values, strict=True)],
            hovertemplate="%{hovertext}<extra></extra>",
        )
    finish(made, labels, theme, title=f"Change of {OUTPUTS[output]}, as predicted and as it is")
    made.update_layout(height=made.layout.height + 14 * len(changes))
    seen = [0.0, true, *(value for _, values, *_ in marks for value in values)]  # 0: no change at all
    room = 0.06 * (max(seen) - min(seen)) or 1.0
    made.update_xaxes(range=[min(seen) - room, max(seen) + room])
    return made


def classes(old: Prediction, new: Prediction) -> str:
    """The probability of every class before and after, largest first; of many classes those that matter in either text."""
    top = np.maximum(old.probabilities, new.probabilities)
    ranked = np.argsort(-top, kind="stable").tolist()
    shown = ranked[:MOST_CLASSES] if old.target in ranked[:MOST_CLASSES] else [*ranked[: MOST_CLASSES - 1], old.target]
    rows = []
    for place in shown:
        before, after = float(old.probabilities[place]), float(new.probabilities[place])
        label = f'<bdi dir="auto">{escaped(shortened(old.labels[place], 40))}</bdi>'
        named = f"▸ {label}<small>explained</small>" if place == old.target else label
        points = f"{_signed(round(100 * (after - before), 2))} points"
        rows.append(
            f'<tr><th scope="row">{named}</th><td>{percent(before)}</td><td>{percent(after)}</td><td>{points}</td></tr>'
        )
    left_out = f" {len(ranked) - len(shown):,} less probable classes are left out." if len(ranked) > len(shown) else ""
    head = "".join(f'<th scope="col">{title}</th>' for title in ("Class", "Old text", "New text", "Change"))
    caption = f"Probability of each class by a plain forward pass; the change in percentage points.{left_out}"
    table = (
        f"<table><caption><span>{caption}</span></caption><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    )
    return f'<div class="sigviz-grid sigviz-edits" tabindex="0" role="region" aria-label="Class probabilities">{table}</div>'


def verdict(old: Prediction, new: Prediction, change: Change, output: str) -> str:
    """What the edit did to the model, in a plain sentence."""
    first, second = (int(one.probabilities.argmax()) for one in (old, new))  # classes may share a name, so by number
    before, after = old.labels[first], new.labels[second]
    if first != second and before == after:
        before, after = f"{before} (class {first})", f"{after} (class {second})"
    mind = f"stays with {before}" if first == second else f"changes its mind, from {before} to {after}"
    share = f"{percent(float(old.probabilities[old.target]))} to {percent(float(new.probabilities[old.target]))}"
    return (
        f"The model {mind}. The probability of {old.label}, the class explained in both texts, goes from {share}, and F "
        f"changes by {amount(change.true, output)}."
    )


def promises(pairs: Sequence[Pair], changes: Sequence[Change], names: Sequence[str], unit: str) -> str:
    """What is promised for this edit, and why no more: plain text."""
    counts = {kind: sum(pair.kind == kind for pair in pairs) for kind in ("replaced", "removed", "inserted")}
    said = ", ".join(f"{count} {unit}{'' if count == 1 else 's'} {kind}" for kind, count in counts.items() if count)
    sure = [name for name, one in zip(names, changes, strict=True) if one.promises_changed]
    total = [name for name, one in zip(names, changes, strict=True) if one.promises_all]
    first = f"This edit: {said}."
    if sure:
        kept = (
            f" One {unit} stands in the place of one other with as many tokens. Both were measured against the same text with "
            f"the baseline in that place, which cancels, so {_listed(sure)} must predict the change."
        )
    else:
        kept = (
            f" No method here promises to predict it from the changed {unit}s: a prediction adds up scores that were each "
            "found with all other words in place, and the words of an edit work together, close up or move."
        )
    if total:
        kept += f" Both texts have as many tokens, so all {unit}s’ scores by {_listed(total)} together must change as F does."
    return first + kept


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _near(pairs: Sequence[Pair]) -> set[int]:
    """The pairs to show, by number."""
    if len(pairs) <= WHOLE:
        return set(range(len(pairs)))
    changed = [place for place, pair in enumerate(pairs) if pair.kind != "kept"]
    return {near for place in changed for near in range(place - NEAR, place + NEAR + 1)}


def _gap(hidden: int) -> list[str]:
    return [f'<div class="gap">… {hidden:,} kept …</div>'] if hidden else []


def _column(pair: Pair, old: Attribution, new: Attribution, largest: float, theme: Theme) -> str:
    before, after = scores(pair, old, new)
    step = (after or 0.0) - (before or 0.0)
    one = None if pair.old is None else old.units[pair.old]
    other = None if pair.new is None else new.units[pair.new]
    words = {
        "kept": f"{_quoted(one)} kept",
        "replaced": f"{_quoted(one)} replaced by {_quoted(other)}",
        "removed": f"{_quoted(one)} removed",
        "inserted": f"{_quoted(other)} inserted",
    }[pair.kind]
    ends = [f"{name} {number(value, 3)}" for name, value in (("old score", before), ("new score", after)) if value is not None]
    label = attribute(f"{words}: {', '.join(ends)}, change {amount(step, old.settings.output)}")
    chips = "".join(_chip(unit, value, largest, theme) for unit, value in ((one, before), (other, after)))
    # of a long text hundreds of words would stop the Tab key; the changed ones are what a reader looks for
    changed = "" if pair.kind == "kept" else ' class="changed" tabindex="0"'
    return (
        f'<div{changed} role="img" aria-label="{label}" title="{label}"><span class="what">'
        f'{escaped(SIGNS[pair.kind])}</span>{chips}<span class="step">{_signed(step)}</span></div>'
    )


def _chip(unit: Unit | None, value: float | None, largest: float, theme: Theme) -> str:
    if unit is None or value is None:
        return '<span class="chip none">–</span>'
    background, text = colour(value / largest, theme)
    shown = escaped(shortened(unit_text(unit), _WORD) or "∅")
    return f'<span class="chip" dir="auto" style="background-color:{background};color:{text}">{shown}</span>'


def _quoted(unit: Unit | None) -> str:
    return "" if unit is None else f"“{shortened(unit_text(unit), _WORD)}”"


def _predicted(value: float, off: float, promise: str) -> str:
    note = f"<small>{promise}</small>" if promise else ""
    return f"<td><b>{_signed(value)}</b>{note}</td><td>{_signed(off, 2)}</td>"


def _signed(value: float, digits: int = 3) -> str:
    """To so many digits, with a plus sign where it is positive."""
    shown = number(value, digits)
    return shown if value <= 0 else f"+{shown}"
