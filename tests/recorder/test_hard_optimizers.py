"""Optimizers that step in unusual ways. The numbers are compared with those of autograd."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from tests.recorder.training import (
    batches,
    events_of,
    linear,
    mlp,
    samples_of,
    state,
    step,
    structure_of,
    tensor,
)
from tui_vanish import watch
from vanish_recorder.protocol.watch_events import PartDisabled, StructureFound

cross_entropy = nn.functional.cross_entropy


def norm_of(values: Tensor | None) -> float:
    assert values is not None
    return float(values.detach().double().norm())


def backward(loss: Tensor) -> None:
    loss.backward()  # type: ignore[no-untyped-call]


def test_lbfgs_counts_steps_and_shows_the_gradient_of_the_point_evaluated_last(tmp_path: Path) -> None:
    model = mlp(nn.Tanh)
    optimizer = torch.optim.LBFGS(model.parameters(), lr=0.1, max_iter=4)
    lab = watch(model, optimizer, runs_dir=tmp_path, quiet=True)
    inputs, classes = next(batches())
    evaluations = 0
    expected, moved = [], []

    def closure() -> Tensor:
        nonlocal evaluations
        evaluations += 1
        optimizer.zero_grad()
        loss = cross_entropy(model(inputs), classes)
        backward(loss)
        return loss

    for _ in range(3):
        before = linear(model, 2).weight.detach().clone()
        optimizer.step(closure)  # type: ignore[no-untyped-call]
        expected.append(norm_of(linear(model, 2).weight.grad))
        moved.append(norm_of(linear(model, 2).weight - before) / norm_of(before))
    lab.close()
    assert evaluations > 3
    samples = samples_of(lab)
    assert [sample.step for sample in samples] == [1, 2, 3]
    for quantity, numbers in (("grad_norm", expected), ("update_ratio", moved)):
        found = [tensor(lab, sample, "2.weight", quantity) for sample in samples]
        assert found == pytest.approx(numbers, rel=1e-5), quantity


def plain_gradients(steps: int) -> list[dict[str, float]]:
    """The gradient norms of a plain loop with SGD."""
    model, source, found = mlp(nn.Tanh), batches(), []
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    for _ in range(steps):
        step(model, optimizer, next(source))
        found.append({name: norm_of(each.grad) for name, each in model.named_parameters()})
    return found


def test_steps_inside_the_backward_pass_are_one_round(tmp_path: Path) -> None:
    model, source = mlp(nn.Tanh), batches()
    lab = watch(model, runs_dir=tmp_path, quiet=True)
    optimizers: dict[Tensor, torch.optim.Optimizer] = {
        each: torch.optim.SGD([each], 0.1) for each in model.parameters()
    }

    def update(parameter: Tensor) -> None:
        optimizers[parameter].step()
        optimizers[parameter].zero_grad()

    for each in model.parameters():
        each.register_post_accumulate_grad_hook(update)  # type: ignore[no-untyped-call]
    for _ in range(4):
        inputs, classes = next(source)
        backward(cross_entropy(model(inputs), classes))
    lab.close()
    samples = samples_of(lab)
    assert [sample.step for sample in samples] == [1, 2, 3, 4]
    for sample, expected in zip(samples, plain_gradients(4), strict=True):
        for name, norm in expected.items():
            assert state(lab, sample, name) == "s"
            assert tensor(lab, sample, name, "grad_norm") == pytest.approx(norm, rel=1e-5), name


def test_one_optimizer_per_layer_is_one_round(tmp_path: Path) -> None:
    model, source = mlp(nn.Tanh), batches()
    layers = [linear(model, place) for place in (0, 2, 4, 6)]
    optimizers = [torch.optim.SGD(layer.parameters(), 0.1) for layer in layers]
    lab = watch(model, runs_dir=tmp_path, quiet=True)
    for _ in range(4):
        inputs, classes = next(source)
        model.zero_grad()
        backward(cross_entropy(model(inputs), classes))
        for optimizer in optimizers:
            optimizer.step()
    lab.close()
    samples = samples_of(lab)
    assert [sample.step for sample in samples] == [1, 2, 3, 4]
    assert {sample.states for sample in samples} == {"s" * 8}
    for sample, expected in zip(samples, plain_gradients(4), strict=True):
        found = {name: tensor(lab, sample, name, "grad_norm") for name in expected}
        assert found == pytest.approx(expected, rel=1e-5)
    assert [each.tensors for each in structure_of(lab).optimizers] == [2, 2, 2, 2]


def test_of_a_gan_each_network_has_the_gradients_of_its_own_step(tmp_path: Path) -> None:
    torch.manual_seed(3)
    generator = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 4))
    critic = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
    of_generator = torch.optim.SGD(generator.parameters(), 0.1)
    of_critic = torch.optim.SGD(critic.parameters(), 0.1)
    labs = [
        watch(network, optimizer, name=name, runs_dir=tmp_path, quiet=True)
        for network, optimizer, name in ((generator, of_generator, "g"), (critic, of_critic, "d"))
    ]
    both = watch(nn.ModuleDict({"g": generator, "d": critic}), name="gan", runs_dir=tmp_path, quiet=True)
    source = batches()
    expected: list[tuple[float, float]] = []
    for _ in range(4):
        real, _ = next(source)
        noise = torch.randn(16, 3)
        of_critic.zero_grad()
        backward(critic(generator(noise).detach()).mean() - critic(real).mean())
        of_critic.step()
        used_by_critic = norm_of(linear(critic, 0).weight.grad)
        of_generator.zero_grad()
        backward(-critic(generator(noise)).mean())  # also adds to the critic's gradients
        of_generator.step()
        assert norm_of(linear(critic, 0).weight.grad) != pytest.approx(used_by_critic)
        expected.append((norm_of(linear(generator, 0).weight.grad), used_by_critic))
    for lab in (*labs, both):
        lab.close()
    for lab, names in (
        (labs[0], ("0.weight", None)),
        (labs[1], (None, "0.weight")),
        (both, ("g.0.weight", "d.0.weight")),
    ):
        samples = samples_of(lab)
        assert [sample.step for sample in samples] == [1, 2, 3, 4]
        for sample, numbers in zip(samples, expected, strict=True):
            for name, number in zip(names, numbers, strict=True):
                if name is not None:
                    assert tensor(lab, sample, name, "grad_norm") == pytest.approx(number, rel=1e-5)


def test_weights_that_are_changed_by_hand_are_not_an_empty_screen(tmp_path: Path) -> None:
    model, source = mlp(), batches()
    lab = watch(model, runs_dir=tmp_path, quiet=True)
    for _ in range(101):
        inputs, classes = next(source)
        model.zero_grad()
        backward(cross_entropy(model(inputs), classes))
        with torch.no_grad():
            for each in model.parameters():
                assert each.grad is not None
                each.sub_(0.1 * each.grad)
    lab.close()
    assert samples_of(lab) == []
    (said,) = [event for event in events_of(lab) if isinstance(event, PartDisabled)]
    assert "no optimizer.step() was seen" in said.reason
    assert "lab.step()" in said.reason


def late(model: nn.Sequential, optimizer: torch.optim.Optimizer) -> None:
    """Train the first layer, too."""
    for each in linear(model, 0).parameters():
        each.requires_grad_(True)


def added(model: nn.Sequential, optimizer: torch.optim.Optimizer) -> None:
    late(model, optimizer)
    optimizer.add_param_group({"params": list(linear(model, 0).parameters()), "lr": 0.01})


@pytest.mark.parametrize(("change", "rate"), [(late, 0.1), (added, 0.01)], ids=["unfrozen", "added"])
def test_a_layer_that_trains_from_the_third_step_on_has_gradients_from_there(
    change: Callable[[nn.Sequential, torch.optim.Optimizer], None], rate: float, tmp_path: Path
) -> None:
    model, source = mlp(nn.Tanh), batches()
    first = list(linear(model, 0).parameters())
    for each in first:
        each.requires_grad_(False)
    others = [each for each in model.parameters() if change is late or each.requires_grad]
    optimizer = torch.optim.SGD(others, 0.1)
    lab = watch(model, optimizer, runs_dir=tmp_path, quiet=True)
    expected: list[float | None] = []
    for number in range(5):
        if number == 2:
            change(model, optimizer)
        step(model, optimizer, next(source))
        gradient = linear(model, 0).weight.grad
        expected.append(None if gradient is None else norm_of(gradient))
    lab.close()
    samples = samples_of(lab)
    assert [state(lab, sample, "0.weight") for sample in samples] == ["f", "f", "s", "s", "s"]
    found = [tensor(lab, sample, "0.weight", "grad_norm") for sample in samples]
    assert found[:2] == expected[:2] == [None, None]
    assert found[2:] == pytest.approx(expected[2:], rel=1e-5)
    assert samples[-1].lr[0] == rate
    assert structure_of(lab).optimizers[0].tensors == 8


def test_a_replaced_layer_is_found_under_its_name(tmp_path: Path) -> None:
    model, source = mlp(nn.Tanh), batches()
    lab = watch(model, runs_dir=tmp_path, quiet=True)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    for _ in range(2):
        step(model, optimizer, next(source))
    model[6] = nn.Linear(8, 3, bias=False)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    for _ in range(2):
        step(model, optimizer, next(source))
    expected = norm_of(linear(model, 6).weight.grad)
    lab.close()
    structures = [event for event in events_of(lab) if isinstance(event, StructureFound)]
    assert [len(each.tensors) for each in structures][-1] == 7
    assert "6.bias" in [each.name for each in structures[0].tensors]
    samples = samples_of(lab)
    assert [sample.step for sample in samples] == [1, 2, 3, 4]
    assert tensor(lab, samples[-1], "6.weight", "grad_norm") == pytest.approx(expected, rel=1e-5)
    assert state(lab, samples[-1], "6.weight") == "s"


def test_what_an_optimizer_steps_and_the_model_lacks_is_listed(tmp_path: Path) -> None:
    model, alien = mlp(), nn.Parameter(torch.ones(3))
    optimizer = torch.optim.SGD([*model.parameters(), alien], 0.1)
    with watch(model, optimizer, runs_dir=tmp_path, quiet=True) as lab:
        step(model, optimizer, next(batches()))
    left_out = structure_of(lab).left_out
    assert left_out == {"1 tensors of SGD": "its optimizer steps them, but the model does not have them"}
    assert set(samples_of(lab)[0].states) == {"s"}


class Refusing:
    """As accelerate's wrapper of an optimizer: it has its groups, and refuses hooks."""

    def __init__(self, optimizer: torch.optim.Optimizer) -> None:
        self.optimizer = optimizer

    def __getattr__(self, name: str) -> object:
        if name.startswith("register_"):
            raise AttributeError(name)
        return getattr(self.optimizer, name)

    def zero_grad(self) -> None:
        self.optimizer.zero_grad()

    def step(self) -> None:
        self.optimizer.step()


def test_an_optimizer_in_a_wrapper_that_refuses_hooks_is_recorded(tmp_path: Path) -> None:
    model = mlp()
    optimizer = Refusing(torch.optim.SGD(model.parameters(), 0.1))
    with watch(model, optimizer, runs_dir=tmp_path, quiet=True) as lab:
        for _ in range(2):
            step(model, optimizer, next(batches()))  # type: ignore[arg-type]
    assert [sample.step for sample in samples_of(lab)] == [1, 2]
    assert structure_of(lab).optimizers[0].name == "SGD"
