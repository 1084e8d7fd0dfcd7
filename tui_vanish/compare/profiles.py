"""The gradients of compared runs by layer, as rows of a table."""

import math
from collections.abc import Sequence

from engine.tracking.ranking import Entrant
from tui_vanish.compare.letters import letter_of
from tui_vanish.drawing import format
from tui_vanish.drawing.text import Piece, Row
from vanish_recorder.protocol.events import LayerSample

BLOCKS, BLOCKS_ASCII = "▁▂▃▄▅▆▇█", ".:-=+*%#"

_LOWEST_DECADE, _HIGHEST_DECADE = -8.0, 0.0  # of gradient norms that have different blocks
_CELL, _LEAST_CELL = 9, 8  # width of a run's column
_NAME, _SHORT_NAME = 9, 6  # width of a layer's name, alone and before a distance such as −12


def profile_rows(entrants: Sequence[Entrant], width: int, *, ascii: bool) -> list[Row]:
    """The weight gradients: one row per layer, aligned at the output, and one column per entrant.

    The block and its colour show the size on a logarithmic scale from 1e-8 to 1; the number is the value.
    """
    cell = _LEAST_CELL if profile_width(len(entrants)) > width else _CELL
    depths = [len(_layers(entrant)) for entrant in entrants]
    names = [_layer_name(layer.name) for layer in max((_layers(entrant) for entrant in entrants), key=len)]
    if len(set(depths)) > 1:  # names differ by column, so rows are named by their distance from the last
        ends = {layers[-1].name for entrant in entrants if (layers := _layers(entrant))}
        end = ends.pop() if len(ends) == 1 else "last"
        end = end if len(end) <= _SHORT_NAME else "last"
        names = [*(f"{end}−{back}" for back in range(max(depths) - 1, 0, -1)), end]
    letters = (letter_of(number, cell) for number in range(len(entrants)))
    rows: list[Row] = [(Piece(f" {'‖dL/dW‖':<{_NAME}}", "dim"), *letters)]
    for back, name in zip(range(max(depths), 0, -1), names, strict=True):
        row: Row = (Piece(f" {name:<{_NAME}}", "text"),)
        for entrant in entrants:
            layers = _layers(entrant)
            row = (*row, *_cell(layers[-back] if back <= len(layers) else None, cell, ascii=ascii))
        rows.append(row)
    return rows


def profile_width(entrants: int) -> int:
    """The width of profile_rows in cells, if there is enough room."""
    return 2 + _NAME + _CELL * entrants


def _layers(entrant: Entrant) -> tuple[LayerSample, ...]:
    run = entrant.furthest
    return run.finite_layers or run.layers


def _layer_name(name: str) -> str:
    """The name of a layer in the width of its column; of a long name the end, where names differ."""
    words = format.layer_name(name)
    if len(words) <= _NAME:
        return words
    return name if len(name) <= _NAME else f"…{name[1 - _NAME :]}"


def _cell(layer: LayerSample | None, width: int, *, ascii: bool) -> Row:
    if layer is None:
        return (Piece(" " * width),)
    if layer.frozen:
        return (Piece(f"{'frozen':>{width}}", "dim"),)
    value = layer.grad_norm
    number = format.scientific(value, ascii=ascii)
    if value is None or not math.isfinite(value) or value <= 0:
        return (Piece(f"{number:>{width}}", "dim" if value is None else "heat-1"),)
    share = (math.log10(value) - _LOWEST_DECADE) / (_HIGHEST_DECADE - _LOWEST_DECADE)
    blocks = BLOCKS_ASCII if ascii else BLOCKS
    block = blocks[min(len(blocks) - 1, max(0, int(share * len(blocks))))]
    role = f"heat-{min(5, max(1, 1 + int(share * 5)))}"
    return (Piece(f"{block:>{width - len(number)}}", role), Piece(number, role))
