"""What the path theatre shows: three methods on their ways from the baseline to one text.  Plain NumPy, frozen.

alpha is the position on the way, 0 at the baseline and 1 at the text.  F and distances are float64, whatever the model's
precision is.
"""

from dataclasses import dataclass

from sigviz.attribution import Floats, Unit

SHOWN = ("ig", "sig", "dig")


@dataclass(frozen=True, slots=True, eq=False)
class Integrand:
    """How fast F changes by the movement of the chosen word alone: the sum over its features of dF/dx * dx/dalpha.

    alphas, slopes: float64 [G], the curve; where it jumps (DIG turns at its stops) an alpha comes twice.  nodes, weights,
    at_nodes: float64 [P], what the method adds up: the score is the sum of weights * at_nodes.  All slopes in the unit of F.
    """

    alphas: Floats
    slopes: Floats
    nodes: Floats
    weights: Floats
    at_nodes: Floats

    @property
    def score(self) -> float:
        """The method's raw score of the chosen word, in the unit of F."""
        return float(self.weights @ self.at_nodes)


@dataclass(frozen=True, slots=True, eq=False)
class Act:
    """One method on the way.

    moving: which of the shown tokens (numbers) move.  outputs, probabilities: float64 [A], F and the target's probability.
    nearest: the vocabulary word nearest to each moving token, [A][moving]; distances: float64 [A, moving], Euclidean.
    anchors: the same form, the word that the point was made of (DIG alone; of the last stop passed); empty for the others.
    """

    method: str
    moving: tuple[int, ...]
    outputs: Floats
    probabilities: Floats
    nearest: tuple[tuple[str, ...], ...]
    distances: Floats
    integrand: Integrand
    anchors: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Landmark:
    """A word on the map.  kind: "end" (the word itself or the baseline), "anchor" (DIG hopped over it) or "near"."""

    word: str
    kind: str
    x: float
    y: float


@dataclass(frozen=True, slots=True, eq=False)
class Plane:
    """Where the chosen word is at every alpha, in the plane; all axes in the unit of the embedding space.

    straight: float64 [A, 2], in IG and SIG alike.  hopping: float64 [A, 2], in DIG.  landmarks: words with a place of their
    own.  kept: the share (0 to 1) of the points' variance that two dimensions show.
    """

    straight: Floats
    hopping: Floats
    landmarks: tuple[Landmark, ...]
    kept: float


@dataclass(frozen=True, slots=True)
class Candidate:
    """A word that a step weighed.  cost: what the strategy wants least; for maxcount minus the features on the way."""

    word: str
    cost: float


@dataclass(frozen=True, slots=True)
class Hop:
    """One step of the walk, from the word towards the baseline.

    alpha: where its point lies on the way, which runs from the baseline to the word.  anchor: the word chosen; the baseline
    where none was left.  candidates: the best few, cheapest first, so the anchor is the first; empty where none was left.
    weighed: how many there were.  bent: how many of the anchor's `features` would have turned back and were moved instead.
    away: how far that moved it, Euclidean.
    """

    alpha: float
    anchor: str
    candidates: tuple[Candidate, ...]
    weighed: int
    bent: int
    features: int
    away: float


@dataclass(frozen=True, slots=True, eq=False)
class Theatre:
    """What the three methods do with a text on the way.

    units: of the text; chosen: the number of the one whose score is followed.  tokens: the content tokens that are shown, as
    the vocabulary writes them; own: which of them (numbers) are the chosen unit's.  before, behind: content tokens left out on
    either side.  alphas: [A], ascending from 0 to 1; stops: the numbers of those at which DIG has a point.  acts: what IG, SIG
    and DIG do, in the order of SHOWN.  hops: DIG's walk of `walker`, the chosen unit's first token.  plane: its ways in 2-D.
    apart: the median distance of the shown tokens to their nearest other word, a scale for all distances.  output: what F is,
    a key of OUTPUTS; label: the target class.  baseline: its token, or what vector it is.  limited: what was left out to bound
    the work, in sentences.  truncated: tokens that the model's limit cut off.  notes: what a reader must know besides.
    """

    units: tuple[Unit, ...]
    chosen: int
    tokens: tuple[str, ...]
    own: tuple[int, ...]
    before: int
    behind: int
    alphas: Floats
    stops: tuple[int, ...]
    acts: tuple[Act, ...]
    hops: tuple[Hop, ...]
    walker: str
    plane: Plane
    apart: float
    output: str
    label: str
    baseline: str
    limited: tuple[str, ...] = ()
    truncated: int = 0
    notes: tuple[str, ...] = ()

    def act(self, method: str) -> Act:
        """What one of SHOWN does."""
        return self.acts[SHOWN.index(method)]
