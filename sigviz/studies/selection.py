"""What an explanation puts on top, and which forms of the text each metric has to look at because of it."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from sigviz.attribution import Attribution, Floats
from sigviz.errors import InvalidSettings
from sigviz.models.classifier import Baseline, TextClassifier
from sigviz.models.text import Encoding
from sigviz.studies.perturbations import Form, Forms
from sigviz.studies.ranking import at_least, at_most, checked_scores, order

Tokens = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Selection:
    """One explanation, ready to be measured.  Tokens are given by their positions in the model's input.

    ranked: the tokens of each content unit, the unit with the highest score first.  top: the selected ones.  staying: the
    special ones that always stay; none in protocol "paper".  baseline: the explanation's own.  unknown: what infidelity
    replaces words by, None where the model has no unk token.  k: per cent, as asked.
    """

    forms: Forms
    paper: bool
    ranked: tuple[Tokens, ...]
    top: Tokens
    staying: Tokens
    baseline: Baseline
    unknown: Baseline | None
    k: float

    def needed(self, asked: Collection[str], way: Sequence[int]) -> dict[str, list[Form]]:
        """The forms of each metric asked for, but of infidelity, which sees on its way where to stop.

        way: per cent, the points of the curves.  A metric that so short a text can't have is left out (see `notes`).
        Raises: InvalidSettings where k leaves nothing of any text.
        """
        forms = self.forms
        numbers = [at_least(level, len(self.ranked)) for level in way]
        made = {
            "log_odds": [forms.replaced(self.top, self.baseline)],
            "comprehensiveness": [forms.without(self.top)],
            # where nothing is selected the papers' code answers 0, as if the whole text were there
            "sufficiency": [forms.whole if self.paper and not self.top else forms.only({*self.top, *self.staying})],
            "deletion_area": [forms.replaced(_joined(self.ranked[:m]), self.baseline) for m in numbers],
            "insertion_area": [forms.replaced(_joined(self.ranked[m:]), self.baseline) for m in numbers],
        }
        return {name: of for name, of in made.items() if name in asked and self._leaves_something(name, of)}

    def prefixes(self, after: int, until: int) -> list[Form]:
        """The text with its first m units replaced by the unknown token, for m above `after`, up to `until` or to all."""
        numbers = range(after + 1, min(until, len(self.ranked)) + 1)
        return [self.forms.replaced(_joined(self.ranked[:m]), self.unknown or self.baseline) for m in numbers]

    def notes(self, asked: Collection[str], had: Collection[str]) -> tuple[str, ...]:
        """What a reader must know of the values.  had: the metrics that have one."""
        found = [
            f"{name} has no value: its {self.k:g} % of so few words, rounded up, leave the model nothing to read."
            for name in sorted(set(asked) - set(had))
        ]
        if "infidelity" in asked and self.unknown is None:
            found.append(f"This model has no unk token: infidelity replaces words by the baseline {self.baseline.name}.")
        return tuple(found)

    def _leaves_something(self, name: str, forms: list[Form]) -> bool:
        left = all(map(len, forms))
        if not left and self.k in (0, 100):
            other = "smaller" if self.k else "larger"
            raise InvalidSettings(f"At k = {self.k:g} % nothing is left of the text for {name}. Use a {other} k.")
        return left


def select(
    attribution: Attribution,
    forms: Forms,
    classifier: TextClassifier,
    encoding: Encoding,
    *,
    paper: bool,
    k: float,
    row: ArrayLike | None,
) -> Selection:
    """What one explanation of this text selects.  row: scores of all T tokens, for protocol "paper", or None.

    Raises: InvalidSettings where the explanation is not of this text as this model reads it.
    """
    units = [unit.tokens for unit in attribution.units]
    raw = checked_scores(attribution.raw, "The explanation's scores")
    content = np.flatnonzero(encoding.content).tolist()
    if len(raw) != len(units) or sorted(_joined(units)) != content:
        raise InvalidSettings(
            "An explanation's words are not those that the model reads in this text. Explain the text again with this model."
        )
    ranked = tuple(units[i] for i in order(raw).tolist())
    staying: Tokens = ()
    if paper:
        scores = _token_scores(units, raw, len(encoding.ids)) if row is None else checked_scores(row, "scores")
        if len(scores) != len(encoding.ids):
            raise InvalidSettings(f"scores has {len(scores)} numbers, but the model reads {len(encoding.ids)} tokens.")
        top = tuple(order(scores)[: at_most(k, len(scores))].tolist())
    else:
        top = _joined(ranked[: at_least(k, len(ranked))])
        staying = tuple(np.flatnonzero(~encoding.content).tolist())
    own = classifier.baseline(attribution.settings.baseline)
    return Selection(forms, paper, ranked, top, staying, own, _unknown(classifier), k)


def _token_scores(units: list[Tokens], raw: Floats, count: int) -> Floats:
    """Of all tokens, special ones 0, each an equal part of its unit's score: float64 [T]."""
    scores = np.zeros(count)
    for tokens, score in zip(units, raw, strict=True):
        scores[list(tokens)] = score / len(tokens)
    return scores


def _unknown(classifier: TextClassifier) -> Baseline | None:
    try:
        return classifier.baseline("unk")
    except InvalidSettings:  # the model has no such token
        return None


def _joined(groups: Iterable[Tokens]) -> Tokens:
    return tuple(token for tokens in groups for token in tokens)
