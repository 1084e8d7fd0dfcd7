"""The list of scenarios in a frame, with an input for a filter."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.getters import query_one
from textual.message import Message
from textual.widgets import Input

from tui_vanish.drawing.text import Piece
from tui_vanish.lab.layout import Layout
from tui_vanish.lab.scenario_list import ScenarioList
from tui_vanish.language import plural, tr
from tui_vanish.widgets.frame import FrameLine
from tui_vanish.widgets.line_input import LineInput
from tui_vanish.widgets.scrolling import ScrollingRows

if TYPE_CHECKING:
    from scenarios import Entry


class ScenarioPane(Vertical):
    """The list and its filter."""

    class Filtered(Message):
        """The filter has changed, or its input has closed."""

    list = query_one("#list", ScenarioList)
    _line = query_one("#filter", Input)
    _end_line = query_one("#scenarios-end", FrameLine)

    def __init__(self, entries: Sequence["Entry"], id: str | None = None) -> None:
        super().__init__(id=id)
        self._entries = entries

    def compose(self) -> ComposeResult:
        """The list, and the input for a filter, which is hidden at first."""
        yield FrameLine("top", title="Scenarios", pane="scenarios", id="scenarios-top")
        yield ScenarioList(self._entries, id="list")
        yield LineInput(id="filter", placeholder=tr("part of a name"))
        yield FrameLine("bottom", id="scenarios-end")

    def on_mount(self) -> None:
        """Hide the input until it is opened."""
        self._line.display = False

    @property
    def filtering(self) -> bool:
        """Whether the user is typing a filter."""
        return self._line.has_focus

    @property
    def filtered(self) -> bool:
        """Whether there is a filter, or its input is open."""
        return bool(self.list.filter) or bool(self._line.display)

    def lay_out(self, layout: Layout, focused: bool) -> None:
        """Apply the layout."""
        self.display = layout.scenarios
        self.styles.width = layout.list_width
        for line in self.query_children(FrameLine):
            line.show_frame(layout.framed, focused)

    def open_filter(self) -> None:
        """Open the input for a filter."""
        self._line.value = ""
        self._line.display = True
        self.screen.set_focus(self._line)  # at once: the next key may already be part of the text

    def close_filter(self, *, keep: bool) -> None:
        """Go back to the list; unless `keep`, also remove the filter."""
        had_focus = self.filtering
        self._line.display = False
        if not keep:
            self.list.set_filter("")
        if had_focus:
            self.screen.set_focus(self.list)
        self._show_end()
        self.post_message(self.Filtered())

    @on(Input.Changed)
    def _filter(self, message: Input.Changed) -> None:
        if message.input.display:
            self.list.set_filter(message.value)
            self._show_end()
            self.post_message(self.Filtered())

    @on(Input.Submitted)
    def _keep_filter(self) -> None:
        self.close_filter(keep=True)

    @on(ScrollingRows.Scrolled)
    def _show_end(self) -> None:
        """Show the filter, and the number of rows below the last visible one."""
        words, hidden = self.list.filter, self.list.hidden_below
        self._end_line.show(
            (Piece(f"/{words}", "accent"),) if words else (),
            (Piece(plural("{number} more ↓", "{number} more ↓", hidden), "dim"),) if hidden else (),
        )
