"""Writes a shorter copy of a watched run's log: the kept lines as they are, and one line for each gap.

Most of a log is copied in long pieces. Of a sample that is taken out, only the beginning is read, with what
the script logged. So it takes little time from the training, which shares the interpreter.
"""

import json
import os
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from vanish_recorder.protocol.codec import from_line, to_line
from vanish_recorder.protocol.events import RunEvent
from vanish_recorder.protocol.watch_events import Measured, Thinned
from vanish_recorder.storage.line_index import SAMPLE, THINNED, Line, LineIndex, beginning_of
from vanish_recorder.storage.thinning import ROWS_PER_SAMPLE, Plan

_PIECE = 2**20  # bytes to copy at once
_LONGEST_BEGINNING = 400  # bytes
_LOGGED = ',"logged":'
_MOST_IN_ROWS = 2**13  # bytes of logged numbers beside each sample that is kept
_PARSER = json.JSONDecoder()


class _Row(NamedTuple):
    """What the script logged with a sample."""

    step: int
    time: float
    logged: dict[str, float]


class _Gap:
    """The samples that are taken out between two lines that are kept."""

    def __init__(self, run: str, span: int, rows: int) -> None:
        self._run, self._span, self._of_row = run, span, max(1, span // rows)
        self._samples = 0
        self._rows: list[_Row] = []
        self._last: Line | None = None

    @property
    def is_open(self) -> bool:
        return self._last is not None

    def add_sample(self, at: Line, logged: dict[str, float]) -> None:
        self._samples += 1
        self._last = at
        self._add(_Row(at.step, at.time, logged))

    def add_thinned(self, at: Line, event: RunEvent | None) -> None:
        self._last = at
        if isinstance(event, Thinned):
            self._samples += event.samples
            for row in event.rows():
                self._add(_Row(*row))

    def _add(self, row: _Row) -> None:
        """Keep the first row of each span of steps."""
        if not self._rows or self._rows[-1].step // self._of_row != row.step // self._of_row:
            self._rows.append(row)

    def close(self) -> tuple[bytes, int]:
        """The line of the gap, and its step. The next one begins."""
        assert self._last is not None
        rows, last = self._rows, self._last
        names = dict.fromkeys(name for row in rows for name in row.logged)
        line = to_line(
            Thinned(
                run=self._run,
                step=last.step,
                epoch=last.epoch,
                stage=last.stage,
                time=last.time,
                samples=max(1, self._samples),
                span=self._span,
                steps=tuple(row.step for row in rows),
                times=tuple(row.time for row in rows),
                logged={name: tuple(row.logged.get(name) for row in rows) for name in names},
            )
        )
        self._samples, self._rows, self._last = 0, [], None
        return line.encode() + b"\n", last.step


def write_thinned(source: int, target: BinaryIO, index: LineIndex, plan: Plan, run: str) -> LineIndex:
    """Write a shorter copy of a log.

    Args:
        source: the log, open for reading.
        target: the new file.
        index: of the log's lines that are to be copied.
        plan: what is kept of them.
        run: the run's name.

    Returns:
        The lines of the new file.

    Raises:
        OSError: a file cannot be read or written.
    """
    new, copied_from, end = LineIndex(), 0, 0
    new.gap = plan.gap
    gap = _Gap(run, plan.gap, _rows(source, index))
    for number, (start, stop, keeps) in enumerate(_pieces(index, plan)):
        if keeps:
            if gap.is_open:
                line, step = gap.close()
                target.write(line)
                end += len(line)
                new.add(Thinned.event, step, end)
                copied_from = start
            end += stop - start
            new.append(index.kinds[number], index.steps[number], end)
            continue
        if not gap.is_open:
            _copy(source, target, copied_from, start)
        _take_out(source, start, stop, gap)
        copied_from = stop
    if gap.is_open:
        line, step = gap.close()
        target.write(line)
        new.add(Thinned.event, step, end + len(line))
    elif index.ends:
        _copy(source, target, copied_from, index.ends[-1])
    return new


def _pieces(index: LineIndex, plan: Plan) -> Iterator[tuple[int, int, bool]]:
    """Where each line is, and whether it is copied as it is."""
    start, last = 0, len(index.ends) - 1
    for number, stop in enumerate(index.ends):
        keeps = bool(plan.keeps[number])
        # An earlier gap becomes a part of a new one beside it.
        if index.kinds[number] == THINNED:
            grows = (number > 0 and _is_out(index, plan, number - 1)) or (
                number < last and _is_out(index, plan, number + 1)
            )
            keeps = not grows
        yield start, stop, keeps
        start = stop


def _is_out(index: LineIndex, plan: Plan, number: int) -> bool:
    return index.kinds[number] == SAMPLE and not plan.keeps[number]


def _take_out(source: int, start: int, stop: int, gap: _Gap) -> None:
    """Add a line to the gap. Of a damaged one nothing is kept."""
    head = os.pread(source, min(stop - start, _LONGEST_BEGINNING), start)
    at = beginning_of(head)
    if at is None:
        return
    if at.event == Measured.event:
        gap.add_sample(at, _logged(source, start, stop))
    else:
        try:
            event = from_line(os.pread(source, stop - start, start))
        except (ValueError, TypeError):
            event = None
        gap.add_thinned(at, event)


def _logged(source: int, start: int, stop: int) -> dict[str, float]:
    """What a sample's line says that the script logged."""
    text = os.pread(source, stop - start, start).decode(errors="replace")
    place = text.find(_LOGGED, 0, _LONGEST_BEGINNING)
    if place < 0:
        return {}
    try:
        found, _ = _PARSER.raw_decode(text, place + len(_LOGGED))
        return {name: float(value) for name, value in found.items()}
    except (ValueError, TypeError, AttributeError, RecursionError):
        return {}


def _rows(source: int, index: LineIndex) -> int:
    """How many rows of logged numbers a span of steps has: fewer if the script logs many numbers."""
    newest = max((number for number, kind in enumerate(index.kinds) if kind == SAMPLE), default=0)
    start = index.ends[newest - 1] if newest else 0
    width = 30 + 12 * len(_logged(source, start, index.ends[newest])) if index.ends else 30
    return min(ROWS_PER_SAMPLE, max(1, _MOST_IN_ROWS // width))


def _copy(source: int, target: BinaryIO, start: int, stop: int) -> None:
    while start < stop:
        piece = os.pread(source, min(_PIECE, stop - start), start)
        if not piece:
            raise OSError("the log is shorter than it was")
        target.write(piece)
        start += len(piece)
