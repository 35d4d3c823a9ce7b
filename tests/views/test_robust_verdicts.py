"""A robustness study in sentences: every verdict, its numbers, and names from anywhere."""

import re
from dataclasses import replace

import pytest

from sigviz.models.untrained import REDRAWN, UNTRAINED
from sigviz.studies import robustness_summary as summary
from sigviz.studies.robustness_summary import LEAST, Verdict
from sigviz.views import robust_verdicts
from tests.views.robust_rows import CHANCE, OTHER, RUNS, SHARES, row, rows

HOSTILE = "<script>alert(1)</script>[x](javascript:y)`*\u202e" + "n" * 300
RUN = {"model": "m", "method": "ig", "settings": "ig", "baseline": "unk", "steps": 50, "reduction": "l2"}
FAILING = summary.Test(RUN, OTHER, UNTRAINED, 25, 53.0, 280, 49.0, 150, 4.0, 2.5, -1.04, 9.1)
PASSING = replace(FAILING, low=0.04)
WORSE = replace(FAILING, same=40.0, difference=-9.0, low=-11.0, high=-7.0)
FEW = replace(FAILING, n_control=LEAST - 1)


def of(test, method="sig", **changed):
    return replace(test, run={**RUN, "method": method, "settings": method}, **changed)


def text(found):
    return found.replace("\u00a0", " ")


@pytest.fixture(scope="module")
def study():
    return rows(SHARES)


@pytest.mark.parametrize(
    ("test", "verdict", "words"),
    [
        (FAILING, Verdict.FAILS, "the difference of +4.0 points (95 % interval −1.0 to +9.1) may be chance"),
        (PASSING, Verdict.PASSES, "+4.0 points (95 % interval +0.04 to +9.1) is more than chance explains."),
        (
            WORSE,
            Verdict.WORSE,
            "−9.0 points (95 % interval −11.0 to −7.0) is more than chance explains, but the wrong way round",
        ),
        (FEW, Verdict.OPEN, f"That rests on {LEAST - 1} texts; a verdict takes {LEAST}."),
        (replace(FAILING, n_same=0, same=float("nan")), Verdict.OPEN, "On no text do the model and the other model predict"),
        (replace(FAILING, low=float("nan")), Verdict.OPEN, "There is no interval."),
    ],
)
def test_each_verdict_comes_with_the_numbers_that_it_rests_on(test, verdict, words) -> None:
    said = robust_verdicts.said(test)
    assert said.verdict is verdict and said.name == "IG" and words in said.text
    if test.n_same:
        assert f"share {test.same:.1f} % of their top 25 % words" in said.text and "49.0 %" in said.text


def test_the_copy_that_is_meant_is_named() -> None:
    assert "untrained head" in robust_verdicts.said(FAILING).text
    assert "nothing is trained" in robust_verdicts.said(replace(FAILING, control=REDRAWN)).text


def test_a_bound_that_decides_is_never_rounded_to_nothing() -> None:
    assert "−0.002 to +9.1" in robust_verdicts.difference(replace(FAILING, low=-0.002))
    assert "0 to +9.1" in robust_verdicts.difference(replace(FAILING, low=0.0))


def test_methods_are_counted_by_verdict_and_named() -> None:
    counted = robust_verdicts.count([FAILING, of(PASSING), of(WORSE, "saliency"), of(FEW, "dig"), of(FAILING, "smoothgrad")])
    assert counted == (
        "5 methods were tested. 1 passes: SIG. 2 fail: IG; SmoothGrad. 1 fails the other way round: Saliency. "
        "Of 1 it cannot be told: DIG."
    )
    assert robust_verdicts.count([]) == ""
    assert robust_verdicts.count([FAILING]).startswith("1 method was tested. 1 fails: IG.")


@pytest.mark.parametrize(
    ("tests", "words"),
    [
        ([FAILING, of(PASSING), of(PASSING, "sig-exact")], "Yes: IG fails here, and SIG passes."),
        ([WORSE, of(PASSING)], "Yes: IG fails here"),
        ([FAILING, of(FAILING), of(WORSE, "sig-exact")], "No: both fail here."),
        ([FAILING, of(PASSING), of(FAILING, "sig-exact")], "In part: IG fails here, and of SIG's forms some pass."),
        ([PASSING, of(PASSING)], "Here IG passes, and so does SIG."),
        ([PASSING, of(FAILING)], "Here IG passes, but SIG does not."),
        ([PASSING, of(PASSING), of(FAILING, "sig-exact")], "Here IG passes, and SIG in part."),
        ([PASSING, FAILING, of(PASSING)], "Here IG passes in part"),
        ([FEW, of(PASSING)], "cannot be told from so few texts"),
        ([FAILING, of(FEW)], "cannot be told from so few texts"),
        ([FAILING], "it has no test of SIG"),
        ([of(PASSING)], "it has no test of IG"),
        ([], "it has no test of IG and SIG"),
    ],
)
def test_whether_sig_passes_where_ig_failed_is_answered_from_the_tests(tests, words) -> None:
    assert words in text(robust_verdicts.answer(tests))


def test_the_answer_names_its_numbers_and_what_it_does_not_say() -> None:
    said = text(robust_verdicts.answer([FAILING, of(PASSING)]))
    assert "IG: fails, +4.0 points (95 % interval −1.0 to +9.1)" in said and "SIG: passes, +4.0 points" in said
    assert "differ from each other is another question" in said


def test_from_rows_to_sentences(study) -> None:
    tests = [test for test in summary.tests(study) if test.run["reduction"] in ("l2", "")]
    assert {str(test.run["settings"]): test.verdict for test in tests} == {
        "saliency": Verdict.WORSE,
        "ig": Verdict.FAILS,
        "sig": Verdict.PASSES,
        "sig-exact": Verdict.PASSES,
    }
    assert "Yes: IG fails here" in robust_verdicts.answer(tests)
    html = text(robust_verdicts.html(tests, summary.tests(study, REDRAWN), "light"))
    assert html.count("<li") == 4 and "IG fails." in html and "SIG, exact passes." in html
    assert html.count("Beside a copy with nothing trained: ") == 4


def test_the_copy_with_nothing_trained_is_told_of_the_same_run_and_reduction(study) -> None:
    harder = summary.tests(rows(SHARES | {("ig", "sum", REDRAWN): 0.45}), REDRAWN)
    (sum_test,) = [test for test in summary.tests(study) if test.run["settings"] == "ig" and test.run["reduction"] == "sum"]
    assert re.search(r"nothing trained: 4[45]\.\d % shared", text(robust_verdicts.html([sum_test], harder, "dark")))


def test_the_share_of_common_predictions_has_its_error_and_n(study) -> None:
    means = summary.summarise(study)
    assert re.fullmatch(r"90\.0 % \(standard error \d\.\d\) of the 60 texts", robust_verdicts.agreement(means, OTHER))
    assert robust_verdicts.agreement(means, "nobody") == ""
    one = summary.summarise(rows({}, texts=1, runs=(*RUNS[:1], CHANCE), differing=0))
    assert robust_verdicts.agreement(one, OTHER) == "100.0 % of the 1 text"


def test_names_from_anywhere_are_bounded_and_are_no_markup() -> None:
    hostile = replace(FAILING, run={**RUN, "method": HOSTILE, "settings": HOSTILE}, control=HOSTILE)
    html = robust_verdicts.html([hostile], [hostile], "light")
    assert "<script" not in html and "\u202e" not in html and "n" * 100 not in html
    assert len(robust_verdicts.count([hostile] * 64)) < 1_500


def test_a_file_of_very_many_methods_is_cut_short_and_says_so() -> None:
    many = [replace(FAILING, run={**RUN, "settings": f"ig(steps={steps})"}) for steps in range(1, 100)]
    html = robust_verdicts.html(many, [], "light")
    assert html.count("<li") == robust_verdicts.MOST + 1 and "And 59 more" in html
    assert robust_verdicts.html([], [], "light") == ""


def test_a_row_made_by_hand_is_one_as_the_study_writes_it() -> None:
    from sigviz.studies.results import PAIR_COLUMNS

    assert {*row(0, "infidelity", 1.0)} == {*PAIR_COLUMNS} - {"text"}


def test_an_open_question_is_not_answered_with_a_caution_about_the_answer() -> None:
    assert "compare the intervals" not in text(robust_verdicts.answer([FEW, of(PASSING)]))
