"""A run's x axis: the place of a step in epochs, steps or seconds."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from tui_vanish.drawing import format
from tui_vanish.language import tr
from tui_vanish.monitor.looks import ChartLooks, Unit

if TYPE_CHECKING:
    from engine.tracking.series import Point, Profile
    from engine.tracking.snapshot import Snapshot

_NEAR = 1e-6  # a step that was turned into a place and back is the same step
UNIT_LABELS: Mapping[Unit, str] = {"epoch": "epoch", "step": "step", "second": "s"}


class RunAxis:
    """Places on a run's x axis.

    Args:
        run: the run.
        unit: of the axis; `epoch` counts finished epochs, `second` seconds of training. A watched run has
            steps in place of epochs, whose length is unknown.

    Attributes:
        unit: of the axis.
    """

    def __init__(self, run: "Snapshot", unit: Unit) -> None:
        self.unit: Unit = "step" if run.watched is not None and unit == "epoch" else unit
        self._per_epoch = run.started.steps_per_epoch if run.started else 1
        self._pace: Sequence[Point | Profile] = run.charts.batch_loss or run.charts.profiles

    def at(self, step: float, time: float) -> float:
        """The place of `step`, which was reached after `time` seconds of training."""
        return time if self.unit == "second" else self.at_step(step)

    def at_step(self, step: float) -> float:
        """The place of a step without a recorded time; its time is interpolated from the measured steps."""
        match self.unit:
            case "epoch":
                return step / self._per_epoch
            case "step":
                return step
            case "second":
                return self._time_of(step)

    def step_at(self, place: float) -> int:
        """The step that a place is on: the latest one that is not behind it, and at least the first."""
        match self.unit:
            case "epoch":
                step = place * self._per_epoch
            case "step":
                step = place
            case "second":
                before = bisect_right(self._pace, place + _NEAR, key=lambda point: point.time)
                step = self._pace[before - 1].step if before else 0
        return max(1, int(step + _NEAR))

    def words(self, place: float) -> str:
        """A place in words: `epoch 3.5`, `step 410`, `2.7 s`."""
        match self.unit:
            case "epoch":
                return tr("epoch {number}", number=f"{place:.2f}".rstrip("0").rstrip("."))
            case "step":
                return tr("step {step}", step=format.count(round(place)))
            case "second":
                return f"{place:.1f} s"

    def _time_of(self, step: float) -> float:
        after = bisect_right(self._pace, step, key=lambda point: point.step)
        if after == 0 or not self._pace:
            return 0.0
        before = self._pace[after - 1]
        if after == len(self._pace):
            return before.time
        behind = self._pace[after]
        part = (step - before.step) / max(1, behind.step - before.step)
        return before.time + part * (behind.time - before.time)


def extent(run: "Snapshot", looks: ChartLooks) -> float:
    """The place of the run's newest point on the x axis; 0 before the first point."""
    return RunAxis(run, looks.unit).at(run.step, run.time)
