"""In a training step no value leaves the device: one copy brings a sample over, and nothing comes between."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

import scenarios
from engine.measure.probe import measured_step
from tests.engine.lab import begin, make_scenario, random_data, train

# What a tensor's user calls to see its values, and the operations that have to see them to know their result.
READING = {
    torch.Tensor.item, torch.Tensor.tolist, torch.Tensor.cpu, torch.Tensor.numpy, torch.Tensor.nonzero,
    torch.Tensor.__bool__, torch.Tensor.__int__, torch.Tensor.__float__, torch.Tensor.__index__,
    torch.Tensor.equal, torch.Tensor.__contains__,
    torch.equal, torch.allclose, torch.nonzero, torch.masked_select, torch.unique, torch.isclose,
}  # fmt: skip
READING_OPERATIONS = {
    "aten::_local_scalar_dense", "aten::equal", "aten::is_nonzero", "aten::nonzero", "aten::masked_select",
    "aten::_unique2", "aten::item",
}  # fmt: skip


class CallsThatRead(TorchFunctionMode):
    """Counts calls from Python that read a tensor's values."""

    def __init__(self) -> None:
        super().__init__()
        self.reads: list[str] = []

    def __torch_function__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if func in READING:
            self.reads.append(func.__name__)
        return func(*args, **(kwargs or {}))


class OperationsThatRead(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts operations that read a tensor's values, wherever in torch they are called."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.reads: list[str] = []

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        name = func._schema.name
        if name in READING_OPERATIONS:
            self.reads.append(name)
        return func(*args, **(kwargs or {}))


class Reads:
    """What was read while it watched."""

    def __init__(self, calls: CallsThatRead, operations: OperationsThatRead) -> None:
        self._calls, self._operations = calls, operations

    def so_far(self) -> list[str]:
        """Calls and operations; a call that is an operation below counts twice."""
        return [*self._calls.reads, *self._operations.reads]


@contextmanager
def watching() -> Iterator[Reads]:
    with OperationsThatRead() as operations, CallsThatRead() as calls:
        yield Reads(calls, operations)


VARIANTS: dict[str, dict[str, Any]] = {
    "sgd": {},
    "momentum": {"optimizer.momentum": 0.9},
    "adam": {"optimizer": {"name": "adam"}},
    "adamw": {"optimizer": {"name": "adamw"}},
    "rmsprop": {"optimizer": {"name": "rmsprop", "momentum": 0.9}},
    "clipped, warm-up": {"training.clip_norm": 0.1, "training.warmup_steps": 20, "training.cosine_to": 0.1},
    "dropout": {"model.dropout": 0.3},
    "sdagd, layer norm": {"optimizer": {"name": "sdagd", "radius": 0.2}},
    "sdagd, global norm": {"optimizer": {"name": "sdagd", "radius": 0.2, "norm": "global"}},
    "batchnorm": {"model.norm": "batch"},
    "customnorm, gradient normalised": {"model.norm": "custom", "model.gradient": "normalised"},
    "relu, layernorm, skip": {"model.activation": "relu", "model.norm": "layer", "model.skip": [[1, 3]]},
    "beta": {"model.activation": "sigmoid_beta", "model.beta": 0.05},
    "bce": {"training.loss": "bce"},
    "gelu": {"model.activation": "gelu"},
    "silu": {"model.activation": "silu"},
    "elu": {"model.activation": "elu"},
    "leaky relu": {"model.activation": "leaky_relu"},
    "fp16, batchnorm": {"training.precision": "fp16", "model.norm": "batch"},
    "bf16, adam": {"training.precision": "bf16", "optimizer": {"name": "adam", "eps": 1e-4}},
    "bf16 mixed": {"training.precision": "bf16_mixed"},
    "fp16 mixed": {"training.precision": "fp16_mixed", "model.skip": [[1, 3]]},
    "dynamic loss scale, adamw, clipped": {
        "training.precision": "fp16_mixed",
        "training.loss_scale": "dynamic",
        "optimizer": {"name": "adamw"},
        "training.clip_norm": 1.0,
    },
    "loss scale, momentum": {
        "training.precision": "fp16_mixed",
        "training.loss_scale": 1024,
        "optimizer.momentum": 0.9,
    },
    "frozen": {"stages": [{"sub_models": [2, 1], "train": [2]}]},
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_nothing_is_read_between_two_samples_and_a_sample_is_one_copy(variant: str) -> None:
    trainer, _ = begin(make_scenario(VARIANTS[variant]), random_data(4000))
    train(trainer, 1)
    with watching() as reads:
        for step in range(2, 32):
            before = len(reads.so_far())
            train(trainer, 1)
            expected = ["tolist"] if measured_step(step, step) else []
            assert reads.so_far()[before:] == expected, f"step {step}"


def test_the_watcher_sees_reading() -> None:
    tensor = torch.tensor([1.0, 2.0])
    with watching() as reads:
        assert tensor.sum().item() == 3.0
        assert bool(tensor[0] > 0)
        assert tensor.tolist() == [1.0, 2.0]
        assert torch.nonzero(tensor).shape == (2, 1)
    assert {"item", "tolist", "nonzero", "aten::_local_scalar_dense"} <= set(reads.so_far())


def test_without_measuring_a_sample_is_one_copy_as_well() -> None:
    trainer, _ = begin(make_scenario(), random_data(4000), measuring=False)
    train(trainer, 1)
    with watching() as reads:
        train(trainer, 19)
    assert reads.so_far() == ["tolist"] * 10  # steps 2 to 10, and 20


def test_the_catalogue_s_deepest_scenarios_read_nothing_either() -> None:
    for name in ("batchnorm", "adam", "sdagd", "skip"):
        trainer, _ = begin(scenarios.load(name, ["data.batch_size=16"]), random_data(640))
        train(trainer, 10)
        with watching() as reads:
            train(trainer, 9)
        assert reads.so_far() == []
