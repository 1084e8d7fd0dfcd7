"""A field with one of several names, changed with the arrow keys."""

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message

from tui_vanish.drawing.text import Piece, Row
from tui_vanish.widgets.rows import Rows


class Choice(Rows, can_focus=True):
    """A name between two arrows; the left and right keys or space change it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,space", "turn(1)", "Next"),
        Binding("left", "turn(-1)", "Previous"),
    ]
    DEFAULT_CSS = "Choice { height: 1; }"

    class Changed(Message):
        """Another name was chosen."""

        def __init__(self, choice: "Choice") -> None:
            super().__init__()
            self.choice = choice

        @property
        def control(self) -> "Choice":
            """The widget."""
            return self.choice

    def __init__(self, names: Sequence[str], value: str, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._names = tuple(names)
        self.value = value

    def rows(self, width: int, height: int) -> list[Row]:
        """The name."""
        role = "cursor" if self.has_focus else "text"
        return [(Piece("< ", "dim"), Piece(self.value, role), Piece(" >", "dim"))]

    def on_focus(self) -> None:
        """Show that the field has the focus."""
        self.redraw()

    def on_blur(self) -> None:
        """Show that the field has lost the focus."""
        self.redraw()

    def on_click(self) -> None:
        """Choose the next name."""
        self.action_turn(1)

    def action_turn(self, by: int) -> None:
        """Choose the name `by` places on; the first follows the last."""
        place = self._names.index(self.value) if self.value in self._names else 0
        self.value = self._names[(place + by) % len(self._names)]
        self.redraw()
        self.post_message(self.Changed(self))
