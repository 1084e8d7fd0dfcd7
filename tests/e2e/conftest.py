"""Fixtures of the end-to-end tests: a program in a terminal, and the runs that it saves."""

import json
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.processes import kill_processes_with
from tests.e2e.pseudo_terminal import PseudoTerminal
from vanish_recorder.storage.paths import default_runs_folder

Record = dict[str, Any]

# Under nohup, for example, SIGHUP is ignored, and every process started here would inherit this.
signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture(autouse=True)
def no_process_outlives_its_test(own_folders: None) -> Iterator[None]:
    """A detached process may not hold its run's lock yet, so the test's own folder tells whose it is."""
    mark = f"XDG_STATE_HOME={os.environ['XDG_STATE_HOME']}"
    yield
    kill_processes_with(mark)


@pytest.fixture
def open_terminal() -> Iterator[Callable[..., PseudoTerminal]]:
    """Starts `vanish-tui` in a pseudo-terminal, and ends it after the test if necessary."""
    with ExitStack() as stack:

        def start(*arguments: str, **options: Any) -> PseudoTerminal:
            return stack.enter_context(PseudoTerminal(arguments, **options))

        yield start


@pytest.fixture
def saved_runs() -> Callable[[], dict[str, list[Record]]]:
    """Reads the events of every saved run, by scenario id."""

    def read() -> dict[str, list[Record]]:
        return {run_of(path): records(path) for path in sorted(default_runs_folder().glob("*/events.jsonl"))}

    return read


def run_of(path: Path) -> str:
    description = json.loads((path.parent / "run.json").read_text())
    return str(description["scenario"]["id"])


def records(path: Path) -> list[Record]:
    return [json.loads(line) for line in path.read_text().splitlines()]
