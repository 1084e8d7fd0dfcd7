"""An input for one line of text."""

from textual import events
from textual.geometry import Size
from textual.reactive import Reactive
from textual.widgets import Input

from tui_vanish.widgets.guarded import Guarded

MOST = 200  # characters


class LineInput(Guarded, Input):
    """The only input of the app: of limited length, with a cursor that does not blink.

    Each blink would send data over a slow connection. What is pasted is cut; Textual would refuse all of it.

    Args:
        value: the text at first.
        placeholder: shown while there is no text.
        select_on_focus: whether the text is selected when the input gets the focus.
        id: Textual's.
    """

    # Its own size is fixed: without this, each character would lay out the whole screen.
    virtual_size = Reactive(Size(0, 0))

    def __init__(
        self,
        value: str = "",
        *,
        placeholder: str = "",
        select_on_focus: bool = False,
        id: str | None = None,
    ) -> None:
        super().__init__(
            value,
            placeholder=placeholder,
            select_on_focus=select_on_focus,
            compact=True,
            max_length=max(MOST, len(value)),
            id=id,
        )
        self.set_reactive(Input.cursor_blink, False)

    def _on_paste(self, event: events.Paste) -> None:
        """Insert as much of the first line as there is room for."""
        event.stop()
        event.prevent_default()
        line = next(iter(event.text.splitlines()), "")
        start, end = sorted(self.selection)
        room = (self.max_length or MOST) - len(self.value) + end - start
        self.replace("".join(filter(str.isprintable, line))[:room], start, end)
