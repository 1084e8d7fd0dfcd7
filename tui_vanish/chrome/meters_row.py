"""The meters as one row: how busy the cores, the memory and the GPUs of this machine are."""

from typing import TYPE_CHECKING

from tui_vanish.drawing import format
from tui_vanish.drawing.text import Piece, Row, cut_row, row_width
from tui_vanish.language import tr

if TYPE_CHECKING:
    from tui_vanish.jobs.meters import Reading

_MOST_BLOCKS = 16  # cores that have a block of their own
_BUSY = 0.5  # from this load on, a core counts as busy
_GB = 1e9


def meters_row(reading: "Reading | None", width: int, levels: str) -> Row:
    """The row; what has no room is left out from the right.

    Args:
        reading: None before the first one.
        width: of the row.
        levels: the characters for loads, from the lowest to the highest.
    """
    if reading is None:
        return (Piece(" " + tr("measuring the machine…"), "dim"),)
    row: Row = (Piece(" "),)
    for part in (_cores(reading, levels), _memory(reading), *_gpus(reading)):
        longer = (*row, *((Piece("   "),) if len(row) > 1 and part else ()), *part)
        if row_width(longer) <= width:
            row = longer
    return cut_row(row, width)


def _cores(reading: "Reading", levels: str) -> Row:
    loads = reading.cores
    if not loads:
        return ()
    busy = sum(load >= _BUSY for load in loads)
    words = " " + tr("{busy} of {all} busy", busy=busy, all=len(loads))
    if len(loads) > _MOST_BLOCKS:
        return (Piece(tr("cores"), "dim"), Piece(words))
    bars = "".join(levels[min(len(levels) - 1, int(load * len(levels)))] for load in loads)
    return (Piece(f"{tr('cores')} ", "dim"), Piece(bars, "accent"), Piece(words))


def _memory(reading: "Reading") -> Row:
    if not reading.total:
        return ()
    return (Piece(tr("memory"), "dim"), Piece(f" {_of(reading.used, reading.total)}"))


def _gpus(reading: "Reading") -> list[Row]:
    return [
        (
            Piece(f"GPU {gpu.number}", "dim"),
            Piece("" if gpu.load is None else f" {format.percent(gpu.load)},"),
            Piece(f" {_of(gpu.used, gpu.total)}"),
        )
        for gpu in reading.gpus
    ]


def _of(used: int, total: int) -> str:
    return tr("{used} of {total} GB", used=f"{used / _GB:.1f}", total=f"{total / _GB:.1f}")
