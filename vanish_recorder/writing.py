"""Where a recorder's events go."""

from pathlib import Path
from typing import Protocol

from vanish_recorder.protocol.events import RunEvent, RunFinished


class Writer(Protocol):
    """A watched run's folder: see vanish_recorder.recording.Recording. It never raises."""

    run: str
    folder: Path
    first_step: int
    first_epoch: int
    first_time: float

    def write(self, event: RunEvent) -> None:
        """Append an event to the log."""

    def close(self, event: RunFinished) -> None:
        """Append the last event, and close the log."""
