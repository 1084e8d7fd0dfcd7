"""The time according to a file system, to compare with the times of its files.

On a network file system these are the server's. The clock of this host, or of the one that writes a
heartbeat, may differ from it by minutes.
"""

import os
from pathlib import Path
from time import monotonic, time

_HOLDS_SECONDS = 10.0
_known: dict[int, tuple[float, float]] = {}  # by device: (monotonic time of the question, the answer)


def forget() -> None:
    """Ask the file systems again at the next call: their clocks may have been set."""
    _known.clear()


def now_at(folder: Path) -> float:
    """The time in seconds since the epoch, by the clock that gives new files in a folder their time.

    If the folder cannot be written, it is the time of this host.
    """
    try:
        device = os.stat(folder).st_dev
    except OSError:
        return time()
    asked, answer = _known.get(device, (-_HOLDS_SECONDS, 0.0))
    if (since := monotonic() - asked) < _HOLDS_SECONDS:
        return answer + since
    import tempfile  # slow to import, and needed only for runs of other hosts

    try:
        with tempfile.TemporaryFile(dir=folder) as file:  # without a name where the file system allows that
            answer = os.fstat(file.fileno()).st_mtime
    except OSError:
        return time()
    _known[device] = monotonic(), answer
    return answer
