"""The path theatre as data, figures, table and sentences, from a theatre made by hand: no model."""

import json
from dataclasses import replace

import numpy as np
import plotly.graph_objects as go
import pytest

from sigviz.attribution import Unit
from sigviz.teaching.theatre_result import SHOWN, Act, Candidate, Hop, Integrand, Landmark, Plane, Theatre
from sigviz.views import theatre as views
from sigviz.views import theatre_charts as charts
from sigviz.views.palette import THEMES, inks
from sigviz.views.wording import amount

HOSTILE = "<img src=x onerror=alert(1)>$x$\u202e"
ALPHAS = np.array([0, 0.25, 0.5, 0.75, 1])


def integrand(jump: bool = False) -> Integrand:
    alphas = np.array([0, 0.25, 0.5, 0.5, 0.75, 1]) if jump else ALPHAS
    slopes = np.array([1.0, 2, 3, -5, -4, 0]) if jump else np.array([1.0, 2, 3, -4, 0])
    return Integrand(alphas, slopes, np.array([0.0, 0.5]), np.array([0.25, 0.75]), np.array([1.0, -5 if jump else 3]))


def act(method: str, words: tuple[str, ...] = ("a", "dull", "film")) -> Act:
    moving = (1,) if method == "sig" else tuple(range(len(words)))
    nearest = tuple(tuple("[MASK]" if k < 3 else words[number] for number in moving) for k in range(5))
    distances = np.array([[0.0, 0.4, 0.8, 0.4, 0.0]] * len(moving)).T
    anchors = tuple(tuple(f"anchor{k // 2}" for _ in moving) for k in range(5)) if method == "dig" else ()
    outputs = {"ig": np.linspace(-1, 4, 5), "sig": np.linspace(3.9, 4, 5), "dig": np.linspace(-1, 4, 5) ** 2}[method]
    return Act(method, moving, outputs, np.linspace(0.1, 1, 5), nearest, distances, integrand(method == "dig"), anchors)


def made(**changed) -> Theatre:
    hops = (
        Hop(0.5, "slow", (Candidate("slow", 0.25), Candidate("long", 0.5)), 9, 3, 4, 0.3),
        Hop(0.25, "[MASK]", (), 0, 1, 4, 0.0),
    )
    marks = (Landmark("dull", "end", 1, 0), Landmark("[MASK]", "end", -1, 0), Landmark("slow", "anchor", 0, 1))
    way = np.stack([np.linspace(-1, 1, 5), np.zeros(5)], 1)
    found = Theatre(
        units=(Unit("a", 0, 1, (1,)), Unit("dull", 2, 6, (2,)), Unit("film", 7, 11, (3,))),
        chosen=1,
        tokens=("a", "dull", "film"),
        own=(1,),
        before=0,
        behind=0,
        alphas=ALPHAS,
        stops=(0, 2, 4),
        acts=tuple(act(method) for method in SHOWN),
        hops=hops,
        walker="dull",
        plane=Plane(way, way + 0.1, marks, 0.75),
        apart=0.9,
        output="logit",
        label="negative",
        baseline="[MASK]",
    )
    return replace(found, **changed)


# the data of the component


def test_every_alpha_of_every_row_is_there_and_reads_as_json() -> None:
    drawn = json.loads(json.dumps(views.scenes(made(), "light"), allow_nan=False))
    assert drawn["alphas"] == ALPHAS.tolist() and drawn["stops"] == [0, 2, 4]
    assert [row["name"] for row in drawn["rows"]] == ["IG", "SIG", "DIG"]
    for row in drawn["rows"]:
        for name in ("nearest", "away", "share", "f", "p", "said", "said_f", "said_p"):
            assert len(row[name]) == 5, name
        assert all(len(row[name][0]) == len(row["moving"]) for name in ("nearest", "away", "share"))
    sig, dig = drawn["rows"][1], drawn["rows"][2]
    assert sig["moving"] == [1] and drawn["own"] == [1] and sig["anchors"] == []
    assert [drawn["words"][row[0]] for row in sig["nearest"]] == ["[MASK]", "[MASK]", "[MASK]", "dull", "dull"]
    assert [row[0] for row in sig["away"]] == ["0.00", "0.40", "0.80", "0.40", "0.00"]
    assert [row[0] for row in sig["share"]] == [0, 0.5, 1, 0.5, 0]
    assert drawn["words"][dig["anchors"][3][2]] == "anchor1"
    assert sig["said_f"][-1] == "4.00 logits" and sig["said_p"][-1] == "100 %"


def test_the_id_tells_one_drawing_from_another() -> None:
    first = views.scenes(made(), "light")["id"]
    assert views.scenes(made(), "light")["id"] == first
    others = [views.scenes(made(), "dark"), views.scenes(made(baseline="x"), "light"), views.scenes(made(label="x"), "light")]
    assert len({first, *(other["id"] for other in others)}) == 4


@pytest.mark.parametrize(("low", "high"), [(-0.9, 5.3), (0, 1e-7), (3, 3), (-1e6, 2e6), (0.1, 0.10001)])
def test_an_axis_holds_all_values_between_round_ticks(low: float, high: float) -> None:
    axis = views._axis([low, high, (low + high) / 2])
    ticks = [value for value, _ in axis["ticks"]]
    assert axis["low"] <= low and high <= axis["high"] and axis["low"] < axis["high"]
    assert 3 <= len(ticks) <= 7 and len({words for _, words in axis["ticks"]}) == len(ticks)
    assert ticks[0] == pytest.approx(axis["low"]) and ticks[-1] == pytest.approx(axis["high"])
    assert all("-" not in words or "e" in words for _, words in axis["ticks"])


def test_each_row_is_said_in_one_sentence_for_each_alpha() -> None:
    found = made()
    assert views.said(found, found.act("ig"), 2) == (
        "IG at alpha 0.50: all 3 shown tokens move; the nearest word to “dull” is “[MASK]”, 0.80 away; F is 1.50 logits, the "
        "probability of negative 55.0 %."
    )
    assert "one token moves; the nearest word to “dull” is “dull”, 0.00 away; F" in views.said(found, found.act("sig"), 4)
    assert "by way of the anchor “anchor1”" in views.said(found, found.act("dig"), 3)
    assert "anchor" not in views.said(found, found.act("dig"), 4), "at its end the way has arrived"


def test_what_is_left_out_is_counted() -> None:
    drawn = views.scenes(made(before=1200, behind=3), "light")
    assert (drawn["before"], drawn["behind"]) == ("… 1,200 more", "… 3 more")
    assert views.scenes(made(), "light")["before"] == ""


def test_hidden_characters_of_foreign_words_become_visible_and_long_words_short() -> None:
    words = (HOSTILE, "dull", "x" * 500)
    found = made(tokens=words, acts=tuple(act(method, words) for method in SHOWN), label=HOSTILE, baseline=HOSTILE)
    drawn = views.scenes(found, "dark")
    text = json.dumps(drawn, ensure_ascii=False)
    assert "\u202e" not in text and max(map(len, drawn["words"])) <= 24


@pytest.mark.parametrize(("alpha", "place"), [(0, 0), (0.3, 1), (0.49, 2), (1, 4)])
def test_an_alpha_from_a_link_is_the_nearest_one_there_is(alpha: float, place: int) -> None:
    assert views.closest(made(), alpha) == place


# the figures


def test_the_bars_of_an_integrand_have_the_score_as_their_area() -> None:
    for theme in THEMES:
        for one in made().acts:
            figure = charts.integrand(made(), one, 1, theme)
            bars = figure.data[0]
            assert np.dot(bars.width, bars.y) == pytest.approx(one.integrand.score)
            assert list(bars.x) == [0, 0.25] and bars.offset == 0, "side by side from 0 to 1"
            signs = [inks(theme).towards if slope >= 0 else inks(theme).against for slope in bars.y]
            assert list(bars.marker.color) == signs


def test_the_curve_has_a_gap_where_it_jumps_and_only_there() -> None:
    jumping, smooth = (charts.integrand(made(), made().act(method), 0, "light").data[1] for method in ("dig", "ig"))
    assert list(jumping.y) == [1, 2, 3, None, -5, -4, 0]
    assert None not in list(smooth.y)


@pytest.mark.parametrize(("alpha", "slope"), [(0, 1), (0.125, 1.5), (0.5, -5), (0.625, -4.5), (1, 0)])
def test_the_diamond_stands_on_the_curve_and_behind_a_jump(alpha: float, slope: float) -> None:
    assert charts.slope_at(made().act("dig"), alpha) == pytest.approx(slope)


@pytest.mark.parametrize("place", range(5))
def test_the_figures_mark_where_alpha_is(place: int) -> None:
    found = made()
    figure = charts.integrand(found, found.act("ig"), place, "light")
    assert figure.layout.shapes[0].x0 == ALPHAS[place] and list(figure.data[-1].x) == [ALPHAS[place]]
    flat = charts.plane(found, place, "light")
    marks = [trace for trace in flat.data if "at alpha" in (trace.name or "")]
    assert [(trace.x[0], trace.y[0]) for trace in marks] == [
        tuple(found.plane.straight[place]),
        tuple(found.plane.hopping[place]),
    ]
    assert len({trace.marker.symbol for trace in marks}) == 2, "not by colour alone"


def _labels(figure: go.Figure) -> list[str]:
    return [text for trace in figure.data for text in (trace.text if trace.text is not None else ()) if text]


def test_the_map_names_its_words_where_labels_fit() -> None:
    assert _labels(charts.plane(made(), 0, "dark")) == ["<b>dull</b>", "<b>[MASK]</b>", "<b>slow</b>"]
    crowd = tuple(Landmark(f"w{k}", "anchor", 0.001 * k, 0.001 * k) for k in range(20))
    plane = replace(made().plane, landmarks=(*made().plane.landmarks, *crowd))
    figure = charts.plane(made(plane=plane), 0, "light")
    assert 3 < len(_labels(figure)) < 6
    hovers = [word for trace in figure.data for word in (trace.hovertext if trace.hovertext is not None else ())]
    assert {f"w{k}" for k in range(20)} <= set(hovers), "the pointer finds the others"


def test_foreign_words_are_harmless_in_figures() -> None:
    plane = replace(made().plane, landmarks=(Landmark(HOSTILE, "end", 0, 0),))
    text = charts.plane(made(plane=plane), 0, "light").to_json()
    assert "<img" not in text and "$x$" not in text and "\u202e" not in text


# the words and the table under it


@pytest.mark.parametrize("gained", [2.5, 2.5 + 1e-9, 2.5049])
def test_an_area_is_told_in_words_and_sig_s_is_all_that_f_gains(gained: float) -> None:
    found = made()
    exact = replace(found.act("sig"), outputs=np.linspace(1, 1 + gained, 5))
    assert charts.area(found, exact) == (
        "SIG: the area is 2.50 logits, the score of “dull”, from 2 nodes. Nothing else moves, so it is all that F gains on "
        f"this way: {amount(gained, 'logit')}."
    )
    assert charts.area(found, found.act("ig")).endswith("F gains 5.00 logits on this way, and all words share that.")


def test_an_area_from_few_nodes_is_not_said_to_be_what_f_gains() -> None:
    found = made()
    assert charts.area(found, found.act("sig")) == (
        "SIG: the area is 2.50 logits, the score of “dull”, from 2 nodes. Nothing else moves, so all that F gains on this way "
        "is 0.100 logits, which the area tends to with more nodes."
    )


@pytest.mark.parametrize("strategy", charts.COSTS)
def test_the_walk_is_a_table_with_a_row_for_each_step(strategy: str) -> None:
    rows = charts.hop_rows(made(), strategy)
    assert [row["step"] for row in rows] == [1, 2]
    assert [row["anchor chosen"] for row in rows] == ["slow", "[MASK]"]
    assert rows[0][charts.COSTS[strategy]] == 0.25 and rows[1][charts.COSTS[strategy]] is None
    assert rows[0]["dimensions changed"] == "3 of 4"
    assert rows[1]["next best"] == "none"
    assert rows[0]["next best"] == ("long (0)" if strategy == "maxcount" else "long (0.50)")


def test_counts_of_features_are_shown_as_counts() -> None:
    hop = Hop(0.5, "slow", (Candidate("slow", -300.0), Candidate("long", -299.0)), 9, 3, 384, 0.3)
    (row,) = charts.hop_rows(made(hops=(hop,)), "maxcount")
    assert row[charts.COSTS["maxcount"]] == 300 and row["next best"] == "long (299)"


def test_the_walk_and_the_map_are_told_in_words() -> None:
    words = charts.walk_in_words(made())
    assert words.startswith("From “dull” the walk leads over “slow” to “[MASK]”.") and "75.0 % of an anchor's 4" in words
    straight = charts.walk_in_words(made(hops=made().hops[1:]))
    assert "leads straight to" in straight and "%" not in straight, "where no anchor was left, none was changed"
    told = charts.plane_in_words(made())
    assert "75.0 %" in told and "alpha 0.50, the line is 0.80 away" in told and "0.90 at the median" in told


def test_the_table_of_the_way_has_a_row_for_every_alpha_method_and_moving_token() -> None:
    rows = charts.way_rows(made())
    assert len(rows) == len(ALPHAS) * (3 + 1 + 3)
    moved = [row for row in rows if row["method"] == "sig"]
    assert [row["alpha"] for row in moved] == ALPHAS.tolist() and {row["token"] for row in moved} == {"dull"}
    assert [row["nearest word"] for row in moved] == ["[MASK]"] * 3 + ["dull"] * 2
    assert moved[2]["distance"] == 0.8 and moved[0]["F"] == pytest.approx(3.9)
