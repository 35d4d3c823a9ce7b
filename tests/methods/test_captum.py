"""Captum's own methods on the same model, whole vectors: Captum computes apart from all of sigviz."""

import captum.attr
import numpy as np
import pytest
import torch

from sigviz.explain import explain
from sigviz.paths.quadrature import RULES
from tests import tiny
from tests.methods import slow
from tests.methods.axioms import assert_differs, assert_same
from tests.methods.cases import BASELINES, features

NAMES = {  # ours -> Captum's
    "gauss-legendre": "gausslegendre",
    "riemann-left": "riemann_left",
    "riemann-right": "riemann_right",
    "riemann-middle": "riemann_middle",
    "trapezoid": "riemann_trapezoid",
}
SAME = [name for name in NAMES if name != "trapezoid"]
STEPS = 8  # few, so that the rules differ
WITHIN = {name: 1e-10 if "riemann" in name else 1e-7 for name in NAMES}  # Captum rounds weights to float32; 1/8 survives it


def forward(case: slow.Case):
    """Word embeddings [B, T, D] -> the target's logit [B]."""

    def logit(embeddings):
        attended = torch.ones(embeddings.shape[:2], dtype=torch.long)
        return case.model(inputs_embeds=embeddings, attention_mask=attended).logits[:, case.target]

    return logit


def integrated(case: slow.Case, start: np.ndarray, end: np.ndarray, quadrature: str) -> np.ndarray:
    """Captum's IntegratedGradients from start to end: [T, D]."""
    method = captum.attr.IntegratedGradients(forward(case))
    inputs, baselines = (torch.tensor(point)[None] for point in (end, start))
    return method.attribute(inputs, baselines, n_steps=STEPS, method=NAMES[quadrature])[0].numpy()


@pytest.mark.parametrize("baseline", BASELINES)
@pytest.mark.parametrize("quadrature", SAME)
def test_ig_is_captum_s_integrated_gradients(quadrature: str, baseline: str) -> None:
    case = slow.case(tiny.bert(), tiny.MIXED, baseline=baseline)
    theirs = integrated(case, case.replaced(*range(len(case.tokens))), case.x, quadrature)
    settings = {"baseline": baseline, "quadrature": quadrature, "steps": STEPS}
    assert_same(features(tiny.bert(), tiny.MIXED, "ig", **settings), theirs, WITHIN[quadrature])
    ours = explain(tiny.bert(), tiny.MIXED, "ig", features=True, **settings)
    assert_same(ours.features, theirs[1:-1], 1e-5)
    assert_same(ours.raw, theirs.sum(1)[1:-1], WITHIN[quadrature])


@pytest.mark.parametrize("unit", ["token", "word"])
@pytest.mark.parametrize("quadrature", SAME)
def test_sig_is_captum_s_integrated_gradients_once_a_unit(quadrature: str, unit: str) -> None:
    case = slow.case(tiny.bert(), tiny.MIXED, unit=unit)
    theirs = sum(integrated(case, case.replaced(i), case.x, quadrature) for i in range(len(case.tokens)))
    settings = {"unit": unit, "quadrature": quadrature, "steps": STEPS}
    assert_same(features(tiny.bert(), tiny.MIXED, "sig", **settings), theirs, WITHIN[quadrature])
    assert_same(explain(tiny.bert(), tiny.MIXED, "sig", features=True, **settings).features, theirs[1:-1], 1e-5)


@pytest.mark.parametrize("unit", ["token", "word", "sentence"])
def test_exact_sig_is_captum_s_feature_ablation(unit: str) -> None:
    case = slow.case(tiny.bert(), tiny.MIXED, unit=unit)
    groups = torch.zeros(*case.x.shape, dtype=torch.long)  # special tokens: group 0, which nobody asks for
    for number, tokens in enumerate(case.tokens, start=1):
        groups[list(tokens)] = number
    ablation = captum.attr.FeatureAblation(forward(case))
    baselines = torch.tensor(np.broadcast_to(case.b, case.x.shape).copy())[None]
    theirs = ablation.attribute(torch.tensor(case.x)[None], baselines, feature_mask=groups[None])[0]
    ours = explain(tiny.bert(), tiny.MIXED, "sig-exact", unit=unit).raw
    assert_same(ours, [theirs[tokens[0], 0] for tokens in case.tokens], 1e-10)


def test_captum_s_trapezoid_loses_a_share_of_the_way_and_ours_does_not() -> None:
    """Captum's weights are 1/n where the way has n - 1 parts, so its attributions are short by the factor (n - 1)/n."""
    case = slow.case(tiny.bert(), tiny.TEXT)
    theirs = integrated(case, case.replaced(*range(len(case.tokens))), case.x, "trapezoid")
    ours = features(tiny.bert(), tiny.TEXT, "ig", quadrature="trapezoid", steps=STEPS)
    assert_same(theirs, ours * (STEPS - 1) / STEPS, WITHIN["trapezoid"])
    assert_differs(theirs, ours, 1e-3)
    assert_same(RULES["trapezoid"](STEPS).weights.sum(), 1.0, 1e-15)
    missing = {name: abs(found.sum() - case.difference()) for name, found in (("theirs", theirs), ("ours", ours))}
    assert missing["ours"] < 0.1 * missing["theirs"]
