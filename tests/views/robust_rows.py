"""Rows of a robustness study made by hand: words, charts and tables of one need no model."""

import numpy as np
import pandas as pd

from sigviz.models.untrained import REDRAWN, UNTRAINED

MODEL, OTHER = "bundled/minilm-movie", "bundled/minilm-movie-2"
RUNS = (("saliency", "l2"), ("saliency", "sum"), ("ig", "l2"), ("ig", "sum"), ("sig", "l2"), ("sig", "sum"), ("sig-exact", ""))
CHANCE = ("random(seeds=1)", "")


def row(text_id, metric, value, settings="", reduction="", **changed):
    """One row, as `sigviz robustness` writes it."""
    method = settings.partition("(")[0]
    made = {
        "text_id": text_id,
        "model": MODEL,
        "control": "",
        "other": "",
        "method": method,
        "settings": settings,
        "baseline": "unk",
        "steps": {"ig": 50, "sig": 50}.get(method),
        "seed": 0,
        "reduction": reduction,
        "metric": metric,
        "value": value,
        "seconds": 0.5,
    }
    return made | changed


def rows(shares=None, texts=60, runs=(*RUNS, CHANCE), others=(OTHER, UNTRAINED, REDRAWN), differing=6):
    """A study of so many texts; the first `differing` of them are predicted differently by the other model.

    shares: {(settings, reduction, other): Jaccard@25}, 0.5 unless given; values spread by 0.05 around it.
    """
    found, random = [], np.random.default_rng(0)
    for text_id in range(texts):
        for other in others:
            same = not (other == OTHER and text_id < differing)
            found.append(row(text_id, "same_prediction", float(same), other=other))
            for settings, reduction in runs:
                mean = (shares or {}).get((settings, reduction, other), 0.5)
                for metric, share in (("jaccard@25", mean), ("jaccard@10", 0.8 * mean)):
                    value = float(np.clip(share + random.normal(0, 0.05), 0, 1)) if same else None
                    found.append(row(text_id, metric, value, settings, reduction, other=other))
        for control in ("", UNTRAINED) if UNTRAINED in others else ("",):
            for settings, reduction in runs:
                mean = 70 if settings == CHANCE[0] else 30
                value = float(np.clip(random.normal(mean, 8), 1, 100))
                found.append(row(text_id, "infidelity", value, settings, reduction, control=control))
    return pd.DataFrame(found).astype({"steps": "Int64"})


ABOUT = {
    "study": "robustness",
    "plan": {"corpus": "movie", "runs": ["ig"], "model": MODEL, "other": OTHER, "limit": 60, "seed": 0, "output": "logit"},
    "corpus": {"name": "movie", "split": "test", "texts": 60, "sha256": "0"},
}
SHARES = {  # IG fails, SIG passes, saliency is worse than nothing
    **{("saliency", way, OTHER): 0.4 for way in ("l2", "sum")},
    **{("ig", way, OTHER): 0.505 for way in ("l2", "sum")},
    **{("sig", way, OTHER): 0.6 for way in ("l2", "sum")},
    ("sig-exact", "", OTHER): 0.65,
    **{(settings, way, REDRAWN): 0.2 for settings, way in RUNS},
    **{(*CHANCE, other): 0.15 for other in (OTHER, UNTRAINED, REDRAWN)},
}
