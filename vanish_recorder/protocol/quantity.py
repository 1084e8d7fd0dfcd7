"""What the program knows of a quantity that is measured at each layer: one row of the table of quantities."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

Layers = Literal["all", "hidden", "reached", "trained"]
Scale = Literal["log", "unit", "linear"]
Notation = Literal["scientific", "fixed", "percent"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """What the program knows of a quantity besides how to measure it.

    Attributes:
        name: the key in the log and in JSON; it is the name of the field that holds the row.
        symbol: as on the screen; `symbol_ascii` is for a terminal that has no other letters.
        words: the quantity's name in words.
        meaning: what it tells a newcomer, in one or two sentences.
        definition: what exactly is measured; a cell of the table in the documentation.
        where: where it applies, in words; the cell after `definition`.
        layers: where it applies, as a rule: at all layers, the hidden ones, those that the backward pass
            reaches (from the output down to the lowest that trains), or those whose weights train.
        activations: the scenarios' activations that it applies to; None for all.
        precisions: the scenarios' precisions that it applies to; None for all.
        nan_is_null: nan means that there was nothing to measure (0/0), and the log holds null for it.
        scale: of the axis that it is drawn on: logarithmic, from 0 to 1, or linear.
        notation: how its number is written.
        digits: significant digits of a scientific number, decimals of a fixed one or a percentage.
        column: the heading over its numbers, ASCII.
        column_width: cells, including the gap before the column.
        column_rank: the order in which columns are added beside the bars while there is room. Of several with
            the same rank only one is shown: the first that any layer has. None: never beside another
            quantity's bars.
        in_bars: whether the bars and the heatmap can show it; the key `v` follows the table's order.
        worst: which value over the layers is the one to look at first.
    """

    name: str = ""
    symbol: str
    symbol_ascii: str
    words: str
    meaning: str
    definition: str
    where: str
    layers: Layers
    activations: frozenset[str] | None = None
    precisions: frozenset[str] | None = None
    nan_is_null: bool = False
    scale: Scale
    notation: Notation
    digits: int
    column: str
    column_width: int = 8
    column_rank: int | None = None
    in_bars: bool = False
    worst: Literal["smallest", "largest"] = "smallest"

    def __post_init__(self) -> None:
        if self.in_bars and self.scale == "linear":
            raise ValueError("bars need a log or unit scale: on a linear one they have no beginning")

    def applies(self, kinds: Collection[Layers], activation: str, precision: str) -> bool:
        """Whether it is measured at a layer of all these kinds, with this activation and precision."""
        return (
            self.layers in kinds
            and (self.activations is None or activation in self.activations)
            and (self.precisions is None or precision in self.precisions)
        )
