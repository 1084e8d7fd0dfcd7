"""Verdicts about 16-bit numbers: on made-up samples, and on small networks that really train."""

from dataclasses import replace
from typing import Any

import pytest

from engine.diagnosis import Diagnosis
from engine.protocol.spec import RunSpec
from tests.engine.diagnosis.test_claims import held_against
from tests.engine.lab import begin, make_scenario, of_kind, random_data, train
from tests.engine.made_up_runs import MadeUpRun, geometric, kinds, layers
from vanish_recorder.protocol.events import Sample, VerdictChanged

MIXED = {"training.precision": "fp16_mixed"}
SCALED = {**MIXED, "training.loss_scale": "dynamic"}


class ScaledRun(MadeUpRun):
    """A made-up run whose samples have a loss scale."""

    scale, skipped = 65536.0, 0

    def _publish(self, event: Any) -> None:
        if isinstance(event, Sample):
            event = replace(event, scale=self.scale, skipped=self.skipped)
        super()._publish(event)


def test_a_gradient_that_fp16_cannot_hold_is_named_with_its_layers() -> None:
    lost = [1.0, 0.97, 0.92, 0.5, 0.2, 0.0, 0.0]
    run = MadeUpRun(MIXED).measure(*[layers(underflow=lost)] * 5)
    assert kinds(run.holding) == {"underflow"}
    said = run.holding["underflow"]
    assert (said.layer, said.evidence["underflow"], said.evidence["least"]) == ("layer1", 1.0, 0.92)
    assert held_against(said) == {("underflow", "plain")}
    assert "100 % of the weight gradient of layer 1" in said.text
    assert "of layers 1-3 at least 92 %" in said.text
    run.measure(*[layers(underflow=0.87)] * 12)
    assert kinds(run.holding) == {"underflow"}
    run.measure(*[layers(underflow=0.8)] * 12)
    assert not kinds(run.holding)


def test_a_loss_scale_that_is_too_small_is_named() -> None:
    run = ScaledRun(SCALED)
    run.measure(*[layers(underflow=0.95)] * 5)
    assert held_against(run.holding["underflow"]) == {("underflow", "scaled")}
    assert "with a loss scale of 65536" in run.holding["underflow"].text


def test_a_gradient_that_is_0_in_fp16_has_not_vanished_but_underflowed() -> None:
    profile = layers(delta_norm=[0.0, 0.0, *geometric(0.02, 8.0, 5)], update_ratio=0.0, underflow=1.0)
    assert kinds(MadeUpRun(MIXED).measure(*[profile] * 5).holding) == {"underflow"}
    bf16 = MadeUpRun({"training.precision": "bf16_mixed"}).measure(*[profile] * 5)
    assert "vanishing" in bf16.holding


def test_skipped_steps_are_reported_when_they_are_many() -> None:
    run = ScaledRun(SCALED)
    run.measure(layers())
    run.skipped = 9
    run.measure(*[layers()] * 10)
    assert not kinds(run.holding)  # a new scale skips a few
    run.skipped = 16
    run.measure(*[layers()] * 2)
    assert kinds(run.holding) == {"skipped_steps"}
    assert held_against(run.holding["skipped_steps"]) == {("skipped_steps", "plain")}


def test_a_scale_that_fell_below_1_is_reported() -> None:
    run = ScaledRun(SCALED)
    run.measure(layers())
    run.scale, run.skipped = 0.5, 17
    run.measure(layers())
    assert held_against(run.holding["skipped_steps"]) == {("skipped_steps", "falling")}


@pytest.mark.parametrize(("precision", "dtype"), [("bf16", "bfloat16"), ("fp16", "float16")])
def test_updates_that_are_rounded_away_are_named_with_the_type_and_its_spacing(
    precision: str, dtype: str
) -> None:
    run = MadeUpRun({"training.precision": precision}).measure(*[layers(unmoved=0.9)] * 5)
    said = run.holding["immovable"]
    assert held_against(said) == {("immovable", "half")}
    assert f"because {dtype} rounds the updates away" in said.text


def test_updates_of_float32_weights_are_rounded_by_float32() -> None:
    run = MadeUpRun({"training.precision": "bf16_mixed"}).measure(*[layers(unmoved=0.9)] * 5)
    assert "because float32 rounds the updates away" in run.holding["immovable"].text


# ------------------------------------------------------------------------------ networks that train


def verdicts(changes: dict[str, Any], steps: int = 20) -> dict[str, VerdictChanged]:
    """What holds after some steps, by kind."""
    scenario = make_scenario({"training.epochs": 20, **changes})
    trainer, events = begin(scenario, random_data(160))
    train(trainer, steps)
    diagnosis, holding = Diagnosis(RunSpec.of(scenario.resolved())), dict[str, VerdictChanged]()
    for event in events:
        for verdict in diagnosis.follow(event):
            if verdict.state == "began":
                holding[verdict.kind] = verdict
            else:
                del holding[verdict.kind]
    return holding


DEEP = {"model.hidden_layers": 7, "model.init.std": 0.1, "optimizer": {"name": "adam", "lr": 1e-6}}


def test_a_real_gradient_that_fp16_has_lost_is_found_and_a_scale_brings_it_back() -> None:
    found = verdicts({**DEEP, **MIXED})
    assert found["underflow"].layer == "layer1"
    assert held_against(found["underflow"]) == {("underflow", "plain")}
    assert "underflow" not in verdicts({**DEEP, **SCALED})


def test_real_updates_that_bf16_rounds_away_are_found_and_float32_weights_move() -> None:
    small = {"model.init.std": 0.3, "optimizer.lr": 0.001}
    found = verdicts({**small, "training.precision": "bf16"})
    assert held_against(found["immovable"]) == {("immovable", "half")}
    assert "immovable" not in verdicts({**small, "training.precision": "bf16_mixed"})


def test_a_step_that_overflowed_is_no_number_that_is_not_finite() -> None:
    first = {"model.activation": "tanh", "model.init.std": 3, "optimizer.lr": 1e-6}
    scenario = make_scenario({**first, **SCALED})
    trainer, events = begin(scenario, random_data(160))
    train(trainer, 1)
    sample = of_kind(events, Sample)[0]
    assert sample.skipped == 1
    assert all(layer.grad_norm is None and layer.delta_norm is None for layer in sample.layers)
    assert "non_finite" not in verdicts({**first, **SCALED}, steps=10)
