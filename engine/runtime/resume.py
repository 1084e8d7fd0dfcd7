"""Resuming a run: whether it can continue here bit-identically, and what it needs for that."""

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
from engine.runtime.saved import CannotResume, Saved
from engine.storage.checkpoint import Checkpoint, Unfit
from engine.storage.origin import Origin
from vanish_recorder.protocol.events import Intervened
from vanish_recorder.protocol.status import Status

if TYPE_CHECKING:
    from engine.data.fashion_mnist import Dataset
    from engine.tracking.snapshot import Snapshot
    from engine.training.trainer import Trainer


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
        had, in_epoch = progress_of(checkpoint)
        epochs = command.epochs
        if epochs is not None and epochs <= had - in_epoch:
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


def progress_of(checkpoint: Checkpoint) -> tuple[int, bool]:
    """The number of epochs of the stage that have begun, and whether the last one has not ended.

    Raises:
        CannotResume: the checkpoint does not hold them.
    """
    progress = checkpoint.trainer.get("progress")
    if not isinstance(progress, dict):
        raise CannotResume(_unfit("its progress is damaged"))
    had, in_epoch = progress.get("epoch_of_stage"), progress.get("in_epoch")
    if type(had) is not int or type(in_epoch) is not bool:
        raise CannotResume(_unfit("its progress is damaged"))
    return had, in_epoch


def restore(trainer: "Trainer", saved: Saved, last: "Snapshot") -> None:
    """Bring a trainer to the checkpoint of a saved run, if there is one.

    Args:
        trainer: new, of the same scenario.
        saved: the run.
        last: the run after the events up to the checkpoint.

    Raises:
        CannotResume: the checkpoint does not fit.
    """
    checkpoint = saved.checkpoint
    if checkpoint is None:
        return
    try:
        trainer.restore(checkpoint.trainer, announce=saved.started is None)
    except Exception as error:  # torch's own text has many lines
        why = str(error) if isinstance(error, Unfit) else type(error).__name__
        raise CannotResume(_unfit(why)) from error
    if trainer.steps != checkpoint.step or last.step > checkpoint.step:
        raise CannotResume(_unfit("it was saved at another step"))


def _unfit(why: str) -> str:
    return f"its checkpoint does not fit its scenario ({why})"


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
    """The command that repeats a change by hand.

    Raises:
        ValueError: it is a change of a watched run, which is never resumed here.
    """
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
        case "lr_factor" | "every":
            raise ValueError(f"{done.kind} is a change of a watched run")
