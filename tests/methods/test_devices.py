"""Methods on an accelerator that this machine need not have: tensors without numbers, which refuse to meet those of the CPU.

The engine gives its answers on the CPU (Apple's MPS has no float64); embeddings, and so points and steps, stay on the device.
"""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode

from sigviz.methods import METHODS, captum_coalitions, discretized
from sigviz.methods.problem import Problem
from sigviz.paths.discretized import STRATEGIES, Walk, _walk
from sigviz.paths.neighbours import Neighbours
from tests.methods.cases import VARIANTS

DEVICE = "meta"  # a device of its own, with shapes and no numbers
T, D, V, N = 7, 4, 57, 5


class Runner:
    """Answers as the engine does, on the CPU, and sees that what it is given is on the device."""

    def values(self, points):
        self._look(points.at, points.count)
        return torch.zeros(points.count, dtype=torch.float64)

    def integrate(self, path):
        self._look(path.at, path.count)
        self._look(path.steps, path.count)
        return torch.zeros(T, D, dtype=torch.float64)

    def integrals(self, path, weights):
        made = weights(torch.arange(path.count, device=DEVICE))
        return self.integrate(path).expand(made.shape[1], T, D)

    turn = staticmethod(nullcontext)

    @contextmanager
    def alone(self) -> Iterator[torch.nn.Module]:
        yield Squashed()

    def _look(self, make, count: int) -> None:
        made = make(torch.arange(count, device=DEVICE))
        assert (made.device.type, made.shape) == (DEVICE, (count, T, D))


class Squashed(torch.nn.Module):
    """What a model with one activation that DeepLift has a rule for may do to word embeddings."""

    def __init__(self) -> None:
        super().__init__()
        self.tanh = torch.nn.Tanh()

    def forward(self, embeddings):
        assert embeddings.device.type == DEVICE
        return self.tanh(embeddings).sum((1, 2))


@pytest.fixture
def problem():
    with FakeTensorMode():
        x = torch.empty(T, D, device=DEVICE)
        problem = Problem(
            x=x,
            baseline=torch.empty_like(x),
            members=torch.empty(N, T, dtype=torch.bool, device=DEVICE),
            ids=torch.empty(T, dtype=torch.long, device=DEVICE),
            baseline_vector=torch.empty(D, device=DEVICE),
            baseline_token=4,
            output=1.0,
            baseline_output=0.0,
            embeddings=lambda: torch.empty(V, D, device=DEVICE),
        )
        problem.__dict__["content"] = torch.arange(1, N + 1, device=DEVICE)  # how many there are would depend on numbers
        yield problem


LOOKING = [(id, own) for id, own in VARIANTS if "tolerance" not in own and id != "random"]  # that one looks at no point


@pytest.mark.parametrize(("id", "own"), LOOKING)
def test_no_method_mixes_the_device_with_the_cpu(id: str, own, problem, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = METHODS[id].settings(**own)

    def some(words, *_):  # the walk is looked at below: how many words differ would depend on numbers
        return torch.zeros(len(words), settings.option("steps"), dtype=torch.long, device=DEVICE)

    def asked(captum, kept, ridge):  # Captum reads numbers off its coalitions, which stay on the CPU
        captum.forward_func(kept)
        return torch.zeros(kept.shape[1])

    monkeypatch.setattr(discretized, "anchors", some)
    monkeypatch.setattr("sigviz.paths.walked.Walked.anchors", lambda self, words, way, walk: walk(words))
    # which random numbers there are depends on the points' numbers, and who plays on the embeddings
    monkeypatch.setattr("sigviz.paths.clouds.uniforms", lambda seed, k: torch.zeros(len(k), dtype=torch.float64))
    monkeypatch.setattr("sigviz.paths.clouds.normals", lambda seed, k, shape: torch.zeros(len(k), *shape))
    monkeypatch.setattr("sigviz.methods.sampling._agreement", lambda raw, unit: [])
    monkeypatch.setattr(captum_coalitions, "_players", lambda problem: torch.arange(N))
    monkeypatch.setattr(captum_coalitions, "_fitted", asked)
    found = METHODS[id].compute(problem, Runner(), settings)
    assert {answer.device.type for answer in (found.features, found.raw, found.expected) if answer is not None} == {"cpu"}


@pytest.mark.parametrize("token", [None, 4])
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_the_walk_stays_on_the_device(strategy: str, token: int | None, problem) -> None:
    words, near = problem.ids[problem.content], Neighbours(problem.embeddings())
    found = _walk(words, near, problem.baseline_vector, token, Walk(strategy, 3, 10), nullcontext)
    assert (found.device.type, found.shape) == (DEVICE, (N, 3))


def test_two_devices_do_refuse_to_meet(problem) -> None:
    with pytest.raises(RuntimeError, match="same device"):
        problem.x + torch.zeros(T, D)
