"""The numbers of the types are PyTorch's, and a step is PyTorch's."""

import math
import random

import pytest
import torch

from engine.theory.low_precision import FORMATS, step

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


@pytest.mark.parametrize("name", FORMATS)
def test_the_ends_of_a_type_are_those_of_torch(name: str) -> None:
    kind, known = FORMATS[name], torch.finfo(DTYPES[name])
    assert kind.largest == known.max
    assert kind.smallest_normal == known.tiny
    assert kind.smallest == known.smallest_normal * known.eps
    assert kind.spacing(1.0) == known.eps


@pytest.mark.parametrize("name", FORMATS)
def test_rounding_is_that_of_torch(name: str) -> None:
    kind, draw = FORMATS[name], random.Random(1)
    values = [draw.choice([-1, 1]) * draw.uniform(1, 10) * 10.0 ** draw.randint(-44, 37) for _ in range(2000)]
    halves = [kind.smallest / 2, 1.5 * kind.smallest, 1 + kind.spacing(1) / 2, 1 + 1.5 * kind.spacing(1)]
    for value in [*values, *halves, 0.0, kind.largest, 2 * kind.largest, math.inf, -math.inf]:
        expected = torch.tensor(value, dtype=torch.float64).to(DTYPES[name]).double().item()
        assert kind.rounded(value) == expected, value


@pytest.mark.parametrize(
    ("name", "weight", "gradient", "rate", "scale"),
    [
        ("fp16", 0.05, 1e-9, 0.01, 1.0),
        ("fp16", 0.05, 1e-9, 10.0, 65536.0),
        ("fp16", 0.05, 1.0, 0.01, 65536.0),
        ("bf16", 0.05, 1e-3, 0.01, 1.0),
        ("bf16", 0.05, 0.1, 0.1, 1.0),
        ("fp32", 0.05, 1e-6, 0.01, 1.0),
    ],
)
def test_a_step_is_that_of_torch(
    name: str, weight: float, gradient: float, rate: float, scale: float
) -> None:
    found, dtype = step(FORMATS[name], weight, gradient, rate, scale), DTYPES[name]
    scaled = torch.tensor(gradient * scale, dtype=torch.float64).to(dtype)
    unscaled = scaled.float() / scale
    assert found.scaled == scaled.item()
    assert found.gradient == unscaled.item()
    if scaled.isfinite():
        master = torch.tensor(weight) - rate * unscaled
        assert found.master == pytest.approx(master.item(), rel=2e-7)
        low = torch.tensor(weight, dtype=dtype)
        assert found.weight == low.sub(unscaled.item() * rate).item()
    else:
        assert found.weight == FORMATS[name].rounded(weight)
