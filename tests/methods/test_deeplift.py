"""DeepLift: Captum's numbers, its rule where there is one, and no hook that outlives it or is met by anybody else."""

import threading

import captum.attr
import pytest
import torch
from torch import nn

from sigviz.errors import Cancelled, ModelUnsupported, NotANumber, OutOfMemory
from sigviz.explain import explain, predict
from sigviz.models.classifier import TextClassifier
from tests import tiny
from tests.methods import slow
from tests.methods.axioms import assert_differs, assert_same, assert_zero
from tests.methods.cases import BASELINES, features


class Plain(nn.Module):
    """The plain transformers model, word embeddings -> the target's logit, as anybody would hand it to Captum."""

    def __init__(self, case: slow.Case) -> None:
        super().__init__()
        self.model, self.target = case.model, case.target

    def forward(self, embeddings):
        attended = torch.ones(embeddings.shape[:2], dtype=torch.long)
        return self.model(inputs_embeds=embeddings, attention_mask=attended).logits[:, self.target]


class Gate(nn.Module):
    """Handmade logits with an activation that is a module: F = sum over words of tanh(a . x_word)."""

    def __init__(self, activation: nn.Module | None = None) -> None:
        super().__init__()
        self.activation = activation or nn.Tanh()

    def forward(self, x):
        f = self.activation(3 * x.sum(-1)).sum(1)
        return torch.stack([-f, f], -1)


def gated(gate: nn.Module) -> TextClassifier:
    return TextClassifier(tiny.Handmade(gate), tiny.tokenizer(), name="gated")  # type: ignore[arg-type]


def state(model: nn.Module) -> list[tuple[set[str], int]]:
    """Every module's attributes, and how many hooks it has."""
    modules = list(model.modules())
    return [(set(vars(m)), sum(len(v) for name, v in vars(m).items() if "_hooks" in name)) for m in modules]


@pytest.mark.parametrize("unit", ["token", "word"])
@pytest.mark.parametrize("baseline", BASELINES)
def test_it_is_captum_s_deeplift_on_the_plain_model(baseline: str, unit: str) -> None:
    case = slow.case(tiny.bert(), tiny.MIXED, baseline=baseline, unit=unit)
    x, start = (torch.tensor(point)[None] for point in (case.x, case.replaced(*range(len(case.tokens)))))
    theirs = captum.attr.DeepLift(Plain(case)).attribute(x, start)[0].detach().numpy()
    given = {"baseline": baseline, "unit": unit}
    assert_same(features(tiny.bert(), tiny.MIXED, "deeplift", **given), theirs, 1e-12)
    found = explain(tiny.bert(), tiny.MIXED, "deeplift", **given)
    assert_same(found.raw, [theirs[list(tokens)].sum() for tokens in case.tokens], 1e-12)
    assert found.notes == ("In this model DeepLift's rule reaches: Tanh.",)


def test_the_rule_of_a_tanh_makes_it_complete_where_nothing_else_bends() -> None:
    """By hand: each word's score is tanh at the word minus tanh at the baseline; a plain gradient would give almost 0."""
    classifier = gated(Gate())
    found = explain(classifier, "good film", "deeplift", baseline="dull", target=1)
    good, film, dull = (torch.tanh(3 * tiny.embedding(classifier, word).sum()) for word in ("good", "film", "dull"))
    assert_same(found.raw, [good - dull, film - dull], 1e-12)
    assert_zero(found.total_delta, 1e-12)


def test_an_activation_that_is_no_module_counts_as_its_gradient_and_it_is_said() -> None:
    classifier = tiny.handmade(lambda x: (3 * x.sum(-1)).tanh().sum(1))
    found = explain(classifier, "good film", "deeplift", baseline="dull", target=1)
    case = slow.case(classifier, "good film", baseline="dull", target=1)
    expected = (case.gradient(case.x) * (case.x - case.b)).sum(1)[1:-1]
    assert_same(found.raw, expected, 1e-12)
    assert abs(found.total_delta) > 0.1
    assert found.notes == (
        "In this model DeepLift's rule reaches: no activation at all, so this is the gradient at x times (x − x̄).",
    )


def test_an_activation_that_serves_twice_is_refused_in_words_and_leaves_nothing_behind() -> None:
    class Twice(Gate):
        def forward(self, x):
            f = self.activation(self.activation(x).sum(-1)).sum(1)
            return torch.stack([-f, f], -1)

    classifier = gated(Twice())
    before = state(classifier.model)
    with pytest.raises(ModelUnsupported, match=r"serves several layers.*Choose another method"):
        explain(classifier, "good film", "deeplift")
    assert state(classifier.model) == before
    explain(classifier, "good film", "ig", steps=2)


def test_hooks_and_attributes_are_gone_afterwards() -> None:
    classifier = tiny.bert()
    before = state(classifier.model)
    explain(classifier, tiny.TEXT, "deeplift")
    assert state(classifier.model) == before


def test_the_hooks_of_others_stay() -> None:
    classifier, calls = TextClassifier(tiny.bert_model(), tiny.tokenizer(), name="tiny"), []
    classifier.model.bert.pooler.register_forward_hook(lambda *_: calls.append(1))
    before = state(classifier.model)
    explain(classifier, tiny.TEXT, "deeplift")
    assert state(classifier.model) == before and before != state(tiny.bert().model)
    seen = len(calls)
    predict(classifier, tiny.TEXT)
    assert len(calls) == seen + 1


class Failing(tiny.Watched):
    """Fails at the look that DeepLift takes, on the way there or on the way back."""

    error: Exception = RuntimeError()
    back = False

    def logits(self, embeddings):
        if not self._watching or not embeddings.requires_grad:
            return super().logits(embeddings)
        if not self.back:
            super().logits(embeddings)
            raise self.error
        embeddings.register_hook(self._fail)
        return super().logits(embeddings)

    def _fail(self, _):
        raise self.error


@pytest.mark.parametrize("back", [False, True])
@pytest.mark.parametrize(
    ("error", "kind", "said"),
    [
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB."), OutOfMemory, "its baseline together"),
        (ValueError("no"), ValueError, "no"),
        (KeyboardInterrupt(), KeyboardInterrupt, None),
        (Cancelled("stop"), Cancelled, "stop"),
    ],
)
def test_whatever_fails_no_hook_stays_and_the_device_is_free_again(error, kind, said: str | None, back: bool) -> None:
    classifier = Failing(tiny.bert_model(), tiny.tokenizer(), name="tiny")
    classifier.error, classifier.back = error, back
    before = state(classifier.model)
    with pytest.raises(kind, match=said):
        explain(classifier, tiny.TEXT, "deeplift")
    assert state(classifier.model) == before
    alone = explain(tiny.bert(), tiny.TEXT, "sig-exact")
    assert_same(explain(classifier, tiny.TEXT, "sig-exact").raw, alone.raw, 0)


def test_a_gradient_that_is_no_number_is_refused() -> None:
    classifier = tiny.handmade(lambda x: (x**2).sum(-1).sqrt().sum(1) if not x.requires_grad else (x * torch.nan).sum((1, 2)))
    with pytest.raises(NotANumber):
        explain(classifier, "good film", "deeplift")
    steep = tiny.handmade(lambda x: ((x - x.detach()) ** 2).sum(-1).sqrt().sum(1))  # 0, with an infinite slope times 0
    with pytest.raises(NotANumber, match="gradients are NaN"):
        explain(steep, "good film", "deeplift")


def test_what_is_cancelled_while_it_waits_looks_no_more() -> None:
    classifier, cancel = tiny.watched(), threading.Event()

    def stop(done: int, total: int) -> None:
        cancel.set()

    before = state(classifier.model)
    with pytest.raises(Cancelled):
        explain(classifier, tiny.TEXT, "deeplift", cancel=cancel, progress=stop)
    assert classifier.backward == 0 and state(classifier.model) == before


def test_others_on_the_same_model_get_the_same_bits_as_alone_and_so_does_it() -> None:
    """Two threads predict and integrate while a third one hooks the model's Tanh over and over."""
    classifier = TextClassifier(tiny.bert_model(torch.float32), tiny.tokenizer(), name="tiny")
    asked = {
        "deeplift": lambda: explain(classifier, tiny.MIXED, "deeplift").raw,
        "ig": lambda: explain(classifier, tiny.TEXT, "ig", steps=5).raw,
        "predict": lambda: predict(classifier, tiny.TEXT).probabilities,
    }
    alone = {name: ask() for name, ask in asked.items()}
    found: dict[str, list] = {name: [] for name in asked}
    start = threading.Barrier(len(asked))

    def work(name: str) -> None:
        start.wait()
        for _ in range(40):
            found[name].append(asked[name]())

    threads = [threading.Thread(target=work, args=(name,)) for name in asked]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for name, answers in found.items():
        assert len(answers) == 40
        for answer in answers:
            assert_same(answer, alone[name], 0)
    assert_differs(alone["deeplift"][:5], alone["ig"], 1e-3)
