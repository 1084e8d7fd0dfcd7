"""The theory pages in Vietnamese, drawn without an app: no text is cut, and every text is there."""

from collections.abc import Iterator

import pytest

from scenarios.theory import page_ids
from tests import goldens
from tests.tui.theory.test_pages import SIZES, drawn, settings
from tui_vanish.drawing.canvas import Canvas
from tui_vanish.language import use
from tui_vanish.theory.page_view import draw_page
from tui_vanish.theory.registry import Pages


@pytest.fixture(autouse=True)
def vietnamese() -> Iterator[None]:
    use("vi")
    yield
    use("en")


@pytest.mark.parametrize("ascii", [False, True], ids=["utf8", "ascii"])
@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("page_id", page_ids())
def test_nothing_is_cut(page_id: str, width: int, height: int, ascii: bool) -> None:
    page = Pages().open(page_id)
    for setting in settings(page):
        overflow = draw_page(page, Canvas(width, height), knob=page.knobs()[0], ascii=ascii)
        assert not overflow.texts, (setting, overflow.texts)


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("page_id", page_ids())
def test_a_page_matches_its_golden(page_id: str, width: int, height: int) -> None:
    goldens.check(f"vi/theory/{page_id}-{width}x{height}", drawn(Pages().open(page_id), width, height))


@pytest.mark.parametrize("page_id", page_ids())
def test_ascii_mode_draws_only_ascii(page_id: str) -> None:
    page = Pages().open(page_id)
    for setting in settings(page):
        text = drawn(page, ascii=True)
        assert text.isascii(), (setting, {sign for sign in text if not sign.isascii()})
        assert "?" not in text.replace("?)", ""), setting
