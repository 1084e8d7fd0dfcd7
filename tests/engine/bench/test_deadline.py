"""How repetitions share the time before a deadline, on a made-up clock."""

import pytest

from engine.bench.deadline import Deadline, OutOfTimeError


class Work:
    """A measurement that takes some seconds of a made-up clock, and returns how often it was made."""

    def __init__(self, seconds: float) -> None:
        self.now, self.made, self.seconds = 0.0, 0, seconds

    def clock(self) -> float:
        return self.now

    def __call__(self) -> int:
        self.now += self.seconds
        self.made += 1
        return self.made


def test_without_an_end_everything_is_repeated() -> None:
    work = Work(1000.0)
    assert Deadline(work.clock).repeat(work, 3) == [1, 2, 3]
    assert Deadline(work.clock).part(0.1).repeat(work, 3) == [4, 5, 6]


def test_no_repetition_begins_that_would_end_after_the_deadline() -> None:
    work = Work(3.0)
    assert Deadline(work.clock, 10.0).repeat(work, 100) == [1, 2, 3]
    assert work.now == 9.0


def test_a_part_takes_its_share_of_the_time_left_but_is_measured_once_in_any_case() -> None:
    work = Work(3.0)
    deadline = Deadline(work.clock, 24.0)
    assert deadline.part(0.5).repeat(work, 100) == [1, 2, 3, 4]  # 12 seconds
    assert deadline.part(0.1).repeat(work, 100) == [5]  # 1.2 seconds are its share
    assert deadline.left == 9.0


def test_after_the_deadline_nothing_begins() -> None:
    work = Work(3.0)
    deadline = Deadline(work.clock, 3.0)
    deadline.check()
    work()
    for late in (deadline, deadline.part(1.0)):
        assert late.left == 0
        with pytest.raises(OutOfTimeError):
            late.check()
        with pytest.raises(OutOfTimeError):
            late.repeat(work, 1)
    assert work.made == 1


def test_an_incomplete_repetition_does_not_count() -> None:
    work = Work(3.0)
    deadline = Deadline(work.clock, 10.0)

    def slower_and_slower() -> int:
        made = work()
        work.seconds = 6.0
        deadline.check()
        work.now += 1.0
        return made

    assert deadline.repeat(slower_and_slower, 2) == [1], "the second was over the deadline before its end"
    with pytest.raises(OutOfTimeError):
        deadline.repeat(slower_and_slower, 1)
