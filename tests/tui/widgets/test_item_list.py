"""The list widget of the scenarios, the runs and the theory pages."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from textual import events, on
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from tui_vanish.drawing.text import Piece, Row
from tui_vanish.widgets.item_list import ItemList

_HEAD = 1
_FRUIT = ("apple", "apricot", "banana", "blueberry", "cherry", "cranberry", "date", "elder")


class _Fruit(ItemList[str]):
    """Fruit grouped by first letter, below a row that does not scroll."""

    def key(self, item: str) -> str:
        return item

    def item_row(self, item: str, width: int, *, here: bool) -> Row:
        return (Piece(f"{'>' if here else ' '}{item}"),)

    def heading(self, item: str) -> str:
        return item[0].upper()

    def head_rows(self, width: int) -> list[Row]:
        return [(Piece("Fruit"),)]

    def empty_row(self) -> Row:
        return (Piece("nothing"),)


class _Host(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.messages: list[str] = []

    def compose(self) -> ComposeResult:
        yield _Fruit(_FRUIT)

    @on(_Fruit.Highlighted)
    def _note_highlighted(self) -> None:
        self.messages.append("highlighted")

    @on(_Fruit.Chosen)
    def _note_chosen(self) -> None:
        self.messages.append("chosen")


@asynccontextmanager
async def shown(height: int = 7) -> AsyncIterator[tuple[_Fruit, Pilot[None], list[str]]]:
    """The list in a terminal with this many rows, and the messages that it has sent."""
    app = _Host()
    async with app.run_test(size=(20, height)) as pilot:
        yield app.query_one(_Fruit), pilot, app.messages


def text(fruit: ItemList[Any]) -> list[str]:
    rows = fruit.rows(fruit.size.width, fruit.size.height)
    return ["".join(piece.text for piece in row) for row in rows]


async def test_items_are_shown_under_their_headings_below_the_head() -> None:
    async with shown() as (fruit, _, _):
        assert text(fruit) == ["Fruit", " A", ">apple", " apricot", " B", " banana", " blueberry"]
        assert fruit.hidden_below == 7


async def test_the_highlighted_item_and_its_heading_stay_visible() -> None:
    async with shown() as (fruit, _, _):
        fruit.move(4)
        assert text(fruit) == ["Fruit", " apricot", " B", " banana", " blueberry", " C", ">cherry"]
        fruit.move(-4)
        assert text(fruit)[1:3] == [" A", ">apple"]


@pytest.mark.parametrize(
    ("moves", "current"),
    [
        (("move", 3), "blueberry"),
        (("move", -1), "apple"),
        (("move", 99), "elder"),
        (("move_around", -1), "elder"),
        (("move_around", 9), "apricot"),
        (("page", 1), "elder"),
        (("edge", "last"), "elder"),
        (("edge", "first"), "apple"),
        (("select", "date"), "date"),
        (("select", "fig"), "apple"),
    ],
)
async def test_every_move_ends_at_an_item(moves: tuple[str, int | str], current: str) -> None:
    async with shown(height=9) as (fruit, pilot, messages):
        getattr(fruit, moves[0])(moves[1])
        await pilot.pause()
        assert fruit.current == current
        assert messages == ([] if current == "apple" else ["highlighted"])


async def test_a_click_highlights_and_a_second_one_chooses() -> None:
    async with shown() as (fruit, pilot, messages):
        await pilot.click(offset=(2, _HEAD + 4))
        assert (fruit.current, messages) == ("banana", ["highlighted"])
        await pilot.click(offset=(2, _HEAD + 4))
        assert (fruit.current, messages) == ("banana", ["highlighted", "chosen"])


async def test_a_click_beside_the_items_does_nothing() -> None:
    async with shown(height=20) as (fruit, pilot, messages):
        for row in (0, _HEAD, _HEAD + 3, 18):  # the head, two headings, below the last item
            await pilot.click(offset=(2, row))
        assert (fruit.current, messages) == ("apple", [])


async def test_a_click_counts_the_rows_that_were_scrolled_away() -> None:
    async with shown() as (fruit, pilot, _):
        fruit.move(4)
        await pilot.click(offset=(2, _HEAD))
        assert fruit.current == "apricot"


async def test_the_wheel_moves_the_highlight() -> None:
    async with shown() as (fruit, pilot, _):
        for kind, current in ((events.MouseScrollDown, "apricot"), (events.MouseScrollUp, "apple")):
            pilot.app.post_message(kind(None, 2, 2, 0, 0, 0, False, False, False))
            await pilot.pause()
            assert fruit.current == current


async def test_the_highlight_stays_on_its_key_when_the_items_are_replaced() -> None:
    async with shown() as (fruit, pilot, messages):
        fruit.show_items(("acai", *_FRUIT))
        assert fruit.current == "apple"
        fruit.select("cherry")
        fruit.show_items(_FRUIT[2:])
        await pilot.pause()
        assert (fruit.current, messages) == ("cherry", ["highlighted"])


async def test_if_the_highlighted_item_is_gone_the_first_or_the_same_place_is_highlighted() -> None:
    async with shown() as (fruit, _, _):
        fruit.select("cherry")
        fruit.show_items(("apple", "date", "elder"))
        assert fruit.current == "apple"
        fruit.show_items(_FRUIT)
        fruit.select("cherry")
        fruit.show_items([name for name in _FRUIT if name != "cherry"], keep_place=True)
        assert fruit.current == "cranberry"
        fruit.show_items(("apple", "banana"), keep_place=True)
        assert fruit.current == "banana"


async def test_a_list_that_was_empty_gets_its_highlight_back() -> None:
    async with shown() as (fruit, pilot, messages):
        fruit.select("cherry")
        fruit.show_items(())
        await pilot.click(offset=(2, _HEAD))
        fruit.move(1)
        fruit.move_around(1)
        fruit.edge("last")
        assert (text(fruit), fruit.current) == (["Fruit", "nothing"], None)
        fruit.show_items(_FRUIT)
        await pilot.pause()
        assert (fruit.current, messages) == ("cherry", ["highlighted"] * 3)
