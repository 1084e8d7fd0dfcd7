"""The base classes of all screens: what every screen needs, whatever it shows."""

from typing import TypeVar

from textual.await_complete import AwaitComplete
from textual.screen import ModalScreen, Screen

from tui_vanish.widgets.canvas_widget import CanvasWidget
from tui_vanish.widgets.guarded import Guarded

T = TypeVar("T")


class OwnScreen(Guarded, Screen[T]):
    """Base of all screens."""

    def change_language(self) -> None:
        """Show everything in the language that is now in use."""
        for widget in self.query(CanvasWidget):
            widget.redraw()

    @property
    def is_gone(self) -> bool:
        """Whether it was closed; if the app ends, that may be before it was mounted.

        An app that ends removes the parts of its screens first, and takes them off the stack later.
        """
        return not self.app.is_running or self not in self.app.screen_stack

    @property
    def has_parts(self) -> bool:
        """Whether its parts can be shown: they are mounted, and it was not closed meanwhile.

        The parts of a closed screen go one after the other, while threads may still read something for it.
        """
        return self.is_mounted and bool(self.children) and not self.is_gone

    def dismiss(self, result: T | None = None) -> AwaitComplete:
        """Close the screen; no other code takes a screen off the stack.

        Nothing happens if it is closed already, or covered: two causes that arrive together, such as a key
        and a click, may both close it.
        """
        stack = self.app.screen_stack
        if len(stack) < 2 or stack[-1] is not self:
            return AwaitComplete()
        return super().dismiss(result)


class Dialog(OwnScreen[T], ModalScreen[T]):
    """Base of the screens that do not hide the one below."""
