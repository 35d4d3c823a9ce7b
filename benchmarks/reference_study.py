"""The other half of study.py: the faithfulness study as the papers' library does it, served sentence by sentence.

    python benchmarks/reference_study.py MODEL THREADS        (needs pip install time_interpret==0.3.0 scikit-learn)

Reads one JSON string a line, a sentence; answers each with one JSON line: its tokens, seconds a part, metrics a method.
The first line it writes says which versions it runs and what the vocabulary's neighbour graph cost; {"error": ...} instead of
it where the peer is not installed.

Everything is computed by public functions: captum.attr, tint.attr, tint.attr.models.scale_inputs, tint.metrics. What they are
called with follows the papers' experiment script (F is the largest logit; mask baseline; 50 steps, DIG 30; top 20 % of all
tokens, the special ones included), but for two things that cost nothing: the model is given word embeddings alone, so that
positions are added once, not twice, and scores are not divided by their norm, which moves no ranking.  SDIG is in the script,
not in the library: here it is the library's DIG on paths along which one token moves, the word paths found anew, as there.
"""

import json
import resource
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))
STEPS, DIG_STEPS, NEIGHBOURS, TOP = 50, 30, 500, 0.2
WARM_UP = "A plain sentence , read once ."


class Stopwatch:
    """Seconds spent in each named part of one sentence."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self.seconds[name] += time.perf_counter() - started


class ReferenceStudy:
    """Seven explainers and three metrics for one sentence at a time."""

    def __init__(self, name: str) -> None:
        import sigviz

        self.classifier = sigviz.load(name)
        self.mask = self.classifier.baseline("mask")
        self.vocabulary = self.classifier.vocabulary().numpy()
        self.neighbours: tuple[Any, ...] | None = None
        self.largest_logit = _largest_logit(self.classifier)

    def build_neighbours(self) -> dict[str, float]:
        """The vocabulary's neighbour graph, which DIG needs, once a model; returns its seconds and megabytes."""
        from sklearn.neighbors import kneighbors_graph

        started = time.perf_counter()
        graph = kneighbors_graph(self.vocabulary, n_neighbors=NEIGHBOURS, mode="distance", n_jobs=1)
        seconds = time.perf_counter() - started
        self.neighbours = (self.classifier.tokenizer.get_vocab(), self.vocabulary, graph)
        return {"seconds": seconds, "megabytes": (graph.data.nbytes + graph.indices.nbytes + graph.indptr.nbytes) / 1e6}

    def study(self, sentence: str) -> dict[str, Any]:
        watch = Stopwatch()
        started = time.perf_counter()
        encoding = self.classifier.encode(sentence)
        x = self.classifier.embed(encoding.ids)[None]  # [1, T, D]
        baseline = x.clone()
        baseline[0, encoding.content] = self.mask.vector
        found = {**self._gradient_methods(x, baseline, watch), **self._path_methods(encoding, x, baseline, watch)}
        with watch.part("metrics"):
            metrics = {method: self._metrics(x, scores.sum(-1)) for method, scores in found.items()}
        whole = time.perf_counter() - started
        return {"tokens": x.shape[1], "seconds": dict(watch.seconds), "whole": whole, "metrics": metrics}

    def _gradient_methods(self, x: Any, baseline: Any, watch: Stopwatch) -> dict[str, Any]:
        """The methods of Captum: scores [1, T, D]."""
        import torch
        from captum.attr import DeepLift, GradientShap, InputXGradient, IntegratedGradients

        found = {}
        with watch.part("grad-input"):
            found["grad-input"] = InputXGradient(self.largest_logit).attribute(x.clone())
        with watch.part("deeplift"):
            found["deeplift"] = DeepLift(self.largest_logit).attribute(x.clone(), baselines=baseline)
        with watch.part("gradient-shap"):
            either = torch.cat([baseline, x])
            found["gradient-shap"] = GradientShap(self.largest_logit).attribute(x.clone(), baselines=either)
        with watch.part("ig"):
            found["ig"] = IntegratedGradients(self.largest_logit).attribute(x.clone(), baselines=baseline, n_steps=STEPS)
        return found

    def _path_methods(self, encoding: Any, x: Any, baseline: Any, watch: Stopwatch) -> dict[str, Any]:
        """The methods of the papers' library: scores [1, T, D]."""
        import torch
        from tint.attr import DiscretetizedIntegratedGradients, SequentialIntegratedGradients

        found = {}
        points = DIG_STEPS + 2
        dig = DiscretetizedIntegratedGradients(self.largest_logit)
        with watch.part("dig, word paths"):
            path = self._word_paths(encoding)
        with watch.part("dig, gradients"):
            found["dig"] = dig.attribute(path, n_steps=points)
        with watch.part("sig"):
            sig = SequentialIntegratedGradients(self.largest_logit)
            found["sig"] = sig.attribute(x.clone(), baselines=baseline, n_steps=STEPS)
        with watch.part("sdig, word paths"):
            path = self._word_paths(encoding).detach()
        with watch.part("sdig, gradients"):
            rows = []
            for token in range(x.shape[1]):
                moving = x.repeat(points, 1, 1)  # [points, T, D]
                moving[:, token] = path[:, token]
                rows.append(dig.attribute(moving, n_steps=points)[:, token])
            found["sdig"] = torch.stack(rows, dim=1)
        return found

    def _word_paths(self, encoding: Any) -> Any:
        """DIG's greedy walk of every token towards the mask, special tokens staying where they are.  [points, T, D]"""
        from tint.attr.models import scale_inputs

        ids = encoding.ids.tolist()
        towards = [self.mask.token if content else id for id, content in zip(ids, encoding.content.tolist(), strict=True)]
        return scale_inputs(ids, towards, "cpu", self.neighbours, steps=DIG_STEPS, factor=0, strategy="greedy")

    def _logits(self, embeddings: Any) -> Any:
        return own_way(self.classifier, embeddings)

    def _metrics(self, x: Any, scores: Any) -> dict[str, float]:
        """tint's metrics over a mask of tokens [1, T]: what is 0 in it is replaced by [MASK] or, for the last two, removed."""
        import torch
        from tint.metrics import comprehensiveness, log_odds, sufficiency

        def replaced(kept: Any) -> Any:
            return self._logits(torch.where(kept[..., None] > 0, x, self.mask.vector))

        def removed(kept: Any) -> Any:
            return self._logits(x[kept > 0][None])

        everything = torch.ones(x.shape[:2])
        selected = int(x.shape[1] * TOP)
        found = {
            "log_odds": log_odds(replaced, everything, scores, topk=TOP),
            "comprehensiveness": comprehensiveness(removed, everything, scores, topk=TOP),
            "sufficiency": 0.0,  # by the papers' definition, where nothing is selected
        }
        if selected:  # tint removes int(T * (1 - topk)) tokens: this share leaves exactly the selected ones
            share = (selected - 1e-3) / x.shape[1]
            found["sufficiency"] = sufficiency(removed, everything, scores, topk=share)
        return found


def own_way(classifier: Any, embeddings: Any) -> Any:
    """The model's own forward pass, [B, T, D] -> [B, classes]: what saves sigviz work must not save it to its peers."""
    return classifier.model(inputs_embeds=embeddings).logits


def _largest_logit(classifier: Any) -> Any:
    """The papers' F as a torch module, as Captum's DeepLift insists; the model is within, so that its layers are hooked."""
    import torch

    class LargestLogit(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = classifier.model

        def forward(self, embeddings: Any) -> Any:
            return own_way(classifier, embeddings).max(1).values

    return LargestLogit()


def _versions() -> dict[str, str]:
    from importlib.metadata import version

    return {name: version(name) for name in ("time_interpret", "captum", "torch", "transformers", "scikit-learn")}


def main(model: str, threads: int) -> None:
    answers, sys.stdout = sys.stdout, sys.stderr  # what libraries print must not be taken for an answer

    def answer(what: dict[str, Any]) -> None:
        print(json.dumps(what), file=answers, flush=True)

    missing = [package for package in ("tint", "sklearn") if not find_spec(package)]
    if missing:
        lacking = f"{sys.executable} has no {' and no '.join(missing)}"
        answer({"error": f"{lacking}: pip install time_interpret==0.3.0 scikit-learn"})
        return
    import torch

    torch.set_num_threads(threads)
    reference = ReferenceStudy(model)
    graph = reference.build_neighbours()
    reference.study(WARM_UP)
    answer({"versions": _versions(), "graph": graph, "threads": torch.get_num_threads()})
    for line in sys.stdin:
        found = reference.study(json.loads(line))
        answer({**found, "peak_megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3})


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
