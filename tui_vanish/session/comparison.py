"""What a person has marked, and which runs are compared: the app's part of the compare screen."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.protocol.status import Status
from scenarios import ScenarioError
from scenarios.index import race
from scenarios.numbers import numbers
from tui_vanish.session.lineup import MOST, Lineup

if TYPE_CHECKING:
    from engine.tracking.comparison import Entrant
    from scenarios import Entry
    from tui_vanish.app import VanishApp

# A run of the same seed that stands like this joins as it is, without training anew.
_JOINS = (Status.LOADING, Status.RUNNING, Status.PAUSED, Status.FINISHED, Status.DIVERGED)


class Comparing:
    """The marks in the list, and the present comparison.

    Args:
        app: whose engine trains.
    """

    def __init__(self, app: "VanishApp") -> None:
        self.lineup = Lineup(())
        self._app = app
        self._marked: dict[str, Entry] = {}

    @property
    def marked(self) -> frozenset[str]:
        """The ids of the marked scenarios."""
        return frozenset(self._marked)

    @property
    def can_open(self) -> bool:
        """Whether there are two to compare: marked now, or compared already."""
        return len(self._marked) + len(self.lineup.runs) >= 2

    def toggle(self, entry: "Entry") -> None:
        """Mark a scenario, or take its mark away."""
        if self._marked.pop(entry.id, None) is None and not entry.problems:
            self._marked[entry.id] = entry

    def open(self) -> None:
        """Compare what is marked, the earliest mark first; marks made later join what is compared already."""
        if not self.can_open:
            self._app.notify("Mark two scenarios or more with space, then compare them.", timeout=5)
            return
        self.join(self._marked.values())
        self._marked.clear()
        self._show()

    def open_runs(self, runs: Sequence[str]) -> None:
        """Compare these runs, in a new comparison; a single one joins the present comparison."""
        if len(runs) > 1:
            self.clear()
        self.lineup = self.lineup.joined(runs)
        self._show()

    def clear(self) -> None:
        """Take every run out of the comparison."""
        self.lineup = replace(self.lineup, runs=(), baseline="", focus="")

    def race(self) -> None:
        """Compare the problem with one scenario of every cure, in a new comparison."""
        entries = {entry.id: entry for entry in self._app.entries}
        self.clear()
        self.join(entries[name] for name in race() if name in entries)
        self._show()

    def compare_section(self, entry: "Entry") -> None:
        """Compare the problem with all scenarios of the section that `entry` stands in."""
        section = [each for each in self._app.entries if each.section == entry.section and not each.problems]
        baseline = [each for each in self._app.entries if each.id == race()[0] and each not in section]
        self.clear()
        self.join([*baseline, *section])
        self._show()

    def join(self, entries: Iterable["Entry"]) -> None:
        """Bring scenarios in: by the run that is there, else by a new one."""
        for entry in entries:
            run = self._run_of(entry)
            if run not in self.lineup.runs and self._is_full():
                self._app.notify(f"More than {MOST} nobody reads; the others were left out.", timeout=5)
                return
            run = run or self._app.train(entry)
            if run:
                self.lineup = self.lineup.joined([run])

    def add_seed(self, field: Sequence["Entrant"]) -> None:
        """Train every entrant with the seed after its last."""
        from scenarios.schema import Scenario

        for entrant in field:
            if any(event.kind != "epochs" for event in entrant.runs[0].interventions):
                self._app.notify(f"{entrant.label} was changed by hand: it has no other seed.", timeout=5)
                continue
            scenario = Scenario.model_validate(entrant.runs[0].scenario)
            seed = max(run.seed for run in entrant.runs) + 1
            if name := self._app.engine.train(scenario, seed):
                self.lineup = self.lineup.joined([name])
        self._app.bridge.expect()

    def _is_full(self) -> bool:
        here = {run.run for run in self._app.snapshot.runs}
        coming = [run for run in self.lineup.runs if run not in here]
        return len(self.lineup.field(self._app.snapshot.runs)) + len(coming) >= MOST

    def _run_of(self, entry: "Entry") -> str | None:
        """The latest run of this scenario and seed, if it is as the file says now and nobody's doing."""
        runs = (run for run in reversed(self._app.snapshot.runs) if run.scenario_id == entry.id)
        run = next((run for run in runs if run.seed == self._app.seed), None)
        if run is None or run.touched or run.status not in _JOINS:
            return None
        try:
            present = self._app.variants.load(entry).resolved()
        except (ScenarioError, OSError):
            return None  # to train it says what is wrong
        return run.run if numbers(run.scenario) == numbers(present) else None

    def _show(self) -> None:
        from tui_vanish.compare.screen import CompareScreen

        def open_in_lab(scenario_id: str | None) -> None:
            if scenario_id is not None:
                self._app.show_in_lab(scenario_id)

        self._app.push_screen(CompareScreen(), open_in_lab)
