"""What a script holds of its recorder."""

from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from vanish_recorder.protocol.status import Status

if TYPE_CHECKING:
    from torch import Tensor
    from torch.optim import Optimizer

    from vanish_recorder.hooks.listener import Call
    from vanish_recorder.recorder import Recorder


class Lab:
    """A recording. Nothing that it does raises into the training.

    Attributes:
        run: name of the run; empty if nothing is recorded, as in all processes but one of a distributed
            training.
        folder: of the run; None if nothing is recorded.
    """

    def __init__(self, recorder: "Recorder | None" = None, run: str = "", folder: Path | None = None) -> None:
        self._recorder = recorder
        self.run = run
        self.folder = folder

    def log(self, /, **numbers: "float | Tensor") -> None:
        """Log numbers of this step, for example `loss`. A tensor is fetched only if the step is measured."""
        if self._recorder is not None:
            self._recorder.log(numbers)

    def epoch(self, /, **numbers: "float | Tensor") -> None:
        """Say that an epoch ended, and log its numbers, for example `test_accuracy`."""
        if self._recorder is not None:
            self._recorder.epoch(numbers)

    def step(self) -> None:
        """Say that the weights have changed. Call it only if no optimizer object steps the model."""
        if self._recorder is not None:
            self._recorder.step()

    def begin_step(self, optimizer: "Optimizer", call: "Call") -> None:
        """Say that a step of an optimizer has begun already: for a recording that begins within it.

        Args:
            optimizer: that steps.
            call: the arguments of its step.
        """
        if self._recorder is not None:
            self._recorder.before_step(optimizer, call)

    @property
    def should_stop(self) -> bool:
        """Whether the user has asked in the app to end the training after this step."""
        return self._recorder is not None and self._recorder.should_stop

    def close(self, status: str = "finished") -> None:
        """End the recording. It is called at the end of the script, too.

        Args:
            status: how the training ended: finished, stopped, diverged or failed.
        """
        if self._recorder is not None:
            known = status in set(Status) and Status(status).ended
            self._recorder.close(Status(status) if known else Status.FINISHED)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._recorder is not None:
            self._recorder.close_after(error)

    def __reduce__(self) -> Any:
        """A copy, or one in another process, records nothing."""
        return Lab, ()
