"""The script under the comparison: run, it prints the numbers of the page."""

import re
import threading
from dataclasses import replace

import pytest

import sigviz
from sigviz.methods.runs import RunChoice
from sigviz.models.classifier import TextClassifier
from sigviz.models.untrained import UNTRAINED
from sigviz.studies import robustness
from sigviz.teaching import robust_sentence as teaching
from sigviz.teaching.robust_sentence import Question
from sigviz.views import robust_code
from sigviz.views.robust_code import Asked
from tests import tiny

TEXT = "the story is unwatchable . a \"brilliantly\" dull 'film' !"


def _asked(question: Question) -> list[Asked]:
    subject, other = tiny.bert(), TextClassifier(tiny.bert_model(seed=1), tiny.tokenizer(), name="tiny-2")
    copy = robustness.control(subject, UNTRAINED, 4)
    readers = (("The model", subject, ""), ("The other model", other, ""), ("The copy", copy, UNTRAINED))
    return [
        Asked(
            title,
            model.revision,
            teaching.explained(model, TEXT, question, lambda done, total: None, threading.Event()),
            control,
        )
        for title, model, control in readers
    ]


@pytest.mark.parametrize(
    "question",
    [
        Question(RunChoice("ig", "unk"), "l2"),
        Question(RunChoice("saliency"), "sum", output="probability"),
        Question(RunChoice("sig-exact"), "", unit="word", target=1),
        Question(RunChoice("ig"), "sum", output="margin", target=2, contrast=0),
    ],
    ids=["l2", "sum", "whole words", "margin"],
)
def test_the_script_prints_the_overlaps(
    question: Question, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = _asked(question)
    known = {"tiny": tiny.bert(), "tiny-2": TextClassifier(tiny.bert_model(seed=1), tiny.tokenizer(), name="tiny-2")}
    monkeypatch.setattr(sigviz, "load", lambda name, device, dtype: known[name])
    exec(compile(robust_code.python(asked, question.reduction, 25, 4), "script", "exec"), {})
    wanted = [teaching.compare(asked[0].answer, one.answer, 25).overlap.value for one in asked[1:]]
    printed = capsys.readouterr().out
    assert re.findall(r"(\d+) %", printed) == [f"{100 * value:.0f}" for value in wanted]
    assert "The other model" in printed and "The copy" in printed


def test_a_models_commit_is_named_and_hostile_names_stay_strings() -> None:
    asked = _asked(Question(RunChoice("sig-exact"), ""))[:1]
    commit = "0123456789" * 4
    hostile = replace(asked[0], revision=commit, answer=replace(asked[0].answer, model='x")\nimport os #'))
    script = robust_code.python([hostile], "", 25, 0)
    compile(script, "script", "exec")
    assert f"revision={commit!r}" in script and "\nimport os" not in script
    assert "revision" not in robust_code.python(asked, "", 25, 0)
