"""A run stops when its seconds of training are over, and continues without a budget when it is resumed."""

from itertools import count

import pytest

from engine.training.trainer import Trainer
from scenarios.schema import Scenario
from tests.engine.lab import make_scenario, of_kind, random_data, train
from vanish_recorder.protocol.codec import from_line, to_line
from vanish_recorder.protocol.events import EpochFinished, RunEvent, RunFinished, RunStarted
from vanish_recorder.protocol.status import Status


def made(scenario: Scenario, budget: float | None, events: list[RunEvent]) -> Trainer:
    """A trainer whose steps take one second each."""
    ticks = count()
    trainer = Trainer(
        "run", scenario, 1, random_data(), events.append, budget=budget, clock=lambda: float(next(ticks))
    )
    trainer.begin()
    return trainer


def test_a_run_stops_after_the_step_at_which_its_budget_is_over() -> None:
    events: list[RunEvent] = []
    trainer = made(make_scenario({"training.epochs": 100}), 10, events)
    train(trainer)
    (end,) = of_kind(events, RunFinished)
    assert (end.status, end.reason) == (Status.STOPPED, "budget")
    assert 10 <= end.seconds < 12
    assert end.weights_sha256 is not None, "it ends cleanly, with its results"
    assert of_kind(events, RunStarted)[0].budget_seconds == 10
    for event in (end, of_kind(events, RunStarted)[0]):
        assert from_line(to_line(event)) == event


def test_the_last_epoch_is_evaluated_before_the_budget_ends_the_run() -> None:
    for budget in range(1, 12):
        events: list[RunEvent] = []
        trainer = made(make_scenario({"training.epochs": 100}), budget, events)
        train(trainer)
        assert len(of_kind(events, EpochFinished)) == trainer.steps // 3, "three steps are an epoch"


def test_a_run_that_has_all_its_epochs_before_has_finished() -> None:
    events: list[RunEvent] = []
    train(made(make_scenario(), 1000, events))
    (end,) = of_kind(events, RunFinished)
    assert (end.status, end.reason) == (Status.FINISHED, None)


def test_a_log_without_a_budget_does_not_mention_one() -> None:
    events: list[RunEvent] = []
    train(made(make_scenario(), None, events))
    assert not any("budget" in to_line(event) for event in events)


@pytest.mark.parametrize(("stopped_at", "ends"), [(4, Status.STOPPED), (None, Status.FINISHED)])
def test_a_resumed_run_keeps_only_a_budget_that_is_not_used_up(stopped_at: int | None, ends: Status) -> None:
    scenario = make_scenario({"training.epochs": 8})
    before: list[RunEvent] = []
    first = made(scenario, 8, before)
    train(first, stopped_at)
    after: list[RunEvent] = []
    second = made(scenario, None, after)
    second.restore(first.state())
    second.resume("by hand")
    train(second)
    assert of_kind(after, RunFinished)[-1].status is ends
    assert "budget" in first.state()["progress"]
    assert ("budget" in second.state()["progress"]) is (ends is Status.STOPPED)
