"""The robustness study against slow loops written from the paper, and its resumption after a kill."""

import copy
import math
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch

import sigviz
from sigviz.errors import Cancelled, InvalidResults, InvalidSettings, ModelUnsupported, SigvizError
from sigviz.explain import predict
from sigviz.methods import METHODS
from sigviz.models import zoo
from sigviz.models.classifier import TextClassifier
from sigviz.models.untrained import REDRAWN, UNTRAINED
from sigviz.studies import corpora, faithfulness, results, robustness
from sigviz.studies.plan import Plan, Task
from sigviz.studies.results import PAIR_COLUMNS, ROBUSTNESS, Row
from sigviz.studies.robustness import Panel, chance, jaccard_id
from sigviz.studies.robustness_plan import CONTROLS, RobustnessPlan
from tests import tiny
from tests.load.size import size
from tests.methods.axioms import assert_same
from tests.models.families import FAMILIES
from tests.studies import slow_robustness
from tests.studies.slow_robustness import Slow

MODEL, OTHER = "bundled/distil-movie", "bundled/minilm-movie"
KEYS = ["text_id", "control", "other", "settings", "reduction", "metric"]
ALIKE = "the model beside it"  # in tests with tiny models
TEXTS = (tiny.TEXT, tiny.MIXED, "a good film and a bad story", "the plot is not dull , but very slow and sad", "brilliantly")


def small(**given: Any) -> RobustnessPlan:
    return RobustnessPlan("movie", **{"runs": ("saliency", "sig-exact"), "model": MODEL, "limit": 4, **given})


def values(found: results.Results) -> pd.Series:
    """Everything but the times."""
    return found.rows.set_index(KEYS)["value"].sort_index()


def tinies(**given: Any) -> RobustnessPlan:
    """A plan for models that are handed over."""
    return RobustnessPlan("c", **{"runs": ("saliency", "sig-exact"), "model": "tiny", "other": ALIKE, **given})


def seen(panel: Panel, plan: RobustnessPlan, texts: tuple[str, ...] = TEXTS) -> pd.DataFrame:
    """The rows of all texts."""
    found: list[Row] = []
    for text_id, text in enumerate(texts):
        found += robustness.examine(panel, Task(plan.model, "", text_id, text), plan)
    return pd.DataFrame(found, columns=list(PAIR_COLUMNS))


def twin(**given: Any) -> TextClassifier:
    """Another object with the tiny BERT's weights."""
    return TextClassifier(copy.deepcopy(tiny.bert_model()), tiny.tokenizer(), **{"name": "copy", **given})


# The figures


def test_every_figure_is_the_one_that_a_slow_loop_finds(tmp_path: Path) -> None:
    movie = corpora.load("movie", "test", limit=500, seed=0).texts  # short ones, and two of nine words: minutes otherwise
    chosen = [
        *[text for text in movie if len(text.split()) <= 5][: size(5, 18)],
        *[text for text in movie if len(text.split()) == 9][: size(1, 2)],
    ]
    file = tmp_path / "texts.csv"
    pd.DataFrame({"text": chosen}).to_csv(file, index=False)
    runs = ("saliency", "ig(steps=2,quadrature=riemann-middle)", "sig-exact")
    plan = RobustnessPlan(str(file), runs, MODEL, OTHER, dtype="float64")  # in which no two words tie by rounding
    found = robustness.assess(plan, tmp_path / "r.parquet").rows
    value = found.set_index(["text_id", "control", "other", "method", "reduction", "metric"])["value"]
    subject, other = (zoo.load(name, dtype="float64") for name in plan.models)
    loaded = {"": subject, OTHER: other} | {name: robustness.control(subject, name, plan.seed) for name in CONTROLS}
    slow = {name: Slow(one.model, one.tokenizer) for name, one in loaded.items()}
    assert found["text_id"].nunique() == len(chosen) == size(6, 20)
    compared = 0
    for text_id, text in enumerate(chosen):
        ids = slow[""].ids(text)
        predicted = {name: one.prediction(ids) for name, one in slow.items()}
        scores: dict[str, dict[tuple[str, str], list[float]]] = {}
        for name, one in slow.items():
            if predicted[name] != predicted[""] and name != UNTRAINED:
                continue  # it is in no figure
            lot = sigviz.explain(loaded[name], text, "random", seeds=1, seed=chance(0, text_id, name)).raw.tolist()
            scores[name] = {
                **{("saliency", way): one.saliency(ids, way) for way in ("l2", "sum")},
                **{("ig", way): one.ig(ids, way, 2) for way in ("l2", "sum")},
                ("sig-exact", ""): one.left_out(ids),
                ("random", ""): lot,
            }
        for name in (OTHER, *CONTROLS):
            same = predicted[name] == predicted[""]
            assert value[text_id, "", name, "", "", "same_prediction"] == same
            for (method, way), own in scores[""].items():
                for k in (25, 10):
                    jaccard = value[text_id, "", name, method, way, jaccard_id(k)]
                    assert math.isnan(jaccard) != same, "a value where the predictions are the same, and only there"
                    if same:
                        expected = slow_robustness.jaccard(own, scores[name][method, way], k)
                        assert jaccard == pytest.approx(expected, abs=1e-12), (text, name, method, way, k)
                    compared += same
        for name in ("", UNTRAINED):
            for (method, way), own in scores[name].items():
                expected = slow[name].infidelity(ids, own)
                assert value[text_id, name, "", method, way, "infidelity"] == pytest.approx(expected), (text, name, method)
    assert compared > size(50, 200) and found["value"].isna().any(), "both happened"


def test_scores_of_the_study_are_those_of_explain() -> None:
    """The words on top, and how many must go, from `sigviz.explain` called with the same settings."""
    plan = tinies(runs=("ig(steps=4)", "sig(steps=2)", "dig(steps=3)"), controls=(), reductions=("sum",), baseline="unk")
    trained, other = tiny.bert(), TextClassifier(tiny.bert_model(seed=1), tiny.tokenizer(), name="tiny")
    rows = seen(Panel(trained, {ALIKE: other}), plan).set_index(["text_id", "method", "metric"])["value"]
    slow, compared = Slow(trained.model, trained.tokenizer), 0
    for text_id, text in enumerate(TEXTS):
        for method, steps in (("ig", 4), ("sig", 2), ("dig", 3)):
            one, two = (
                sigviz.explain(model, text, method, steps=steps, baseline="unk").raw.tolist() for model in (trained, other)
            )
            assert rows[text_id, method, "infidelity"] == pytest.approx(slow.infidelity(slow.ids(text), one))
            if rows[text_id, "", "same_prediction"]:
                assert rows[text_id, method, "jaccard@25"] == slow_robustness.jaccard(one, two, 25)
                compared += 1
    assert compared


@pytest.mark.parametrize("unit", ["word", "sentence"])
def test_larger_units_are_ranked_and_replaced_as_wholes(unit: str) -> None:
    plan = tinies(unit=unit, controls=(UNTRAINED,), other="")
    panel = robustness.panel(tiny.bert(), None, plan)
    text = "the story is unwatchable . a brilliantly dull film !"
    rows = seen(panel, plan, (text,))
    units = len(sigviz.explain(tiny.bert(), text, "sig-exact", unit=unit).units)
    shares = {100 * done / units for done in range(1, units + 1)}
    found = set(rows.loc[rows["metric"] == "infidelity", "value"])
    assert all(any(one == pytest.approx(share) for share in shares) for one in found)


def test_a_study_has_one_row_a_text_reader_method_and_metric(tmp_path: Path) -> None:
    plan = small(runs=("saliency", "ig(steps=4)", "sig-exact"), other=OTHER, limit=3)
    found = robustness.assess(plan, tmp_path / "r.parquet")
    rows = found.rows
    assert list(rows.columns) == list(PAIR_COLUMNS) and not rows.duplicated(KEYS).any()
    readers, explained = 3, 2 + 2 + 1 + 1  # the other and two controls; saliency and ig twice, sig-exact and random once
    assert len(rows) == 3 * (readers + readers * explained * 2 + 2 * explained)
    assert set(rows["other"]) == {"", OTHER, *CONTROLS} and set(rows["control"]) == {"", UNTRAINED}
    assert set(rows["settings"]) == {"", "saliency", "ig(steps=4)", "sig-exact", "random(seeds=1)"}
    ways = rows[rows["method"] != ""].groupby("method")["reduction"].agg(set).to_dict()
    assert ways == {"saliency": {"l2", "sum"}, "ig": {"l2", "sum"}, "sig-exact": {""}, "random": {""}}
    assert set(rows.loc[rows["method"] == "ig", "steps"]) == {4} and rows.loc[rows["method"] != "ig", "steps"].isna().all()
    assert set(rows["model"]) == {MODEL} and set(rows["baseline"]) == {"unk"} and set(rows["seed"]) == {0}
    assert (rows.loc[rows["method"] != "", "seconds"] > 0).all() and rows.loc[rows["method"] == "", "seconds"].isna().all()
    assert found.about["study"] == ROBUSTNESS and found.about["failed"] == {} and found.complete
    assert RobustnessPlan.from_dict(found.about["plan"]) == plan
    chosen = corpora.load("movie", "test", limit=3, seed=0)
    assert rows.groupby("text_id")["text"].first().to_dict() == dict(zip(chosen.ids, chosen.texts, strict=True))
    jaccards = rows.loc[rows["metric"].str.startswith("jaccard"), "value"].dropna()
    assert len(jaccards) and jaccards.between(0, 1).all()
    assert rows.loc[rows["metric"] == "infidelity", "value"].between(0, 100, inclusive="right").all()


# Which models, and which chance


def test_a_model_beside_its_own_copy_is_explained_alike_by_every_method_but_chance() -> None:
    """Also by those that sample: the noise and the coalitions are the same for all models, so that only the model differs."""
    quick = {
        "ig": "steps=3",
        "sig": "steps=2",
        "dig": "steps=2",
        "sdig": "steps=2",
        "kernel-shap": "samples=40",
        "lime": "samples=40",
    }
    runs = tuple(f"{id}({quick[id]})" if id in quick else id for id in METHODS if id != "random")
    plan = tinies(runs=runs, controls=())
    rows = seen(Panel(tiny.bert(), {ALIKE: twin()}), plan)
    assert (rows.loc[rows["metric"] == "same_prediction", "value"] == 1).all()
    jaccards = rows[rows["metric"].str.startswith("jaccard")]
    assert set(jaccards["method"]) == set(METHODS)
    assert (jaccards.loc[jaccards["method"] != "random", "value"] == 1).all()
    assert jaccards.loc[jaccards["method"] == "random", "value"].mean() < 0.8


def test_random_scores_differ_between_readers_and_texts_and_come_back_by_the_seed() -> None:
    drawn = {(seed, text, reader): chance(seed, text, reader) for seed in (0, 1) for text in (0, 1) for reader in ("", "a")}
    assert len(set(drawn.values())) == len(drawn)
    assert all(chance(*given) == seed for given, seed in drawn.items())
    text, classifier = "the plot is not dull , but very slow and sad", tiny.bert()
    lots = [sigviz.explain(classifier, text, "random", seeds=1, seed=seed).raw for seed in drawn.values()]
    assert all(abs(one - other).max() > 0.01 for at, one in enumerate(lots) for other in lots[:at])
    plan = tinies(runs=("random",), controls=())
    again, same, another = (
        seen(Panel(tiny.bert(), {ALIKE: twin()}), one)["value"].tolist() for one in (plan, plan, replace(plan, seed=1))
    )
    assert again == same != another


def test_methods_that_sample_follow_the_seed_of_the_plan() -> None:
    """`smoothgrad` of the study is that of `explain` with the plan's seed, for both models."""
    plan = tinies(runs=("smoothgrad(sigma=0.3)",), controls=(), reductions=("sum",), seed=7)
    other = TextClassifier(tiny.bert_model(seed=1), tiny.tokenizer(), name="tiny")
    rows = seen(Panel(tiny.bert(), {ALIKE: other}), plan).set_index(["text_id", "method", "metric"])["value"]
    compared = 0
    for text_id, text in enumerate(TEXTS):
        if not rows[text_id, "", "same_prediction"]:
            continue
        one, two = (
            sigviz.explain(model, text, "smoothgrad", seeds=1, sigma=0.3, seed=7, baseline="unk").raw.tolist()
            for model in (tiny.bert(), other)
        )
        assert rows[text_id, "smoothgrad", "jaccard@25"] == slow_robustness.jaccard(one, two, 25)
        compared += 1
    assert compared


def test_classes_in_another_order_mean_the_same() -> None:
    order = [2, 0, 1]
    model = copy.deepcopy(tiny.bert_model())
    model.classifier.weight.data = model.classifier.weight.data[order]
    model.classifier.bias.data = model.classifier.bias.data[order]
    names = tuple(tiny.LABELS[at].upper() for at in order)
    other = TextClassifier(model, tiny.tokenizer(), name="other", labels=names)
    rows = seen(Panel(tiny.bert(), {ALIKE: other}), tinies(controls=()))
    assert (rows.loc[rows["metric"] == "same_prediction", "value"] == 1).all()
    found = rows[rows["metric"].str.startswith("jaccard") & (rows["method"] != "random")]
    assert (found["value"] == 1).all()
    renamed = TextClassifier(copy.deepcopy(model), tiny.tokenizer(), name="other", labels=tiny.LABELS)
    told = seen(Panel(tiny.bert(), {ALIKE: renamed}), tinies(controls=()))
    assert (told.loc[told["metric"] == "same_prediction", "value"] == 0).all(), "by the names, not by the numbers"


def test_models_of_two_tokenizers_are_compared_over_their_common_words() -> None:
    texts = (
        "a hideous , confusing spectacle",
        "the film is strictly routine",
        "a gorgeous , witty movie !",
        "bad , bad story",
    )
    model, tokenizer = FAMILIES["roberta"]()
    unnamed = TextClassifier(model, tokenizer, name="roberta")
    apart = predict(tiny.bert(), texts[0]).target - predict(unnamed, texts[0]).target
    names = tuple(tiny.LABELS[(at + apart) % 3] for at in range(3))  # so that they agree on one text at least
    other = TextClassifier(model, tokenizer, name="roberta", labels=names)
    rows = seen(Panel(tiny.bert(), {ALIKE: other}), tinies(controls=()), texts)
    wide = rows.pivot(index="text_id", columns=["other", "settings", "reduction", "metric"], values="value")
    same = wide[ALIKE, "", "", "same_prediction"]
    jaccards = wide[ALIKE].drop(columns=("", "", "same_prediction"))
    assert same[0] == 1
    assert jaccards[same == 1].notna().all(axis=None) and jaccards[same == 0].isna().all(axis=None)
    assert jaccards[same == 1].to_numpy().min() >= 0 and jaccards.max(axis=None) <= 1


def test_models_without_a_common_class_are_refused_before_any_text() -> None:
    other = twin(labels=("cat", "dog", "fish"))
    with pytest.raises(InvalidSettings, match="no class in common"):
        Panel(tiny.bert(), {ALIKE: other})


def test_a_panel_holds_what_the_plan_names() -> None:
    whole = robustness.panel(tiny.bert(), twin(), tinies())
    assert list(whole.others) == [ALIKE, UNTRAINED, REDRAWN] == list(tinies().others)
    alone = robustness.panel(tiny.bert(), None, tinies(other="", controls=(REDRAWN,)))
    assert list(alone.others) == [REDRAWN]
    with pytest.raises(ModelUnsupported, match="no untrained control"):
        robustness.panel(tiny.handmade(lambda x: x.sum((-1, -2))), None, tinies(other=""))


def test_the_controls_are_drawn_by_the_plans_seed() -> None:
    def head(seed: int) -> torch.Tensor:
        return robustness.panel(tiny.bert(), None, tinies(other="", seed=seed)).others[UNTRAINED].model.classifier.weight

    assert torch.equal(head(3), head(3)) and not torch.equal(head(3), head(4))


def test_without_the_control_there_is_no_row_of_it() -> None:
    rows = seen(
        robustness.panel(tiny.bert(), None, tinies(other="", controls=(REDRAWN,))), tinies(other="", controls=(REDRAWN,))
    )
    assert set(rows["other"]) == {"", REDRAWN} and set(rows["control"]) == {""}


def test_a_text_of_which_the_two_read_no_common_piece_has_no_jaccard(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(*_: object) -> None:
        raise InvalidSettings("The two models have read no common piece of this text.")

    monkeypatch.setattr("sigviz.studies.pairs.overlap", nothing)
    rows = seen(Panel(tiny.bert(), {ALIKE: twin()}), tinies(controls=()))
    assert rows.loc[rows["metric"].str.startswith("jaccard"), "value"].isna().all()
    assert rows.loc[rows["metric"] == "infidelity", "value"].notna().all()


# Stopped, killed, refused


def test_a_study_that_is_stopped_goes_on_where_it_was(tmp_path: Path) -> None:
    whole = robustness.assess(small(), tmp_path / "whole.parquet")
    cancel, told = threading.Event(), []

    def progress(done: int, total: int, what: str) -> None:
        told.append((done, total))
        if done == 2:
            cancel.set()

    out = tmp_path / "r.parquet"
    with pytest.raises(Cancelled, match="go on from there"):
        robustness.assess(small(), out, progress=progress, cancel=cancel)
    assert told == [(0, 4), (1, 4), (2, 4)] and not out.exists()
    part = results.load(out, study=ROBUSTNESS)
    assert not part.complete and part.rows["text_id"].nunique() == 2 and list(part.rows.columns) == list(PAIR_COLUMNS)
    again: list[int] = []
    found = robustness.assess(small(), out, progress=lambda done, total, what: again.append(done))
    assert again == [2, 3, 4]
    pd.testing.assert_series_equal(values(found), values(whole))


def test_another_plans_journal_and_results_are_refused_and_kept(tmp_path: Path) -> None:
    out, cancel = tmp_path / "r.parquet", threading.Event()
    with pytest.raises(Cancelled):
        robustness.assess(small(limit=2), out, cancel=cancel, progress=lambda done, *_: cancel.set() if done else None)
    before = results.journal_of(out).read_bytes()
    for other in (small(limit=2, seed=1), small(limit=2, reductions=("l2",)), small(limit=2, controls=(UNTRAINED,))):
        with pytest.raises(InvalidResults, match=r"are of another study .*plan"):
            robustness.assess(other, out)
    with pytest.raises(InvalidResults, match=r"are of another study .*: plan, study"):
        faithfulness.evaluate(Plan("movie", ("sig-exact",), models=(MODEL,), limit=2), out)
    assert results.journal_of(out).read_bytes() == before
    first = robustness.assess(small(limit=2), out)
    assert robustness.assess(small(limit=2), out).rows.equals(first.rows), "what is finished is not done again"
    with pytest.raises(InvalidResults, match="another study"):
        robustness.assess(small(limit=2, seed=1), out)
    with pytest.raises(InvalidResults, match="results of a robustness study, and a faithfulness study is wanted"):
        faithfulness.evaluate(Plan("movie", ("sig-exact",), models=(MODEL,), limit=2), out)
    assert robustness.assess(small(limit=2), out).rows.equals(first.rows)


def test_a_text_that_cannot_be_explained_is_left_out_and_said(tmp_path: Path) -> None:
    texts = tmp_path / "texts.csv"
    texts.write_text("text\na plain film\n\u200b\ngreat\n", encoding="utf-8")
    plan = RobustnessPlan(str(texts), ("sig-exact",), MODEL, controls=(UNTRAINED,))
    found = robustness.assess(plan, tmp_path / "r.parquet")
    assert set(found.rows["text_id"]) == {0, 2}
    assert list(found.about["failed"]) == [f"{MODEL}//1"] and "no words" in found.about["failed"][f"{MODEL}//1"]


@pytest.mark.parametrize(
    ("given", "said"), [({"baseline": "notatoken"}, "notatoken"), ({"other": "bundled/none"}, "no bundled model")]
)
def test_what_would_fail_for_every_text_ends_the_study_and_leaves_nothing_in_the_way(
    tmp_path: Path, given: dict[str, Any], said: str
) -> None:
    out = tmp_path / "r.parquet"
    with pytest.raises(SigvizError, match=said):
        robustness.assess(small(**given), out)
    assert list(tmp_path.iterdir()) == []


def test_a_study_killed_at_any_moment_loses_nothing_and_counts_nothing_twice(tmp_path: Path) -> None:
    """The real thing: the command, ended by SIGKILL, each time a little later."""
    plan = small(runs=("saliency", "sig-exact"), limit=8, seed=3, reductions=("l2", "sum"))
    command = [sys.executable, "-m", "sigviz", "robustness", "--corpus", "movie", "--model", MODEL, "--other", "none"]
    command += ["--method", "saliency", "--method", "sig-exact", "--limit", "8", "--seed", "3"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    whole = robustness.assess(plan, tmp_path / "whole.parquet")
    out = tmp_path / "r.parquet"
    journal = results.journal_of(out)
    for wanted in (1, 4):  # units in the journal at which to kill, a moment later each time
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        process = subprocess.Popen([*command, "--out", str(out)], env=environment, **quiet)
        while process.poll() is None and (not journal.exists() or journal.read_bytes().count(b"\n") < 1 + wanted):
            time.sleep(0.005)
        time.sleep(0.01 * wanted)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL, "it came to its end before it was killed"
        assert not out.exists()
    done = subprocess.run([*command, "--out", str(out)], check=True, capture_output=True, text=True, env=environment)
    assert "Untrained head" in done.stdout and "random(seeds=1)" in done.stdout
    found = results.load(out, study=ROBUSTNESS)
    assert not found.rows.duplicated(KEYS).any() and not journal.exists()
    assert found.about == whole.about
    pd.testing.assert_series_equal(values(found), values(whole))


def test_the_slow_loops_can_tell_a_difference() -> None:
    """The checker checked."""
    assert slow_robustness.top([0.1, 0.5, 0.5, -2.0, 0.0], 25) == {1, 2} == slow_robustness.top([1, 2, 2, 0, 0], 40)
    assert slow_robustness.jaccard([3, 2, 1, 0], [3, 0, 1, 2], 50) == 1 / 3
    slow = Slow(tiny.bert().model, tiny.tokenizer())
    ids = slow.ids(tiny.TEXT)
    with pytest.raises(AssertionError):
        assert_same(slow.saliency(ids, "l2"), slow.saliency(ids, "sum"), 1e-3)


def test_classes_without_a_partner_are_told_in_the_metadata(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    three = tiny.bert()
    other = TextClassifier(tiny.bert_model(seed=1), tiny.tokenizer(), name="other", labels=("Negative", "mixed", "positive"))
    monkeypatch.setattr(zoo, "load", lambda name, **_: three if name == "tiny" else other)
    file = tmp_path / "texts.csv"
    pd.DataFrame({"text": [tiny.TEXT, tiny.MIXED]}).to_csv(file, index=False)
    plan = RobustnessPlan(str(file), ("saliency",), "tiny", "other", controls=())
    out = tmp_path / "r.parquet"
    (note,) = robustness.assess(plan, out).about["notes"]
    assert "neutral" in note and "mixed" in note and "egative" not in note
    assert robustness.assess(plan, out).about["notes"] == [note], "finished, it is read from the file"


def test_models_without_a_common_class_are_refused_before_anything_is_computed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = TextClassifier(tiny.bert_model(seed=1), tiny.tokenizer(), name="other", labels=("a", "b", "c"))
    monkeypatch.setattr(zoo, "load", lambda name, **_: tiny.bert() if name == "tiny" else other)
    file = tmp_path / "texts.csv"
    pd.DataFrame({"text": [tiny.TEXT]}).to_csv(file, index=False)
    with pytest.raises(InvalidSettings, match="no class in common"):
        robustness.assess(RobustnessPlan(str(file), ("saliency",), "tiny", "other"), tmp_path / "r.parquet")
    assert [*tmp_path.iterdir()] == [file]
