"""Runs that other processes train, followed from their logs, among the engine's own."""

import os
import queue
import signal
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from engine.events import ResumeRun, Status
from engine.follow import Follower
from engine.runindex import list_runs
from engine.runlock import Owner, owner_of
from engine.runlog import NotARun
from engine.runner import Engine, EngineSnapshot, Notice

if TYPE_CHECKING:
    from engine.events import RunCommand
    from engine.liverun import Severity
    from engine.runview import Snapshot
    from scenarios.schema import Scenario

_LOOK_SECONDS = 0.4
# A run that was left by a terminal just now is live again in seconds; later there is no hurry to find one.
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 2.0, 60.0
_PATIENCE_SECONDS = 30.0  # of taking over: the other process may be importing, or saving to a slow disk


@dataclass(frozen=True, slots=True)
class _Handover:
    """Runs whose process was told to end."""

    runs: tuple[str, ...]
    owner: Owner
    until: float


@dataclass(frozen=True, slots=True)
class _Elsewhere:
    """What was seen at one look: runs as they stand, and who trains them."""

    runs: tuple["Snapshot", ...] = ()
    owners: Mapping[str, Owner] | None = None


class SharedEngine:
    """An engine whose snapshots also hold runs of other processes; see EngineLike.

    The logs are read in a thread of its own.

    Args:
        engine: trains this process's runs, if it trains any.
        find_live: look for runs that others train when it starts.
    """

    def __init__(self, engine: "Engine | NoEngine", *, find_live: bool = True) -> None:
        self._engine = engine
        self._find_live = find_live
        self._followers: dict[str, Follower] = {}
        self._wanted: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._handovers: list[_Handover] = []
        self._seen = _Elsewhere()
        self._news: queue.SimpleQueue[tuple[str, Severity, str]] = queue.SimpleQueue()
        self._notices: list[Notice] = []
        self._notices_seen = 0  # of the engine's
        self._shown: tuple[int, int, int] | None = None
        self._snapshot = EngineSnapshot()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="elsewhere", daemon=True)

    # ------------------------------------------------------------------ as an engine

    @property
    def importing(self) -> bool:
        """Whether torch is being imported."""
        return self._engine.importing

    @property
    def runs_folder(self) -> Path:
        """Where run directories are."""
        return self._engine.runs_folder

    def start(self) -> None:
        """Start the engine's thread, and the one that follows logs."""
        self._engine.start()
        self._thread.start()

    def train(self, scenario: "Scenario", seed: int) -> str:
        """Ask for a run; returns its name."""
        return self._engine.train(scenario, seed)

    def send(self, command: "RunCommand") -> None:
        """Queue a command; for a run of another process it changes nothing."""
        if command.run not in self._owners or isinstance(command, ResumeRun):
            self._engine.send(command)
            return
        owner = self._owners[command.run]
        remedy = "T takes it over" if owner.is_here else "it can only be watched"
        self._news.put((command.run, "warning", f"{command.run} is trained by {owner}: {remedy}."))

    def snapshot(self) -> EngineSnapshot:
        """The engine's latest, with the runs of other processes before its own."""
        own, seen = self._engine.snapshot(), self._seen
        self._gather_notices(own)
        state = (own.sequence, id(seen), len(self._notices))
        if state != self._shown:
            self._shown = state
            names = {run.run for run in own.runs}
            self._snapshot = replace(
                own,
                sequence=self._snapshot.sequence + 1,
                runs=(*(run for run in seen.runs if run.run not in names), *own.runs),
                notices=tuple(self._notices),
                owners={run: owner for run, owner in self._owners.items() if run not in names},
            )
        return self._snapshot

    def close(self) -> None:
        """Stop and save every run of this process, and end the threads."""
        self._closing.set()
        self._engine.close()
        if self._thread.is_alive():
            self._thread.join()

    # ---------------------------------------------------------------- other processes

    def follow(self, run: str) -> None:
        """Have a saved run among the others, as its log tells it."""
        self._wanted.put(run)

    def take_over(self, run: str) -> str:
        """Tell the process that trains `run` to save and end, and go on with all of its runs here.

        Returns:
            What keeps it from being done; empty if it is under way.
        """
        owner = self._owners.get(run)
        if owner is None:
            return f"nobody else trains {run}"
        if not owner.is_here:
            return f"{run} is trained by {owner}: from here it can only be watched"
        runs = tuple(name for name, other in self._owners.items() if other == owner)
        try:
            os.kill(owner.pid, signal.SIGTERM)
        except ProcessLookupError:
            pass  # it has just ended by itself
        except PermissionError:
            return f"{run} is another user's"
        self._handovers.append(_Handover(runs, owner, monotonic() + _PATIENCE_SECONDS))
        return ""

    @property
    def _owners(self) -> Mapping[str, Owner]:
        return self._seen.owners or {}

    def _gather_notices(self, own: EngineSnapshot) -> None:
        new = [(notice.run, notice.severity, notice.text) for notice in own.notices[self._notices_seen :]]
        self._notices_seen = len(own.notices)
        while not self._news.empty():
            new.append(self._news.get())
        for run, severity, text in new:
            self._notices.append(Notice(len(self._notices) + 1, run, severity, text))

    # ------------------------------------------------------------------- in the thread

    def _follow(self) -> None:
        find_at, pause = monotonic(), _FIRST_PAUSE_SECONDS
        while not self._closing.is_set():
            while not self._wanted.empty():
                self._add(self._wanted.get())
            if self._find_live and monotonic() >= find_at:
                for run in self._live():
                    self._add(run)
                find_at, pause = monotonic() + pause, min(2 * pause, _LONGEST_PAUSE_SECONDS)
            self._look()
            self._take_over_what_was_left()
            self._closing.wait(_LOOK_SECONDS)

    def _live(self) -> list[str]:
        try:
            entries = list_runs(self.runs_folder)
        except OSError:
            return []
        live = [entry for entry in entries if entry.owner is not None and entry.owner != Owner.present()]
        return [entry.name for entry in reversed(live)]

    def _add(self, run: str) -> None:
        if run not in self._followers:
            try:
                self._followers[run] = Follower(self.runs_folder / run)
            except NotARun as error:
                self._news.put((run, "error", f"{run}: {error}"))

    def _look(self) -> None:
        """Read what is new in the logs; what is seen changes only if something has."""
        runs, owners = [], {}
        for run, follower in self._followers.items():
            try:
                follower.poll()
            except OSError as error:
                self._news.put((run, "error", f"{run} cannot be read: {error.strerror}"))
            owner = owner_of(follower.folder)
            if owner is not None and owner.pid != os.getpid():
                owners[run] = owner
            runs.append(_as_it_stands(follower.snapshot(), owner))
        if (_states(runs), owners) != (_states(self._seen.runs), self._owners):
            self._seen = _Elsewhere(tuple(runs), owners)

    def _take_over_what_was_left(self) -> None:
        for handover in list(self._handovers):
            held = [run for run in handover.runs if owner_of(self.runs_folder / run) == handover.owner]
            if held and monotonic() < handover.until:
                continue
            self._handovers.remove(handover)
            for run in handover.runs:
                if run in held:
                    self._news.put((run, "error", f"{handover.owner} was told to end, and has not"))
                elif not self._has_ended(run):
                    self._engine.send(ResumeRun(run))

    def _has_ended(self, run: str) -> bool:
        self._followers[run].poll()
        return self._followers[run].snapshot().status in (Status.FINISHED, Status.DIVERGED)


def _states(runs: Iterable["Snapshot"]) -> list[tuple[str, int, Status]]:
    return [(run.run, run.sequence, run.status) for run in runs]


def _as_it_stands(run: "Snapshot", owner: Owner | None) -> "Snapshot":
    """A run that its log calls unfinished, and that nobody trains, was stopped by force."""
    return run if owner is not None or run.status.ended else replace(run, status=Status.STOPPED)


class NoEngine:
    """Trains nothing: what is behind `vanish-tui watch`; see EngineLike.

    Args:
        runs_folder: where run directories are.
    """

    importing = False

    def __init__(self, runs_folder: Path) -> None:
        self.runs_folder = runs_folder
        self._snapshot = EngineSnapshot()

    def start(self) -> None:
        """Nothing is there to start."""

    def train(self, scenario: "Scenario", seed: int) -> str:
        """Say that it can't be."""
        self._refuse(f"This is a watch: nothing is trained here. Open vanish-tui to train {scenario.id}.")
        return ""

    def send(self, command: "RunCommand") -> None:
        """Say that it can't be."""
        self._refuse("This is a watch: nothing is changed here.")

    def snapshot(self) -> EngineSnapshot:
        """No runs, only what was refused."""
        return self._snapshot

    def close(self) -> None:
        """Nothing is there to close."""

    def _refuse(self, text: str) -> None:
        before = self._snapshot
        notice = Notice(len(before.notices) + 1, "", "warning", text)
        self._snapshot = replace(before, sequence=before.sequence + 1, notices=(*before.notices, notice))
