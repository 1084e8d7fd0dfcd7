"""The tree of a watched model: its blocks, and in each its tensors with their latest numbers."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui_vanish.drawing import format
from tui_vanish.drawing.text import Piece, Row, cut, padded
from tui_vanish.instruments.quantities import number
from tui_vanish.language import marked_in, plural, tr, tr_in
from tui_vanish.language.below import spoken
from tui_vanish.language.folding import folded
from tui_vanish.widgets.item_list import ItemList
from vanish_recorder.protocol.quantities import QUANTITIES
from vanish_recorder.protocol.structure import STATES

if TYPE_CHECKING:
    from engine.tracking.snapshot import Snapshot
    from vanish_recorder.protocol.watch_events import Columns

SHOWN = tuple(QUANTITIES[name] for name in ("grad_norm", "update_ratio", "unmoved", "weight_norm"))
NO_BLOCK = "in no block"
_WIDE = 100  # cells; from this width on, shape and dtype are shown
_COLUMN = 9  # cells of a number
_STATE_WORDS = {
    "s": "",
    "f": marked_in("tensor", "frozen"),
    "u": marked_in("tensor", "unused"),
    "o": marked_in("tensor", "no opt"),
    "w": marked_in("tensor", "waits"),
    "k": marked_in("tensor", "skipped"),
    "x": "-",
}


@dataclass(frozen=True, slots=True)
class Node:
    """A line of the tree: a block, or a tensor.

    Attributes:
        key: unique in the tree.
        name: of the block or the tensor, whole.
        block: the block that it belongs to; empty if it belongs to none.
        values: of the quantities in SHOWN.
        state: what happened to a tensor, in a word or two; of a block, whether it is frozen.
        shape: of a tensor, with its dtype; of a block, its class and how many tensors it has.
        trouble: the larger, the sooner somebody should look at it.
        is_block: whether it is a block.
        place: of a tensor, its number in the structure; None of a block.
    """

    key: str
    name: str
    block: str
    values: tuple[float | None, ...]
    state: str
    shape: str
    trouble: float
    is_block: bool
    place: int | None = None


def nodes(run: "Snapshot") -> tuple[Node, ...]:
    """All blocks from the input on, each followed by its tensors."""
    structure, sample = run.structure, run.measured
    if structure is None:
        return ()
    columns: Columns = sample.tensors if sample is not None else {}
    states = sample.states if sample is not None else ""
    layers = {layer.name: layer for layer in run.layers}
    members: dict[int | None, list[Node]] = {}
    names = [block.name for block in structure.blocks]
    for place, tensor in enumerate(structure.tensors):
        values = tuple(_at(columns.get(each.name, ()), place) for each in SHOWN)
        letter = states[place : place + 1]
        in_block = tensor.block if tensor.block is not None and tensor.block < len(names) else None
        also = f" = {', '.join(tensor.also)}" if tensor.also else ""
        members.setdefault(in_block, []).append(
            Node(
                key=f"tensor {tensor.name}",
                name=tensor.name + also,
                block="" if in_block is None else names[in_block],
                values=values,
                state=tr_in("tensor", _STATE_WORDS.get(letter, "")),
                shape=f"{'×'.join(map(str, tensor.shape)) or tr('number')} {tensor.dtype}",
                trouble=_trouble(values, letter),
                is_block=False,
                place=place,
            )
        )
    found: list[Node] = []
    for place, block in enumerate(structure.blocks):
        within, layer = members.pop(place, []), layers.get(block.name)
        found.append(
            Node(
                key=f"block {block.name}",
                name=block.name,
                block=block.name,
                values=tuple(layer.value(each) if layer is not None else None for each in SHOWN),
                state=tr_in("tensor", "frozen") if layer is not None and layer.frozen else "",
                shape=plural(
                    "{kind}, {tensors} tensor",
                    "{kind}, {tensors} tensors",
                    len(within),
                    kind=block.kind,
                    tensors=format.count(len(within)),
                ),
                trouble=max((each.trouble for each in within), default=0.0),
                is_block=True,
            )
        )
        found += within
    rest = [node for nodes in members.values() for node in nodes]
    return (*found, *rest)


def _trouble(values: Sequence[float | None], letter: str) -> float:
    """Not finite first, then what does not change, then by how far the gradient is from its usual size."""
    known = [value for value in values if value is not None]
    if not all(map(math.isfinite, known)):
        return 1e6
    if letter in ("f", "o", "w"):
        return -1.0
    gradient, _, unmoved, _ = values
    score = 1e3 * (unmoved or 0.0) + (500.0 if letter in ("u", "k", "x") else 0.0)
    if gradient is not None:
        score += abs(math.log10(gradient)) if gradient > 0 else 400.0
    return score


def _at(column: Sequence[float | None], place: int) -> float | None:
    return column[place] if place < len(column) else None


class TensorList(ItemList[Node]):
    """The tree as a list. Only the visible rows are drawn, so thousands of tensors cost nothing."""

    HELP = """
    The model's blocks and tensors, with the numbers of the latest sample. enter opens or closes a block, o
    sorts by trouble or by depth, / filters by name, d takes histograms of the block.
    """

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._tree: tuple[Node, ...] = ()
        self._open: set[str] = set()
        self._sequence = -1
        self._places: dict[str, int] = {}
        self._counts = 0, 0
        self.by_trouble = False
        self.filter = ""

    def show(self, run: "Snapshot") -> None:
        """Show the latest numbers of this run."""
        sequence = run.sequence
        if sequence != self._sequence:
            self._sequence, self._tree = sequence, nodes(run)
            self._arrange()

    def open_first(self, block: str | None) -> None:
        """Open a block, or all of a model that has few tensors, and highlight it."""
        if block is not None:
            self._open.add(block)
            self._arrange()
            self.select(f"block {block}")

    def toggle(self) -> None:
        """Open or close the highlighted block; of a tensor, close its block."""
        if (node := self.current) is None or not node.block:
            return
        self._open ^= {node.block}
        self._arrange()
        self.select(f"block {node.block}")

    def sort(self) -> None:
        """Sort by trouble, or again by depth."""
        self.by_trouble = not self.by_trouble
        self._arrange()

    def set_filter(self, words: str) -> None:
        """Show only the tensors whose name has all these words."""
        self.filter = words
        self._arrange()

    @property
    def counts(self) -> tuple[int, int]:
        """How many tensors are listed or hidden in a closed block, and how many there are."""
        return self._counts

    def key(self, item: Node) -> str:
        """Its key in the tree."""
        return item.key

    def head_rows(self, width: int) -> list[Row]:
        """The headings of the columns."""
        columns = "".join(f"{quantity.column:>{_COLUMN}}" for quantity in SHOWN)
        return [
            padded(
                (Piece(f"   {tr('name')}", "dim"),), (Piece(f"{columns}  {tr('state'):<8}", "dim"),), width
            )
        ]

    def empty_row(self) -> Row:
        """Why there is nothing."""
        return (
            Piece(
                "   " + tr("Nothing matches.")
                if self.filter
                else "   " + tr("Nothing has been measured yet."),
                "dim",
            ),
        )

    def item_row(self, item: Node, width: int, *, here: bool) -> Row:
        """The name at the left, and the numbers at the right."""
        ascii = self.alphabet.ascii
        role = "cursor" if here else "strong" if item.is_block else "text"
        sign = " "
        if item.is_block:
            sign = ("v" if ascii else "▾") if item.block in self._open else ">" if ascii else "▸"
        cells = "".join(
            f"{number(quantity, value, ascii=ascii):>{_COLUMN}}"
            for quantity, value in zip(SHOWN, item.values, strict=True)
        )
        bad = item.trouble >= 1e3
        right: Row = (
            Piece(cells, role if here else "bad" if bad else "text"),
            Piece(f"  {item.state:<8}", role if here else "dim"),
        )
        indent = "" if item.is_block or self.by_trouble or not item.block else "  "
        name = f" {sign} {indent}{item.name}"
        room = width - len(SHOWN) * _COLUMN - 10
        left: Row = (Piece(cut(name, room), role),)
        if width >= _WIDE:
            about = room - 24
            left = (
                Piece(f"{cut(name, about):<{about}}", role),
                Piece(f" {cut(item.shape, 22)}", role if here else "dim"),
            )
        return padded(left, right, width, role="cursor" if here else "text")

    def rows(self, width: int, height: int) -> list[Row]:
        """The headings, and as many rows as fit around the highlighted one."""
        head = list(self.head_rows(width))
        if not self._items:
            return [*head, self.empty_row()]
        current, room = self._place(), height - len(head)
        self._top = max(min(self._top, current), current - room + 1)
        self.scroll_within(len(self._items), room)
        visible = range(self._top, min(self._top + room, len(self._items)))
        return [*head, *(self.item_row(self._items[each], width, here=each == current) for each in visible)]

    def _place(self) -> int:
        return self._places.get(str(self._key), 0)

    def _matcher(self) -> Callable[[Node], bool]:
        words = folded(self.filter).split()
        return lambda node: all(word in folded(node.name) for word in words)

    def _arrange(self) -> None:
        tensors = [node for node in self._tree if not node.is_block]
        matching = sum(map(self._matcher(), tensors)) if self.filter else len(tensors)
        self._counts = matching, len(tensors)
        items = list(self._listed())
        self._places = {node.key: place for place, node in enumerate(items)}
        if items and str(self._key) not in self._places:
            self._key = items[0].key
        self._items = tuple(items)
        self.redraw()

    def _listed(self) -> Iterator[Node]:
        """The visible nodes in order. With a filter or sorted by trouble, tensors need no open block."""
        matches = self._matcher()
        if self.by_trouble:
            tensors = (node for node in self._tree if not node.is_block and matches(node))
            yield from sorted(tensors, key=lambda node: -node.trouble)
            return
        for node in self._tree:
            if self.filter:
                if matches(node):
                    yield node
            elif node.is_block or not node.block or node.block in self._open:
                yield node


def state_in_words(run: "Snapshot", node: Node) -> str:
    """What happened to a tensor at the latest sample, in a sentence; empty for a block."""
    sample, place = run.measured, node.place
    if sample is None or place is None or place >= len(sample.states):
        return ""
    words = next((text for letter, text in STATES.items() if letter == sample.states[place]), "")
    rate = sample.lr[place] if place < len(sample.lr) else None
    return spoken(words) + (f"; lr {rate:.3g}" if rate is not None else "")
