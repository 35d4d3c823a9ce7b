"""NaN in one chunk among many, in the logits or in the gradients alone: said, and never shown as scores."""

import pytest
import torch

from sigviz.engine import engine
from sigviz.errors import NotANumber
from sigviz.explain import explain
from sigviz.methods import METHODS
from tests import tiny
from tests.faults.chunks import Failing
from tests.load.size import size
from tests.methods.cases import ALL, name, small

SOME = [METHODS[id] for id in ("ig", "sig", "dig", "smoothgrad", "sig-exact")]


class Spoilt(Failing):
    """One row of the answer, or of the gradients, of chunk `at` is NaN."""

    def logits(self, embeddings):
        answer = super().logits(embeddings)
        if self._armed and self.chunk == self.at and not self.back:
            answer = answer.clone()
            answer[-1, 0] = torch.nan
        return answer


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "rows_that_fit", lambda *_: 8)


def _chunks(spec) -> int:
    watched = Failing(0, lambda _: None)
    explain(watched, tiny.TEXT, spec.id, **small(spec))
    return watched.chunk


@pytest.mark.parametrize("spec", size(SOME, ALL), ids=name)
def test_a_logit_that_is_no_number_is_refused_in_whichever_chunk_it_is(spec) -> None:
    for at in range(1, _chunks(spec) + 1):
        spoilt = Spoilt(at, lambda _: None)
        with pytest.raises(NotANumber, match="Its weights may be broken"):
            explain(spoilt, tiny.TEXT, spec.id, **small(spec))
        assert spoilt.failed == 1


@pytest.mark.parametrize("spec", size(SOME[:4], ALL), ids=name)
def test_gradients_that_are_no_numbers_while_the_logits_are_are_refused_in_whichever_chunk(spec) -> None:
    met = 0
    for at in range(1, _chunks(spec) + 1):
        spoilt = Failing(at, lambda _: None, back=True)
        spoilt._fails = lambda gradients, spoilt=spoilt: _spoil(spoilt, gradients)  # type: ignore[method-assign]
        try:
            explain(spoilt, tiny.TEXT, spec.id, **small(spec))
        except NotANumber as error:
            assert "gradients are NaN" in str(error) and spoilt.failed
            met += 1
        else:
            assert not spoilt.failed, "a gradient was no number, and scores came out"
    backward = explain(tiny.bert(), tiny.TEXT, spec.id, **small(spec)).cost.backward
    assert met or not backward


def _spoil(spoilt: Failing, gradients: torch.Tensor) -> torch.Tensor:
    spoilt.failed += 1
    spoiled = gradients.clone()
    spoiled[-1, 1, 0] = torch.nan
    return spoiled
