"""The dialog that `q` opens if a run has not finished."""

from typing import Literal

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.widgets import Static

from tui_vanish.actions import bindings_everywhere
from tui_vanish.chrome.own_screen import Dialog

Answer = Literal["leave running", "stop", "stay"]


class LeaveScreen(Dialog[Answer]):
    """Asks whether the runs continue in the background or stop.

    Args:
        unfinished: the ids of the scenarios whose runs have not finished.
    """

    BINDINGS = [  # noqa: RUF012
        Binding("l,enter", "answer('leave running')", "Quit, continue in the background"),
        Binding("s,y,q", "answer('stop')", "Quit and stop"),
        Binding("n,escape", "answer('stay')", "Cancel"),
        *bindings_everywhere(),
    ]

    def __init__(self, unfinished: list[str]) -> None:
        super().__init__()
        self._unfinished = unfinished

    def compose(self) -> ComposeResult:
        """The question, and what the keys do."""
        names = ", ".join(self._unfinished[:3]) + (" and others" if len(self._unfinished) > 3 else "")
        run, has = ("run", "has") if len(self._unfinished) == 1 else ("runs", "have")
        with Vertical(id="question"):
            yield Static(f"{names} {has} not finished.", markup=False)
            yield Static("Quit? All progress is saved.\n", markup=False)
            yield Static(f"enter: quit, and continue the {run} in the background", markup=False)
            yield Static(f"s:     quit, and stop the {run}", markup=False)
            yield Static("esc:   cancel", markup=False)

    def action_answer(self, answer: Answer) -> None:
        """Close the dialog."""
        self.dismiss(answer)
