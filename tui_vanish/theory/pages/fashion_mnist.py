"""Fashion-MNIST: images of its classes, histograms of its pixels, and the input x of the net."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from engine.data.fashion_mnist import SIDE
from engine.protocol.data_spec import FASHION_MNIST
from engine.theory.images import CLASS_NAMES, Brightness, brightness, sample
from tui_vanish.drawing.format import count, percent
from tui_vanish.language import tr
from tui_vanish.theory import pictures
from tui_vanish.theory.page import Knob, Page, number
from tui_vanish.theory.sheet import Sheet

_INTERVALS = 24
_SMALL, _LARGE = SIDE // 2, SIDE  # width of an image in cells
_ACROSS = 5  # small images in a row
_WIDE, _TALL = 112, 33  # from this size in cells, everything is shown at once


class FashionMnist(Page):
    """The page."""

    id = "fashion-mnist"
    text_beside = False

    def __init__(self) -> None:
        super().__init__()
        self.view = Knob("show", ("ten classes", "one image"), "ten classes", around=True)
        self.label = Knob(
            "class",
            range(FASHION_MNIST.classes),
            0,
            lambda label: f"{label} {CLASS_NAMES[label]}",
            around=True,
        )
        self.which = Knob("image", range(30), 0, lambda which: str(which + 1))
        self._roomy = False

    def knobs(self) -> Sequence[Knob[Any]]:
        """The class and the image; also the view, unless there is room for everything at once."""
        return (self.label, self.which) if self._roomy else (self.view, self.label, self.which)

    def fit(self, width: int, height: int) -> None:
        """Show everything at once if there is room."""
        self._roomy = width >= _WIDE and height >= _TALL

    @cached_property
    def _all(self) -> Brightness:
        return brightness(sample().pixels, _INTERVALS)

    def draw(self, sheet: Sheet) -> None:
        """The ten classes or one image with its numbers; both if there is room."""
        top = sheet.paragraph(0, self._intro())
        if self._roomy:
            self._classes(sheet.part(0, top, _ACROSS * (_SMALL + 1), 16))
            self._numbers(sheet.part(78, top, sheet.width - 78, 16))
            self._image(sheet.part(0, top + 16, sheet.width, 14))
        elif self.view.value == "ten classes":
            self._classes(sheet.part(0, top, sheet.width, 16))
            sheet.footnotes(self.words("drawn", count=count(len(sample().labels))))
        else:
            self._image(sheet.part(0, top, sheet.width, 14))
            sheet.footnotes(self._x_text())

    def _intro(self) -> str:
        rows, columns = FASHION_MNIST.shape
        return self.words("intro", classes=str(FASHION_MNIST.classes), size=f"{rows}×{columns}")

    def _classes(self, sheet: Sheet) -> None:
        images = sample()
        for label, name in enumerate(CLASS_NAMES):
            x, y = label % _ACROSS * (_SMALL + 1), label // _ACROSS * 8
            which = self.which.value if label == self.label.value else 0
            part = sheet.part(x, y, _SMALL, 7)
            pictures.image(part, images.image(images.of_class(label, which)), _SMALL)
            role = "accent" if label == self.label.value else "dim"
            mark = sheet.signs.selected if label == self.label.value else " "
            sheet.put(x, y + 7, f"{mark}{label} {name}", role)

    def _image(self, sheet: Sheet) -> None:
        images = sample()
        pixels = images.image(images.of_class(self.label.value, self.which.value))
        pictures.image(sheet.part(0, 0, _LARGE, 14), pixels, _LARGE)
        right = sheet.part(_LARGE + 2, 0, sheet.width - _LARGE - 2, 14)
        middle = pixels[SIDE // 2 * SIDE + 10 : SIDE // 2 * SIDE + 18]
        right.put(0, 0, tr("x, in the middle of row {row}:", row=SIDE // 2 + 1), "dim")
        right.put(0, 1, " ".join(f"{value / 255:.2f}" for value in middle), "accent")
        one = brightness(pixels, _INTERVALS)
        self._histogram(right.part(0, 3, right.width // 2 - 1, 11), tr("this image's pixels"), one)
        half = right.width // 2 + 1
        self._histogram(right.part(half, 3, right.width - half, 11), tr("all images' pixels"), self._all)

    def _histogram(self, sheet: Sheet, title: str, found: Brightness) -> None:
        sheet.put(0, 0, title, "title")
        # The bar of the zeros would dwarf the others, so their share is written as a number instead.
        heights = pictures.rebinned(found.shares[1:], min(_INTERVALS, sheet.width))
        pictures.columns(sheet.part(0, 2, sheet.width, sheet.height - 3), heights, "series-1")
        sheet.put(0, 1, self.words("left_out", share=percent(found.shares[0])), "dim")
        sheet.put(0, sheet.height - 1, ">0", "dim")
        sheet.put(len(heights) - 1, sheet.height - 1, "1", "dim")

    def _numbers(self, sheet: Sheet) -> None:
        y = sheet.paragraph(0, self._x_text())
        y = sheet.paragraph(y + 1, self.words("zero", share=percent(self._all.shares[0])))
        sheet.paragraph(y + 1, self.words("drawn", count=count(len(sample().labels))), "dim")

    def _x_text(self) -> str:
        found = self._all
        return self.words(
            "x",
            inputs=str(FASHION_MNIST.inputs),
            mean=number(found.mean),
            std=number(found.std),
            second=number(found.second_moment),
        )
