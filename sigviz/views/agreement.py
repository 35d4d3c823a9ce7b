"""How far the runs of one sentence agree, as a table: order (Kendall's tau) above the diagonal, top words below it."""

from collections.abc import Sequence

from sigviz.attribution import Attribution
from sigviz.studies.agreement import jaccard, kendall_tau
from sigviz.views import wording
from sigviz.views.markup import escaped

TOP = 20  # per cent of the units, as the maps' bold ones


def html(attributions: Sequence[Attribution]) -> str:
    """A square table, a row and a column a run.  Needs `markup.style` on the page.

    Raises: ValueError for fewer than two runs; InvalidSettings where they have different units.
    """
    if len(attributions) < 2:
        raise ValueError("An agreement needs two runs at least.")
    names = [escaped(name) for name in wording.names(attributions)]
    heads = "".join(f'<th scope="col">{name}</th>' for name in names)
    rows = "".join(
        f'<tr><th scope="row">{name}</th>{"".join(_cell(attributions, i, j) for j in range(len(names)))}</tr>'
        for i, name in enumerate(names)
    )
    caption = (
        f"How far the runs agree. Upper right: order of all {attributions[0].settings.unit}s (Kendall's tau; 1 the same, "
        f"0 unrelated, −1 reversed). Lower left: share of the top {TOP} % in common (Jaccard)."
    )
    head = f'<thead><tr><th scope="col">Run</th>{heads}</tr></thead>'
    table = f"<table><caption><span>{caption}</span></caption>{head}<tbody>{rows}</tbody></table>"
    return f'<div class="sigviz-grid" tabindex="0" role="region" aria-label="Agreement of the runs">{table}</div>'


def _cell(attributions: Sequence[Attribution], i: int, j: int) -> str:
    if i == j:
        return "<td>·</td>"
    one, other = attributions[i].raw, attributions[j].raw
    if i < j:
        return f"<td>{wording.two_decimals(kendall_tau(one, other))}</td>"
    return f"<td>{100 * jaccard(one, other, TOP):.0f} %</td>"
