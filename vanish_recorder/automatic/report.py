"""What the processes of a recorded command have told, and the line that says why nothing was recorded.

A program that ctrl+c has ended reads this at its exit. It may import nothing that calls `exec` or `eval` with
a text, as `collections` does: Python would forget that it has to end by SIGINT.
"""

import os
import sys

_HIGH = 200  # a descriptor that is out of the way of what the program opens


def tell_in(report: str) -> None:
    """Print on standard error why nothing was recorded; nothing if something was.

    Args:
        report: the file of the report.
    """
    with open(report, encoding="utf-8", errors="replace") as file:
        text = sentence(file.read())
    if text and sys.stderr is not None:
        sys.stderr.flush()
        print(f"vanish-tui: {text}", file=sys.stderr, flush=True)


def sentence(report: str, obstacle: str = "") -> str:
    """Why nothing was recorded, in one line; empty if something was.

    Args:
        report: the lines, each a word and what it is about.
        obstacle: why no Python of the command could be recorded, as far as the command tells.
    """
    told: dict[str, str] = {}
    for line in report.splitlines():
        word, _, detail = line.partition(" ")
        told.setdefault(word, detail)
    if "recorded" in told:
        return ""
    return f"nothing was recorded: {_reason(told, obstacle)}"


def _reason(told: dict[str, str], obstacle: str) -> str:
    if "trouble" in told:
        return told["trouble"]
    if "bare" in told:
        return f"{told['bare']} stepped tensors that belong to no module"
    if "torch" in told:
        return (
            "no optimizer made a step; a script that changes its weights itself needs"
            " lab = watch(model), and lab.step() after each change"
        )
    if "python" in told:
        return "the program did not import torch"
    if "old" in told:
        return f"Python {told['old']} is too old: it needs Python 3.11 or later"
    return obstacle or "the command started no Python program"


def open_report() -> tuple[int, str]:
    """A file in memory that all processes of a command can add lines to, and that vanishes with this process.

    Returns:
        Its descriptor, which stays open if this process becomes another program, and its path.
    """
    import fcntl

    low = os.memfd_create("vanish-tui-record", 0)
    try:
        descriptor = fcntl.fcntl(low, fcntl.F_DUPFD, _HIGH)
        os.close(low)
    except OSError:  # fewer descriptors are allowed
        descriptor = low
        os.set_inheritable(low, True)
    return descriptor, f"/proc/{os.getpid()}/fd/{descriptor}"
