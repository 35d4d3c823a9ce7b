"""DeepLift, as Captum computes it, and how little of it reaches a transformer.

The paper gives every non-linearity a rule that carries differences from the baseline backwards.  Captum hooks the rule onto
activation MODULES of the kinds it knows (ReLU, Tanh, Sigmoid, Softmax, ...) and lets everything else count as its plain
gradient at x: in BERT the attention's softmax, GELU, LayerNorm and the products of attention are left out, and only the
pooler's Tanh gets the rule.  So the scores need not add up to F(x) - F(x̄), and nothing is promised; `total_delta` says how
far they are from it.
"""

import warnings

from sigviz.attribution import Settings
from sigviz.errors import ModelUnsupported
from sigviz.methods.problem import Problem, Runner, Scores
from sigviz.methods.registry import Promise, method

_USED_TWICE = "used more than once"  # in Captum's own message
# Captum says each time that it is about to set hooks; the engine sees that they are gone afterwards
warnings.filterwarnings("ignore", message=r"\s*Setting forward, backward hooks", category=UserWarning)


@method(
    "deeplift",
    label="DeepLift",
    summary="Carries the difference from the baseline backwards through the activations instead of their slope. Captum's "
    "version reaches only activations that are modules of their own: in BERT the pooler's Tanh. Softmax, GELU, LayerNorm and "
    "the products of attention count as plain gradients, so the paper's completeness is lost.",
    formula=r"""\begin{aligned}
\mathrm{DL}_i &= \sum_j (x_{ij} - \bar{x}_{ij})\, m_{ij} \\
m_{\Delta a} &= m_{\Delta f(a)}\, \frac{f(a) - f(\bar a)}{a - \bar a}
\end{aligned}""",
    source="Shrikumar, Greenside and Kundaje 2017, arXiv:1704.02685; Captum's DeepLift",
    promises=Promise.NOTHING,
    options=(),
    passes=lambda settings, n: (4, 2),  # the text and its baseline go through together, both ways
)
def deeplift(problem: Problem, run: Runner, settings: Settings) -> Scores:
    """features: (x - x̄) times the multipliers, float64 [T, D].

    Raises: ModelUnsupported where one activation module serves several layers, which Captum's hooks cannot tell apart.
    """
    from captum.attr import DeepLift  # here: it takes a third of a second, and most runs do without
    from captum.attr._core.deep_lift import SUPPORTED_NON_LINEAR

    x, baseline = (ends.detach().clone()[None] for ends in (problem.x, problem.baseline))  # [1, T, D]
    with run.alone() as model:
        ruled = sorted({type(part).__name__ for part in model.modules() if type(part) in SUPPORTED_NON_LINEAR})
        try:
            features = DeepLift(model).attribute(x.requires_grad_(), baseline)[0]
        except RuntimeError as error:
            if _USED_TWICE not in str(error):
                raise
            raise ModelUnsupported(
                "DeepLift cannot explain this model: one of its activations serves several layers, and Captum's hooks cannot "
                "tell them apart. Choose another method, such as ig."
            ) from error
    reached = ", ".join(ruled) or "no activation at all, so this is the gradient at x times (x − x̄)"
    return Scores(features=features.detach().cpu().double(), notes=(f"In this model DeepLift's rule reaches: {reached}.",))
