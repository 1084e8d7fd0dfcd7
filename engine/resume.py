"""How a run goes on: what its directory still holds, and whether it can go on in the same bits."""

import math
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from engine.checkpoint import Checkpoint, newest_checkpoint
from engine.commands import Freeze, NextStage, ResumeRun, RunCommand, SetEpochs, SetLearningRate, Unfreeze
from engine.events import Intervened, RunEvent, RunFinished, RunStarted, from_line
from engine.rundir import RunDirectory
from engine.runlock import RunInUse, RunLock
from engine.runlog import EVENTS, RunLog, split_lines
from engine.status import Status

if TYPE_CHECKING:
    from engine.data import Dataset


class CannotResume(Exception):
    """The run can't go on as asked; its text is one sentence that says why, and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """A run that was taken from its directory, and that nobody else can take meanwhile.

    Attributes:
        checkpoint: the newest that can be used; None: it goes on from its beginning.
        events: of the log, up to the checkpoint.
        to_repeat: what was done by hand after it, and has to be done again at the same steps.
        crashed: whether it ended without having been ended.
        remarks: what was found damaged.
    """

    folder: Path
    lock: RunLock
    log_bytes: int
    checkpoint: Checkpoint | None
    events: tuple[RunEvent, ...]
    to_repeat: tuple[Intervened, ...]
    crashed: bool
    remarks: tuple[str, ...]

    @property
    def started(self) -> RunStarted | None:
        """The run's first line, if the log still has it."""
        return next((event for event in self.events if isinstance(event, RunStarted)), None)

    def open(self) -> RunDirectory:
        """Cut the log back to the checkpoint, and go on writing.

        Raises:
            OSError: the log cannot be written.
        """
        return RunDirectory(RunLog.reopen(self.folder, self.log_bytes), self.lock)


def take(folder: Path) -> Saved:
    """Take a run from its directory; release its lock, or open it. Nothing is changed yet.

    Raises:
        CannotResume: another process trains it, or the directory can't be read or written.
    """
    try:
        lock = RunLock(folder)
    except RunInUse as error:
        raise CannotResume(f"{folder.name} cannot be resumed: {error}") from None
    except OSError as error:
        raise CannotResume(f"{folder.name} cannot be resumed: {error.strerror}") from None
    try:
        return _read(folder, lock)
    except OSError as error:
        with suppress(OSError):
            lock.release()
        raise CannotResume(f"{folder.name} cannot be resumed: {error.strerror}") from None


def _read(folder: Path, lock: RunLock) -> Saved:
    log = folder / EVENTS
    content = log.read_bytes() if log.exists() else b""
    whole = content.rfind(b"\n") + 1
    checkpoint, remarks = newest_checkpoint(folder, whole)
    place = min(checkpoint.log_bytes, whole) if checkpoint else 0
    kept: list[RunEvent] = []
    tail: list[RunEvent] = []
    for event, end in _events(content[:whole], remarks):
        (kept if end <= place else tail).append(event)
    last = (tail or kept)[-1:]
    remarks += _other_versions(kept)
    return Saved(
        folder=folder,
        lock=lock,
        log_bytes=place,
        checkpoint=checkpoint,
        events=tuple(kept),
        to_repeat=tuple(event for event in tail if isinstance(event, Intervened)),
        crashed=not any(isinstance(event, RunFinished) for event in last),
        remarks=tuple(remarks),
    )


def _other_versions(events: list[RunEvent]) -> Iterator[str]:
    there = next((event.versions.get("torch") for event in events if isinstance(event, RunStarted)), None)
    from importlib.metadata import version  # dear to import, and rarely asked

    here = version("torch")
    if there not in (None, here):
        yield f"it was begun with PyTorch {there}, here is {here}: the last bits may differ from now on"


def _events(content: bytes, remarks: list[str]) -> Iterator[tuple[RunEvent, int]]:
    for number, (line, end) in enumerate(split_lines(content), 1):
        try:
            event = from_line(line)
        except (ValueError, TypeError):
            remarks.append(f"line {number} of {EVENTS} is damaged")
        else:
            if event is not None:
                yield event, end


def check(saved: Saved, command: ResumeRun, data: "Dataset", threads: int) -> None:
    """See that a saved run can go on as asked.

    Raises:
        CannotResume: it can't, or not in the same bits.
    """
    checkpoint, started = saved.checkpoint, saved.started
    if checkpoint is not None and checkpoint.status is Status.DIVERGED:
        raise CannotResume("it diverged, and would again: train it anew with another lr")
    if checkpoint is not None:
        progress = checkpoint.trainer["progress"]
        had, epochs = progress["epoch_of_stage"], command.epochs
        if epochs is not None and epochs <= had - progress["in_epoch"]:
            raise CannotResume(f"it has had {had} epochs: ask for more with --epochs")
        longer = epochs is not None or any(done.kind == "epochs" for done in saved.to_repeat)
        if checkpoint.status is Status.FINISHED and not longer:
            raise CannotResume(f"it is finished after {had} epochs; a larger --epochs trains it longer")
    if started is not None:
        reason = mismatch(
            started,
            train=len(data.train_labels),
            test=len(data.test_labels),
            passes=data.passes,
            device=None if command.anywhere else str(data.train_images.device),
            threads=threads,
        )
        if reason is not None:
            raise CannotResume(reason)


def mismatch(
    started: RunStarted, *, train: int, test: int, passes: int, device: str | None, threads: int
) -> str | None:
    """Why a run would not give its bits here, and what to do; None if it would.

    Args:
        started: the run's first line.
        train: training images here; `test` likewise.
        passes: how many times an epoch goes over them.
        device: that it would go on on; None where that isn't known, or doesn't matter.
        threads: of each run here.
    """
    size = int(started.scenario["data"]["batch_size"])
    data = started.data
    here, there = f"{train:,}/{test:,}", f"{data['train']:,}/{data['test']:,}"
    if here != there or math.ceil(train * passes / size) != started.steps_per_epoch:
        return (
            f"it was trained on {there} images ({data['source']}), and here are {here}:"
            " name the same data with --data"
        )
    kind = started.device.partition(":")[0]
    if device is not None and device.partition(":")[0] != kind:
        return f"it was trained on {started.device}, and here it would go on on {device}: use --device {kind}"
    if kind == "cpu" and threads != started.threads:
        return (
            f"it was trained with --threads {started.threads}, and here are {threads}:"
            " the last bits depend on it"
        )
    return None


def again(done: Intervened) -> RunCommand:
    """The command that does once more what was done by hand."""
    match done.kind:
        case "lr":
            return SetLearningRate(done.run, done.value or 0.0)
        case "freeze":
            return Freeze(done.run, done.layer or "")
        case "unfreeze":
            return Unfreeze(done.run, done.layer or "")
        case "next_stage":
            return NextStage(done.run)
        case "epochs":
            return SetEpochs(done.run, int(done.value or 0))
