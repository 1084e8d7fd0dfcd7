"""Warm-up and cosine against PyTorch's own schedulers, in a run that is resumed, and with changes by hand."""

import math

import pytest
import torch
from torch.optim import lr_scheduler

from engine.training.rates import rate_factor
from tests.engine.lab import begin, make_scenario, of_kind, random_data, train
from vanish_recorder.protocol.events import Sample


def rates_of_pytorch(schedulers: str, steps: int, warmup: int, end: float) -> list[float]:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    rise = lr_scheduler.LinearLR(optimizer, 1 / warmup, total_iters=warmup - 1)
    fall = lr_scheduler.CosineAnnealingLR(optimizer, steps - warmup, eta_min=end)
    both = lr_scheduler.SequentialLR(optimizer, [rise, fall], [warmup])
    scheduler = {"rise": rise, "both": both}[schedulers]
    found = []
    for _ in range(steps):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return found


@pytest.mark.parametrize("end", [0.0, 0.1])
def test_warm_up_and_cosine_are_pytorch_s_to_twelve_digits(end: float) -> None:
    ours = [rate_factor(step, 60, 8, end) for step in range(1, 61)]
    assert ours == pytest.approx(rates_of_pytorch("both", 60, 8, end), rel=1e-12, abs=1e-12)


def test_the_rate_rises_in_equal_parts_and_falls_to_its_end() -> None:
    assert [rate_factor(step, 100, 4) for step in (1, 2, 3, 4, 5, 100)] == [0.25, 0.5, 0.75, 1, 1, 1]
    assert rate_factor(1, 100, cosine_to=0.2) == 1.0
    assert rate_factor(51, 100, cosine_to=0.2) == pytest.approx(0.6)
    assert rate_factor(101, 100, cosine_to=0.2) == pytest.approx(0.2)
    assert rate_factor(500, 100, cosine_to=0.2) == pytest.approx(0.2)  # epochs were reduced by hand


def test_a_warm_up_that_is_longer_than_the_run_never_ends() -> None:
    assert [rate_factor(step, 3, 10, 0.0) for step in (1, 3)] == [0.1, 0.3]


def test_samples_have_the_rate_of_their_step_also_after_a_change_by_hand() -> None:
    scenario = make_scenario({"training.warmup_steps": 4, "training.cosine_to": 0.0, "optimizer.lr": 0.1})
    trainer, events = begin(scenario, random_data(320))
    train(trainer, 5)
    trainer.set_learning_rate(0.2)
    train(trainer, 4)
    rates = [sample.lr for sample in of_kind(events, Sample)]
    assert rates[:4] == pytest.approx([0.025, 0.05, 0.075, 0.1])
    fall = [0.2 * (1 + math.cos(math.pi * done / 16)) / 2 for done in range(1, 5)]
    assert rates[5:9] == pytest.approx(fall)


def test_the_gradients_that_are_measured_are_not_the_clipped_ones() -> None:
    plain, clipped = make_scenario(), make_scenario({"training.clip_norm": 1e-3})
    first = []
    for scenario in (plain, clipped):
        trainer, events = begin(scenario, random_data(320))
        train(trainer, 1)
        first.append(of_kind(events, Sample)[0].layers)
    for one, other in zip(*first, strict=True):
        assert one.grad_norm == other.grad_norm
        assert (one.update_ratio or 0) > 10 * (other.update_ratio or 0)
