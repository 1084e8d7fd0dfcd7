"""What `watch` records of a training that it leaves as it is.

This file is longer than 300 lines because it goes through all that a script can do.
"""

import copy
import io
import json
import pickle
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from engine.storage.run_log import read_events
from tests.recorder.training import (
    batches,
    block,
    events_of,
    linear,
    mlp,
    samples_of,
    state,
    step,
    structure_of,
    tensor,
    weights_of,
)
from tui_vanish import watch
from vanish_recorder.protocol.events import Resumed, RunFinished
from vanish_recorder.protocol.status import Status
from vanish_recorder.protocol.watch_events import EpochLogged, PartDisabled
from vanish_recorder.storage.summary import SUMMARY

Optimizer = Callable[[nn.Module], torch.optim.Optimizer]
OPTIMIZERS: dict[str, Optimizer] = {
    "sgd": lambda model: torch.optim.SGD(model.parameters(), 0.1, momentum=0.9, weight_decay=0.01),
    "adam": lambda model: torch.optim.Adam(model.parameters(), 0.01),
    "foreach": lambda model: torch.optim.AdamW(model.parameters(), 0.01, foreach=True),
    "fused": lambda model: torch.optim.AdamW(model.parameters(), 0.01, fused=True),
}


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_recording_changes_neither_the_weights_nor_the_randomness(optimizer: str, tmp_path: Path) -> None:
    def trained(*, recorded: bool) -> tuple[torch.Tensor, torch.Tensor]:
        model = nn.Sequential(*mlp(), nn.Dropout(0.3), nn.Linear(3, 3))
        lab = watch(model, runs_dir=tmp_path, quiet=True) if recorded else None
        steps = OPTIMIZERS[optimizer](model)
        source = batches()
        torch.manual_seed(5)
        for _ in range(25):
            step(model, steps, next(source))
        if lab is not None:
            lab.close()
            assert len(samples_of(lab)) >= 10
        return weights_of(model), torch.rand(3)

    plain, recorded = trained(recorded=False), trained(recorded=True)
    assert torch.equal(plain[0], recorded[0])
    assert torch.equal(plain[1], recorded[1])


def test_gradients_are_those_that_the_optimizer_used(tmp_path: Path) -> None:
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), 0.5)
    lab = watch(model, optimizer, runs_dir=tmp_path, quiet=True)
    source = batches()
    for _ in range(2):  # two batches are accumulated, and the sum is clipped
        inputs, classes = next(source)
        nn.functional.cross_entropy(model(inputs), classes).backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(model.parameters(), 0.01)
    parameters = dict(model.named_parameters())
    before = {name: each.detach().clone() for name, each in parameters.items()}
    gradients = {name: each.grad.clone() for name, each in parameters.items() if each.grad is not None}
    optimizer.step()
    lab.close()
    (sample,) = samples_of(lab)
    for name, each in parameters.items():
        norm = gradients[name].double().norm().item()
        assert tensor(lab, sample, name, "grad_norm") == pytest.approx(norm, rel=1e-5)
        rms = norm / each.numel() ** 0.5
        assert tensor(lab, sample, name, "grad_rms") == pytest.approx(rms, rel=1e-5)
        change = (each.detach().double() - before[name].double()).norm() / before[name].double().norm()
        assert tensor(lab, sample, name, "update_ratio") == pytest.approx(change.item(), rel=1e-5)
        pushed = gradients[name] != 0
        unmoved = (pushed & (each.detach() == before[name])).sum() / pushed.sum()
        assert tensor(lab, sample, name, "unmoved") == pytest.approx(unmoved.item(), abs=1e-6)


@pytest.mark.parametrize("inplace", [False, True])
def test_outputs_and_their_gradients_are_those_after_the_activation(inplace: bool, tmp_path: Path) -> None:
    model = mlp(lambda: nn.ReLU(inplace=inplace))
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    inputs, classes = next(batches())
    outputs = []
    hidden = inputs
    for layer in list(model)[0:6:2]:
        hidden = torch.relu(layer(hidden))
        hidden.retain_grad()
        outputs.append(hidden)
    nn.functional.cross_entropy(model[6](hidden), classes).backward()  # type: ignore[no-untyped-call]
    model.zero_grad()
    lab = watch(model, optimizer, runs_dir=tmp_path, quiet=True)
    step(model, optimizer, (inputs, classes))
    lab.close()
    (sample,) = samples_of(lab)
    assert [spec.name for spec in structure_of(lab).blocks] == ["0", "2", "4", "6"]
    for name, output in zip(("0", "2", "4"), outputs, strict=True):
        assert output.grad is not None
        h = output.detach().double()
        expected = {
            "delta_norm": output.grad.double().norm(),
            "activation_mean": h.mean(),
            "activation_std": h.std(correction=0),
            "sample_std": h.std(0, correction=0).mean(),
            "dead": (h == 0).all(0).double().mean(),
        }
        for quantity, value in expected.items():
            assert block(lab, sample, name, quantity) == pytest.approx(value.item(), rel=1e-4, abs=1e-7)


def test_a_tensor_says_what_happened_to_it(tmp_path: Path) -> None:
    model = mlp()
    model[0].weight.requires_grad_(False)  # frozen
    extra = nn.Linear(2, 2)  # unused: it gets no gradient
    whole = nn.ModuleDict({"net": model, "extra": extra})
    outside = [model[2].bias]  # in no optimizer
    optimizer = torch.optim.SGD(
        [each for each in whole.parameters() if not any(each is other for other in outside)], 0.1
    )
    lab = watch(whole, runs_dir=tmp_path, quiet=True)
    step(model, optimizer, next(batches()))
    lab.close()
    (sample,) = samples_of(lab)
    states = {
        name: state(lab, sample, name)
        for name in ("net.0.weight", "net.2.weight", "net.2.bias", "extra.weight")
    }
    assert states == {"net.0.weight": "f", "net.2.weight": "s", "net.2.bias": "o", "extra.weight": "u"}


def test_updates_that_bfloat16_rounds_away_are_unmoved(tmp_path: Path) -> None:
    model = mlp().bfloat16()
    optimizer = torch.optim.SGD(model.parameters(), 1e-8)
    lab = watch(model, optimizer, runs_dir=tmp_path, quiet=True)
    inputs, classes = next(batches())
    step(model, optimizer, (inputs.bfloat16(), classes))
    lab.close()
    (sample,) = samples_of(lab)
    assert tensor(lab, sample, "0.weight", "unmoved") == 1.0
    assert tensor(lab, sample, "0.weight", "update_ratio") == 0.0


def test_zero_weights_have_no_update_ratio(tmp_path: Path) -> None:
    model = mlp()
    nn.init.zeros_(linear(model, 6).weight)
    lab = watch(model, runs_dir=tmp_path, quiet=True)
    step(model, torch.optim.SGD(model.parameters(), 0.1), next(batches()))
    lab.close()
    assert tensor(lab, samples_of(lab)[0], "6.weight", "update_ratio") is None


def test_tied_weights_are_shown_once_with_both_names(tmp_path: Path) -> None:
    model = mlp(layers=3)
    model[4].weight = model[2].weight
    lab = watch(model, runs_dir=tmp_path, quiet=True)
    step(model, torch.optim.SGD(model.parameters(), 0.1), next(batches()))
    lab.close()
    (spec,) = [each for each in structure_of(lab).tensors if each.name == "2.weight"]
    assert spec.also == ("4.weight",)


def test_tied_weights_that_an_optimizer_was_given_twice_are_measured_once(tmp_path: Path) -> None:
    model = mlp(layers=3)
    model[4].weight = model[2].weight
    with pytest.warns(UserWarning, match="duplicate parameters"):
        optimizer = torch.optim.SGD([each for part in model for each in part.parameters()], 0.1)
    lab = watch(model, runs_dir=tmp_path, quiet=True)
    step(model, optimizer, next(batches()))
    lab.close()
    assert [event for event in events_of(lab) if isinstance(event, PartDisabled)] == []
    assert structure_of(lab).left_out == {}
    assert structure_of(lab).optimizers[0].tensors == len(list(model.parameters()))
    assert tensor(lab, samples_of(lab)[0], "2.weight", "update_ratio")


def test_two_optimizers_that_alternate_are_one_round(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = nn.ModuleDict({"one": nn.Linear(4, 4), "other": nn.Linear(4, 3)})
    optimizers = [torch.optim.SGD(model[name].parameters(), 0.1) for name in ("one", "other")]
    lab = watch(model, runs_dir=tmp_path, quiet=True)
    for _ in range(5):
        inputs, classes = next(batches())
        for optimizer in optimizers:
            loss = nn.functional.cross_entropy(model["other"](model["one"](inputs)), classes)
            model.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
    lab.close()
    samples = samples_of(lab)
    assert [sample.step for sample in samples] == [1, 2, 3, 4, 5]
    assert samples[-1].states == "ssss"
    assert [spec.tensors for spec in structure_of(lab).optimizers] == [2, 2]


@pytest.mark.parametrize("fused", [False, True])
def test_an_overflow_is_a_skipped_step(fused: bool, tmp_path: Path) -> None:
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), 0.1, fused=fused)
    scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
    lab = watch(model, optimizer, runs_dir=tmp_path, quiet=True)
    for number in range(4):
        inputs, classes = next(batches())
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(inputs), classes)
        if number == 2:
            loss = loss * float("inf")
        scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
        gradient = linear(model, 0).weight.grad
        assert gradient is not None
        expected = gradient.double().norm().item() / 1024
        scaler.step(optimizer)
        scaler.update()
        if number == 0:
            first = expected
    lab.close()
    samples = samples_of(lab)
    assert [sample.step for sample in samples] == [1, 2, 3, 4]
    assert [sample.scale for sample in samples] == [1024, 1024, 1024, 512]
    assert [sample.skipped for sample in samples] == [0, 0, 1, 1]
    assert set(samples[2].states) == {"k"}
    assert set(samples[3].states) == {"s"}
    assert tensor(lab, samples[0], "0.weight", "grad_norm") == pytest.approx(first, rel=1e-4)
    assert samples[0].logged["loss"] == pytest.approx(float(samples[0].logged["loss"]))
    assert 0.5 < samples[0].logged["loss"] < 3  # without the scale


def test_a_recurrent_layer_has_its_gradient_over_time(tmp_path: Path) -> None:
    class Classifier(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.rnn = nn.RNN(4, 6, batch_first=True)
            self.head = nn.Linear(6, 3)

        def forward(self, inputs: torch.Tensor) -> torch.Tensor:
            output: torch.Tensor = self.head(self.rnn(inputs)[0][:, -1])
            return output

    torch.manual_seed(0)
    model = Classifier()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    inputs, classes = next(batches(shape=(7, 4)))
    known = inputs.clone().requires_grad_()
    nn.functional.cross_entropy(model(known), classes).backward()  # type: ignore[no-untyped-call]
    assert known.grad is not None
    expected = known.grad.double().norm(dim=(0, 2)).tolist()
    lab = watch(model, optimizer, runs_dir=tmp_path, quiet=True)
    step(model, optimizer, (inputs, classes))
    lab.close()
    assert samples_of(lab)[0].over_time["rnn"] == pytest.approx(expected, rel=1e-4)


def test_the_blocks_are_the_longest_chain_of_one_class(tmp_path: Path) -> None:
    torch.manual_seed(0)
    layers = [nn.TransformerEncoderLayer(8, 2, 16, batch_first=True) for _ in range(3)]
    model = nn.Sequential(nn.Linear(4, 8), nn.Sequential(*layers), nn.Flatten(), nn.Linear(16, 3))
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    lab = watch(model, runs_dir=tmp_path, quiet=True)
    step(model, optimizer, next(batches(shape=(2, 4))))
    lab.close()
    assert [spec.name for spec in structure_of(lab).blocks] == ["1.0", "1.1", "1.2"]
    assert None not in samples_of(lab)[0].blocks["delta_norm"]


def test_a_pattern_chooses_the_modules(tmp_path: Path) -> None:
    model = nn.Sequential(*mlp())
    lab = watch(model, layers="[24]", runs_dir=tmp_path, quiet=True)
    step(model, torch.optim.SGD(model.parameters(), 0.1), next(batches()))
    lab.close()
    assert [spec.name for spec in structure_of(lab).blocks] == ["2", "4"]


def test_a_model_can_be_copied_and_saved_while_a_sample_is_armed(tmp_path: Path) -> None:
    model = mlp()
    lab = watch(model, runs_dir=tmp_path, quiet=True)
    inputs, _ = next(batches())
    model(inputs)
    copied = copy.deepcopy(model)
    torch.save(model, io.BytesIO())
    pickle.dumps(model)
    assert pickle.loads(pickle.dumps(lab)).folder is None
    step(model, torch.optim.SGD(model.parameters(), 0.1), next(batches()))
    lab.close()
    assert not copied._forward_hooks
    assert not model._forward_hooks
    assert not torch.nn.modules.module._global_forward_hooks


def test_evaluation_between_two_steps_is_not_measured(tmp_path: Path) -> None:
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    lab = watch(model, runs_dir=tmp_path, quiet=True)
    inputs, classes = next(batches())
    model.eval()
    model(inputs * 1000)
    model.train()
    with torch.no_grad():
        model(inputs * 1000)
    step(model, optimizer, (inputs, classes))
    lab.close()
    deviation = block(lab, samples_of(lab)[0], "6", "activation_std")
    assert deviation is not None
    assert deviation < 10


def test_what_the_script_logs_is_in_the_sample_and_the_epochs(tmp_path: Path) -> None:
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    lab = watch(model, runs_dir=tmp_path, quiet=True)
    loss = step(model, optimizer, next(batches()))
    lab.log(penalty=torch.tensor(0.25), temperature=3)
    lab.epoch(train_loss=0.5, test_accuracy=torch.tensor(0.75))
    step(model, optimizer, next(batches()))
    lab.close()
    first, second = samples_of(lab)
    assert first.logged["loss"] == pytest.approx(loss.item(), rel=1e-5)
    assert first.logged["lr"] == 0.1
    assert (second.logged["penalty"], second.logged["temperature"]) == (0.25, 3.0)
    (epoch,) = [event for event in events_of(lab) if isinstance(event, EpochLogged)]
    assert epoch.logged == {"train_loss": 0.5, "test_accuracy": 0.75}


def test_an_error_of_the_recorder_ends_a_part_of_it_and_not_the_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("odd tensor")

    monkeypatch.setattr("vanish_recorder.hooks.outputs.statistics", fail)
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    lab = watch(model, runs_dir=tmp_path, quiet=True)
    for _ in range(3):
        step(model, optimizer, next(batches()))
    lab.close()
    assert len(samples_of(lab)) == 3
    (disabled,) = [event for event in events_of(lab) if isinstance(event, PartDisabled)]
    assert disabled.part == "activations"
    assert "odd tensor" in disabled.reason


def test_a_script_without_an_optimizer_says_itself_when_it_steps(tmp_path: Path) -> None:
    model = mlp()
    lab = watch(model, runs_dir=tmp_path, quiet=True)
    for _ in range(3):
        inputs, classes = next(batches())
        model.zero_grad()
        nn.functional.cross_entropy(model(inputs), classes).backward()  # type: ignore[no-untyped-call]
        with torch.no_grad():
            for each in model.parameters():
                assert each.grad is not None
                each.sub_(0.1 * each.grad)
        lab.step()
    lab.close()
    samples = samples_of(lab)
    assert [sample.step for sample in samples] == [1, 2, 3]
    assert tensor(lab, samples[-1], "0.weight", "grad_norm")
    assert tensor(lab, samples[-1], "0.weight", "update_ratio")


def test_a_second_script_continues_the_run_of_its_name(tmp_path: Path) -> None:
    for resume in (False, True):
        model = mlp()
        lab = watch(model, name="mine", runs_dir=tmp_path, resume=resume, quiet=True)
        optimizer = torch.optim.SGD(model.parameters(), 0.1)
        for _ in range(3):
            step(model, optimizer, next(batches()))
        lab.close()
    assert [sample.step for sample in samples_of(lab)] == [1, 2, 3, 4, 5, 6]
    kinds = [type(event) for event in events_of(lab)]
    assert (kinds.count(Resumed), kinds.count(RunFinished)) == (1, 2)


@pytest.mark.parametrize(
    ("error", "status"),
    [(ValueError("no"), Status.FAILED), (KeyboardInterrupt(), Status.STOPPED), (None, Status.FINISHED)],
)
def test_the_end_of_the_script_is_the_end_of_the_run(
    error: BaseException | None, status: Status, tmp_path: Path
) -> None:
    model = mlp()
    lab = watch(model, runs_dir=tmp_path, quiet=True)

    def train() -> None:
        with lab:
            step(model, torch.optim.SGD(model.parameters(), 0.1), next(batches()))
            if error is not None:
                raise error

    if error is None:
        train()
    else:
        with pytest.raises(type(error)):
            train()
    finished = events_of(lab)[-1]
    assert isinstance(finished, RunFinished)
    assert finished.status is status


_TRAINS = """
import sys
from tests.recorder.training import batches, mlp, step
import torch
from tui_vanish import watch
model = mlp()
lab = watch(model, runs_dir=sys.argv[1], quiet=True)
optimizer, data = torch.optim.SGD(model.parameters(), 0.1), batches()
step(model, optimizer, next(data))
"""
_CATCHES = """
try:
    sys.exit(3)
except SystemExit:
    step(model, optimizer, next(data))
"""


@pytest.mark.parametrize(
    ("end", "status", "error"),
    [
        ("sys.exit(3)", Status.FAILED, "The script ended with exit code 3"),
        ("sys.exit('no data')", Status.FAILED, "The script ended with exit code 1: no data"),
        ("exit(3)", Status.FAILED, "The script ended with exit code 3"),
        ("quit()", Status.FINISHED, None),
        ("sys.exit(0)", Status.FINISHED, None),
        ("sys.exit()", Status.FINISHED, None),
        (_CATCHES, Status.FINISHED, None),
        ("with lab: raise SystemExit(4)", Status.FAILED, "The script ended with exit code 4"),
        ("raise ValueError('odd')", Status.FAILED, "ValueError: odd"),
        ("raise KeyboardInterrupt", Status.STOPPED, None),
    ],
)
def test_an_exit_code_other_than_0_is_a_failure(
    end: str, status: Status, error: str | None, tmp_path: Path
) -> None:
    root = Path(__file__).parent.parent.parent
    command = [sys.executable, "-c", _TRAINS + end, str(tmp_path)]
    subprocess.run(command, cwd=root, stderr=subprocess.DEVNULL, timeout=120, check=False)
    finished = read_events(next(tmp_path.glob("*/events.jsonl")))[-1]
    assert isinstance(finished, RunFinished)
    assert (finished.status, finished.error) == (status, error)


def test_the_last_epoch_that_ended_is_the_runs_last(tmp_path: Path) -> None:
    def epochs(*, resume: bool) -> list[int]:
        model, data = mlp(), batches()
        optimizer = torch.optim.SGD(model.parameters(), 0.1)
        with watch(model, name="mine", runs_dir=tmp_path, resume=resume, quiet=True) as lab:
            for _ in range(3):
                step(model, optimizer, next(data))
                lab.epoch(test_accuracy=0.5)
        finished = events_of(lab)[-1]
        assert isinstance(finished, RunFinished)
        assert finished.epochs == finished.epoch
        assert lab.folder is not None
        assert json.loads((lab.folder / SUMMARY).read_text())["epoch"] == finished.epoch
        return [sample.epoch for sample in samples_of(lab)]

    assert epochs(resume=False) == [1, 2, 3]
    assert epochs(resume=True) == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"model": 3}, "model is int"),
        ({"optimizer": "adam"}, "optimizer is str"),
        ({"every": 0}, "every is 0"),
        ({"budget": 2}, "budget is 2"),
        ({"layers": []}, "layers must be names"),
        ({"config": 3}, "config is int"),
    ],
)
def test_a_wrong_argument_is_named(arguments: dict[str, object], words: str, tmp_path: Path) -> None:
    with pytest.raises((TypeError, ValueError), match=words):
        watch(**{"model": mlp(), "runs_dir": tmp_path, **arguments})  # type: ignore[arg-type]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("adds", [False, True])
def test_the_loss_of_accumulated_batches_is_the_last_ones_or_their_sum(adds: bool, tmp_path: Path) -> None:
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    lab = watch(model, runs_dir=tmp_path, quiet=True, adds_losses=adds)
    source = batches()
    expected = []
    for _ in range(3):
        optimizer.zero_grad()
        losses = []
        for _ in range(4):
            inputs, classes = next(source)
            loss = nn.functional.cross_entropy(model(inputs), classes) / 4
            loss.backward()  # type: ignore[no-untyped-call]
            losses.append(loss.item())
        optimizer.step()
        expected.append(sum(losses) if adds else losses[-1])
    lab.close()
    assert [sample.logged["loss"] for sample in samples_of(lab)] == pytest.approx(expected, rel=1e-5)
    assert {sample.backward_passes for sample in samples_of(lab)} == {0 if adds else 4}


def test_any_name_can_be_logged(tmp_path: Path) -> None:
    model = mlp()
    lab = watch(model, runs_dir=tmp_path, quiet=True)
    lab.log(**{"self": 1.0, "train/loss": 2.0})
    step(model, torch.optim.SGD(model.parameters(), 0.1), next(batches()))
    lab.epoch(**{"self": 3.0})
    lab.close()
    (sample,) = samples_of(lab)
    assert (sample.logged["self"], sample.logged["train/loss"]) == (1.0, 2.0)


def test_what_is_no_number_is_left_out_and_everything_else_is_recorded(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    lab = watch(model, runs_dir=tmp_path)
    for _ in range(2):
        odd: dict[str, Any] = {
            "none": None,
            "text": "a",
            "empty": torch.tensor([]),
            "large": 10**400,
            "complex": 1j,
        }
        lab.log(rate=2.0, **odd, meta=torch.empty((), device="meta"), sparse=torch.eye(2).to_sparse())
        step(model, optimizer, next(batches()))
        lab.epoch(test_accuracy=0.5, test_loss=None)  # type: ignore[arg-type]
    lab.close()
    assert [event for event in events_of(lab) if isinstance(event, PartDisabled)] == []
    for sample in samples_of(lab):
        assert set(sample.logged) == {"rate", "loss", "lr"}
        assert sample.tensors["grad_norm"]
    epochs = [event.logged for event in events_of(lab) if isinstance(event, EpochLogged)]
    assert epochs == [{"test_accuracy": 0.5}] * 2
    said = capsys.readouterr().err
    assert said.count("a value of none is left out, because it is no number (NoneType)") == 1
    assert said.count("is left out") == 8


@pytest.mark.parametrize(
    ("program", "name"),
    [("/a/train.py", "train"), ("/a/ipykernel_launcher.py", "sequential"), ("", "sequential")],
)
def test_a_run_has_the_name_of_the_script_or_else_of_the_model(
    program: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", [program])
    lab = watch(mlp(), runs_dir=tmp_path, quiet=True)
    lab.close()
    assert lab.run.split("-", 2)[2].startswith(f"{name}-")


def test_a_warning_that_the_script_has_shown_is_not_shown_again(tmp_path: Path) -> None:
    def warn() -> None:
        warnings.warn("an old way", UserWarning, stacklevel=1)

    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    step(model, optimizer, next(batches()))  # torch itself changes the filters when it is first used
    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter("default")
        warn()
        lab = watch(model, runs_dir=tmp_path, quiet=True)
        step(model, optimizer, next(batches()))
        lab.close()
        warn()
    assert len(shown) == 1
