"""Comparing watched runs with each other and with a scenario's: what they share, and what differs."""

from collections.abc import Iterable
from typing import Any

import pytest

from engine.protocol.spec import RunSpec
from engine.tracking.comparison import differences, entrants, to_record
from engine.tracking.in_common import common_step, curve, losses, metrics, of_some
from engine.tracking.snapshot import RunView, Snapshot
from tests.engine import made_up_watched as made_up
from tests.engine.tracking.test_snapshot import SCENARIO, epoch, sample, stage, started
from vanish_recorder.protocol.events import Intervened, RunEvent


def fold(run: str, events: Iterable[RunEvent], **about: Any) -> Snapshot:
    described = made_up.description(**about)
    view = RunView(run, RunSpec.of_watched(described), 0)
    for event in events:
        if event.event == "watch_started":
            event = made_up.started(described)
        view.apply(event)
    return view.snapshot()


def of_scenario() -> Snapshot:
    view = RunView("scenario", RunSpec.of(SCENARIO), 1)
    for event in (started(), stage(1), sample(1), sample(5), epoch(1, step=10)):
        view.apply(event)
    return view.snapshot()


def long_and_short() -> tuple[Snapshot, Snapshot]:
    what = made_up.structure()
    samples = [made_up.measured(step, what, loss=float(step)) for step in (1, 11, 21, 31)]
    long = fold("long", [made_up.started(), what, *samples])
    short = fold("short", [made_up.started(), what, *samples[:2]], name="other")
    return long, short


def test_losses_are_compared_at_the_last_step_that_all_have() -> None:
    both = entrants(long_and_short())
    assert common_step(both) == 11
    assert losses(both, 11) == (11.0, 11.0)
    record = to_record(both)
    assert record["loss"] == {"step": 11, "values": {"gpt-small": 11.0, "other": 11.0}}
    assert [run["kind"] for run in record["runs"]] == ["watched", "watched"]
    silent = fold("silent", made_up.course([1, 11], loss=None), name="silent")
    both = entrants([long_and_short()[0], silent])
    assert common_step(both) == 0
    assert losses(both, 0) == (None, None)


def test_two_runs_of_one_script_are_two_entrants() -> None:
    long, short = long_and_short()
    again = fold("again", made_up.course([1]))
    assert [each.label for each in entrants([long, short, again])] == ["gpt-small", "other", "gpt-small (2)"]


def test_the_chart_shows_what_at_least_two_have_and_begins_with_the_accuracy_if_all_have_it() -> None:
    what = made_up.structure()
    begin: list[RunEvent] = [
        made_up.started(),
        what,
        made_up.measured(1, what, logged={"loss": 2.0, "reward": 1.0}),
    ]
    one = fold("one", [*begin, made_up.epoch_logged(1, 1, test_accuracy=0.5, bleu=7.0)])
    two = fold("two", [*begin, made_up.epoch_logged(1, 1, test_accuracy=0.4)], name="two")
    assert metrics(entrants([one, two])) == ("test_accuracy", "loss", "reward")
    assert [point.value for point in curve(one, "reward")] == [1.0]
    third = fold("third", made_up.course([1]), name="third")
    assert metrics(entrants([one, two, third])) == ("loss", "test_accuracy", "reward")
    assert of_some(entrants([one, two])) == {"bleu": ("gpt-small",)}


def test_scenarios_are_compared_as_before() -> None:
    alone = entrants([of_scenario()])
    assert metrics(alone) == ("test_accuracy", "train_accuracy", "test_loss", "train_loss")
    assert of_some(alone) == {}


def test_beside_a_scenario_only_settings_that_both_know_differ_and_it_is_said_what_one_alone_has() -> None:
    mixed = entrants([of_scenario(), fold("one", made_up.course([1, 11]))])
    rate = SCENARIO["optimizer"]["lr"]
    assert [(row.key, row.values) for row in differences(mixed)] == [("optimizer.lr", (rate, 0.0003))]
    some = of_some(mixed)
    assert some["test_accuracy"] == (mixed[0].label,)
    assert "loss" not in some
    assert metrics(mixed)[0] == "loss"


@pytest.mark.parametrize(
    ("changes", "rows"),
    [
        ({}, []),
        ({"config": {"optimizer": {"lr": 0.1}, "batch": 64}}, ["optimizer.lr", "model.layers"]),
        (
            {"config": {}, "arguments": ["--layers", "8"]},
            ["optimizer.lr", "model.layers", "batch", "arguments"],
        ),
        ({"git": {"commit": "f" * 40, "dirty": True}}, ["commit"]),
        ({"git": None}, ["commit"]),
        ({"pid": 1, "host": "other", "versions": {}}, []),
    ],
)
def test_of_two_scripts_only_what_differs_of_their_config_and_commit_is_listed(
    changes: dict[str, Any], rows: list[str]
) -> None:
    one, two = fold("one", made_up.course([1])), fold("two", made_up.course([1]), name="two", **changes)
    assert sorted(row.key for row in differences(entrants([one, two]))) == sorted(rows)


def test_a_change_by_hand_is_a_difference() -> None:
    changed = Intervened(**made_up.at(1), kind="lr_factor", value=0.5, layer=None)
    one = fold("one", made_up.course([1]))
    two = fold("two", [*made_up.course([1]), changed], name="two")
    assert [row.key for row in differences(entrants([one, two]))] == ["by hand"]
