"""The fold from events to a snapshot: what a screen shows of a run, live or from its log.

It is long because every kind of event is applied to the same runs.
"""

import math
from pathlib import Path

import pytest

from engine.protocol.spec import RunSpec
from engine.storage.run_log import RunLog, read_events
from engine.tracking.snapshot import RunView, Snapshot
from scenarios.schema import Scenario
from tests.engine.lab import begin, make_scenario, origin, random_data, train
from vanish_recorder.protocol.codec import from_line, to_line
from vanish_recorder.protocol.events import (
    EpochFinished,
    Intervened,
    LayerSample,
    Paused,
    Resumed,
    RunEvent,
    RunFinished,
    RunStarted,
    Sample,
    StageStarted,
    VerdictChanged,
)
from vanish_recorder.protocol.status import Status
from vanish_recorder.storage.log_file import EVENTS

SCENARIO = make_scenario({"training.epochs": 4}).resolved()
STAGED = make_scenario(
    {
        "training.epochs": 4,
        "stages": [
            {"sub_models": [1], "train": [1]},
            {"sub_models": [1, 2], "train": [2]},
            {"sub_models": [1, 2], "train": [1, 2]},
        ],
    }
).resolved()

PLAIN_LAYER = LayerSample(name="layer1")


def fold(*events: RunEvent, scenario: dict[str, object] = SCENARIO) -> Snapshot:
    view = RunView("run", RunSpec.of(scenario), 1)
    for event in events:
        view.apply(event)
    return view.snapshot()


def started(scenario: dict[str, object] = SCENARIO, stages: int = 1) -> RunStarted:
    return RunStarted(
        run="run",
        step=0,
        epoch=0,
        stage=0,
        time=0.0,
        schema=1,
        scenario=scenario,
        seed=1,
        device="cpu",
        threads=1,
        data={},
        versions={},
        parameters=1,
        steps_per_epoch=10,
        stages=stages,
    )


def stage(place: int, step: int = 0, epoch: int = 0) -> StageStarted:
    return StageStarted(
        run="run", step=step, epoch=epoch, stage=place, time=0.0, trainable=("output",), frozen=("layer1",)
    )


def sample(step: int, time: float = 0.0, loss: float = 2.0, layer: LayerSample = PLAIN_LAYER) -> Sample:
    return Sample(
        run="run",
        step=step,
        epoch=1,
        stage=1,
        time=time,
        loss=loss,
        accuracy=0.25,
        lr=0.1,
        layers=(layer,),
    )


def epoch(place: int, accuracy: float = 0.5, step: int = 10, **where: int) -> EpochFinished:
    return EpochFinished(
        run="run",
        step=step,
        epoch=place,
        stage=where.get("stage", 1),
        time=1.0,
        train_loss=2.0,
        train_accuracy=0.4,
        test_loss=2.1,
        test_accuracy=accuracy,
        seconds=1.0,
        evaluation_seconds=0.5,
    )


def finished(status: Status) -> RunFinished:
    return RunFinished(
        run="run",
        step=20,
        epoch=2,
        stage=1,
        time=2.0,
        status=status,
        epochs=2,
        steps=20,
        test_loss=None,
        test_accuracy=None,
        best_test_accuracy=None,
        seconds=2.0,
        weights_sha256=None,
    )


def verdict(state: str, kind: str, layer: str | None = None) -> VerdictChanged:
    assert state in ("began", "ended")
    return VerdictChanged(
        run="run",
        step=3,
        epoch=1,
        stage=1,
        time=0.0,
        state="began" if state == "began" else "ended",
        kind=kind,
        layer=layer,
        since_step=1,
        evidence={},
        text=kind,
        suggestions=(),
    )


# --------------------------------------------------------------------- one fold for both ways


@pytest.mark.parametrize(
    "scenario",
    [
        make_scenario({"model.norm": "batch", "training.epochs": 3}),
        Scenario.model_validate(STAGED),
        make_scenario({"model.activation": "identity", "model.init.std": 1e3, "optimizer.lr": 100.0}),
    ],
    ids=["finished", "staged", "diverged"],
)
def test_a_live_run_s_snapshot_is_that_of_its_log_read_back(scenario: Scenario, tmp_path: Path) -> None:
    trainer, events = begin(scenario, random_data())
    train(trainer, 4)
    trainer.pause("by hand")
    trainer.resume("by hand")
    trainer.set_learning_rate(0.5) if not trainer.status.ended else None
    train(trainer)
    log = RunLog(tmp_path / "run", scenario.resolved(), 1, origin())
    live = RunView("run", RunSpec.of(scenario.resolved()), 1)
    for event in events:
        live.apply(event)
        log.write(event)
    log.close()
    read = fold(*read_events(tmp_path / "run" / EVENTS), scenario=scenario.resolved())
    assert read.sequence == len(events)
    assert read.status.ended
    assert repr(read) == repr(live.snapshot())  # nan is equal to nothing, but it looks the same
    if read.status is Status.FINISHED:
        assert read == live.snapshot()


def test_the_fold_can_stop_anywhere_and_continue() -> None:
    trainer, events = begin(make_scenario(), random_data())
    train(trainer)
    view = RunView("run", RunSpec.of(trainer.scenario.resolved()), 1)
    for count, event in enumerate(events, 1):
        again = from_line(to_line(event))
        assert again is not None
        view.apply(again)
        assert view.snapshot() == fold(*events[:count], scenario=trainer.scenario.resolved())
        assert view.sequence == count


# ------------------------------------------------------------------------------ status


def test_before_the_first_event_a_run_is_loading() -> None:
    snapshot = fold()
    assert (snapshot.status, snapshot.sequence, snapshot.started, snapshot.layers) == (
        Status.LOADING,
        0,
        None,
        (),
    )
    assert (snapshot.epochs, snapshot.steps, snapshot.course.ends) == (4, 0, 0)
    assert snapshot.scenario_id == "small"


def test_it_runs_pauses_continues_and_ends() -> None:
    pause = Paused(run="run", step=5, epoch=1, stage=1, time=1.0, reason="by signal")
    resume = Resumed(run="run", step=5, epoch=1, stage=1, time=1.0, reason="by hand")
    assert fold(started()).status is Status.RUNNING
    paused = fold(started(), stage(1), pause)
    assert (paused.status, paused.pause_reason) == (Status.PAUSED, "by signal")
    running = fold(started(), stage(1), pause, resume)
    assert (running.status, running.pause_reason) == (Status.RUNNING, None)
    for status in (Status.FINISHED, Status.STOPPED, Status.DIVERGED, Status.FAILED):
        snapshot = fold(started(), finished(status))
        assert snapshot.status is status
        assert snapshot.finished is not None


def test_a_resumed_run_is_not_finished_any_more() -> None:
    resume = Resumed(run="run", step=20, epoch=2, stage=1, time=2.0, reason="after a crash")
    snapshot = fold(started(), finished(Status.STOPPED), resume)
    assert (snapshot.status, snapshot.finished) == (Status.RUNNING, None)


def test_a_modified_run_says_so() -> None:
    touch = Intervened(run="run", step=5, epoch=1, stage=1, time=1.0, kind="freeze", layer="layer1")
    assert not fold(started()).modified
    snapshot = fold(started(), touch)
    assert snapshot.modified
    assert snapshot.interventions == (touch,)


def test_a_verdict_is_current_from_its_beginning_to_its_end() -> None:
    vanishing, dead = verdict("began", "vanishing"), verdict("began", "dead", "layer2")
    assert fold(started(), vanishing, dead).verdicts == (vanishing, dead)
    assert fold(started(), vanishing, dead, verdict("ended", "vanishing")).verdicts == (dead,)
    again = verdict("began", "dead", "layer2")
    assert fold(started(), dead, again).verdicts == (again,)
    assert fold(started(), verdict("ended", "dead", "layer2")).verdicts == ()


# ------------------------------------------------------------------------- profiles and charts


def test_the_last_finite_profile_stays() -> None:
    good, bad = sample(1), sample(2, layer=LayerSample(name="layer1", grad_norm=math.nan))
    snapshot = fold(started(), stage(1), good, bad)
    assert (snapshot.layers, snapshot.layers_step) == (bad.layers, 2)
    assert (snapshot.finite_layers, snapshot.finite_layers_step) == (good.layers, 1)


@pytest.mark.parametrize(
    "layer",
    [
        LayerSample(name="layer1", grad_norm=math.inf),
        LayerSample(name="layer1", delta_norm=math.nan),
        LayerSample(name="layer1", update_ratio=math.inf),
        LayerSample(name="layer1", weight_norm=math.inf),
        LayerSample(name="layer1", activation_mean=-math.inf),
        LayerSample(name="layer1", activation_std=math.nan),
        LayerSample(name="layer1", sample_std=math.inf),
    ],
    ids=repr,
)
def test_a_profile_with_any_number_not_finite_is_not_finite(layer: LayerSample) -> None:
    assert fold(sample(1), sample(2, layer=layer)).finite_layers_step == 1


def test_a_profile_of_a_loss_that_is_not_finite_is_not_finite() -> None:
    assert fold(sample(1), sample(2, loss=math.nan)).finite_layers_step == 1


def test_charts_hold_every_sample_and_every_epoch() -> None:
    snapshot = fold(
        started(), stage(1), sample(1, loss=2.5), sample(2, loss=2.25), epoch(1, 0.5), epoch(2, 0.75)
    )
    charts = snapshot.charts
    assert [(point.step, point.value) for point in charts.batch_loss] == [(1, 2.5), (2, 2.25)]
    assert [point.value for point in charts.batch_accuracy] == [0.25, 0.25]
    assert [point.value for point in charts.test_accuracy] == [0.5, 0.75]
    assert [point.value for point in charts.train_loss] == [2.0, 2.0]
    assert [profile.step for profile in charts.profiles] == [1, 2]
    assert snapshot.best_test_accuracy == 0.75


def test_however_long_a_run_is_its_snapshot_stays_small() -> None:
    view = RunView("run", RunSpec.of(SCENARIO), 1)
    view.apply(started())
    for step in range(1, 3000):
        view.apply(sample(step))
    charts = view.snapshot().charts
    assert len(charts.batch_loss) <= 512
    assert len(charts.profiles) <= 257
    assert charts.profiles[-1].step == 2999


def test_best_is_the_best_of_all_epochs() -> None:
    assert fold(epoch(1, 0.5), epoch(2, 0.8), epoch(3, 0.6)).best_test_accuracy == 0.8


# --------------------------------------------------------------------- how long it will be


def test_the_pace_comes_from_the_latest_samples_and_the_course_from_the_schedule() -> None:
    snapshot = fold(started(), stage(1), sample(1, 0.1), sample(6, 0.6), epoch(1, step=10))
    assert snapshot.images_per_second == pytest.approx(32 / 0.1)
    assert (snapshot.epochs, snapshot.steps) == (4, 40)
    course = snapshot.course
    assert (course.step, course.time, course.stage_ends, course.ends) == (10, snapshot.time, 40, 40)
    assert (course.evaluations, course.evaluation_seconds, course.steps_per_epoch) == (1, 0.5, 10)


def test_the_pace_is_unknown_before_two_samples_and_after_a_pause() -> None:
    assert fold(started(), stage(1), sample(1, 0.1)).images_per_second is None
    resume = Resumed(run="run", step=5, epoch=1, stage=1, time=1.0, reason="by hand")
    snapshot = fold(started(), stage(1), sample(1, 0.1), sample(2, 0.2), resume)
    assert snapshot.images_per_second is None


def test_a_staged_run_is_as_long_as_all_of_its_stages() -> None:
    assert fold(scenario=STAGED).epochs == 12
    snapshot = fold(started(STAGED, 3), stage(1), scenario=STAGED)
    assert (snapshot.epochs, snapshot.steps) == (12, 120)


def test_a_stage_that_was_cut_short_shortens_the_run() -> None:
    """Stage 1 ended at step 13, in its second epoch; two stages of four epochs of ten steps are to come."""
    events = (started(STAGED, 3), stage(1), epoch(2, step=13), stage(2, step=13, epoch=2))
    snapshot = fold(*events, scenario=STAGED)
    assert (snapshot.epochs, snapshot.steps) == (2 + 8, 13 + 80)
    course = fold(*events, sample(14, 1.0), sample(15, 1.1), scenario=STAGED).course
    assert (course.stage, course.stage_begins, course.step) == (2, 14, 15)
    assert (course.stage_ends, course.ends) == (13 + 40, 13 + 80)


def test_a_new_budget_changes_what_is_left() -> None:
    budget = Intervened(run="run", step=5, epoch=1, stage=1, time=1.0, kind="epochs", value=7)
    assert fold(started(STAGED, 3), stage(1), budget, scenario=STAGED).epochs == 21


def test_each_stage_keeps_what_it_held_and_its_last_test_accuracy() -> None:
    snapshot = fold(
        started(STAGED, 3),
        stage(1),
        epoch(1, 0.4),
        epoch(2, 0.5),
        stage(2, step=20, epoch=2),
        epoch(3, 0.1, step=30, stage=2),
        scenario=STAGED,
    )
    assert [(s.number, s.first_step, s.first_epoch, s.test_accuracy) for s in snapshot.stages] == [
        (1, 1, 1, 0.5),
        (2, 21, 3, 0.1),
    ]
    assert snapshot.stages[0].frozen == ("layer1",)
