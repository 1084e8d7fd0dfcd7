"""Units that are 0 for every image of the latest samples: counted soon after they died, and not too early."""

import pytest
import torch
from torch import Tensor

from engine.measure.zero_units import ZeroUnits


def shares(batch: int, chances: Tensor, samples: int, counted: ZeroUnits | None = None) -> list[float]:
    """The fraction after each sample, of a layer whose units are active with these chances per image."""
    counted = counted or ZeroUnits(batch)
    draw = torch.Generator().manual_seed(1)
    found = []
    for _ in range(samples):
        zero = torch.rand(1, len(chances), generator=draw) < (1 - chances) ** batch
        share = counted.add(zero.float())
        found += [] if share is None else [share.item()]
    return found


@pytest.mark.parametrize("batch", [16, 20, 89, 101, 341, 512])
def test_units_that_die_after_the_first_steps_are_counted_ten_samples_later(batch: int) -> None:
    counted = ZeroUnits(batch)
    assert max(shares(batch, torch.full((100,), 0.5), 10, counted)) < 0.02
    dying = torch.cat([torch.zeros(70), torch.full((30,), 0.5)])
    assert shares(batch, dying, 10, counted)[-1] == pytest.approx(0.7)


@pytest.mark.parametrize("batch", [1, 3, 16, 111, 341])
def test_units_that_are_rarely_active_are_not_counted_from_a_few_images(batch: int) -> None:
    rare = torch.full((400,), 0.02)
    assert max(shares(batch, rare, 300)) < 0.1


@pytest.mark.parametrize("batch", [1, 16, 100, 512, 60_000])
def test_nothing_is_said_before_there_are_enough_samples(batch: int) -> None:
    dead = torch.zeros(10)
    found = shares(batch, dead, 150)
    silent = 150 - len(found)
    assert set(found) == {1.0}
    assert 4 <= silent <= 149
    assert (silent + 1) * batch >= 150
