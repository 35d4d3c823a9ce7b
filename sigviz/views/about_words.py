"""What the About page says in words, as Markdown and plain data: the glossary, the papers' claims, limits and licences.

Of the papers: only what they say, with the place.  What sigviz measured itself is not here but in teaching.findings.
"""

GLOSSARY = (  # term, what it means here
    (
        "Text classifier",
        "A model that reads a text and gives each of a few classes a number, such as *negative* and *positive*.",
    ),
    ("Token", "A piece of text that the model reads as one: a word, part of a word (*un* + *watch* + *able*), or a sign."),
    ("Special token", "A token that the tokenizer adds, such as [CLS] and [SEP]. It stays as it is and gets no score."),
    ("Unit", "What gets one score: a token, a word (all its tokens together) or a sentence. n is how many a text has."),
    ("Embedding", "The list of a few hundred numbers that stands for a token inside the model. Each number is a *feature*."),
    ("Logit", "The number that the model gives a class before numbers become probabilities. Any size, negative ones too."),
    ("Probability", "The logits squeezed into numbers from 0 to 1 that add up to 1 (softmax). p/(1−p) are the *odds*."),
    ("Target", "The class whose number is explained: the predicted one, unless another is chosen. It is fixed at the text."),
    ("F, F(x)", "The one number that is explained, and its value at the text: usually the target's logit."),
    ("x and x̄", "x is the text as embeddings; x̄ is the text with every unit replaced by the baseline; x̄ⁱ with unit i alone."),
    (
        "Baseline",
        "What stands in for a word that is taken away, usually the [MASK] token. Another baseline is another question.",
    ),
    ("Gradient", "How much F changes when one feature changes a very little. Backward passes compute it for all features."),
    ("Path and steps", "The way from x̄ to x on which gradients are collected, and at how many points of it one looks."),
    ("Attribution, score", "How much a unit spoke for the target (above 0) or against it (below 0), in the unit of F."),
    ("Normalised score", "A score divided by the length of all scores, √(sum of squares): no unit, comparable between texts."),
    ("Completeness", "That scores add up to a difference of F which is known without them, so that they can be checked."),
    ("Delta", "By how much they miss it: score minus known difference (of each unit), or sum minus F(x) − F(x̄) (in total)."),
    ("Forward, backward pass", "One text through the model to its answer; and back again, for the gradients."),
    ("Faithful, plausible", "An explanation is *faithful* if the model really works so, *plausible* if people like it."),
    ("Untrained model", "The same model with a random head. What explains it as well as the trained one explains little."),
    ("Standard error, p", "How uncertain a mean is; and how often chance alone would show so large a difference or a larger."),
    ("Seed", "The number that random draws start from. The same seed gives the same draws."),
)

BASELINES = (
    ("mask", "the token that the model was trained to fill in. The SIG paper's choice: close to no word in particular"),
    ("pad", "the token that fills up short texts; never trained, so its embedding can lie anywhere"),
    ("unk", "the token for unknown words"),
    ("zero", "the zero vector, which is no token"),
    ("mean", "the mean of the vocabulary's embeddings, which is no token either"),
    ("any token", "typed as it stands in the vocabulary, such as *film*"),
)
UNITS = (
    ("token", "the pieces that the model reads"),
    ("word", "all tokens of a word together: they move together in SIG and are added up everywhere else"),
    ("sentence", "all tokens of a sentence together: cheap for long texts, since SIG's cost grows with the number of units"),
)
RULES = (
    ("gauss-legendre", "steps placed and weighted so that few of them suffice where F is smooth; the default"),
    ("riemann-left", "equal parts of the way, each seen at its beginning, so x itself is never looked at"),
    ("riemann-right", "equal parts, each seen at its end, so x̄ is never looked at"),
    ("riemann-middle", "equal parts, each seen in its middle"),
    ("trapezoid", "both ends and even steps between them, the ends counting half"),
    (
        "clenshaw-curtis",
        "both ends and steps that crowd there; twice as many keep the old ones, which a tolerance makes use of",
    ),
)

SIG_CLAIMS = """
**Enguehard 2023, Sequential Integrated Gradients** ([arXiv:2305.15853](https://arxiv.org/abs/2305.15853))

*Claims.* IG moves all words at once, so the texts on its way may mean something else than the text (section 1). SIG moves
one word and keeps the others. Each word's scores over its features add up to F(x) − F(x̄ⁱ); all words' scores need
**not** add up to F(x) − F(x̄) (section 2). With *mask* SIG is ahead of all other methods on most of nine pairs of model
and data set (Tables 1 to 3), IG gains much from *mask* instead of *pad*, and SIG does about as well with either (Appendix
B). With 10 steps it is still ahead of IG with 250 (Table 4). DIG is behind IG with *mask*, so that words being discrete
may matter less than thought.

*Limits that it names.* Three related encoders, English, sentiment only. SIG's time grows with the number of words: days
for 2,000 texts of IMDB. Like IG it can be fooled on purpose and be misleading on text unlike the training data; there is
no reason to believe it more robust. It explains one text, not the model as a whole, and shows whatever prejudice the
model has learnt.

*How it measures.* Take the top or the rest of the words away and see how far the prediction follows (log-odds,
comprehensiveness, sufficiency, top 20 %).
"""
DIG_CLAIMS = """
**Sanyal and Ren 2021, Discretized Integrated Gradients** ([arXiv:2108.13654](https://arxiv.org/abs/2108.13654))

*Claims.* Word embeddings are single points with nothing between them, so gradients on IG's straight line are taken where
no text is. DIG walks from the word to the baseline over real words, takes gradients at or near them, and was ahead of IG.

*Limits.* A walk needs a search in the vocabulary, the sum is met only as the steps get finer, and how good the walk is
depends on a heuristic (greedy, maxcount). The SIG paper finds DIG ahead of IG with *pad* and behind it with *mask* on
most of its models, and argues that the path need not be monotonic at all (Appendix C).
"""
ZAFAR_CLAIMS = """
**Zafar et al. 2021, On the Lack of Robust Interpretability** ([arXiv:2106.04631](https://arxiv.org/abs/2106.04631))

*Claims.* Two models that differ only in the random start of their head give nearly the same predictions, but name
different words: their top 25 % overlap (Jaccard) by 56 % with IG and 68 % with saliency, averaged over 16 pairs of model
and data set. Those of a trained and an untrained model overlap by 50 and 69 %, hardly less; only SHAP tells the two apart
(65 against 29 %). And even on an untrained model the methods' words are better than random ones, so beside a faithfulness
number belongs the untrained model's.

*How it measures.* Infidelity: how many words, highest scores first, must become unknown until the prediction changes. And
how far the top words of two models overlap.

*Limits that it names.* One cause may be that texts are redundant: several words say the same, and any of them will do.
Dropping words makes texts that no model was trained on, which bends methods and metrics alike. Only heads were made
random, not encoders. The page *Robustness* repeats both tests, with SIG and with encoders made random, too.
"""

SYMMETRY = """
**Appendix A's counterexample does not hold as stated.** It takes F(x₁, x₂) = F(x₂, x₁) and two equal words (w, w), and
says that SIG gives them equal scores only if both are the baseline m. But x̄¹ is (m, w) and x̄² is (w, m), and F is the
same at both. So SIG₁ = F(w, w) − F(m, w) = F(w, w) − F(w, m) = SIG₂: symmetry is kept. What differs is how an
*interaction* is shared. For F = x₁·x₂ with baseline 0 and x₁ = x₂ = 1, IG gives each word ½, which adds up to F(x) −
F(x̄) = 1. SIG gives each 1, since without either word nothing is left, together 2: what two words do only together is
counted for both.
"""
DELTA = """
**The Delta of Table 4 is not SIG's own.** It is the sum of all scores minus F(x) − F(x̄), IG's promise, and for SIG it is
large by design. SIG's own delta belongs to each word, and exact SIG has none. sigviz shows both, each under its name.
"""
PARITY = """
**The papers' code computes something else in two places.** It explains the largest logit at every point of the way, which
may be another class than at the text; sigviz fixes the target at the text. And it adds positions and layer normalisation
to the embeddings and hands the sum to the model, which adds them again. `--parity papers-code` repeats both, to compare
numbers.
"""

CANNOT = (
    "**It is no cause in the world.** A score says what moved this model's output, not why a film is good or whom it moves.",
    "**It is one model's habit.** Another of equal accuracy, or from another seed, may use other words: see Robustness.",
    "**It answers one question.** Another baseline, unit, output or class asks another one, and the answer may change.",
    "**Taking words away makes odd texts.** No model was trained on reviews full of masks; what it says there may be chance.",
    "**A good-looking map proves nothing.** Untrained models have pretty maps, too: measure, and compare with theirs.",
    "**It can be fooled.** Models can be built whose maps hide what they do (Dombrowski et al. 2019, Slack et al. 2020).",
    "**It repeats prejudice.** If a model judges by a name or a dialect, the map shows the name, but not that this is wrong.",
    "**It is local.** One text at a time; what the model does in general needs many texts, and other tools.",
)

LICENCES = (
    ("sigviz and its adapters", "Apache-2.0"),
    ("Base weights", "sentence-transformers/all-MiniLM-L6-v2, Apache-2.0, read only if their SHA-256 is the pinned one"),
    (
        "Corpora movie, amazon, nyt and tweets",
        "Sentences with mean human ratings (Hutto and Gilbert 2014), fetched with the MIT-licensed package vaderSentiment; "
        "not part of sigviz. Shipped results hold numbers, no texts",
    ),
    ("Sentences of Guess first", "written for sigviz, under its licence"),
    ("Published numbers", "cells of the papers' tables, cited beside each"),
    ("Other models and data sets", "under their own licences: look at their cards on the Hugging Face Hub"),
)
