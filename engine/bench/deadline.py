"""The time that a benchmark may take, and how its parts share it."""

from collections.abc import Callable
from math import inf
from typing import Self, TypeVar

Result = TypeVar("Result")


class OutOfTimeError(Exception):
    """A measurement was not complete before the deadline."""


class Deadline:
    """When measuring must end.

    Args:
        clock: returns seconds, and never goes back: `time.monotonic`.
        seconds: from now on; without an end by default.
    """

    def __init__(self, clock: Callable[[], float], seconds: float = inf) -> None:
        self._clock = clock
        self._end = self._fair_end = clock() + seconds

    @property
    def left(self) -> float:
        """Seconds until the deadline; 0 once it has passed."""
        return max(0.0, self._end - self._clock())

    def part(self, share: float) -> Self:
        """The same deadline for one of several measurements, which leaves time to those that follow.

        Args:
            share: the part of the time left after which it is not repeated any more, from 0 to 1.
        """
        part = type(self)(self._clock, self.left)
        part._fair_end = self._clock() + share * self.left
        return part

    def check(self) -> None:
        """Do nothing as long as there is time.

        Raises:
            OutOfTimeError: the deadline has passed.
        """
        if not self.left:
            raise OutOfTimeError

    def repeat(self, measure: Callable[[], Result], most: int) -> list[Result]:
        """Measure once, then again while there is time for as long a repetition as those before.

        Args:
            measure: may raise OutOfTimeError; then only the repetitions before count.
            most: the number of repetitions if there is enough time.

        Returns:
            One result or more.

        Raises:
            OutOfTimeError: there was no time for the first one.
        """
        self.check()
        began, results = self._clock(), [measure()]
        while len(results) < most:
            took = self._clock() - began
            if began + took * (len(results) + 1) / len(results) > self._fair_end:
                break
            try:
                results.append(measure())
            except OutOfTimeError:
                break
        return results
