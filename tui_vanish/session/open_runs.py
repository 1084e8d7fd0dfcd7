"""Which run is shown for each scenario, and the runs that other processes train."""

from typing import TYPE_CHECKING

from engine.protocol.commands import ResumeRun
from engine.protocol.recorded import recorded_run
from scenarios import ScenarioError
from tui_vanish.language import tr
from tui_vanish.session.catalogue import Catalogue
from tui_vanish.session.client import EngineClient
from tui_vanish.session.models import key_of, key_of_summary, models, saved_models

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.protocol.budget import Budget
    from engine.storage.run_index import RunEntry
    from engine.tracking.snapshot import Snapshot
    from scenarios import Entry
    from tui_vanish.session.saved_results import Result
    from vanish_recorder.storage.run_lock import Owner


class OpenRuns:
    """Starts runs, and remembers which run is shown for each scenario.

    Args:
        client: the connection to the engine.
        catalogue: gets an entry for the scenario of each run.
    """

    def __init__(self, client: EngineClient, catalogue: Catalogue) -> None:
        self._client, self._catalogue = client, catalogue
        self._opened: dict[str, str] = {}  # by scenario, if it is not the latest run
        self._noticed_others = False  # runs that other processes train
        self._awaited = ""
        self._seen_models: set[str] = set()
        self._saved: dict[str, str] = {}  # the latest saved run of each line in the list

    @property
    def entries(self) -> "tuple[Entry, ...]":
        """The lines of the lab's list: the user's own models, and the scenarios."""
        open_ones = models(self._client.snapshot.runs)
        known = {model.id for model in open_ones}
        saved = saved_models(key for key in self._saved if key not in known)
        return (*open_ones, *saved, *self._catalogue.entries)

    def know_saved(self, results: "Mapping[str, Result]") -> None:
        """List the user's own models whose runs are saved, too.

        Args:
            results: of the latest saved runs, by id of the line in the list.
        """
        self._saved = {key: result.run for key, result in results.items()}

    def open_saved(self, model: str) -> None:
        """Show the latest saved run of a model of the user's, as soon as its log has been read."""
        if run := self._saved.get(model):
            self.watch(run)

    def owner(self, run: str) -> "Owner | None":
        """The other process that trains the run, or None."""
        return self._client.snapshot.owners.get(run)

    def latest_run(self, scenario_id: str) -> "Snapshot | None":
        """The run of that scenario that the user opened, else the one that was started last."""
        runs = [run for run in self._client.snapshot.runs if key_of(run) == scenario_id]
        opened = self._opened.get(scenario_id)
        runs.sort(key=lambda run: not run.is_recorded)  # any other run is newer
        return next((run for run in runs if run.run == opened), runs[-1] if runs else None)

    def watch(self, run: str) -> None:
        """Show a run as soon as its log has been read."""
        self._client.follow(run)
        self._awaited = run

    def train(self, entry: "Entry", *, seed: int | None = None, budget: "Budget | None" = None) -> str:
        """Start a run of a scenario, and show it.

        Args:
            entry: the scenario.
            seed: None for the client's.
            budget: what the run may use; None for what the scenario says.

        Returns:
            The run's name; empty if the scenario cannot be loaded, which is reported to the user.
        """
        try:
            scenario = self._catalogue.load(entry)
        except (ScenarioError, OSError) as error:
            self._client.notify(str(error), severity="error", timeout=12)
            return ""
        self._opened.pop(scenario.id, None)
        if budget is None:
            return self._client.train(scenario, seed)
        return self._client.train(budget.within(scenario), seed, budget.seconds)

    def train_again(self, run: "Snapshot", seed: int) -> str:
        """Start a run of the same scenario and budget as in `run`, with another seed; returns its name."""
        seconds = run.started.budget_seconds if run.started else None
        return self._client.train(run.spec.scenario(), seed, seconds)

    def list_new_runs(self) -> list[str]:
        """Add the scenario of each new run to the list.

        Returns:
            The scenarios to highlight, one after the other: each one that is new in the list, that of the run
            that `watch` waits for, and once, at the start, that of a run that another process trains.
        """
        snapshot, wanted = self._client.snapshot, []
        listed = {entry.id for entry in self._catalogue.entries}
        for run in snapshot.runs:
            if run.spec.is_watched:
                if run.run in snapshot.owners and key_of(run) not in self._seen_models:
                    wanted.append(key_of(run))
                self._seen_models.add(key_of(run))
            elif run.scenario_id not in listed:
                self._catalogue.keep(run.spec.scenario())
                listed.add(run.scenario_id)
                wanted.append(run.scenario_id)
        if self._awaited in {run.run for run in snapshot.runs}:
            scenario = next(key_of(run) for run in snapshot.runs if run.run == self._awaited)
            self._opened[scenario], self._awaited = self._awaited, ""
            wanted.append(scenario)
        others = [run for run in snapshot.runs if run.run in snapshot.owners]
        if others and not self._noticed_others:
            self._noticed_others = True
            if len(others) == len(snapshot.runs):
                wanted.append(key_of(others[-1]))
        return wanted

    def open(self, entry: "RunEntry") -> str:
        """Open a saved run in the lab; returns its scenario's id."""
        assert entry.summary is not None
        key = key_of_summary(entry.summary)
        self._opened[key] = entry.name
        if all(run.run != entry.name for run in self._client.snapshot.runs):
            if entry.summary.is_watched:
                self.watch(entry.name)  # its model is not in the list before its log has been read
            else:
                self._client.follow(entry.name)
        return key

    def open_recorded(self, scenario_id: str) -> str:
        """Open the recorded run of a scenario in the lab; returns the run's name."""
        name = recorded_run(scenario_id)
        self._opened[scenario_id] = name
        if all(run.run != name for run in self._client.snapshot.runs):
            self._client.follow(name)
        return name

    def close_recorded(self, scenario_id: str) -> None:
        """Show the latest run of the scenario again that is not recorded, if there is one."""
        self._opened.pop(scenario_id, None)

    def look_at(self, run: "Snapshot") -> str:
        """Show a run that is already in the snapshots; returns its scenario's id."""
        self._opened[key_of(run)] = run.run
        return key_of(run)

    def resume(self, entry: "RunEntry", epochs: int | None = None) -> None:
        """Resume a saved run here."""
        self._client.send(ResumeRun(entry.name, epochs))
        if entry.summary is not None:
            self._opened[entry.summary.scenario] = entry.name

    def take_over(self, run: str) -> None:
        """Resume here a run that another process trains."""
        problem = self._client.take_over(run)
        text = problem or tr("The other process saves the run and ends; training continues here.")
        self._client.notify(text, severity="warning" if problem else "information", timeout=6)

    def unfinished(self) -> list["Snapshot"]:
        """The runs that this process trains and that have not finished."""
        snapshot = self._client.snapshot
        return [run for run in snapshot.runs if not run.status.ended and run.run not in snapshot.owners]
