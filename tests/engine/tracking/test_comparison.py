import json
from collections.abc import Mapping, Sequence
from typing import Any

from engine.protocol.spec import RunSpec
from engine.tracking.comparison import differences, entrants, to_record
from engine.tracking.ranking import Entrant, rank
from engine.tracking.snapshot import RunView, Snapshot
from tests.engine.lab import make_scenario
from vanish_recorder.protocol.events import (
    EpochFinished,
    Intervened,
    RunEvent,
    RunFinished,
    RunStarted,
    StageStarted,
)
from vanish_recorder.protocol.status import Status

STEPS_PER_EPOCH = 10


def a_run(
    name: str,
    accuracies: Sequence[float],
    *,
    changes: Mapping[str, object] | None = None,
    id: str = "small",
    seed: int = 1,
    seconds: float = 1.0,
    status: Status | None = None,
    images: int = 320,
    by_hand: Sequence[Intervened] = (),
) -> Snapshot:
    """A run with one test accuracy an epoch, each epoch `seconds` long."""
    scenario = {**make_scenario(changes).resolved(), "id": id}
    events: list[RunEvent] = [
        RunStarted(
            run=name,
            step=0,
            epoch=0,
            stage=0,
            time=0.0,
            schema=1,
            scenario=scenario,
            seed=seed,
            device="cpu",
            threads=1,
            data={"name": "fashion-mnist", "source": "sample", "train": images, "test": 20},
            versions={},
            parameters=1,
            steps_per_epoch=STEPS_PER_EPOCH,
            stages=1,
        ),
        StageStarted(run=name, step=0, epoch=0, stage=1, time=0.0, trainable=("output",), frozen=()),
    ]
    for epoch, accuracy in enumerate(accuracies, 1):
        events.append(
            EpochFinished(
                run=name,
                step=epoch * STEPS_PER_EPOCH,
                epoch=epoch,
                stage=1,
                time=epoch * seconds,
                train_loss=1.0,
                train_accuracy=accuracy,
                test_loss=1.0,
                test_accuracy=accuracy,
                seconds=seconds,
                evaluation_seconds=0.1,
            )
        )
    events.extend(by_hand)
    if status is not None:
        events.append(
            RunFinished(
                run=name,
                step=events[-1].step,
                epoch=events[-1].epoch,
                stage=1,
                time=events[-1].time,
                status=status,
                epochs=len(accuracies),
                steps=events[-1].step,
                test_loss=None,
                test_accuracy=None,
                best_test_accuracy=None,
                seconds=1.0,
                weights_sha256="00",
            )
        )
    view = RunView(name, RunSpec.of(scenario), seed)
    for event in events:
        view.apply(event)
    return view.snapshot()


def labels(compared: Sequence[Entrant]) -> list[str]:
    return [entrant.label for entrant in compared]


def test_runs_of_the_same_settings_are_one_entrant_and_variants_are_numbered() -> None:
    compared = entrants(
        [
            a_run("a", [0.1], seed=1),
            a_run("b", [0.1], seed=2),
            a_run("c", [0.1], changes={"optimizer.lr": 0.5}),
            a_run("d", [0.1], id="other"),
        ]
    )
    assert labels(compared) == ["small", "small (2)", "other"]
    assert [run.run for run in compared[0].runs] == ["a", "b"]


def what_differs(*runs: Snapshot) -> dict[str, tuple[Any, ...]]:
    return {row.key: row.values for row in differences(entrants(runs))}


def test_only_what_differs_is_listed_and_a_missing_key_is_none() -> None:
    adam = {"optimizer": {"name": "adam", "lr": 0.001}}
    rows = what_differs(
        a_run("a", [0.1]), a_run("b", [0.1], id="plain"), a_run("c", [0.1], id="adam", changes=adam)
    )
    assert rows == {
        "optimizer.name": ("sgd", "sgd", "adam"),
        "optimizer.lr": (0.1, 0.1, 0.001),
        "optimizer.momentum": (0.0, 0.0, None),
        "optimizer.betas": (None, None, [0.9, 0.999]),
        "optimizer.eps": (None, None, 1e-8),
    }


def test_the_settings_of_a_table_are_next_to_each_other() -> None:
    adam = {"optimizer": {"name": "adam", "lr": 0.001}, "training.epochs": 9}
    rows = what_differs(a_run("a", [0.1]), a_run("b", [0.1], id="adam", changes=adam))
    assert list(rows)[-1] == "training.epochs"


def test_texts_are_no_difference() -> None:
    other = a_run("b", [0.1], id="other", changes={"title": "Another"})
    assert what_differs(a_run("a", [0.1]), other) == {}


def test_runs_on_other_data_or_changed_by_hand_are_no_seeds_of_the_same() -> None:
    whole, sample = a_run("a", [0.1], seed=1), a_run("b", [0.1], seed=2, images=6000)
    change = Intervened(run="c", step=50, epoch=1, stage=1, time=1.0, kind="lr", value=0.5)
    modified = a_run("c", [0.1], seed=3, by_hand=[change])
    assert labels(entrants([whole, sample, modified])) == ["small", "small (2)", "small (3)"]
    assert what_differs(whole, sample, modified) == {
        "data.images": (320, 6000, 320),
        "by hand": (None, None, ["lr 0.5 at step 50"]),
    }


def test_a_longer_budget_given_by_hand_is_no_other_setting() -> None:
    longer = Intervened(run="b", step=10, epoch=1, stage=1, time=1.0, kind="epochs", value=9)
    (entrant,) = entrants([a_run("a", [0.1], seed=1), a_run("b", [0.1], seed=2, by_hand=[longer])])
    assert len(entrant.runs) == 2


def test_a_run_that_is_being_set_up_is_a_seed_of_its_scenario() -> None:
    view = RunView("b", RunSpec.of({**make_scenario().resolved(), "id": "small"}), 2)
    (entrant,) = entrants([a_run("a", [0.1]), view.snapshot()])
    assert [run.run for run in entrant.runs] == ["a", "b"]


def test_the_same_seed_twice_counts_once_by_the_run_that_came_further() -> None:
    (entrant,) = entrants([a_run("a", [0.1, 0.2], status=Status.STOPPED), a_run("b", [0.1, 0.2, 0.3])])
    assert [run.run for run in entrant.runs] == ["b"]


def test_at_equal_epochs_all_runs_are_judged_at_the_epoch_of_the_slowest() -> None:
    compared = entrants([a_run("a", [0.2, 0.9, 0.95]), a_run("b", [0.3, 0.4], id="other")])
    ranking = rank(compared, "epochs")
    assert ranking.at == 2
    assert [(place.label, place.accuracy) for place in ranking.places] == [("small", 0.9), ("other", 0.4)]


def test_in_a_long_run_the_very_epoch_is_judged() -> None:
    long = a_run("long", [epoch / 1000 for epoch in range(1, 701)])
    short = a_run("short", [epoch / 1000 for epoch in range(1, 100)], changes={"optimizer.lr": 0.5})
    for axis in ("epochs", "seconds"):
        assert [place.accuracy for place in rank(entrants([long, short]), axis).places] == [0.099, 0.099]


def test_at_equal_seconds_the_quicker_run_may_use_more_epochs() -> None:
    slow = a_run("a", [0.5, 0.6], seconds=2.0)
    quick = a_run("b", [0.3, 0.4, 0.7, 0.8, 0.9], id="other", seconds=1.0)
    ranking = rank(entrants([slow, quick]), "seconds")
    assert ranking.at == 4.0
    assert [(place.label, place.accuracy) for place in ranking.places] == [("other", 0.8), ("small", 0.6)]


def test_a_diverged_run_delays_no_other_and_says_so() -> None:
    broken = a_run("a", [], status=Status.DIVERGED)
    ranking = rank(entrants([broken, a_run("b", [0.3, 0.4], id="other")]), "epochs")
    assert ranking.at == 2
    assert [(place.label, place.accuracy, place.ended) for place in ranking.places] == [
        ("other", 0.4, ""),
        ("small", None, "diverged"),
    ]


def test_no_run_is_judged_at_an_epoch_that_a_stopped_one_never_reached() -> None:
    stopped = a_run("a", [0.5], status=Status.STOPPED)
    ranking = rank(entrants([stopped, a_run("b", [0.6, 0.4], id="other")]), "epochs")
    assert ranking.at == 1
    assert [(place.label, place.accuracy, place.ended) for place in ranking.places] == [
        ("other", 0.6, ""),
        ("small", 0.5, "stopped"),
    ]


def test_a_run_that_has_just_joined_delays_no_other_before_its_first_epoch() -> None:
    ranking = rank(entrants([a_run("a", []), a_run("b", [0.3, 0.4], id="other")]), "epochs")
    assert (ranking.at, ranking.places[0].accuracy, ranking.places[1].accuracy) == (2, 0.4, None)


def test_runs_that_were_all_stopped_are_judged_at_equal_epochs() -> None:
    compared = entrants(
        [
            a_run("a", [0.5, 0.6], status=Status.STOPPED),
            a_run("b", [0.3], id="other", status=Status.STOPPED),
        ]
    )
    assert rank(compared, "epochs").at == 1


def test_seeds_give_a_median_and_a_range_and_overlapping_ranges_are_tied() -> None:
    first = [a_run(f"a{seed}", [value], seed=seed) for seed, value in enumerate((0.80, 0.84, 0.90))]
    second = [
        a_run(f"b{seed}", [value], id="near", seed=seed) for seed, value in enumerate((0.7, 0.79, 0.81))
    ]
    third = [a_run(f"c{seed}", [value], id="far", seed=seed) for seed, value in enumerate((0.1, 0.2, 0.3))]
    best, near, far = rank(entrants([*first, *second, *third]), "epochs").places
    assert (best.accuracy, best.low, best.high) == (0.84, 0.80, 0.90)
    assert (near.label, near.tied) == ("near", True)
    assert (far.label, far.tied) == ("far", False)
    assert best.overlaps(near)
    assert not near.overlaps(far)


def test_with_one_seed_nothing_is_called_tied() -> None:
    ranking = rank(entrants([a_run("a", [0.5]), a_run("b", [0.5], id="other")]), "epochs")
    first, second = ranking.places
    assert (first.tied, second.tied) == (False, False)
    assert not first.overlaps(second)


def test_the_record_is_strict_json_with_what_programs_rely_on() -> None:
    compared = entrants([a_run("a", [0.5], status=Status.FINISHED), a_run("b", [0.6], id="other")])
    record = json.loads(json.dumps(to_record(compared), allow_nan=False))
    assert record["event"] == "comparison"
    assert record["baseline"] == "small"
    assert {"run", "step", "epoch", "stage", "time", "runs", "differences", "ranking"} <= record.keys()
    assert [place["label"] for place in record["ranking"]["epochs"]["places"]] == ["other", "small"]
