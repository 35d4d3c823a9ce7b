"""What peers.py measures: each method of ours and of the peers, as one call on one sentence, served over standard input.

    python benchmarks/peer_methods.py SIDE MODEL THREADS     (SIDE: sigviz; or peers, or memory for peers without DIG's graph,
                                                            which need requirements-peers.txt)

Reads JSON, one object a line, {"method": ..., "text": ...}; answers each with {"seconds", "scores", "peak_megabytes"}: by how
much the process's memory grew at most on the way, beyond what it held before (Linux alone tells; None elsewhere).
The first line it writes names versions, and for the peers what the vocabulary's neighbour graph cost.  F is the logit of the
class predicted at the text, on both sides; mask baseline; scores are one number a content token.
"""

import json
import re
import sys
import threading
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))
NEIGHBOURS, DIG_STEPS = 500, 30
COALITIONS = 2**11  # besides two for each token (Zafar et al. 2021)
BATCH = 64
BEGINNING = "first tokens of"  # begins the names of the methods that are not seen to their end
ENOUGH = 3  # times 50 steps of a long text, after which SIG's memory has been seen: the whole would take half an hour
WARM_UP = "A plain sentence , read once ."
Method = Callable[[str], Any]  # text -> scores of its content tokens, or None where they are no such scores


class Ours:
    """sigviz, as a person calls it."""

    packages = ("torch", "transformers", "captum")

    def __init__(self, classifier: Any) -> None:
        self.classifier = classifier
        self.methods: dict[str, Method] = {
            "sig-exact": lambda text: self._explain(text, "sig-exact"),
            "sig 50": lambda text: self._explain(text, "sig", steps=50),
            "sig, 1 % tolerance": lambda text: self._explain(text, "sig", tolerance=0.01),
            "dig, nothing met": lambda text: self._explain(text, "dig", anew=True, steps=DIG_STEPS),
            "dig, new words": lambda text: self._explain(text, "dig", steps=DIG_STEPS),
            "ig 50": lambda text: self._explain(text, "ig", steps=50),
            "gradient-shap 5": lambda text: self._explain(text, "gradient-shap", samples=5, seeds=1),
            "kernel-shap": lambda text: self._explain(text, "kernel-shap", samples=self._coalitions(text), seeds=1),
            f"{BEGINNING} sig 50": lambda text: self._begin(text, 50),
            f"{BEGINNING} sig 500": lambda text: self._begin(text, 500),
        }

    def _explain(self, text: str, method: str, anew: bool = False, **options: Any) -> list[float]:
        """anew: DIG knows nothing of the vocabulary; otherwise it has walked from none of the sentence's words yet, but knows
        the neighbours of words that walks of earlier sentences have passed, as time_interpret has its graph beforehand."""
        from sigviz import explain

        known = self.classifier.walked
        known.forget_walks()
        if anew:
            self.classifier.walked = type(known)()
        scores = explain(self.classifier, text, method, **options).raw.tolist()
        self.classifier.walked = known
        return scores

    def _begin(self, text: str, steps: int) -> None:
        from sigviz import Cancelled, explain

        cancel, n = threading.Event(), int(self.classifier.encode(text).content.sum())

        def look(done: int, total: int) -> None:
            if done >= n + 2 + 2 * ENOUGH * 50:
                cancel.set()

        try:
            explain(self.classifier, text, "sig", steps=steps, progress=look, cancel=cancel)
        except Cancelled:
            return
        raise SystemExit("peer_methods.py: the text is too short for its first tokens to be seen alone")

    def _coalitions(self, text: str) -> int:
        return 2 * int(self.classifier.encode(text).content.sum()) + COALITIONS


class Peers:
    """Captum, time_interpret and interpreto, each as its documentation shows, in its fastest batch."""

    packages = ("torch", "transformers", "captum", "time_interpret", "interpreto", "scikit-learn")

    def __init__(self, classifier: Any) -> None:
        from interpreto import Granularity, Occlusion
        from interpreto import IntegratedGradients as InterpretoIG

        self.classifier = classifier
        self.mask = classifier.baseline("mask")
        self.graph: dict[str, float] = {}
        model, tokenizer = classifier.model, classifier.tokenizer
        shared = {"batch_size": BATCH, "granularity": Granularity.TOKEN}
        occlusion = Occlusion(model, tokenizer, **shared)
        integrated = InterpretoIG(model, tokenizer, n_perturbations=50, **shared)
        self.methods: dict[str, Method] = {
            "time_interpret SIG 50": lambda text: self._sig(text, 50),
            "time_interpret SIG 10": lambda text: self._sig(text, 10),
            "time_interpret DIG": self._dig,
            "Captum IG 50": self._ig,
            "Captum GradientShap 5": self._gradient_shap,
            "Captum KernelShap": self._kernel_shap,
            "interpreto Occlusion": lambda text: _flat(occlusion(text)),
            "interpreto IG 50": lambda text: _flat(integrated(text)),
            f"{BEGINNING} time_interpret SIG 50": self._begin_sig,
        }

    def prepare(self) -> dict[str, float]:
        """The vocabulary's neighbour graph, which DIG needs, once a model; returns its seconds and megabytes."""
        from sklearn.neighbors import kneighbors_graph

        started, vocabulary = time.perf_counter(), self.classifier.vocabulary().numpy()
        graph = kneighbors_graph(vocabulary, n_neighbors=NEIGHBOURS, mode="distance", n_jobs=1)
        self.neighbours = (self.classifier.tokenizer.get_vocab(), vocabulary, graph)
        size = graph.data.nbytes + graph.indices.nbytes + graph.indptr.nbytes
        return {"seconds": time.perf_counter() - started, "megabytes": size / 1e6}

    def _read(self, text: str) -> tuple[Any, Any, int, Any]:
        """x and its baseline [1, T, D], the predicted class, and which tokens are content."""
        import torch

        encoding = self.classifier.encode(text)
        x = self.classifier.embed(encoding.ids)[None]
        baseline = x.clone()
        baseline[0, encoding.content] = self.mask.vector
        with torch.no_grad():
            target = int(self._logits(x).argmax())
        return x, baseline, target, encoding

    def _logits(self, embeddings: Any) -> Any:
        return self.classifier.model(inputs_embeds=embeddings).logits

    def _sig(self, text: str, steps: int) -> list[float]:
        from tint.attr import SequentialIntegratedGradients

        x, baseline, target, encoding = self._read(text)
        found = SequentialIntegratedGradients(self._logits).attribute(x, baselines=baseline, target=target, n_steps=steps)
        return found.sum(-1)[0][encoding.content].tolist()

    def _begin_sig(self, text: str) -> None:
        from tint.attr import SequentialIntegratedGradients

        x, baseline, target, _ = self._read(text)
        calls = 0

        def logits(embeddings: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls > ENOUGH:
                raise _SeenEnough
            return self._logits(embeddings)

        try:
            SequentialIntegratedGradients(logits).attribute(x, baselines=baseline, target=target, n_steps=50)
        except _SeenEnough:
            return
        raise SystemExit("peer_methods.py: time_interpret's SIG has other calls than one a token")

    def _dig(self, text: str) -> list[float]:
        from tint.attr import DiscretetizedIntegratedGradients
        from tint.attr.models import scale_inputs

        _, _, target, encoding = self._read(text)
        ids = encoding.ids.tolist()
        towards = [self.mask.token if content else id for id, content in zip(ids, encoding.content.tolist(), strict=True)]
        path = scale_inputs(ids, towards, "cpu", self.neighbours, steps=DIG_STEPS, factor=0, strategy="greedy")
        dig = DiscretetizedIntegratedGradients(self._logits)
        return dig.attribute(path, target=target, n_steps=DIG_STEPS + 2).sum(-1)[0][encoding.content].tolist()

    def _ig(self, text: str) -> list[float]:
        from captum.attr import IntegratedGradients

        x, baseline, target, encoding = self._read(text)
        found = IntegratedGradients(self._logits).attribute(x, baselines=baseline, target=target, n_steps=50)
        return found.sum(-1)[0][encoding.content].tolist()

    def _gradient_shap(self, text: str) -> None:
        from captum.attr import GradientShap

        x, baseline, target, _ = self._read(text)
        GradientShap(self._logits).attribute(x, baselines=baseline, target=target, n_samples=5)

    def _kernel_shap(self, text: str) -> None:
        import torch
        from captum.attr import KernelShap

        x, baseline, target, encoding = self._read(text)
        content = torch.as_tensor(encoding.content)
        groups = torch.where(content, content.cumsum(0) - 1, int(content.sum()))[None, :, None]  # special tokens are one more
        samples = 2 * int(content.sum()) + COALITIONS
        shap = KernelShap(self._logits)
        settings = {"feature_mask": groups, "n_samples": samples, "perturbations_per_eval": BATCH}
        shap.attribute(x, baselines=baseline, target=target, **settings)


class _SeenEnough(Exception):
    """Ends a peer's run whose memory has been seen."""


def _memory(what: str) -> float | None:
    """MB: VmRSS, what the process holds; VmHWM, the most since `_forget_peak`.  None where the system does not tell."""
    status = Path("/proc/self/status")
    found = re.search(rf"^{what}:\s+(\d+) kB", status.read_text(), re.MULTILINE) if status.exists() else None
    return int(found[1]) * 1024 / 1e6 if found else None


def _wake(classifier: Any, text: str) -> None:
    """A plain look at the text, before the clock starts.

    While the other process worked, this one's threads fell asleep and its weights left the cache: 3 ms that would be counted
    for whoever is asked first after a change of sides, and not for who is asked next.
    """
    import torch

    with torch.no_grad():
        for _ in range(3):
            classifier.model(inputs_embeds=classifier.embed(classifier.encode(text).ids).repeat(8, 1, 1))


def _forget_peak() -> None:
    if (file := Path("/proc/self/clear_refs")).exists():
        file.write_text("5")


def _flat(found: Any) -> list[float]:
    return found[0].attributions.reshape(-1).tolist()


def main(side: str, model: str, threads: int) -> None:
    answers, sys.stdout = sys.stdout, sys.stderr  # what libraries print must not be taken for an answer

    def answer(what: dict[str, Any]) -> None:
        print(json.dumps(what), file=answers, flush=True)

    import torch

    import sigviz

    torch.set_num_threads(threads)
    classifier = sigviz.load(model)
    served = Ours(classifier) if side == "sigviz" else Peers(classifier)  # "memory": peers without the graph
    graph = served.prepare() if side == "peers" else {}
    versions = {name: version(name) for name in served.packages}
    answer({"versions": versions, "graph": graph, "methods": [*served.methods]})
    for line in sys.stdin:
        asked = json.loads(line)
        method = served.methods[asked["method"]]
        if not asked["method"].startswith(BEGINNING):  # of which the memory is measured, from a process at rest on
            _wake(classifier, asked["text"])
        _forget_peak()
        before, started = _memory("VmRSS"), time.perf_counter()
        scores = method(asked["text"])
        seconds, most = time.perf_counter() - started, _memory("VmHWM")
        grown = None if before is None or most is None else most - before
        answer({"seconds": seconds, "scores": scores, "peak_megabytes": grown})


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
