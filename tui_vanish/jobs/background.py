"""Training in a process that is nobody's child: it outlives the terminal and whoever started it."""

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
    """Tells the process that started this one, through a pipe, which runs have begun; after that nobody.

    Args:
        descriptor: of the pipe; it is closed when all have begun.
        runs: how many are to begin.
    """

    def __init__(self, descriptor: int, runs: int) -> None:
        self._pipe: int | None = descriptor
        self._left = runs

    def hear(self, event: RunEvent) -> None:
        """Pass a beginning on, or that there will be none."""
        if self._pipe is None:
            return
        if isinstance(event, RunStarted | Resumed):
            self._tell({"run": event.run})
        elif isinstance(event, RunFinished):
            self._tell({"error": event.error or f"{event.run} {event.status}"})

    def warn(self, text: str) -> None:
        """Into the log of detached processes."""
        print(f"vanish-tui: {text}", file=sys.stderr, flush=True)

    def _tell(self, record: dict[str, str]) -> None:
        assert self._pipe is not None
        self._left -= 1
        try:
            os.write(self._pipe, json.dumps(record).encode() + b"\n")
        except BrokenPipeError:  # whoever waited has gone
            self._left = 0
        if self._left == 0:
            os.close(self._pipe)
            self._pipe = None


def detach(arguments: Sequence[str], runs_dir: Path | None) -> list[str]:
    """Start `vanish-tui ARGUMENTS --announce` in a session of its own, and wait until its runs have begun.

    Returns:
        The names of the runs.

    Raises:
        FailedError: one did not begin.
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
        told = [json.loads(line) for line in pipe]
    if not told:
        raise FailedError(f"nothing was started; {log} says why")
    if problems := [record["error"] for record in told if "error" in record]:
        raise FailedError("\n".join(problems))
    return [record["run"] for record in told]


def hand_over(runs: Sequence[str], runs_dir: Path | None) -> None:
    """Let a process that is nobody's child take up saved runs; nobody waits for it."""
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
    """The log of detached processes, for appending; where it can't be had, what they say is lost."""
    try:
        log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return open(log, "ab", opener=for_the_user_alone)
    except OSError:
        return open(os.devnull, "ab")
