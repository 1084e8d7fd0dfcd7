"""A log whose lines are repeated or out of order is damaged; what a run really reports never is."""

import itertools
import random
from dataclasses import replace

import pytest

from engine.protocol.commands import CannotFreeze
from engine.tracking.order import Order, OutOfOrder
from tests.engine.lab import begin, make_scenario, random_data, train
from vanish_recorder.protocol.events import (
    EpochFinished,
    Intervened,
    Resumed,
    RunEvent,
    RunFinished,
    RunStarted,
    Sample,
    StageStarted,
)

STAGES = [{"sub_models": [1], "train": [1]}, {"sub_models": [1, 2], "train": [1, 2]}]


@pytest.fixture(scope="module")
def events() -> list[RunEvent]:
    """A run that was paused, changed by hand in every way, stopped and resumed."""
    scenario = make_scenario({"stages": STAGES, "training.epochs": 3})
    trainer, events = begin(scenario, random_data())
    train(trainer, 2)
    trainer.pause("by hand")
    for value in (0.2, 0.2):
        trainer.set_learning_rate(value)
    trainer.resume("by hand")
    train(trainer, 1)
    trainer.next_stage()
    trainer.freeze("layer2", frozen=True)
    with pytest.raises(CannotFreeze):
        trainer.freeze("layer9", frozen=True)
    trainer.freeze("layer2", frozen=False)
    trainer.freeze("layer2", frozen=True)
    train(trainer, 2)
    trainer.set_epochs(4)
    trainer.stop()
    last = events[-1]
    where = {"step": last.step, "epoch": last.epoch, "stage": last.stage, "time": last.time}
    events.append(Resumed(run="run", reason="after a crash", **where))  # type: ignore[arg-type]
    return events


def refused(events: list[RunEvent]) -> list[RunEvent]:
    order, found = Order(), []
    for event in events:
        try:
            order.check(event)
        except OutOfOrder:
            found.append(event)
    return found


def test_what_a_run_reports_is_in_order(events: list[RunEvent]) -> None:
    kinds = {type(event) for event in events}
    assert kinds >= {RunStarted, StageStarted, Sample, EpochFinished, Intervened, Resumed, RunFinished}
    assert refused(events) == []


@pytest.mark.parametrize("kind", [RunStarted, StageStarted, Sample, EpochFinished, RunFinished])
def test_a_repeated_event_is_refused(kind: type[RunEvent], events: list[RunEvent]) -> None:
    for place, event in enumerate(events):
        if isinstance(event, kind):
            assert refused([*events[: place + 1], event, *events[place + 1 :]]) == [event]


def test_the_next_stage_is_asked_for_once(events: list[RunEvent]) -> None:
    (asked,) = (event for event in events if isinstance(event, Intervened) and event.kind == "next_stage")
    place = events.index(asked)
    for copy in range(place + 1, len(events)):
        assert refused([*events[:copy], asked, *events[copy:]]) == [asked]


def test_an_event_that_is_earlier_than_the_one_before_it_is_refused(events: list[RunEvent]) -> None:
    for before, after in itertools.pairwise(events):
        for field in ("step", "epoch", "stage", "time"):
            if value := getattr(before, field):
                assert refused([before, replace(after, **{field: value - 1})])
    assert refused([events[2], replace(events[3], time=float("nan"))])


def test_in_any_order_the_samples_and_epochs_that_are_left_increase(events: list[RunEvent]) -> None:
    draw = random.Random(1)
    for _ in range(200):
        shuffled = draw.choices(events, k=len(events))
        left = [event for event in shuffled if all(event is not bad for bad in refused(shuffled))]
        for kind, counter in ((Sample, "step"), (EpochFinished, "epoch")):
            numbers = [getattr(event, counter) for event in left if isinstance(event, kind)]
            assert numbers == sorted(set(numbers))
