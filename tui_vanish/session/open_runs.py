"""Which run stands for each scenario, and the runs that other processes train."""

from typing import TYPE_CHECKING

from engine.protocol.commands import ResumeRun
from scenarios import ScenarioError
from tui_vanish.session.catalogue import Catalogue
from tui_vanish.session.client import EngineClient

if TYPE_CHECKING:
    from engine.storage.run_index import RunEntry
    from engine.storage.run_lock import Owner
    from engine.tracking.snapshot import Snapshot
    from scenarios import Entry


class OpenRuns:
    """Which runs are looked at.

    Args:
        client: the engine, and what it said last.
        catalogue: in which each run's scenario has a place.
    """

    def __init__(self, client: EngineClient, catalogue: Catalogue) -> None:
        self._client, self._catalogue = client, catalogue
        self._opened: dict[str, str] = {}  # by scenario, where it isn't the latest run
        self._met = False
        self._awaited = ""

    def owner(self, run: str) -> "Owner | None":
        """Who trains a run, if another process does."""
        return self._client.snapshot.owners.get(run)

    def latest_run(self, scenario_id: str) -> "Snapshot | None":
        """The run of that scenario that was opened, else the one that was started last."""
        runs = [run for run in self._client.snapshot.runs if run.scenario_id == scenario_id]
        opened = self._opened.get(scenario_id)
        return next((run for run in runs if run.run == opened), runs[-1] if runs else None)

    def watch(self, run: str) -> None:
        """Look at a run as soon as its log was read."""
        self._client.follow(run)
        self._awaited = run

    def train(self, entry: "Entry") -> str:
        """Start a run of a scenario, and look at it; its name, or "" and a message if it can't be had."""
        try:
            scenario = self._catalogue.load(entry)
        except (ScenarioError, OSError) as error:
            self._client.notify(str(error), severity="error", timeout=12)
            return ""
        self._opened.pop(scenario.id, None)
        return self._client.train(scenario)

    def train_again(self, run: "Snapshot", seed: int) -> str:
        """Train a run's scenario anew, as the run has it, with another seed; the new run's name."""
        return self._client.train(run.spec.scenario(), seed)

    def meet(self) -> list[str]:
        """Give each run a place in the list.

        Returns:
            The scenarios to highlight, one after the other: each that is new in the list, that of a run which
            was waited for, and at the very first that of a run which another process trains.
        """
        snapshot, wanted = self._client.snapshot, []
        listed = {entry.id for entry in self._catalogue.entries}
        for run in snapshot.runs:
            if run.scenario_id not in listed:
                self._list(run)
                listed.add(run.scenario_id)
                wanted.append(run.scenario_id)
        if self._awaited in {run.run for run in snapshot.runs}:
            scenario = next(run.scenario_id for run in snapshot.runs if run.run == self._awaited)
            self._opened[scenario], self._awaited = self._awaited, ""
            wanted.append(scenario)
        others = [run for run in snapshot.runs if run.run in snapshot.owners]
        if others and not self._met:
            self._met = True
            if len(others) == len(snapshot.runs):
                wanted.append(others[-1].scenario_id)
        return wanted

    def _list(self, run: "Snapshot") -> None:
        self._catalogue.add(self._catalogue.keep(run.spec.scenario()))

    def open(self, entry: "RunEntry") -> str:
        """Look at a run in the lab; returns its scenario's id."""
        assert entry.summary is not None
        self._opened[entry.summary.scenario] = entry.name
        if all(run.run != entry.name for run in self._client.snapshot.runs):
            self._client.follow(entry.name)
        return entry.summary.scenario

    def look_at(self, run: "Snapshot") -> str:
        """Look at a run that is here; returns its scenario's id."""
        self._opened[run.scenario_id] = run.run
        return run.scenario_id

    def resume(self, entry: "RunEntry", epochs: int | None = None) -> None:
        """Let a run go on here."""
        self._client.send(ResumeRun(entry.name, epochs))
        if entry.summary is not None:
            self._opened[entry.summary.scenario] = entry.name

    def take_over(self, run: str) -> None:
        """Go on here with a run that another process trains."""
        problem = self._client.take_over(run)
        text = problem or "The other process saves and ends; the run goes on here."
        self._client.notify(text, severity="warning" if problem else "information", timeout=6)

    def unfinished(self) -> list["Snapshot"]:
        """The runs that this process trains."""
        snapshot = self._client.snapshot
        return [run for run in snapshot.runs if not run.status.ended and run.run not in snapshot.owners]
