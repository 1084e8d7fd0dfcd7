"""How far made-up comparisons are by a made-up clock."""

from dataclasses import replace

import pytest

from engine.tracking.progress import progress
from engine.tracking.time_left import Course
from tests.engine.tracking.made_up_runs import Clock, Made, train
from vanish_recorder.protocol.status import Status


def shares(runs: list[Made]) -> list[tuple[float, float]]:
    """After each round: what is said, and which part of the whole time had really passed."""
    clock, said = Clock(), []
    began = clock.now
    for _ in train(runs, clock):
        found = progress(run.course for run in runs)
        assert found is not None
        said.append((found, clock.now - began))
    whole = clock.now - began
    return [(found, elapsed / whole) for found, elapsed in said]


@pytest.mark.parametrize(
    "runs",
    [
        [Made("alone", [0.01])],
        [Made(f"run {number}", [cost]) for number, cost in enumerate((0.004, 0.01, 0.02))],
        [Made(f"run {number}", [0.01], epochs=epochs) for number, epochs in enumerate((2, 10, 40))],
        [Made(f"run {number}", [cost], epochs=1000, budget=12) for number, cost in enumerate((0.004, 0.02))],
        [Made("staged", [0.01, 0.01, 0.01], epochs=5), Made("plain", [0.01], epochs=5)],
    ],
    ids=["one run", "unequal costs", "unequal epochs", "seconds", "stages"],
)
def test_it_is_the_share_of_the_time_that_has_passed(runs: list[Made]) -> None:
    said = shares(runs)
    assert all(found == pytest.approx(really, abs=0.02) for found, really in said)
    assert said[-1][0] == 1.0


def test_it_never_goes_back_by_more_than_a_percent() -> None:
    """The pace of a run changes a little, such as after the first steps of a stage."""
    found = [each for each, _ in shares([Made("staged", [0.01, 0.03, 0.005]), Made("plain", [0.01])])]
    best = 0.0
    for each in found:
        assert each > best - 0.01
        best = max(best, each)


def test_a_run_that_was_stopped_needs_no_more_time() -> None:
    half = Course("half", Status.RUNNING, step=50, time=5.0, ends=100)
    stopped = Course("stopped", Status.STOPPED, step=10, time=1.0, ends=100)
    assert progress([half, stopped]) == pytest.approx(6 / 11)


def test_a_run_that_waits_will_take_as_long_as_the_others() -> None:
    half = Course("half", Status.RUNNING, step=50, time=5.0, ends=100)
    waits = Course("waits", Status.LOADING, ends=100)
    assert progress([half, waits]) == pytest.approx(1 / 4)
    assert progress([waits]) == 0.0


def test_it_is_unknown_if_the_end_of_a_run_is_unknown() -> None:
    script = Course("script", Status.RUNNING, step=50, time=5.0)
    assert progress([script]) is None
    assert progress([]) is None
    assert progress([replace(script, status=Status.FINISHED)]) == 1.0
