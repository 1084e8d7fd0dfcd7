"""Signs and their ASCII counterparts, and the table of actions."""

import pytest
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.color import Color

from tui_vanish.actions import ACTIONS, Target, bindings, bindings_everywhere, footer, groups
from tui_vanish.drawing.ascii import ascii_cells, key_name, spelt_out
from tui_vanish.instruments.status import mark
from tui_vanish.widgets.ascii_filter import AsciiOnly
from vanish_recorder.protocol.status import Status


def test_every_status_has_a_distinct_mark_also_in_ascii() -> None:
    assert len({mark(status) for status in Status}) == len(Status)
    assert len({ascii_cells(mark(status)) for status in Status}) == len(Status)


@pytest.mark.parametrize(
    "text",
    ["plain", "╭─ Scenarios ─╮", "‖dL/dW‖", "Giới thiệu vấn đề", "ŷ = 10⁷", "漢字", "⠤⠤ ▇▇▊", "σ' ≤ 0.25 …"],
)
def test_ascii_cells_are_ascii_and_keep_the_width(text: str) -> None:
    assert ascii_cells(text).isascii()
    assert len(ascii_cells(text)) == cell_len(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("σ' ≤ 0.25", "sigma' <= 0.25"),
        ("ŷ = 10⁷", "y = 10^7"),
        ("std 10/√128, 6·10⁻⁵", "std 10/sqrt 128, 6-10^-5"),
        ("Giới thiệu vấn đề", "Gioi thieu van de"),
        ("‖dL/dW‖ → 0 …", "||dL/dW|| -> 0 ..."),
    ],
)
def test_prose_is_spelt_out_in_ascii(text: str, expected: str) -> None:
    assert spelt_out(text) == expected


def test_the_filter_keeps_styles_and_control_codes() -> None:
    style = Style(bold=True)
    line = [Segment("─ a ─", style), Segment("plain"), Segment("", None, [])]
    filtered = AsciiOnly().apply(line, Color(0, 0, 0))
    assert filtered == [Segment("- a -", style), Segment("plain"), Segment("", None, [])]


def test_arrow_keys_have_names_in_ascii() -> None:
    assert key_name("↓", ascii=True) == "down"
    assert key_name("↓", ascii=False) == "↓"


@pytest.mark.parametrize("target", sorted({action.target for action in ACTIONS}))
def test_no_key_is_bound_twice_on_one_screen(target: Target) -> None:
    keys = [key for action in ACTIONS if action.target in (target, "app") for key in action.keys]
    own = [key for action in ACTIONS if action.target == target for key in action.keys]
    assert len(own) == len(set(own))
    if target == "lab":
        assert len(keys) == len(set(keys))


def test_no_key_that_ends_something_is_next_to_j_and_k() -> None:
    ending = {key for action in ACTIONS if action.name in ("stop", "quit", "leave") for key in action.keys}
    assert ending.isdisjoint(set("hjklnmui"))


def test_bindings_footer_and_help_come_from_the_same_table() -> None:
    assert len(bindings("app")) == sum(action.target == "app" for action in ACTIONS)
    assert [action for _, group in groups() for action in group] == sorted(
        ACTIONS, key=lambda action: [name for name, _ in groups()].index(action.group)
    )
    assert all(action.label for action in footer())
    assert len(bindings_everywhere()) == sum(action.everywhere for action in ACTIONS)


def test_every_action_has_a_help_text() -> None:
    assert all(action.help and action.help[0].isupper() and action.help[-1] != "." for action in ACTIONS)
