"""Models whose modules and tensors are unusual. The numbers are compared with those of autograd.

This file is longer than 300 lines because each test brings a model of its own.
"""

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.distributed.algorithms._checkpoint.checkpoint_wrapper import checkpoint_wrapper
from torch.utils.checkpoint import checkpoint
from torch.utils.data import DataLoader, TensorDataset

from tests.recorder.training import (
    batches,
    events_of,
    mlp,
    samples_of,
    state,
    step,
    structure_of,
    tensor,
)
from tui_vanish import watch
from vanish_recorder.lab import Lab
from vanish_recorder.protocol.events import RunFinished
from vanish_recorder.protocol.watch_events import PartDisabled, WatchStarted


def norm_of(values: Tensor | None) -> float:
    assert values is not None
    return float(torch.linalg.vector_norm(values.detach().to_dense().reshape(-1)))


def trained(
    model: nn.Module,
    loss_of: Callable[[], Tensor],
    runs: Path,
    *,
    steps: int = 1,
    optimizer: torch.optim.Optimizer | None = None,
) -> tuple[Lab, dict[str, float]]:
    """Train a model; the recording, and the norms of the last gradients."""
    optimizer = optimizer or torch.optim.SGD([each for each in model.parameters() if each.requires_grad], 0.1)
    lab = watch(model, optimizer, runs_dir=runs, quiet=True)
    for _ in range(steps):
        optimizer.zero_grad()
        loss_of().backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    lab.close()
    assert [event for event in events_of(lab) if isinstance(event, PartDisabled)] == []
    return lab, {name: norm_of(each.grad) for name, each in model.named_parameters() if each.grad is not None}


class Wrapped(nn.Module):
    """As torch.compile wraps a model, but nothing is compiled."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self._orig_mod = model

    def forward(self, x: Tensor) -> Tensor:
        return torch.as_tensor(self._orig_mod(x))


@pytest.mark.parametrize(
    "wrap",
    [
        nn.DataParallel,
        Wrapped,
        lambda model: nn.DataParallel(Wrapped(model)),
        lambda model: nn.Sequential(*(checkpoint_wrapper(each) for each in model)),
    ],
    ids=["module", "_orig_mod", "both", "_checkpoint_wrapped_module"],
)
def test_the_prefixes_of_wrappers_are_stripped(
    wrap: Callable[[nn.Module], nn.Module], tmp_path: Path
) -> None:
    model = mlp(nn.Tanh)
    names = [name for name, _ in model.named_parameters()]
    wrapped = wrap(model)
    inputs, classes = next(batches())
    lab, expected = trained(wrapped, lambda: nn.functional.cross_entropy(wrapped(inputs), classes), tmp_path)
    assert [each.name for each in structure_of(lab).tensors] == names
    (sample,) = samples_of(lab)
    found = [tensor(lab, sample, name, "grad_norm") for name in names]
    assert found == pytest.approx(list(expected.values()), rel=1e-5)


def test_a_weight_that_is_used_without_a_call_of_its_module_is_measured(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = nn.MultiheadAttention(8, 2, batch_first=True)  # it never calls its out_proj
    inputs = torch.randn(4, 5, 8)
    lab, expected = trained(model, lambda: model(inputs, inputs, inputs)[0].square().mean(), tmp_path)
    (sample,) = samples_of(lab)
    for name in ("in_proj_weight", "out_proj.weight"):
        assert state(lab, sample, name) == "s"
        assert tensor(lab, sample, name, "grad_norm") == pytest.approx(expected[name], rel=1e-5)


class Chain(nn.Module):
    """Three blocks, whose forward pass is done again in the backward pass if it is checkpointed."""

    def __init__(self, reentrant: bool | None) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.h = nn.ModuleList(nn.Sequential(nn.Linear(8, 8), nn.Tanh()) for _ in range(3))
        self.reentrant = reentrant

    def forward(self, x: Tensor) -> Tensor:
        for each in self.h:
            x = each(x) if self.reentrant is None else checkpoint(each, x, use_reentrant=self.reentrant)
        return x


def squares(model: nn.Module, inputs: Tensor) -> Tensor:
    return torch.as_tensor(model(inputs)).square().sum()


def test_a_forward_pass_that_is_done_again_changes_no_number(tmp_path: Path) -> None:
    found = []
    for how in (None, False, True):
        model = Chain(how)
        inputs = torch.linspace(-1, 1, 128).reshape(16, 8).requires_grad_()
        lab, _ = trained(model, partial(squares, model, inputs), tmp_path, steps=2)
        sample = samples_of(lab)[-1]
        found.append((sample.blocks, sample.tensors))
    (plain, tensors), (again, same), (reentrant, also) = found
    assert len(plain["delta_norm"]) == 3
    for quantity, column in plain.items():
        assert again[quantity] == pytest.approx(column, rel=1e-5), quantity
    for quantity, column in tensors.items():
        assert same[quantity] == also[quantity] == pytest.approx(column, rel=1e-5), quantity
    assert not reentrant, "its first pass has no gradient, so no output is read"


def test_a_module_that_is_called_999_times_in_a_pass_is_measured(tmp_path: Path) -> None:
    torch.manual_seed(0)
    cell = nn.Linear(4, 4)
    model = nn.Sequential(cell)

    def loss() -> Tensor:
        state = torch.ones(2, 4)
        for _ in range(999):
            state = torch.tanh(cell(state))
        return state.square().mean()

    lab, expected = trained(model, loss, tmp_path)
    (sample,) = samples_of(lab)
    assert tensor(lab, sample, "0.weight", "grad_norm") == pytest.approx(expected["0.weight"], rel=1e-4)


class Mixed(nn.Module):
    """Parameters of every kind."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.table = nn.Embedding(10, 4, sparse=True)
        self.wide = nn.Linear(4, 4).double()
        self.phase = nn.Parameter(torch.randn(4, 4, dtype=torch.complex64))
        self.counter = nn.Parameter(torch.arange(4), requires_grad=False)

    def forward(self, which: Tensor) -> Tensor:
        x = self.wide(self.table(which).double())
        return torch.as_tensor((x.to(torch.complex64) @ self.phase).abs().square().mean())


def test_sparse_complex_and_double_gradients_are_right_and_whole_numbers_are_left_out(tmp_path: Path) -> None:
    model = Mixed()
    which = torch.tensor([1, 1, 3])  # a row twice: its two gradients are added
    lab, expected = trained(model, lambda: model(which), tmp_path)
    (sample,) = samples_of(lab)
    assert model.table.weight.grad is not None
    assert model.table.weight.grad.is_sparse
    for name in ("table.weight", "wide.weight", "phase"):
        assert tensor(lab, sample, name, "grad_norm") == pytest.approx(expected[name], rel=1e-5), name
        assert tensor(lab, sample, name, "unmoved") == 0
    change = 0.1 * expected["table.weight"]
    before = Mixed().table.weight
    assert tensor(lab, sample, "table.weight", "update_ratio") == pytest.approx(
        change / norm_of(before), rel=1e-4
    )
    assert structure_of(lab).left_out["counter"] == "int64 weights are not measured"
    assert state(lab, sample, "counter") == "x"


def test_the_part_of_a_gradient_that_fp16_cannot_hold_is_counted_with_the_scale(tmp_path: Path) -> None:
    model = mlp(nn.Tanh)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**4)
    lab = watch(model, optimizer, runs_dir=tmp_path, quiet=True)
    inputs, classes = next(batches())
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(model(inputs * 1e-3), classes) * 1e-4
    scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
    scaler.step(optimizer)
    scaler.update()
    lab.close()
    (sample,) = samples_of(lab)
    for name, each in model.named_parameters():
        assert each.grad is not None
        below = (each.grad.abs() < 2.0**-24 / 2**4).double().mean().item()
        assert tensor(lab, sample, name, "underflow") == pytest.approx(below), name
    assert tensor(lab, sample, "0.weight", "underflow")


class Odd(nn.Parameter):
    """A kind of tensor that has no norm."""

    @classmethod
    def __torch_function__(cls, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if function is torch.linalg.vector_norm:
            raise NotImplementedError("no such operation for this kind of tensor")
        return torch.Tensor.__torch_function__.__func__(cls, function, types, args, kwargs)  # type: ignore[attr-defined]


def test_an_odd_kind_of_tensor_has_right_numbers_or_a_reason_and_others_are_measured(
    tmp_path: Path,
) -> None:
    model = mlp(nn.Tanh)
    weight = model[2].weight
    assert isinstance(weight, nn.Parameter)
    model[2].weight = Odd(weight.detach())
    inputs, classes = next(batches())
    lab, expected = trained(model, lambda: nn.functional.cross_entropy(model(inputs), classes), tmp_path)
    (sample,) = samples_of(lab)
    if state(lab, sample, "2.weight") == "x":
        assert "no such operation" in structure_of(lab).left_out["2.weight"]
    else:
        found = tensor(lab, sample, "2.weight", "grad_norm")
        assert found == pytest.approx(expected["2.weight"], rel=1e-5)
    assert tensor(lab, sample, "0.weight", "grad_norm") == pytest.approx(expected["0.weight"], rel=1e-5)


def test_forked_workers_of_a_data_loader_write_nothing(tmp_path: Path) -> None:
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    lab = watch(model, optimizer, runs_dir=tmp_path, quiet=True)
    inputs, classes = next(batches(size=64))
    loader = DataLoader(
        TensorDataset(inputs, classes), batch_size=16, num_workers=2, multiprocessing_context="fork"
    )
    for _ in range(2):
        for batch in loader:
            step(model, optimizer, tuple(batch))
    assert lab.folder is not None
    assert os.path.exists(lab.folder)
    lab.close()
    events = events_of(lab)
    assert [sample.step for sample in samples_of(lab)] == list(range(1, 9))
    assert [event for event in events if isinstance(event, RunFinished)] == events[-1:]
    assert len(list(tmp_path.iterdir())) == 1


def test_the_zero_half_of_a_low_rank_adapter_has_no_update_ratio_until_it_has_moved(tmp_path: Path) -> None:
    class Adapted(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            torch.manual_seed(0)
            self.base = nn.Linear(4, 3)
            self.base.requires_grad_(False)
            self.lora_A = nn.Parameter(torch.randn(2, 4))
            self.lora_B = nn.Parameter(torch.zeros(3, 2))

        def forward(self, x: Tensor) -> Tensor:
            return torch.as_tensor(self.base(x)) + x @ self.lora_A.T @ self.lora_B.T

    model = Adapted()
    inputs, classes = next(batches())
    lab, _ = trained(model, lambda: nn.functional.cross_entropy(model(inputs), classes), tmp_path, steps=2)
    first, second = samples_of(lab)
    assert tensor(lab, first, "lora_B", "update_ratio") is None
    assert tensor(lab, first, "lora_B", "unmoved") == 0
    assert tensor(lab, first, "lora_A", "grad_norm") == 0
    assert tensor(lab, second, "lora_B", "update_ratio") == pytest.approx(1, rel=0.5)
    assert state(lab, first, "base.weight") == "f"


class Experts(nn.Module):
    """Two experts; the second gets no token."""

    def __init__(self) -> None:
        super().__init__()
        self.experts = nn.ModuleList(nn.Sequential(nn.Linear(4, 4), nn.ReLU()) for _ in range(2))
        self.head = nn.Linear(4, 1)

    def forward(self, tokens: Tensor) -> Tensor:
        first, second = self.experts
        outputs: Tensor = self.head(torch.cat([first(tokens), second(tokens[:0])]))
        return outputs


def test_a_module_that_gets_nothing_is_left_out_and_the_others_are_measured(tmp_path: Path) -> None:
    torch.manual_seed(1)
    model, tokens = Experts(), next(batches())[0]
    lab, _ = trained(model, lambda: model(tokens).square().mean(), tmp_path, steps=2)
    names = [each.name for each in structure_of(lab).blocks]
    for sample in samples_of(lab):
        deviations = zip(names, sample.blocks["activation_std"], strict=True)
        unknown = [name for name, deviation in deviations if deviation is None]
        assert unknown == [name for name in names if name.startswith("experts.1")]
        assert len(unknown) < len(names)


def test_a_model_whose_parameters_have_no_shape_yet_is_recorded(tmp_path: Path) -> None:
    model, inputs = nn.Sequential(nn.LazyLinear(8), nn.ReLU(), nn.LazyLinear(1)), next(batches())[0]
    lab, norms = trained(model, lambda: model(inputs).square().mean(), tmp_path, steps=2)
    sample = samples_of(lab)[-1]
    assert tensor(lab, sample, "0.weight", "grad_norm") == pytest.approx(norms["0.weight"], rel=1e-5)
    started = events_of(lab)[0]
    assert isinstance(started, WatchStarted)
    assert started.parameters == 0
