"""The runs of a page as a line of text: read, written, and refused in words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sigviz.errors import InvalidSettings
from sigviz.methods import METHODS, runs
from sigviz.methods.runs import RunChoice


def test_the_default_is_ig_sig_and_dig_with_their_own_steps() -> None:
    settings = [run.settings() for run in runs.parse(runs.default())]
    assert [(one.method, one.option("steps"), one.baseline) for one in settings] == [
        ("ig", 50, "mask"),
        ("sig", 50, "mask"),
        ("dig", 30, "mask"),
    ]


@given(
    st.lists(
        st.builds(
            RunChoice,
            st.sampled_from(["ig", "sig"]),
            st.text(min_size=1, max_size=12),
            st.fixed_dictionaries({}, optional={"steps": st.integers(1, 1024).filter(lambda n: n != 50)}),
        ),
        min_size=1,
        max_size=runs.MAX_RUNS,
    )
)
def test_what_is_written_is_read_back(chosen: list[RunChoice]) -> None:
    assert runs.parse(runs.line(chosen)) == chosen


@pytest.mark.parametrize("method", METHODS)
def test_every_option_of_every_method_survives_the_line(method: str) -> None:
    for option in METHODS[method].options:
        other = next((choice for choice in option.choices if choice != option.default), option.maximum)
        run = RunChoice(method, "pad", {option.name: option.checked(other)})
        assert runs.parse(str(run)) == [run]


def test_defaults_are_not_written() -> None:
    assert str(RunChoice("sig", "mask", {"steps": 50, "tolerance": None})) == "sig"


def test_a_new_method_keeps_what_it_has_in_common_with_the_old_one() -> None:
    run = RunChoice("sig", "pad", {"steps": 20, "context": "causal"})
    assert runs.changed(run, "method", "ig") == RunChoice("ig", "pad", {"steps": 20})
    assert runs.changed(run, "steps", 7).options == {"steps": 7, "context": "causal"}
    assert runs.changed(run, "baseline", "zero").baseline == "zero"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("", "has 0 entries"),
        ("sig " * 9, "has 9 entries"),
        ("nope", "There is no method 'nope'"),
        ("sig(steps=0)", "from 1 to 1024"),
        ("sig(steps=many)", "must be a whole number"),
        ("sig(speed=9)", "no setting 'speed'"),
        ("sig(steps)", "is not a setting"),
        ("sig((", "is not a run"),
        ("<script>", "is not a run"),
    ],
)
def test_a_wrong_line_is_refused_and_says_why(line: str, said: str) -> None:
    with pytest.raises(InvalidSettings, match=said.replace("(", r"\(")):
        runs.parse(line)
