"""Two small dialogs: one to confirm a change, and one to type a value."""

from collections.abc import Callable, Sequence

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.getters import query_one
from textual.widgets import Input, Static

from tui_vanish.actions import bindings_everywhere
from tui_vanish.chrome.own_screen import Dialog
from tui_vanish.language import tr, tr_in
from tui_vanish.widgets.line_input import LineInput


class ConfirmScreen(Dialog[bool]):
    """Asks for a confirmation; its result is whether the user has confirmed.

    Args:
        lines: the question, and its consequences.
        does: what `enter` does, in a few words.
    """

    BINDINGS = [  # noqa: RUF012
        Binding("y,enter", "answer(True)", "Yes"),
        Binding("n,escape,q", "answer(False)", "No"),
        *bindings_everywhere(),
    ]

    def __init__(self, lines: Sequence[str], does: str) -> None:
        super().__init__()
        self._lines, self._does = lines, does

    def compose(self) -> ComposeResult:
        """The question, and what the keys do."""
        with Vertical(classes="question"):
            for line in self._lines:
                yield Static(line, markup=False)
            yield Static("\n" + tr("enter: {does} · esc: cancel", does=self._does), markup=False)

    def action_answer(self, answer: bool) -> None:
        """Close the dialog."""
        self.dismiss(answer)


class ValueScreen(Dialog[str | None]):
    """Asks for a value; its result is the text that was typed, or None if the user has cancelled.

    Args:
        question: the question.
        value: the text in the input at first.
        check: returns what is wrong with a text, or an empty string.
        does: what `enter` does, in a few words; empty if it saves.
    """

    BINDINGS = [Binding("escape", "cancel", "Cancel"), *bindings_everywhere()]  # noqa: RUF012

    _problem = query_one("#problem", Static)

    def __init__(self, question: str, value: str, check: Callable[[str], str], does: str = "") -> None:
        super().__init__()
        self._question, self._value, self._check = question, value, check
        self._does = does or tr_in("enter", "save")

    def compose(self) -> ComposeResult:
        """The question, the input, what is wrong with the typed text, and what the keys do."""
        with Vertical(classes="question"):
            yield Static(self._question, markup=False)
            yield LineInput(self._value, select_on_focus=True)
            yield Static("", id="problem", markup=False)
            yield Static(tr("enter: {does} · esc: cancel", does=self._does), markup=False)

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
    """Return a check for ValueScreen that accepts whole numbers in this range."""

    def check(text: str) -> str:
        if text.isdecimal() and len(text) <= len(str(highest)) and lowest <= int(text) <= highest:
            return ""
        return tr("Enter a whole number from {lowest} to {highest}.", lowest=lowest, highest=highest)

    return check
