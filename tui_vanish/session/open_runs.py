"""The app's part of saved runs, and of runs that other processes train."""

from typing import TYPE_CHECKING

from engine.protocol.commands import ResumeRun

if TYPE_CHECKING:
    from engine.storage.run_index import RunEntry
    from engine.storage.run_lock import Owner
    from engine.tracking.snapshot import Snapshot
    from tui_vanish.app import VanishApp


class Shelf:
    """Which saved runs are looked at.

    Args:
        app: whose lab shows them.
    """

    def __init__(self, app: "VanishApp") -> None:
        self._app = app
        self._opened: dict[str, str] = {}  # by scenario, where it isn't the latest run
        self._met = False
        self._awaited = ""

    def owner(self, run: str) -> "Owner | None":
        """Who trains a run, if another process does."""
        return self._app.snapshot.owners.get(run)

    def latest_run(self, scenario_id: str) -> "Snapshot | None":
        """The run of that scenario that was opened, else the one that was started last."""
        runs = [run for run in self._app.snapshot.runs if run.scenario_id == scenario_id]
        opened = self._opened.get(scenario_id)
        return next((run for run in runs if run.run == opened), runs[-1] if runs else None)

    def watch(self, run: str) -> None:
        """Look at a run as soon as its log was read."""
        self._app.engine.follow(run)
        self._awaited = run

    def forget(self, scenario_id: str) -> None:
        """Show a scenario's latest run again."""
        self._opened.pop(scenario_id, None)

    def meet(self) -> None:
        """Give each run a place in the list; the first of another process's is looked at."""
        listed = {entry.id for entry in self._app.entries}
        for run in self._app.snapshot.runs:
            if run.scenario_id not in listed:
                self._list(run)
                listed.add(run.scenario_id)
        if self._awaited in {run.run for run in self._app.snapshot.runs}:
            scenario = next(run.scenario_id for run in self._app.snapshot.runs if run.run == self._awaited)
            self._opened[scenario], self._awaited = self._awaited, ""
            self._app.show_in_lab(scenario)
        others = [run for run in self._app.snapshot.runs if run.run in self._app.snapshot.owners]
        if others and not self._met:
            self._met = True
            if len(others) == len(self._app.snapshot.runs):
                self._app.show_in_lab(others[-1].scenario_id)

    def _list(self, run: "Snapshot") -> None:
        from scenarios.schema import Scenario

        self._app.add(self._app.variants.keep(Scenario.model_validate(run.scenario)))

    def open(self, entry: "RunEntry") -> str:
        """Look at a run in the lab; returns its scenario's id."""
        assert entry.summary is not None
        self._opened[entry.summary.scenario] = entry.name
        if all(run.run != entry.name for run in self._app.snapshot.runs):
            self._app.engine.follow(entry.name)
        self._app.bridge.expect()
        return entry.summary.scenario

    def look_at(self, run: "Snapshot") -> str:
        """Look at a run that is here; returns its scenario's id."""
        self._opened[run.scenario_id] = run.run
        return run.scenario_id

    def resume(self, entry: "RunEntry", epochs: int | None = None) -> None:
        """Let a run go on here."""
        self._app.bridge.send(ResumeRun(entry.name, epochs))
        if entry.summary is not None:
            self._opened[entry.summary.scenario] = entry.name

    def take_over(self, run: str) -> None:
        """Go on here with a run that another process trains."""
        problem = self._app.engine.take_over(run)
        text = problem or "The other process saves and ends; the run goes on here."
        self._app.notify(text, severity="warning" if problem else "information", timeout=6, markup=False)

    def unfinished(self) -> list["Snapshot"]:
        """The runs that this process trains."""
        snapshot = self._app.snapshot
        return [run for run in snapshot.runs if not run.status.ended and run.run not in snapshot.owners]
