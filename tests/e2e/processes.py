"""Real `vanish-tui` processes on small data: start them, kill them, and wait for their output."""

import json
import os
import select
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.e2e.pseudo_terminal import PATIENCE, PROGRAM, child_environment, take_signals
from vanish_recorder.storage.log_file import EVENTS
from vanish_recorder.storage.paths import default_runs_folder

Record = dict[str, Any]

SMALL = ("--set", "model.width=16", "--set", "data.batch_size=32", "--set", "model.init.std=0.3")


def command(*arguments: str, **options: Any) -> "subprocess.CompletedProcess[str]":
    """Run `vanish-tui` until it ends."""
    return subprocess.run(
        [*PROGRAM, *arguments],
        capture_output=True,
        text=True,
        env=child_environment({}),
        timeout=PATIENCE,
        check=False,
        **options,
    )


@contextmanager
def training(
    *arguments: str, command: str = "run", prepare: Callable[[], None] | None = None
) -> Iterator["subprocess.Popen[str]"]:
    """`vanish-tui run ... --json`, whose lines can be read while it trains; it is killed at the end."""

    def begin() -> None:
        take_signals()
        if prepare is not None:
            prepare()

    with subprocess.Popen(
        [*PROGRAM, command, *arguments, "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=child_environment({}),
        preexec_fn=begin,
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def read_until(process: "subprocess.Popen[str]", holds: Callable[[Record], bool]) -> Record:
    """Read until an event meets the condition, and return it."""
    assert process.stdout is not None
    for line in process.stdout:
        record: Record = json.loads(line)
        if holds(record):
            return record
    assert process.stderr is not None
    raise AssertionError(f"the process ended before the event: {process.stderr.read()}")


def kill_at_step(step: int, *arguments: str) -> None:
    """Train, and kill with SIGKILL as soon as a step is reached."""
    with training(*arguments) as process:
        read_until(process, lambda record: bool(record["step"] >= step))
        process.kill()
        assert process.wait(PATIENCE) == -signal.SIGKILL


def run_names(runs: Path | None = None) -> list[str]:
    """The names of the runs in a folder, the oldest first."""
    folder = runs or default_runs_folder()
    return sorted(path.parent.name for path in folder.glob(f"*/{EVENTS}"))


def saved(name: str, runs: Path | None = None) -> list[Record]:
    """All events in a run's log."""
    path = (runs or default_runs_folder()) / name / EVENTS
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


_CLOCK = {"run", "time", "seconds", "evaluation_seconds"}


def measured(records: list[Record]) -> list[Record]:
    """What must not depend on interruptions: samples, epochs, and how the run ended."""
    kinds = ("stage_started", "sample", "epoch_finished", "verdict")
    kept = [record for record in records if record["event"] in kinds] + [records[-1]]
    return [{key: value for key, value in record.items() if key not in _CLOCK} for record in kept]


def kill_processes_with(variable: str) -> None:
    """Kill every other process with this `NAME=VALUE` in its environment, such as detached ones."""
    for pid in (int(entry) for entry in os.listdir("/proc") if entry.isdigit()):
        with suppress(OSError):
            environment = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
            if pid != os.getpid() and variable.encode() in environment:
                os.kill(pid, signal.SIGKILL)


def wait_for_end(pid: int) -> None:
    """Wait until a process has ended that is not a child of this one."""
    try:
        process = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        ready, _, _ = select.select([process], [], [], PATIENCE)
        assert ready, f"process {pid} still runs"
    finally:
        os.close(process)
