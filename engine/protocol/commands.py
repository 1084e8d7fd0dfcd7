"""What the engine is told: plain frozen dataclasses, named in the imperative."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scenarios.schema import Scenario


@dataclass(frozen=True, slots=True)
class Train:
    """Start a run of `scenario`; `run` is its name, unique in the runs folder."""

    run: str
    scenario: "Scenario"
    seed: int


@dataclass(frozen=True, slots=True)
class Pause:
    """Let the run stand still; `reason` goes into the log."""

    run: str
    reason: str = "by hand"


@dataclass(frozen=True, slots=True)
class Resume:
    """Go on after a pause."""

    run: str
    reason: str = "by hand"


@dataclass(frozen=True, slots=True)
class Stop:
    """End the run now; what it has learnt is kept."""

    run: str


@dataclass(frozen=True, slots=True)
class SetLearningRate:
    """From the next step on; of SDAGD it is the radius."""

    run: str
    value: float


@dataclass(frozen=True, slots=True)
class Freeze:
    """Freeze a layer until the stage ends."""

    run: str
    layer: str


@dataclass(frozen=True, slots=True)
class Unfreeze:
    """Let a layer train again."""

    run: str
    layer: str


@dataclass(frozen=True, slots=True)
class NextStage:
    """End the present stage after this step and go on with the next."""

    run: str


@dataclass(frozen=True, slots=True)
class SetEpochs:
    """Let each stage last `value` epochs."""

    run: str
    value: int


@dataclass(frozen=True, slots=True)
class ResumeRun:
    """Take a run up that has ended, or whose process is gone, from its directory.

    Attributes:
        run: its name.
        epochs: of each stage from now on; None as they are.
        anywhere: also on another kind of device, where its bits differ.
    """

    run: str
    epochs: int | None = None
    anywhere: bool = False


@dataclass(frozen=True, slots=True)
class Inspect:
    """Look closely at one layer. The answer stands in the engine's snapshot, and in no log."""

    run: str
    layer: str


class CannotFreeze(Exception):
    """A Freeze or Unfreeze that the run can't obey; its text says why."""


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
)
