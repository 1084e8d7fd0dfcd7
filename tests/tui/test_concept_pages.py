"""Every page, drawn without an app: nothing is cut, ASCII is ASCII, and knobs change what is seen."""

from collections.abc import Iterator
from random import Random

import pytest

from scenarios.concepts import page_ids
from tests import goldens
from tui_vanish.cells import Canvas
from tui_vanish.concepts.formulas import in_ascii
from tui_vanish.concepts.page import Page
from tui_vanish.concepts.pages import Pages
from tui_vanish.widgets.page_view import draw_page

TURNS = 60
SIZES = [(78, 21), (118, 33)]  # of what is inside the frame at 80×24 and 120×36


def settings(page: Page) -> Iterator[str]:
    """The page as it opens, then after each of many random turns and steps."""
    yield "as it opens"
    draw = Random(7)
    for _ in range(TURNS):
        knob = draw.choice(page.knobs())
        knob.turn(draw.choice((-100, -1, 1, 100)))
        if draw.random() < 0.3:
            page.step()
        yield ", ".join(f"{knob.name} = {knob.shown}" for knob in page.knobs())


def drawn(page: Page, width: int = 118, height: int = 33, *, ascii: bool = False) -> str:
    canvas = Canvas(width, height)
    draw_page(page, canvas, knob=page.knobs()[0], ascii=ascii)
    return canvas.text()


@pytest.mark.parametrize("ascii", [False, True], ids=["utf8", "ascii"])
@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("page_id", page_ids())
def test_nothing_is_cut(page_id: str, width: int, height: int, ascii: bool) -> None:
    page = Pages().open(page_id)
    for setting in settings(page):
        overflow = draw_page(page, Canvas(width, height), knob=page.knobs()[0], ascii=ascii)
        assert not overflow.texts, setting


@pytest.mark.parametrize("page_id", page_ids())
def test_in_ascii_there_is_nothing_but_ascii(page_id: str) -> None:
    page = Pages().open(page_id)
    for setting in settings(page):
        text = drawn(page, ascii=True)
        assert text.isascii(), (setting, {sign for sign in text if not sign.isascii()})
        assert "?" not in text.replace("?)", ""), setting


@pytest.mark.parametrize("ascii", [False, True], ids=["utf8", "ascii"])
@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("page_id", page_ids())
def test_a_page_looks_as_it_did(page_id: str, width: int, height: int, ascii: bool) -> None:
    page = Pages().open(page_id)
    text = drawn(page, width, height, ascii=ascii)
    goldens.check(f"concepts/{page_id}-{width}x{height}-{'ascii' if ascii else 'utf8'}", text)


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("page_id", ["weights", "normalisation", "skip-connection", "signs"])
def test_with_its_measurements_nothing_is_cut_either(page_id: str, width: int, height: int) -> None:
    page = Pages().open(page_id)
    measure(page)
    for ascii in (False, True):
        assert page.work() is None
        overflow = draw_page(page, Canvas(width, height), knob=page.knobs()[0], ascii=ascii)
        assert not overflow.texts


def test_work_that_nobody_waits_for_stops() -> None:
    page = Pages().open("signs")
    work = page.work()
    assert work is not None
    work(lambda: True)
    assert page.work() is not None


@pytest.mark.parametrize("page_id", page_ids())
def test_every_knob_changes_what_is_seen(page_id: str) -> None:
    page = Pages().open(page_id)
    for knob in page.knobs():
        before = knob.value
        seen = set()
        for by in (0, 1, -2):
            knob.turn(by)
            if page.id != "signs":  # another sign says so itself, before its run has begun
                measure(page)
            seen.add(body(page))
        assert len(seen) > 1, knob.name
        knob.set(before)


def measure(page: Page) -> None:
    """Do what a page needs a thread for."""
    if work := page.work():
        work(lambda: False)


def body(page: Page) -> str:
    """What is under the knobs."""
    return "\n".join(drawn(page, *SIZES[0]).splitlines()[2:])


@pytest.mark.parametrize(
    ("unicode", "ascii"),
    [
        ("10⁷ and 1.4·10⁻⁴⁵", "10^7 and 1.4*10^-45"),
        ("m̂ ← m/(1 − β₁ᵗ)", "m_hat <- m/(1 - beta_1^t)"),
        ("∂L/∂W¹", "dL/dW^1"),
        ("a⁽ˡ⁻¹⁾", "a^(l-1)"),
        ("Giới thiệu vấn đề", "Gioi thieu van de"),
        ("plain", "plain"),
    ],
)
def test_formulas_in_ascii(unicode: str, ascii: str) -> None:
    assert in_ascii(unicode) == ascii
