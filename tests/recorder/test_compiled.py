"""A compiled model: its weights are measured, its outputs are not, and the run says why."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import nn

from tests.recorder.training import batches, mlp, samples_of, step, structure_of, tensor
from tui_vanish import watch


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    """The other tests of this process are not about a script that compiles something."""
    yield
    torch._dynamo.reset()
    torch._dynamo.utils.counters.clear()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_weights_of_a_compiled_model_are_measured(tmp_path: Path) -> None:
    model = mlp()
    compiled = torch.compile(model, backend="eager")
    assert isinstance(compiled, nn.Module)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    lab = watch(compiled, optimizer, runs_dir=tmp_path, quiet=True)
    for _ in range(3):
        step(compiled, optimizer, next(batches()))
    lab.close()
    structure = structure_of(lab)
    assert "torch.compile" in structure.without_activations
    assert [spec.name for spec in structure.tensors][:2] == ["0.weight", "0.bias"]
    assert [sample.states for sample in samples_of(lab)] == ["s" * 8] * 3
    gradient = model[0].weight.grad
    assert isinstance(gradient, torch.Tensor)
    norm = gradient.double().norm().item()
    assert tensor(lab, samples_of(lab)[-1], "0.weight", "grad_norm") == pytest.approx(norm, rel=1e-4)
