"""Inspecting a layer: what it shows, and that it never changes the run."""

import math
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch

from engine.data.fashion_mnist import scaled
from engine.measure.inspection import Histogram, histogram
from engine.networks.mlp import Tape
from engine.protocol.commands import Inspect
from engine.runtime.engine import Engine
from engine.runtime.state import Settings
from tests.engine.lab import (
    Listener,
    begin,
    make_scenario,
    of_kind,
    plain_loss,
    random_data,
    train,
    write_data,
)
from vanish_recorder.protocol.events import RunEvent, RunFinished, Sample
from vanish_recorder.storage.log_file import EVENTS

SCENARIOS: dict[str, dict[str, Any]] = {
    "sigmoid": {},
    "batch norm, whose running statistics a forward pass moves": {"model.norm": "batch"},
    "momentum": {"optimizer": {"name": "sgd", "lr": 0.1, "momentum": 0.9}},
    "adam": {"optimizer": {"name": "adam", "lr": 0.01}},
    "adamw": {"optimizer": {"name": "adamw", "lr": 0.01}},
    "rmsprop": {"optimizer": {"name": "rmsprop", "lr": 0.01}},
    "sdagd": {"optimizer": {"name": "sdagd", "radius": 0.2}},
    "skip": {"model.skip": [[1, 3]]},
    "normalised gradient": {"model.gradient": "normalised"},
}


@pytest.mark.parametrize("changes", SCENARIOS.values(), ids=SCENARIOS)
def test_inspecting_every_layer_between_all_steps_leaves_the_weights_bit_identical(
    changes: dict[str, Any],
) -> None:
    scenario, data = make_scenario(changes), random_data()
    ends = []
    for looking in (False, True):
        trainer, events = begin(scenario, data)
        while not trainer.status.ended:
            trainer.step()
            for layer in trainer.network.layer_names if looking else ():
                trainer.inspect(layer)
        ends.append(
            (of_kind(events, RunFinished)[0].weights_sha256, [e.loss for e in of_kind(events, Sample)])
        )
    assert ends[0] == ends[1]


def test_inspecting_emits_no_event_and_draws_no_random_number() -> None:
    trainer, events = begin(make_scenario(), random_data())
    train(trainer, 2)
    said, state = len(events), torch.get_rng_state()
    trainer.inspect("layer2")
    assert len(events) == said
    assert torch.equal(torch.get_rng_state(), state)


def test_it_shows_the_weights_and_the_result_of_one_pass_over_the_first_images() -> None:
    data = random_data()
    trainer, _ = begin(make_scenario(), data)
    train(trainer, 3)
    images, labels = scaled(data.train_images[:32]), data.train_labels[:32]
    for number, layer in enumerate(trainer.network.layer_names):
        view = trainer.inspect(layer)
        weight = trainer.mlp.layers[number].weight
        tape = Tape(images)
        loss = plain_loss("cross_entropy", trainer.network(images, tape), labels)
        (gradient,) = torch.autograd.grad(loss, weight)
        assert (view.run, view.layer, view.step, view.images) == ("run", layer, 3, 32)
        assert view.weights == histogram(weight.detach())
        assert view.gradients == histogram(gradient)
        assert view.activations == histogram(tape.h[number].detach())


def test_a_frozen_layer_has_no_gradients() -> None:
    trainer, _ = begin(make_scenario(), random_data())
    trainer.freeze("layer1", frozen=True)
    assert trainer.inspect("layer1").gradients is None
    assert trainer.inspect("layer2").gradients is not None


def test_a_histogram_counts_every_value_once() -> None:
    values = torch.randn(1000, generator=torch.Generator().manual_seed(1))
    seen = histogram(values, bins=10)
    edges = torch.linspace(seen.low, seen.high, 11, dtype=torch.float64)
    expected = [int(((values >= low) & (values < high)).sum()) for low, high in pairwise(edges)]
    expected[-1] += 1  # the largest
    assert list(seen.counts) == expected
    assert seen.total == 1000
    assert seen.mean == pytest.approx(float(values.double().mean()))
    assert seen.deviation == pytest.approx(float(values.double().std(correction=0)))


def test_a_histogram_of_values_that_are_not_finite_of_zeros_and_without_values() -> None:
    seen = histogram(torch.tensor([math.nan, math.inf, -math.inf, 0.0, 0.0, 2.0]), bins=4)
    assert seen == Histogram(0.0, 2.0, (2, 0, 0, 1), 2 / 3, seen.deviation, 2, 3)
    assert seen.deviation == pytest.approx(math.sqrt(8 / 9))
    assert seen.total == 6
    alike = histogram(torch.full((5,), 0.5), bins=4)
    assert (alike.low, alike.high, sum(alike.counts), alike.deviation) == (0.5, 0.5, 5, 0.0)
    broken = histogram(torch.tensor([math.nan, math.inf]), bins=4)
    assert math.isnan(broken.low)
    assert (sum(broken.counts), broken.not_finite) == (0, 2)


def test_the_engine_publishes_the_inspection_and_does_not_log_it(tmp_path: Path) -> None:
    hashes, logs = [], []
    for looking in (False, True):
        listener = Listener()
        runs = tmp_path / f"runs-{looking}"
        settings = Settings(device="cpu", data=write_data(tmp_path / "data"), runs_dir=runs)
        engine = Engine(settings, on_event=listener)
        engine.start()
        try:
            name = "run"

            def answer(event: RunEvent, engine: Engine = engine) -> None:
                if isinstance(event, Sample) and event.step == 2:
                    engine.send(Inspect(event.run, "layer2"))

            listener.answer = answer if looking else None
            name = engine.train(make_scenario(), 1)
            hashes.append(listener.wait_for(RunFinished, run=name).weights_sha256)
        finally:
            engine.close()
        logs.append((runs / name / EVENTS).read_text().count("\n"))
        view = engine.snapshot().inspection
        assert (view is not None) is looking
        if view is not None:
            assert (view.run, view.layer, view.step) == (name, "layer2", 2)
    assert hashes[0] == hashes[1]
    assert logs[0] == logs[1]


def test_a_layer_can_be_inspected_after_the_end_and_a_missing_one_gives_a_warning(
    tmp_path: Path,
) -> None:
    listener = Listener()
    settings = Settings(device="cpu", data=write_data(tmp_path / "data"), runs_dir=tmp_path / "runs")
    engine = Engine(settings, on_event=listener)
    engine.start()
    try:
        name = engine.train(make_scenario(), 1)
        listener.wait_for(RunFinished, run=name)
        engine.send(Inspect(name, "output"))
        engine.send(Inspect(name, "layer9"))
        engine.send(Inspect("unknown", "layer1"))
        again = engine.train(make_scenario(), 2)
        listener.wait_for(RunFinished, run=again)
    finally:
        engine.close()
    snapshot = engine.snapshot()
    assert snapshot.inspection is not None
    assert (snapshot.inspection.run, snapshot.inspection.layer) == (name, "output")
    warnings = [notice.text for notice in snapshot.notices if notice.severity == "warning"]
    assert warnings == [
        "layer9 is not built yet",
        "its network is not in memory: resume the run to look at its layers",
    ]
