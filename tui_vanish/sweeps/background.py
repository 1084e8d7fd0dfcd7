"""Leads a sweep in a process that survives the terminal."""

import subprocess
from collections.abc import Sequence
from pathlib import Path
from time import monotonic, sleep

from tui_vanish.jobs import children
from tui_vanish.jobs.exits import FailedError
from vanish_recorder.storage.private import for_the_user_alone
from vanish_recorder.storage.run_lock import owner_of

LOG = ".detached.log"
_PATIENCE = 60.0
_GLANCE = 0.05
_started: "list[subprocess.Popen[bytes]]" = []  # Popen warns about a process that runs longer than its object


def detach(folder: Path, words: Sequence[str]) -> None:
    """Start `vanish-tui sweep --resume` in a new session, and wait until it leads the sweep.

    Args:
        folder: of the sweep.
        words: more options.

    Raises:
        FailedError: it did not start.
    """
    log = folder / LOG
    arguments = ["-m", "tui_vanish", "sweep", "--resume", str(folder), "--yes", *words]
    try:
        with open(log, "ab", opener=for_the_user_alone) as errors:
            process = children.start(
                arguments,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                start_new_session=True,
            )
    except OSError as error:
        raise FailedError(f"no process could be started: {error.strerror}") from None
    _started.append(process)
    until = monotonic() + _PATIENCE
    while owner_of(folder) is None and monotonic() < until:
        if (code := process.poll()) is not None:
            if code == 0:  # nothing was missing
                return
            raise FailedError(f"the sweep did not start (exit code {code}); {log} says why")
        sleep(_GLANCE)
