"""Learning circle: forward, loss, backward and update on one image, one station at a time."""

from collections.abc import Sequence
from typing import Any

from engine.data.fashion_mnist import PIXELS, SIDE
from engine.theory.circle import Matrix, Round, Vector, Weights, draw_weights, go_round, norm
from engine.theory.images import CLASS_NAMES, sample
from tui_vanish.drawing.format import column
from tui_vanish.language import tr
from tui_vanish.theory import pictures
from tui_vanish.theory.page import Knob, Page, number, ratio
from tui_vanish.theory.sheet import Sheet

_FORWARD = 5  # stations on the upper side of the circle; the loss is at the right end, the update at the left
_STATIONS = 12
_WIDEST = 160  # cells for the circle; beside it, the image has room to be twice as large
_ROUND_ROW = 13  # of the loss of this round, below the numbers


class LearningCircle(Page):
    """The page."""

    id = "learning-circle"
    text_beside = False
    step_label = "next station"
    run_label = "run"

    def __init__(self) -> None:
        super().__init__()
        self.label = Knob("image", range(len(CLASS_NAMES)), 9, lambda label: CLASS_NAMES[label], around=True)
        self.activation = Knob("g", ("sigmoid", "tanh", "relu"), "sigmoid", around=True)
        self.std = Knob("σ", (0.01, 0.05, 0.1, 0.5, 1.0), 0.05, number)
        self.lr = Knob("η", (0.001, 0.01, 0.1, 0.5, 1.0), 0.1, number)
        self._taken = 0
        self._settings: tuple[Any, ...] = ()
        self._round = 0  # the number of the first round in `_kept`, from 0
        self._kept: tuple[Round, Round] | None = None  # the current round and the next one

    def knobs(self) -> Sequence[Knob[Any]]:
        """The image, the activation, the standard deviation of the weights and the learning rate."""
        return self.label, self.activation, self.std, self.lr

    def step(self) -> bool:
        """Go to the next station."""
        self._taken += 1
        return True

    def restart(self) -> None:
        """Return to the first station, with the initial weights."""
        self._taken = 0
        self._kept = None

    def draw(self, sheet: Sheet) -> None:
        """The circle at the top, the image and the numbers of the current station below it."""
        rounds = self._rounds()
        top = sheet.paragraph(0, self.words("intro")) + (sheet.height > 22)
        self._circle(sheet.part(0, top, min(sheet.width, _WIDEST), 6))
        top += 6 + (sheet.height > 22)
        image = sample().image(sample().of_class(self.label.value, 0))
        room = sheet.height - top
        sizes = (2 * SIDE, SIDE) if sheet.width > _WIDEST else (SIDE,)
        wide = next((size for size in sizes if room > size // 2), SIDE // 2)
        pictures.image(sheet.part(0, top, wide, wide // 2), image, wide)
        self._numbers(sheet.part(wide + 2, top, sheet.width - wide - 2, sheet.height - top), rounds)

    def _rounds(self) -> tuple[Round, Round]:
        """The current round and the next one; after a knob was turned, the first two, at the same station."""
        settings = (self.label.value, self.activation.value, self.std.value, self.lr.value)
        if self._kept is None or settings != self._settings:
            self._settings, self._round = settings, 0
            self._taken %= _STATIONS
            first = self._go_round(draw_weights(self.std.value, PIXELS))
            self._kept = first, self._go_round(first.after)
        while self._round < self._taken // _STATIONS:
            self._kept = self._kept[1], self._go_round(self._kept[1].after)
            self._round += 1
        return self._kept

    def _go_round(self, weights: Weights) -> Round:
        x = tuple(value / 255 for value in sample().image(sample().of_class(self.label.value, 0)))
        return go_round(weights, x, self.label.value, self.activation.value, self.lr.value)

    def _circle(self, sheet: Sheet) -> None:
        stations = self.text.tables["stations"]
        here = self._taken % _STATIONS
        ascii = sheet.ascii
        right, left, up = ("-> ", " <-", "<-+") if ascii else ("──▶", "◀──", "◀─╯")
        line, corner, begin = ("-", "+", "+--") if ascii else ("─", "╮", "╰──")
        side = (sheet.width - 10) // _FORWARD
        for place, station in enumerate(stations):
            role = "cursor" if place == here else "strong" if place < here else "text"
            if place < _FORWARD:
                x, y = place * side, 0
                sheet.put(x + side - 4, y, right if place < _FORWARD - 1 else line * 7 + corner, "line")
            elif place == _FORWARD:
                x, y = _FORWARD * side + 1, 2
                sheet.put(x + 1, y + 2, up, "line")
            elif place == _STATIONS - 1:
                x, y = 0, 2
            else:
                x, y = (_STATIONS - 2 - place) * side + side // 2, 4
                sheet.put(x - 4, y, left if x > side else begin, "line")
            sheet.put(x, y, f" {station['name']} ", role)
            sheet.put(x + 1, y + 1, str(station["place"]), "dim")

    def _numbers(self, sheet: Sheet, rounds: tuple[Round, Round]) -> None:
        (now, then), place = rounds, self._taken % _STATIONS
        station = self.text.tables["stations"][place]
        label = self.label.value
        says = str(station["says"]).format(**{"label": str(label), "class": CLASS_NAMES[label]})
        y = sheet.paragraph(0, says)
        for row, line in enumerate(_lines(now, place, label), y):
            sheet.put(0, row, line, "accent")
        loss, after = number(now.loss, 4), number(then.loss, 4)
        text = self.words("round", round=str(self._taken // _STATIONS + 1), loss=loss, after=after)
        sheet.put(0, min(sheet.height - 1, _ROUND_ROW), text, "title")


def _lines(now: Round, place: int, label: int) -> list[str]:
    """The lines of numbers shown at a station."""
    before, gradient = now.before, now.gradient
    match place:
        case 0:
            x = sample().image(sample().of_class(label, 0))
            return [_row(SIDE // 2 + 1, " ".join(f"{value / 255:.2f}" for value in _middle(x)))]
        case 1:
            return [_vector(now.z1), f"‖W¹‖ = {number(norm(before.w1))}"]
        case 2:
            return [_vector(now.a1)]
        case 3:
            return _two_lines(now.z2)
        case 4:
            return [*_two_lines(now.p), tr("ŷ of the label: {value}", value=number(now.p[label]))]
        case 5:
            return [f"L = −log {number(now.p[label], 4)} = {number(now.loss, 4)}"]
        case 6:
            return _two_lines(now.d_z2)
        case 7:
            return [f"‖∂L/∂W²‖ = {number(norm(gradient.w2))}", _row(1, _vector(gradient.w2[0]))]
        case 8:
            return [_vector(now.d_a1)]
        case 9:
            return [_vector(now.d_z1)]
        case 10:
            return [
                f"‖∂L/∂W¹‖ = {number(norm(gradient.w1))}",
                tr("relative to ‖∂L/∂W²‖: {value}", value=ratio(norm(gradient.w1), norm(gradient.w2))),
            ]
        case _:
            return [_change("W¹", before.w1, now.after.w1), _change("W²", before.w2, now.after.w2)]


def _row(row: int, numbers: str) -> str:
    return tr("row {row}: {numbers}", row=row, numbers=numbers)


def _middle(pixels: bytes) -> bytes:
    """Eight pixels in the middle of an image."""
    start = SIDE // 2 * SIDE + SIDE // 2 - 2
    return pixels[start : start + 8]


def _change(name: str, before: Matrix, after: Matrix) -> str:
    moved = tuple(tuple(b - a for a, b in zip(x, y, strict=True)) for x, y in zip(before, after, strict=True))
    return f"‖Δ{name}‖/‖{name}‖ = {ratio(norm(moved), norm(before))}"


def _vector(values: Vector) -> str:
    return _listed(column(values))


def _two_lines(values: Vector) -> list[str]:
    """The ten numbers of the output layer, five in a line."""
    texts = column(values)
    wide = max(map(len, texts))
    return [_listed([f"{text:>{wide}}" for text in part]) for part in (texts[:5], texts[5:])]


def _listed(texts: Sequence[str]) -> str:
    return f"({'  '.join(texts)})"
