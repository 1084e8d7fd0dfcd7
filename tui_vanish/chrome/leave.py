"""The question that `q` asks when leaving would stop a run."""

from typing import Literal

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from tui_vanish.actions import bindings_everywhere

Answer = Literal["leave running", "stop", "stay"]


class LeaveScreen(ModalScreen[Answer]):
    """Asks once what shall become of the runs.

    Args:
        unfinished: the ids of the scenarios whose runs would be stopped.
    """

    BINDINGS = [  # noqa: RUF012
        Binding("l,enter", "answer('leave running')", "Leave, and let them go on"),
        Binding("s,y,q", "answer('stop')", "Leave, and stop them"),
        Binding("n,escape", "answer('stay')", "Stay"),
        *bindings_everywhere(),
    ]

    def __init__(self, unfinished: list[str]) -> None:
        super().__init__()
        self._unfinished = unfinished

    def compose(self) -> ComposeResult:
        """The question."""
        names = ", ".join(self._unfinished[:3]) + (" and others" if len(self._unfinished) > 3 else "")
        verb = "has" if len(self._unfinished) == 1 else "have"
        with Vertical(id="question"):
            yield Static(f"{names} {verb} not finished.", markup=False)
            yield Static("Leave now? What was learnt is saved.\n", markup=False)
            yield Static("enter  leave, it goes on in the background", markup=False)
            yield Static("s      leave, and stop it", markup=False)
            yield Static("esc    stay", markup=False)

    def action_answer(self, answer: Answer) -> None:
        """End the question."""
        self.dismiss(answer)
