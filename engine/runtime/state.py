"""The engine's settings, and the state that it publishes."""

import queue
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from engine.data.fashion_mnist import Source
    from engine.measure.inspection import LayerView
    from engine.protocol.commands import RunCommand
    from engine.tracking.snapshot import Snapshot
    from vanish_recorder.storage.run_lock import Owner

Severity = Literal["information", "warning", "error"]

SAVE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Settings:
    """How the engine trains and saves.

    Attributes:
        device: auto, cpu, cuda or cuda:N. Several GPUs, with commas between them, are for `SpreadEngine`,
            which gives one to each of its processes.
        data: a folder with Fashion-MNIST; None for the first source that exists.
        source: the data, if they are found already; `data` is not looked at then.
        threads: torch threads of each run. The last bits of the results depend on it.
        choose_threads: try numbers of threads up to `threads`, and use the fastest.
        runs_dir: the folder for run directories; None for the user's state folder.
        side_by_side: how many runs may take a step at the same time, if each has one torch thread.
        save_seconds: how often a run is saved while it trains. It is also saved after each change.
    """

    device: str = "auto"
    data: Path | None = None
    source: "Source | None" = None
    threads: int = 1
    choose_threads: bool = False
    runs_dir: Path | None = None
    side_by_side: int = 1
    save_seconds: float = SAVE_SECONDS


@dataclass(frozen=True, slots=True)
class Notice:
    """A message that the user should see once.

    Attributes:
        number: counts up from 1.
        run: name of the run; empty if it is about the engine.
        severity: how important it is.
        text: for the user.
    """

    number: int
    run: str
    severity: Severity
    text: str


@dataclass(frozen=True, slots=True)
class EngineSnapshot:
    """The engine at one moment.

    Attributes:
        sequence: grows with every published change.
        runs: in the order in which they were started.
        activity: what all runs wait for, such as "loading PyTorch"; empty if they do not wait.
        device: where runs train; empty until known.
        data: title of the data source; empty until known.
        notices: all so far.
        inspection: the result of the latest Inspect. It is not part of a run.
        unsaved: for each run that cannot be saved now, where and why.
        owners: for each run that another process trains, that process. Empty in the snapshot of an engine
            without peers.
        reading: which large log is being read, and how far, in a few words; empty if none is.
        followed: the runs that are only read from their logs, by name: their networks are not in memory.
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
    reading: str = ""
    followed: frozenset[str] = frozenset()


class State:
    """What the engine's thread and other threads exchange.

    Attributes:
        commands: for the engine. None only wakes it up.
        published: the engine's latest state. It is replaced, never modified.
        importing: whether the engine is importing torch.
        closing: whether the engine must end.
    """

    def __init__(self) -> None:
        self.commands: queue.SimpleQueue[RunCommand | None] = queue.SimpleQueue()
        self.published = EngineSnapshot()
        self.importing = False
        self.closing = False
