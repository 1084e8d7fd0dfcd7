"""The marked scenarios, and the runs that are compared."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.protocol.status import Status
from scenarios import ScenarioError
from scenarios.index import race
from scenarios.numbers import numbers
from tui_vanish.session.catalogue import Catalogue
from tui_vanish.session.client import EngineClient
from tui_vanish.session.lineup import MOST, Lineup
from tui_vanish.session.open_runs import OpenRuns

if TYPE_CHECKING:
    from engine.tracking.comparison import Entrant
    from scenarios import Entry

# A run with the same seed and one of these statuses joins as it is; others are trained again.
_JOINS = (Status.LOADING, Status.RUNNING, Status.PAUSED, Status.FINISHED, Status.DIVERGED)


class Comparison:
    """The marks in the list, and the current comparison.

    Args:
        client: the connection to the engine.
        catalogue: the scenarios that can be compared.
        runs: starts the runs that are missing.
    """

    def __init__(self, client: EngineClient, catalogue: Catalogue, runs: OpenRuns) -> None:
        self.lineup = Lineup(())
        self._client, self._catalogue, self._runs = client, catalogue, runs
        self._marked: dict[str, Entry] = {}

    @property
    def marked(self) -> frozenset[str]:
        """The ids of the marked scenarios."""
        return frozenset(self._marked)

    @property
    def can_open(self) -> bool:
        """Whether there are two to compare, counting the marked scenarios and the runs already compared."""
        return len(self._marked) + len(self.lineup.runs) >= 2

    def toggle(self, entry: "Entry") -> None:
        """Mark or unmark a scenario."""
        if self._marked.pop(entry.id, None) is None and not entry.problems:
            self._marked[entry.id] = entry

    def join_marked(self) -> None:
        """Add the marked scenarios, in the order in which they were marked."""
        self.join(self._marked.values())
        self._marked.clear()

    def begin_with_runs(self, runs: Sequence[str]) -> None:
        """Compare these runs in a new comparison; a single run joins the current one."""
        if len(runs) > 1:
            self.clear()
        self.lineup = self.lineup.joined(runs)

    def clear(self) -> None:
        """Remove all runs from the comparison."""
        self.lineup = replace(self.lineup, runs=(), baseline="", focus="")

    def begin_race(self) -> None:
        """Start a new comparison of the problem with one scenario per cure."""
        entries = {entry.id: entry for entry in self._catalogue.entries}
        self.clear()
        self.join(entries[name] for name in race() if name in entries)

    def begin_section(self, entry: "Entry") -> None:
        """Start a new comparison of the problem with all scenarios in the section of `entry`."""
        entries = self._catalogue.entries
        section = [each for each in entries if each.section == entry.section and not each.problems]
        baseline = [each for each in entries if each.id == race()[0] and each not in section]
        self.clear()
        self.join([*baseline, *section])

    def join(self, entries: Iterable["Entry"]) -> None:
        """Add scenarios, each with its existing run if that can join, else with a new run."""
        for entry in entries:
            run = self._run_of(entry)
            if run not in self.lineup.runs and self._is_full():
                self._client.notify(
                    f"At most {MOST} runs can be compared; the rest were left out.", timeout=5
                )
                return
            run = run or self._runs.train(entry)
            if run:
                self.lineup = self.lineup.joined([run])

    def add_seed(self, entrants: Sequence["Entrant"]) -> None:
        """Train each entrant again, with the seed after its highest one."""
        for entrant in entrants:
            if any(event.kind != "epochs" for event in entrant.runs[0].interventions):
                self._client.notify(
                    f"{entrant.label} was changed by hand, so another seed would not repeat it.", timeout=5
                )
                continue
            seed = max(run.seed for run in entrant.runs) + 1
            if name := self._runs.train_again(entrant.runs[0], seed):
                self.lineup = self.lineup.joined([name])

    def _is_full(self) -> bool:
        here = {run.run for run in self._client.snapshot.runs}
        coming = [run for run in self.lineup.runs if run not in here]
        return len(self.lineup.entrants(self._client.snapshot.runs)) + len(coming) >= MOST

    def _run_of(self, entry: "Entry") -> str | None:
        """The latest run of this scenario and seed, if it matches the file and was not changed by hand."""
        client = self._client
        runs = (run for run in reversed(client.snapshot.runs) if run.scenario_id == entry.id)
        run = next((run for run in runs if run.seed == client.seed), None)
        if run is None or run.modified or run.status not in _JOINS:
            return None
        try:
            present = self._catalogue.load(entry).resolved()
        except (ScenarioError, OSError):
            return None  # starting a run reports what is wrong
        return run.run if numbers(run.spec.record) == numbers(present) else None
