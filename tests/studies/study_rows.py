"""Rows of a study made by hand: summaries, tables, charts and exports need no model."""

import pandas as pd


def rows(values, *, model="bundled/minilm-movie", **changed):
    """One row a text for {(settings, metric): [value of text 0, value of text 1, ...]}; `changed` overrides any column."""
    made = []
    for (settings, metric), of_texts in values.items():
        method, _, inside = settings.partition("(")
        given = dict(pair.split("=", 1) for pair in inside.rstrip(")").split(",") if pair)
        default = {"ig": 50, "sig": 50, "dig": 30}.get(method)
        for text_id, value in enumerate(of_texts):
            row = {
                "text_id": text_id,
                "model": model,
                "control": "",
                "method": method,
                "settings": settings,
                "baseline": "mask",
                "steps": int(given["steps"]) if "steps" in given else default,
                "seed": 0,
                "protocol": "content" if metric in ("log_odds", "comprehensiveness", "sufficiency") else "",
                "metric": metric,
                "value": value,
                "seconds": 0.5,
            }
            made.append(row | changed)
    frame = pd.DataFrame(made)
    return frame.astype({"steps": "Int64"}) if len(frame) else frame
