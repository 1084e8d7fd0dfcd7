"""Applying a command to the trainer of a run, between two steps."""

from typing import TYPE_CHECKING, assert_never

from engine.protocol.commands import (
    Forget,
    Freeze,
    Inspect,
    NextStage,
    Pause,
    Resume,
    ResumeRun,
    RunCommand,
    SetEpochs,
    SetLearningRate,
    Stop,
    Train,
    Unfreeze,
)

if TYPE_CHECKING:
    from engine.training.trainer import Trainer


def apply_command(command: RunCommand, trainer: "Trainer") -> None:
    """Apply a command that changes a run.

    Raises:
        CannotFreeze: a Freeze or Unfreeze is not possible now.
        AssertionError: the command does not change a run that trains: it begins one, or inspects one.
    """
    match command:
        case Pause():
            trainer.pause(command.reason)
        case Resume():
            trainer.resume(command.reason)
        case Stop():
            trainer.stop()
        case SetLearningRate():
            trainer.set_learning_rate(command.value)
        case Freeze() | Unfreeze():
            trainer.freeze(command.layer, frozen=isinstance(command, Freeze))
        case NextStage():
            trainer.next_stage()
        case SetEpochs():
            trainer.set_epochs(command.value)
        case Train() | ResumeRun():
            raise AssertionError("a run is begun only once")
        case Inspect():
            raise AssertionError("inspecting does not change a run: see LiveRun.inspect")
        case Forget():
            raise AssertionError("a run does not forget itself: see Loop")
        case _:
            assert_never(command)
