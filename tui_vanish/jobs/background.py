"""Training in a detached process, which survives the terminal and the process that started it."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from engine.protocol.events import Resumed, RunEvent, RunFinished, RunStarted
from engine.storage.atomic import for_the_user_alone
from engine.storage.paths import default_runs_folder
from tui_vanish.jobs.exits import FailedError

LOG = ".detached.log"


class Announcer:
    """Reports to the process that started this one, through a pipe, which runs have started.

    Args:
        descriptor: of the pipe; it is closed when all runs have started, and no more is reported.
        runs: how many will start.
    """

    def __init__(self, descriptor: int, runs: int) -> None:
        self._pipe: int | None = descriptor
        self._left = runs

    def on_event(self, event: RunEvent) -> None:
        """Report that a run has started, or why it could not."""
        if self._pipe is None:
            return
        if isinstance(event, RunStarted | Resumed):
            self._report({"run": event.run})
        elif isinstance(event, RunFinished):
            self._report({"error": event.error or f"{event.run} {event.status}"})

    def warn(self, text: str) -> None:
        """Print a warning; it goes to the log of detached processes."""
        print(f"vanish-tui: {text}", file=sys.stderr, flush=True)

    def _report(self, record: dict[str, str]) -> None:
        assert self._pipe is not None
        self._left -= 1
        try:
            os.write(self._pipe, json.dumps(record).encode() + b"\n")
        except BrokenPipeError:  # the waiting process has ended
            self._left = 0
        if self._left == 0:
            os.close(self._pipe)
            self._pipe = None


def detach(arguments: Sequence[str], runs_dir: Path | None) -> list[str]:
    """Start `vanish-tui ARGUMENTS --announce` in a new session, and wait until its runs have started.

    Returns:
        The names of the runs.

    Raises:
        FailedError: a run did not start.
    """
    reading, writing = os.pipe()
    log = (runs_dir or default_runs_folder()) / LOG
    with _opened(log) as errors:
        subprocess.Popen(
            [sys.executable, "-m", "tui_vanish", *arguments, "--announce", str(writing)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            start_new_session=True,
            pass_fds=(writing,),
        )
    os.close(writing)
    with open(reading, encoding="utf-8") as pipe:
        records = [json.loads(line) for line in pipe]
    if not records:
        raise FailedError(f"no run was started; {log} says why")
    if problems := [record["error"] for record in records if "error" in record]:
        raise FailedError("\n".join(problems))
    return [record["run"] for record in records]


def hand_over(runs: Sequence[str], runs_dir: Path | None) -> None:
    """Start a detached process that resumes saved runs; do not wait for it."""
    where = [] if runs_dir is None else ["--runs-dir", str(runs_dir.absolute())]
    with _opened((runs_dir or default_runs_folder()) / LOG) as errors:
        subprocess.Popen(
            [sys.executable, "-m", "tui_vanish", "run", "--resume", *runs, "--detach", *where],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            start_new_session=True,
        )


def _opened(log: Path) -> IO[bytes]:
    """Open the log of detached processes to append; if that fails, their messages are discarded."""
    try:
        log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return open(log, "ab", opener=for_the_user_alone)
    except OSError:
        return open(os.devnull, "ab")
