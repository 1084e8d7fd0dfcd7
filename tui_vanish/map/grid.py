"""Which runs of a sweep lie in which cell of the map: two settings are its axes, the others are fixed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from statistics import median
from typing import Self

from engine.meanfield.depth_scale import DepthScale
from engine.sweeps.results import STOPPED, TRAINING, WAITING, CellResult
from scenarios.grid import Axis
from scenarios.sweep import Sweep
from tui_vanish.map.reading import Facts, Reading
from vanish_recorder.protocol.verdicts import severity

DEPTH = "model.hidden_layers"
SEED = "seed"


@dataclass(frozen=True, slots=True)
class Choice:
    """What the map shows of a sweep.

    Attributes:
        x: the key of the horizontal axis.
        y: the key of the vertical one; empty if only one setting varies.
        at: the places of the values that the other keys have; `SEED` is 0 for the median over all seeds.
    """

    x: str
    y: str
    at: Mapping[str, int]

    @classmethod
    def of(cls, sweep: Sweep) -> Self:
        """The first two settings with several values; the number of layers is the vertical one."""
        keys = [axis.key for axis in sweep.axes if len(axis.values) > 1] or [sweep.axes[0].key]
        chosen = sorted(keys[:2], key=lambda key: key == DEPTH)
        return cls(chosen[0], chosen[1] if len(chosen) > 1 else "", {})

    def others(self, sweep: Sweep) -> list[tuple[str, int]]:
        """The keys that are not axes and have several values, and how many; the seeds are the last."""
        free = [
            (axis.key, len(axis.values))
            for axis in sweep.axes
            if axis.key not in (self.x, self.y) and len(axis.values) > 1
        ]
        return [*free, *([(SEED, sweep.seeds + 1)] if sweep.seeds > 1 else [])]

    def stepped(self, sweep: Sweep, key: str, by: int) -> Self:
        """The choice with another value of a key that is no axis."""
        count = dict(self.others(sweep)).get(key, 1)
        return replace(self, at={**self.at, key: (self.at.get(key, 0) + by) % count})

    def turned(self, sweep: Sweep, which: str) -> Self:
        """The choice with the next setting on the axis `x` or `y`, which may change places."""
        keys = [axis.key for axis in sweep.axes if len(axis.values) > 1]
        if len(keys) < 2:
            return self
        here, there = (self.x, self.y) if which == "x" else (self.y, self.x)
        following = keys[(keys.index(here) + 1) % len(keys)]
        if following == there and len(keys) > 2:
            following = keys[(keys.index(following) + 1) % len(keys)]
        there = here if following == there else there
        x, y = (following, there) if which == "x" else (there, following)
        return replace(self, x=x, y=y)


@dataclass(frozen=True, slots=True)
class Point:
    """One cell of the map: a run, or the runs of several seeds, of which numbers are medians.

    Attributes:
        results: of the runs.
        facts: from their logs, as far as they were read.
        theory: of the network; None where there is none.
        depth: its hidden layers.
    """

    results: tuple[CellResult, ...]
    facts: tuple[Facts, ...]
    theory: DepthScale | None
    depth: int

    @property
    def status(self) -> str:
        """That of its runs; of several, what is most in need of attention."""
        found = [result.status for result in self.results]
        if len(set(found)) == 1:
            return found[0]
        order = (TRAINING, "failed", STOPPED, WAITING, "diverged", "finished")
        return min(found, key=lambda status: order.index(status) if status in order else len(order))

    @property
    def accuracy(self) -> float | None:
        """The test accuracy so far."""
        return _median([result.test_accuracy for result in self.results])

    @property
    def seconds(self) -> float | None:
        """The training time so far."""
        return _median([result.seconds for result in self.results if result.step or result.epoch])

    @property
    def learnt(self) -> float | None:
        """The epoch in which it learnt; None if it did not, or if most seeds did not."""
        found = [facts.learnt for facts in self.facts if facts.learnt is not None]
        return _median(found) if 2 * len(found) > len(self.facts) else None

    @property
    def factor(self) -> float | None:
        """The factor of dL/da per layer at the first step."""
        return _median([facts.factor for facts in self.facts])

    @property
    def verdict(self) -> str:
        """The most severe verdict of its runs; empty if there is none."""
        return min((result.verdict for result in self.results if result.verdict), key=severity, default="")


def _median(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None


@dataclass(frozen=True, slots=True)
class Grid:
    """The map's cells: `points[x][y]`.

    Attributes:
        x: the horizontal axis.
        y: the vertical one; None if only one setting varies.
        points: by column and row.
    """

    x: Axis
    y: Axis | None
    points: tuple[tuple[Point, ...], ...]

    @property
    def has_depth(self) -> bool:
        """Whether the number of layers is one of the axes."""
        return DEPTH in (self.x.key, self.y.key if self.y else "")


def grid_of(reading: Reading, choice: Choice) -> Grid:
    """The cells that a choice shows."""
    sweep = reading.folder.sweep
    axes = {axis.key: axis for axis in sweep.axes}
    x, y = axes[choice.x], axes.get(choice.y)

    def point(column: int, row: int) -> Point:
        places = {**choice.at, choice.x: column, **({choice.y: row} if y else {})}
        number = 0
        for axis in sweep.axes:
            number = number * len(axis.values) + places.get(axis.key, 0)
        seed = choice.at.get(SEED, 0)
        of_cell = range(number * sweep.seeds, (number + 1) * sweep.seeds)
        chosen = of_cell if seed == 0 else of_cell[seed - 1 : seed]
        found = tuple(reading.results[each] for each in chosen)
        facts = tuple(
            chain.from_iterable([reading.facts[each + 1]] for each in chosen if each + 1 in reading.facts)
        )
        return Point(found, facts, reading.theory[chosen[0]], reading.depths[chosen[0]])

    rows = range(len(y.values) if y else 1)
    return Grid(x, y, tuple(tuple(point(column, row) for row in rows) for column in range(len(x.values))))
