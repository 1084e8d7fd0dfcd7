"""A loss that is not finite ends the run, dated to its step, with the last finite profile kept."""

import math

import pytest

import scenarios
from engine.data.fashion_mnist import Dataset
from engine.protocol.spec import RunSpec
from engine.tracking.snapshot import RunView, Snapshot
from engine.training.trainer import Trainer
from tests.engine.lab import begin, make_scenario, number, of_kind, random_data, train
from vanish_recorder.protocol.events import EpochFinished, RunEvent, RunFinished, Sample
from vanish_recorder.protocol.status import Status

ALL = ("layer1", "layer2", "layer3", "output")


def folded(trainer: Trainer, events: list[RunEvent]) -> Snapshot:
    view = RunView("run", RunSpec.of(trainer.scenario.resolved()), 1)
    for event in events:
        view.apply(event)
    return view.snapshot()


def spoil(trainer: Trainer, value: float = math.nan) -> None:
    """Make the output layer's bias something that no loss survives."""
    trainer.mlp.layers[-1].bias.data.fill_(value)


@pytest.mark.parametrize("seed", [1, 2])
def test_linear_exploding_diverges_at_its_second_step(sample_data: Dataset, seed: int) -> None:
    trainer, events = begin(scenarios.load("linear-exploding"), sample_data, seed)
    train(trainer)
    first, second = of_kind(events, Sample)
    assert 1.2e7 < first.loss < 1.2e9
    assert math.isnan(second.loss)
    (end,) = of_kind(events, RunFinished)
    assert (end.status, end.first_bad_step, end.nonfinite, end.steps) == (
        Status.DIVERGED,
        2,
        ("output",),
        2,
    )
    snapshot = folded(trainer, events)
    assert (snapshot.status, snapshot.layers_step, snapshot.finite_layers_step) == (Status.DIVERGED, 2, 1)
    assert snapshot.finite_layers == first.layers
    deltas = [number(layer.delta_norm) for layer in snapshot.finite_layers[:-1]]
    factors = [deltas[place] / deltas[place + 1] for place in range(6)]
    assert math.prod(factors) ** (1 / 6) == pytest.approx(10, rel=0.1)


def test_a_nan_between_two_samples_is_dated_to_its_step() -> None:
    trainer, events = begin(make_scenario({"training.epochs": 99}), random_data(4000))
    train(trainer, 13)
    spoil(trainer)
    train(trainer)
    (end,) = of_kind(events, RunFinished)
    assert (end.status, end.first_bad_step, end.steps) == (Status.DIVERGED, 14, 20)
    assert end.nonfinite == ALL  # at step 20: the NaN has gone round through them


def test_a_nan_in_the_last_steps_of_an_epoch_is_found_before_the_epoch_is_said_to_be_done() -> None:
    trainer, events = begin(make_scenario({"training.epochs": 99}), random_data(32 * 16))
    train(trainer, 14)
    spoil(trainer)
    train(trainer)
    (end,) = of_kind(events, RunFinished)
    assert (end.status, end.first_bad_step, end.steps) == (Status.DIVERGED, 15, 16)
    assert not of_kind(events, EpochFinished)


def test_a_network_broken_by_the_epoch_s_last_update_is_found_in_evaluation() -> None:
    """The batch's own loss was still finite."""
    scenario = make_scenario({"optimizer.lr": 1000.0, "model.activation": "relu", "model.init.std": 100.0})
    trainer, events = begin(scenario, random_data(32))
    trainer.step()
    (sample,) = of_kind(events, Sample)
    assert math.isfinite(sample.loss)
    (epoch,) = of_kind(events, EpochFinished)
    assert not math.isfinite(epoch.test_loss)
    (end,) = of_kind(events, RunFinished)
    assert (end.status, end.first_bad_step) == (Status.DIVERGED, 1)
    assert end.nonfinite


@pytest.mark.parametrize("value", [math.inf, -math.inf])
def test_an_infinite_loss_ends_a_run_as_well(value: float) -> None:
    trainer, events = begin(make_scenario(), random_data())
    spoil(trainer, value)
    trainer.step()
    assert trainer.status is Status.DIVERGED
    assert of_kind(events, RunFinished)[0].first_bad_step == 1


def test_without_measuring_the_bad_step_and_layers_are_named_too() -> None:
    trainer, events = begin(make_scenario({"training.epochs": 99}), random_data(4000), measuring=False)
    train(trainer, 12)
    trainer.mlp.layers[1].bias.data.fill_(math.nan)
    train(trainer)
    (end,) = of_kind(events, RunFinished)
    assert end.first_bad_step == 13
    assert end.nonfinite == ALL


def test_looking_for_the_layers_leaves_the_running_statistics() -> None:
    """With measuring the sample has told them already."""
    ends = []
    for measuring in (True, False):
        trainer, events = begin(make_scenario({"model.norm": "batch"}), random_data(), measuring=measuring)
        spoil(trainer)
        train(trainer)
        ends.append(of_kind(events, RunFinished)[0].weights_sha256)
    assert ends[0] == ends[1]


def test_a_run_that_was_resumed_and_not_trained_on_can_turn_out_to_have_diverged() -> None:
    first, _ = begin(make_scenario({"training.epochs": 99}), random_data(32 * 16))
    train(first, 14)
    spoil(first)
    train(first, 1)
    second, events = begin(make_scenario({"training.epochs": 99}), random_data(32 * 16))
    second.restore(first.state())
    second.next_stage()
    assert of_kind(events, RunFinished)[0].first_bad_step == 15


def test_a_diverged_run_takes_no_further_step() -> None:
    trainer, events = begin(make_scenario(), random_data())
    spoil(trainer)
    train(trainer, 5)
    assert events[-1].step == 1
    assert isinstance(events[-1], RunFinished)


def test_values_that_are_not_finite_do_not_disturb_a_measurement_s_other_layers() -> None:
    trainer, events = begin(make_scenario(), random_data())
    trainer.mlp.layers[2].weight.data[0, 0] = math.nan
    trainer.step()
    first, second, third, output = of_kind(events, Sample)[0].layers
    assert math.isfinite(number(first.activation_std))
    assert math.isfinite(number(second.sample_std))
    assert math.isnan(number(third.activation_std))
    assert math.isnan(number(third.weight_norm))
    assert math.isnan(number(output.activation_std))
    assert of_kind(events, RunFinished)[0].nonfinite == ("layer3", "output")
