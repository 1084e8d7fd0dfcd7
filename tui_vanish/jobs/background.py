"""Training in a detached process, which survives the terminal and the process that started it."""

import json
import os
import select
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import IO

from engine.storage import handover
from engine.storage.run_log import NotARun
from engine.storage.summary import read_summary
from scenarios.problems import printable
from tui_vanish.jobs import children
from tui_vanish.jobs.exits import FailedError
from tui_vanish.jobs.telling import tell
from vanish_recorder.protocol.events import Resumed, RunEvent, RunFinished, RunStarted
from vanish_recorder.protocol.status import Status
from vanish_recorder.storage.paths import default_runs_folder
from vanish_recorder.storage.private import for_the_user_alone, make_private_folder
from vanish_recorder.storage.run_lock import Owner, owner_of

LOG = ".detached.log"
_LONGEST_REASON = 300  # characters of a log's last line
_started: "list[subprocess.Popen[bytes]]" = []  # Popen warns about a process that runs longer than its object


class Announcer:
    """Reports to the process that started this one, through a pipe, which runs it holds.

    A run is reported once its lock is held and its first save has succeeded, so that "it trains in the
    background" is true when it is said.

    Args:
        descriptor: of the pipe; it is closed when all runs were reported, and no more is reported.
        runs: how many will start.
        runs_folder: where they are saved.
    """

    def __init__(self, descriptor: int, runs: int, runs_folder: Path) -> None:
        self._pipe: int | None = descriptor
        self._runs, self._left = runs, runs
        self._folder = runs_folder
        self._here = Owner.present()
        self._begun: set[str] = set()
        self._trouble = ""

    def on_event(self, event: RunEvent) -> None:
        """Report a run as soon as it is held, or why it is not.

        Raises:
            FailedError: the only run cannot be saved, so that training it would be in vain.
        """
        if self._pipe is None:
            return
        if isinstance(event, RunStarted | Resumed):
            self._begun.add(event.run)
        if event.run in self._begun and self._is_held(event):
            self._begun.discard(event.run)
            self._report({"run": event.run})
        elif isinstance(event, RunFinished) and event.status is not Status.STOPPED:
            self._report({"error": event.error or f"{event.run} {event.status}"})
        elif event.run in self._begun and self._trouble:
            self._begun.discard(event.run)
            text = f"not started, because the run cannot be saved: {self._trouble}. Make room there, or name"
            text += " another folder with --runs-dir."
            self._report({"error": text})
            if self._runs == 1:
                raise FailedError(text)

    def _is_held(self, event: RunEvent) -> bool:
        """Whether the run would survive this process. A run that has ended holds no lock any more."""
        folder = self._folder / event.run
        try:
            saved = read_summary(folder)
        except (OSError, NotARun):  # not saved yet
            return False
        if isinstance(event, RunFinished):
            return event.status is not Status.FAILED
        return not saved.status.ended and owner_of(folder) == self._here

    def warn(self, text: str) -> None:
        """Print a warning; it goes to the log of detached processes, if that can be written."""
        if text.startswith("not saved, "):
            self._trouble = text.removeprefix("not saved, ").partition(". ")[0]
        with suppress(OSError):
            tell(text)

    def fail(self, reason: str) -> None:
        """Report why no run has started, and no more."""
        while self._pipe is not None:
            self._report({"error": reason})

    def _report(self, record: dict[str, str]) -> None:
        assert self._pipe is not None
        self._left -= 1
        try:
            os.write(self._pipe, json.dumps(record).encode() + b"\n")
        except BrokenPipeError:  # the waiting process has ended
            self._left = 0
        if self._left <= 0:
            handover.end(self._folder)
            os.close(self._pipe)
            self._pipe = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a detached process has reported.

    Attributes:
        runs: those that it holds.
        problems: a sentence about each run that it does not hold.
        is_complete: whether it will report no more.
    """

    runs: tuple[str, ...]
    problems: tuple[str, ...]
    is_complete: bool


class Successor:
    """A detached process, from its start until it has reported all of its runs.

    Args:
        process: the process.
        pipe: on which it reports; it is closed by `wait`.
        log: gets what it prints.
        logged: the size of the log at its start.
    """

    def __init__(self, process: "subprocess.Popen[bytes]", pipe: int, log: Path, logged: int) -> None:
        self._process, self._pipe, self._log, self._logged = process, pipe, log, logged
        _started.append(process)

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid

    def wait(self, seconds: float | None = None) -> Outcome:
        """Wait until it holds its runs or has failed, at most for some seconds; call this once."""
        content, until = b"", None if seconds is None else monotonic() + seconds
        poll = select.poll()
        poll.register(self._pipe, select.POLLIN)
        try:
            while ready := poll.poll(None if until is None else max(0, 1000 * (until - monotonic()))):
                part = os.read(self._pipe, 1 << 16)
                content += part
                if not part:
                    break
        finally:
            os.close(self._pipe)
        records = [json.loads(line) for line in content.splitlines() if line.endswith(b"}")]
        runs = tuple(record["run"] for record in records if "run" in record)
        problems = tuple(dict.fromkeys(record["error"] for record in records if "error" in record))
        if ready and not records:
            problems = (self._last_words(),)
        return Outcome(runs, problems, bool(ready))

    def _last_words(self) -> str:
        """Why it has ended without a report: the last line that it has printed."""
        lines: list[str] = []
        with suppress(OSError), open(self._log, "rb") as log:
            log.seek(self._logged)
            lines = log.read().decode(errors="replace").split("\n")
        words = next((line.strip() for line in reversed(lines) if line.strip()), "")
        if not words:
            return f"its process has ended with exit code {self._process.wait()}"
        return printable(words.removeprefix("vanish-tui: "))[:_LONGEST_REASON]


def detach(arguments: Sequence[str], runs_dir: Path | None, resumed: Sequence[str] = ()) -> list[str]:
    """Start `vanish-tui ARGUMENTS --announce` in a new session, and wait until it holds its runs.

    Args:
        arguments: of the command line.
        runs_dir: the value of `--runs-dir`.
        resumed: the saved runs that it will continue.

    Returns:
        The names of the runs.

    Raises:
        FailedError: a run did not start.
    """
    try:
        outcome = _start(arguments, runs_dir or default_runs_folder(), resumed).wait()
    except OSError as error:
        raise FailedError(f"no process could be started: {error.strerror}") from None
    if outcome.problems:
        raise FailedError("\n".join(outcome.problems))
    return list(outcome.runs)


def hand_over(runs: Sequence[str], runs_dir: Path | None) -> Successor:
    """Start a detached process that resumes saved runs; do not wait for it.

    Raises:
        OSError: no process could be started.
    """
    where = [] if runs_dir is None else ["--runs-dir", str(runs_dir.absolute())]
    arguments = ["run", "--resume", *runs, *where]
    return _start(arguments, runs_dir or default_runs_folder(), runs)


def _start(arguments: Sequence[str], runs_folder: Path, resumed: Sequence[str]) -> Successor:
    reading, writing = os.pipe()
    log = runs_folder / LOG
    try:
        with _opened(log) as errors:
            logged = errors.seek(0, os.SEEK_END) if errors.seekable() else 0
            process = children.start(
                ["-m", "tui_vanish", *arguments, "--announce", str(writing)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                start_new_session=True,
                pass_fds=(writing,),
            )
    except OSError:
        os.close(reading)
        raise
    finally:
        os.close(writing)
    if resumed:
        with suppress(OSError):  # lists then call the runs stopped for some seconds
            handover.announce(runs_folder, resumed, Owner.on_this_host(process.pid))
    return Successor(process, reading, log, logged)


def _opened(log: Path) -> IO[bytes]:
    """Open the log of detached processes to append; if that fails, their messages are discarded."""
    try:
        make_private_folder(log.parent)
        return open(log, "ab", opener=for_the_user_alone)
    except OSError:
        return open(os.devnull, "ab")
