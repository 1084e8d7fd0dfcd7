"""Time two ways of doing the same, in turn."""

from collections.abc import Callable
from dataclasses import dataclass
from time import thread_time

from engine.bench.spread import Spread

Work = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Pair:
    """The current code compared with an alternative.

    Attributes:
        ours, other: milliseconds on a core.
        ratio: `other` / `ours`, from measurements taken in pairs.
    """

    ours: Spread
    other: Spread
    ratio: Spread


def seconds(work: Work, calls: int) -> float:
    """Seconds on a core that one call takes in the calling thread."""
    began = thread_time()
    for _ in range(calls):
        work()
    return (thread_time() - began) / calls


def pair(ours: Work, other: Work, *, repeats: int, calls: int = 10) -> Pair:
    """Time both in turn, `repeats` times `calls` calls of each, after one call that does not count."""
    seconds(ours, 1), seconds(other, 1)
    took = [(1000 * seconds(ours, calls), 1000 * seconds(other, calls)) for _ in range(repeats)]
    mine, theirs = [first for first, _ in took], [second for _, second in took]
    return Pair(Spread.of(mine), Spread.of(theirs), Spread.of_ratios(theirs, mine))


def median_milliseconds(work: Work, *, repeats: int, calls: int = 10) -> float:
    """Milliseconds on a core that one call takes: the median of `repeats` measurements."""
    seconds(work, 1)
    return Spread.of([1000 * seconds(work, calls) for _ in range(repeats)]).median
