"""What every event has in common."""

from dataclasses import dataclass
from typing import Any, ClassVar

SCHEMA = 1

Record = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """The fields of every event.

    Attributes:
        run: name of the run.
        step: of the run, counted from 1; 0 before the first.
        epoch: of the run, counted from 1; 0 before the first.
        stage: counted from 1; 0 before the first.
        time: training time of the run in seconds, without pauses and evaluation, summed over resumes.
    """

    event: ClassVar[str]
    run: str
    step: int
    epoch: int
    stage: int
    time: float
