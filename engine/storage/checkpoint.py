"""Checkpoints: all that a run's continuation in the same bits needs, in a file that is whole or not there."""

import io
import os
import pickle
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.protocol.events import SCHEMA
from engine.protocol.status import Status
from engine.storage.atomic import for_the_user_alone, sync_folder

CHECKPOINT, PREVIOUS = "checkpoint.pt", "checkpoint.previous.pt"
_BESIDE = "checkpoint.tmp"
_DAMAGE = (zipfile.BadZipFile, pickle.UnpicklingError, RuntimeError, EOFError, ValueError, KeyError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A run as it stood between two steps.

    Attributes:
        run: its name.
        step: the last one taken.
        status: where it stood.
        log_bytes: of `events.jsonl`, up to this step's last line.
        trainer: what Trainer.state gave, with every tensor copied to the CPU.
    """

    run: str
    step: int
    status: Status
    log_bytes: int
    trainer: dict[str, Any]


class Unreadable(Exception):
    """A checkpoint that can't be used; its text says why."""


def copied(state: Any) -> Any:
    """The same state in memory of its own, on the CPU: training goes on while it is written."""
    import torch

    match state:
        case torch.Tensor():
            return state.detach().to("cpu", copy=True)
        case dict():
            return {key: copied(value) for key, value in state.items()}
        case list() | tuple():
            return type(state)(copied(value) for value in state)
        case _:
            return state


def write_checkpoint(folder: Path, checkpoint: Checkpoint) -> None:
    """Put it in place of the present one, which becomes the previous; the log was synced before.

    Raises:
        OSError: it cannot be written; the present one stays.
    """
    import torch

    values = {field: getattr(checkpoint, field) for field in checkpoint.__slots__}
    content = io.BytesIO()
    torch.save({"schema": SCHEMA, **values, "status": str(checkpoint.status)}, content)
    beside, present = folder / _BESIDE, folder / CHECKPOINT
    try:
        with open(beside, "wb", opener=for_the_user_alone) as file:
            file.write(content.getbuffer())
            file.flush()
            os.fsync(file.fileno())
        if present.exists():
            os.replace(present, folder / PREVIOUS)
        os.replace(beside, present)
    except OSError:
        beside.unlink(missing_ok=True)
        raise
    sync_folder(folder)


def read_checkpoint(path: Path) -> Checkpoint:
    """The checkpoint in a file. Nothing in it is run: it is read with `weights_only=True`.

    Raises:
        FileNotFoundError: there is none.
        Unreadable: it is damaged, or a newer version wrote it.
    """
    import torch

    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise Unreadable(f"{path.name} cannot be read: {error.strerror}") from None
    try:
        # torch.load passes over the archive's checksums.
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            damaged = archive.testzip()
        record = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except _DAMAGE as error:
        raise Unreadable(f"{path.name} is damaged ({type(error).__name__})") from None
    if damaged is not None:
        raise Unreadable(f"{path.name} is damaged (checksum)")
    schema = record.pop("schema", None) if isinstance(record, dict) else None
    if schema != SCHEMA:
        raise Unreadable(f"{path.name} is of schema {schema}, here {SCHEMA}: update vanish-tui")
    try:
        return Checkpoint(**{**record, "status": Status(record["status"])})
    except (TypeError, KeyError, ValueError):
        raise Unreadable(f"{path.name} is no checkpoint of a run") from None


def newest_checkpoint(folder: Path, log_bytes: int) -> tuple[Checkpoint | None, list[str]]:
    """The newest that can be used, and a sentence about each that can't.

    One that stands further than the log reaches is passed over if the one before it doesn't.

    Args:
        folder: the run's own.
        log_bytes: the size of its log.
    """
    remarks: list[str] = []
    ahead: Checkpoint | None = None
    for name in (CHECKPOINT, PREVIOUS):
        try:
            checkpoint = read_checkpoint(folder / name)
        except FileNotFoundError:
            continue
        except Unreadable as error:
            remarks.append(str(error))
            continue
        if checkpoint.log_bytes <= log_bytes:
            return checkpoint, remarks
        missing = checkpoint.log_bytes - log_bytes
        remarks.append(f"the log is cut: {missing} bytes before {name} are missing")
        ahead = ahead or checkpoint
    return ahead, remarks
