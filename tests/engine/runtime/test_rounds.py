"""Rounds measure whether parallel steps are faster, and use the faster way for a while."""

import threading
from collections.abc import Iterator
from typing import cast

import pytest

from engine.runtime.live_run import LiveRun
from engine.runtime.rounds import Rounds


class Machine:
    """A clock that each step moves by its cost, which differs for parallel and sequential steps."""

    def __init__(self) -> None:
        self.beside, self.in_turn = 1.0, 1.0
        self.now = 0.0
        self.were_beside: list[bool] = []

    def clock(self) -> float:
        return self.now


class Stepping:
    """A run that only records the thread of its steps."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self.flushed_in: set[str] = set()

    def step(self) -> None:
        beside = threading.current_thread() is not threading.main_thread()
        self._machine.now += self._machine.beside if beside else self._machine.in_turn
        self._machine.were_beside.append(beside)

    def flush(self) -> None:
        self.flushed_in.add(threading.current_thread().name)


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.fixture
def rounds(machine: Machine) -> Iterator[Rounds]:
    rounds = Rounds(2, machine.clock)
    yield rounds
    rounds.close()


def runs_on(machine: Machine, count: int) -> list[LiveRun]:
    return cast(list[LiveRun], [Stepping(machine) for _ in range(count)])


@pytest.mark.parametrize(("beside", "in_turn"), [(1.0, 3.0), (3.0, 1.0)])
def test_the_faster_way_is_used_after_both_were_tried(
    machine: Machine, rounds: Rounds, beside: float, in_turn: float
) -> None:
    machine.beside, machine.in_turn = beside, in_turn
    runs = runs_on(machine, 2)
    for _ in range(10):
        rounds.advance(runs)
    assert machine.were_beside == [True, True, False, False] * 5
    machine.were_beside.clear()
    for _ in range(100):
        rounds.advance(runs)
    assert set(machine.were_beside) == {beside < in_turn}


def test_both_ways_are_tried_again_after_a_while(machine: Machine, rounds: Rounds) -> None:
    machine.in_turn = 3.0
    runs = runs_on(machine, 2)
    for _ in range(500):
        rounds.advance(runs)
    assert machine.were_beside[-1]
    machine.beside = 9.0
    for _ in range(600):
        rounds.advance(runs)
    assert not machine.were_beside[-1]


def test_each_number_of_runs_is_measured_separately(machine: Machine, rounds: Rounds) -> None:
    machine.beside = 3.0
    for _ in range(20):
        rounds.advance(runs_on(machine, 2))
    machine.beside = 0.1
    for _ in range(20):
        rounds.advance(runs_on(machine, 3))
    assert machine.were_beside[-3:] == [True] * 3


def test_one_run_and_its_events_stay_in_the_caller_s_thread(machine: Machine, rounds: Rounds) -> None:
    (run,) = runs_on(machine, 1)
    rounds.advance([run])
    assert machine.were_beside == [False]
    two = runs_on(machine, 2)
    rounds.advance(two)
    assert [cast(Stepping, run).flushed_in for run in two] == [{threading.current_thread().name}] * 2
