import pytest

from scenarios.published import Figures, published, published_for
from tui_vanish.cli.reproduction import METRICS, Outcome, outcomes, table
from vanish_recorder.protocol.events import EpochFinished, RunEvent, RunFinished, RunStarted, StageStarted
from vanish_recorder.protocol.status import Status


def started(stages: int) -> RunStarted:
    return RunStarted(
        run="r",
        step=0,
        epoch=0,
        stage=0,
        time=0.0,
        schema=1,
        scenario={},
        seed=42,
        device="cpu",
        threads=1,
        data={},
        versions={},
        parameters=1,
        steps_per_epoch=1,
        stages=stages,
    )


def stage_started(stage: int) -> StageStarted:
    return StageStarted(run="r", step=0, epoch=0, stage=stage, time=0.0, trainable=(), frozen=())


def epoch(stage: int, number: int, value: float) -> EpochFinished:
    return EpochFinished(
        run="r",
        step=number,
        epoch=number,
        stage=stage,
        time=0.0,
        train_loss=value,
        train_accuracy=value,
        test_loss=value,
        test_accuracy=value,
        seconds=0.0,
        evaluation_seconds=0.0,
    )


def finished(status: Status) -> RunFinished:
    return RunFinished(
        run="r",
        step=0,
        epoch=0,
        stage=0,
        time=0.0,
        status=status,
        epochs=0,
        steps=0,
        test_loss=None,
        test_accuracy=None,
        best_test_accuracy=None,
        seconds=0.0,
        weights_sha256=None,
    )


def batchnorm(seed: int, shift: float = 0.0, epochs: int = 100) -> Outcome:
    figures = Figures(0.241 + shift, 0.920 + shift, 0.398 + shift, 0.863 + shift)
    return Outcome("batchnorm", seed, 1, 1, epochs, Status.FINISHED, figures)


def test_every_stage_of_a_staged_run_has_its_own_outcome() -> None:
    events: list[RunEvent] = [
        started(stages=2),
        stage_started(1),
        epoch(1, 1, 0.1),
        epoch(1, 2, 0.2),
        stage_started(2),
        epoch(2, 3, 0.3),
        finished(Status.STOPPED),
    ]
    first, second = outcomes("staged", 42, events)
    assert (first.stage, first.epochs, first.status, first.figures) == (
        1,
        2,
        Status.FINISHED,
        Figures(0.2, 0.2, 0.2, 0.2),
    )
    assert (second.stage, second.epochs, second.status) == (2, 1, Status.STOPPED)
    assert [row.name for row in table([first, second])] == ["staged, stage 1", "staged, stage 2"]


def test_a_staged_run_that_ends_in_its_first_stage_is_not_compared_with_a_published_run() -> None:
    events: list[RunEvent] = [started(stages=7), stage_started(1)]
    events += [epoch(1, number, 0.1) for number in range(1, 101)]
    (row,) = table(outcomes("relu", 42, [*events, finished(Status.STOPPED)]))
    assert (row.name, row.published) == ("relu, stage 1", None)


def test_a_run_that_diverged_before_its_first_epoch_gives_a_row_without_numbers() -> None:
    (outcome,) = outcomes("linear-exploding", 42, [stage_started(1), finished(Status.DIVERGED)])
    (row,) = table([outcome])
    assert (row.ended, row.measured, row.within) == ("diverged", {}, None)


def test_a_run_is_compared_with_the_published_run_of_the_same_length() -> None:
    (row,) = table([batchnorm(1, 0.01)])
    assert row.published is not None
    assert row.difference == pytest.approx(dict.fromkeys(METRICS, 0.01))
    assert row.within is None, "one seed has no spread"


def test_a_run_of_another_length_is_not_compared() -> None:
    (row,) = table([batchnorm(1, epochs=99)])
    assert (row.published, row.difference) == (None, {})


def test_published_numbers_amid_the_seeds_are_within_the_spread() -> None:
    (row,) = table([batchnorm(1, -0.01), batchnorm(2, 0.0), batchnorm(3, 0.01)])
    assert row.within is True
    assert (row.measured["test_accuracy"].low, row.measured["test_accuracy"].high) == (0.853, 0.873)


def test_published_numbers_far_from_the_seeds_are_outside_the_spread() -> None:
    (row,) = table([batchnorm(1, 0.1), batchnorm(2, 0.101), batchnorm(3, 0.102)])
    assert row.within is False


def test_the_published_figures_are_those_of_the_sources() -> None:
    assert {(run.scenario, run.epochs) for run in published()} == {
        (scenario, epochs)
        for scenario in ("depth-3", "init-std-1", "relu", "batchnorm")
        for epochs in (100, 300)
    }
    relu = published_for("relu", 300)
    assert relu is not None
    assert relu.figures == Figures(0.228, 0.919, 0.400, 0.867)
