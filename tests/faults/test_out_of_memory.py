"""Too little memory, at whichever chunk it happens, on the way there or back: nothing of the result changes."""

import numpy as np
import pytest

from sigviz.engine import engine
from sigviz.errors import OutOfMemory
from sigviz.explain import explain
from sigviz.methods import METHODS
from tests import tiny
from tests.faults.chunks import Failing, no_memory
from tests.load.size import size
from tests.methods.axioms import assert_same
from tests.methods.cases import ALL, name, small

ROWS = 8  # sequences a chunk, so that there are many chunks
ALONE = {"deeplift", "kernel-shap", "lime"}  # hold the whole model at once, or know no smaller chunk
SOME = [METHODS[id] for id in ("ig", "sig", "sig-exact", "dig", "sdig", "smoothgrad")]


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "rows_that_fit", lambda *_: ROWS)


def _chunks(id: str, given) -> int:
    watched = Failing(0, no_memory)
    explain(watched, tiny.TEXT, id, **given)
    return watched.chunk


@pytest.mark.parametrize("back", [False, True], ids=["there", "back"])
@pytest.mark.parametrize("spec", size(SOME, ALL), ids=name)
def test_every_chunk_may_fail_once_and_no_score_or_count_changes(spec, back: bool) -> None:
    given = small(spec)
    plain, met = explain(tiny.bert(), tiny.TEXT, spec.id, **given), 0
    for at in range(1, _chunks(spec.id, given) + 1):
        failing = Failing(at, no_memory, back)
        try:
            found = explain(failing, tiny.TEXT, spec.id, **given)
        except OutOfMemory as error:  # where no smaller chunk can be tried
            assert (spec.id in ALONE or failing.rows == 1) and "shorter text" in str(error)
            met += 1
            continue
        assert failing.rows != 1 or not failing.failed or spec.id in ALONE
        met += failing.failed
        assert_same(found.raw, plain.raw, 1e-10)
        assert (found.cost.forward, found.cost.backward) == (plain.cost.forward, plain.cost.backward)
        assert found.units == plain.units and found.target == plain.target
    assert met or back, "nothing failed"
    assert met or not plain.cost.backward, "nothing failed on the way back"


@pytest.mark.parametrize("spec", ALL, ids=name)
def test_where_not_one_row_fits_it_is_said_what_to_do_and_the_device_is_free(spec, monkeypatch) -> None:
    class Full(tiny.Watched):
        def logits(self, embeddings):
            if self._watching:
                no_memory(self)  # type: ignore[arg-type]
            return super().logits(embeddings)

    with pytest.raises(OutOfMemory, match="Use a shorter text"):
        explain(Full(tiny.bert_model(), tiny.tokenizer(), name="full"), tiny.TEXT, spec.id, **small(spec))
    assert np.isfinite(explain(tiny.bert(), tiny.TEXT, spec.id, **small(spec)).raw).all()
