"""The dialog that `q` opens if a run has not finished."""

from typing import Literal

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.widgets import Static

from tui_vanish.actions import bindings_everywhere
from tui_vanish.chrome.own_screen import Dialog
from tui_vanish.language import plural, tr

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
        number, names = len(self._unfinished), ", ".join(self._unfinished[:3])
        if number > 3:
            unfinished = tr("{names} and others have not finished.", names=names)
        else:
            unfinished = plural(
                "{names} has not finished.", "{names} have not finished.", number, names=names
            )
        continues = plural(
            "enter: quit, and continue the run in the background",
            "enter: quit, and continue the runs in the background",
            number,
        )
        stops = plural("s:     quit, and stop the run", "s:     quit, and stop the runs", number)
        with Vertical(id="question"):
            yield Static(unfinished, markup=False)
            yield Static(tr("Quit? All progress is saved.") + "\n", markup=False)
            yield Static(continues, markup=False)
            yield Static(stops, markup=False)
            yield Static(tr("esc:   cancel"), markup=False)

    def action_answer(self, answer: Answer) -> None:
        """Close the dialog."""
        self.dismiss(answer)
