"""An engine that also shows the runs of other processes."""

import queue
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from engine.attach.seen import News, PeerSource, Seen
from engine.protocol.commands import ResumeRun
from engine.runtime.state import EngineSnapshot, Notice
from vanish_recorder.protocol.status import Status

if TYPE_CHECKING:
    from engine.protocol.commands import RunCommand
    from scenarios.schema import Scenario

_LOOK_SECONDS = 0.4
_READING_SECONDS = 0.05  # between two parts of a large log: the screen and the training need the time, too


class OwnEngine(Protocol):
    """What trains the runs of this app: an engine in this process, or one in a process for each GPU."""

    @property
    def importing(self) -> bool:
        """Whether torch is being imported, and nothing needs to be saved yet."""

    @property
    def runs_folder(self) -> Path:
        """The folder for run directories."""

    def start(self) -> None:
        """Start to work."""

    def train(self, scenario: "Scenario", seed: int, seconds: float | None = None) -> str:
        """Start a run, and return its name."""

    def send(self, command: "RunCommand") -> None:
        """Queue a command."""

    def snapshot(self) -> EngineSnapshot:
        """The latest state."""

    def close(self) -> None:
        """Stop and save every run, and wait for the end."""


class SharedEngine:
    """An engine whose snapshots also hold the runs of other processes; see EngineLike.

    It reads their logs in its own thread.

    Args:
        engine: trains this process's runs, if it trains any.
        find_live: find all runs that other processes train.
        peers: reads the runs of other processes; None for those in the engine's runs folder.
    """

    def __init__(self, engine: OwnEngine, *, find_live: bool = True, peers: PeerSource | None = None) -> None:
        self._engine = engine
        self._find_live = find_live
        self._is_watch = isinstance(engine, NoEngine)
        self._peers, self._making_peers = peers, threading.Lock()
        self._wanted: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._seen = Seen()
        self._news: queue.SimpleQueue[News] = queue.SimpleQueue()
        self._notices: list[Notice] = []
        self._notices_seen = 0  # of the engine's
        self._merged_state: tuple[int, int] | None = None
        self._merged_seen: Seen | None = None
        self._refused: set[str] = set()
        self._own: frozenset[str] = frozenset()  # runs of the engine, whose processes may be others
        self._snapshot = EngineSnapshot()
        self._merging = threading.Lock()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._work, name="peers", daemon=True)

    # ------------------------------------------------------------------ as an engine

    @property
    def importing(self) -> bool:
        """Whether torch is being imported."""
        return self._engine.importing

    @property
    def runs_folder(self) -> Path:
        """Where run directories are."""
        return self._engine.runs_folder

    @property
    def can_train(self) -> bool:
        """Whether runs can be started, resumed and taken over; `watch` only shows them."""
        return not self._is_watch

    def start(self) -> None:
        """Start the engine's thread, and the one that follows logs."""
        self._engine.start()
        self._thread.start()

    def train(self, scenario: "Scenario", seed: int, seconds: float | None = None) -> str:
        """Ask for a run, which stops after so many seconds of training; returns its name."""
        return self._engine.train(scenario, seed, seconds)

    def send(self, command: "RunCommand") -> None:
        """Queue a command; for a run of another process, only show a notice."""
        if isinstance(command, ResumeRun):
            from engine.storage.nested import sweep_with  # not needed for the first frame

            if sweep_with(self.runs_folder, command.run) is not None:
                text = f"{command.run} belongs to a sweep: continue that, on its map."
                self._news.put(News(command.run, "warning", text))
                return
        others = self._seen.owners.keys() - self._own
        if command.run not in others or isinstance(command, ResumeRun) or self._is_watch:
            self._engine.send(command)
            return
        owner = self._seen.owners[command.run]
        remedy = "T takes it over" if owner.is_here else "it can only be watched from here"
        self._news.put(News(command.run, "warning", f"{command.run} is trained by {owner}: {remedy}."))

    def snapshot(self) -> EngineSnapshot:
        """The engine's latest, with the runs of other processes before its own; any thread may ask."""
        with self._merging:
            return self._merge()

    def _merge(self) -> EngineSnapshot:
        own, seen = self._engine.snapshot(), self._seen
        self._gather_notices(own)
        state = (own.sequence, len(self._notices))
        if seen is not self._merged_seen or state != self._merged_state:
            self._merged_state, self._merged_seen = state, seen
            runs = [run for run in own.runs if run.run not in self._lost_to_others(own, seen)]
            names = self._own = frozenset(run.run for run in runs)
            self._snapshot = replace(
                own,
                sequence=self._snapshot.sequence + 1,
                runs=(*(run for run in seen.runs if run.run not in names), *runs),
                notices=tuple(self._notices),
                owners={run: owner for run, owner in seen.owners.items() if run not in names},
                reading=seen.reading,
                followed=frozenset(run.run for run in seen.runs if run.run not in names),
            )
        return self._snapshot

    def _lost_to_others(self, own: EngineSnapshot, seen: Seen) -> set[str]:
        """Runs that this process tried to resume after another process had already done so."""
        refused = {run.run for run in own.runs if run.status is Status.FAILED and run.started is None}
        for run in refused - self._refused:
            from vanish_recorder.storage.run_lock import owner_of  # not needed for the first frame

            if owner_of(self.runs_folder / run) is not None:
                self.follow(run)
        self._refused |= refused
        return refused & seen.owners.keys()

    def close(self) -> None:
        """Stop and save every run of this process, and end the threads."""
        self._closing.set()
        self._engine.close()
        if self._thread.is_alive():
            self._thread.join()

    # ---------------------------------------------------------------- other processes

    def follow(self, run: str) -> None:
        """Add a saved run to the snapshots, as its log describes it."""
        self._wanted.put(run)

    def take_over(self, run: str) -> str:
        """Let the process that trains `run` save and end, and continue all of its runs here.

        Returns:
            Why this is not possible; empty if the takeover has begun.
        """
        if isinstance(self._engine, NoEngine):
            return self._engine.refusal or "watch only shows runs. Open vanish-tui to take it over."
        if run in self._own:
            return f"no other process trains {run}"
        return self._all_peers().take_over(run)

    @property
    def pending_takeovers(self) -> list[str]:
        """Runs whose process was asked to end and still holds them."""
        return list(self._peers.pending_takeovers) if self._peers is not None else []

    def look(self) -> None:
        """Read once what is new in the runs of other processes. The thread does so repeatedly."""
        peers, wanted = self._all_peers(), []
        while not self._wanted.empty():
            wanted.append(self._wanted.get())
        self._seen = peers.look(wanted)
        for run in peers.released():
            self._engine.send(ResumeRun(run))
        for each in peers.news():
            self._news.put(each)

    def _all_peers(self) -> PeerSource:
        with self._making_peers:  # the thread and a key may both come first
            if self._peers is None:
                from engine.attach.peers import Peers  # slow to import, so not before the first frame

                self._peers = Peers(
                    self.runs_folder, find_live=self._find_live, is_own=lambda run: run in self._own
                )
            return self._peers

    def _gather_notices(self, own: EngineSnapshot) -> None:
        new = [(notice.run, notice.severity, notice.text) for notice in own.notices[self._notices_seen :]]
        self._notices_seen = len(own.notices)
        while not self._news.empty():
            new.append(self._news.get())
        for run, severity, text in new:
            self._notices.append(Notice(len(self._notices) + 1, run, severity, text))

    # ------------------------------------------------------------------- in the thread

    def _work(self) -> None:
        while not self._closing.is_set():
            self.look()
            self._closing.wait(_READING_SECONDS if self._seen.reading else _LOOK_SECONDS)


class NoEngine:
    """An engine that trains nothing, for `vanish-tui watch` and an app that only shows; see EngineLike.

    Args:
        runs_folder: where run directories are.
        refusal: the notice after every command; if empty, a notice says what `watch` cannot do.
    """

    importing = False

    def __init__(self, runs_folder: Path, refusal: str = "") -> None:
        self.runs_folder, self.refusal = runs_folder, refusal
        self._snapshot = EngineSnapshot()

    def start(self) -> None:
        """Do nothing: there is no thread."""

    def train(self, scenario: "Scenario", seed: int, seconds: float | None = None) -> str:
        """Refuse, with a notice."""
        self._refuse(f"watch only shows runs. Open vanish-tui to train {scenario.id}.")
        return ""

    def send(self, command: "RunCommand") -> None:
        """Refuse, with a notice."""
        self._refuse("watch only shows runs. Open vanish-tui to change them.")

    def snapshot(self) -> EngineSnapshot:
        """No runs, only the notices of what was refused."""
        return self._snapshot

    def close(self) -> None:
        """Do nothing: there is no thread."""

    def _refuse(self, text: str) -> None:
        before = self._snapshot
        notice = Notice(len(before.notices) + 1, "", "warning", self.refusal or text)
        self._snapshot = replace(before, sequence=before.sequence + 1, notices=(*before.notices, notice))
