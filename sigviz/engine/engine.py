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
from sigviz.engine.alone import Alone, left_as_found
from sigviz.engine.memory import even, keep_freed, rows_that_fit
from sigviz.engine.numbers import finite, moved
from sigviz.errors import Cancelled, OutOfMemory
from sigviz.models import quick
from sigviz.models.classifier import Objective, TextClassifier
from sigviz.paths.path import Maker, Path, Points, chained

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
        answers = _Rows(points.count)

        def look(k: Tensor) -> None:
            with torch.inference_mode():
                found = finite(self.classifier.logits(points.at(k)))
            answers.put(k, found)
            self.forward += len(k)

        self._in_chunks(points, look, backward=False)
        return answers.all()

    def values(self, points: Points) -> Tensor:
        """F at the points: float64 [count]."""
        assert self.objective is not None
        return self.objective(self.logits(points))

    def integrate(self, path: Path) -> Tensor:
        """Gradient of F times step, summed over the path's points: float64 [T, D]."""
        sums: list[Tensor] = []

        def look(k: Tensor) -> None:
            _, gradients, steps = self._gradients(path, k)
            part = moved(gradients, steps).sum(0).cpu()
            sums[:] = [sums[0].add_(part)] if sums else [part]
            self._count(k)

        self._in_chunks(path, look, backward=True)
        return finite(sums[0], "gradients")

    def at_once(self, points: Points, path: Path, fix: Callable[[Tensor], Objective]) -> tuple[Tensor, Tensor] | None:
        """`logits` at the points and `integrate` over the path in one chunk; None where they do not fit into one.

        For a few points a batch of their own takes longer than a place in a larger one.  fix: F, told by the logits at the
        points; it becomes the objective.  No gradient is asked for at the points, and none is counted.
        """
        both = Path(
            points.count + path.count,
            chained((points, path)).at,
            lambda k: _behind(points.count, path.steps(k[points.count :] - points.count)),
        )
        every = torch.arange(both.count, device=self.classifier.device)
        if both.count > self._rows_for(both, backward=True)[1]:
            return None
        try:
            with self._turn():
                logits, gradients, steps = self._gradients(
                    both, every, lambda logits: fix(logits[: points.count]), points.count
                )
                found = moved(gradients[points.count :], steps[points.count :]).sum(0).cpu()
        except RuntimeError as error:
            if not _is_out_of_memory(error):
                raise
            return None
        self.forward += points.count
        self._count(every[points.count :])
        self._report()
        return logits[: points.count].cpu(), finite(found, "gradients")

    def integrals(self, path: Path, weights: Maker) -> Tensor:
        """`integrate` with L weights for each point, float64 weights(k) [b, L], at the cost of one: float64 [L, T, D]."""
        sums: list[Tensor] = []

        def look(k: Tensor) -> None:
            _, gradients, steps = self._gradients(path, k)
            changes = moved(gradients, steps).flatten(1)  # [b, T * D]
            part = (weights(k).to(changes).T @ changes).unflatten(1, gradients.shape[1:]).cpu()
            sums[:] = [sums[0].add_(part)] if sums else [part]
            self._count(k)

        self._in_chunks(path, look, backward=True)
        return finite(sums[0], "gradients")

    def derivatives(self, path: Path) -> tuple[Tensor, Tensor]:
        """What `integrate` sums, point by point, for curves along a path.

        The model's answers, [count, classes] as from `logits`, and gradient of F times step summed over features: how fast F
        changes by the movement of each token, float64 [count, T].
        """
        answers, changes = _Rows(path.count), _Rows(path.count)

        def look(k: Tensor) -> None:
            logits, gradients, steps = self._gradients(path, k)
            changes.put(k, moved(gradients, steps).sum(-1))
            answers.put(k, logits)
            self._count(k)

        self._in_chunks(path, look, backward=True)
        return answers.all(), finite(changes.all(), "gradients")

    def _gradients(
        self, path: Path, k: Tensor, fix: Callable[[Tensor], Objective] | None = None, still: int = 0
    ) -> tuple[Tensor, Tensor, Tensor]:
        """The answers [b, classes] at the points numbered k, the gradient of F there and the steps [b, T, D], on the device.

        Where a step is 0 the gradient counts for nothing and need not be right.  fix: F, where the answers have to tell it.
        still: of the first so many no gradient is asked for.
        """
        steps = path.steps(k)
        with torch.enable_grad(), quick.asked(steps):
            at = path.at(k).detach().requires_grad_()  # [b, T, D]
            logits = finite(self.classifier.logits(at.clone()))  # some models write into their input
            if fix is not None:
                self.objective = fix(logits.detach().cpu())
            assert self.objective is not None
            (gradients,) = torch.autograd.grad(self.objective(logits[still:]).sum(), at)
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
            with self._turn(), left_as_found(self.classifier.model):
                yield Alone(self)
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
        tokens, rows = self._rows_for(points, backward)
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

    def _rows_for(self, points: Points, backward: bool) -> tuple[int, int]:
        """Tokens of a point, and sequences in a chunk of them."""
        first = torch.zeros(1, dtype=torch.long, device=self.classifier.device)
        tokens = points.at(first).shape[1] if points.count else 1
        return tokens, self._rows or even(max(1, points.count), rows_that_fit(self.classifier, tokens, backward))

    def _check(self) -> None:
        if self._cancel is not None and self._cancel.is_set():
            raise Cancelled("The explanation was cancelled.")

    def _report(self) -> None:
        if self._progress is not None:
            passes = self.forward + self.backward
            self._progress(passes, max(passes, self.total))


class _Rows:
    """What all chunks' points give, a row each, on the CPU, in memory that is taken once.

    Left where each chunk happens to put them, the few numbers would lie in the gaps that its activations leave, and those of
    the next chunk no longer fit in there: 0.5 GB more after 130 chunks, in half of all runs (minilm, 400 tokens; see
    memory.keep_freed).
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._rows: Tensor | None = None

    def put(self, k: Tensor, rows: Tensor) -> None:
        if self._rows is None:
            self._rows = torch.empty(self._count, *rows.shape[1:], dtype=rows.dtype)
        self._rows[k.cpu()] = rows.cpu()

    def all(self) -> Tensor:
        assert self._rows is not None
        return self._rows


def _behind(count: int, steps: Tensor) -> Tensor:
    """The steps [b, T, D] behind those of `count` points that do not move."""
    return torch.cat([torch.zeros_like(steps[:1]).expand(count, -1, -1), steps])


def _halved(rows: int, tokens: int, error: RuntimeError) -> int:
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    if rows == 1:
        raise OutOfMemory(
            f"Not even one sequence of {tokens} tokens fits into the device's memory. Use a shorter text, a smaller model, "
            "or dtype bfloat16."
        ) from error
    return rows // 2


def _is_out_of_memory(error: RuntimeError) -> bool:
    """CUDA's allocator has a type for it; of CPUs, MPS and CUDA's libraries only the message tells."""
    return isinstance(error, torch.OutOfMemoryError) or any(sign in str(error) for sign in _NO_MEMORY)
