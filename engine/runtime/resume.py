"""Resuming a run: what its directory holds, and whether the run can continue bit-identically."""

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from engine.protocol.commands import (
    Freeze,
    NextStage,
    ResumeRun,
    RunCommand,
    SetEpochs,
    SetLearningRate,
    Unfreeze,
)
from engine.protocol.events import Intervened, RunEvent, RunFinished, RunStarted, from_line
from engine.protocol.spec import NotARunSpec, RunSpec
from engine.protocol.status import Status
from engine.storage.checkpoint import Checkpoint, newest_checkpoint
from engine.storage.origin import Origin
from engine.storage.run_directory import RunDirectory
from engine.storage.run_lock import RunInUse, RunLock
from engine.storage.run_log import (
    DESCRIPTION,
    EVENTS,
    Description,
    NotARun,
    RunLog,
    read_description,
    split_lines,
)

if TYPE_CHECKING:
    from engine.data.fashion_mnist import Dataset
    from engine.training.trainer import Trainer


class CannotResume(Exception):
    """The run cannot be resumed as requested. The text is one sentence: why, and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """A run that was read from its directory. Its lock is held, so no other process can take it.

    Attributes:
        folder: the run directory.
        lock: of the run directory.
        origin: the data, device and threads that the run began with.
        log_bytes: size of the log up to the checkpoint.
        checkpoint: the newest usable checkpoint; None if the run restarts from the beginning.
        events: of the log, up to the checkpoint.
        to_repeat: changes by hand after the checkpoint, which must be repeated at the same steps.
        crashed: whether the log has no end, because the process was killed.
        remarks: a sentence for each problem that was found.
    """

    folder: Path
    lock: RunLock
    origin: Origin
    log_bytes: int
    checkpoint: Checkpoint | None
    events: tuple[RunEvent, ...]
    to_repeat: tuple[Intervened, ...]
    crashed: bool
    remarks: tuple[str, ...]

    @property
    def started(self) -> RunStarted | None:
        """The first event of the run; None if the log has lost it."""
        return next((event for event in self.events if isinstance(event, RunStarted)), None)

    def open(self) -> RunDirectory:
        """Truncate the log to the checkpoint, and open it for writing.

        Raises:
            OSError: the log cannot be written.
        """
        return RunDirectory(RunLog.reopen(self.folder, self.log_bytes), self.lock)


def read_saved(folder: Path) -> Saved:
    """Lock and read a run directory. Nothing is changed until `Saved.open` is called.

    The caller must call `Saved.open`, or release the lock.

    Raises:
        CannotResume: another process trains the run, or the directory cannot be read or written.
    """
    try:
        lock = RunLock(folder)
    except RunInUse as error:
        raise CannotResume(f"{folder.name} cannot be resumed: {error}") from None
    except OSError as error:
        raise CannotResume(f"{folder.name} cannot be resumed: {error.strerror}") from None
    try:
        return _read(folder, lock)
    except (OSError, NotARun, CannotResume) as error:
        with suppress(OSError):
            lock.release()
        reason = error.strerror if isinstance(error, OSError) else error
        raise CannotResume(f"{folder.name} cannot be resumed: {reason}") from None


def _read(folder: Path, lock: RunLock) -> Saved:
    log = folder / EVENTS
    content = log.read_bytes() if os.path.exists(log) else b""
    whole = content.rfind(b"\n") + 1
    checkpoint, remarks = newest_checkpoint(folder, whole)
    place = min(checkpoint.log_bytes, whole) if checkpoint else 0
    kept: list[RunEvent] = []
    tail: list[RunEvent] = []
    for event, end in _events(content[:whole], remarks):
        (kept if end <= place else tail).append(event)
    origin = origin_of(read_description(folder), [*kept, *tail])
    last = (tail or kept)[-1:]
    remarks += _other_versions(kept)
    return Saved(
        folder=folder,
        lock=lock,
        origin=origin,
        log_bytes=place,
        checkpoint=checkpoint,
        events=tuple(kept),
        to_repeat=tuple(event for event in tail if isinstance(event, Intervened)),
        crashed=not any(isinstance(event, RunFinished) for event in last),
        remarks=tuple(remarks),
    )


def origin_of(what: Description, events: Iterable[RunEvent]) -> Origin:
    """The data, device and threads that a run began with, from its `run.json` or else from its log.

    Args:
        what: description of the run.
        events: of its log, as far as they were read.

    Raises:
        CannotResume: neither contains them, or the two contradict each other, so the run might continue on
            other data.
    """
    started = next((event for event in events if isinstance(event, RunStarted)), None)
    if started is not None and (differing := _contradiction(what, started)):
        raise CannotResume(
            f"{DESCRIPTION} and {EVENTS} name a different {differing}: put back the file that was changed"
        )
    if what.origin is not None:
        return what.origin
    origin = None if started is None else Origin.of_event(started)
    if origin is not None:
        return origin
    raise CannotResume(
        "its data, device and threads are unknown, because the first line of its log is lost:"
        f" train it from the start with vanish-tui run {what.spec.id} --seed {what.seed}"
    )


def _contradiction(what: Description, started: RunStarted) -> str:
    """What a run's description and the first line of its log disagree about; empty if nothing."""
    if started.seed != what.seed:
        return "seed"
    if what.origin is not None and isinstance(started.data, dict):
        sizes = (started.data.get("train"), started.data.get("test"))
        if sizes != (what.origin.train, what.origin.test):
            return "number of images"
    with suppress(NotARunSpec):  # the log's is damaged, or of an earlier version
        # As scenarios, because another version may have written a setting that has its usual value.
        if RunSpec.of(started.scenario).scenario() != what.spec.scenario():
            return "scenario"
    return ""


def _other_versions(events: list[RunEvent]) -> Iterator[str]:
    there = next((event.versions.get("torch") for event in events if isinstance(event, RunStarted)), None)
    from importlib.metadata import version  # slow to import, and rarely needed

    here = version("torch")
    if there not in (None, here):
        yield f"it began with PyTorch {there} and continues with {here}: the last bits may differ from now on"


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
    """Check that a saved run can be resumed as requested.

    Args:
        saved: the run.
        command: says how to resume.
        data: on the device to train on.
        threads: torch threads.

    Raises:
        CannotResume: it cannot be resumed, or not bit-identically.
    """
    checkpoint = saved.checkpoint
    if checkpoint is not None and checkpoint.status is Status.DIVERGED:
        raise CannotResume("it diverged, and would diverge again: restart it with another lr")
    if checkpoint is not None:
        progress = checkpoint.trainer["progress"]
        had, epochs = progress["epoch_of_stage"], command.epochs
        if epochs is not None and epochs <= had - progress["in_epoch"]:
            raise CannotResume(f"it has already had {had} epochs: pass a larger number with --epochs")
        longer = epochs is not None or any(done.kind == "epochs" for done in saved.to_repeat)
        if checkpoint.status is Status.FINISHED and not longer:
            raise CannotResume(f"it finished after {had} epochs: pass a larger --epochs to train it longer")
    reason = mismatch(
        saved.origin,
        train=len(data.train_labels),
        test=len(data.test_labels),
        passes=data.passes,
        sha256=data.sha256,
        device=None if command.anywhere else str(data.train_images.device),
        threads=threads,
    )
    if reason is not None:
        raise CannotResume(reason)


def restore(trainer: "Trainer", saved: Saved) -> None:
    """Bring a trainer to the checkpoint of a saved run, if there is one.

    Raises:
        CannotResume: the checkpoint does not fit.
    """
    if saved.checkpoint is None:
        return
    try:
        trainer.restore(saved.checkpoint.trainer, announce=saved.started is None)
    except Exception as error:  # torch's own text has many lines
        kind = type(error).__name__
        raise CannotResume(f"its checkpoint does not fit its scenario ({kind})") from error


def mismatch(
    origin: Origin, *, train: int, test: int, passes: int, sha256: str, device: str | None, threads: int
) -> str | None:
    """Why a run would not continue bit-identically here, and what to do; None if it would.

    Args:
        origin: what the run began with.
        train: number of training images here.
        test: number of test images here.
        passes: how many times an epoch goes over the training images here.
        sha256: of the images and labels here.
        device: the device to continue on; None if it is not known or does not matter.
        threads: torch threads of each run here.
    """
    here, there = f"{train:,}/{test:,}", f"{origin.train:,}/{origin.test:,}"
    if here != there or passes != origin.passes:
        return (
            f"it was trained on {there} images ({origin.source}), but the data here are {here}:"
            " pass the same data with --data"
        )
    if origin.sha256 not in ("", sha256):
        return (
            f"it was trained on other images ({origin.source}), of the same number:"
            " pass the same data with --data, or restore them"
        )
    kind = origin.device.partition(":")[0]
    if device is not None and device.partition(":")[0] != kind:
        return (
            f"it was trained on {origin.device}, but would continue on {device} here: use --device {kind}, or"
            f" run --resume with --device {device.partition(':')[0]} if the last bits may differ"
        )
    if kind == "cpu" and threads != origin.threads:
        return (
            f"it was trained with --threads {origin.threads}, but the number here is {threads},"
            f" which changes the last bits: use --threads {origin.threads}"
        )
    return None


def again(done: Intervened) -> RunCommand:
    """The command that repeats a change by hand."""
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
