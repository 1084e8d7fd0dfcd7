"""How a status is shown: a sign and a colour role."""

from collections.abc import Mapping

from vanish_recorder.protocol.status import Status

_MARKS = {
    Status.LOADING: "○",
    Status.RUNNING: "●",
    Status.PAUSED: "‖",
    Status.FINISHED: "✓",
    Status.STOPPED: "■",
    Status.DIVERGED: "✗",
    Status.FAILED: "!",
}


def mark(status: Status) -> str:
    """The sign of a status. Signs differ in shape, because colours alone are hard to tell apart for some."""
    return _MARKS[status]


ROLES: Mapping[Status, str] = {
    Status.LOADING: "accent",
    Status.RUNNING: "accent",
    Status.PAUSED: "warn",
    Status.FINISHED: "good",
    Status.STOPPED: "dim",
    Status.DIVERGED: "bad",
    Status.FAILED: "bad",
}
