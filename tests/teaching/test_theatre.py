"""The path theatre: its points, words and areas are those of the methods, as a slow reading of the papers has them."""

import threading
from dataclasses import replace

import numpy as np
import pytest
import torch

from sigviz.errors import Cancelled, InvalidSettings
from sigviz.explain import explain_with
from sigviz.methods import METHODS
from sigviz.models.classifier import TextClassifier
from sigviz.paths.quadrature import RULES
from sigviz.teaching import theatre as stage
from sigviz.teaching.theatre import estimate, theatre
from sigviz.teaching.theatre_plane import plane
from sigviz.teaching.theatre_result import SHOWN, Theatre
from sigviz.teaching.theatre_walk import BEST, Names
from tests import tiny
from tests.methods import slow
from tests.methods.axioms import assert_differs, assert_same
from tests.models.families import FAMILIES

M, K = 3, 10  # DIG's steps and neighbours
WORST = 1e-9


def wanted(steps: int = 6, quadrature: str = "gauss-legendre", walk: dict | None = None, **shared) -> stage.Wanted:
    own = {"steps": steps, "quadrature": quadrature}
    return (
        METHODS["ig"].settings(**own, **shared),
        METHODS["sig"].settings(**own, **shared),
        METHODS["dig"].settings(**({"steps": M, "neighbours": K} | (walk or {})), **shared),
    )


def played(text: str = tiny.TEXT, chosen: int = 1, **given) -> Theatre:
    return theatre(tiny.bert(), text, wanted(**given), chosen)


# the area is the score


@pytest.mark.parametrize("unit", ["token", "word", "sentence"])
@pytest.mark.parametrize("quadrature", RULES)
def test_the_nodes_add_up_to_the_method_s_own_score_of_every_unit(quadrature: str, unit: str) -> None:
    asked = wanted(quadrature=quadrature, unit=unit, output="log-odds", walk={"strategy": "maxcount"})
    raw = [explain_with(tiny.bert(), tiny.MIXED, settings).raw for settings in asked]
    for chosen in range(len(raw[0])):
        found = theatre(tiny.bert(), tiny.MIXED, asked, chosen)
        assert_same([act.integrand.score for act in found.acts], [scores[chosen] for scores in raw], WORST)


@pytest.mark.parametrize("baseline", ["mask", "pad", "zero", "mean", "film"])
@pytest.mark.parametrize("walk", [{"factor": 2}, {"strategy": "non-monotonic"}, {"steps": 1}, {"steps": 60, "factor": 1}])
def test_dig_s_nodes_add_up_whatever_its_walk_is(walk: dict, baseline: str) -> None:
    asked = wanted(walk=walk, baseline=baseline)
    found = theatre(tiny.bert(), tiny.TEXT, asked, 4)
    dig = found.act("dig")
    assert_same(dig.integrand.score, explain_with(tiny.bert(), tiny.TEXT, asked[2]).raw[4], WORST)
    assert_same(dig.integrand.weights.sum(), 1, 1e-12)
    assert len(dig.integrand.nodes) == (asked[2].option("steps") + 1) * 2 ** asked[2].option("factor")


def test_every_node_lies_on_its_curve() -> None:
    for act in played().acts:
        g = act.integrand
        for node, slope in zip(g.nodes, g.at_nodes, strict=True):
            there = np.isclose(g.alphas, node, rtol=0, atol=1e-12)
            assert there.any() and np.isclose(g.slopes[there], slope, rtol=0, atol=1e-12).any()
        assert (np.diff(g.alphas) >= 0).all() and (g.alphas[0], g.alphas[-1]) == (0, 1)


def test_the_area_under_each_curve_tends_to_what_f_gains_where_one_word_moves_and_to_the_score_everywhere() -> None:
    """With one word to move, F gains by this word alone; the curve is fine enough for the trapezoid rule to see it."""
    fine = {"walk": {"steps": 1, "factor": 8}}
    found = played("hideous", 0, steps=200, quadrature="riemann-middle", **fine)
    for act in found.acts:
        g = act.integrand
        gained = act.outputs[-1] - act.outputs[0]
        assert_same(np.trapezoid(g.slopes, g.alphas), gained, 2e-3 * max(1, abs(gained)))
        assert_differs(gained, 0, 0.1)


def test_the_slopes_of_all_units_together_are_the_slope_of_f() -> None:
    """IG and DIG: every unit's part; by small differences of F between neighbouring alphas."""
    every = [played(chosen=chosen, walk={"factor": 6}) for chosen in range(5)]
    for method in ("ig", "dig"):
        acts = [one.act(method) for one in every]
        g = acts[0].integrand
        slopes = np.sum([act.integrand.slopes for act in acts], 0)
        alphas, outputs = every[0].alphas, acts[0].outputs
        middle = (alphas[1:] + alphas[:-1]) / 2
        reckoned = np.diff(outputs) / np.diff(alphas)
        inside = np.array([k for k, alpha in enumerate(alphas[:-1]) if method == "ig" or k // 64 == (k + 1) // 64])
        assert_same(np.interp(middle, g.alphas, slopes)[inside], reckoned[inside], 0.02 * np.abs(reckoned).max())


# where the points are


def reached(classifier: tiny.Watched, method: str, found: Theatre, steps: int) -> list[np.ndarray]:
    """The points at the alphas, out of all that the watched model was shown, in the order in which acts play."""
    points = [point.numpy() for point in classifier.points][2:]  # without x and x̄
    A, per = len(found.alphas), (len(found.alphas) - 1) // (M + 1)
    if method == "ig":
        return points[:A]
    points = points[A + steps :]
    if method == "sig":
        return points[:A]
    points = points[A + steps :]
    return [point for k, point in enumerate(points) if k % (per + 1) < per] + points[-1:]


@pytest.mark.parametrize("method", SHOWN)
def test_the_points_are_where_the_papers_say(method: str) -> None:
    classifier, chosen, steps = tiny.watched(), 7, 4  # a word of two tokens
    found = theatre(classifier, tiny.MIXED, wanted(steps, unit="word"), chosen)
    points = reached(classifier, method, found, steps)
    case = slow.case(tiny.bert(), tiny.MIXED, unit="word")
    start = case.replaced(chosen) if method == "sig" else case.replaced(*range(len(case.tokens)))
    assert len(points) == len(found.alphas)
    for alpha, point in zip(found.alphas, points, strict=True):
        expected = start + alpha * (case.x - start)
        if method == "dig":
            stop, share = min(int(alpha * (M + 1)), M), alpha * (M + 1) - min(int(alpha * (M + 1)), M)
            for token in case.content:
                way = slow.word_path(case.ids[token], case.b, case.b_id, case.E, "greedy", M, K)
                expected[token] = way[stop] + share * (way[stop + 1] - way[stop])
        assert_same(point, expected, 1e-12)


def test_f_and_the_probability_are_those_of_the_points() -> None:
    found = played(tiny.MIXED, 2, output="margin", target=2)
    case = slow.case(tiny.bert(), tiny.MIXED, output="margin", target=2)
    start = case.replaced(*range(len(case.tokens)))
    sure = replace(case, output="probability")
    for k in (0, len(found.alphas) // 3, len(found.alphas) - 1):
        point = start + found.alphas[k] * (case.x - start)
        assert_same(found.act("ig").outputs[k], case.F(point), WORST)
        assert_same(found.act("ig").probabilities[k], sure.F(point), WORST)
    assert_same(found.act("sig").outputs[[0, -1]], [case.F(case.replaced(2)), case.F(case.x)], WORST)
    assert_same(found.act("dig").outputs[[0, -1]], [case.F(start), case.F(case.x)], WORST)
    assert found.label == tiny.LABELS[2]


def test_ig_and_dig_move_every_word_and_sig_the_chosen_one() -> None:
    found = played(tiny.MIXED, 3, unit="word")
    assert found.act("ig").moving == found.act("dig").moving == tuple(range(len(found.tokens)))
    assert found.act("sig").moving == found.own and len(found.own) == 3
    assert [found.tokens[number] for number in found.own] == ["un", "##watch", "##able"]


def test_the_nearest_words_are_those_of_a_search_through_the_whole_vocabulary() -> None:
    found = played()
    case = slow.case(tiny.bert(), tiny.TEXT)
    way = [slow.word_path(case.ids[token], case.b, case.b_id, case.E, "greedy", M, K) for token in case.content]
    per = found.stops[1]
    for k, alpha in enumerate(found.alphas):
        stop = min(k // per, M)
        share = k / per - stop
        for number, token in enumerate(case.content):
            line = case.b + alpha * (case.x[token] - case.b)
            hop = way[number][stop] + share * (way[number][stop + 1] - way[number][stop])
            for method, point in (("ig", line), ("dig", hop)):
                act = found.act(method)
                away = np.linalg.norm(case.E - point, axis=1)
                assert_same(act.distances[k, number], away.min(), WORST)
                assert away[tiny.VOCABULARY.index(act.nearest[k][number])] == pytest.approx(away.min(), abs=WORST)
    assert_same(found.act("sig").distances[:, 0], found.act("ig").distances[:, found.own[0]], WORST)
    others = [np.sort(np.linalg.norm(case.E - case.x[token], axis=1))[1] for token in case.content]
    assert_same(found.apart, np.median(others), WORST)


def test_every_stop_of_dig_is_among_the_alphas_and_names_its_anchor() -> None:
    found = played()
    assert_same(found.alphas[list(found.stops)], np.arange(M + 2) / (M + 1), 1e-12)
    case = slow.case(tiny.bert(), tiny.TEXT)
    dig = found.act("dig")
    for number, token in enumerate(case.content):
        walk = slow.anchors(case.ids[token], case.b, case.b_id, case.E, "greedy", M, K)
        ids = [case.b_id, *(case.b_id if anchor is None else anchor for anchor in walk[::-1]), case.ids[token]]
        assert [dig.anchors[stop][number] for stop in found.stops] == [tiny.VOCABULARY[id] for id in ids]
    between = [dig.anchors[stop + 1] for stop in found.stops[:-1]]
    assert between == [dig.anchors[stop] for stop in found.stops[:-1]], "between stops the last one counts"


# DIG's walk


@pytest.mark.parametrize("strategy", ["greedy", "maxcount", "non-monotonic"])
def test_the_walk_is_retold_as_it_was_taken(strategy: str) -> None:
    found = played(chosen=1, walk={"strategy": strategy})
    case = slow.case(tiny.bert(), tiny.TEXT)
    word = case.ids[case.content[1]]
    walk = slow.anchors(word, case.b, case.b_id, case.E, strategy, M, K)
    way = slow.word_path(word, case.b, case.b_id, case.E, strategy, M, K)[::-1]  # from the word on
    assert found.walker == tiny.VOCABULARY[word] and len(found.hops) == M
    for step, (hop, anchor) in enumerate(zip(found.hops, walk, strict=True), start=1):
        assert hop.alpha == pytest.approx(1 - step / (M + 1))
        assert hop.anchor == tiny.VOCABULARY[case.b_id if anchor is None else anchor]
        assert [one.cost for one in hop.candidates] == sorted(one.cost for one in hop.candidates)
        assert len(hop.candidates) == min(BEST, hop.weighed) and hop.weighed <= K
        vector, before = case.b if anchor is None else case.E[anchor], way[step - 1]
        low, high = np.minimum(case.b, before), np.maximum(case.b, before)
        assert hop.bent == int(((vector < low) | (vector > high)).sum()) and hop.features == len(case.b)
        assert_same(hop.away, np.linalg.norm(way[step] - vector), WORST)
        if anchor is not None:
            assert hop.candidates[0].word == hop.anchor
    assert any(hop.bent for hop in found.hops), "nothing was bent: the count would prove nothing"


def test_a_word_that_is_the_baseline_stays_where_it_is() -> None:
    found = played(chosen=0, baseline="a")
    assert {hop.anchor for hop in found.hops} == {"a"} and all(hop.candidates == () for hop in found.hops)
    assert [act.integrand.score for act in found.acts] == [0, 0, 0]
    assert_same(found.act("dig").distances[:, 0], np.zeros(len(found.alphas)), 0)


# the plane


def test_the_plane_keeps_distances_where_two_dimensions_are_all_there_are() -> None:
    random = np.random.default_rng(0)
    flat = np.linalg.qr(random.normal(size=(7, 2)))[0].T  # [2, 7], orthonormal
    line, hop, words = (random.normal(size=(count, 2)) @ flat + 5 for count in (4, 6, 3))
    found = plane(line, hop, [("a", "end"), ("b", "anchor"), ("c", "near")], words)
    places = np.concatenate([found.straight, found.hopping, [(mark.x, mark.y) for mark in found.landmarks]])
    points = np.concatenate([line, hop, words])
    for one, other in ((0, 5), (3, 11), (12, 7)):
        assert_same(np.linalg.norm(places[one] - places[other]), np.linalg.norm(points[one] - points[other]), 1e-9)
    assert found.kept == pytest.approx(1)
    assert found.hopping[-1, 0] > found.hopping[0, 0], "from the baseline on the left to the word on the right"


def test_the_plane_is_the_best_of_all_planes() -> None:
    random = np.random.default_rng(1)
    hop, words = random.normal(size=(9, 6)) * [5, 4, 1, 1, 1, 0.5], random.normal(size=(4, 6))
    found = plane(hop[:2], hop, [("w", "near")] * 4, words)
    points = np.concatenate([hop, words])
    spread = np.linalg.eigvalsh(np.cov(points.T))[::-1]
    assert found.kept == pytest.approx(spread[:2].sum() / spread.sum())
    again = plane(hop[:2], hop, [("w", "near")] * 4, words)
    assert_same(again.hopping, found.hopping, 0)


@pytest.mark.parametrize("features", [1, 3])
def test_a_way_that_leads_nowhere_is_a_point_on_the_plane(features: int) -> None:
    still = np.ones((5, features))
    found = plane(still, still, [("a", "end")], still[:1])
    assert_same(found.straight, np.zeros((5, 2)), 1e-12)
    assert found.kept == 1


def test_the_map_names_the_ends_the_anchors_and_the_words_met_each_once() -> None:
    found = played()
    words = [mark.word for mark in found.plane.landmarks]
    assert len(set(words)) == len(words)
    assert {mark.word for mark in found.plane.landmarks if mark.kind == "end"} == {found.walker, "[MASK]"}
    assert {hop.anchor for hop in found.hops} - {"[MASK]"} == {
        mark.word for mark in found.plane.landmarks if mark.kind == "anchor"
    }
    met = {row[act.moving.index(found.own[0])] for act in found.acts for row in act.nearest}
    assert met <= set(words)
    assert len(found.plane.straight) == len(found.plane.hopping) == len(found.alphas)
    assert_same(found.plane.straight[[0, -1]], found.plane.hopping[[0, -1]], 1e-9)


# what it costs, and where it ends


@pytest.mark.parametrize(("walk", "parts"), [({}, 32), ({"steps": 10}, 44), ({"steps": 60}, 61), ({"factor": 5}, 128)])
def test_the_way_is_cut_finely_and_every_pass_was_foretold(walk: dict, parts: int) -> None:
    classifier, asked, told = tiny.watched(), wanted(walk=walk), []
    found = theatre(classifier, tiny.TEXT, asked, 0, progress=lambda done, total: told.append((done, total)))
    assert len(found.alphas) == parts + 1
    cost = estimate(classifier, tiny.TEXT, asked)
    assert (classifier.forward, classifier.backward) == (cost.forward, cost.backward)
    assert told[0][1] == told[-1][1] == sum(told[-1]) / 2 == cost.forward + cost.backward
    assert cost.weighed == 5 * asked[2].option("steps") * K


def test_a_long_text_shows_the_words_around_the_chosen_one_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = [played(tiny.MIXED, chosen) for chosen in (0, 6, 12)]
    monkeypatch.setattr(stage, "MOST_TOKENS", 4)
    monkeypatch.setattr(stage, "LONG", 10)
    for chosen, before, full in zip((0, 6, 12), (0, 5, 9), whole, strict=True):
        found = played(tiny.MIXED, chosen)
        assert (found.before, len(found.tokens), found.before + found.behind) == (before, 4, 9)
        assert found.tokens == full.tokens[before : before + 4]
        assert found.own == (chosen - before,)
        assert len(found.limited) == 2 and len(found.alphas) < len(full.alphas)
        assert_same([act.integrand.score for act in found.acts], [act.integrand.score for act in full.acts], WORST)
        assert full.limited == ()


def test_of_a_long_sentence_its_beginning_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage, "MOST_TOKENS", 4)
    found = played(tiny.MIXED, 0, unit="sentence")
    assert found.before == 0 and found.own == (0, 1, 2, 3)


def test_what_is_cancelled_stops() -> None:
    classifier, cancel = tiny.watched(), threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        theatre(classifier, tiny.TEXT, wanted(), 0, cancel=cancel)
    assert classifier.forward == 0


@pytest.mark.parametrize("chosen", [-1, 5, 10**9])
def test_a_word_that_is_not_there_is_refused(chosen: int) -> None:
    with pytest.raises(InvalidSettings, match="it has 5"):
        played(chosen=chosen)


def test_settings_that_do_not_go_together_are_refused() -> None:
    ig, sig, dig = wanted()
    for asked in ((sig, ig, dig), (ig, sig, wanted(baseline="pad")[2])):
        with pytest.raises(InvalidSettings, match="one baseline"):
            theatre(tiny.bert(), tiny.TEXT, asked, 0)
    for own in ({"tolerance": 0.1}, {"context": "causal"}):
        with pytest.raises(InvalidSettings, match="fixed steps"):
            theatre(tiny.bert(), tiny.TEXT, (ig, METHODS["sig"].settings(**own), dig), 0)


def test_notes_of_the_baseline_and_the_model_are_passed_on() -> None:
    found = played(baseline="mean")
    assert found.baseline == "mean vector" and found.notes == ()
    assert played().baseline == "[MASK]"


@pytest.mark.parametrize("family", ["roberta", "gpt2", "llama", "xlm_roberta", "bert"])
def test_words_are_written_without_the_signs_of_their_tokenizer(family: str) -> None:
    model, tokenizer = FAMILIES[family]()
    classifier = TextClassifier(model, tokenizer, name=family)
    names = Names(classifier, classifier.baseline("mask"))
    ids = classifier.encode("The story is dull").ids
    written = [names.word(int(token)) for token in ids]
    assert "story" in "".join(written).replace("##", "") and not any("Ġ" in one or one.startswith("▁") for one in written)
    with torch.no_grad():
        every = [names.word(token) for token in range(len(classifier.vocabulary()))]
    assert all(every), "no entry of the vocabulary is without a name"
