"""What the layer bars show: a network's layers as measured at one step, and one quantity of them as bars."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tui_vanish.instruments.quantities import USUAL
from vanish_recorder.protocol.quantity import Quantity

if TYPE_CHECKING:
    from vanish_recorder.protocol.events import LayerSample

_ROOM_FOR_GAPS = 7  # rows: four layers far apart, and what is between them


@dataclass(frozen=True, slots=True)
class BarRow:
    """One layer. `sample` is None where nothing was measured; `built` is False before its stage.

    `kind` is what it computes, as its spec says.
    """

    name: str
    sample: "LayerSample | None" = None
    built: bool = True
    kind: str = ""


@dataclass(frozen=True, slots=True)
class BarProfile:
    """Everything that the layer bars show at one moment.

    Attributes:
        rows: the layers from the input to the output.
        quantity: what the bars' lengths are.
        marks: by layer, where theory puts the quantity.
        selected: the layer that the next key is about.
        accused: the layer that the verdict names; it gets a `!` and stays in sight.
        note: a few words on how these numbers stand, such as "last finite, step 1".
        run: the run's name. Another run starts with a fresh axis.
        measured: the names of the quantities that the run has had; None if that is not known, and columns
            without numbers are shown, too.
    """

    rows: tuple[BarRow, ...] = ()
    quantity: Quantity = USUAL
    marks: Mapping[str, float] = field(default_factory=dict)
    selected: str | None = None
    accused: str | None = None
    note: str = ""
    run: str = ""
    measured: frozenset[str] | None = None

    def value(self, row: BarRow) -> float | None:
        """The quantity at `row`; None where it doesn't apply or was not computed."""
        return None if row.sample is None else row.sample.value(self.quantity)

    def index(self, name: str | None) -> int | None:
        """The place of the layer called `name`, or None."""
        return next((place for place, row in enumerate(self.rows) if row.name == name), None)

    def worst(self) -> int | None:
        """The place of the layer to look at first.

        The accused one; else one that is not finite; else the one with the quantity's worst value. None if
        nothing was measured.
        """
        if (accused := self.index(self.accused)) is not None:
            return accused
        measured = [
            (place, value)
            for place, row in enumerate(self.rows)
            if (value := self._unfrozen(row)) is not None
        ]
        if not measured:
            return None
        sign = -1 if self.quantity.worst == "largest" else 1
        return min(measured, key=lambda item: sign * item[1] if math.isfinite(item[1]) else -math.inf)[0]

    def _unfrozen(self, row: BarRow) -> float | None:
        return None if row.sample is None or row.sample.frozen else self.value(row)


def visible(total: int, room: int, pinned: tuple[int, ...], first: int) -> list[int | None]:
    """Which of `total` layers to show in `room` rows: places in order, None for a row that says "more".

    Args:
        total: layers there are.
        room: rows there are.
        pinned: places to show whatever happens, the most important first.
        first: the place from which the rest is filled.
    """
    if total <= room:
        return list(range(total))
    shown: set[int] = set()
    start = min(max(0, first), total - 1)
    for place in (*pinned, *range(start, total), *range(start - 1, -1, -1)):
        if place not in shown and len(_with_gaps({*shown, place}, total, room)) <= room:
            shown.add(place)
    return _with_gaps(shown, total, room)


def _with_gaps(shown: set[int], total: int, room: int) -> list[int | None]:
    """The places in order, with a None where some are left out; no None where rows are few."""
    rows: list[int | None] = []
    last = -1
    for place in sorted(shown):
        if place > last + 1 and room >= _ROOM_FOR_GAPS:
            rows.append(None)
        rows.append(place)
        last = place
    if last < total - 1 and room >= _ROOM_FOR_GAPS:
        rows.append(None)
    return rows
