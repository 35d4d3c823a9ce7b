"""This engine beside its peers, method by method, in one run:  make benchmark

    python benchmarks/peers.py --peer-python PEERS/bin/python [--sentences 20] [--threads 2] [--quick]

The peers (requirements-peers.txt) live in an environment of their own.  Both sides have the same bundled model, float32, the
four sentences of the paper's Table 5 and `--sentences` of the movie test split, mask baseline, threads and machine.  For each
sentence and method one side computes while the other waits, and they take turns; the first sentence of all is only a warm-up,
and before each measured call either side wakes up by a plain look at the sentence, in the model's own way.
KernelSHAP, which takes seconds, has the four of Table 5 alone.

Printed: the median seconds a sentence of each, and for each goal the median of the sentences' ratios, peer / ours, with the
middle half of them, n, and whether the goal is met; and how far scores that must be equal are apart.  The exit code is 1 where
a goal is missed.  Last comes the peak memory of SIG on a text of 400 tokens, of its first tokens alone.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).parent.parent))
from sigviz.studies import corpora
from sigviz.ui.examples import EXAMPLES, TABLE_5

WORKER = Path(__file__).with_name("peer_methods.py")
WARM_UP = "A plain sentence , read once ."
LONG_TOKENS = 400
LONG = " ".join(
    (["the", "story", "is", "never", "dull", "and", "a", "gorgeous", "movie"] * 45)[: LONG_TOKENS - 2]
)  # and [CLS], [SEP]
TENTH, FLAT = 10, 1.1  # of the peer's peak memory, at most; ten times the steps may take so many times the memory
SLOW = {"kernel-shap", "Captum KernelShap"}  # Table 5's sentences alone


class Goal(NamedTuple):
    """ours must be at least `factor` times as fast as peer.  equal: how far their scores may be apart, None: other numbers."""

    ours: str
    peer: str
    factor: float
    equal: float | None = None


GOALS = (
    Goal("sig-exact", "time_interpret SIG 50", 80, equal=1e-2),
    Goal("sig-exact", "time_interpret SIG 10", 20),
    Goal("sig-exact", "interpreto Occlusion", 1.3, equal=1e-4),
    Goal("sig 50", "time_interpret SIG 50", 1.3, equal=1e-2),
    Goal("sig, 1 % tolerance", "time_interpret SIG 50", 4),
    Goal("dig, new words", "time_interpret DIG", 20),
    Goal("dig, nothing met", "time_interpret DIG", 20),
    Goal("ig 50", "Captum IG 50", 1.15, equal=1e-3),
    Goal("kernel-shap", "Captum KernelShap", 1.5),
    Goal("gradient-shap 5", "Captum GradientShap 5", 1.0),
    Goal("ig 50", "interpreto IG 50", 1.0),
)


class Side:
    """One of the two processes; it waits while the other is measured."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self.about = self._answer()

    def ask(self, method: str, text: str) -> dict[str, Any]:
        assert self._process.stdin is not None
        print(json.dumps({"method": method, "text": text}), file=self._process.stdin, flush=True)
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit("peers.py: one side ended without an answer; what it said stands above")
        answer: dict[str, Any] = json.loads(line)
        return answer


@contextmanager
def started(python: str, side: str, given: argparse.Namespace) -> Iterator[Side]:
    threads = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), str(given.threads))
    command = [python, "-W", "ignore", str(WORKER), side, given.model, str(given.threads)]
    environment = {**os.environ, **threads}
    with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Side(process)
        finally:
            process.terminate()


def main(given: argparse.Namespace) -> int:
    table_5 = [text for text, source in EXAMPLES.items() if source == TABLE_5]
    others = list(corpora.load("movie", "test", limit=given.sentences, seed=0).texts) if given.sentences else []
    goals = [goal for goal in GOALS if not given.quick or "SIG" not in goal.peer]
    load = os.getloadavg()[0]
    seconds: dict[str, dict[str, float]] = {}
    scores: dict[str, dict[str, list[float] | None]] = {}
    with started(sys.executable, "sigviz", given) as ours, started(given.peer_python, "peers", given) as peers:
        for place, text in enumerate([WARM_UP, *table_5, *others]):
            for method, side in _methods(goals, ours, peers):
                if method in SLOW and not 0 < place <= len(table_5):
                    continue
                answer = side.ask(method, text)
                if place:
                    seconds.setdefault(method, {})[text] = answer["seconds"]
                    scores.setdefault(method, {})[text] = answer["scores"]
            print(f"{place} of {len(table_5) + len(others)} sentences", file=sys.stderr)
        print(facts(given, load, ours, peers, len(seconds["sig-exact"])))
    print(times(seconds))
    lines, missed = judged(goals, seconds, scores)
    print(lines)
    lines, too_much = memory(given)
    print(lines)
    return 1 if missed or too_much else 0


def memory(given: argparse.Namespace) -> tuple[str, int]:
    """Peak memory of SIG on a long text, each in a process of its own: in lines, and how many goals are missed."""
    found: dict[str, float] = {}
    for python, name, methods in (
        (sys.executable, "sigviz", ("first tokens of sig 50", "first tokens of sig 500")),
        (given.peer_python, "memory", ("first tokens of time_interpret SIG 50",)),
    ):
        for method in methods:
            with started(python, name, given) as side:
                found[method] = side.ask(method, LONG)["peak_megabytes"]
    if None in found.values():
        return "\npeak memory: this system does not tell", 1
    fifty, more, theirs = found.values()
    goals = (
        (f"time_interpret's / ours, 50 steps: {theirs / fifty:.1f}", f"at least {TENTH}", theirs >= TENTH * fifty),
        (f"ours, 500 steps / 50 steps: {more / fifty:.2f}", f"at most {FLAT}", more <= FLAT * fifty),
    )
    head = f"\npeak memory beyond the loaded model, {LONG_TOKENS} tokens, MB: " + ", ".join(
        f"{method.removeprefix('first tokens of ')} {megabytes:.0f}" for method, megabytes in found.items()
    )
    lines = [head, *(f"{said}   goal: {goal}   {'met' if met else 'MISSED'}" for said, goal, met in goals)]
    return "\n".join(lines), sum(not met for *_, met in goals)


def _methods(goals: list[Goal], ours: Side, peers: Side) -> list[tuple[str, Side]]:
    """Every method once, ours next to the peer that it is compared with."""
    pairs = [(name, side) for goal in goals for name, side in ((goal.ours, ours), (goal.peer, peers))]
    return list(dict(pairs).items())


def facts(given: argparse.Namespace, load: float, ours: Side, peers: Side, n: int) -> str:
    names = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    cpu = next((line.partition(":")[2].strip() for line in names if line.startswith("model name")), platform.machine())
    graph = peers.about["graph"]
    return "\n".join(
        [
            f"{given.model}, Table 5's four sentences and {given.sentences} of the movie test split (n = {n}), mask, float32",
            f"machine: {cpu}, {os.cpu_count()} cores, {given.threads} threads each; load before {load:.1f}",
            *(f"{name}: {side.about['versions']}" for name, side in (("sigviz", ours), ("peers", peers))),
            f"neighbour graph for time_interpret's DIG, not counted: {graph['seconds']:.1f} s, {graph['megabytes']:.0f} MB",
        ]
    )


def times(seconds: dict[str, dict[str, float]]) -> str:
    lines = ["", f"{'method':28} {'n':>4} {'median ms':>10} {'total s':>9}"]
    for method, each in seconds.items():
        lines.append(f"{method:28} {len(each):4} {1e3 * median(each.values()):10.1f} {sum(each.values()):9.2f}")
    return "\n".join(lines)


def judged(
    goals: list[Goal], seconds: dict[str, dict[str, float]], scores: dict[str, dict[str, list[float] | None]]
) -> tuple[str, int]:
    """The goals in lines, and how many are missed."""
    lines, missed = ["", f"{'ours':20} {'peer':24} {'n':>3} {'times faster':>13} {'middle half':>16} {'goal':>6}"], 0
    for goal in goals:
        mine, theirs = seconds[goal.ours], seconds[goal.peer]
        ratios = [theirs[text] / mine[text] for text in mine if text in theirs]
        low, _, high = quantiles(ratios, n=4)
        met = median(ratios) >= goal.factor
        missed += not met
        said = f"{median(ratios):13.2f} {low:8.2f}-{high:.2f}".ljust(32) + f"{goal.factor:6g} {'met' if met else 'MISSED'}"
        lines.append(f"{goal.ours:20} {goal.peer:24} {len(ratios):3} {said}{_apart(goal, scores)}")
    return "\n".join(lines), missed


def _apart(goal: Goal, scores: dict[str, dict[str, list[float] | None]]) -> str:
    """How far two methods that must agree are apart: the largest difference relative to a sentence's largest score."""
    if goal.equal is None:
        return ""
    found = []
    for text, mine in scores[goal.ours].items():
        theirs = scores[goal.peer][text]
        if mine is not None and theirs is not None and len(mine) == len(theirs):
            found.append(max(abs(a - b) for a, b in zip(mine, theirs, strict=True)) / max(map(abs, mine)))
    if not found:
        return "   scores of other lengths"
    return (
        f"   scores apart by {median(found):.1e} (median), {max(found):.1e} at most{'' if max(found) <= goal.equal else ' !'}"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--peer-python", required=True)
    parser.add_argument("--model", default="bundled/minilm-movie")
    parser.add_argument("--sentences", type=int, default=20, help="of the movie test split, besides Table 5's four")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--quick", action="store_true", help="leave out time_interpret's SIG, which takes minutes")
    sys.exit(main(parser.parse_args()))
