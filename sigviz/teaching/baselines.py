"""What stands in for a word: which stand-ins a model has, and what each lies near in the space of its word embeddings.

The paper argues for the mask token (Enguehard 2023, arXiv:2305.15853, section 2, "Using mask instead of pad"): pad is never
trained, so it may lie close to some words and far from others, while mask is trained to stand for any word.  Whether that
holds can be measured for every model: distances from the stand-in to all words of the vocabulary.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from threading import Event
from weakref import WeakKeyDictionary

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from sigviz.engine.engine import Progress
from sigviz.errors import Cancelled, InvalidSettings
from sigviz.models.classifier import TextClassifier

STANDARD = ("mask", "pad", "unk", "zero", "mean")
REGARDLESS = ("grad-input", "saliency", "smoothgrad", "random")  # methods that look at the text alone
NEAREST = 6
SAMPLE = 60  # words whose own surroundings say what is usual
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
_BINS = 80
_CHUNK = 8192  # rows of the vocabulary at a time: a large model's is gigabytes
_MARKS = ("Ġ", "▁")  # what begins a word in the vocabularies of byte-level BPE and of SentencePiece


@dataclass(frozen=True, slots=True)
class StandIn:
    """A baseline to try.  name: as Settings.baseline takes it; label: what readers see.

    error: why this model cannot have it, or "".  note: what a reader must know, or "".
    """

    name: str
    label: str
    error: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where one vector stands among the words of the vocabulary; all distances Euclidean, in the embedding matrix.

    norm: its length.  nearest: the nearest words with their distances; token: the nearest token of any kind, special ones and
    pieces of words too.  own: the text's tokens and how far they are, each once.  quantiles: 5, 25, 50, 75 and 95 % of the
    distances to all words (QUANTILES); mean and deviation of these.  counts: of words by distance, in the Space's bins.
    note: where another vector than the one asked for was measured, because the model has none, why; "" elsewhere.
    """

    label: str
    norm: float
    nearest: tuple[tuple[str, float], ...]
    token: tuple[str, float]
    own: tuple[tuple[str, float], ...]
    quantiles: tuple[float, ...]
    mean: float
    deviation: float
    counts: tuple[int, ...]
    note: str = ""

    @property
    def median(self) -> float:
        return self.quantiles[2]

    @property
    def closeness(self) -> float:
        """The nearest word's distance as a share of the median one; 0 where the median is."""
        return self.nearest[0][1] / self.median if self.nearest and self.median else 0.0

    @property
    def unevenness(self) -> float:
        """The distances' standard deviation as a share of their mean: 0 is as far from one word as from any other."""
        return self.deviation / self.mean if self.mean else 0.0


@dataclass(frozen=True, slots=True)
class Space:
    """All stand-ins' surroundings.  words, tokens: of the vocabulary.  edges: of the bins, one more than there are counts.

    usual: the closeness of SAMPLE words of the vocabulary, ascending.
    """

    words: int
    tokens: int
    edges: tuple[float, ...]
    found: tuple[Surroundings, ...]
    usual: tuple[float, ...]

    def closer_than(self, closeness: float) -> float:
        """The share of the vocabulary's own words whose nearest word is farther away than this: 0 to 1."""
        return sum(other > closeness for other in self.usual) / len(self.usual)


@dataclass(frozen=True, slots=True)
class Words:
    """The whole words of a vocabulary.  ids: [n], ascending; texts: as they are read; tokens: as the vocabulary has them."""

    ids: tuple[int, ...]
    texts: tuple[str, ...]
    tokens: tuple[str, ...]


def whole_words(classifier: TextClassifier) -> Words:
    """Tokens that can be a word by themselves, as the tokenizer itself reads it: letters only, two at least.

    A token that only ever begins words is among them where the tokenizer would read it as a word, too.  Found once for a
    model, and kept as long as the model is: reading 20,000 words takes a second.
    """
    if (known := _known.get(classifier)) is None:
        known = _known[classifier] = _found(classifier)
    return known


_known: WeakKeyDictionary[TextClassifier, Words] = WeakKeyDictionary()


def _found(classifier: TextClassifier) -> Words:
    size, tokenizer = classifier.vocabulary().shape[0], classifier.tokenizer
    special = set(tokenizer.all_special_tokens)
    vocabulary = {token: id for token, id in tokenizer.get_vocab().items() if id < size and token not in special}
    read = _reader(classifier, list(vocabulary))
    likely = sorted((id, text, token) for token, id in vocabulary.items() if len(text := read(token)) > 1 and text.isalpha())
    found: list[tuple[int, str, str]] = []
    for before in ("", " "):  # what some read after a space alone, others read at the beginning alone
        read_as = tokenizer([before + text for _, text, _ in likely], add_special_tokens=False)["input_ids"] if likely else []
        found += [one for one, ids in zip(likely, read_as, strict=True) if ids == [one[0]]]
        likely = [one for one, ids in zip(likely, read_as, strict=True) if ids != [one[0]]]
    return Words(*(tuple(column) for column in zip(*sorted(found), strict=True))) if found else Words((), (), ())


def _reader(classifier: TextClassifier, tokens: Sequence[str]) -> Callable[[str], str]:
    """A function from a token to the word that it is, or to "" where it does not begin or does not end a word."""
    for mark in _MARKS:
        if sum(token.startswith(mark) for token in tokens) > len(tokens) / 20:
            return partial(_marked, classifier.tokenizer, mark)
    if sum(token.endswith("</w>") for token in tokens) > len(tokens) / 20:
        return lambda token: token.removesuffix("</w>") if token.endswith("</w>") else ""
    return lambda token: token  # WordPiece marks what goes on inside a word by ##, which is no letter


def _marked(tokenizer: PreTrainedTokenizerBase, mark: str, token: str) -> str:
    return str(tokenizer.convert_tokens_to_string([token])).strip() if token.startswith(mark) else ""


def drawn(words: Words, count: int, seed: int) -> tuple[StandIn, ...]:
    """So many different words of the vocabulary at random, the same ones for the same seed."""
    free = [place for place, token in enumerate(words.tokens) if token not in STANDARD]
    picked = np.random.default_rng(seed).permutation(len(free))[:count]
    return tuple(StandIn(words.tokens[free[i]], f"{words.texts[free[i]]} (random)") for i in picked)


def stand_ins(classifier: TextClassifier, typed: str, random: Sequence[StandIn] = ()) -> list[StandIn]:
    """The standard ones, the word that the reader typed ("" for none) and random ones, each checked on this model."""
    named = [StandIn(name, name) for name in STANDARD]
    if typed.strip() and typed.strip() not in STANDARD:
        named.append(StandIn(typed.strip(), typed.strip()))
    return [_checked(classifier, one) for one in (*named, *random)]


def _checked(classifier: TextClassifier, one: StandIn) -> StandIn:
    try:
        found = classifier.baseline(one.name)
    except InvalidSettings as error:
        return StandIn(one.name, one.label, error=str(error))
    return StandIn(one.name, one.label, note=found.note or "")


def space(classifier: TextClassifier, text: str, wanted: Sequence[StandIn], progress: Progress, cancel: Event) -> Space:
    """Where the stand-ins stand among the words.

    Raises: InvalidText; InvalidSettings for a vocabulary without whole words; Cancelled.
    """
    words, names = whole_words(classifier), classifier.tokenizer.convert_ids_to_tokens
    if not words.ids:
        raise InvalidSettings("This model's vocabulary has no whole words: there is nothing to measure distances to.")
    encoding = classifier.encode(text)
    own = {id: str(names(id)) for id in dict.fromkeys(encoding.ids[encoding.content].tolist())}
    found = [classifier.baseline(one.name) for one in wanted]
    sample = [words.ids[i] for i in np.random.default_rng(0).permutation(len(words.ids))[:SAMPLE]]
    vectors = classifier.vocabulary()
    points = torch.cat([torch.stack([one.vector for one in found]), vectors[sample]])  # [b + s, D]
    distances = _distances(points, vectors, progress, cancel)  # [b + s, V]
    owned = [[(name, float(row[id])) for id, name in own.items()] for row in distances]
    for row, id in zip(distances, [*(one.token for one in found), *sample], strict=True):
        if id is not None:
            row[id] = np.inf  # nobody is its own neighbour
    to_words = distances[:, list(words.ids)]  # [b + s, words]
    edges = np.linspace(0, np.nextafter(to_words[np.isfinite(to_words)].max(), np.inf), _BINS + 1)
    rows = []
    for i, row in enumerate(distances):
        closest = np.argpartition(to_words[i], min(NEAREST, len(words.ids)) - 1)[:NEAREST]
        nearest, token = closest[np.argsort(to_words[i, closest], kind="stable")], int(row.argmin())
        finite = to_words[i][np.isfinite(to_words[i])]
        rows.append(
            Surroundings(
                label=wanted[i].label if i < len(wanted) else words.texts[words.ids.index(sample[i - len(wanted)])],
                norm=float(points[i].double().norm()),
                nearest=tuple((words.texts[j], float(to_words[i, j])) for j in nearest),
                token=(str(names(token)), float(row[token])),
                own=tuple(owned[i]),
                quantiles=tuple(np.quantile(finite, QUANTILES).tolist()),
                mean=float(finite.mean()),
                deviation=float(finite.std()),
                counts=tuple(np.histogram(finite, edges)[0].tolist()),
                note=(found[i].note or "") if i < len(found) else "",
            )
        )
    return Space(
        words=len(words.ids),
        tokens=len(vectors),
        edges=tuple(edges.tolist()),
        found=tuple(rows[: len(wanted)]),
        usual=tuple(sorted(one.closeness for one in rows[len(wanted) :])),
    )


def _distances(points: Tensor, vectors: Tensor, progress: Progress, cancel: Event) -> NDArray[np.float64]:
    """Euclidean, from each of the points [b, D] to each row of the vocabulary [V, D]: [b, V].

    On the CPU, in float64: squares of lengths cancel where two words are near, and not every device has float64.
    """
    parts, here = [], points.cpu().double()
    for start in range(0, len(vectors), _CHUNK):
        if cancel.is_set():
            raise Cancelled("The search for near words was stopped.")
        parts.append(torch.cdist(here, vectors[start : start + _CHUNK].cpu().double()))
        progress(len(parts), -(-len(vectors) // _CHUNK))  # in chunks: words would be taken for passes through the model
    return torch.cat(parts, dim=1).numpy()
