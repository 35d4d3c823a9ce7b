"""A part of a text drawn by itself: its characters, its scores, and nothing of the rest but dimmed and escaped."""

import numpy as np

from sigviz.attribution import Settings
from sigviz.explain import explain
from sigviz.views import heatmap, wording
from sigviz.views.excerpt import context, excerpt, shares
from sigviz.views.pieces import pieces
from tests.tiny import MIXED, bert

WITHIN = (27, 52)  # the second sentence


def _inside(method: str = "sig-exact", **given):
    return explain(bert(), MIXED, method, unit="word", within=WITHIN, **given)


def test_an_excerpt_has_the_part_s_characters_and_all_its_scores() -> None:
    found = excerpt(_inside())
    assert found.text == "a brilliantly dull film !" and [unit.text for unit in found.units] == found.text.split()
    assert [found.text[unit.start : unit.end] for unit in found.units] == [unit.text for unit in found.units]
    assert np.array_equal(found.raw, _inside().raw)
    whole = explain(bert(), MIXED, "sig-exact")
    assert excerpt(whole) is whole


def test_what_stands_behind_a_part_is_not_struck_through_as_cut_off() -> None:
    text = f"{MIXED} " + "film " * 80
    found = explain(bert(), text, "sig-exact", unit="word", within=(0, 26))
    assert found.truncated and "sigviz-cut" not in heatmap.html(found, theme="light")
    whole = explain(bert(), text, "random", unit="word", seeds=1)
    assert "sigviz-cut" in heatmap.html(whole, theme="light")
    assert "".join(part.text for piece in pieces(text, found.units) for part in piece.parts) == text


def test_the_context_holds_the_text_once_escaped_and_the_part_between_two_boxes_that_scroll() -> None:
    html = context("a <i>y</i> <b>x</b> & a\u202efilm", 11, 19, "dark")
    assert "<b>" not in html and "<i>" not in html and "\u202e" not in html
    before, part, behind = (html.index(words) for words in ("a &lt;i&gt;y", "&lt;b&gt;x&lt;/b&gt;", "&amp; a"))
    assert before < part < behind and html.count("max-height") == 2 and "The text behind it" in html
    assert context("film", 0, 4, "light").count("max-height") == 0, "there is nothing around it"


def test_the_table_sets_the_sentence_beside_the_sum_of_its_words() -> None:
    found = [_inside("ig"), _inside()]
    table = shares(found, [0.25, None])
    change = wording.number(found[0].output - found[0].baseline_output)
    assert table.count("<tr>") == 3 and table.count(f"<td>{change}</td>") >= 2 and "<td>0.250</td>" in table and "·" in table


def test_words_about_a_part_say_what_its_words_share() -> None:
    ig, exact, random = _inside("ig", steps=64), _inside(), _inside("random")
    change = ig.output - ig.baseline_output
    for found, promise in ((ig, "TOTAL"), (exact, "PER_UNIT"), (random, "NOTHING")):
        said = wording.share_in_words(found, promise)
        assert f"its exact SIG score is {wording.number(change)}" in said and wording.number(float(found.raw.sum())) in said
    assert "IG's words share it" in wording.share_in_words(ig, "TOTAL")
    assert "each word is replaced alone" in wording.share_in_words(exact, "PER_UNIT")
    assert "promises nothing" in wording.share_in_words(random, "NOTHING")
    causal = wording.share_in_words(_inside(context="causal"), "PER_UNIT")
    assert "read from left to right, they share it" in causal


def test_facts_say_which_part_and_how_many_windows() -> None:
    facts = dict(wording.facts(_inside()))
    assert facts["within"] == "characters 27 to 52; the rest stays" and facts["unit"] == "word (5 inside)"
    assert "within" not in dict(wording.facts(explain(bert(), MIXED, "random"))) and Settings("ig").within is None
