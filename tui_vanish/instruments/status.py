"""How the state of a run is shown: a sign and a colour role."""

from collections.abc import Mapping

from vanish_recorder.protocol.status import Status

RECORDED = "◆"  # the sign of a recorded run, which is never trained further
_MARKS = {
    Status.LOADING: "○",
    Status.RUNNING: "●",
    Status.PAUSED: "‖",
    Status.FINISHED: "✓",
    Status.STOPPED: "■",
    Status.DIVERGED: "✗",
    Status.FAILED: "!",
}


def mark(status: Status, *, recorded: bool = False) -> str:
    """The sign of a status, or of a recorded run.

    Signs differ in shape, because colours alone are hard to tell apart for some.
    """
    return RECORDED if recorded else _MARKS[status]


ROLES: Mapping[Status, str] = {
    Status.LOADING: "accent",
    Status.RUNNING: "accent",
    Status.PAUSED: "warn",
    Status.FINISHED: "good",
    Status.STOPPED: "dim",
    Status.DIVERGED: "bad",
    Status.FAILED: "bad",
}
