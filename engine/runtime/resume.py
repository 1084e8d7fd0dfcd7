"""How a run goes on: what its directory still holds, and whether it can go on in the same bits."""

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
from engine.protocol.status import Status
from engine.storage.checkpoint import Checkpoint, newest_checkpoint
from engine.storage.origin import Origin
from engine.storage.run_directory import RunDirectory
from engine.storage.run_lock import RunInUse, RunLock
from engine.storage.run_log import EVENTS, Description, NotARun, RunLog, read_description, split_lines

if TYPE_CHECKING:
    from engine.data.fashion_mnist import Dataset


class CannotResume(Exception):
    """The run can't go on as asked; its text is one sentence that says why, and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """A run that was taken from its directory, and that nobody else can take meanwhile.

    Attributes:
        origin: the data, device and threads that it began on.
        checkpoint: the newest that can be used; None: it goes on from its beginning.
        events: of the log, up to the checkpoint.
        to_repeat: what was done by hand after it, and has to be done again at the same steps.
        crashed: whether it ended without having been ended.
        remarks: what was found damaged.
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
        """The run's first line, if the log still has it."""
        return next((event for event in self.events if isinstance(event, RunStarted)), None)

    def open(self) -> RunDirectory:
        """Cut the log back to the checkpoint, and go on writing.

        Raises:
            OSError: the log cannot be written.
        """
        return RunDirectory(RunLog.reopen(self.folder, self.log_bytes), self.lock)


def read_saved(folder: Path) -> Saved:
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
    except (OSError, NotARun, CannotResume) as error:
        with suppress(OSError):
            lock.release()
        reason = error.strerror if isinstance(error, OSError) else error
        raise CannotResume(f"{folder.name} cannot be resumed: {reason}") from None


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
    """Where a run began: what its `run.json` says, else what its log does.

    Args:
        what: its description.
        events: of its log, as far as they are read.

    Raises:
        CannotResume: neither says it, so that it might be trained on something else from now on.
    """
    if what.origin is not None:
        return what.origin
    started = next((event for event in events if isinstance(event, RunStarted)), None)
    if started is not None:
        with suppress(KeyError, ValueError, TypeError):
            return Origin.of_event(started)
    raise CannotResume(
        "it is not known on which data, device and threads it began (its log has lost its first line):"
        f" train it from the start with vanish-tui run {what.spec.id} --seed {what.seed}"
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
    checkpoint = saved.checkpoint
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


def mismatch(
    origin: Origin, *, train: int, test: int, passes: int, sha256: str, device: str | None, threads: int
) -> str | None:
    """Why a run would not give its bits here, and what to do; None if it would.

    Args:
        origin: where the run began.
        train: training images here; `test` likewise.
        passes: how many times an epoch goes over them.
        sha256: of the images and labels here.
        device: that it would continue on; None where that isn't known, or doesn't matter.
        threads: of each run here.
    """
    here, there = f"{train:,}/{test:,}", f"{origin.train:,}/{origin.test:,}"
    if here != there or passes != origin.passes:
        return (
            f"it was trained on {there} images ({origin.source}), and here are {here}:"
            " name the same data with --data"
        )
    if origin.sha256 not in ("", sha256):
        return (
            f"it was trained on other images ({origin.source}) of the same number:"
            " name the same data with --data, or put them back"
        )
    kind = origin.device.partition(":")[0]
    if device is not None and device.partition(":")[0] != kind:
        here = f"here it would continue on {device}"
        return f"it was trained on {origin.device}, and {here}: use --device {kind}"
    if kind == "cpu" and threads != origin.threads:
        return (
            f"it was trained with --threads {origin.threads}, and here are {threads}:"
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
