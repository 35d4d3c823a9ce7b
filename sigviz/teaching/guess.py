"""Guess first: which sentences a seed gives, and how a reader's guess compares with the methods and with chance.

n: units of the sentence.  k: how many of them are to be marked, the ceil(n / 5) that a heatmap shows in bold.  A method's top
words are its k largest signed scores, of equal ones the earlier, as in the maps; a method whose scores are all 0 has none.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from hashlib import sha256
from itertools import combinations
from math import comb

import numpy as np

from sigviz.attribution import Floats, quoted
from sigviz.errors import InvalidSettings
from sigviz.studies.ranking import at_least, order
from sigviz.teaching.sentences import BY_KIND

SHARE = 20  # per cent of the units
PER_KIND = 2
ROUND = PER_KIND * len(BY_KIND)  # sentences
FIRST_SEED, LAST_SEED = 1, 9999  # short enough to be read out to a class


def drawn(seed: int) -> tuple[str, ...]:
    """The ROUND sentences of a seed, PER_KIND of each kind in mixed order: the same on every machine and Python.

    Raises InvalidSettings for a seed that is no whole number from FIRST_SEED to LAST_SEED.
    """
    if isinstance(seed, bool) or not isinstance(seed, int) or not FIRST_SEED <= seed <= LAST_SEED:
        raise InvalidSettings(f"seed is {quoted(seed)}; it must be a whole number from {FIRST_SEED} to {LAST_SEED}.")

    def place(text: str) -> str:  # a hash and no generator: generators change between versions
        return sha256(f"{seed}:{text}".encode()).hexdigest()

    chosen = [text for texts in BY_KIND.values() for text in sorted(texts, key=place)[:PER_KIND]]
    return tuple(sorted(chosen, key=place))


def wanted(n: int) -> int:
    """k: how many of n units to mark."""
    return at_least(SHARE, n)


def top(raw: Floats) -> tuple[int, ...]:
    """The places of a method's top words, the most important first; none where every score is 0.  raw: float64 [n]."""
    return tuple(order(raw)[: wanted(len(raw))].tolist()) if np.any(raw) else ()


def marks(line: str, n: int) -> tuple[int, ...]:
    """The marked places out of a link ("0,3"), in the order of the text.

    Raises InvalidSettings where they are no places of a text of n units, occur twice, or are more than k.
    """
    words = line.split(",") if line else []
    if len(words) <= wanted(n) and all(word.isascii() and word.isdecimal() and len(word) < 7 for word in words):
        places = sorted({int(word) for word in words})
        if len(places) == len(words) and all(place < n for place in places):
            return tuple(places)
    raise InvalidSettings(
        f"The marks in the link are {quoted(line)}; they must be at most {wanted(n)} different numbers from 0 to {n - 1}, "
        "with commas between them. Mark the words again."
    )


@dataclass(frozen=True, slots=True)
class Against:
    """A guess beside one method.  top: its top words.  hits: how many of them were marked, 0 to k.

    luck: the probability (0 to 1) that k words picked blindly hit as many or more.
    """

    name: str
    top: tuple[int, ...]
    hits: int
    luck: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """A guess beside every method.

    marked: the k marked places.  blind: how many of a method's top words k words picked blindly hit on average, k * k / n.
    shared: how many top words two of the methods have in common, averaged over all pairs; None for fewer than two methods.
    """

    n: int
    marked: tuple[int, ...]
    against: tuple[Against, ...]
    blind: float
    shared: float | None

    @property
    def k(self) -> int:
        return len(self.marked)


def score(marked: Collection[int], raws: Mapping[str, Floats]) -> Outcome:
    """The guess beside the methods.  raws: name -> float64 [n], all of the same n.

    Raises InvalidSettings where there is no method, their n differ, or `marked` is not k different places of the text.
    """
    sizes = {len(raw) for raw in raws.values()}
    if len(sizes) != 1:
        raise InvalidSettings("A guess is scored against one or more methods with the same units of the same text.")
    n = sizes.pop()
    k = wanted(n)
    if len(set(marked)) != k or len(marked) != k or not all(0 <= place < n for place in marked):
        raise InvalidSettings(f"{len(marked)} words are marked; mark {k} different ones of the {n}.")
    tops = {name: top(raw) for name, raw in raws.items()}
    against = [_against(name, places, set(marked), n) for name, places in tops.items()]
    return Outcome(n, tuple(sorted(marked)), tuple(against), float(Fraction(k * k, n)), shared([*tops.values()]))


def _against(name: str, places: tuple[int, ...], marked: set[int], n: int) -> Against:
    hits = len(marked.intersection(places))
    return Against(name, places, hits, luck(n, len(marked), hits))


def luck(n: int, k: int, hits: int) -> float:
    """P(k of n words picked blindly hold `hits` or more of k given ones): the tail of the hypergeometric distribution."""
    ways = sum(comb(k, found) * comb(n - k, k - found) for found in range(hits, k + 1))
    return float(Fraction(ways, comb(n, k)))


def shared(tops: Sequence[tuple[int, ...]]) -> float | None:
    """How many words two of them have in common, averaged over all pairs; those without any word are left out."""
    pairs = list(combinations([set(places) for places in tops if places], 2))
    return sum(len(one & other) for one, other in pairs) / len(pairs) if pairs else None


@dataclass(frozen=True, slots=True)
class Tally:
    """Several guesses beside one method: top words hit, of how many, and how many blind picks hit on average."""

    name: str
    sentences: int
    hits: int
    words: int
    blind: float


def tally(outcomes: Collection[Outcome]) -> list[Tally]:
    """One entry for each method of any of the outcomes, in the order in which they first come."""
    names = {one.name: None for outcome in outcomes for one in outcome.against}
    found = []
    for name in names:
        own = [(outcome, one) for outcome in outcomes for one in outcome.against if one.name == name and one.top]
        hits, words = sum(one.hits for _, one in own), sum(outcome.k for outcome, _ in own)
        found.append(Tally(name, len(own), hits, words, sum(outcome.blind for outcome, _ in own)))
    return found
