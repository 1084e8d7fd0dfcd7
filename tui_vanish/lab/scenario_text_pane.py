"""The highlighted scenario's text in a frame."""

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.getters import query_one

from tui_vanish.drawing.text import Piece, Row
from tui_vanish.lab.layout import Layout
from tui_vanish.lab.scenario_text import Paragraph, ScenarioText
from tui_vanish.language import plural
from tui_vanish.widgets.frame import FrameLine
from tui_vanish.widgets.scrolling import ScrollingRows


class ScenarioTextPane(Vertical):
    """The text; if the run is not visible, the frame shows the run's progress."""

    text = query_one("#text", ScenarioText)
    _top_line = query_one("#about-top", FrameLine)
    _end_line = query_one("#about-end", FrameLine)

    def compose(self) -> ComposeResult:
        """The text in a frame."""
        yield FrameLine("top", pane="about", id="about-top")
        yield ScenarioText(id="text")
        yield FrameLine("bottom", id="about-end")

    def lay_out(self, layout: Layout, focused: bool) -> None:
        """Apply the layout."""
        self.display = layout.about
        self.styles.width = layout.about_width
        for line in self.query_children(FrameLine):
            line.show_frame(layout.framed, focused)

    def show(self, title: Row, remark: Row, paragraphs: Sequence[Paragraph]) -> None:
        """Show a scenario; `remark` is the progress of its run."""
        self._top_line.show(title, remark)
        self.text.show(paragraphs)

    @on(ScrollingRows.Scrolled)
    def _show_end(self) -> None:
        hidden = self.text.hidden_below
        more = (Piece(plural("{number} more ↓", "{number} more ↓", hidden), "dim"),) if hidden else ()
        self._end_line.show((), more)
