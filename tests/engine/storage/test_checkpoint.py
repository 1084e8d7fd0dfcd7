"""A checkpoint is read completely or not at all, and no code in the file is executed."""

import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from engine.storage.checkpoint import (
    CHECKPOINT,
    PREVIOUS,
    Checkpoint,
    NotThisRuns,
    Unreadable,
    copied,
    newest_checkpoint,
    read_checkpoint,
    write_checkpoint,
)
from tests.engine.lab import begin, make_scenario, random_data, train
from vanish_recorder.protocol.status import Status


def checkpoint(step: int, *, log_bytes: int = 0) -> Checkpoint:
    trainer, _ = begin(make_scenario({"optimizer": {"name": "adam"}}), random_data())
    train(trainer, step)
    return Checkpoint(
        run="run", step=step, status=Status.RUNNING, log_bytes=log_bytes, trainer=copied(trainer.state())
    )


def same(one: Any, other: Any) -> bool:
    if isinstance(one, torch.Tensor):
        return torch.equal(one, other) and one.dtype == other.dtype
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


def test_it_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    written = checkpoint(2)
    write_checkpoint(tmp_path, written)
    read = read_checkpoint(tmp_path / CHECKPOINT)
    assert (read.run, read.step, read.status, read.log_bytes) == ("run", 2, Status.RUNNING, 0)
    assert same(read.trainer, written.trainer)
    assert (tmp_path / CHECKPOINT).stat().st_mode & 0o777 == 0o600


def test_a_copy_does_not_change_with_the_training() -> None:
    trainer, _ = begin(make_scenario({"optimizer.momentum": 0.9}), random_data())
    train(trainer, 2)
    state = copied(trainer.state())["network"]
    name, weight = next((name, tensor.clone()) for name, tensor in trainer.state()["network"].items())
    train(trainer, 1)
    assert torch.equal(state[name], weight)
    assert not torch.equal(trainer.state()["network"][name], weight)


def test_the_previous_checkpoint_is_kept(tmp_path: Path) -> None:
    for step in (1, 2, 3):
        write_checkpoint(tmp_path, checkpoint(step))
    assert read_checkpoint(tmp_path / CHECKPOINT).step == 3
    assert read_checkpoint(tmp_path / PREVIOUS).step == 2
    assert sorted(os.listdir(tmp_path)) == [PREVIOUS, CHECKPOINT]


def test_a_failed_write_keeps_the_current_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_checkpoint(tmp_path, checkpoint(1))

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_checkpoint(tmp_path, checkpoint(2))
    assert os.listdir(tmp_path) == [CHECKPOINT]
    assert read_checkpoint(tmp_path / CHECKPOINT).step == 1


def _cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


def _flip(content: bytes) -> bytes:
    place = len(content) // 2
    return content[:place] + bytes([content[place] ^ 4]) + content[place + 1 :]


def _pickle(content: bytes) -> bytes:
    return pickle.dumps({"schema": 1})


@pytest.mark.parametrize("damage", [_cut, _flip, _pickle, lambda _: b"", lambda _: b"rubbish"])
def test_the_previous_checkpoint_is_used_if_the_current_one_is_damaged(
    damage: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    for step in (1, 2):
        write_checkpoint(tmp_path, checkpoint(step))
    path = tmp_path / CHECKPOINT
    path.write_bytes(damage(path.read_bytes()))
    found, remarks = newest_checkpoint(tmp_path, 0)
    assert found is not None
    assert found.step == 1
    (remark,) = remarks
    assert remark.startswith("checkpoint.pt is damaged")


def step_of(found: Checkpoint | None) -> int | None:
    return found.step if found else None


def test_a_checkpoint_beyond_the_log_is_not_used_if_the_previous_one_is_within(tmp_path: Path) -> None:
    write_checkpoint(tmp_path, checkpoint(1, log_bytes=100))
    write_checkpoint(tmp_path, checkpoint(2, log_bytes=200))
    assert step_of(newest_checkpoint(tmp_path, 200)[0]) == 2
    found, remarks = newest_checkpoint(tmp_path, 150)
    assert found is not None
    assert found.step == 1
    assert remarks == ["the log is cut: 50 bytes before checkpoint.pt are missing"]
    assert step_of(newest_checkpoint(tmp_path, 50)[0]) == 2  # both are beyond: the newest


def test_without_a_file_there_is_no_checkpoint(tmp_path: Path) -> None:
    assert newest_checkpoint(tmp_path, 0) == (None, [])


class _Trap:
    def __reduce__(self) -> tuple[Callable[[str], object], tuple[str]]:
        return os.mkdir, ("sprung",)


def test_no_code_in_the_file_is_executed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"schema": 1, "trap": _Trap()}, tmp_path / CHECKPOINT)
    with pytest.raises(Unreadable):
        read_checkpoint(tmp_path / CHECKPOINT)
    assert not (tmp_path / "sprung").exists()


WRONG: list[tuple[str, Any]] = [
    ("schema", torch.tensor(1)),
    ("schema", True),
    ("schema", None),
    ("run", 7),
    ("step", -1),
    ("step", True),
    ("step", 10**30),
    ("step", torch.tensor(1)),
    ("status", "unknown here"),
    ("status", []),
    ("log_bytes", {}),
    ("log_bytes", 1.5),
    ("trainer", []),
]


@pytest.mark.parametrize(("key", "value"), WRONG, ids=lambda each: str(each))
def test_a_whole_checkpoint_with_a_value_of_another_type_is_refused(
    key: str, value: Any, tmp_path: Path
) -> None:
    record = {"schema": 1, "run": "run", "step": 1, "status": "running", "log_bytes": 0, "trainer": {}}
    torch.save(record, tmp_path / CHECKPOINT)
    assert read_checkpoint(tmp_path / CHECKPOINT).step == 1
    for wrong in (record | {key: value}, {name: each for name, each in record.items() if name != key}):
        torch.save(wrong, tmp_path / CHECKPOINT)
        with pytest.raises(NotThisRuns, match=r"^checkpoint\.pt is not a checkpoint of a run: remove it"):
            newest_checkpoint(tmp_path, 0)


def test_a_checkpoint_of_a_newer_version_is_reported(tmp_path: Path) -> None:
    torch.save({"schema": 2}, tmp_path / CHECKPOINT)
    with pytest.raises(Unreadable, match="has schema 2, this version reads 1: update vanish-tui"):
        read_checkpoint(tmp_path / CHECKPOINT)
