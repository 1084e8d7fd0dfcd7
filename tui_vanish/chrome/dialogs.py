"""Two small questions: yes or no, and one value to type."""

from collections.abc import Callable, Sequence

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.getters import query_one
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from tui_vanish.actions import bindings_everywhere


class ConfirmScreen(ModalScreen[bool]):
    """Asks once; its result is whether to do it.

    Args:
        lines: what is asked.
        yes: what `enter` does, in a word or two.
    """

    BINDINGS = [  # noqa: RUF012
        Binding("y,enter", "answer(True)", "Yes"),
        Binding("n,escape,q", "answer(False)", "No"),
        *bindings_everywhere(),
    ]

    def __init__(self, lines: Sequence[str], yes: str) -> None:
        super().__init__()
        self._lines, self._yes = lines, yes

    def compose(self) -> ComposeResult:
        """The question, and the keys that answer it."""
        with Vertical(classes="question"):
            for line in self._lines:
                yield Static(line, markup=False)
            yield Static(f"\nenter {self._yes}     esc leave it", markup=False)

    def action_answer(self, answer: bool) -> None:
        """End the question."""
        self.dismiss(answer)


class ValueScreen(ModalScreen[str | None]):
    """Asks for one value; its result is the text that was typed, or None.

    Args:
        question: what is asked.
        value: what stands there at first.
        check: says what is wrong with a text, or nothing.
    """

    BINDINGS = [Binding("escape", "cancel", "Leave it as it is"), *bindings_everywhere()]  # noqa: RUF012

    _input = query_one(Input)
    _problem = query_one("#problem", Static)

    def __init__(self, question: str, value: str, check: Callable[[str], str]) -> None:
        super().__init__()
        self._question, self._value, self._check = question, value, check

    def compose(self) -> ComposeResult:
        """The question, a line to type in, and what is wrong with what was typed."""
        with Vertical(classes="question"):
            yield Static(self._question, markup=False)
            yield Input(self._value, compact=True)
            yield Static("", id="problem", markup=False)
            yield Static("enter take it     esc leave it", markup=False)

    def on_mount(self) -> None:
        """A cursor that blinks would keep a slow line busy."""
        self._input.cursor_blink = False

    @on(Input.Changed)
    def _show_problem(self, message: Input.Changed) -> None:
        self._problem.update(self._check(message.value.strip()))

    @on(Input.Submitted)
    def _submit(self, message: Input.Submitted) -> None:
        text = message.value.strip()
        if not self._check(text):
            self.dismiss(text)

    def action_cancel(self) -> None:
        """Change nothing."""
        self.dismiss(None)


def whole_number(lowest: int, highest: int) -> Callable[[str], str]:
    """A check for ValueScreen: a whole number in these bounds."""

    def check(text: str) -> str:
        if text.isdecimal() and len(text) <= len(str(highest)) and lowest <= int(text) <= highest:
            return ""
        return f"a whole number from {lowest} to {highest}"

    return check
