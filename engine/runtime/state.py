"""The engine's settings, and what it publishes."""

import queue
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from engine.measure.inspection import LayerView
    from engine.protocol.commands import RunCommand
    from engine.storage.run_lock import Owner
    from engine.tracking.snapshot import Snapshot

Severity = Literal["information", "warning", "error"]

SAVE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Settings:
    """What the engine is started with.

    Attributes:
        device: auto, cpu, cuda or cuda:N.
        data: a folder that holds Fashion-MNIST, or None for the first source that is there.
        threads: torch threads of each run. The bits depend on it, so it is part of a run.
        choose_threads: take of the numbers up to `threads` the one that trains fastest here.
        runs_dir: where run directories go; None is the user's state folder.
        side_by_side: how many runs may take their step at the same time, if each has one torch thread.
        save_seconds: how often a run that trains is saved, besides whenever something happens to it.
    """

    device: str = "auto"
    data: Path | None = None
    threads: int = 1
    choose_threads: bool = False
    runs_dir: Path | None = None
    side_by_side: int = 1
    save_seconds: float = SAVE_SECONDS


@dataclass(frozen=True, slots=True)
class Notice:
    """Something rare that a person should hear of once. Numbers count up from 1."""

    number: int
    run: str
    severity: Severity
    text: str


@dataclass(frozen=True, slots=True)
class EngineSnapshot:
    """The engine at one moment.

    Attributes:
        sequence: grows with every published change.
        runs: in the order of their starting.
        activity: what everybody waits for ("loading PyTorch"), or nothing.
        device: empty until known.
        data: the source's title, empty until known.
        notices: all so far.
        inspection: the latest answer to an Inspect; no part of any run.
        unsaved: what keeps runs from being saved now, and where; by the run.
        owners: who trains those of the runs that other processes train; an engine's own snapshot has none.
    """

    sequence: int = 0
    runs: "tuple[Snapshot, ...]" = ()
    activity: str = ""
    device: str = ""
    data: str = ""
    notices: tuple[Notice, ...] = ()
    inspection: "LayerView | None" = None
    unsaved: Mapping[str, str] = field(default_factory=dict)
    owners: "Mapping[str, Owner]" = field(default_factory=dict)


class State:
    """What the engine's thread shares with all others.

    Attributes:
        commands: for the engine; None only wakes it.
        published: its latest state, which is replaced and never changed.
        importing: whether it is importing torch.
        closing: whether it is to end.
    """

    def __init__(self) -> None:
        self.commands: queue.SimpleQueue[RunCommand | None] = queue.SimpleQueue()
        self.published = EngineSnapshot()
        self.importing = False
        self.closing = False
