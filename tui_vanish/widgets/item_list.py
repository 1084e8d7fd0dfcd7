"""A list with a highlighted item: moving the highlight, clicks, and which rows are visible."""

from collections.abc import Hashable, Sequence
from typing import Generic, TypeVar

from textual import events
from textual.message import Message

from tui_vanish.drawing.text import Piece, Row, cut
from tui_vanish.widgets.scrolling import ScrollingRows

Item = TypeVar("Item")


class ItemList(ScrollingRows, Generic[Item]):
    """Base of the lists. The highlighted item is always visible, and the keys move the highlight.

    A subclass draws an item in `item_row` and names it in `key`. It may also have headings between items
    and rows above the list. The highlight stays on its key when the items are replaced.

    Args:
        items: in order.
        first: the key of the item that is highlighted at first; the first item if that key is not listed.
    """

    class Highlighted(Message):
        """Another item is highlighted, or the highlighted one has changed."""

    class Chosen(Message):
        """The highlighted item was clicked."""

    def __init__(self, items: Sequence[Item] = (), *, first: Hashable = None, id: str | None = None) -> None:
        super().__init__(id=id)
        self._items = tuple(items)
        # The key is kept while the list is empty, so that the highlight is back when a filter is cleared.
        self._key = first

    def key(self, item: Item) -> Hashable:
        """A value that identifies the item, even after it was read again."""
        raise NotImplementedError

    def item_row(self, item: Item, width: int, *, here: bool) -> Row:
        """The item's row; `here` says whether it is highlighted."""
        raise NotImplementedError

    def heading(self, item: Item) -> str:
        """The heading above the item; one heading is shown for all neighbours that share it."""
        return ""

    def head_rows(self, width: int) -> Sequence[Row]:
        """Rows above the list that don't scroll."""
        return ()

    def empty_row(self) -> Row:
        """What is shown instead of the items if there are none."""
        return ()

    @property
    def items(self) -> tuple[Item, ...]:
        """The items that are listed, in order."""
        return self._items

    @property
    def current(self) -> Item | None:
        """The highlighted item; None if the list is empty."""
        return self._items[self._place()] if self._items else None

    def show_items(self, items: Sequence[Item], *, keep_place: bool = False) -> None:
        """List these items.

        Args:
            items: in order.
            keep_place: whether the item in the same place is highlighted, and not the first one, if the
                highlighted item is gone.
        """
        before, place = self.current, self._place() if keep_place else 0
        if before is not None:
            self._key = self.key(before)
        self._items = tuple(items)
        if self._items and all(self.key(item) != self._key for item in self._items):
            self._key = self.key(self._items[min(place, len(self._items) - 1)])
        self._show_change(before)

    def select(self, key: Hashable) -> None:
        """Highlight the item with that key if it is in the list."""
        if any(self.key(item) == key for item in self._items):
            self._highlight(key)

    def move(self, by: int) -> None:
        """Highlight the item `by` places further down, or the one at the end of the list."""
        if self._items:
            place = min(max(0, self._place() + by), len(self._items) - 1)
            self._highlight(self.key(self._items[place]))

    def move_around(self, by: int) -> None:
        """Highlight the item `by` places further down; the first item follows the last."""
        if self._items:
            self._highlight(self.key(self._items[(self._place() + by) % len(self._items)]))

    def edge(self, which: str) -> None:
        """Highlight the `first` or the `last` item."""
        self.move(len(self._items) * (1 if which == "last" else -1))

    def rows(self, width: int, height: int) -> list[Row]:
        """The rows above the list, and as many items and headings as fit around the highlighted item."""
        head = list(self.head_rows(width))
        if not self._items:
            return [*head, self.empty_row()]
        lines, current, room = self._lines(), self._place(), height - len(head)
        place = lines.index(current)
        first = place - 1 if place and isinstance(lines[place - 1], str) else place
        self._top = max(min(self._top, first), place - room + 1)
        self.scroll_within(len(lines), room)
        for line in lines[self._top : self._top + room]:
            if isinstance(line, str):
                head.append((Piece(" "), Piece(cut(line, width - 1), "title")))
            else:
                head.append(self.item_row(self._items[line], width, here=line == current))
        return head

    def on_focus(self, event: events.Focus) -> None:
        """Show that the list has the focus."""
        self.redraw()

    def on_blur(self, event: events.Blur) -> None:
        """Show that the list has lost the focus."""
        self.redraw()

    def on_click(self, event: events.Click) -> None:
        """Highlight the clicked item; a second click chooses it."""
        y = event.y - len(self.head_rows(self.size.width))
        lines = self._lines()
        line = lines[self._top + y] if 0 <= y < len(lines) - self._top else ""
        if isinstance(line, str):
            return
        if line == self._place():
            self.post_message(self.Chosen())
        else:
            self._highlight(self.key(self._items[line]))

    def _place(self) -> int:
        return next((place for place, item in enumerate(self._items) if self.key(item) == self._key), 0)

    def _highlight(self, key: Hashable) -> None:
        before = self.current
        self._key = key
        self._show_change(before)

    def _show_change(self, before: Item | None) -> None:
        self.redraw()
        if self.current != before:
            self.post_message(self.Highlighted())

    def _lines(self) -> list[int | str]:
        """Every line below the head: an item's place, or a heading."""
        lines: list[int | str] = []
        above = ""
        for place, item in enumerate(self._items):
            if (heading := self.heading(item)) != above:
                above = heading
                lines.append(heading)
            lines.append(place)
        return lines
