"""Engines in processes of their own, which are killed with SIGKILL at a chosen moment.

`python -m tests.engine.mortal` loads torch once, and forks a process for each line on its standard input, so
that a life costs no more than its training.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from engine.protocol.commands import ResumeRun
from engine.runtime.engine import Engine
from engine.runtime.state import Settings
from scenarios.schema import Scenario
from tests.engine.lab import Listener
from vanish_recorder.protocol.events import RunEvent, RunFinished

ROOT = Path(__file__).parent.parent.parent


class Lives:
    """Starts processes that train and die."""

    def __enter__(self) -> Self:
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.engine.mortal"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.communicate()

    def live(self, what: Scenario | str, settings: Mapping[str, Any], kill_at: int | None = None) -> int:
        """Begin a run, or resume the one that `what` names, in a new process.

        Args:
            what: a scenario, or the name of a run.
            settings: of the engine.
            kill_at: SIGKILL comes while this event is delivered, counted from 1; None lets it live.

        Returns:
            The process's exit code, negative for a signal.
        """
        job = {
            "run": what if isinstance(what, str) else None,
            "scenario": None if isinstance(what, str) else what.resolved(),
            "settings": {
                key: str(value) if isinstance(value, Path) else value for key, value in settings.items()
            },
            "kill_at": kill_at,
        }
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(json.dumps(job) + "\n")
        self._server.stdin.flush()
        return int(self._server.stdout.readline())


def _serve() -> None:
    import torch._dynamo  # noqa: F401  which the first optimizer would import

    import engine.training.trainer  # noqa: F401

    for line in sys.stdin:
        child = os.fork()
        if not child:
            _train(**json.loads(line))
            os._exit(0)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


def _train(run: str | None, scenario: Any, settings: dict[str, Any], kill_at: int | None) -> None:
    def answer(_: RunEvent) -> None:
        if len(listener.events) == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    listener = Listener(answer)
    folders = {key: Path(settings[key]) for key in ("data", "runs_dir")}
    engine = Engine(Settings(**{**settings, **folders}), on_event=listener)
    engine.start()
    if run is not None:
        engine.send(ResumeRun(run))
    else:
        engine.train(Scenario.model_validate(scenario), 1)
    listener.wait_for(RunFinished)
    engine.close()


def name_of(runs: Path) -> str:
    """The only run in a folder."""
    (folder,) = (each for each in runs.iterdir() if each.is_dir())
    return folder.name


if __name__ == "__main__":
    _serve()
