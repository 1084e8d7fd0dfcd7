"""What the process that leads a sweep and those that train its runs tell each other, as lines of JSON."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from scenarios.schema import Scenario
from scenarios.sweep import Cell


@dataclass(frozen=True, slots=True)
class Task:
    """A run to train.

    Attributes:
        number: of its cell.
        run: its name.
        scenario: what it trains.
        seed: of all its randomness.
        resume: whether its folder exists, so that it continues from its last save.
        command: the words of a command line that trains the same; they are written into the run.
    """

    number: int
    run: str
    scenario: Scenario
    seed: int
    resume: bool
    command: tuple[str, ...] = ()

    @classmethod
    def of(cls, cell: Cell, run: str, *, resume: bool, command: tuple[str, ...] = ()) -> "Task":
        """The task of a cell."""
        return cls(cell.number, run, cell.scenario, cell.seed, resume, command)

    def to_line(self) -> bytes:
        """The task for another process."""
        record = {
            "number": self.number,
            "run": self.run,
            "scenario": self.scenario.resolved(),
            "seed": self.seed,
            "resume": self.resume,
            "command": self.command,
        }
        return json.dumps(record).encode() + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> "Task":
        """Read a task."""
        record = json.loads(line)
        scenario = Scenario.model_validate(record.pop("scenario"))
        return cls(scenario=scenario, **record | {"command": tuple(record["command"])})


@dataclass(frozen=True, slots=True)
class Report:
    """What a process that trains says about a run.

    Attributes:
        number: of its cell.
        kind: "began", "progress", "ended", or "lost" if its process has died; of no run, "said" for
            something that the user should know, or "gone" if no run can be trained any more.
        where: the core or GPU on which it trains.
        share: of its steps that it has done, from 0 to 1.
        seconds: training time in this process.
        status: how it ended.
        problem: why it failed, was lost, or could not be saved; empty if it was not. What is said.
    """

    number: int
    kind: str
    where: str = ""
    share: float = 0.0
    seconds: float = 0.0
    status: str = ""
    problem: str = ""

    def to_record(self) -> dict[str, Any]:
        """The report for JSON."""
        return {name: getattr(self, name) for name in self.__slots__}

    def to_line(self) -> bytes:
        """The report for another process."""
        return json.dumps(self.to_record()).encode() + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> "Report":
        """Read a report. Raises ValueError or TypeError for anything else."""
        record: dict[str, Any] = json.loads(line)
        return cls(**record)


class Executor(Protocol):
    """Trains the runs of a sweep somewhere."""

    @property
    def slots(self) -> int:
        """How many runs it trains at the same time."""

    @property
    def resumes(self) -> bool:
        """Whether a run continues from its last save; otherwise, it begins again."""

    def start(self, report: Callable[[Report], None]) -> None:
        """Get ready. Reports are passed on from any thread, until `close`.

        Raises:
            OSError: it cannot start.
        """

    def submit(self, task: Task) -> None:
        """Train a run, when there is room for it. Exactly one report of its end, or loss, follows."""

    def stop(self) -> None:
        """Stop and save what trains. Each run reports its end, and nothing new begins."""

    def close(self) -> None:
        """Wait for what was stopped, and free everything."""
