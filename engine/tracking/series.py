"""Bounded series for charts: their size does not grow with the length of the run."""

import math
from typing import NamedTuple, Self

from vanish_recorder.protocol.events import LayerSample


class Point(NamedTuple):
    """A bucket of neighbouring values: where it begins, and their mean, minimum and maximum.

    Values that are not finite are ignored. A bucket with only such values has nan in all three fields.

    Attributes:
        step: of the first value.
        time: of the first value, in training seconds.
        value: the mean.
        low: the minimum.
        high: the maximum.
    """

    step: int
    time: float
    value: float
    low: float
    high: float


class Profile(NamedTuple):
    """All layers as measured at one step; `time` is in training seconds."""

    step: int
    time: float
    layers: tuple[LayerSample, ...]


class Series:
    """At most `capacity` points. When it is full, neighbours are merged and the stride doubles."""

    def __init__(self, capacity: int = 512) -> None:
        self._capacity = capacity
        self._stride = 1
        self._open = 0  # values in the last bucket
        self._finite: list[int] = []  # finite values per bucket: the weights of a merge
        self._points: list[Point] = []

    def __len__(self) -> int:
        return len(self._points)

    def add(self, step: int, time: float, value: float) -> None:
        """Append one value. `step` and `time` must not decrease."""
        one = Point(step, time, value, value, value)
        if not math.isfinite(value):
            one = Point(step, time, math.nan, math.nan, math.nan)
        weight = int(math.isfinite(value))
        if self._points and self._open < self._stride:
            self._points[-1], self._finite[-1] = _merge(self._points[-1], self._finite[-1], one, weight)
            self._open += 1
            return
        if len(self._points) == self._capacity:
            self._halve()
            self.add(step, time, value)
            return
        self._points.append(one)
        self._finite.append(weight)
        self._open = 1

    def points(self) -> tuple[Point, ...]:
        """The points from the oldest to the newest."""
        return tuple(self._points)

    def copy(self) -> Self:
        """The same points, to which other values can be added."""
        same = type(self)(self._capacity)
        same._stride, same._open = self._stride, self._open
        same._finite, same._points = self._finite.copy(), self._points.copy()
        return same

    def _halve(self) -> None:
        pairs = range(0, len(self._points) - 1, 2)
        merged = [
            _merge(self._points[i], self._finite[i], self._points[i + 1], self._finite[i + 1]) for i in pairs
        ]
        if len(self._points) % 2:
            merged.append((self._points[-1], self._finite[-1]))
        else:
            self._open += self._stride
        self._points = [point for point, _ in merged]
        self._finite = [weight for _, weight in merged]
        self._stride *= 2


class Profiles:
    """At most `capacity` layer profiles, evenly spaced over the run, plus the newest one.

    With many layers they are fewer, at least 16, so that they hold about `most_layers` layers together.
    """

    def __init__(self, capacity: int = 256, most_layers: int = 32_768) -> None:
        self._capacity, self._most_layers = capacity, most_layers
        self._stride = 1
        self._seen = 0
        self._kept: list[Profile] = []
        self._newest: Profile | None = None

    def __len__(self) -> int:
        return len(self._kept)

    def add(self, step: int, time: float, layers: tuple[LayerSample, ...]) -> None:
        """Append one profile."""
        self._newest = Profile(step, time, layers)
        if self._seen % self._stride == 0:
            if len(self._kept) >= min(self._capacity, max(16, self._most_layers // max(1, len(layers)))):
                self._kept = self._kept[::2]
                self._stride *= 2
            if self._seen % self._stride == 0:
                self._kept.append(self._newest)
        self._seen += 1

    def profiles(self) -> tuple[Profile, ...]:
        """The profiles from the oldest to the newest."""
        if self._newest is None or self._kept[-1] is self._newest:
            return tuple(self._kept)
        return (*self._kept, self._newest)

    def copy(self) -> Self:
        """The same profiles, to which others can be added."""
        same = type(self)(self._capacity, self._most_layers)
        same._stride, same._seen = self._stride, self._seen
        same._kept, same._newest = self._kept.copy(), self._newest
        return same


def _merge(left: Point, left_weight: int, right: Point, right_weight: int) -> tuple[Point, int]:
    weight = left_weight + right_weight
    if not left_weight or not right_weight:
        values = (right if right_weight else left)[2:]
        return Point(left.step, left.time, *values), weight
    mean = (left.value * left_weight + right.value * right_weight) / weight
    low, high = min(left.low, right.low), max(left.high, right.high)
    return Point(left.step, left.time, mean, low, high), weight
