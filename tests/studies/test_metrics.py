"""Faithfulness metrics: each beside a slow loop from its definition, at the ends of k, and in few passes."""

import threading
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sigviz.attribution import Attribution, Cost, Settings
from sigviz.errors import Cancelled, InvalidSettings
from sigviz.explain import explain
from sigviz.models.classifier import TextClassifier
from sigviz.models.text import units
from sigviz.studies import metrics as studied
from sigviz.studies.metrics import LEVELS, METRICS, PROTOCOLS, Measured, measure
from tests import tiny
from tests.methods import cases
from tests.methods.axioms import assert_differs, assert_same
from tests.models import families
from tests.studies.slow_metrics import Slow

WITHIN = 1e-12
THREE = ("log_odds", "comprehensiveness", "sufficiency")
MANY = " ".join((tiny.MIXED, tiny.TEXT, tiny.MIXED))  # 31 tokens: more than one look for infidelity


def scored(
    classifier: TextClassifier, text: str, raw: list[float] | int = 0, unit: str = "token", baseline: str = "mask"
) -> Attribution:
    """An explanation with these scores, or with as many as it needs, drawn by that seed from few values, so that some tie."""
    pieces = units(classifier.encode(text), unit)
    if isinstance(raw, int):
        raw = np.random.default_rng(raw).integers(-3, 4, len(pieces)).tolist()
    return Attribution(
        model=classifier.name,
        text=text,
        units=pieces,
        raw=np.array(raw, dtype=float),
        expected=None,
        output=0.0,
        baseline_output=0.0,
        target=0,
        label=classifier.labels[0],
        labels=classifier.labels,
        probabilities=np.array([1.0, *[0.0] * (len(classifier.labels) - 1)]),
        cost=Cost(0.0, 0, 0, "cpu", "float64"),
        settings=Settings("random", baseline=baseline, unit=unit),
    )


def multi_label() -> TextClassifier:
    model = tiny.bert_model()
    model.config.problem_type = "multi_label_classification"
    return TextClassifier(model, tiny.tokenizer(), name="multi-label")


def without_special_tokens() -> TextClassifier:
    return TextClassifier(*families.gpt2(), name="gpt2")


def without_unk(monkeypatch: pytest.MonkeyPatch, classifier: TextClassifier) -> TextClassifier:
    known = classifier._special
    monkeypatch.setattr(classifier, "_special", lambda kind: None if kind == "unk" else known(kind))
    return classifier


def one(classifier: TextClassifier, attribution: Attribution, **given_: object) -> Measured:
    (found,) = measure(classifier, [attribution], **given_)  # type: ignore[arg-type]
    return found


def in_order(values: dict[str, float]) -> list[float]:
    return [values[name] for name in METRICS]


def check(classifier: TextClassifier, attributions: list[Attribution], protocol: str, k: float) -> None:
    """All the metrics and curves are those of the slow loops."""
    found = measure(classifier, attributions, protocol=protocol, k=k)
    for attribution, measured in zip(attributions, found, strict=True):
        slow = Slow(classifier, attribution)
        assert list(measured.values) == list(METRICS) and not measured.notes
        assert_same(in_order(dict(measured.values)), in_order(slow.all(protocol, k)), WITHIN)
        assert measured.deletion is not None and measured.insertion is not None
        assert_same(measured.deletion, slow.deletion(), WITHIN)
        assert_same(measured.insertion, slow.insertion(), WITHIN)


# Beside the slow loops


@pytest.mark.parametrize("k", [5, 20, 33.3, 80])
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_all_metrics_are_those_of_the_slow_loops(protocol: str, k: float) -> None:
    classifier = tiny.bert()
    mixed = [scored(classifier, tiny.MIXED, i, unit, b) for i, b in enumerate(cases.BASELINES) for unit in ("token", "word")]
    check(classifier, [*mixed, scored(classifier, tiny.MIXED, 9, "sentence")], protocol, k)


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("make", [multi_label, without_special_tokens])
def test_other_models_give_what_the_slow_loops_give(make: Callable[[], TextClassifier], protocol: str) -> None:
    classifier = make()
    check(classifier, [scored(classifier, tiny.MIXED, seed, baseline="film") for seed in range(3)], protocol, 20)


@given(cases.texts(8), st.integers(0, 99), st.sampled_from(PROTOCOLS), st.integers(1, 99))
def test_any_text_any_order_and_any_k(text: str, seed: int, protocol: str, k: int) -> None:
    classifier = tiny.bert()
    check(classifier, [scored(classifier, text, seed), scored(classifier, text, seed + 1, "word")], protocol, k)


def test_the_explanations_of_the_methods_themselves() -> None:
    classifier = tiny.bert()
    found = [explain(classifier, tiny.MIXED, method, unit=unit) for method in ("ig", "sig") for unit in ("token", "word")]
    check(classifier, found, "content", 20)


def test_the_comparison_would_notice_another_order_protocol_or_k() -> None:
    classifier = tiny.bert()
    plain = scored(classifier, tiny.MIXED, 1)
    values = in_order(dict(one(classifier, plain).values))
    for other in (one(classifier, replace(plain, raw=-plain.raw)), one(classifier, plain, k=50)):
        assert_differs(in_order(dict(other.values)), values, 1e-3)
    paper = one(classifier, plain, protocol="paper")
    assert_differs([paper.values[name] for name in THREE], values[:3], 1e-3)


# What they must obey


@given(st.integers(0, 99), st.sampled_from(PROTOCOLS))
def test_explanations_do_not_disturb_each_other(seed: int, protocol: str) -> None:
    classifier = tiny.bert()
    several = [scored(classifier, tiny.MIXED, seed + i, unit) for i, unit in enumerate(("token", "word", "sentence"))]
    together = measure(classifier, several, protocol=protocol)
    alone = [one(classifier, each, protocol=protocol) for each in several]
    backwards = measure(classifier, several[::-1], protocol=protocol)[::-1]
    for a, b, c in zip(together, alone, backwards, strict=True):
        assert_same(in_order(dict(a.values)), in_order(dict(b.values)), WITHIN)
        assert_same(in_order(dict(a.values)), in_order(dict(c.values)), WITHIN)


def test_p_is_of_the_class_predicted_whatever_was_explained() -> None:
    classifier = tiny.bert()
    plain = scored(classifier, tiny.MIXED, 4)
    predicted = int(explain(classifier, tiny.MIXED, "sig-exact").probabilities.argmax())
    others = [
        replace(plain, target=t, label=tiny.LABELS[t], settings=Settings("random", target=t, output="probability"))
        for t in range(len(tiny.LABELS))
    ]
    for measured in measure(classifier, others):
        assert measured.values == one(classifier, plain).values
        assert measured.deletion is not None
        expected = explain(classifier, tiny.MIXED, "sig-exact").probabilities[predicted]
        assert measured.deletion[0] == pytest.approx(expected, abs=1e-14)


@given(cases.texts(8), st.integers(0, 99))
def test_the_curves_end_at_the_text_and_at_the_baseline(text: str, seed: int) -> None:
    classifier = tiny.bert()
    measured = one(classifier, scored(classifier, text, seed))
    assert measured.deletion is not None and measured.insertion is not None
    assert measured.deletion.shape == measured.insertion.shape == (len(LEVELS) + 2,)
    assert measured.deletion[0] == measured.insertion[-1] and measured.deletion[-1] == measured.insertion[0]
    assert 0 <= measured.values["deletion_area"] <= 1 and 0 < measured.values["infidelity"] <= 100


def sum_of_words(scale: float = 1.0) -> TextClassifier:
    """Each word counts by how far the first number of its vector is from the unknown token's; few are too little."""
    unknown = tiny.handmade(lambda x: x[:, 0, 0]).baseline("unk").vector
    return tiny.handmade(lambda x: scale * ((x - unknown)[..., 0].abs().sum(-1) / 3 - 2))


def right_scores(classifier: TextClassifier, text: str) -> Attribution:
    """What each word adds to the predicted class's logit, against the unknown token."""
    encoding = classifier.encode(text)
    counts = (classifier.embed(encoding.ids) - classifier.baseline("unk").vector)[:, 0].abs()
    return scored(classifier, text, counts[torch.as_tensor(encoding.content)].tolist(), baseline="unk")


def test_right_scores_beat_reversed_ones_in_the_direction_that_each_metric_says() -> None:
    classifier = sum_of_words()
    right = right_scores(classifier, tiny.MIXED)
    good, bad = measure(classifier, [right, replace(right, raw=-right.raw)])
    for metric in METRICS.values():
        ahead = good.values[metric.id] - bad.values[metric.id]
        assert ahead > 0.01 if metric.better == "higher" else ahead < -0.01, metric.id


def test_a_saturated_probability_has_finite_log_odds() -> None:
    classifier = sum_of_words(scale=1e4)
    right = right_scores(classifier, tiny.MIXED)
    values = one(classifier, right, k=70).values
    assert all(np.isfinite(value) for value in values.values()) and values["log_odds"] < -1000


# The ends of k, and short texts


def test_k_of_nothing_and_of_everything_with_special_tokens_staying() -> None:
    classifier = tiny.bert()
    plain = scored(classifier, tiny.TEXT)
    slow = Slow(classifier, plain)
    special_only = slow.p(slow.words) - slow.p(slow.kept(slow.special))
    none, every = (one(classifier, plain, k=k).values for k in (0, 100))
    assert none["log_odds"] == none["comprehensiveness"] == every["sufficiency"] == 0
    assert none["sufficiency"] == pytest.approx(special_only, abs=WITHIN)
    assert every["comprehensiveness"] == pytest.approx(special_only, abs=WITHIN)
    assert_same([every[name] for name in THREE], list(slow.three("content", 100).values()), WITHIN)


def test_where_the_papers_code_selects_nothing_all_three_are_zero() -> None:
    classifier = tiny.bert()
    plain = scored(classifier, "good")  # three tokens with [CLS] and [SEP]: int(0.6)
    values = one(classifier, plain, protocol="paper").values
    assert [values[name] for name in THREE] == [0, 0, 0]
    assert one(classifier, plain).values["comprehensiveness"] != 0


@pytest.mark.parametrize(
    ("protocol", "k", "metric"),
    [("paper", 100, "comprehensiveness"), ("content", 100, "comprehensiveness"), ("content", 0, "sufficiency")],
)
def test_a_k_that_leaves_nothing_is_refused_by_name(protocol: str, k: float, metric: str) -> None:
    classifier = without_special_tokens()
    plain = scored(classifier, "good", baseline="film")
    with pytest.raises(InvalidSettings, match=f"k = {k} % nothing is left of the text for {metric}"):
        measure(classifier, [plain], protocol=protocol, k=k)
    others = [name for name in METRICS if name != metric]
    assert list(one(classifier, plain, protocol=protocol, k=k, metrics=others).values) == others


def test_a_word_alone_has_all_metrics_that_it_can_have() -> None:
    check(tiny.bert(), [scored(tiny.bert(), "good", [1.0])], "content", 20)
    classifier = without_special_tokens()
    alone = scored(classifier, "good", unit="word", baseline="film")
    measured = one(classifier, alone)
    assert list(measured.values) == [name for name in METRICS if name != "comprehensiveness"]
    assert len(measured.notes) == 1 and "comprehensiveness has no value" in measured.notes[0]
    assert not one(classifier, alone, metrics=["sufficiency"]).notes


# Protocol "paper"


def test_special_tokens_with_score_zero_come_before_words_that_speak_against() -> None:
    classifier = tiny.bert()
    against = scored(classifier, tiny.TEXT, [-1.0] * 5)
    slow = Slow(classifier, against)
    assert slow.top_of_all(30) == slow.special == {0, 6}  # [CLS] and [SEP], of seven tokens
    values = one(classifier, against, protocol="paper", k=30).values
    assert values["comprehensiveness"] == pytest.approx(slow.p(slow.words) - slow.p(slow.words[1:-1]), abs=WITHIN)
    assert values["sufficiency"] == pytest.approx(slow.p(slow.words) - slow.p([slow.words[0], slow.words[-1]]), abs=WITHIN)


def test_special_tokens_may_bring_scores_of_their_own() -> None:
    classifier = tiny.bert()
    several = [scored(classifier, tiny.MIXED, seed) for seed in (1, 2)]
    rows = np.random.default_rng(5).normal(size=(2, len(classifier.encode(tiny.MIXED).ids)))
    rows[0, 0] = 9  # [CLS] above all
    found = measure(classifier, several, protocol="paper", scores=rows)
    for attribution, row, measured in zip(several, rows, found, strict=True):
        slow = Slow(classifier, attribution).three("paper", 20, row.tolist())
        assert_same([measured.values[name] for name in THREE], [slow[name] for name in THREE], WITHIN)
        own = one(classifier, attribution, protocol="paper")
        others = [name for name in own.values if name not in THREE]
        assert others == [name for name in measured.values if name not in THREE]
        assert_same([own.values[name] for name in others], [measured.values[name] for name in others], 1e-12)


# Infidelity


def test_infidelity_counts_up_to_the_change_and_is_all_where_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    steady = tiny.handmade(lambda x: 1 + 0 * x.sum((-1, -2)))
    assert one(steady, scored(steady, MANY)).values["infidelity"] == 100
    classifier = sum_of_words()
    right = right_scores(classifier, MANY)
    slowly = Slow(classifier, right).infidelity(classifier.baseline("unk").vector)
    assert 10 < slowly < 90
    for rows in (1, 2, 3, 5, 1000):  # whatever the number of prefixes in a look
        monkeypatch.setattr(studied, "rows_that_fit", lambda *_, rows=rows, **__: rows)
        several = measure(classifier, [right, replace(right, raw=-right.raw), scored(classifier, MANY, 3, "word")])
        assert several[0].values["infidelity"] == slowly
        assert several[2].values["infidelity"] == Slow(classifier, scored(classifier, MANY, 3, "word")).infidelity(
            classifier.baseline("unk").vector
        )


def test_infidelity_stops_after_the_change(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(studied, "rows_that_fit", lambda *_, **__: 1)
    classifier = sum_of_words()
    right = right_scores(classifier, MANY)
    measured = one(classifier, right, metrics=["infidelity"])
    replaced = round(measured.values["infidelity"] * len(right.raw) / 100)
    assert measured.forward == 1 + replaced < 1 + len(right.raw)


def test_a_model_without_unk_gets_the_own_baseline_and_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    classifier = sum_of_words()
    plain = right_scores(classifier, MANY)
    without_unk(monkeypatch, classifier)
    plain = replace(plain, settings=Settings("random", baseline="zero"))
    measured = one(classifier, plain)
    assert measured.values["infidelity"] == Slow(classifier, plain).infidelity(classifier.baseline("zero").vector)
    assert len(measured.notes) == 1 and "no unk token" in measured.notes[0] and "zero" in measured.notes[0]
    assert not one(classifier, plain, metrics=THREE).notes


# In few passes


def test_no_text_goes_through_the_model_twice_and_equal_choices_share_theirs() -> None:
    classifier = tiny.watched()
    plain = scored(classifier, tiny.MIXED, 2)
    alone = one(classifier, plain)
    classifier.forget()
    same = [plain, replace(plain, raw=3 * plain.raw), replace(plain, settings=Settings("random", baseline="[MASK]"))]
    found = measure(classifier, same)
    assert [each.values for each in found] == [alone.values] * 3
    assert found[0].forward == classifier.forward == alone.forward
    classifier.forget()
    measure(classifier, [*same, replace(plain, settings=Settings("random", baseline="unk"))])  # deletion is infidelity's too
    seen = {(len(point), point.numpy().tobytes()) for point in classifier.points}
    assert len(seen) == len(classifier.points) > alone.forward


def test_the_model_is_called_once_for_each_length_and_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    classifier = tiny.watched()
    several = [scored(classifier, tiny.MIXED, seed) for seed in range(7)]
    classifier.forget()
    measure(classifier, several, metrics=[name for name in METRICS if name != "infidelity"])
    assert {len(point) for point in classifier.points} == {15, 12, 5}  # the whole, without the top three, and these alone
    chunks = -(-classifier.forward // (768 // 15))
    assert len(classifier.batches) <= 2 + chunks < classifier.forward / 10
    classifier.forget()
    measure(classifier, several, metrics=["infidelity"])
    assert len(classifier.batches) <= 6


def test_only_what_is_asked_for_is_computed() -> None:
    classifier = tiny.watched()
    plain = scored(classifier, tiny.MIXED)
    for names, forward in ((["log_odds"], 2), (["comprehensiveness", "sufficiency"], 3), (["deletion_area"], 8), ([], 1)):
        classifier.forget()
        measured = one(classifier, plain, metrics=names)
        assert list(measured.values) == names and classifier.forward == measured.forward <= forward
        assert (measured.deletion is not None) == ("deletion_area" in names) and measured.insertion is None


def test_progress_ends_at_its_total_and_never_goes_back() -> None:
    classifier = tiny.bert()
    told: list[tuple[int, int]] = []
    measure(classifier, [scored(classifier, MANY, seed) for seed in range(4)], progress=lambda *now: told.append(now))
    done = [now for now, _ in told]
    assert done == sorted(done) and len(done) > 3 and all(now <= total for now, total in told)
    assert told[-1][0] == told[-1][1]


def test_a_cancel_stops_within_a_chunk() -> None:
    classifier, cancel = tiny.watched(), threading.Event()
    several = [scored(classifier, MANY, seed) for seed in range(4)]
    classifier.forget()
    with pytest.raises(Cancelled):
        measure(classifier, several, progress=lambda *_: cancel.set(), cancel=cancel)
    assert len(classifier.batches) == 1


# What is refused


def test_nothing_to_measure_is_nothing_measured() -> None:
    assert measure(tiny.bert(), []) == []


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"protocol": "papers"}, "content, paper"),
        ({"metrics": ["log_odds", "fidelity"]}, "no metric 'fidelity'.*log_odds"),
        ({"metrics": "<script>" * 99}, "no metric"),
        ({"k": 101}, "from 0 to 100"),
        ({"k": float("nan")}, "from 0 to 100"),
        ({"k": True}, "from 0 to 100"),
        ({"k": "20"}, "from 0 to 100"),
        ({"scores": [np.zeros(7)]}, "for protocol 'paper' alone"),
        ({"scores": [], "protocol": "paper"}, "one row for each"),
        ({"scores": [np.zeros(5)], "protocol": "paper"}, "5 numbers, but the model reads 7 tokens"),
        ({"scores": [np.full(7, np.nan)], "protocol": "paper"}, "finite"),
    ],
)
def test_wrong_settings_are_refused_in_words(wrong: dict, says: str) -> None:
    with pytest.raises(InvalidSettings, match=says) as refused:
        one(tiny.bert(), scored(tiny.bert(), tiny.TEXT), **wrong)
    assert len(str(refused.value)) < 400


def test_explanations_of_another_text_model_or_tokenizer_are_refused() -> None:
    classifier = tiny.bert()
    plain = scored(classifier, tiny.TEXT)
    with pytest.raises(InvalidSettings, match="different texts"):
        measure(classifier, [plain, scored(classifier, tiny.MIXED)])
    with pytest.raises(InvalidSettings, match="of the model 'other', not of 'tiny'"):
        measure(classifier, [plain, replace(plain, model="other")])
    for strange in (replace(plain, units=plain.units[1:], raw=plain.raw[1:]), replace(plain, raw=plain.raw[1:])):
        with pytest.raises(InvalidSettings, match="not those that the model reads"):
            measure(classifier, [strange])
    with pytest.raises(InvalidSettings, match="finite"):
        measure(classifier, [replace(plain, raw=plain.raw * np.nan)])


def test_every_metric_says_what_it_is_and_which_way_is_better() -> None:
    for name, metric in METRICS.items():
        assert metric.id == name and metric.better in ("lower", "higher")
        assert metric.summary.endswith(".") and metric.label and metric.unit and metric.source
