"""Every theory page with random knobs, steps and measurements, at random sizes: any exception fails."""

import pytest

from scenarios.theory import page_ids
from tests.fuzz.budget import Case, cases
from tests.tui import made_up_measurements
from tui_vanish.drawing.canvas import Canvas
from tui_vanish.theory.page import Page
from tui_vanish.theory.page_view import draw_page
from tui_vanish.theory.registry import Pages

_TURNS = (-100, -5, -1, 1, 5, 100)


def test_no_knob_and_no_size_breaks_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    made_up_measurements.pretend(monkeypatch)
    for case in cases("theory pages", at_least=24):
        page = Pages().open(page_ids()[case.number % len(page_ids())])
        said = [page.id]
        try:
            for _ in range(case.random.randrange(1, 40)):
                said.append(_act(page, case))
                width, height = _size(case)
                said.append(f"drawn at {width}x{height}")
                knob = case.random.choice([None, *page.knobs()])
                canvas = Canvas(width, height)
                draw_page(page, canvas, knob=knob, ascii=case.random.random() < 0.5)
                assert (canvas.width, canvas.height) == (width, height)
        except Exception as error:
            pytest.fail(f"{case.label}: {error!r} after {', '.join(said)}")


def _act(page: Page, case: Case) -> str:
    """Do what a key does, or what the thread does that measures; returns it in words."""
    kind = case.random.choice(["turn", "turn", "turn", "step", "step", "advance", "restart", "measure"])
    if kind == "turn" and page.knobs():
        knob = case.random.choice(list(page.knobs()))
        knob.turn(case.random.choice(_TURNS))
        return f"{knob.name} = {knob.shown}"
    if kind == "step":
        count = case.random.randrange(1, 30)
        for _ in range(count):
            page.step()
        return f"{count} steps"
    if kind == "advance":
        page.advance()
    elif kind == "restart":
        page.restart()
    elif work := page.work():
        work(lambda: False)
    return kind


def _size(case: Case) -> tuple[int, int]:
    draw = case.random
    if draw.random() < 0.4:
        return draw.randrange(12), draw.randrange(8)
    return draw.randrange(230), draw.randrange(70)
