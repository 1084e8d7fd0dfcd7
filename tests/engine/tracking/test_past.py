"""A run at a step in the past is what the screen showed at that step."""

from collections.abc import Iterable
from itertools import pairwise

import pytest

from engine.protocol.spec import RunSpec
from engine.tracking import past
from engine.tracking.past import Past
from engine.tracking.snapshot import RunView, Snapshot
from tests.engine.lab import begin, make_scenario, random_data, train
from vanish_recorder.protocol.events import RunEvent

SCENARIO = make_scenario({"training.epochs": 150})


@pytest.fixture(scope="module")
def events() -> list[RunEvent]:
    trainer, events = begin(SCENARIO, random_data())
    train(trainer)
    return events


class Counting:
    """Returns events again, and counts how many."""

    def __init__(self, events: list[RunEvent]) -> None:
        self.events, self.count = events, 0

    def __call__(self, first: int, last: int) -> Iterable[RunEvent]:
        self.count += last - first
        return self.events[first:last]


def new_view() -> RunView:
    return RunView("run", RunSpec.of(SCENARIO.resolved()), 1)


def shown(events: list[RunEvent]) -> dict[int, Snapshot]:
    """What a live screen shows after each step."""
    view, found = new_view(), {}
    for event in events:
        view.apply(event)
        found[event.step] = view.snapshot()
    return found


def test_every_step_is_what_was_shown_then(events: list[RunEvent], monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when states are dropped again and again because there are too many."""
    monkeypatch.setattr(past, "_GAP", 2)
    monkeypatch.setattr(past, "_MOST", 8)
    whole = Past(new_view(), lambda first, last: events[first:last])
    for event in events:
        whole.add(event)
    live = shown(events)
    forward, backward = sorted(live), sorted(live, reverse=True)
    for step in (*forward, *backward, *forward[::7], *backward[::3]):
        assert whole.at(step) == live[step]
    assert whole.view.snapshot() == live[whole.last_step]


def test_between_two_measured_steps_the_earlier_one_holds(events: list[RunEvent]) -> None:
    whole = Past(new_view(), lambda first, last: events[first:last])
    for event in events:
        whole.add(event)
    live = shown(events)
    steps = sorted(live)
    before, after = next((a, b) for a, b in pairwise(steps) if b - a > 1)
    assert whole.at(after - 1) == live[before]
    assert whole.at(10 * steps[-1]) == live[steps[-1]]
    assert whole.at(-1) == new_view().snapshot()


def test_a_step_is_reached_by_few_events(events: list[RunEvent]) -> None:
    """From anywhere in a long run; and a step forward needs only the events of that step."""
    again = Counting(events)
    whole = Past(new_view(), again)
    for event in events:
        whole.add(event)
    last = whole.last_step
    assert len(events) > 2 * past._GAP
    for step in (last, 0, last // 2, last // 3, last - 1):
        again.count = 0
        whole.at(step)
        assert again.count <= past._GAP
    whole.at(last // 2)
    again.count = 0
    whole.at(last // 2 + 10)
    assert again.count <= sum(last // 2 < event.step <= last // 2 + 10 for event in events)


def test_a_run_continues_while_its_past_is_looked_at(events: list[RunEvent]) -> None:
    whole = Past(new_view(), lambda first, last: events[first:last])
    live = shown(events)
    middle = events[len(events) // 2].step
    for event in events:
        whole.add(event)
        if event.step >= middle and event.step % 9 == 0:
            assert whole.at(middle // 2) == whole.at(middle // 2)
            assert whole.at(middle // 2).sequence <= live[middle].sequence
    assert whole.view.snapshot() == live[whole.last_step]
    assert whole.at(middle) == live[middle]
