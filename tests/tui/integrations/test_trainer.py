"""The Trainer of Hugging Face, with and without the callback."""

import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils.data import Dataset
from transformers import Trainer, TrainerCallback, TrainingArguments

from engine.storage.run_log import read_events
from tests.recorder.training import batches, events_of, mlp, samples_of, tensor, weights_of
from tui_vanish.integrations import TrainerWatch
from vanish_recorder import control
from vanish_recorder.control import Stop, ask
from vanish_recorder.protocol.events import RunFinished
from vanish_recorder.protocol.status import Status
from vanish_recorder.protocol.watch_events import EpochLogged

STEPS = 12  # batches of 16 in an epoch


class Model(nn.Module):
    """Classifies with an MLP; returns a loss, as the Trainer expects."""

    def __init__(self) -> None:
        super().__init__()
        self.net = mlp()

    def forward(self, inputs: Tensor, labels: Tensor) -> dict[str, Tensor]:
        logits = self.net(inputs)
        return {"loss": nn.functional.cross_entropy(logits, labels), "logits": logits}


class Data(Dataset[dict[str, Tensor]]):
    def __init__(self, *, fail_at: int = -1) -> None:
        source = batches()
        pairs = [next(source) for _ in range(STEPS)]
        self.inputs, self.classes = (torch.cat(each) for each in zip(*pairs, strict=True))
        self.fail_at = fail_at

    def __len__(self) -> int:
        return len(self.inputs)

    def __getitem__(self, place: int) -> dict[str, Tensor]:
        if place == self.fail_at:
            raise RuntimeError("no more data")
        return {"inputs": self.inputs[place], "labels": self.classes[place]}


class InOrder(Trainer):  # type: ignore[misc]
    """Takes the data in their order, so that a plain loop can do the same."""

    def _get_train_sampler(self, *_: Any) -> Iterator[int]:
        return torch.utils.data.SequentialSampler(self.train_dataset)  # type: ignore[return-value]


def trainer(tmp_path: Path, *callbacks: Any, data: Data | None = None, **options: Any) -> Any:
    return InOrder(
        Model(),
        TrainingArguments(
            str(tmp_path / "out"),
            **{
                "use_cpu": True,
                "per_device_train_batch_size": 16,
                "learning_rate": 0.01,
                "num_train_epochs": 1,
                "logging_steps": 4,
                "save_strategy": "no",
                "report_to": "none",
                "disable_tqdm": True,
                "dataloader_pin_memory": False,
                **options,
            },
        ),
        train_dataset=data or Data(),
        eval_dataset=Data(),
        callbacks=list(callbacks),
    )


def watching(tmp_path: Path, **options: Any) -> TrainerWatch:
    return TrainerWatch(runs_dir=tmp_path / "runs", quiet=True, every=1, **options)


def lab_of(callback: TrainerWatch) -> Any:
    return callback._training.lab


def test_the_numbers_are_those_of_a_plain_loop_and_the_weights_are_identical(tmp_path: Path) -> None:
    options: dict[str, Any] = {"gradient_accumulation_steps": 3, "max_grad_norm": 0.1}
    callback = watching(tmp_path)
    watched, unwatched = trainer(tmp_path, callback, **options), trainer(tmp_path, **options)
    watched.train()
    unwatched.train()
    assert torch.equal(weights_of(watched.model), weights_of(unwatched.model))

    plain, data = mlp(), Data()
    optimizer = torch.optim.AdamW(plain.parameters(), lr=0.01, weight_decay=0.0)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 - step / 4)
    samples = samples_of(lab_of(callback))
    assert [sample.step for sample in samples] == [1, 2, 3, 4]
    assert [sample.logged["lr"] for sample in samples] == pytest.approx([0.01, 0.0075, 0.005, 0.0025])
    for number, sample in enumerate(samples):
        optimizer.zero_grad()
        losses = []
        for part in range(3):
            there = slice((3 * number + part) * 16, (3 * number + part + 1) * 16)
            loss = nn.functional.cross_entropy(plain(data.inputs[there]), data.classes[there])
            (loss / 3).backward()  # type: ignore[no-untyped-call]
            losses.append(loss.item() / 3)
        nn.utils.clip_grad_norm_(plain.parameters(), 0.1)
        for name, each in plain.named_parameters():
            assert each.grad is not None
            found = tensor(lab_of(callback), sample, f"net.{name}", "grad_norm")
            assert found == pytest.approx(each.grad.double().norm().item(), rel=1e-4)
        optimizer.step()
        schedule.step()
        assert sample.logged["loss"] == pytest.approx(sum(losses), rel=1e-5)
    assert weights_of(plain).sub(weights_of(watched.model)).abs().max() < 1e-6


def test_metrics_of_an_evaluation_are_those_of_the_epoch_or_of_the_steps_after_it(tmp_path: Path) -> None:
    by_epoch, by_steps = watching(tmp_path, name="epoch"), watching(tmp_path, name="steps")
    trainer(tmp_path, by_epoch, num_train_epochs=2, eval_strategy="epoch").train()
    trainer(tmp_path, by_steps, eval_strategy="steps", eval_steps=5).train()
    epochs = [event for event in events_of(lab_of(by_epoch)) if isinstance(event, EpochLogged)]
    assert [(event.step, event.epoch) for event in epochs] == [(STEPS, 1), (2 * STEPS, 2)]
    assert [set(event.logged) for event in epochs] == [{"eval_loss"}] * 2
    samples = samples_of(lab_of(by_epoch))
    assert all("eval_loss" not in sample.logged for sample in samples)
    assert "grad_norm" in samples[4].logged
    evaluated = [sample.step for sample in samples_of(lab_of(by_steps)) if "eval_loss" in sample.logged]
    assert evaluated == list(range(6, STEPS + 1))


def test_mixed_precision_is_measured(tmp_path: Path) -> None:
    callback = watching(tmp_path)
    trainer(tmp_path, callback, bf16=True).train()
    samples = samples_of(lab_of(callback))
    assert len(samples) == STEPS
    assert all((tensor(lab_of(callback), each, "net.0.weight", "update_ratio") or 0) > 0 for each in samples)


def test_a_training_after_one_that_failed_is_a_run_of_its_own(tmp_path: Path) -> None:
    callback = watching(tmp_path)
    training = trainer(tmp_path, callback, data=Data(fail_at=100))
    with pytest.raises(RuntimeError, match="no more data"):
        training.train()
    failed = lab_of(callback)
    training.train_dataset = Data()
    training.train()
    ends = [events_of(lab)[-1] for lab in (failed, lab_of(callback))]
    assert [end.status for end in ends if isinstance(end, RunFinished)] == [Status.FAILED, Status.FINISHED]


class AskToStop(TrainerCallback):  # type: ignore[misc]
    """Asks as the app does, in the middle of a training."""

    def __init__(self, callback: TrainerWatch) -> None:
        self._callback = callback

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if state.global_step == 5:
            ask(lab_of(self._callback).folder, Stop())


def test_the_training_stops_when_the_user_asks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "_LOOK_SECONDS", 0.0)  # at every step
    callback = watching(tmp_path)
    training = trainer(tmp_path, callback, AskToStop(callback), num_train_epochs=5)
    training.train()
    assert training.state.global_step == 6
    end = events_of(lab_of(callback))[-1]
    assert isinstance(end, RunFinished)
    assert (end.status, end.steps) == (Status.STOPPED, 6)


def test_a_training_from_a_checkpoint_continues_its_run(tmp_path: Path) -> None:
    first, second = watching(tmp_path), watching(tmp_path)
    trainer(tmp_path, first, save_strategy="epoch").train()
    folder = lab_of(first).folder
    assert pickle.loads(pickle.dumps(first))._training.lab.folder is None
    trainer(tmp_path, second, num_train_epochs=2).train(resume_from_checkpoint=True)
    assert lab_of(second).folder == folder
    end = read_events(folder / "events.jsonl")[-1]
    assert isinstance(end, RunFinished)
    assert end.steps == 2 * STEPS
