"""What a screen asks of the app around it."""

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from engine.protocol.events import Record
    from scenarios import Entry
    from scenarios.schema import Scenario
    from tui_vanish.session.session import Session


class Host(Protocol):
    """The app as its screens know it, besides what every Textual app has."""

    session: "Session"

    @property
    def leaving(self) -> bool:
        """Whether the app ends, so that nothing is to be shown any more."""

    def show_in_lab(self, scenario_id: str) -> None:
        """Highlight a scenario in the lab."""

    def add(self, entry: "Entry") -> None:
        """Put a scenario that was made here into the list, and highlight it."""

    def scenario_shown(self, entry: "Entry") -> "Record | None":
        """The whole scenario; None while it is being read, after which the lab is shown anew."""

    def open_comparison(self) -> None:
        """Show the present comparison."""

    def open_editor(self, base: "Scenario") -> None:
        """Edit a scenario's values, to train the variant or to save it."""

    def copy(self, text: str) -> None:
        """Copy to the clipboard, and show what was copied."""
