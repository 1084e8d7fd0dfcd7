"""What is measured of tensors, compared with double precision."""

from itertools import count
from pathlib import Path
from unittest.mock import patch

import pytest
import torch
from torch import Tensor, nn

from tests.recorder.training import batches, block, linear, mlp, samples_of, step, structure_of
from vanish_recorder.hooks import outputs
from vanish_recorder.measure import host
from vanish_recorder.measure.norms import norm_on_host, norms
from vanish_recorder.measure.outputs import moments, statistics
from vanish_recorder.watching import watch


@pytest.mark.parametrize("size", [1e-38, 1e-30, 1e-20, 1e-6, 1.0, 1e19, 1e30, 0.0])
@pytest.mark.parametrize("shape", [(7,), (33, 65), (0,)])
def test_a_norm_is_right_from_vanishing_to_exploding(size: float, shape: tuple[int, ...]) -> None:
    values = torch.randn(shape, generator=torch.Generator().manual_seed(1)) * size
    expected = values.double().square().sum().sqrt().item()
    assert norm_on_host(values) == pytest.approx(expected, rel=1e-5, abs=0)
    assert norm_on_host(values.T if values.ndim == 2 else values) == pytest.approx(expected, rel=1e-5, abs=0)
    assert norms([values, values.double()]).tolist() == pytest.approx([expected] * 2, rel=1e-5, abs=0)


def test_a_norm_that_is_not_finite_is_not_hidden() -> None:
    assert norm_on_host(torch.tensor([1.0, float("inf")])) == float("inf")
    assert torch.tensor(norm_on_host(torch.tensor([1.0, float("nan")]))).isnan()


@pytest.mark.parametrize("autocast", [False, True])
def test_a_step_is_measured_to_the_bit_in_tensors_of_every_size(autocast: bool) -> None:
    generator = torch.Generator().manual_seed(1)
    shapes = [(8,), (8,), (4, 2), (5,), (300, 200), (0,), (64, 64), (64, 64)]
    parameters, copies = [], []
    for number, shape in enumerate(shapes):
        parameter = nn.Parameter(torch.randn(shape, generator=generator))
        used = torch.randn(shape, generator=generator) * 10.0 ** (-3 * number)
        used[torch.rand(shape, generator=generator) < 0.3] = 0
        parameter.grad = used
        copies.append(parameter.detach().clone())
        parameter.data -= 1e-3 * used  # in the later tensors, most weights do not move
        parameters.append(parameter)
    kept = [each.clone() for each in copies]
    with torch.autocast("cpu", enabled=autocast):
        found = host.changes(parameters, copies)
    for parameter, before in zip(parameters, kept, strict=True):
        change, gradient = found[id(parameter)], parameter.grad
        assert gradient is not None
        after = parameter.detach()
        assert change.grad_norm == pytest.approx(_norm(gradient), rel=1e-5, abs=0)
        assert change.update_norm == pytest.approx(_norm(after - before), rel=1e-5, abs=0)
        assert change.weight_norm == pytest.approx(_norm(before), rel=1e-5, abs=0)
        pushed = int((gradient != 0).sum())
        still = int(((gradient != 0) & (after == before)).sum())
        assert change.unmoved == (None if not pushed else pytest.approx(still / pushed, abs=1e-12))
        assert change.size == before.numel()


def _norm(values: Tensor) -> float:
    return values.double().square().sum().sqrt().item()


@pytest.mark.parametrize("size", [1e-28, 1e-12, 1.0, 1e25])
@pytest.mark.parametrize("shape", [(64, 5), (8, 3, 4, 4), (8, 6, 5)])
def test_the_deviations_of_an_output_are_right_at_every_size(size: float, shape: tuple[int, ...]) -> None:
    output = torch.randn(shape, generator=torch.Generator().manual_seed(1)).relu() * size
    exact = output.double()
    units = exact.movedim(1, -1).reshape(-1, shape[1]) if len(shape) == 4 else exact.reshape(-1, shape[-1])
    expected = [
        exact.mean().item(),
        exact.std(correction=0).item(),
        units.std(0, correction=0).mean().item(),
        (units <= 0).all(0).double().mean().item(),
    ]
    found = [moments(output, None, rectified=True) for _ in range(2)]
    for row in statistics(found).tolist():
        assert row == pytest.approx(expected, rel=1e-5, abs=0)
    assert statistics([moments(output, None, rectified=False)])[0, 3] == -1


def test_an_output_that_an_activation_follows_is_read_once(tmp_path: Path) -> None:
    model, data = mlp(), batches()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with watch(model, runs_dir=tmp_path, every=1, quiet=True):
        for _ in range(2):
            step(model, optimizer, next(data))
        with patch.object(outputs, "moments", side_effect=moments) as read:
            step(model, optimizer, next(data))
    assert read.call_count == 4  # three hidden layers and the output layer


def test_the_time_that_hooks_take_counts_as_measuring(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outputs, "perf_counter", count(0, 10).__next__)
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with watch(model, runs_dir=tmp_path, quiet=True) as lab:
        step(model, optimizer, next(batches()))
    calls = 7 + 4  # a hook's call for each module, and for the gradient of each block
    assert calls * 10 <= samples_of(lab)[0].seconds < calls * 10 + 10


class Sometimes(nn.Module):
    """A network whose activation is left out when it is told to."""

    def __init__(self, *, in_place: bool = False) -> None:
        super().__init__()
        self.first, self.act, self.last = nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3)
        self.plain, self.in_place = False, in_place

    def forward(self, inputs: Tensor) -> Tensor:
        hidden = self.first(inputs)
        if self.plain and self.in_place:
            hidden.relu_()
        result: Tensor = self.last(hidden if self.plain else self.act(hidden))
        return result


def test_an_output_without_its_usual_activation_is_read_after_all(tmp_path: Path) -> None:
    torch.manual_seed(1)
    model, data = Sometimes(), batches()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with watch(model, runs_dir=tmp_path, every=1, quiet=True) as lab:
        for _ in range(3):
            step(model, optimizer, next(data))
        model.plain = True
        inputs, classes = next(data)
        expected = inputs @ model.first.weight.detach().T + model.first.bias.detach()
        step(model, optimizer, (inputs, classes))
        step(model, optimizer, next(data))
    unusual, after = samples_of(lab)[3:5]
    mean = block(lab, unusual, "first", "activation_mean")
    assert mean == pytest.approx(expected.mean().item(), rel=1e-4)
    assert block(lab, after, "first", "delta_norm")


def test_an_output_that_was_changed_in_place_is_not_read_late(tmp_path: Path) -> None:
    torch.manual_seed(1)
    model, data = Sometimes(in_place=True), batches()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with watch(model, runs_dir=tmp_path, every=1, quiet=True) as lab:
        for plain in (False, False, False, True):
            model.plain = plain
            step(model, optimizer, next(data))
    sample = samples_of(lab)[3]
    assert block(lab, sample, "first", "activation_mean") is None
    assert block(lab, sample, "last", "activation_mean") is not None


def test_the_tensors_are_found_again_when_a_layer_is_replaced(tmp_path: Path) -> None:
    model, data = mlp(), batches()
    with watch(model, runs_dir=tmp_path, every=1, quiet=True) as lab:
        for width in (8, 6):
            model[4], model[6] = nn.Linear(8, width), nn.Linear(width, 3)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            for _ in range(3):
                step(model, optimizer, next(data))
    assert [spec.shape for spec in structure_of(lab).tensors][4::2] == [(6, 8), (3, 6)]
    assert set(samples_of(lab)[-1].states) == {"s"}
    assert samples_of(lab)[-1].tensors["weight_norm"][4] == pytest.approx(
        linear(model, 4).weight.norm().item(), rel=0.1
    )
