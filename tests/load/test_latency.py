"""How long a short explanation takes beside a long one, in seconds: for `make soak` alone, on a machine with nothing else."""

import threading
import time

import pytest

from sigviz.engine.scheduler import Scheduler
from sigviz.errors import Cancelled
from sigviz.explain import explain
from sigviz.models import zoo
from tests.load.figures import note, note_latencies

pytestmark = pytest.mark.soak
MODEL = "bundled/minilm-movie"
LONG_TEXT = "it is a very long film , not bad but slow . " * 36  # some 400 tokens
SHORT_TEXT = "a hideous , confusing spectacle"
REPEATS = 20


def test_a_short_run_beside_one_of_400_tokens_and_500_steps_stays_quick() -> None:
    classifier, chunks = zoo.load(MODEL, device="cpu"), []

    def short() -> float:
        begun = time.perf_counter()
        Scheduler().submit(lambda job: explain(classifier, SHORT_TEXT, "sig", steps=50)).result(300)
        return time.perf_counter() - begun

    short()
    alone = sorted(short() for _ in range(5))[2]
    cancel = threading.Event()
    last = time.perf_counter()

    def told(done: int, total: int) -> None:
        nonlocal last
        now = time.perf_counter()
        chunks.append(now - last)
        last = now

    job = Scheduler().submit(
        lambda _: explain(classifier, LONG_TEXT, "ig", steps=500, baseline="pad", progress=told, cancel=cancel)
    )
    while len(chunks) < 3:
        time.sleep(0.01)
    chunk = max(chunks[1:])
    beside = []
    while not job.finished and len(beside) < REPEATS:
        beside.append(short())
    cancel.set()
    with pytest.raises(Cancelled):
        job.result(300)
    note("a short run alone (5 tokens, SIG of 50 steps, minilm)", alone, "s")
    note("one chunk of a 400-token run", chunk, "s")
    note_latencies("a short run beside a 400-token, 500-step run", beside)
    note("... its p50, in times alone", sorted(beside)[len(beside) // 2] / alone, "times")
    assert len(beside) >= 3
    assert sorted(beside)[len(beside) // 2] <= 6 * alone + 2 * chunk  # the goal is 3 times alone and one chunk
