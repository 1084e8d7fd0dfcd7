"""Lockstep of engines in several processes: none gets more than a few rounds ahead of the others.

The processes share one number each, without a lock: a process that is killed could not give a lock back.
"""

from collections.abc import Callable
from time import monotonic
from typing import Protocol

AHEAD = (
    10  # rounds, the distance of two samples: a screen sees no difference, and no step waits for a message
)
_RESTS = -1
_PATIENCE_SECONDS = (
    30.0  # a process that has not taken a round for so long, such as in a driver, is left behind
)
BYTES = 16  # of each process: its rounds, and whether it is expected


class Lockstep(Protocol):
    """Says before each round of an engine whether it may be taken."""

    def is_ahead(self) -> bool:
        """Whether the engine has to wait for the others."""

    def advance(self) -> None:
        """A round was taken."""

    def rest(self) -> None:
        """No run trains in this engine now, so the others do not wait for it."""


class Alone:
    """The lockstep of an engine without others."""

    def is_ahead(self) -> bool:
        """Never."""
        return False

    def advance(self) -> None:
        """Nothing has to know."""

    def rest(self) -> None:
        """No engine waits."""


class SharedRounds:
    """The rounds that each of several engines has taken, in memory that their processes share.

    Runs that are started together begin together: an engine whose first run is on its way is expected, so the
    others wait for it, also while it loads PyTorch.

    Args:
        memory: `BYTES` for each engine; the one that makes it calls `leave` for each place first.
        place: of this engine.
        clock: returns seconds.
    """

    def __init__(self, memory: memoryview, place: int, clock: Callable[[], float] = monotonic) -> None:
        numbers = memory.cast("B").cast("q")
        half = len(numbers) // 2
        self._rounds, self._expected = numbers[:half], numbers[half:]
        self._place, self._clock = place, clock
        self._seen: dict[int, tuple[int, float]] = {}  # the rounds of another engine, and since when

    def is_ahead(self) -> bool:
        """Whether another engine that trains is `AHEAD` rounds behind. The first call after a rest joins."""
        others = [rounds for place in range(len(self._rounds)) if (rounds := self._of(place)) is not None]
        if self._rounds[self._place] == _RESTS:
            self._rounds[self._place] = 0 if self._expected[self._place] else min(others, default=0)
            self._expected[self._place] = 0
        return any(self._rounds[self._place] - rounds >= AHEAD for rounds in others)

    def _of(self, place: int) -> int | None:
        """The rounds of another engine; None if it rests, or has not moved for too long."""
        rounds, now = self._rounds[place], self._clock()
        if rounds == _RESTS and self._expected[place]:
            rounds = 0
        if place == self._place or rounds == _RESTS:
            return None
        before, since = self._seen.get(place, (_RESTS, now))
        self._seen[place] = (rounds, since if rounds == before else now)
        return None if rounds == before and now - since > _PATIENCE_SECONDS else rounds

    def advance(self) -> None:
        """Count a round of this engine."""
        self._rounds[self._place] += 1

    def rest(self) -> None:
        """Take this engine out until it is asked again."""
        self._rounds[self._place] = _RESTS

    def expect(self) -> None:
        """Have the others wait for this engine, unless they have begun already."""
        if max(self._rounds) <= 0:
            self._expected[self._place] = 1

    def leave(self) -> None:
        """Have no engine wait for this one, which has died or could not begin."""
        self._rounds[self._place], self._expected[self._place] = _RESTS, 0
