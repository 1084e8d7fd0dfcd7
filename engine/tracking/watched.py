"""What only a watched run has: its structure, its tensors' latest numbers, and what its script logged."""

import copy
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Self

from engine.protocol.spec import LayerSpec
from engine.tracking.series import Point, Series
from engine.tracking.watched_layers import WatchedLayers, layers_of
from vanish_recorder.protocol.events import LayerSample
from vanish_recorder.protocol.watch_events import (
    EpochLogged,
    HistogramsTaken,
    Measured,
    PartDisabled,
    StructureFound,
    Thinned,
    WatchStarted,
)

_MOST_NAMES = 200  # of logged numbers, each with a series: a script may log one for each tensor
_WINDOW = 24  # samples, over which the cost of measuring is averaged


@dataclass(frozen=True, slots=True)
class Watched:
    """The part of a snapshot that only a watched run has.

    Attributes:
        started: None until its first line has been read.
        structure: the latest one; None before it was found.
        measured: the latest sample.
        logged: the latest number under each name, of steps and epochs.
        series: of every number that was logged with steps, by name; one value for each sample.
        epoch_series: of every number that was logged with epochs, by name.
        histograms: the latest of each block, by its name.
        disabled: parts of the recorder that failed, by name.
        cost: the share of the time that measuring took lately; None before there are two samples.
        changes_before: how many changes by hand there were when the script was last started. They do not
            act in the new process.
        usual_pause: the median time in seconds between the latest samples; 0 before there are two.
        stalled: a sentence if the script lives but writes nothing any more; empty otherwise.
    """

    started: WatchStarted | None = None
    structure: StructureFound | None = None
    measured: Measured | None = None
    logged: Mapping[str, float] = field(default_factory=dict)
    series: Mapping[str, tuple[Point, ...]] = field(default_factory=dict)
    epoch_series: Mapping[str, tuple[Point, ...]] = field(default_factory=dict)
    histograms: Mapping[str, HistogramsTaken] = field(default_factory=dict)
    disabled: Mapping[str, PartDisabled] = field(default_factory=dict)
    cost: float | None = None
    changes_before: int = 0
    usual_pause: float = 0.0
    stalled: str = ""


class WatchedView:
    """Computes the watched part of a snapshot from the events of a run."""

    def __init__(self) -> None:
        self.started: WatchStarted | None = None
        self._structure: StructureFound | None = None
        self._layers: WatchedLayers | None = None
        self._measured: Measured | None = None
        self._logged: dict[str, float] = {}
        self._series: dict[str, Series] = {}
        self._epoch_series: dict[str, Series] = {}
        self._histograms: dict[str, HistogramsTaken] = {}
        self._disabled: dict[str, PartDisabled] = {}
        self._costs: list[tuple[float, float]] = []
        self._changes_before = 0
        self._reached = 0  # the step of the latest sample, also of one that was taken out of the log

    def apply_start(self, event: WatchStarted) -> None:
        """Recording began."""
        self.started = event

    def apply_structure(self, event: StructureFound) -> tuple[LayerSpec, ...]:
        """The model has this structure from now on.

        Returns:
            Its layers.
        """
        self._structure = event
        self._layers = layers_of(event)
        return self._layers.specs

    def apply_sample(self, event: Measured) -> tuple[LayerSample, ...]:
        """A step was measured.

        Returns:
            What was measured at each layer; nothing before the structure is known.
        """
        self._measured = event
        self._log(self._series, event.step, event.time, event.logged)
        self._reached = event.step
        self._costs.append((event.time, event.seconds))
        del self._costs[:-_WINDOW]
        return self._layers.samples(event) if self._layers is not None else ()

    def apply_thinned(self, event: Thinned) -> Iterator[tuple[int, float, Mapping[str, float]]]:
        """Samples were taken out of the log.

        Yields:
            Step, time and logged numbers of each that was not seen before it was taken out.
        """
        for step, time, logged in event.rows():
            if step > self._reached:
                self._log(self._series, step, time, logged)
                yield step, time, logged
        self._reached = max(self._reached, event.step)

    def apply_epoch(self, event: EpochLogged) -> None:
        """The script ended an epoch."""
        self._log(self._epoch_series, event.step, event.time, event.logged)

    def apply_histograms(self, event: HistogramsTaken) -> None:
        """Histograms of a block were taken."""
        self._histograms[event.block] = event

    def apply_disabled(self, event: PartDisabled) -> None:
        """A part of the recorder failed."""
        self._disabled[event.part] = event

    def restart(self, changes: int) -> None:
        """The script was started again, after so many changes by hand, with everything switched on."""
        self._changes_before = changes
        self._disabled.clear()
        self._costs.clear()

    @property
    def size(self) -> int:
        """How many points its series hold."""
        return sum(map(len, (*self._series.values(), *self._epoch_series.values())))

    def copy(self) -> Self:
        """The same state, to which other events can be applied."""
        same = copy.copy(self)
        same._logged, same._costs = self._logged.copy(), self._costs.copy()
        same._series = {name: series.copy() for name, series in self._series.items()}
        same._epoch_series = {name: series.copy() for name, series in self._epoch_series.items()}
        same._histograms, same._disabled = self._histograms.copy(), self._disabled.copy()
        return same

    def snapshot(self, time: float) -> Watched:
        """The watched part after the events so far.

        Args:
            time: of the latest event.
        """
        return Watched(
            started=self.started,
            structure=self._structure,
            measured=self._measured,
            logged=dict(self._logged),
            series={name: series.points() for name, series in self._series.items()},
            epoch_series={name: series.points() for name, series in self._epoch_series.items()},
            histograms=dict(self._histograms),
            disabled=dict(self._disabled),
            cost=self._cost(time),
            usual_pause=self._usual_pause(),
            changes_before=self._changes_before,
        )

    def _log(
        self, all_series: dict[str, Series], step: int, time: float, logged: Mapping[str, float]
    ) -> None:
        self._logged.update(logged)
        for name, value in logged.items():
            if name not in all_series:
                if len(all_series) >= _MOST_NAMES:
                    continue
                all_series[name] = Series()
            all_series[name].add(step, time, value)

    def _usual_pause(self) -> float:
        times = [time for time, _ in self._costs]
        pauses = sorted(after - before for before, after in pairwise(times))
        return pauses[len(pauses) // 2] if pauses else 0.0

    def _cost(self, time: float) -> float | None:
        if len(self._costs) < 2:
            return None
        seconds = max(time, self._costs[-1][0]) - self._costs[0][0]
        spent = sum(seconds for _, seconds in self._costs[1:])
        return min(1.0, spent / seconds) if seconds > 0 and math.isfinite(spent) else None
