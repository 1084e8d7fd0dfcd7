"""The marked scenarios, and the runs that are compared."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from scenarios import ScenarioError
from scenarios.index import race
from scenarios.numbers import numbers
from tui_vanish.session.catalogue import Catalogue
from tui_vanish.session.client import EngineClient
from tui_vanish.session.lineup import MOST, Lineup
from tui_vanish.session.models import key_of
from tui_vanish.session.open_runs import OpenRuns
from vanish_recorder.protocol.status import Status

if TYPE_CHECKING:
    from engine.tracking.ranking import Entrant
    from engine.tracking.snapshot import Snapshot
    from scenarios import Entry

# A run with one of these statuses is still training, or has gone as far as it can.
_WHOLE = (Status.LOADING, Status.RUNNING, Status.PAUSED, Status.FINISHED, Status.DIVERGED)


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
        """Compare the problem with one scenario per cure."""
        entries = {entry.id: entry for entry in self._catalogue.entries}
        self._begin([entries[name] for name in race() if name in entries])

    def begin_section(self, entry: "Entry") -> None:
        """Compare the problem with all scenarios in the section of `entry`."""
        entries = self._catalogue.entries
        section = [each for each in entries if each.section == entry.section and not each.problems]
        baseline = [each for each in entries if each.id == race()[0] and each not in section]
        self._begin([*baseline, *section])

    def _begin(self, entries: Sequence["Entry"]) -> None:
        """Start a new comparison, or keep the present one if it compares exactly these scenarios."""
        here = {key_of(run) for run in self._client.snapshot.runs if run.run in self.lineup.runs}
        if here != {entry.id for entry in entries} or not all(map(self._compared_run, entries)):
            self.clear()
            self.join(entries)

    def join(self, entries: Iterable["Entry"]) -> None:
        """Add scenarios. Each gets a new run, which starts at the same time as the others.

        A run that exists already would be ahead of them. The user can add it in the list of runs.
        """
        beside = []
        for entry in entries:
            if self._compared_run(entry):
                continue
            if self._is_full():
                self._client.notify(
                    f"At most {MOST} runs can be compared; the rest were left out.", timeout=5
                )
                break
            existing = self._existing_run(entry)
            if run := self._runs.train(entry):
                self.lineup = self.lineup.joined([run])
                beside += [existing] if existing else []
        if beside:
            names = ", ".join(run.scenario_id for run in beside)
            runs = f"its run at epoch {beside[0].epoch}" if len(beside) == 1 else "their earlier runs"
            self._client.notify(
                f"{names} start{'s' if len(beside) == 1 else ''} again from step 1, beside {runs}. To compare"
                " runs as they are, mark them in the list of runs (r) and press c.",
                timeout=8,
            )

    def add_seed(self, entrants: Sequence["Entrant"]) -> None:
        """Train each entrant again, with the seed after its highest one."""
        for entrant in entrants:
            if entrant.runs[0].spec.is_watched:
                self._client.notify(
                    f"{entrant.label} is trained by a script of yours, which alone can start it again.",
                    timeout=5,
                )
                continue
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

    def _compared_run(self, entry: "Entry") -> str | None:
        """The run of this scenario and seed in the present comparison, or None."""
        run = self._existing_run(entry, self.lineup.runs)
        return run.run if run else None

    def _existing_run(self, entry: "Entry", among: Collection[str] | None = None) -> "Snapshot | None":
        """The latest run of this scenario and seed, if it matches the file and was not changed by hand.

        Args:
            entry: the scenario.
            among: the names of the runs to look at; None for all.
        """
        client = self._client
        runs = (run for run in reversed(client.snapshot.runs) if key_of(run) == entry.id)
        runs = (run for run in runs if run.seed == client.seed and (among is None or run.run in among))
        run = next(runs, None)
        if run is None or run.modified or run.status not in _WHOLE:
            return None
        try:
            present = self._catalogue.load(entry).resolved()
        except (ScenarioError, OSError):
            return None  # starting a run reports what is wrong
        return run if numbers(run.spec.record) == numbers(present) else None
