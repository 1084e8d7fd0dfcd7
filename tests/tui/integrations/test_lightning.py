"""Lightning's trainer, with and without the callback."""

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lightning.pytorch as lightning
import pytest
import torch
from lightning.pytorch.callbacks import ModelCheckpoint
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from engine.storage.run_log import read_events
from tests.recorder.training import batches, events_of, mlp, samples_of, structure_of, tensor, weights_of
from tui_vanish.integrations import LightningWatch
from vanish_recorder import control
from vanish_recorder.control import Stop, ask
from vanish_recorder.protocol.events import RunFinished
from vanish_recorder.protocol.status import Status
from vanish_recorder.protocol.watch_events import EpochLogged

pytestmark = [
    pytest.mark.filterwarnings(f"ignore:{text}")
    for text in (
        ".*does not have many workers:UserWarning",
        ".*smaller than the logging interval:UserWarning",
        ".*Checkpoint directory .* exists and is not empty:UserWarning",
        ".*treespec.*:FutureWarning",
        ".*callbacks used to create the checkpoint need to be provided:UserWarning",
    )
]
STEPS = 12  # batches in an epoch


class Module(lightning.LightningModule):  # type: ignore[misc]
    """Classifies with an MLP, and logs."""

    def __init__(self, width: int = 8, *, fail_at: int = -1) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.net = mlp(width=width)
        self.fail_at = fail_at

    def training_step(self, batch: list[Tensor], number: int) -> Tensor:
        if number == self.fail_at:
            raise RuntimeError("no more data")
        loss = nn.functional.cross_entropy(self.net(batch[0]), batch[1])
        self.log("number", float(number))
        self.log("mean_loss", loss, on_step=False, on_epoch=True)
        return loss

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.Adam(self.parameters(), lr=0.01)


class Validating(Module):
    def validation_step(self, batch: list[Tensor], number: int) -> None:
        self.log("val_loss", nn.functional.cross_entropy(self.net(batch[0]), batch[1]))


def data() -> DataLoader[Any]:
    source = batches()
    pairs = [next(source) for _ in range(STEPS)]
    inputs, classes = (torch.cat(each) for each in zip(*pairs, strict=True))
    return DataLoader(TensorDataset(inputs, classes), batch_size=16)


def trainer(tmp_path: Path, *callbacks: Any, **options: Any) -> Any:
    return lightning.Trainer(
        accelerator="cpu",
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=tmp_path,
        callbacks=list(callbacks),
        **{"max_epochs": 1, "enable_checkpointing": False, **options},
    )


def watching(tmp_path: Path, **options: Any) -> LightningWatch:
    return LightningWatch(runs_dir=tmp_path / "runs", quiet=True, every=1, **options)


def lab_of(callback: LightningWatch) -> Any:
    return callback._training.lab


def test_the_numbers_are_those_of_a_plain_loop_and_the_weights_are_identical(tmp_path: Path) -> None:
    options = {"accumulate_grad_batches": 3, "gradient_clip_val": 0.1}
    watched, unwatched, plain = Module(), Module(), mlp()
    callback = watching(tmp_path)
    trainer(tmp_path, callback, **options).fit(watched, data())
    trainer(tmp_path, **options).fit(unwatched, data())
    assert torch.equal(weights_of(watched), weights_of(unwatched))

    optimizer = torch.optim.Adam(plain.parameters(), lr=0.01)
    samples = samples_of(lab_of(callback))
    assert [sample.step for sample in samples] == [1, 2, 3, 4]
    loader = iter(data())
    for sample in samples:
        optimizer.zero_grad()
        loss = torch.zeros(())
        for _ in range(3):
            inputs, classes = next(loader)
            part = nn.functional.cross_entropy(plain(inputs), classes) / 3
            part.backward()  # type: ignore[no-untyped-call]
            loss += part.detach()
        nn.utils.clip_grad_norm_(plain.parameters(), 0.1)
        for name, each in plain.named_parameters():
            assert each.grad is not None
            found = tensor(lab_of(callback), sample, f"net.{name}", "grad_norm")
            assert found == pytest.approx(each.grad.double().norm().item(), rel=1e-5)
        optimizer.step()
        assert sample.logged["loss"] == pytest.approx(loss.item(), rel=1e-5)
    assert torch.equal(weights_of(watched), weights_of(plain))


def test_metrics_are_those_of_the_step_and_those_of_the_epoch(tmp_path: Path) -> None:
    callback = watching(tmp_path)
    trainer(tmp_path, callback, max_epochs=2, val_check_interval=6).fit(Validating(), data(), data())
    lab = lab_of(callback)
    samples = samples_of(lab)
    assert [sample.logged["number"] for sample in samples] == [*range(STEPS), *range(STEPS)]
    assert "mean_loss" not in samples[0].logged
    # A validation within an epoch is logged with the steps after it, one at its end with the epoch.
    assert [n for n, sample in enumerate(samples) if "val_loss" not in sample.logged] == list(range(6))
    epochs = [event for event in events_of(lab) if isinstance(event, EpochLogged)]
    assert [event.step for event in epochs] == [STEPS, 2 * STEPS]
    assert [event.epoch for event in epochs] == [1, 2]
    for event, first in zip(epochs, (0, STEPS), strict=True):
        losses = [sample.logged["loss"] for sample in samples[first : first + STEPS]]
        assert event.logged["mean_loss"] == pytest.approx(sum(losses) / STEPS, rel=1e-5)
    assert epochs[0].logged["val_loss"] != epochs[1].logged["val_loss"]
    assert lab.folder is not None
    assert structure_of(lab).tensors[0].name == "net.0.weight"


def test_mixed_precision_is_measured(tmp_path: Path) -> None:
    callback = watching(tmp_path)
    trainer(tmp_path, callback, precision="bf16-mixed").fit(Module(), data())
    samples = samples_of(lab_of(callback))
    assert len(samples) == STEPS
    assert all((tensor(lab_of(callback), each, "net.0.weight", "update_ratio") or 0) > 0 for each in samples)


@pytest.mark.parametrize(
    ("module", "status", "error"),
    [
        (Module(), Status.FINISHED, None),
        (Module(fail_at=5), Status.FAILED, "RuntimeError: no more data"),
    ],
)
def test_the_run_ends_as_the_training_did(
    module: Module, status: Status, error: str | None, tmp_path: Path
) -> None:
    callback = watching(tmp_path)
    try:
        trainer(tmp_path, callback).fit(module, data())
    except RuntimeError:
        assert status is Status.FAILED
    (end,) = [event for event in events_of(lab_of(callback)) if isinstance(event, RunFinished)]
    assert (end.status, end.error) == (status, error)


def test_an_exception_before_the_training_is_the_scripts_own(tmp_path: Path) -> None:
    class Broken(Module):
        def configure_optimizers(self) -> torch.optim.Optimizer:
            raise RuntimeError("no optimizer")

    with pytest.raises(RuntimeError, match="no optimizer"):
        trainer(tmp_path, watching(tmp_path)).fit(Broken(), data())
    assert not (tmp_path / "runs").exists()


class AskToStop(lightning.Callback):  # type: ignore[misc]
    """Asks as the app does, in the middle of a training."""

    def __init__(self, folder: Callable[[], Path]) -> None:
        self._folder = folder

    def on_train_batch_end(self, trainer: Any, module: Any, outputs: Any, batch: Any, number: int) -> None:
        if number == 4:
            ask(self._folder(), Stop())


def test_the_training_stops_when_the_user_asks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "_LOOK_SECONDS", 0.0)  # at every step
    callback = watching(tmp_path)
    training = trainer(tmp_path, callback, AskToStop(lambda: lab_of(callback).folder), max_epochs=5)
    training.fit(Module(), data())
    assert training.global_step == 6
    end = events_of(lab_of(callback))[-1]
    assert isinstance(end, RunFinished)
    assert (end.status, end.steps) == (Status.STOPPED, 6)


def test_a_training_from_a_checkpoint_continues_its_run(tmp_path: Path) -> None:
    checkpoints = ModelCheckpoint(tmp_path / "checkpoints", save_last=True)
    first, second = watching(tmp_path), watching(tmp_path)
    trainer(tmp_path, first, checkpoints, enable_checkpointing=True).fit(Module(), data())
    folder = lab_of(first).folder
    assert pickle.loads(pickle.dumps(first))._training.lab.folder is None
    trainer(tmp_path, second, max_epochs=2).fit(
        Module(), data(), ckpt_path=tmp_path / "checkpoints" / "last.ckpt", weights_only=False
    )
    assert lab_of(second).folder == folder
    events = read_events(folder / "events.jsonl")
    assert isinstance(events[-1], RunFinished)
    assert (events[-1].steps, events[-1].epochs) == (2 * STEPS, 2)


def test_an_option_that_does_not_exist_is_refused_at_once() -> None:
    with pytest.raises(TypeError, match="evry"):
        LightningWatch(evry=3)  # type: ignore[call-arg]
