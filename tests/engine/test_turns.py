"""Whose chunk is next: who has had least, nobody held up by more than the chunk under way and half its own time."""

import itertools
import threading
from dataclasses import dataclass, field

import pytest

from sigviz.engine.turns import LEVELS, Account, Line, Turns, account, on, turns_of
from sigviz.errors import Cancelled
from tests.engine.waiting import LONG, until, waiting


@dataclass
class Case:
    """A job of a simulated device: when it comes (seconds), and what its chunks take; `ended`: when it was done."""

    comes: float
    chunks: list[float]
    ended: float = 0.0
    begun: list[float] = field(default_factory=list)  # of each chunk

    @property
    def solo(self) -> float:
        return sum(self.chunks)

    @property
    def latency(self) -> float:
        return self.ended - self.comes


class Device:
    """Runs cases in real threads on a clock of its own: a chunk ends only when all others who are there wait for a turn."""

    def __init__(self) -> None:
        self.now = 0.0
        self.turns = Turns(lambda: self.now)
        self._present = 0

    def run(self, *cases: Case) -> None:
        waits, threads = sorted(cases, key=lambda case: case.comes), []

        def arrive() -> None:
            while waits and waits[0].comes <= self.now:
                case = waits.pop(0)
                self._present += 1
                before = waiting(self.turns) + 1
                threads.append(threading.Thread(target=work, args=(case,), daemon=True))
                threads[-1].start()
                until(lambda before=before: waiting(self.turns) == before)

        def work(case: Case) -> None:
            own = Account()
            for number, seconds in enumerate(case.chunks):
                with self.turns.turn(own):
                    until(lambda: waiting(self.turns) == self._present - 1)
                    case.begun.append(self.now)
                    self.now += seconds
                    if number == len(case.chunks) - 1:
                        case.ended = self.now
                        self._present -= 1
                    arrive()
            self.turns.leave(own)

        with self.turns.turn(Account()):
            arrive()
        for thread in iter(lambda: threads.pop(0) if threads else None, None):
            thread.join(LONG)
            assert not thread.is_alive()
        assert not waits


def even(comes: float, seconds: float, chunks: int) -> Case:
    return Case(comes, [seconds / chunks] * chunks)


@pytest.mark.parametrize("longs", [1, 2, 10])
@pytest.mark.parametrize("chunk", [0.02, 0.2, 1.0])
@pytest.mark.parametrize("solo", [0.05, 0.5, 2.0])
def test_a_short_job_ends_within_three_times_its_solo_time_and_one_chunk_of_the_long_ones(
    longs: int, chunk: float, solo: float
) -> None:
    """However many long jobs there are: they came first and have had their share."""
    rivals = [Case(0.0, [chunk] * int(12 / chunk)) for _ in range(longs)]
    short = even(longs * 4.5 + 0.001, solo, 5)
    Device().run(*rivals, short)
    assert short.latency <= 1.5 * solo + chunk + 1e-9


def test_thirty_equal_short_jobs_end_one_after_another_and_not_all_at_the_end() -> None:
    cases = [even(0.0, 0.2, 4) for _ in range(30)]
    Device().run(*cases)
    ended = sorted(case.ended for case in cases)
    assert ended[-1] == pytest.approx(30 * 0.2)
    assert ended[14] < 0.75 * ended[-1]  # the median; with a chunk each in a ring it would be the last


def test_a_long_job_goes_on_in_a_flood_of_short_ones() -> None:
    """A newcomer every 0.1 s keeps the device busy for a minute; the long job still gets some of it."""
    flood = [even(0.1 * i, 0.1, 1) for i in range(600)]
    long = Case(0.0, [0.3] * 10)
    Device().run(long, *flood)
    within = [begun for begun in long.begun if begun < 55]
    assert len(within) >= 3
    assert max(b - a for a, b in itertools.pairwise(within)) < 25


def test_two_long_jobs_both_go_on() -> None:
    first, second = Case(0.0, [0.1] * 100), Case(0.0, [0.1] * 100)
    Device().run(first, second)
    halfway = sum(begun < 10 for begun in second.begun)
    assert 25 <= halfway <= 75


def test_who_came_first_goes_first_among_those_that_had_as_much() -> None:
    cases = [Case(0.0, [0.01]) for _ in range(12)]
    Device().run(*cases)
    assert [case.ended for case in cases] == sorted(case.ended for case in cases)


def test_only_one_has_the_turn_at_a_time() -> None:
    turns, inside, most = Turns(), [], []

    def take() -> None:
        own = Account()
        for _ in range(50):
            with turns.turn(own):
                inside.append(1)
                most.append(len(inside))
                inside.pop()

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LONG)
    assert most == [1] * 400


def test_the_device_is_kept_for_the_one_that_is_next_while_it_is_away_between_two_chunks() -> None:
    turns, first, second, order = Turns(), Account(), Account(), []

    def take() -> None:
        with turns.turn(second):
            order.append("second")

    thread = threading.Thread(target=take)
    with turns.turn(first):
        thread.start()
        until(lambda: waiting(turns) == 1)
        first.since = -1e9  # nobody is let past it for having waited
    with turns.turn(first):
        order.append("first")
    turns.leave(first)
    thread.join(LONG)
    assert order == ["first", "second"]


def test_the_device_is_not_kept_for_long_for_one_that_stays_away() -> None:
    turns, first, served = Turns(), Account(), threading.Event()

    def take() -> None:
        with turns.turn(Account()):
            served.set()

    with turns.turn(first):
        threading.Thread(target=take, daemon=True).start()
        until(lambda: waiting(turns) == 1)
        first.since = -1e9
    assert served.wait(LONG)  # though first never left


def test_a_turn_that_ends_in_an_error_is_passed_on() -> None:
    turns = Turns()
    with pytest.raises(ValueError), turns.turn(Account()):
        raise ValueError
    with turns.turn(Account()):
        pass


def test_who_is_interrupted_while_waiting_leaves_the_queue_and_blocks_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C in a notebook, while another thread has the device."""
    turns, order = Turns(), []

    class Interrupted(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            assert waiting(turns) == 2
            raise KeyboardInterrupt

    def take() -> None:
        with turns.turn(Account()):
            order.append("the one that waited longer")

    first = threading.Thread(target=take)
    with turns.turn(Account()):
        first.start()
        until(lambda: waiting(turns) == 1)
        queue = list(turns._waiting)
        with monkeypatch.context() as patch:
            patch.setattr("sigviz.engine.turns.threading.Event", Interrupted)
            with pytest.raises(KeyboardInterrupt), turns.turn(Account()):
                order.append("the one that was interrupted")
        assert turns._waiting == queue
    first.join(LONG)
    with turns.turn(Account()):
        order.append("the next")
    assert order == ["the one that waited longer", "the next"]


def test_who_is_cancelled_while_waiting_leaves_at_once() -> None:
    """And not only when its turn would have come: a hundred others may be before it."""
    turns, cancel, left = Turns(), threading.Event(), threading.Event()

    def take() -> None:
        with pytest.raises(Cancelled), turns.turn(Account(), cancel):
            pass
        left.set()

    with turns.turn(Account()):
        threading.Thread(target=take, daemon=True).start()
        until(lambda: waiting(turns) == 1)
        cancel.set()
        assert left.wait(LONG)
        assert waiting(turns) == 0
    with turns.turn(Account()):
        pass


def test_the_line_tells_who_is_before_one_and_about_for_how_long() -> None:
    turns = Turns(lambda: 0.0)
    fresh, long = Account(), Account()
    later = Account()
    fresh.spent, fresh.done, fresh.total = 0.1, 1, 2  # as much again: 0.1 s, within its level
    long.spent, long.done, long.total = 5.0, 1, 9
    with turns.turn(fresh):
        assert turns.line(later) == Line(1, pytest.approx(0.1))
        assert turns.line(fresh) == Line(0, 0)
        assert turns.line(long) == Line(1, pytest.approx(0.1))
    with turns.turn(long):
        assert turns.line(later) == Line(0, 0)  # the chunk under way ends, then it is before the long one


def test_of_a_job_that_did_nothing_yet_nobody_knows_how_long_it_takes() -> None:
    turns, first, second = Turns(), Account(), Account()
    with turns.turn(first):
        assert turns.line(second) == Line(1, None)


def test_a_job_falls_from_level_to_level_by_what_it_has_had() -> None:
    own = Account()
    assert own.level == 0
    own.spent = LEVELS[0]
    assert own.level == 1
    own.spent = LEVELS[-1] * 10
    assert own.level == len(LEVELS)


def test_what_is_asked_for_within_a_job_is_on_its_account() -> None:
    own = Account()
    with on(own):
        assert account() is own
    assert account() is not own


def test_each_device_has_turns_of_its_own() -> None:
    assert turns_of("cpu") is turns_of("cpu") is not turns_of("cuda:0")
