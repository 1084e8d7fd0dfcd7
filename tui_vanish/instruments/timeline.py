"""A staged schedule as a row of blocks: which sub-models train in each stage, and its result."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from tui_vanish.drawing.canvas import Canvas
from tui_vanish.widgets.canvas_widget import CanvasWidget

Part = Literal["trains", "frozen", "not built"]
When = Literal["done", "now", "later"]

_LEAST_BLOCK = 9  # cells
_MOST_BLOCK = 22
HEIGHT = 2  # rows


@dataclass(frozen=True, slots=True)
class Block:
    """One stage.

    Attributes:
        number: from 1.
        parts: what each sub-model does in it, from the input to the output.
        when: whether it is over, in progress, or has not begun.
        remark: its result or its progress.
        short: the same in at most 5 cells.
    """

    number: int
    parts: tuple[Part, ...]
    when: When
    remark: str = ""
    short: str = ""


class Timeline(CanvasWidget):
    """The stages from left to right, with the present one marked. If there are many, only those around it.

    In a block each sub-model has a sign: full if it trains, hatched if it is frozen, a dot if it is not built
    yet. Below is the test accuracy at the end of the stage.
    """

    HELP = """
    The schedule of a staged run is under the charts: a full block trains, a hatched one is frozen, a dot is
    not built yet. Below each stage is the test accuracy at its end.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "canvas--text",
        "canvas--muted",
        "canvas--now",
        "canvas--trains",
        "canvas--frozen",
        "canvas--not-built",
        "canvas--axis",
    }
    DEFAULT_CSS = """
    Timeline {
        height: 2;
        & > .canvas--text { color: $foreground; }
        & > .canvas--muted { color: $foreground-muted; }
        & > .canvas--now { color: $text-accent; text-style: bold; }
        & > .canvas--trains { color: $primary; }
        & > .canvas--frozen { color: $text-secondary; }
        & > .canvas--not-built { color: $foreground-muted; }
        & > .canvas--axis { color: $foreground-muted; }
    }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._blocks: tuple[Block, ...] = ()

    def show(self, blocks: tuple[Block, ...]) -> None:
        """Show these stages."""
        if blocks != self._blocks:
            self._blocks = blocks
            self.redraw()

    def draw(self, width: int, height: int) -> Canvas:
        """Draw the blocks: sub-models in the first row, results in the second."""
        canvas, signs = Canvas(width, height), self.alphabet
        if not self._blocks or width < _LEAST_BLOCK:
            return canvas
        most_parts = max(len(block.parts) for block in self._blocks)
        least = max(_LEAST_BLOCK, len(str(len(self._blocks))) + most_parts + 3)
        count = min(len(self._blocks), max(1, (width - 2) // least))
        size = min(_MOST_BLOCK, (width - 2) // count)
        first = self._first_in_sight(count)
        for place, block in enumerate(self._blocks[first : first + count]):
            cut_off = (place == 0 and first > 0) or (place == count - 1 and first + count < len(self._blocks))
            self._draw_block(canvas, 2 + place * size, size, block, signs.gap if cut_off else "")
        return canvas

    def _first_in_sight(self, count: int) -> int:
        """The index of the first visible block: the present stage and the one before it must be visible."""
        present = next(
            (place for place, block in enumerate(self._blocks) if block.when == "now"),
            sum(block.when == "done" for block in self._blocks) - 1,
        )
        before = int(count > 1)
        return max(0, min(present - before, len(self._blocks) - count))

    def _draw_block(self, canvas: Canvas, x: int, size: int, block: Block, more: str) -> None:
        signs = self.alphabet
        kinds: dict[Part, tuple[str, str]] = {
            "trains": (signs.bar, "trains"),
            "frozen": (signs.frozen_bar, "frozen"),
            "not built": (signs.guide, "not-built"),
        }
        for y in range(canvas.height):
            canvas.put(x - 1, y, signs.axis, "now" if block.when == "now" else "axis")
        role = {"done": "text", "now": "now", "later": "muted"}[block.when]
        number = f"{signs.selected if block.when == 'now' else ''}{block.number}"
        canvas.put(x, 0, number, role)
        start = x + len(number) + 1
        room = size - len(str(len(self._blocks))) - 4  # the same in every block
        each = max(1, min(4, room // max(1, len(block.parts))))
        for place, part in enumerate(block.parts):
            sign, part_role = kinds[part]
            canvas.put(start + place * each, 0, sign * each, part_role)
        if more:
            canvas.put(x + size - 1 - len(more), 0, more, "muted")
        text = block.remark if len(block.remark) <= size - 2 else block.short
        canvas.put(x, 1, text[: size - 2], role)
