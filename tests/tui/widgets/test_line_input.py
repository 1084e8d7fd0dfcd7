"""Every input takes a limited text, typed or pasted."""

import ast

from textual.app import App, ComposeResult
from textual.events import Paste

from tests.test_architecture import sources
from tui_vanish.widgets.line_input import MOST, LineInput


class OneLine(App[None]):
    def compose(self) -> ComposeResult:
        yield LineInput()


async def test_a_long_text_is_cut_where_the_input_is_full() -> None:
    async with OneLine().run_test() as pilot:
        line = pilot.app.query_one(LineInput)
        line.post_message(Paste("x" * 100_000))
        await pilot.pause()
        assert line.value == "x" * MOST
        await pilot.press("y")
        assert line.value == "x" * MOST


async def test_of_a_paste_of_several_lines_the_first_is_taken_without_what_cannot_be_printed() -> None:
    async with OneLine().run_test() as pilot:
        line = pilot.app.query_one(LineInput)
        line.post_message(Paste("a\tb\x1b[31m\nsecond"))
        await pilot.pause()
        assert line.value == "ab[31m"


def test_no_other_input_is_used() -> None:
    made, derived = set(), set()
    for path in sources("tui_vanish"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                made |= {node.func.id} & {"Input", "MaskedInput", "TextArea"}
            if isinstance(node, ast.ClassDef):
                bases = {base.id for base in node.bases if isinstance(base, ast.Name)}
                derived |= {path.name} if bases & {"Input", "MaskedInput", "TextArea"} else set()
    assert made == set()
    assert derived == {"line_input.py"}
