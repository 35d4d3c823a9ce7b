"""The path theatre (Figure 1 of arXiv:2305.15853): one text on its way from the baseline to itself, as IG, SIG and DIG go it.

alpha is the position on the way: 0 at the baseline, 1 at the text.  All three are looked at where alpha is a multiple of the
same small part, among them all of DIG's stops, k / (m + 1).  The points come from the Path makers of the methods themselves,
the quadrature nodes from each method's own rule, so that the nodes' weighted sum is the method's score of the word.
"""

import threading

import torch

from sigviz.attribution import Settings, quoted
from sigviz.engine.engine import Progress, Run
from sigviz.errors import InvalidSettings
from sigviz.explain import Estimate
from sigviz.looking import look, read_text
from sigviz.methods.options import rule
from sigviz.models.classifier import TextClassifier
from sigviz.paths.discretized import AT_BASELINE
from sigviz.paths.neighbours import Neighbours
from sigviz.teaching.theatre_acts import Stage, dig, ig, sig
from sigviz.teaching.theatre_plane import plane
from sigviz.teaching.theatre_result import SHOWN, Plane, Theatre
from sigviz.teaching.theatre_walk import Names, Walked, hops, walked

Wanted = tuple[Settings, Settings, Settings]  # of IG, SIG and DIG, the same but for their own options

MOST_TOKENS = 64  # of which the nearest words are looked for, around the chosen word
MOST_PARTS = 48  # of the way, unless DIG has more stops
LONG, FEW_PARTS = 128, 24  # tokens above which so many parts must do: each costs a pass


def theatre(
    classifier: TextClassifier,
    text: str,
    wanted: Wanted,
    chosen: int,
    *,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
) -> Theatre:
    """chosen: the number of a unit.  Raises: InvalidText, InvalidSettings, Cancelled, OutOfMemory, NotANumber."""
    _check(wanted)
    run = Run(classifier, progress=progress, cancel=cancel)
    read = read_text(classifier, text, wanted[0])
    if not 0 <= chosen < len(read.units):
        raise InvalidSettings(f"There is no unit {quoted(chosen)} in this text: it has {len(read.units)}, counted from 0.")
    T = len(read.encoding.ids)
    run.total = 2 + 2 * _looks(wanted, T)
    looked = look(classifier, read, wanted[0], run)
    problem, unit = looked.problem, read.units[chosen]
    content: list[int] = problem.content.tolist()
    shown = _shown([content.index(token) for token in unit.tokens], content)
    near, names = Neighbours(problem.embeddings()), Names(classifier, read.baseline)
    stage = Stage(classifier, problem, run, names, near, looked.target, chosen, shown, _parts(wanted[2], T))
    way = walked(problem, run, wanted[2], near)
    acts = (ig(stage, wanted[0]), sig(stage, wanted[1]), dig(stage, wanted[2], way))
    place = content.index(unit.tokens[0])
    told = hops(problem, run, wanted[2], near, way, place, names)
    seen = problem.ids[list(shown)]
    with run.turn():
        apart = torch.linalg.vector_norm(near.vectors[near.nearest(seen, 1)[:, 0]] - near.vectors[seen], dim=-1)
        seen_ways = _plane(stage, way, place)
    run.finish()
    return Theatre(
        units=read.units,
        chosen=chosen,
        tokens=names.of(seen.tolist()),
        own=stage.numbers(stage.own),
        before=content.index(shown[0]),
        behind=len(content) - 1 - content.index(shown[-1]),
        alphas=stage.alphas,
        stops=tuple(range(0, stage.parts + 1, stage.parts // (way.paths.shape[1] - 1))),
        acts=acts,
        hops=told,
        walker=names.word(int(way.words[place])),
        plane=seen_ways,
        apart=float(apart.median()),
        output=wanted[0].output,
        label=classifier.labels[looked.target],
        baseline=names.baseline,
        limited=_limited(len(shown), len(content), T),
        truncated=read.encoding.truncated,
        notes=(*classifier.notes, *([read.baseline.note] if read.baseline.note else [])),
    )


def estimate(classifier: TextClassifier, text: str, wanted: Wanted) -> Estimate:
    """What a theatre takes, counted before it is made.  Raises InvalidText, InvalidSettings."""
    _check(wanted)
    encoding = classifier.encode(text)
    T, walk = len(encoding.ids), wanted[2]
    looks = _looks(wanted, T)
    weighed = int(encoding.content.sum()) * walk.option("steps") * walk.option("neighbours")
    return Estimate(1, T, looks + 2, looks, weighed)


def _check(wanted: Wanted) -> None:
    shared = [(s.baseline, s.unit, s.target, s.output, s.contrast) for s in wanted]
    if tuple(s.method for s in wanted) != SHOWN or len(set(shared)) > 1:
        raise InvalidSettings(
            f"The theatre shows {', '.join(SHOWN)}, in this order, with one baseline, unit, target and output."
        )
    if wanted[1].option("tolerance") is not None or wanted[1].option("context") != "full":
        raise InvalidSettings("The theatre shows SIG with fixed steps and the full context: leave tolerance and context out.")


def _parts(walk: Settings, T: int) -> int:
    """Into how many parts the way is cut: each of DIG's own steps into 1, 2, 4, ... equal ones."""
    segments, most = walk.option("steps") + 1, MOST_PARTS if T <= LONG else FEW_PARTS
    per = 2 ** walk.option("factor")
    while segments * per * 2 <= most:
        per *= 2
    return int(segments * per)


def _looks(wanted: Wanted, T: int) -> int:
    """Points at which the gradient is taken."""
    parts, segments = _parts(wanted[2], T), wanted[2].option("steps") + 1
    straight = sum(parts + 1 + len(rule(settings).nodes) for settings in wanted[:2])
    return int(straight + parts + segments)


def _shown(own: list[int], content: list[int]) -> tuple[int, ...]:
    """Positions of at most MOST_TOKENS content tokens around the chosen unit's.  own: numbers of content tokens."""
    before = (MOST_TOKENS - 1) // 2
    middle = min((own[0] + own[-1]) // 2, own[0] + before)  # of a long unit, its beginning
    start = max(0, min(middle - before, len(content) - MOST_TOKENS))
    return tuple(content[start : start + MOST_TOKENS])


def _limited(shown: int, n: int, T: int) -> tuple[str, ...]:
    found = []
    if shown < n:
        found.append(
            f"The text has {n} tokens that can move. The nearest words are shown for the {shown} around the chosen one; the "
            "others move as well, and count in F."
        )
    if T > LONG:
        found.append(f"The text has more than {LONG} tokens, so there are fewer places between alpha 0 and 1.")
    return tuple(found)


def _plane(stage: Stage, way: Walked, place: int) -> Plane:
    """The ways of content token `place`, among its anchors and the words that it comes nearest to."""
    path, per = way.paths[place].double(), stage.parts // (way.paths.shape[1] - 1)  # [m + 2, D]
    alphas = torch.arange(stage.parts + 1, device=path.device)
    start, share = (alphas // per).clamp(max=len(path) - 2), (alphas / per).to(path)
    hopping = torch.lerp(path[start], path[start + 1], (share - start)[:, None])  # [A, D]
    straight = torch.lerp(path[:1], path[-1:], (alphas / stage.parts).to(path)[:, None])
    met = [stage.near.closest(points.to(stage.near.vectors))[0].tolist() for points in (straight, hopping)]
    kinds = dict.fromkeys([*met[0], *met[1]], "near") | dict.fromkeys(way.found[place].tolist(), "anchor")
    kinds |= {int(way.words[place]): "end"}
    if stage.problem.baseline_token is not None:
        kinds |= {stage.problem.baseline_token: "end"}
    kinds.pop(AT_BASELINE, None)
    ids = list(kinds)
    words = list(zip(stage.names.of(ids), kinds.values(), strict=True))
    vectors = stage.near.vectors[ids].double().cpu().numpy()
    return plane(straight.cpu().numpy(), hopping.cpu().numpy(), words, vectors)
