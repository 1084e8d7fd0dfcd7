"""Reads a sweep for its map: how each run stands, and what only its log knows. It needs no Textual."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.meanfield.depth_scale import DepthScale, depth_scale
from engine.storage.log_reader import LogReader, iterate_events
from engine.storage.run_index import RunEntry, read_entry
from engine.storage.run_log import NotARun, read_description
from engine.sweeps.folder import SweepFolder
from engine.sweeps.results import WAITING, CellResult, results
from engine.tracking.snapshot import RunView
from scenarios.schema import Scenario
from scenarios.sweep import Cell
from tui_vanish.monitor.theory_marks import measured_factor
from vanish_recorder.protocol.events import EpochFinished, Sample
from vanish_recorder.storage.log_file import EVENTS

LEARNT = 0.5  # test accuracy from which a network counts as trained


@dataclass(frozen=True, slots=True)
class Facts:
    """What is in the log of a run and not in its summary.

    Attributes:
        learnt: the first epoch with a test accuracy of `LEARNT`; None if there is none yet.
        factor: by which dL/da grows from a hidden layer to the next at the first step; None if unknown.
    """

    learnt: int | None = None
    factor: float | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """A sweep at one moment.

    Attributes:
        folder: of the sweep.
        entry: its line in the list of runs.
        results: of its runs, in their order.
        facts: from the logs that were read, by the number of the run.
        theory: χ and ξ of each run's network, in the order of the runs; None where there are none.
        depths: the hidden layers of each run, in their order; 0 for other networks than an MLP.
    """

    folder: SweepFolder
    entry: RunEntry
    results: tuple[CellResult, ...]
    facts: Mapping[int, Facts]
    theory: tuple[DepthScale | None, ...]
    depths: tuple[int, ...]


class SweepReader:
    """Reads a sweep again and again; each log is read once more only after its run has changed.

    Args:
        path: folder of the sweep.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._folder: SweepFolder | None = None
        self._cells: list[Cell] = []
        self._theory: tuple[DepthScale | None, ...] = ()
        self._facts: dict[int, tuple[tuple[str, int], Facts]] = {}

    def read(self, *, logs: bool) -> Reading:
        """The sweep as it is now.

        Args:
            logs: whether the logs are read, too.

        Raises:
            NotASweep: its description cannot be read.
            ScenarioError: this version cannot train it.
            OSError: its folder cannot be read.
        """
        if self._folder is None:
            folder = SweepFolder.read(self._path)
            self._cells = folder.sweep.cells()
            self._theory = tuple(depth_scale(cell.scenario) for cell in self._cells)
            self._folder = folder
        found = tuple(results(self._folder, self._cells))
        for result in found if logs else ():
            self._look_at(result)
        return Reading(
            self._folder,
            read_entry(self._path),
            found,
            {number: facts for number, (_, facts) in self._facts.items()},
            self._theory,
            tuple(_depth(cell.scenario) for cell in self._cells),
        )

    def _look_at(self, result: CellResult) -> None:
        seen = (result.status, result.epoch)
        if result.status == WAITING or self._facts.get(result.number, (None,))[0] == seen:
            return
        try:
            self._facts[result.number] = seen, facts_of(self._path / result.run)
        except (NotARun, OSError):
            self._facts[result.number] = seen, Facts()


def facts_of(run: Path) -> Facts:
    """What the log of a run says.

    Raises:
        NotARun: the folder is none.
        OSError: it cannot be read.
    """
    what = read_description(run)
    view: RunView | None = RunView(what.run, what.spec, what.seed or 0)
    factor = None
    for event in iterate_events(run / EVENTS, LogReader()):
        if view is not None:
            view.apply(event)
            if isinstance(event, Sample):
                factor, view = measured_factor(view.snapshot()), None  # of the first step only
        if isinstance(event, EpochFinished) and event.test_accuracy >= LEARNT:
            return Facts(event.epoch, factor)
    return Facts(None, factor)


def _depth(scenario: Scenario) -> int:
    return scenario.model.hidden_layers if scenario.model.kind == "mlp" else 0
