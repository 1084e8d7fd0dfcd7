"""Checkpoints: all that a bit-identical resume needs, in a file that is written completely or not at all."""

import io
import os
import stat
import zipfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.storage.checksum import AnotherRuns, Changed, Checksum
from vanish_recorder.protocol.event import SCHEMA
from vanish_recorder.protocol.status import Status
from vanish_recorder.protocol.values import LARGEST_INTEGER
from vanish_recorder.storage.atomic import open_new, sync_folder
from vanish_recorder.storage.guarded import read_guarded

if TYPE_CHECKING:
    import torch

CHECKPOINT, PREVIOUS = "checkpoint.pt", "checkpoint.previous.pt"
_BESIDE = "checkpoint.tmp"
_LARGEST = 2**34  # bytes
_PLAIN = Checksum()
_REMEDY = "remove it, and the run resumes from the checkpoint before it or from the start"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A run between two steps.

    Attributes:
        run: its name.
        step: the last step taken.
        status: of the run.
        log_bytes: size of `events.jsonl` up to the last line of this step.
        trainer: what Trainer.state returned, with every tensor copied to the CPU.
    """

    run: str
    step: int
    status: Status
    log_bytes: int
    trainer: dict[str, Any]


class Unreadable(Exception):
    """A checkpoint cannot be used. The text says why."""


class NotThisRuns(Unreadable):
    """The file is whole, but it holds something else than a checkpoint of this run and this version.

    No accident of a disk does this, so an older checkpoint must not silently take its place.
    """


class Unfit(ValueError):
    """The state in a checkpoint is not one that this run can have. The text is a clause that says why."""


def copied(state: Any) -> Any:
    """Copy a state to the CPU, so that training can continue while it is written.

    A GPU writes all of its tensors directly into pinned memory, and the CPU waits for it once.

    Args:
        state: tensors of any shape and device, in dictionaries, lists and tuples, and plain values.

    Returns:
        The same structure. Tensors are copies on the CPU with the same shape and dtype.
    """
    import torch

    devices: set[torch.device] = set()
    copies = _copied(state, devices)
    for device in devices:
        torch.cuda.current_stream(device).synchronize()
    return copies


def _copied(state: Any, devices: "set[torch.device]") -> Any:
    import torch

    match state:
        case torch.Tensor(device=torch.device(type="cuda")):
            devices.add(state.device)
            pinned = torch.empty(state.shape, dtype=state.dtype, pin_memory=True)
            return pinned.copy_(state.detach(), non_blocking=True)
        case torch.Tensor():
            return state.detach().to("cpu", copy=True)
        case dict():
            return {key: _copied(value, devices) for key, value in state.items()}
        case list() | tuple():
            return type(state)(_copied(value, devices) for value in state)
        case _:
            return state


def write_checkpoint(folder: Path, checkpoint: Checkpoint, checksum: Checksum = _PLAIN) -> None:
    """Write a checkpoint. The current one becomes the previous one. The log must be synced before.

    Args:
        folder: of the run.
        checkpoint: of the run.
        checksum: of the run.

    Raises:
        OSError: it cannot be written. The current checkpoint is unchanged.
    """
    import torch

    values = {field: getattr(checkpoint, field) for field in checkpoint.__slots__}
    content = io.BytesIO()
    torch.save({"schema": SCHEMA, **values, "status": str(checkpoint.status)}, content)
    beside, present = folder / _BESIDE, folder / CHECKPOINT
    try:
        with open_new(beside) as file:
            file.write(content.getbuffer())
            # Behind the archive, where torch does not look, so that earlier versions can read the file.
            file.write(checksum.line(content.getbuffer()))
            file.flush()
            os.fsync(file.fileno())
        if os.path.exists(present):
            os.replace(present, folder / PREVIOUS)
        os.replace(beside, present)
    except BaseException:
        with suppress(OSError):  # the first error says more
            beside.unlink(missing_ok=True)
        raise
    sync_folder(folder)


def remove_unfinished(folder: Path) -> None:
    """Remove a checkpoint that a killed process has not finished. The run's lock must be held."""
    beside = folder / _BESIDE
    with suppress(OSError):
        of_file = os.stat(beside, follow_symlinks=False)
        if stat.S_ISREG(of_file.st_mode) and of_file.st_uid == os.geteuid():
            beside.unlink()


def read_checkpoint(path: Path, checksum: Checksum = _PLAIN) -> Checkpoint:
    """Read a checkpoint. No code in the file is executed, because it is read with `weights_only=True`.

    Args:
        path: of the file.
        checksum: of the run.

    Raises:
        FileNotFoundError: there is no such file.
        Unreadable: it is damaged.
        NotThisRuns: a newer version wrote it, or it holds something else.
    """
    import torch

    try:
        content = read_guarded(path, _LARGEST)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise Unreadable(f"{path.name} cannot be read: {error.strerror}") from None
    try:
        checksum.check(content)
        _check_archive(content)
        record = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except AnotherRuns:
        raise NotThisRuns(
            f"{path.name} belongs to a run with another scenario, seed or data: {_REMEDY}"
        ) from None
    except Exception as error:  # whatever a damaged file makes zipfile, pickle or torch raise
        reason = str(error) if isinstance(error, Unreadable | Changed) else type(error).__name__
        raise Unreadable(f"{path.name} is damaged ({reason})") from None
    if not isinstance(record, dict) or type(schema := record.get("schema")) is not int:
        raise NotThisRuns(f"{path.name} is not a checkpoint of a run: {_REMEDY}")
    if schema != SCHEMA:
        raise NotThisRuns(f"{path.name} has schema {schema}, this version reads {SCHEMA}: update vanish-tui")
    return _checked(path.name, record)


def _check_archive(content: bytes) -> None:
    """Verify the checksums of the archive, which torch does not.

    Raises:
        Unreadable: one is wrong, or the archive is compressed, so that it could expand to any size.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if any(each.compress_type != zipfile.ZIP_STORED for each in archive.infolist()):
            raise Unreadable("compressed")
        if archive.testzip() is not None:
            raise Unreadable("checksum")


def _checked(name: str, record: dict[Any, Any]) -> Checkpoint:
    """The checkpoint that the file `name` holds.

    Raises:
        NotThisRuns: a value is missing, or it has another type.
    """
    run, status, trainer = (record.get(key) for key in ("run", "status", "trainer"))
    step, log_bytes = record.get("step"), record.get("log_bytes")
    is_typed = (
        isinstance(run, str)
        and isinstance(status, str)
        and status in list(Status)
        and isinstance(trainer, dict)
        and all(type(number) is int and 0 <= number < LARGEST_INTEGER for number in (step, log_bytes))
    )
    if not is_typed:
        raise NotThisRuns(f"{name} is not a checkpoint of a run: {_REMEDY}")
    return Checkpoint(
        run=record["run"],
        step=record["step"],
        status=Status(record["status"]),
        log_bytes=record["log_bytes"],
        trainer=record["trainer"],
    )


def newest_checkpoint(
    folder: Path, log_bytes: int, checksum: Checksum = _PLAIN
) -> tuple[Checkpoint | None, list[str]]:
    """Find the newest usable checkpoint.

    A checkpoint that was saved after the end of the log is returned only if the other one cannot be used.

    Args:
        folder: of the run.
        log_bytes: the size of its log.
        checksum: of the run.

    Returns:
        (the checkpoint, None if there is none; a sentence about each that has a problem).

    Raises:
        NotThisRuns: see read_checkpoint.
    """
    remarks: list[str] = []
    ahead: Checkpoint | None = None
    for name in (CHECKPOINT, PREVIOUS):
        try:
            checkpoint = read_checkpoint(folder / name, checksum)
        except FileNotFoundError:
            continue
        except NotThisRuns:
            raise
        except Unreadable as error:
            remarks.append(str(error))
            continue
        if checkpoint.log_bytes <= log_bytes:
            return checkpoint, remarks
        missing = checkpoint.log_bytes - log_bytes
        remarks.append(f"the log is cut: {missing} bytes before {name} are missing")
        ahead = ahead or checkpoint
    return ahead, remarks
