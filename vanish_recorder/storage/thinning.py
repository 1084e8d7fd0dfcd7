"""Which samples of a watched run's log are kept when it has become long.

The first and the newest samples and those around verdicts are kept. Of the others, one is kept in each span
of so many steps. The length of the spans doubles while the run continues, so to thin again and again leaves
the same samples as to thin once.
"""

from bisect import bisect_left
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from vanish_recorder.storage.line_index import SAMPLE, VERDICT, LineIndex

FIRST = 100  # samples
NEWEST = 200
BESIDE = 20  # samples on each side of a verdict event
MOST_VERDICTS = 8  # the first and the last so many verdict events: a verdict may come and go without end
MOST_BETWEEN, LEAST_BETWEEN = 256, 64  # other samples
_BYTES_BETWEEN = 2**24  # of the other samples of a model with thousands of tensors
_MORE = 300  # samples, after which thinning is worth the time
ROWS_PER_SAMPLE = 32  # of the numbers that were logged with samples that are taken out


class Plan(NamedTuple):
    """What is kept of a log.

    Attributes:
        keeps: for each line 1 if it is kept, 0 if it is a sample that is taken out.
        samples: how many samples are kept.
        gap: one sample is kept in each span of so many steps.
    """

    keeps: bytearray
    samples: int
    gap: int


def due_after(samples: int) -> int:
    """How many samples a log has when it is thinned next, if it has so many now."""
    least = FIRST + NEWEST + MOST_BETWEEN
    return max(least, samples) + _MORE


def plan(index: LineIndex) -> Plan:
    """What to keep of a log."""
    lines = [number for number, kind in enumerate(index.kinds) if kind == SAMPLE]
    count = len(lines)
    kept = bytearray(count)
    for first, last in _spans(index, lines):
        first, last = max(0, first), min(count, last)
        kept[first:last] = b"\1" * max(0, last - first)
    between = [number for number in range(count) if not kept[number]]
    gap, most = index.gap, _most_between(index, count)
    steps = [index.steps[line] for line in lines]
    while len(chosen := _first_of_each(between, [steps[each] // gap for each in between])) > most:
        between = chosen
        gap *= 2
    for number in chosen:
        kept[number] = 1
    keeps = bytearray(b"\1" * len(index.kinds))
    for number, line in enumerate(lines):
        keeps[line] = kept[number]
    return Plan(keeps, sum(kept), gap)


def _first_of_each(samples: list[int], spans: list[int]) -> list[int]:
    """The first sample in each span of steps."""
    return [next(group)[0] for _, group in groupby(zip(samples, spans, strict=True), key=itemgetter(1))]


def _spans(index: LineIndex, lines: list[int]) -> list[tuple[int, int]]:
    """Spans of samples that are kept whole."""
    verdicts = [number for number, kind in enumerate(index.kinds) if kind == VERDICT]
    if len(verdicts) > 2 * MOST_VERDICTS:
        verdicts = verdicts[:MOST_VERDICTS] + verdicts[-MOST_VERDICTS:]
    places = [bisect_left(lines, verdict) for verdict in verdicts]
    return [
        (0, FIRST),
        (len(lines) - NEWEST, len(lines)),
        *((place - BESIDE, place + BESIDE) for place in places),
    ]


def _most_between(index: LineIndex, samples: int) -> int:
    """How many samples are kept between the others: fewer if a line is long."""
    length = index.ends[-1] // max(1, samples) if index.ends else 0
    return max(LEAST_BETWEEN, min(MOST_BETWEEN, _BYTES_BETWEEN // max(1, length)))
