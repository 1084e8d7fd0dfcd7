"""Commands to the engine: plain frozen dataclasses, named in the imperative."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scenarios.schema import Scenario


@dataclass(frozen=True, slots=True)
class Train:
    """Start a run.

    Attributes:
        run: its name, unique in the runs folder.
        scenario: what to train.
        seed: of all its randomness.
        seconds: of training, after which it stops; None for none.
    """

    run: str
    scenario: "Scenario"
    seed: int
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """Pause the run. `reason` is written into the log."""

    run: str
    reason: str = "by hand"


@dataclass(frozen=True, slots=True)
class Resume:
    """Continue after a pause. `reason` is written into the log."""

    run: str
    reason: str = "by hand"


@dataclass(frozen=True, slots=True)
class Stop:
    """End the run now. Its results and weights are kept."""

    run: str


@dataclass(frozen=True, slots=True)
class SetLearningRate:
    """Set the learning rate from the next step on. For SDAGD it is the radius."""

    run: str
    value: float


@dataclass(frozen=True, slots=True)
class Freeze:
    """Freeze a layer until the stage ends."""

    run: str
    layer: str


@dataclass(frozen=True, slots=True)
class Unfreeze:
    """Make a frozen layer train again."""

    run: str
    layer: str


@dataclass(frozen=True, slots=True)
class NextStage:
    """End the current stage after this step, and begin the next one."""

    run: str


@dataclass(frozen=True, slots=True)
class SetEpochs:
    """Set how many epochs each stage trains."""

    run: str
    value: int


@dataclass(frozen=True, slots=True)
class ResumeRun:
    """Resume a run from its directory: one that has ended, or whose process no longer exists.

    Attributes:
        run: its name.
        epochs: epochs per stage from now on; None to leave them.
        anywhere: resume on another kind of device, too, although the results differ in their last bits.
    """

    run: str
    epochs: int | None = None
    anywhere: bool = False


@dataclass(frozen=True, slots=True)
class Inspect:
    """Inspect one layer. The result is in the engine's snapshot, and is not written to a log."""

    run: str
    layer: str


@dataclass(frozen=True, slots=True)
class Forget:
    """Free the memory of a run that has ended, once it is saved. A run that trains is not forgotten.

    Attributes:
        run: its name.
        answer: called in the engine's thread with where and why it could not be saved; empty if it is saved.
    """

    run: str
    answer: Callable[[str], None]


class CannotFreeze(Exception):
    """A Freeze or Unfreeze is not possible in this run. The text says why."""


RunCommand = (
    Train
    | ResumeRun
    | Pause
    | Resume
    | Stop
    | SetLearningRate
    | Freeze
    | Unfreeze
    | NextStage
    | SetEpochs
    | Inspect
    | Forget
)
