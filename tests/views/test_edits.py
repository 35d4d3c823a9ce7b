"""An edit as HTML and figure: every word of both texts, signs and words besides colour, and promises only where they hold."""

import re
from dataclasses import replace

import numpy as np
import pytest

from sigviz.attribution import Attribution, Prediction
from sigviz.explain import explain, predict
from sigviz.teaching import edits
from sigviz.teaching.edits import Change, Pair
from sigviz.views import edits as views
from sigviz.views import wording
from sigviz.views.palette import THEMES
from tests import tiny

HOSTILE = '<img src=x onerror=alert(1)>"-->'
OLD, NEW = "a dull film", "a great film !"


def _both(old: str = OLD, new: str = NEW, method: str = "sig-exact") -> tuple[tuple[Pair, ...], Attribution, Attribution]:
    before = explain(tiny.bert(), old, method)
    after = explain(tiny.bert(), new, method, target=before.target)
    return edits.beside(tiny.bert(), before, after), before, after


def _labels(html: str) -> list[str]:
    return re.findall(r'role="img" aria-label="([^"]*)"', html)


@pytest.mark.parametrize("theme", THEMES)
def test_every_word_of_both_texts_is_there_with_what_happened_to_it(theme: str) -> None:
    pairs, old, new = _both()
    html = views.beside(pairs, old, new, theme)  # type: ignore[arg-type]
    labels = _labels(html)
    assert [label.split(":")[0] for label in labels] == [
        "“a” kept",
        "“dull” replaced by “great”",
        "“film” kept",
        "“!” inserted",
    ]
    rows = edits.rows(pairs, old, new)
    assert all(
        label.endswith(f"change {wording.amount(row['difference'], 'logit')}") for label, row in zip(labels, rows, strict=True)
    )
    assert html.count("⇄ replaced") == 1 and html.count("+ inserted") == 1 and "− removed" not in html
    assert html.count('class="changed" tabindex="0"') == html.count("tabindex") == 2 and html.count('class="chip none"') == 1


def test_a_removed_word_has_no_new_one() -> None:
    html = views.beside(*_both(NEW, "a film"), "light")
    assert html.count("− removed") == 2 and "“great” removed" in html


def test_full_colour_is_the_largest_score_of_both() -> None:
    pairs, old, new = _both()
    strong, weak = replace(old, raw=np.array([0.0, 4.0, 0.0])), replace(new, raw=np.array([0.0, 1.0, 0.0, 0.0]))
    html = views.beside(pairs, strong, weak, "light")
    colours = re.findall(r"background-color:(#\w+);[^>]*>(?:dull|great)<", html)
    assert colours[0] != colours[1], "the same score would have the same colour on both"
    nothing = replace(old, raw=np.zeros(3)), replace(new, raw=np.zeros(4))
    assert len(_labels(views.beside(pairs, *nothing, "light"))) == 4


def test_of_a_long_text_only_the_parts_near_a_change_are_shown() -> None:
    pairs = tuple(Pair("kept", place, place) for place in range(200))
    near = views._near((*pairs[:100], Pair("removed", 100, None), *pairs[101:]))
    assert min(near) == 100 - views.NEAR and max(near) == 100 + views.NEAR
    assert views._near(pairs[: views.WHOLE]) == set(range(views.WHOLE))


def test_what_is_left_out_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "WHOLE", 3)
    monkeypatch.setattr(views, "NEAR", 1)
    html = views.beside(*_both("a a a a dull film film film film", "a a a a great film film film film"), "light")
    assert re.findall(r"… (\d+) kept …", html) == ["3", "3"] and len(_labels(html)) == 3


def test_hostile_words_stay_text() -> None:
    pairs, old, new = _both()
    old = replace(old, units=tuple(replace(unit, text=HOSTILE) for unit in old.units), label=HOSTILE)
    for html in (views.beside(pairs, old, new, "light"), views.key(HOSTILE, "light", "logit")):
        assert "<img" not in html and "-->" not in html
    assert "&lt;img" in views.beside(pairs, old, new, "light")


def _changes(old: str = OLD, new: str = "a great film") -> tuple[tuple[Pair, ...], list[Change], list[str]]:
    made = [_both(old, new, method) for method in ("ig", "sig-exact")]
    return made[0][0], [edits.change(*one) for one in made], ["IG", "SIG exact"]


def test_predictions_stand_beside_the_true_change_and_promises_beside_what_is_promised() -> None:
    _, changes, names = _changes()
    html = views.predictions(changes, names, "logit")
    assert wording.amount(changes[0].true, "logit") in html
    ig, exact = (re.findall(r"<td>(.*?)</td>", row) for row in re.findall(r"<tr>(<th scope=\"row\">.*?)</tr>", html))
    assert "promised" not in ig[0] and "ever more steps" in ig[2]
    assert "<small>promised</small>" in exact[0] and "promised" not in exact[2]


def test_where_nothing_is_promised_nothing_is_said_to_be() -> None:
    pairs, changes, names = _changes(new="a film")
    assert "<small>" not in views.predictions(changes, names, "logit")
    said = views.promises(pairs, changes, names, "token")
    assert said.startswith("This edit: 1 token removed. No method here promises") and "as many" not in said


def test_the_promise_names_the_methods_that_made_it() -> None:
    pairs, changes, names = _changes()
    said = views.promises(pairs, changes, names, "token")
    assert "1 token replaced" in said and "so SIG exact must predict" in said
    assert "all tokens’ scores by IG together" in said


def test_the_figure_has_the_true_change_as_a_line_and_two_marks_a_method() -> None:
    _, changes, names = _changes()
    figure = views.figure(changes, names, "logit", "dark")
    line, changed, whole = figure.data
    assert set(line.x) == {changes[0].true}
    assert list(changed.x) == [one.changed for one in changes] and list(whole.x) == [one.total for one in changes]
    assert changed.marker.symbol != whole.marker.symbol, "told apart without colour"
    low, high = figure.layout.xaxis.range
    assert low < min(0.0, *line.x, *changed.x, *whole.x) and high > max(0.0, *line.x, *changed.x, *whole.x)


def test_all_equal_changes_still_have_an_axis() -> None:
    nothing = Change("ig", 0.0, 0.0, 0.0, False, False)
    low, high = views.figure([nothing], ["IG"], "logit", "light").layout.xaxis.range
    assert low < 0 < high


def _predictions() -> tuple[Prediction, Prediction]:
    before = predict(tiny.bert(), OLD)
    return before, predict(tiny.bert(), NEW, before.target)


def test_every_class_is_shown_before_and_after() -> None:
    before, after = _predictions()
    html = views.classes(before, after)
    rows = re.findall(r"<tr><th scope=\"row\">.*?</tr>", html)
    assert len(rows) == 3 and sum("explained" in row for row in rows) == 1
    for place, label in enumerate(tiny.LABELS):
        (row,) = [row for row in rows if label in row]
        assert wording.percent(float(before.probabilities[place])) in row
        assert wording.percent(float(after.probabilities[place])) in row


def test_of_many_classes_the_explained_one_is_kept() -> None:
    n = 50
    row = np.full(n, 0.5 / (n - 1))
    row[0] = 0.5
    many = Prediction(tuple(f"c{place}" for place in range(n)), row, 49)
    html = views.classes(many, many)
    assert html.count('<th scope="row">') == views.MOST_CLASSES and "c49" in html and "42 less probable classes" in html


def test_the_verdict_says_whether_the_mind_is_changed() -> None:
    before, after = _predictions()
    change = edits.change(*_both())
    said = views.verdict(before, after, change, "logit")
    changed = int(before.probabilities.argmax()) != int(after.probabilities.argmax())
    assert ("changes its mind" in said) == changed and wording.amount(change.true, "logit") in said
    assert "stays with" in views.verdict(before, before, change, "logit")


def test_classes_of_one_name_are_still_different_classes() -> None:
    before = Prediction(("x", "x"), np.array([0.9, 0.1]), 0)
    after = replace(before, probabilities=np.array([0.2, 0.8]))
    change = Change("ig", -1.0, -1.0, -1.0, False, False)
    assert "changes its mind, from x (class 0) to x (class 1)." in views.verdict(before, after, change, "logit")
    assert "stays with x." in views.verdict(before, before, change, "logit")
