"""Edits to start from, for any text that a model can read: a new text each, and in words what was done and why.

They are made to the text's strongest words: the words with the largest scores of exact SIG.  The first edit is searched for:
of one word after the other, the nearest other word of the vocabulary with which the model changes its mind.  Near means a
small angle between word embeddings: by distance, rare names with short vectors are near to everything.  No list of words
stands behind it, so it works in any language that the model reads.
"""

import threading
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from sigviz.attribution import Attribution, Floats, Settings, Unit
from sigviz.engine.engine import Progress, Run
from sigviz.errors import InvalidText
from sigviz.explain import explain_with
from sigviz.methods import METHODS
from sigviz.models.classifier import TextClassifier
from sigviz.paths.neighbours import Neighbours
from sigviz.paths.path import Points
from sigviz.studies.ranking import order

WORDS = 6  # at most so many words are tried, the strongest first
NEIGHBOURS = 300  # and for each so many of its nearest words
BUDGET = 20_000  # tokens put through the model by the search: 2 s on a slow machine, whatever the text's length
_SHORTEST = 3  # letters of a Latin word: shorter neighbours are mostly pieces and single letters


@dataclass(frozen=True, slots=True)
class Edit:
    """text: the new text.  label: what was done, in a few words.  why: how it was chosen, in a sentence.  Plain text."""

    text: str
    label: str
    why: str


def settings(**shared: str | int | None) -> Settings:
    """What tells the strongest words.  shared: baseline, target, output, contrast.  Raises InvalidSettings."""
    return METHODS["sig-exact"].settings(**{**shared, "unit": "word"})


def propose(
    classifier: TextClassifier,
    text: str,
    asked: Settings,
    *,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
) -> tuple[Edit, ...]:
    """Edits of `text`, the best one first; empty where none can be made (a text of one word that nothing can replace).

    asked: see `settings`.  Raises InvalidText, InvalidSettings, Cancelled, OutOfMemory, NotANumber.
    """
    found = explain_with(classifier, text, asked, progress=progress, cancel=cancel)
    ranked = [found.units[place] for place in order(found.raw)]
    edits = (
        _swapped(classifier, found, ranked, Run(classifier, cancel=cancel)),
        _without(classifier, text, ranked[0]),
        _negated(text, ranked[0]),
        _at_baseline(classifier, text, ranked, asked.baseline),
    )
    return tuple(edit for edit in edits if edit is not None)


def _swapped(classifier: TextClassifier, found: Attribution, ranked: list[Unit], run: Run) -> Edit | None:
    """One word for another: the nearest one with which the model changes its mind, or else the one that it minds most."""
    ids = classifier.encode(found.text).ids
    near = Neighbours(torch.nn.functional.normalize(classifier.vocabulary()))
    single = [unit for unit in ranked if len(unit.tokens) == 1][:WORDS]
    most = max(2, BUDGET // (len(ids) * max(1, len(single))))
    before, tried, best = int(found.probabilities.argmax()), 0, (np.inf, "", "", "")
    for unit in single:
        swaps = [*_swaps(classifier, found.text, unit, ids, near, most)]
        if not swaps:
            continue
        answers = _probabilities(classifier, np.stack([swap[2] for swap in swaps]), run)  # [swaps, classes]
        for (word, new, _), row in zip(swaps, answers, strict=True):
            tried += 1
            if int(row.argmax()) != before:
                why = f"Of the words nearest to “{unit.text}”, “{word}” is the first with which the model changes its mind."
                return Edit(new, f"“{word}” for “{unit.text}”", why)
            best = min(best, (float(row[found.target]), unit.text, word, new))
    if not tried:
        return None
    _, old, word, new = best
    why = f"None of {tried:,} swaps changes the model's mind; this one takes most from the probability of {found.label}."
    return Edit(new, f"“{word}” for “{old}”", why)


def _swaps(
    classifier: TextClassifier, text: str, unit: Unit, ids: NDArray[np.int64], near: Neighbours, most: int
) -> Iterator[tuple[str, str, NDArray[np.int64]]]:
    """(word, new text, its token ids), nearest first: other words in the unit's place that change this one token alone."""
    (place,) = unit.tokens
    latin = unit.text.isascii()
    if not unit.text.isalpha():
        return
    nearest = near.nearest(torch.as_tensor([int(ids[place])], device=near.vectors.device), NEIGHBOURS)[0]  # [neighbours]
    for token in nearest.tolist():
        word = str(classifier.tokenizer.decode([token])).strip()
        if not word.isalpha() or word.isascii() != latin or (latin and len(word) < _SHORTEST):
            continue
        new = _put(text, unit, word.capitalize() if unit.text.istitle() else word)
        read = classifier.encode(new).ids
        if len(read) == len(ids) and np.flatnonzero(read != ids).tolist() == [place]:
            yield word, new, read
            most -= 1
            if not most:
                return


def _probabilities(classifier: TextClassifier, ids: NDArray[np.int64], run: Run) -> Floats:
    """float64 [texts, classes] of texts of one length.  ids: [texts, T]."""
    answers = run.logits(Points(len(ids), lambda k: classifier.embed(ids[k.cpu().numpy()])))
    probabilities: Floats = classifier.probabilities(answers).cpu().numpy()
    return probabilities


def _without(classifier: TextClassifier, text: str, unit: Unit) -> Edit | None:
    before, behind = text[: unit.start], text[unit.end :]
    new = before.rstrip() + behind if behind[:1].isspace() or not behind else before + behind
    new = new.lstrip() if not before.strip() else new
    try:
        classifier.encode(new)
    except InvalidText:  # it was the only word
        return None
    return Edit(new, f"without “{unit.text}”", f"“{unit.text}” has the largest score of exact SIG.")


def _negated(text: str, unit: Unit) -> Edit | None:
    if not unit.text.isascii() or not unit.text.isalpha():
        return None
    why = f"“{unit.text}” has the largest score of exact SIG; “not” should turn it around, if the model reads it so."
    return Edit(f"{text[: unit.start]}not {text[unit.start :]}", f"“not” before “{unit.text}”", why)


def _at_baseline(classifier: TextClassifier, text: str, ranked: list[Unit], name: str) -> Edit | None:
    """The experiment that a score of exact SIG is; None for a baseline that is no token, or cannot be written in a text."""
    token = classifier.baseline(name).token
    unit = next((unit for unit in ranked if len(unit.tokens) == 1), None)
    if token is None or unit is None:
        return None
    written = str(classifier.tokenizer.decode([token])).strip()
    new, ids = _put(text, unit, written), classifier.encode(text).ids
    wanted = ids.copy()
    wanted[unit.tokens[0]] = token
    try:
        read = classifier.encode(new).ids
    except InvalidText:  # the baseline counts as no word, and there is no other
        return None
    if np.array_equal(wanted, ids) or not np.array_equal(read, wanted):
        return None
    why = f"What the score of “{unit.text}” by exact SIG stands for: the same text with the baseline in its place."
    return Edit(new, f"{written} for “{unit.text}”", why)


def _put(text: str, unit: Unit, word: str) -> str:
    return text[: unit.start] + word + text[unit.end :]
