"""The status of a run."""

from enum import StrEnum


class Status(StrEnum):
    """The status of a run. The values are written to logs and to --json."""

    LOADING = "loading"
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    STOPPED = "stopped"
    DIVERGED = "diverged"
    FAILED = "failed"

    @property
    def ended(self) -> bool:
        """Whether the run has ended. It continues only if it is resumed."""
        return self in (Status.FINISHED, Status.STOPPED, Status.DIVERGED, Status.FAILED)
