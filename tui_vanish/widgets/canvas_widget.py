"""A widget that draws on a canvas and sends only the changed cells to the terminal."""

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from tui_vanish.drawing.canvas import Canvas
from tui_vanish.drawing.glyphs import Alphabet, alphabet
from tui_vanish.drawing.text import cut
from tui_vanish.language import tr
from tui_vanish.widgets.guarded import Guarded


class CanvasWidget(Guarded, Widget):
    """Base of the widgets that draw on a canvas: `draw` fills it, `redraw` shows it.

    A cell's role is a component class, `canvas--ROLE`, so that themes decide the colours.
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._canvas = Canvas(0, 0)
        self._strips: dict[int, Strip] = {}
        self._role_styles: dict[str, Style] = {}

    @property
    def alphabet(self) -> Alphabet:
        """The alphabet that the app uses."""
        return alphabet(self.app.has_class("-ascii"))

    def draw(self, width: int, height: int) -> Canvas:
        """Return a canvas of this size with the widget's content."""
        raise NotImplementedError

    def _drawn(self) -> Canvas:
        """The content; if drawing it raises, an empty canvas, so that the rest of the screen is drawn."""
        width, height = self.size
        try:
            return self.draw(width, height)
        except Exception as error:
            self.app._handle_exception(error)
            canvas = Canvas(width, height)
            canvas.put(0, 0, cut(tr("This cannot be drawn: an internal error."), width), "text")
            return canvas

    def redraw(self) -> None:
        """Draw again, and send the cells that changed."""
        if not self.is_mounted:
            return
        before, self._canvas = self._canvas, self._drawn()
        if (before.width, before.height) != (self._canvas.width, self._canvas.height):
            self._strips.clear()
            self.refresh()
            return
        spans = self._canvas.changes(before)
        for span in spans:
            self._strips.pop(span.y, None)
        if spans:
            self.refresh(*(Region(span.x, span.y, span.width, 1) for span in spans))

    def render_line(self, y: int) -> Strip:
        """Row `y` of the canvas."""
        if (self._canvas.width, self._canvas.height) != self.size:
            self._canvas = self._drawn()
            self._strips.clear()
        if y >= self._canvas.height:
            return Strip.blank(self.size.width)
        if y not in self._strips:
            segments = [Segment(text, self._style(role)) for text, role in self._canvas.runs(y)]
            self._strips[y] = Strip(segments, self._canvas.width)
        return self._strips[y]

    def notify_style_update(self) -> None:
        """Forget the colours of the previous theme."""
        super().notify_style_update()
        self._role_styles.clear()
        self._strips.clear()

    def on_resize(self) -> None:
        """Draw for the new size."""
        self.redraw()

    def _style(self, role: str) -> Style:
        if role not in self._role_styles:
            self._role_styles[role] = self.get_component_rich_style(f"canvas--{role}")
        return self._role_styles[role]
