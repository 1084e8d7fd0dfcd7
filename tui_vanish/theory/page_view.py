"""A theory page on the screen: its knobs in one or two rows, its body below."""

from collections.abc import Sequence
from typing import Any, ClassVar

from rich.style import Style
from textual.color import Color

from scenarios.theory import BEYOND, PageText, page_ids, page_text
from tui_vanish.drawing.canvas import Canvas, greys
from tui_vanish.drawing.text import Piece, Row, cut, row_width
from tui_vanish.language import current, tr, tr_in
from tui_vanish.theory.formulas import in_ascii
from tui_vanish.theory.page import Knob, Page
from tui_vanish.theory.sheet import Overflow, Sheet
from tui_vanish.widgets.item_list import ItemList
from tui_vanish.widgets.rows import Rows

_ROOMY = 24  # rows; from this height on an empty row separates the knobs from the body
_GAP = 2
_WIDE = 150  # cells; from this width on, the text of most pages is beside its pictures
_TEXT_COLUMN = 52  # cells


class PageView(Rows):
    """Draws a page. The screen handles its keys."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        *(f"canvas--series-{number}" for number in range(1, 5)),
        "canvas--series-2-on-bar",
    }
    DEFAULT_CSS = """
    PageView {
        & > .canvas--series-1 { color: $primary; }
        & > .canvas--series-2 { color: $warning; }
        & > .canvas--series-3 { color: $success; }
        & > .canvas--series-4 { color: $error; }
        & > .canvas--series-2-on-bar { color: $background; background: $primary; text-style: bold; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._page: Page | None = None
        self._chosen: dict[str, str] = {}

    def show(self, page: Page) -> None:
        """Show `page`."""
        self._page = page
        self.redraw()

    @property
    def knob(self) -> Knob[Any] | None:
        """The selected knob; None if the page has none."""
        knobs = self._page.knobs() if self._page else ()
        if not knobs or self._page is None:
            return None
        chosen = self._chosen.get(self._page.id)
        return next((knob for knob in knobs if knob.name == chosen), knobs[0])

    def choose(self, by: int) -> None:
        """Select another knob."""
        if self._page is None or (knob := self.knob) is None:
            return
        knobs = list(self._page.knobs())
        place = next(place for place, other in enumerate(knobs) if other is knob)
        self._chosen[self._page.id] = knobs[(place + by) % len(knobs)].name
        self.redraw()

    def draw(self, width: int, height: int) -> Canvas:
        """Draw the knobs and the body."""
        canvas = Canvas(width, height)
        if self._page is not None:
            ascii = self.alphabet.ascii
            draw_page(self._page, canvas, knob=self.knob, ascii=ascii, greys=self._has_greys and not ascii)
        return canvas

    @property
    def _has_greys(self) -> bool:
        """Whether the terminal has at least 256 colours, and the theme uses them."""
        depth = self.app.console.color_system
        return depth in ("truecolor", "256") and not self.app.ansi_color and self._background.ansi is None

    @property
    def _background(self) -> Color:
        return Color.parse(self.app.theme_variables["background"])

    def _style(self, role: str) -> Style:
        """The style of a role; a grey one is between the theme's background and its text."""
        shares = greys(role)
        if shares is None:
            return super()._style(role)
        if role not in self._role_styles:
            dark, light = self._background, Color.parse(self.app.theme_variables["foreground"])
            upper, lower = (dark.blend(light, share).rich_color for share in shares)
            self._role_styles[role] = Style(color=upper, bgcolor=lower)
        return self._role_styles[role]


class Contents(ItemList[str]):
    """All pages by title, each with its slides."""

    def __init__(self) -> None:
        super().__init__(page_ids())

    @property
    def page_id(self) -> str:
        """The highlighted page."""
        return self.current or page_ids()[0]

    def key(self, item: str) -> str:
        """The page's id."""
        return item

    def item_row(self, item: str, width: int, *, here: bool) -> Row:
        """The page's title and its slides."""
        text = page_text(item, current())
        slides = "; ".join(dict.fromkeys(title.partition(":")[0] for title in text.slides)) or tr(BEYOND)
        name = text.title
        if self.alphabet.ascii:
            name, slides = in_ascii(name), in_ascii(slides)
        mark = self.alphabet.selected if here else " "
        title = f" {mark} {page_ids().index(item) + 1:2}  {name:<20}"
        shown = cut(slides, width - len(title) - 3)
        return (Piece(title, "cursor" if here else "text"), Piece("  "), Piece(shown, "dim"))

    def rows(self, width: int, height: int) -> list[Row]:
        """The list, and details of the highlighted page below it."""
        listed = super().rows(width, height)
        return [*listed, (), *self._about(page_text(self.page_id, current()), width)][:height]

    def _about(self, text: PageText, width: int) -> list[Row]:
        """The slides of the highlighted page, and the scenarios that it explains."""
        slides = text.slides or (tr(BEYOND),)
        lines = [(tr("Slides"), "title"), *((f"  {title}", "text") for title in slides)]
        if text.explains:
            lines += [(tr("Explains"), "title"), (f"  {', '.join(text.explains)}", "text")]
        ascii = self.alphabet.ascii
        return [
            (Piece(cut(f" {in_ascii(line) if ascii else line}", width - 1), role),) for line, role in lines
        ]


def draw_page(
    page: Page, canvas: Canvas, *, knob: Knob[Any] | None, ascii: bool, greys: bool = False
) -> Overflow:
    """Draw a page's knobs and body.

    Args:
        page: the page.
        canvas: to draw on.
        knob: the selected one.
        ascii: whether to use only ASCII characters.
        greys: whether the terminal has enough colours for grey pixels.

    Returns:
        What had no room.
    """
    page.fit(canvas.width, canvas.height)
    sheet = Sheet(canvas, ascii, 1, 0, canvas.width - 2, greys=greys)
    y = 0
    for row in _knob_rows(page.knobs(), knob, sheet.width, ascii):
        sheet.row(0, y, *row)
        y += 1
    y += canvas.height >= _ROOMY
    body = sheet.part(0, y, sheet.width, canvas.height - y)
    page.draw(body.beside(_TEXT_COLUMN) if page.text_beside and sheet.width >= _WIDE else body)
    return sheet.overflow


def _knob_rows(knobs: Sequence[Knob[Any]], chosen: Knob[Any] | None, width: int, ascii: bool) -> list[Row]:
    rows: list[Row] = [()]
    for knob in knobs:
        row = _knob(knob, knob is chosen, ascii)
        gap = Piece(" " * _GAP) if rows[-1] else Piece("")
        if rows[-1] and row_width((*rows[-1], gap, *row)) > width:
            rows.append(row)
        else:
            rows[-1] = (*rows[-1], gap, *row) if rows[-1] else row
    return rows


def _knob(knob: Knob[Any], chosen: bool, ascii: bool) -> Row:
    texts = tr_in("knob", knob.name), tr_in("knob", knob.shown)
    name, value = (in_ascii(text) if ascii else text for text in texts)
    left, right = "<>" if ascii else "‹›"
    if not chosen:
        return (Piece(f"{name} ", "dim"), Piece(f" {value} ", "text"))
    first, last = knob.at_end
    return (
        Piece(f"{name} ", "accent"),
        Piece(f"{' ' if first else left}{value}{' ' if last else right}", "cursor"),
    )
