"""The gradients of compared runs by layer, as rows of a table."""

import math
from collections.abc import Sequence

from engine.tracking.alignment import Aligned, aligned
from engine.tracking.ranking import Entrant
from tui_vanish.compare.letters import letter_of
from tui_vanish.drawing import format
from tui_vanish.drawing.text import Piece, Row
from tui_vanish.language import marked, tr
from vanish_recorder.protocol.events import LayerSample

BLOCKS, BLOCKS_ASCII = "▁▂▃▄▅▆▇█", ".:-=+*%#"

_LOWEST_DECADE, _HIGHEST_DECADE = -8.0, 0.0  # of gradient norms that have different blocks
_CELL, _LEAST_CELL = 9, 8  # width of a run's column
_NAME = 9  # width of a layer's name


def profile_rows(entrants: Sequence[Entrant], width: int, *, ascii: bool) -> list[Row]:
    """The weight gradients: one row per layer, and one column per entrant.

    Layers of watched runs are aligned by their names where these agree, others at the output.

    The block and its colour show the size on a logarithmic scale from 1e-8 to 1; the number is the value.
    """
    lines, networks = _aligned(entrants)
    names, cell = _names(lines, networks, width), _CELL
    column = max([_NAME, *map(len, names)])
    if 2 + column + cell * len(entrants) > width:
        cell = _LEAST_CELL
    letters = (letter_of(number, cell) for number in range(len(entrants)))
    rows: list[Row] = [(Piece(f" {'‖dL/dW‖':<{column}}", "dim"), *letters)]
    for line, name in zip(lines, names, strict=True):
        row: Row = (Piece(f" {name:<{column}}", "text"),)
        for layers, place in zip(networks, line.layers, strict=True):
            row = (*row, *_cell(None if place is None else layers[place], cell, ascii=ascii))
        rows.append(row)
    return rows


def profile_width(entrants: Sequence[Entrant], most: int) -> int:
    """The width of profile_rows in cells if it may have `most`; more than that if they need it."""
    names = _names(*_aligned(entrants), most)
    return 2 + max([_NAME, *map(len, names)]) + _CELL * len(entrants)


def _aligned(entrants: Sequence[Entrant]) -> tuple[list[Aligned], list[tuple[LayerSample, ...]]]:
    """The rows, and the layers of each entrant."""
    networks = [_layers(entrant) for entrant in entrants]
    watched = any(run.spec.is_watched for entrant in entrants for run in entrant.runs)
    return aligned([[layer.name for layer in layers] for layers in networks], by_name=watched), networks


def _names(lines: Sequence[Aligned], networks: Sequence[Sequence[LayerSample]], width: int) -> list[str]:
    """The names of the rows, from the input on, in the longest form for which there is room."""
    known = [line.name for line in lines if line.name is not None]
    same_depth = len(set(map(len, networks))) <= 1
    if len(known) == len(lines) and (same_depth or lines[0].by_name):
        return [_layer_name(name) for name in known]
    # Names differ by column, so rows are named by their distance from the last one.
    end = "output" if lines[-1].name == "output" else tr("last")
    room = width - 2 - _CELL * len(networks)
    names: list[str] = []
    forms = (
        marked("{number} before the {end}"),
        marked("{number} before {end}"),
        marked("{number} before"),
    )
    for form in forms:
        names = [*(tr(form, number=line.back, end=end) for line in lines[:-1]), end]
        if max(map(len, names)) <= room:
            break
    return names


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
        return (Piece(f"{tr('frozen'):>{width}}", "dim"),)
    value = layer.grad_norm
    number = format.scientific(value, ascii=ascii)
    if value is None or not math.isfinite(value) or value <= 0:
        return (Piece(f"{number:>{width}}", "dim" if value is None else "heat-1"),)
    share = (math.log10(value) - _LOWEST_DECADE) / (_HIGHEST_DECADE - _LOWEST_DECADE)
    blocks = BLOCKS_ASCII if ascii else BLOCKS
    block = blocks[min(len(blocks) - 1, max(0, int(share * len(blocks))))]
    role = f"heat-{min(5, max(1, 1 + int(share * 5)))}"
    return (Piece(f"{block:>{width - len(number)}}", role), Piece(number, role))
