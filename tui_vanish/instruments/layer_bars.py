"""One bar per layer on an axis that contains every value, with the numbers beside it."""

import math
from typing import ClassVar, NamedTuple

from textual import events
from textual.message import Message

from tui_vanish.drawing import format
from tui_vanish.drawing.canvas import Canvas
from tui_vanish.drawing.glyphs import Alphabet
from tui_vanish.instruments.layer_profile import BarProfile, BarRow, visible
from tui_vanish.instruments.log_axis import LogAxis, UnitAxis
from tui_vanish.instruments.quantities import number
from tui_vanish.language import plural, tr
from tui_vanish.widgets.canvas_widget import CanvasWidget
from vanish_recorder.protocol.quantities import QUANTITIES
from vanish_recorder.protocol.quantity import Quantity

_LEAST_NAME = 7  # cells: "layer 1"
_MOST_NAME = 12
_LEAST_BAR = 40  # cells a bar keeps when a further column would take more
_NARROW_BAR = 12  # cells below which the first columns go, too
_GAP = 2  # cells between bars and numbers
_RANKS = [
    tuple(quantity for quantity in QUANTITIES.values() if quantity.column_rank == rank)
    for rank in sorted({each.column_rank for each in QUANTITIES.values() if each.column_rank is not None})
]


class LayerBars(CanvasWidget):
    """A network's layers, one per row: name, bar, numbers.

    A bar ends at the layer's value on the axis above. A value that is not a positive number is a word instead
    of a bar: "0" where the axis begins, "inf" where it ends, "nan". A frozen layer's bar has another texture
    and an "F" before it; the layer that the verdict names has a "!".
    """

    HELP = """
    One bar per layer, from the input to the output, on a logarithmic axis that contains every value. ┊ is
    where mean-field theory expects the layer at the first step. ! marks the layer that the verdict names, F a
    frozen layer. Up and down select a layer; f freezes it, d shows its values as histograms, v changes what
    the bars show.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "canvas--text",
        "canvas--muted",
        "canvas--bar",
        "canvas--accused",
        "canvas--frozen",
        "canvas--theory",
        "canvas--selected",
        "canvas--guide",
        "canvas--note",
    }
    DEFAULT_CSS = """
    LayerBars {
        & > .canvas--text { color: $foreground; }
        & > .canvas--muted { color: $foreground-muted; }
        & > .canvas--bar { color: $primary; }
        & > .canvas--accused { color: $text-error; text-style: bold; }
        & > .canvas--frozen { color: $text-secondary; }
        & > .canvas--theory { color: $text-warning; text-style: bold; }
        & > .canvas--selected { color: $text-accent; text-style: bold; }
        & > .canvas--guide { color: $foreground 25%; }
        & > .canvas--note { color: $text-warning; }
    }
    """

    class Clicked(Message):
        """A layer was clicked."""

        def __init__(self, layer: str) -> None:
            super().__init__()
            self.layer = layer

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._profile = BarProfile()
        self._axis: LogAxis | UnitAxis = LogAxis()
        self._first = 0
        self._thick = False
        self._row_of_line: dict[int, str] = {}

    def show(self, profile: BarProfile, *, thick: bool = False) -> None:
        """Show `profile` from now on.

        Args:
            profile: the layers and their numbers.
            thick: whether a bar has two rows, where all layers have room for that.
        """
        before, self._profile = self._profile, profile
        self._thick = thick
        if (before.run, before.quantity) != (profile.run, profile.quantity):
            self._axis = UnitAxis() if profile.quantity.scale == "unit" else LogAxis()
        if before.run != profile.run:
            self._first = 0
        if profile.selected != before.selected and (place := profile.index(profile.selected)) is not None:
            self._first = max(0, place - 1)
        values = [value for row in profile.rows if (value := profile.value(row)) is not None]
        self._axis.fit([*values, *profile.marks.values()])
        self.redraw()

    def scroll_layers(self, by: int) -> None:
        """Where there are more layers than rows, start the middle ones `by` layers further down."""
        self._first = min(max(0, self._first + by), max(0, len(self._profile.rows) - 1))
        self.redraw()

    def draw(self, width: int, height: int) -> Canvas:
        """The axis on top, then the layers, then the note if a row is left for it."""
        canvas = Canvas(width, height)
        profile, signs = self._profile, self.alphabet
        form = _Form.of(profile, width)
        each = 2 if self._thick and height - 1 >= 2 * len(profile.rows) else 1  # rows per layer
        note_below = bool(profile.note) and height > each * len(profile.rows) + 1
        self._draw_head(canvas, form, "" if note_below else profile.note)
        rows = self._visible(height - 1)
        self._row_of_line = {}
        for number_of_row, place in enumerate(rows):
            y = 1 + each * number_of_row
            if place is None:
                hidden = _left_out(rows, number_of_row, len(profile.rows))
                canvas.put(
                    1,
                    y,
                    plural("{sign} {number} more", "{sign} {number} more", hidden, sign=signs.gap),
                    "muted",
                )
                continue
            row = profile.rows[place]
            self._draw_row(canvas, y, row, form)
            for line in range(y, y + each):
                self._row_of_line[line] = row.name
                self._draw_bar(canvas, line, row, form)
        if note_below:
            canvas.put(form.bar_x, each * len(rows) + 1, profile.note, "note")
        return canvas

    def _visible(self, room: int) -> list[int | None]:
        profile, total = self._profile, len(self._profile.rows)
        candidates = (profile.index(profile.selected), profile.worst(), total - 1, 0)
        pinned = tuple(place for place in candidates if place is not None)
        return visible(total, room, pinned, self._first)

    def _draw_head(self, canvas: Canvas, form: "_Form", note: str) -> None:
        quantity = self._profile.quantity
        canvas.put(1, 0, quantity.symbol_ascii if self.alphabet.ascii else quantity.symbol, "muted")
        end = form.bar_x - 1  # the last cell taken
        if note:
            canvas.put(form.bar_x, 0, note, "note")
            end = form.bar_x + len(note)
        for place, label in self._axis.ticks(form.bar_width):
            x = form.bar_x + min(_cell(place, form.bar_width), form.bar_width - len(label))
            if x > end and form.bar_width >= len(label):
                canvas.put(x, 0, label, "muted")
                end = x + len(label)
        for column in form.columns:
            column.put(canvas, 0, column.quantity.column, "muted")

    def _draw_row(self, canvas: Canvas, y: int, row: BarRow, form: "_Form") -> None:
        signs, profile, sample = self.alphabet, self._profile, row.sample
        selected, accused = row.name == profile.selected, row.name == profile.accused
        frozen = sample is not None and sample.frozen
        if selected:
            canvas.put(0, y, signs.selected, "selected")
        name = format.block_name(row.name, row.kind)[: form.name_width]
        canvas.put(1, y, name, "selected" if selected else "accused" if accused else "text")
        if frozen or accused:
            canvas.put(form.bar_x - 2, y, "F" if frozen else "!", "frozen" if frozen else "accused")
        for column in form.columns:
            value = sample.value(column.quantity) if sample is not None else None
            text = number(column.quantity, value, ascii=signs.ascii)
            column.put(canvas, y, text, "muted" if value is None else "text")

    def _draw_bar(self, canvas: Canvas, y: int, row: BarRow, form: "_Form") -> None:
        signs, x, width = self.alphabet, form.bar_x, form.bar_width
        if width <= 0:
            return
        for place, _ in self._axis.ticks(width):
            canvas.put(x + _cell(place, width), y, signs.guide, "guide")
        frozen = row.sample is not None and row.sample.frozen
        role = "frozen" if frozen else "accused" if row.name == self._profile.accused else "bar"
        value = self._profile.value(row)
        if not row.built:
            canvas.put(x, y, _fitting(tr("not built"), width), "muted")
        elif value is None:
            canvas.put(x, y, _fitting(tr("frozen") if frozen else "", width), role)
        elif math.isnan(value):
            canvas.put(x, y, _fitting("nan", width), "accused")
        elif math.isinf(value):
            word = format.scientific(value)
            canvas.put(x + width - len(word) if value > 0 else x, y, word, "accused")
        elif value <= 0:
            canvas.put(x, y, format.scientific(value), role)
        else:
            canvas.put(x, y, _bar(self._axis.fraction(value), width, signs, frozen), role)
        mark = self._profile.marks.get(row.name)
        if row.built and mark is not None and 0 < mark < math.inf:
            canvas.put(x + _cell(self._axis.fraction(mark), width), y, signs.theory, "theory")

    def on_click(self, event: events.Click) -> None:
        """Say which layer was clicked."""
        offset = event.get_content_offset(self)
        if offset is not None and (layer := self._row_of_line.get(offset.y)) is not None:
            self.post_message(self.Clicked(layer))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Show layers further down."""
        self.scroll_layers(1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Show layers further up."""
        self.scroll_layers(-1)


class _Column(NamedTuple):
    quantity: Quantity
    x: int = 0

    def put(self, canvas: Canvas, y: int, text: str, role: str) -> None:
        canvas.put(self.x + self.quantity.column_width - len(text), y, text, role)


class _Form(NamedTuple):
    """Where things stand in a row of a given width."""

    name_width: int
    bar_x: int
    bar_width: int
    columns: tuple[_Column, ...]

    @classmethod
    def of(cls, profile: BarProfile, width: int) -> "_Form":
        names = [len(format.block_name(row.name, row.kind)) for row in profile.rows]
        name_width = min(_MOST_NAME, max([_LEAST_NAME, *names]))
        bar_x = 1 + name_width + 3  # what is selected, the name, a blank, a letter, a blank
        chosen: list[_Column] = []
        left = width - bar_x - _GAP + 1
        for place, quantity in enumerate(_wanted(profile)):
            if left - quantity.column_width < (_NARROW_BAR if place < 3 else _LEAST_BAR):
                break
            chosen.append(_Column(quantity))
            left -= quantity.column_width
        if not chosen:
            return cls(name_width, bar_x, max(0, width - bar_x), ())
        x = width
        placed: list[_Column] = []
        for column in reversed(chosen):
            x -= column.quantity.column_width
            placed.append(column._replace(x=x))
        return cls(name_width, bar_x, x - bar_x - _GAP + 1, tuple(reversed(placed)))


def _wanted(profile: BarProfile) -> list[Quantity]:
    """The columns in the order in which they are added: the bars' quantity, then one of each rank."""
    samples = [row.sample for row in profile.rows if row.sample is not None]
    wanted = [profile.quantity]
    for alike in _RANKS:
        measured = [each for each in alike if any(sample.value(each) is not None for sample in samples)]
        if profile.measured is not None:  # what the run has had once keeps its column
            measured += [each for each in alike if each.name in profile.measured]
        if not measured and profile.measured is None:  # what every run may have is shown without numbers, too
            measured = [each for each in alike if each.precisions is None]
        wanted += measured[:1]
    return list(dict.fromkeys(wanted))


def _cell(fraction: float, width: int) -> int:
    """The cell that holds a place from 0 to 1."""
    return min(width - 1, int(fraction * width))


def _bar(fraction: float, width: int, signs: Alphabet, frozen: bool) -> str:
    """A bar of `fraction` of the width; there is always something to see."""
    body, tips = (signs.frozen_bar, " ") if frozen else (signs.bar, signs.bar_tips)
    parts = max(1, round(fraction * width * len(tips)))
    full, part = divmod(parts, len(tips))
    return body * full + (tips[part] if part else "")


def _fitting(text: str, width: int) -> str:
    return text if len(text) <= width else ""


def _left_out(rows: list[int | None], gap: int, total: int) -> int:
    """How many layers the "more" in row `gap` stands for."""
    above = rows[gap - 1] if gap else -1
    below = rows[gap + 1] if gap + 1 < len(rows) else total
    return (below or 0) - (-1 if above is None else above) - 1
