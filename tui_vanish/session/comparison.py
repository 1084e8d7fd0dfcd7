"""The marked scenarios, and the runs that are compared."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from scenarios import ScenarioError
from scenarios.index import race
from scenarios.numbers import numbers
from tui_vanish.language import plural, tr
from tui_vanish.session.catalogue import Catalogue
from tui_vanish.session.client import EngineClient
from tui_vanish.session.lineup import MOST, Lineup
from tui_vanish.session.models import key_of
from tui_vanish.session.open_runs import OpenRuns
from tui_vanish.session.terms import Terms
from vanish_recorder.protocol.status import Status

if TYPE_CHECKING:
    from engine.tracking.ranking import Entrant
    from engine.tracking.snapshot import Snapshot
    from scenarios import Entry

_EPOCHS = "training.epochs"
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
        self._scenarios: dict[str, str] = {}  # of the runs that were started for the comparison

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

    @property
    def marked_entries(self) -> "tuple[Entry, ...]":
        """The marked scenarios, in the order in which they were marked."""
        return tuple(self._marked.values())

    def unmark(self) -> None:
        """Remove all marks."""
        self._marked.clear()

    def begin_with_runs(self, runs: Sequence[str]) -> None:
        """Compare these runs in a new comparison; a single run joins the current one."""
        if len(runs) > 1:
            self.clear()
        self.lineup = self.lineup.joined(runs)

    def clear(self) -> None:
        """Remove all runs from the comparison."""
        self.lineup = replace(self.lineup, runs=(), baseline="", focus="", labels={})

    def race(self, entry: "Entry | None" = None) -> "list[Entry]":
        """The problem of the section of `entry`, and one scenario per cure."""
        entries = {each.id: each for each in self._catalogue.entries}
        return [entries[name] for name in race(entry.section if entry else "") if name in entries]

    def section(self, entry: "Entry") -> "list[Entry]":
        """The problem, and all scenarios in the section of `entry`."""
        entries = self._catalogue.entries
        section = [each for each in entries if each.section == entry.section and not each.problems]
        baseline = [each for each in entries if each.id == race(entry.section)[0] and each not in section]
        return [*baseline, *section]

    def is_complete(self, entries: "Sequence[Entry]", *, alone: bool) -> bool:
        """Whether the comparison has a run of each of these scenarios already.

        Args:
            entries: the scenarios.
            alone: whether it must have no others.
        """
        here = {key_of(run) for run in self._client.snapshot.runs if run.run in self.lineup.runs}
        if alone and here != {entry.id for entry in entries}:
            return False
        return all(map(self._compared_run, entries))

    def start(
        self,
        entries: "Sequence[Entry]",
        terms: Terms,
        *,
        alone: bool,
        labels: Mapping[str, str] | None = None,
    ) -> None:
        """Add scenarios on these terms, and remove all marks.

        Args:
            entries: the scenarios.
            terms: how long their runs train, with how many seeds, and whether runs that exist take part.
            alone: whether they begin a new comparison.
            labels: what to call them, by id, if not by their id.
        """
        self._marked.clear()
        if alone:
            self.clear()
        self.lineup = replace(self.lineup, labels={**self.lineup.labels, **(labels or {})})
        self._join(entries, terms)

    def _join(self, entries: Iterable["Entry"], terms: Terms) -> None:
        """Add scenarios. Unless existing runs take part, all new runs start together, from step 1."""
        beside = []
        for entry in entries:
            if self._compared_run(entry):
                continue
            if self._is_full():
                self._client.notify(
                    tr("At most {most} runs can be compared; the rest were left out.", most=MOST), timeout=5
                )
                break
            existing = self._existing_run(entry)
            for seed in range(self._client.seed, self._client.seed + terms.seeds):
                run = self._run_for(entry, seed, terms)
                if not run:
                    break  # what is wrong with the scenario was reported
                self._scenarios[run] = entry.id
                self.lineup = self.lineup.joined([run])
                beside += [existing] if existing and existing.run != run and seed == existing.seed else []
        if beside:
            names = ", ".join(run.scenario_id for run in beside)
            text = plural(
                "{names} starts again from step 1, beside its run at epoch {epoch}. To compare runs as they"
                " are, mark them in the list of runs (r) and press c.",
                "{names} start again from step 1, beside their earlier runs. To compare runs as they are,"
                " mark them in the list of runs (r) and press c.",
                len(beside),
                names=names,
                epoch=beside[0].epoch,
            )
            self._client.notify(text, timeout=8)

    def _run_for(self, entry: "Entry", seed: int, terms: Terms) -> str:
        """The run that exists if it may take part, else a new one; empty if there is none."""
        if terms.existing and (run := self._existing_run(entry, seed=seed)):
            return run.run
        return self._runs.train(entry, seed=seed, budget=terms.budget)

    def add_seed(self, entrants: Sequence["Entrant"]) -> None:
        """Train each entrant again, with the seed after its highest one."""
        for entrant in entrants:
            if entrant.runs[0].is_recorded:
                text = tr("{label} is recorded: it has one seed.", label=entrant.label)
                self._client.notify(text, timeout=5)
                continue
            if entrant.runs[0].spec.is_watched:
                self._client.notify(
                    tr(
                        "{label} is trained by a script of yours, which alone can start it again.",
                        label=entrant.label,
                    ),
                    timeout=5,
                )
                continue
            if any(event.kind != "epochs" for event in entrant.runs[0].interventions):
                self._client.notify(
                    tr(
                        "{label} was changed by hand, so another seed would not repeat it.",
                        label=entrant.label,
                    ),
                    timeout=5,
                )
                continue
            seed = max(run.seed for run in entrant.runs) + 1
            if name := self._runs.train_again(entrant.runs[0], seed):
                self.lineup = self.lineup.joined([name])

    def _is_full(self) -> bool:
        entrants = self.lineup.entrants(self._client.snapshot.runs)
        here = {run.run for run in self._client.snapshot.runs}
        known = {key_of(entrant.runs[0]) for entrant in entrants}
        coming = {self._scenarios.get(run, run) for run in self.lineup.runs if run not in here}
        return len(entrants) + len(coming - known) >= MOST

    def _compared_run(self, entry: "Entry") -> str | None:
        """The run of this scenario and seed in the present comparison, or None."""
        run = self._existing_run(entry, self.lineup.runs)
        return run.run if run else None

    def _existing_run(
        self, entry: "Entry", among: Collection[str] | None = None, *, seed: int | None = None
    ) -> "Snapshot | None":
        """The latest run of this scenario and seed, if it matches the file and was not changed by hand.

        The number of epochs may differ: it is a matter of the budget.

        Args:
            entry: the scenario.
            among: the names of the runs to look at; None for all.
            seed: None for the client's.
        """
        client, seed = self._client, self._client.seed if seed is None else seed
        runs = (run for run in reversed(client.snapshot.runs) if key_of(run) == entry.id)
        runs = (run for run in runs if not run.is_recorded)
        runs = (run for run in runs if run.seed == seed and (among is None or run.run in among))
        run = next(runs, None)
        if run is None or run.modified or (run.status not in _WHOLE and not run.is_out_of_budget):
            return None
        try:
            present = self._catalogue.load(entry).resolved()
        except (ScenarioError, OSError):
            return None  # starting a run reports what is wrong
        there, here = numbers(run.spec.record), numbers(present)
        return run if there | {_EPOCHS: 0} == here | {_EPOCHS: 0} else None
