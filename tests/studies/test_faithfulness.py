"""The study against a slow loop written from the papers, and its resumption after a kill."""

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from sigviz.errors import Cancelled, InvalidResults, InvalidSettings, SigvizError
from sigviz.models import zoo
from sigviz.studies import corpora, faithfulness, results
from sigviz.studies.plan import Plan
from sigviz.studies.results import COLUMNS
from tests.load.size import size
from tests.methods.axioms import assert_same

MODEL = "bundled/distil-movie"
KEYS = ["model", "control", "text_id", "settings", "baseline", "protocol", "metric"]


def small(**given: object) -> Plan:
    return Plan("movie", ("sig-exact", "ig(steps=4)"), models=(MODEL,), **{"limit": 4, "control": 1, **given})  # type: ignore[arg-type]


def values(found: results.Results) -> pd.Series:
    """Everything but the times."""
    return found.rows.set_index(KEYS)["value"].sort_index()


class Slow:
    """The papers' definitions, one forward pass a number, straight from token ids."""

    def __init__(self, model: str) -> None:
        loaded = zoo.load(model, dtype="float64")
        self.model, self.tokenizer = loaded.model, loaded.tokenizer
        self.words = self.model.get_input_embeddings()
        self.mask = self.tokenizer.mask_token_id

    def logits(self, ids: list[int]) -> torch.Tensor:
        with torch.no_grad():
            return self.model(input_ids=torch.tensor([ids])).logits[0]

    def exact_sig(self, ids: list[int], target: int) -> list[float]:
        whole = self.logits(ids)[target]
        without = [self.logits([*ids[:i], self.mask, *ids[i + 1 :]])[target] for i in range(1, len(ids) - 1)]
        return [0.0, *(float(whole - one) for one in without), 0.0]

    def integral(self, ids: list[int], starts: list[int], target: int, steps: int) -> torch.Tensor:
        """Gauss-Legendre on the line from the text with the tokens `starts` masked to the text: [T, D]."""
        masked = [self.mask if i in starts else token for i, token in enumerate(ids)]
        x, baseline = self.words(torch.tensor(ids)).detach(), self.words(torch.tensor(masked)).detach()
        nodes, weights = np.polynomial.legendre.leggauss(steps)
        total = torch.zeros_like(x)
        for node, weight in zip((nodes + 1) / 2, weights / 2, strict=True):
            point = (baseline + node * (x - baseline)).requires_grad_()
            self.model(inputs_embeds=point[None]).logits[0, target].backward()
            assert point.grad is not None
            total += weight * point.grad
        return total * (x - baseline)

    def ig(self, ids: list[int], target: int, steps: int) -> list[float]:
        return self.integral(ids, list(range(1, len(ids) - 1)), target, steps).sum(-1).tolist()

    def sig(self, ids: list[int], target: int, steps: int) -> list[float]:
        inner = [float(self.integral(ids, [i], target, steps)[i].sum()) for i in range(1, len(ids) - 1)]
        return [0.0, *inner, 0.0]

    def metrics(self, ids: list[int], scores: list[float], target: int) -> dict[str, float]:
        """Protocol `paper`: all tokens counted, int(T * 20 %) of them, what is removed is gone."""
        chosen = sorted(range(len(ids)), key=lambda i: (-scores[i], i))[: int(len(ids) * 0.2)]
        if not chosen:
            return {"log_odds": 0.0, "comprehensiveness": 0.0, "sufficiency": 0.0}
        p = self.p(ids, target)
        masked = self.p([self.mask if i in chosen else token for i, token in enumerate(ids)], target)
        return {
            "log_odds": float(np.log(masked) - np.log(p)),
            "comprehensiveness": p - self.p([token for i, token in enumerate(ids) if i not in chosen], target),
            "sufficiency": p - self.p([token for i, token in enumerate(ids) if i in chosen], target),
        }

    def p(self, ids: list[int], target: int) -> float:
        return float(self.logits(ids).softmax(-1)[target])


def test_ig_and_sig_have_the_metrics_that_a_slow_loop_finds(tmp_path: Path) -> None:
    count = size(5, 20)
    plan = Plan(
        "movie",
        ("ig(steps=4)", "sig(steps=2)", "sig-exact"),
        models=(MODEL,),
        protocols=("paper",),
        limit=count,
        control=0,
        metrics=("log_odds", "comprehensiveness", "sufficiency"),
        dtype="float64",  # so that no two words change places by rounding
    )
    found = faithfulness.evaluate(plan, tmp_path / "r.parquet").rows.set_index(["text_id", "method", "metric"])["value"]
    slow = Slow(MODEL)
    texts = corpora.load("movie", "test", limit=count, seed=0)
    assert len(texts) == count
    for text_id, text in zip(texts.ids, texts.texts, strict=True):
        ids = slow.tokenizer(text)["input_ids"]
        target = int(slow.logits(ids).argmax())
        scored = {"ig": slow.ig(ids, target, 4), "sig": slow.sig(ids, target, 2), "sig-exact": slow.exact_sig(ids, target)}
        for method, scores in scored.items():
            expected = slow.metrics(ids, scores, target)
            assert_same([found[text_id, method, name] for name in expected], list(expected.values()), 1e-6)


def test_a_study_has_one_row_a_text_method_and_metric(tmp_path: Path) -> None:
    found = faithfulness.evaluate(small(baselines=("mask", "pad")), tmp_path / "r.parquet")
    rows = found.rows
    assert list(rows.columns) == list(COLUMNS) and not rows.duplicated(KEYS).any()
    assert rows.groupby("control")["text_id"].nunique().to_dict() == {"": 4, "untrained": 1}
    assert set(rows["settings"]) == {"sig-exact", "ig(steps=4)", "random(seeds=1)"}
    assert set(rows["baseline"]) == {"mask", "pad"}
    assert rows.groupby("metric")["protocol"].agg(set)["log_odds"] == {"paper", "content"}
    assert rows.groupby("metric")["protocol"].agg(set)["infidelity"] == {""}
    assert (rows["seconds"] > 0).all() and found.about["failed"] == {}
    assert found.about["corpus"]["texts"] == 4 and found.about["plan"]["limit"] == 4
    chosen = corpora.load("movie", "test", limit=4, seed=0)
    assert rows.groupby("text_id")["text"].first().to_dict() == dict(zip(chosen.ids, chosen.texts, strict=True))


def test_the_untrained_control_is_another_model(tmp_path: Path) -> None:
    rows = faithfulness.evaluate(small(), tmp_path / "r.parquet").rows
    whole = rows[(rows["metric"] == "deletion@0") & (rows["method"] == "sig-exact")].set_index("control")["value"]
    assert 0.45 < whole["untrained"] < 0.55 < whole[""].max()


def test_a_study_that_is_stopped_goes_on_where_it_was(tmp_path: Path) -> None:
    whole = faithfulness.evaluate(small(), tmp_path / "whole.parquet")
    cancel, seen = threading.Event(), []

    def progress(done: int, total: int, what: str) -> None:
        seen.append((done, total))
        if done == 2:
            cancel.set()

    out = tmp_path / "r.parquet"
    with pytest.raises(Cancelled, match="go on from there"):
        faithfulness.evaluate(small(), out, progress=progress, cancel=cancel)
    assert seen == [(0, 5), (1, 5), (2, 5)] and not out.exists()
    part = results.load(out)
    assert not part.complete and part.rows.groupby(["control", "text_id"]).ngroups == 2
    again: list[int] = []
    found = faithfulness.evaluate(small(), out, progress=lambda done, total, what: again.append(done))
    assert again == [2, 3, 4, 5]
    pd.testing.assert_series_equal(values(found), values(whole))


def test_a_finished_study_is_not_done_again_and_another_one_does_not_take_its_place(tmp_path: Path) -> None:
    out = tmp_path / "r.parquet"
    first = faithfulness.evaluate(small(), out)
    assert faithfulness.evaluate(small(), out).rows.equals(first.rows)
    with pytest.raises(InvalidResults, match="another study"):
        faithfulness.evaluate(small(seed=1), out)


def test_a_text_that_cannot_be_explained_is_left_out_and_said(tmp_path: Path) -> None:
    texts = tmp_path / "texts.csv"
    texts.write_text("text\na plain film\n\u200b\ngreat\n", encoding="utf-8")
    plan = Plan(str(texts), ("sig-exact",), models=(MODEL,), control=0)
    found = faithfulness.evaluate(plan, tmp_path / "r.parquet")
    assert set(found.rows["text_id"]) == {0, 2}
    assert list(found.about["failed"]) == [f"{MODEL}//1"] and "no words" in found.about["failed"][f"{MODEL}//1"]


@pytest.mark.parametrize(
    ("given", "said"), [({"baselines": ("notatoken",)}, "notatoken"), ({"models": ("bundled/none",)}, "no bundled model")]
)
def test_what_would_fail_for_every_text_ends_the_study_and_leaves_nothing_in_the_way(
    tmp_path: Path, given: dict[str, Any], said: str
) -> None:
    out = tmp_path / "r.parquet"
    with pytest.raises(SigvizError, match=said):
        faithfulness.evaluate(replace(small(), **given), out)
    assert not out.exists() and faithfulness.evaluate(small(limit=1, control=0), out).rows["value"].notna().any()


def test_a_name_that_journals_have_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings, match="how journals are called"):
        faithfulness.evaluate(small(), tmp_path / "r.journal")


def test_a_study_killed_at_any_moment_loses_nothing_and_counts_nothing_twice(tmp_path: Path) -> None:
    """The real thing: the command, ended by SIGKILL again and again, each time a little later."""
    methods = ["--method", "sig-exact", "--method", "ig(steps=4)"]
    command = [sys.executable, "-m", "sigviz", "evaluate", "--corpus", "movie", "--model", MODEL, *methods]
    command += ["--limit", "8", "--control", "2", "--seed", "3"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    whole = tmp_path / "whole.parquet"
    subprocess.run([*command, "--out", str(whole)], check=True, capture_output=True, env=environment)
    out = tmp_path / "r.parquet"
    journal = results.journal_of(out)
    kills = 0
    for wanted in (1, 4, 7):  # units in the journal at which to kill, a moment later each time
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        process = subprocess.Popen([*command, "--out", str(out)], env=environment, **quiet)
        while process.poll() is None and (not journal.exists() or journal.read_bytes().count(b"\n") < 1 + wanted):
            time.sleep(0.005)
        time.sleep(0.02 * wanted)
        process.send_signal(signal.SIGKILL)
        kills += process.wait() == -signal.SIGKILL
    assert kills >= 2, "it was hardly ever killed on the way"
    done = subprocess.run([*command, "--out", str(out)], check=True, capture_output=True, text=True, env=environment)
    assert "Log-odds" in done.stdout and "random(seeds=1)" in done.stdout
    found = results.load(out)
    assert not found.rows.duplicated(KEYS).any() and not journal.exists()
    pd.testing.assert_series_equal(values(found), values(results.load(whole)))
