"""Chunks of points in, gradients or logits out: the only place where a model runs forward or backward.

The engine knows nothing of methods or tokenizers.  It cuts Points into chunks that fit the device's memory, halves them
when they don't, takes turns with other jobs, counts every sequence, and stops within one chunk when asked to.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from sigviz.engine import turns
from sigviz.engine.memory import even, keep_freed, rows_that_fit
from sigviz.errors import Cancelled, NotANumber, OutOfMemory
from sigviz.models import quick
from sigviz.models.classifier import Objective, TextClassifier
from sigviz.paths.path import Maker, Path, Points

Progress = Callable[[int, int], None]
_NO_MEMORY = ("allocate memory", "not enough memory", "out of memory", "ALLOC_FAILED")  # in PyTorch's own messages


class Run:
    """One explanation on its way through the engine: F, and what it has cost so far.

    total: the passes expected, for progress(done, total).  rows: sequences a chunk, to fix what memory would decide.
    forward, backward: sequences so far.  What comes back is on the CPU, and sums are float64 whatever the model's precision
    is: Apple's MPS has no float64.
    """

    def __init__(
        self,
        classifier: TextClassifier,
        objective: Objective | None = None,
        *,
        progress: Progress | None = None,
        cancel: threading.Event | None = None,
        total: int = 0,
        rows: int | None = None,
    ) -> None:
        self.classifier = classifier
        self.objective = objective
        self.total = total
        self.forward = self.backward = 0
        self._progress, self._cancel, self._rows = progress, cancel, rows
        if classifier.device.type == "cpu":
            keep_freed()
        self._turns = turns.turns_of(str(classifier.device))
        self._account = turns.account()

    def logits(self, points: Points) -> Tensor:
        """The model's answers: [count, classes], in the model's precision, on the CPU."""
        answers: list[Tensor] = []

        def look(k: Tensor) -> None:
            with torch.inference_mode():
                answers.append(_finite(self.classifier.logits(points.at(k))).cpu())
            self.forward += len(k)

        self._in_chunks(points, look, backward=False)
        return torch.cat(answers)

    def values(self, points: Points) -> Tensor:
        """F at the points: float64 [count]."""
        assert self.objective is not None
        return self.objective(self.logits(points))

    def integrate(self, path: Path) -> Tensor:
        """Gradient of F times step, summed over the path's points: float64 [T, D]."""
        sums: list[Tensor] = []

        def look(k: Tensor) -> None:
            _, gradients, steps = self._gradients(path, k)
            part = _moved(gradients, steps).sum(0).cpu()
            sums[:] = [sums[0] + part] if sums else [part]
            self._count(k)

        self._in_chunks(path, look, backward=True)
        return _finite(sums[0], "gradients")

    def integrals(self, path: Path, weights: Maker) -> Tensor:
        """`integrate` with L weights for each point, float64 weights(k) [b, L], at the cost of one: float64 [L, T, D]."""
        sums: list[Tensor] = []

        def look(k: Tensor) -> None:
            _, gradients, steps = self._gradients(path, k)
            moved = _moved(gradients, steps).flatten(1)  # [b, T * D]
            part = (weights(k).to(moved).T @ moved).unflatten(1, gradients.shape[1:]).cpu()
            sums[:] = [sums[0] + part] if sums else [part]
            self._count(k)

        self._in_chunks(path, look, backward=True)
        return _finite(sums[0], "gradients")

    def derivatives(self, path: Path) -> tuple[Tensor, Tensor]:
        """What `integrate` sums, point by point, for curves along a path.

        The model's answers, [count, classes] as from `logits`, and gradient of F times step summed over features: how fast F
        changes by the movement of each token, float64 [count, T].
        """
        answers: list[Tensor] = []
        changes: list[Tensor] = []

        def look(k: Tensor) -> None:
            logits, gradients, steps = self._gradients(path, k)
            change = _moved(gradients, steps).sum(-1).cpu()
            answers.append(logits.cpu())  # once nothing can go wrong any more: a chunk that did not fit is tried again
            changes.append(change)
            self._count(k)

        self._in_chunks(path, look, backward=True)
        return torch.cat(answers), _finite(torch.cat(changes), "gradients")

    def _gradients(self, path: Path, k: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The answers [b, classes] at the points numbered k, the gradient of F there and the steps [b, T, D], on the device.

        Where a step is 0 the gradient counts for nothing and need not be right.
        """
        assert self.objective is not None
        steps = path.steps(k)
        with torch.enable_grad(), quick.asked(steps):
            at = path.at(k).detach().requires_grad_()  # [b, T, D]
            logits = _finite(self.classifier.logits(at.clone()))  # some models write into their input
            (gradients,) = torch.autograd.grad(self.objective(logits).sum(), at)
        return logits.detach(), gradients, steps

    def _count(self, k: Tensor) -> None:
        self.forward += len(k)
        self.backward += len(k)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """The device for one piece of work besides the model, such as a search for neighbours.

        Raises Cancelled when the caller has asked to stop, OutOfMemory when the work does not fit.
        """
        try:
            with self._turn():
                yield
        except RuntimeError as error:
            if not _is_out_of_memory(error):
                raise
            raise OutOfMemory(
                "The search for neighbouring words does not fit into the device's memory. Use fewer neighbours, or a shorter "
                "text."
            ) from error
        self._report()

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """The device for one chunk, in the order that `turns` gives.

        Two jobs' threads on one CPU would each wait for the other's at every operation: ten times slower, as measured.
        """
        self._check()
        with self._turns.turn(self._account, self._cancel):
            self._check()  # the wait may have been long
            yield

    @contextmanager
    def alone(self) -> Iterator[nn.Module]:
        """F as a plain module, word embeddings [B, T, D] -> [B], for a method that hooks the model.

        Everyone who runs the model takes the device first, so nobody meets the hooks; at the end the model's modules are as
        they were, whatever happened.  Every call is counted, on its way back too.  Raises Cancelled, NotANumber, OutOfMemory.
        """
        try:
            with self._turn(), _left_as_found(self.classifier.model):
                yield _Alone(self)
        except RuntimeError as error:
            if not _is_out_of_memory(error):
                raise
            raise OutOfMemory(
                "The text and its baseline together do not fit into the device's memory, and this method needs both at once. "
                "Use a shorter text, a smaller model, or dtype bfloat16."
            ) from error
        self._report()

    def finish(self) -> None:
        """Say that nothing more is to come: an estimate that was too high would leave a bar short of its end.

        The device goes on to the next at once.
        """
        self._turns.leave(self._account)
        self.total = self.forward + self.backward
        self._report()

    def _in_chunks(self, points: Points, look: Callable[[Tensor], None], *, backward: bool) -> None:
        device = self.classifier.device
        tokens = points.at(torch.zeros(1, dtype=torch.long, device=device)).shape[1] if points.count else 1
        rows = self._rows or even(max(1, points.count), rows_that_fit(self.classifier, tokens, backward))
        done = 0
        while done < points.count:
            k = torch.arange(done, min(done + rows, points.count), device=device)
            try:
                with self._turn():
                    look(k)
            except RuntimeError as error:
                if not _is_out_of_memory(error):
                    raise
                rows = _halved(len(k), tokens, error)
                continue
            done += len(k)
            self._report()

    def _check(self) -> None:
        if self._cancel is not None and self._cancel.is_set():
            raise Cancelled("The explanation was cancelled.")

    def _report(self) -> None:
        if self._progress is not None:
            passes = self.forward + self.backward
            self._progress(passes, max(passes, self.total))


def _double(numbers: Tensor) -> Tensor:
    """float64, on the device where it has that."""
    return (numbers.cpu() if numbers.device.type == "mps" else numbers).double()


def _moved(gradients: Tensor, steps: Tensor) -> Tensor:
    """Gradient times step, float64."""
    return _double(gradients) * (_double(steps) if steps.device.type == "mps" else steps)


def _halved(rows: int, tokens: int, error: RuntimeError) -> int:
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    if rows == 1:
        raise OutOfMemory(
            f"Not even one sequence of {tokens} tokens fits into the device's memory. Use a shorter text, a smaller model, "
            "or dtype bfloat16."
        ) from error
    return rows // 2


class _Alone(nn.Module):
    """F of word embeddings, counted: what Run.alone() lends."""

    def __init__(self, run: Run) -> None:
        super().__init__()
        self.model = run.classifier.model  # so that whoever walks over the modules meets the model's
        self._run = run

    def forward(self, embeddings: Tensor) -> Tensor:
        """[B, T, D] -> [B], float64."""
        run = self._run
        assert run.objective is not None
        if embeddings.requires_grad:
            embeddings.register_hook(self._went_back)
        values = run.objective(_finite(run.classifier.logits(embeddings.clone())))  # some models write into their input
        run.forward += len(embeddings)
        return values

    def _went_back(self, gradients: Tensor) -> None:
        _finite(gradients, "gradients")
        self._run.backward += len(gradients)


@contextmanager
def _left_as_found(model: nn.Module) -> Iterator[None]:
    """Hooks and attributes that are set on the model's modules meanwhile are gone again afterwards."""
    found = [
        (module, set(vars(module)), {name: dict(kept) for name, kept in vars(module).items() if "_hooks" in name})
        for module in model.modules()
    ]
    try:
        yield
    finally:
        for module, attributes, hooks in found:
            for name in set(vars(module)) - attributes:
                delattr(module, name)
            for name, before in hooks.items():
                now = vars(module)[name]
                if now or before:
                    now.clear()
                    now.update(before)


def _is_out_of_memory(error: RuntimeError) -> bool:
    """CUDA's allocator has a type for it; of CPUs, MPS and CUDA's libraries only the message tells."""
    return isinstance(error, torch.OutOfMemoryError) or any(sign in str(error) for sign in _NO_MEMORY)


def _finite(numbers: Tensor, kind: str = "logits") -> Tensor:
    if not torch.isfinite(numbers).all():
        raise NotANumber(
            f"The model's {kind} are NaN or infinite, so nothing can be explained. Its weights may be broken; with bfloat16, "
            "try float32."
        )
    return numbers
