"""Texts longer than the model reads, in windows, and explanations within a part of a text: all methods, in float64."""

import threading

import numpy as np
import pytest
import torch

from sigviz.attribution import Attribution
from sigviz.errors import Cancelled, InvalidSettings, InvalidText
from sigviz.explain import estimate, explain, explain_tokens, explain_with, predict
from sigviz.methods import METHODS, Promise
from sigviz.models import text as texts
from sigviz.models import windows
from sigviz.models.classifier import TextClassifier
from sigviz.studies.metrics import measure
from tests import tiny
from tests.methods.axioms import assert_differs, assert_same, assert_zero
from tests.methods.cases import ALL, BELOW, PROMISING, grown, name, small

LIMIT = 10  # eight words and two special tokens
LONG = (  # four sentences of 26 tokens; words of one, two and three
    "the story is unwatchable . a brilliantly dull film ! not a good plot , but moving . very slow acting and bad"
)
WORDS = "a hideous confusing spectacle not good it is very dull but the film was bright and the plot moving fast"
SAMPLING = [spec.id for spec in ALL if any(option.name == "seeds" for option in spec.options)]


def limited(limit: int = LIMIT, kind: type[TextClassifier] = TextClassifier) -> TextClassifier:
    classifier = kind(tiny.bert_model(), tiny.tokenizer(), name="tiny")
    classifier.limit = limit
    if isinstance(classifier, tiny.Watched):
        classifier.forget()
    return classifier


def spans(n: int, room: int = LIMIT - 2) -> list[tuple[int, int]]:
    """The windows of n content tokens, by hand: half a window further each time, the last one flush with the end."""
    found, start = [], 0
    while start + room < n:
        found.append((start, start + room))
        start += room // 2
    return [*found, (max(0, n - room), n)]


class Slow:
    """F of a text in windows, one sequence at a time, by ids of the tokens and nothing of sigviz but the units' tokens."""

    def __init__(self, classifier: TextClassifier, text: str, target: int | None = None, output: str = "logit") -> None:
        self.model, self.output = classifier.model, output
        self.ids = classifier.tokenizer(text)["input_ids"]
        self.windows = [[0, *range(1 + a, 1 + b), len(self.ids) - 1] for a, b in spans(len(self.ids) - 2)]
        self.logits = sum(self.look(window, self.ids) for window in self.windows) / len(self.windows)
        self.target = int(self.logits.argmax()) if target is None else target
        self.mask = classifier.tokenizer.mask_token_id

    def look(self, window: list[int], ids: list[int]) -> torch.Tensor:
        with torch.no_grad():
            return self.model(input_ids=torch.tensor([[ids[t] for t in window]])).logits[0]

    def F(self, *replaced: int) -> float:
        ids = [self.mask if t in replaced else id for t, id in enumerate(self.ids)]
        found = [self.look(window, ids) for window in self.windows]
        if self.output == "probability":
            found = [z.softmax(-1) for z in found]
        return float(np.mean([z[self.target] for z in found]))


def kept(found: Attribution, slow: Slow, within: float) -> None:
    """What the method promises, reckoned slowly."""
    moving = [t for unit in found.units for t in unit.tokens]
    assert_same(found.output, slow.F(), 1e-12)
    assert_same(found.baseline_output, slow.F(*moving), 1e-12)
    promise = METHODS[found.settings.method].promises
    if promise is Promise.PER_UNIT:
        differences = [slow.F() - slow.F(*unit.tokens) for unit in found.units]
        assert_same(found.expected, differences, 1e-10)
        assert_same(found.raw, differences, within)
    if promise is Promise.TOTAL:
        assert_same(found.raw.sum(), slow.F() - slow.F(*moving), within)
        assert_zero(found.total_delta, within)


def test_a_model_s_limit_divides_a_text_into_overlapping_windows_of_equal_length() -> None:
    for n in (*range(1, 30), 100):
        read = limited().windows("film " * n, "slide")
        assert [(own[1] - 1, own[-2]) for own in read.places] == spans(n)
        assert {len(own) for own in read.places} == {min(n + 2, LIMIT)} and read.tokens == min(n + 2, LIMIT)
        assert all(own[0] == 0 and own[-1] == n + 1 for own in read.places), "special tokens around each"
        assert read.whole.truncated == 0 and set(np.concatenate(read.places)) == set(range(n + 2))


def test_a_window_of_one_token_still_moves_on() -> None:
    assert [own.tolist() for own in limited(3).windows("a film", "slide").places] == [[0, 1, 3], [0, 2, 3]]
    with pytest.raises(InvalidText):
        limited(2).windows("a film", "slide")


@pytest.mark.parametrize("side", ["left", "right"])
def test_there_are_only_so_many_windows_and_the_rest_is_cut_and_counted(monkeypatch: pytest.MonkeyPatch, side: str) -> None:
    monkeypatch.setattr(windows, "MOST", 3)
    read = windows.slid(texts.encode_whole("film " * 19 + "dull", tiny.tokenizer()), LIMIT, side)
    assert len(read.places) == 3 and read.whole.truncated == 4
    assert ("dull" in read.whole.names) == (side == "left")
    found = explain(limited(), "film " * 20, "sig-exact", window="slide")
    assert (found.windows, found.truncated, len(found.units)) == (3, 4, 16)
    assert any("4 tokens of the text are in none of them: 3 windows are the most" in note for note in found.notes)


@pytest.mark.parametrize(("unit", "output"), [("word", "logit"), ("sentence", "probability")])
@pytest.mark.parametrize("spec", PROMISING, ids=name)
def test_every_method_keeps_its_promise_of_a_text_in_windows(spec, unit: str, output: str) -> None:
    slow = Slow(limited(), LONG, output=output)
    assert len(slow.windows) > 4
    found = [explain(limited(), LONG, spec.id, unit=unit, output=output, window="slide", **own) for own in grown(spec)[-1:]]
    kept(found[0], slow, BELOW[spec.limit] if spec.limit else 1e-10)
    assert found[0].target == slow.target and found[0].truncated == 0 and found[0].windows == len(slow.windows)


@pytest.mark.parametrize("spec", ALL, ids=name)
def test_the_scores_are_those_of_each_window_explained_by_itself_added_up_and_divided(spec) -> None:
    """One explanation a window, of its words as a text of its own, by the unchanged method."""
    target, words = Slow(limited(), WORDS).target, WORDS.split()
    raw, expected, features = (np.zeros((len(words), *rest)) for rest in ((), (), (8,)))
    for start, end in spans(len(words)):
        own = explain(limited(), " ".join(words[start:end]), spec.id, target=target, features=True, **small(spec))
        raw[start:end] += own.raw / len(spans(len(words)))
        expected[start:end] += (0 if own.expected is None else own.expected) / len(spans(len(words)))
        features[start:end] += (0 if own.features is None else own.features) / len(spans(len(words)))
    found = explain(limited(), WORDS, spec.id, window="slide", features=True, **small(spec))
    assert_same(found.raw, raw, 1e-12)
    assert_differs(found.raw, 0 * raw, 1e-3)
    if found.expected is not None:
        assert_same(found.expected, expected, 1e-12)
    if found.features is not None:
        assert_same(found.features, features, 1e-5)
        assert_same(found.features.sum(1), found.raw, 1e-5)


@pytest.mark.parametrize("id", SAMPLING)
def test_the_spread_is_that_of_the_text_s_own_scores_over_the_seeds(id: str) -> None:
    own = small(METHODS[id], seeds=3)
    found = explain(limited(), WORDS, id, window="slide", **own)
    by_seed = [explain(limited(), WORDS, id, window="slide", seed=s, **{**own, "seeds": 1}) for s in range(3)]
    assert_same(found.raw, by_seed[0].raw, 0)
    assert_same(found.spread, np.std([one.raw for one in by_seed], axis=0, ddof=1), 1e-12)
    assert by_seed[0].spread is None


@pytest.mark.parametrize("spec", ALL, ids=name)
def test_a_text_that_fits_is_explained_bit_for_bit_as_before(spec) -> None:
    text = " ".join(WORDS.split()[:8])
    (cut, cut_tokens), (slid, slid_tokens) = (
        explain_tokens(limited(), text, spec.settings(window=window, **small(spec)), features=True)
        for window in ("cut", "slide")
    )
    for one in ("raw", "expected", "spread", "features", "probabilities"):
        before, after = getattr(cut, one), getattr(slid, one)
        assert (before is None and after is None) or before.tobytes() == after.tobytes(), one
    assert cut_tokens.tobytes() == slid_tokens.tobytes()
    assert (cut.output, cut.baseline_output, cut.notes, cut.units) == (
        slid.output,
        slid.baseline_output,
        slid.notes,
        slid.units,
    )
    assert slid.windows == 1


def test_the_answer_is_that_of_the_mean_logits_and_the_target_is_fixed_there() -> None:
    slow = Slow(limited(), LONG)
    said = predict(limited(), LONG, window="slide")
    assert_same(said.probabilities, slow.logits.softmax(-1), 1e-12)
    assert (said.target, said.windows, said.truncated) == (slow.target, len(slow.windows), 0)
    found = explain(limited(), LONG, "sig-exact", window="slide", output="probability")
    assert_same(found.probabilities, said.probabilities, 1e-12)
    assert abs(found.output - said.probabilities[said.target]) > 1e-6, "a mean of probabilities, and the note says so"
    assert any("mean of the windows' F" in note and "mean of the windows' logits" in note for note in found.notes)
    cut = predict(limited(), LONG)
    assert (cut.windows, cut.truncated) == (1, 18)


@pytest.mark.parametrize("window", ["cut", "slide"])
@pytest.mark.parametrize("within", [None, (0, 24)])
@pytest.mark.parametrize("spec", ALL, ids=name)
def test_what_it_costs_is_known_before_and_told_on_the_way(spec, window: str, within) -> None:
    classifier, told = limited(kind=tiny.Watched), []
    settings = spec.settings(window=window, within=within, **small(spec))
    expected = estimate(classifier, LONG, settings)
    found = explain_with(classifier, LONG, settings, progress=lambda done, total: told.append((done, total)))
    assert (found.cost.forward, found.cost.backward) == (classifier.forward, classifier.backward)
    assert classifier.forward <= expected.forward and classifier.backward == expected.backward
    assert expected.units == len(found.units) and expected.tokens == found.cost.tokens == LIMIT
    assert expected.windows == found.windows
    assert told[-1] == (found.cost.forward + found.cost.backward,) * 2
    assert all(done <= total <= expected.forward + expected.backward for done, total in told)


def test_it_stops_between_windows_and_within_them() -> None:
    stop, classifier = threading.Event(), limited(kind=tiny.Watched)
    most = estimate(classifier, LONG, METHODS["sig"].settings(window="slide")).forward

    def progress(done: int, total: int) -> None:
        if done > total // 2:
            stop.set()

    with pytest.raises(Cancelled):
        explain(classifier, LONG, "sig", window="slide", progress=progress, cancel=stop)
    assert 0 < classifier.forward < most


@pytest.mark.parametrize("spec", ALL, ids=name)
def test_the_scores_of_all_tokens_add_up_to_those_of_the_units(spec) -> None:
    found, tokens = explain_tokens(limited(), LONG, spec.settings(window="slide", unit="word", **small(spec)))
    assert tokens.shape == (len(limited().windows(LONG, "slide").whole.ids),)
    assert_same([tokens[list(unit.tokens)].sum() for unit in found.units], found.raw, 1e-10)


# within a part of the text


def sentences(classifier: TextClassifier, text: str, window: str = "cut") -> list:
    return list(texts.units(classifier.windows(text, window).whole, "sentence"))


@pytest.mark.parametrize(("window", "unit"), [("cut", "word"), ("slide", "token")])
@pytest.mark.parametrize("spec", PROMISING, ids=name)
def test_within_a_sentence_every_method_keeps_its_promise(spec, unit: str, window: str) -> None:
    classifier = limited() if window == "slide" else tiny.bert()
    for sentence in sentences(classifier, LONG, window)[1:3]:
        found = explain(
            classifier, LONG, spec.id, unit=unit, window=window, within=(sentence.start, sentence.end), **grown(spec)[-1]
        )
        assert sorted(t for one in found.units for t in one.tokens) == sorted(sentence.tokens)
        slow = Slow(classifier, LONG)
        if window == "cut":
            slow.windows = [list(range(len(slow.ids)))]
            slow.target = found.target
        kept(found, slow, BELOW[spec.limit] if spec.limit else 1e-10)


@pytest.mark.parametrize("window", ["cut", "slide"])
@pytest.mark.parametrize("output", ["logit", "log-odds"])
def test_ig_s_words_share_just_the_sentence_s_exact_sig(window: str, output: str) -> None:
    classifier = limited() if window == "slide" else tiny.bert()
    shared = {"window": window, "output": output}
    whole = explain(classifier, LONG, "sig-exact", unit="sentence", **shared)
    assert len(whole.units) == 4
    for sentence, score in zip(whole.units, whole.raw, strict=True):
        part = {"within": (sentence.start, sentence.end), "unit": "word", **shared}
        found = explain(classifier, LONG, "ig", steps=256, **part)
        assert_same(found.raw.sum(), score, 1e-8)
        assert_same(found.output - found.baseline_output, score, 1e-12)
        assert_differs(explain(classifier, LONG, "sig-exact", **part).raw.sum(), score, 1e-4)


@pytest.mark.parametrize("spec", ALL, ids=name)
def test_within_all_of_the_text_is_no_restriction(spec) -> None:
    one, other = (explain(tiny.bert(), LONG, spec.id, within=part, **small(spec)) for part in (None, (0, len(LONG))))
    assert one.raw.tobytes() == other.raw.tobytes() and one.units == other.units
    assert one.baseline_output == other.baseline_output


@pytest.mark.parametrize("spec", ALL, ids=name)
def test_what_is_outside_stays_at_x_at_every_point(spec) -> None:
    classifier = limited(64, tiny.Watched)
    found = explain(classifier, LONG, spec.id, within=(4, 26), **small(spec))
    assert [unit.text for unit in found.units] == ["story", "is", "un", "watch", "able", "."]
    x = classifier.embed(classifier.encode(LONG).ids)
    still = np.setdiff1d(np.arange(len(x)), [t for unit in found.units for t in unit.tokens])
    assert all(torch.equal(point[still], x[still]) for point in classifier.points)
    assert found.features is None or len(found.features) == 6


def test_a_unit_that_reaches_beyond_has_only_its_part_inside() -> None:
    found = explain(tiny.bert(), LONG, "sig-exact", unit="sentence", within=(4, 28))
    assert [unit.text for unit in found.units] == ["story is unwatchable .", "a"]
    cut_word = explain(tiny.bert(), "unwatchable film", "sig-exact", unit="word", within=(2, 11))
    assert [unit.text for unit in cut_word.units] == ["watchable"]


@pytest.mark.parametrize("given", [(5, 5), (9, 2), (-1, 4), (0,), (0, 1, 2), "0:4", 7, (0.0, 4.0), (True, 4), {0, 4}])
def test_what_is_no_part_of_a_text_is_refused(given) -> None:
    with pytest.raises(InvalidSettings, match="within is"):
        explain(tiny.bert(), LONG, within=given)


def test_a_part_without_a_token_is_refused() -> None:
    for part in ((1, 3), (3, 4), (10_000, 10_001)):
        with pytest.raises(InvalidSettings, match="No token that the model reads lies within characters"):
            explain(tiny.bert(), LONG, within=part)


def test_an_unknown_way_to_read_is_refused() -> None:
    with pytest.raises(InvalidSettings, match="window is 'jump'; choose one of: cut, slide"):
        explain(tiny.bert(), LONG, window="jump")


def test_a_list_from_json_is_the_same_part_and_the_same_settings() -> None:
    one, other = (METHODS["ig"].settings(within=part) for part in ([2, 9], (2, 9)))
    assert one == other and hash(one) == hash(other) and one.to_dict()["within"] == [2, 9]


# what cannot be measured


@pytest.mark.parametrize(
    ("given", "said"), [({"window": "slide"}, "several windows"), ({"within": (0, 24)}, "a part of the text")]
)
def test_the_metrics_refuse_what_is_not_the_whole_text_at_once(given, said: str) -> None:
    found = explain(limited(), LONG, "random", **given)
    with pytest.raises(InvalidSettings, match=said):
        measure(limited(), [found])
