"""Every page at sizes too small to read, before it has measured and after, as on a second opening."""

from itertools import product

import pytest
from rich.cells import cell_len

from scenarios.theory import page_ids
from tests.tui import made_up_measurements
from tui_vanish.drawing.canvas import Canvas
from tui_vanish.theory.page_view import draw_page
from tui_vanish.theory.pages.learning_circle import LearningCircle
from tui_vanish.theory.registry import Pages

TINY = [
    *product(range(9), range(6)),
    *((width, 24) for width in range(0, 80, 7)),
    *((80, height) for height in range(0, 24, 3)),
]


@pytest.mark.parametrize("ascii", [False, True], ids=["utf8", "ascii"])
@pytest.mark.parametrize("page_id", page_ids())
def test_every_view_of_a_page_is_drawn_at_every_tiny_size(
    page_id: str, ascii: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    made_up_measurements.pretend(monkeypatch)
    pages = Pages()
    page = pages.open(page_id)
    for opening in ("first", "second"):
        knob = page.knobs()[0]
        for _ in range(12):  # the first knob of a page with several views chooses the view
            for width, height in TINY:
                canvas = Canvas(width, height)
                draw_page(pages.open(page_id), canvas, knob=knob, ascii=ascii)
                assert [cell_len(canvas.line(y)) for y in range(height)] == [width] * height, opening
            knob.turn(1)
        if work := page.work():
            work(lambda: False)


def test_a_gradient_that_is_zero_is_said_and_not_divided_by() -> None:
    page = Pages().open("learning-circle")
    assert isinstance(page, LearningCircle)
    page.label.set(0)
    page.activation.set("relu")
    page.std.set(1.0)
    page.lr.set(1.0)
    texts = []
    for _ in range(36):
        page.step()
        canvas = Canvas(118, 33)
        draw_page(page, canvas, knob=None, ascii=False)
        texts.append(canvas.text())
    assert any("relative to ‖∂L/∂W²‖: 0 of 0" in text for text in texts)
