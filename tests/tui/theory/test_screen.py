"""The theory in an app: opening a page, turning knobs, going back; torch is loaded only when needed."""

import subprocess
import sys
from typing import Any

import pytest
from textual.app import App

import scenarios
from scenarios.theory import page_for, page_ids, page_text
from tui_vanish.chrome.key_footer import KeyFooter
from tui_vanish.theory.page import Knob, Page, Work
from tui_vanish.theory.page_view import Contents, PageView
from tui_vanish.theory.registry import Pages
from tui_vanish.theory.screen import TheoryScreen
from tui_vanish.widgets.frame import FrameLine


class Host(App[None]):
    """An app with only the theory, over an empty screen."""

    def __init__(self, page_id: str | None) -> None:
        super().__init__()
        self.pages = Pages()
        self._page_id = page_id

    def on_mount(self) -> None:
        self.push_screen(TheoryScreen(self.pages, self._page_id))

    @property
    def theory(self) -> TheoryScreen:
        assert isinstance(self.screen, TheoryScreen)
        return self.screen

    def page(self) -> Page:
        page_id = self.theory.page_id
        assert page_id is not None
        return self.pages.open(page_id)

    def row(self, kind: type[Any], y: int = 0) -> str:
        return str(self.screen.query(kind).first().render_line(y).text)


async def test_the_arrow_keys_turn_the_selected_knob_and_the_body_changes_at_once() -> None:
    app = Host("chain")
    async with app.run_test(size=(80, 24)) as pilot:
        before = app.screen.query_one(PageView).draw(78, 21).text()
        await pilot.press("down", "right")
        after = app.screen.query_one(PageView).draw(78, 21).text()
        assert [knob.shown for knob in app.page().knobs()][:2] == ["10", "8"]
        assert "10^8" in after
        assert "10^8" not in before
        await pilot.press("up", "left")
        assert [knob.shown for knob in app.page().knobs()][:2] == ["5", "8"]


async def test_a_knob_stops_at_its_last_value() -> None:
    app = Host("chain")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("right", "right")
        assert app.page().knobs()[0].value == 10


async def test_esc_leaves_a_page_that_was_opened_directly() -> None:
    app = Host("chain")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("escape")
        assert not isinstance(app.screen, TheoryScreen)


async def test_a_page_opens_from_the_list_and_esc_goes_back_to_the_list() -> None:
    app = Host(None)
    async with app.run_test(size=(80, 24)) as pilot:
        assert app.screen.query_one(Contents).display
        await pilot.press("down", "enter")
        assert app.theory.page_id == page_ids()[1]
        await pilot.press("escape")
        assert app.theory.page_id is None
        assert app.screen.query_one(Contents).page_id == page_ids()[1]
        await pilot.press("escape")
        assert not isinstance(app.screen, TheoryScreen)


async def test_t_switches_between_the_page_and_the_list() -> None:
    app = Host("chain")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("t")
        assert app.theory.page_id is None
        await pilot.press("t")
        assert app.theory.page_id == "chain"


async def test_tab_goes_to_the_next_page_and_pages_keep_their_knobs() -> None:
    app = Host("map")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("right", "tab")
        assert app.theory.page_id == page_ids()[page_ids().index("map") + 1]
        await pilot.press("shift+tab")
        assert app.theory.page_id == "map"
        assert app.page().knobs()[0].shown == "sigmoid_beta"


def test_the_first_page_follows_the_last() -> None:
    assert Pages().beside(page_ids()[-1], 1) == page_ids()[0]
    assert Pages().beside(page_ids()[0], -1) == page_ids()[-1]


async def test_enter_steps_and_r_restarts() -> None:
    app = Host("optimizers")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("r")
        assert "step 0" in app.screen.query_one(PageView).draw(78, 21).text()
        await pilot.press("enter", "enter")
        assert "step 2" in app.screen.query_one(PageView).draw(78, 21).text()


async def test_space_runs_to_the_last_step() -> None:
    app = Host("train-some-layers")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("space")
        assert "stop" in app.row(KeyFooter)
        for _ in range(40):
            await pilot.pause(0.05)
            if "stop" not in app.row(KeyFooter):
                break
        assert app.page().knobs()[0].value == 7
        assert "run" in app.row(KeyFooter)


async def test_an_error_in_a_page_s_thread_is_shown_at_the_bottom(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(given_up: object) -> None:
        raise OSError("no such file")

    app = Host("chain")
    async with app.run_test(size=(80, 24)) as pilot:
        work: list[Work | None] = [fail]
        monkeypatch.setattr(app.page(), "work", lambda: work[0])
        await pilot.press("left")
        await app.workers.wait_for_complete()
        await pilot.pause()
        end = app.screen.query_one("#theory-end", FrameLine).render_line(0).text
        assert "cannot be measured: no such file" in end
        work[0] = None
        await pilot.press("left")
        assert "cannot" not in app.screen.query_one("#theory-end", FrameLine).render_line(0).text


async def test_a_terminal_below_80x24_shows_a_message() -> None:
    app = Host("learning-circle")
    async with app.run_test(size=(60, 12)) as pilot:
        strips = app.screen._compositor.render_strips(app.size)
        words = "\n".join(strip.text for strip in strips).split()
        assert words == ["vanish-tui", "needs", "80×24;", "this", "is", "60×12"]
        await pilot.resize_terminal(20, 4)
        await pilot.resize_terminal(80, 24)
        assert "image" in app.row(PageView)


async def test_a_measured_page_shows_its_numbers_when_the_thread_is_done() -> None:
    app = Host("normalisation")
    async with app.run_test(size=(80, 24)) as pilot:
        await app.workers.wait_for_complete()
        await pilot.pause()
        text = app.screen.query_one(PageView).draw(78, 21).text()
        assert "mean 0.00, std 1.00" in text


def test_a_choice_wraps_around_and_a_number_does_not() -> None:
    choice = Knob("g", ("a", "b"), "b", around=True)
    choice.turn(1)
    assert choice.value == "a"
    counted = Knob("n", range(3), 2)
    counted.turn(5)
    assert counted.value == 2


def test_every_scenario_of_the_slides_has_a_page_that_explains_it() -> None:
    ids = [entry.id for entry in scenarios.entries()]
    assert all(page_for(scenario_id) for scenario_id in ids)
    named = [name for page_id in page_ids() for name in page_text(page_id).explains]
    assert sorted(named) == sorted(ids)
    assert page_for("of the user's own") is None


@pytest.mark.parametrize("page_id", page_ids())
def test_a_page_names_its_slides_or_says_that_it_goes_beyond_them(page_id: str) -> None:
    text = page_text(page_id)
    assert text.title
    beyond = page_ids()[page_ids().index("map") :]
    assert bool(text.slides) == (page_id not in beyond)


async def test_the_screen_and_the_list_say_that_the_map_goes_beyond_the_slides() -> None:
    app = Host("map")
    async with app.run_test(size=(80, 24)) as pilot:
        assert "13 The map" in app.row(FrameLine)
        assert "beyond the slides" in app.row(FrameLine)
        await pilot.press("t")
        text = app.screen.query_one(Contents).draw(78, 21).text()
        assert [line for line in text.splitlines() if "The map" in line and "beyond the slides" in line]


def test_opening_and_drawing_every_page_loads_no_torch() -> None:
    program = """
import sys
from scenarios.theory import page_ids
from tui_vanish.drawing.canvas import Canvas
from tui_vanish.theory.registry import Pages
from tui_vanish.theory.page_view import draw_page
pages = Pages()
for page_id in page_ids():
    page = pages.open(page_id)
    draw_page(page, Canvas(118, 33), knob=None, ascii=False)
sys.exit("torch" in sys.modules or "plotext" in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
