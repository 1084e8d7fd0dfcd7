"""Every scenario of the catalogue trains."""

import math

import pytest
import torch

import scenarios
from engine.data.fashion_mnist import Dataset
from engine.protocol.spec import RunSpec
from tests.engine.lab import begin, number, of_kind, train
from vanish_recorder.protocol.events import Sample, StageStarted
from vanish_recorder.protocol.status import Status

DIVERGING = {"linear-exploding"}


@pytest.mark.parametrize("entry", scenarios.entries(), ids=lambda entry: entry.id)
def test_it_takes_three_steps_and_measures_every_layer(entry: scenarios.Entry, sample_data: Dataset) -> None:
    scenario = scenarios.load(entry.id)
    trainer, events = begin(scenario, sample_data)
    before = [weight.detach().clone() for weight in trainer.network.parameters()]
    train(trainer, 3)
    places = list(RunSpec.of(scenario.resolved()).layer_names)
    if scenario.stages:
        places = list(trainer.network.layer_names)  # the first stage has some of the layers
    samples = of_kind(events, Sample)
    if entry.id in DIVERGING:
        assert (trainer.status, len(samples)) == (Status.DIVERGED, 2)
        return
    assert trainer.status is Status.RUNNING
    assert [sample.step for sample in samples] == [1, 2, 3]
    for sample in samples:
        assert math.isfinite(sample.loss)
        assert [layer.name for layer in sample.layers] == places
        for layer in sample.layers:
            has_weights = layer.name in trainer.network.layer_names
            is_lost = layer.underflow == 1  # fp16 has no number for any part of it
            assert not has_weights or is_lost or number(layer.grad_norm) > 0
            assert not has_weights or math.isfinite(number(layer.update_ratio))
            has_output = layer.name != "cell"  # its states are places of their own
            assert not has_output or is_lost or number(layer.delta_norm) > 0
    *_, bias = trainer.network.parameters()
    assert not torch.equal(bias, before[-1])


def test_staged_goes_through_all_of_its_stages(sample_data: Dataset) -> None:
    trainer, events = begin(scenarios.load("staged"), sample_data)
    for _ in range(6):
        train(trainer, 3)
        trainer.next_stage()
    train(trainer, 3)
    stages = of_kind(events, StageStarted)
    assert [len(stage.trainable) + len(stage.frozen) for stage in stages] == [3, 5, 5, 7, 7, 8, 8]
    assert [len(stage.frozen) for stage in stages] == [0, 2, 0, 4, 0, 6, 0]
    assert trainer.status is Status.RUNNING
