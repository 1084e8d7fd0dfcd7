"""Where a run stands."""

from enum import StrEnum


class Status(StrEnum):
    """Where a run stands."""

    LOADING = "loading"
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    STOPPED = "stopped"
    DIVERGED = "diverged"
    FAILED = "failed"

    @property
    def ended(self) -> bool:
        """Whether nothing more will come of the run unless someone resumes it."""
        return self in (Status.FINISHED, Status.STOPPED, Status.DIVERGED, Status.FAILED)
